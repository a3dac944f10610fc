"""What is loaded when: the blocking class and ccxt are when they are asked for, the sandbox needs neither."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import bpx_connector


def run(program: str) -> str:
    """What a program of its own prints; a module that is loaded here is not loaded there."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_sandbox_starts_and_answers_without_ccxt() -> None:
    assert (
        run(
            "import sys, urllib.request\n"
            "from bpx_connector.sandbox.server import SandboxThread\n"
            "with SandboxThread(symbols=['SOL_USDC'], speed=0) as sandbox:\n"
            "    answer = urllib.request.urlopen(sandbox.url + '/api/v1/ping').read().decode()\n"
            "print(answer, 'ccxt' in sys.modules)"
        )
        == "pong False"
    )


def test_the_sandbox_is_named_by_its_package_and_loads_its_server_when_it_is_asked_for() -> None:
    assert (
        run(
            "import sys, bpx_connector.sandbox as package\n"
            "before = 'aiohttp' in sys.modules\n"
            "from bpx_connector.sandbox import Sandbox, SandboxThread\n"
            "from bpx_connector.sandbox import server\n"
            "print(before, Sandbox is server.Sandbox, 'SandboxThread' in dir(package))"
        )
        == "False True True"
    )


def test_the_sandbox_runs_as_a_module_without_a_warning() -> None:
    command = [sys.executable, "-W", "error", "-m", "bpx_connector.sandbox", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_the_sandbox_does_not_have_is_an_attribute_error() -> None:
    import bpx_connector.sandbox

    with pytest.raises(AttributeError, match=r"'bpx_connector\.sandbox' has no attribute 'Sandbx'"):
        bpx_connector.sandbox.Sandbx  # type: ignore[attr-defined]  # noqa: B018  what a checker says too


def test_the_package_loads_ccxt_when_the_class_is_asked_for_and_not_before() -> None:
    assert (
        run(
            "import sys, bpx_connector\n"
            "before = 'ccxt' in sys.modules\n"
            "bpx_connector.bpx\n"
            "print(before, 'ccxt' in sys.modules)"
        )
        == "False True"
    )


@pytest.mark.parametrize(
    "spelling",
    [
        "from bpx_connector import bpx, register",
        "import bpx_connector; bpx = bpx_connector.bpx",
        "from bpx_connector import *",
        "from bpx_connector.blocking import bpx",
        "import ccxt, bpx_connector; bpx_connector.register(); bpx = ccxt.bpx",
    ],
)
def test_every_spelling_gives_the_one_class(spelling: str) -> None:
    assert run(f"{spelling}\nprint(bpx, bpx().id)") == "<class 'bpx_connector.bpx'> bpx"


def test_the_class_is_pickled_by_the_packages_name() -> None:
    assert b"blocking" not in pickle.dumps(bpx_connector.bpx)
    assert pickle.loads(pickle.dumps(bpx_connector.bpx)) is bpx_connector.bpx


def test_dir_shows_what_has_not_been_loaded_yet() -> None:
    assert run("import bpx_connector; print('bpx' in dir(bpx_connector))") == "True"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'bpx_connector' has no attribute 'bpy'"):
        bpx_connector.bpy  # type: ignore[attr-defined]  # noqa: B018  what a checker says too
