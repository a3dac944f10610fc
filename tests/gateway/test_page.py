"""docs/gateway.md runs as written: its commands in order, its program as it stands, on other ports."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bpx_connector.gateway.rules.limits import limits_of

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def command(text: str) -> Iterator[str]:
    """A block for a shell at work; what it has said first."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = subprocess.Popen(
        ["bash", "-c", re.sub("^bpx ", "exec bpx ", text, flags=re.MULTILINE)],
        env={**os.environ, "PATH": path},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()


@pytest.mark.timeout(240)
def test_the_three_commands_of_the_page_work_in_their_order() -> None:
    venue, bus = str(free_port()), str(free_port())

    def here(text: str) -> str:
        moved = text.replace("8787", venue).replace("4222", bus)
        return moved.replace("--with-server", f"--with-server --server-port {bus}")

    sandbox, gateway, config = blocks("sh")
    (program,) = blocks("python")
    with command(here(sandbox)) as listening, command(here(gateway)) as serving:
        assert "listening" in listening
        assert "serves md, main" in serving
        done = subprocess.run(
            [sys.executable, "-c", here(program)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "best bid [" in done.stdout and "USDC 1000000" in done.stdout and "candles 10" in done.stdout
    with command(config) as printed:
        assert printed.startswith("# Users, roles and permissions")


def test_the_limits_on_the_page_are_read() -> None:
    (rows,) = blocks("json")
    assert limits_of(json.loads(rows))["s7"].most_open_orders == 20


def test_every_setting_is_on_the_page() -> None:
    from bpx_connector.gateway.consumer.settings import KNOWN

    assert all(f"| `{name}` |" in PAGE for name in KNOWN - {"insecure"})
    assert "insecure" in PAGE
