"""The fixtures that the package exports for its users' own tests."""

from __future__ import annotations

import base64

import pytest

pytest_plugins = ["pytester"]

USERS_TEST = """
import json
from urllib.request import urlopen

import pytest

pytest_plugins = ["bpx_connector.testing"]

@pytest.fixture
def bpx_sandbox_options():
    return {"seed": 3, "symbols": ["SOL_USDC"]}

def test_it_runs(bpx_sandbox, bpx_keys):
    with urlopen(bpx_sandbox.url + "/api/v1/markets") as reply:
        assert [row["symbol"] for row in json.load(reply)] == ["SOL_USDC"]
    assert set(bpx_keys.config) == {"apiKey", "secret"}
    assert bpx_keys.secret not in repr(bpx_keys)
    with pytest.raises(TypeError, match="bpx_driven_sandbox"):
        bpx_sandbox.advance(1)

def test_time_passes_when_told(bpx_driven_sandbox):
    def time():
        with urlopen(bpx_driven_sandbox.url + "/api/v1/time") as reply:
            return int(reply.read())
    before = time()
    bpx_driven_sandbox.advance(60)
    assert time() == before + 60_000
    assert bpx_driven_sandbox.urls["api"]["ws"]["public"].startswith("ws://")
"""


def test_a_users_own_tests_get_a_running_sandbox(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(USERS_TEST.partition("def test_it_runs")[0])
    pytester.makepyfile(
        "import json\nfrom urllib.request import urlopen\nimport pytest\n\ndef test_it_runs"
        + USERS_TEST.partition("def test_it_runs")[2]
    )
    pytester.runpytest_inprocess("-p", "no:asyncio").assert_outcomes(passed=2)


def test_generated_keys_are_a_pair() -> None:
    from nacl.signing import SigningKey

    from bpx_connector.testing import generated_keys

    keys = generated_keys(bytes(32))
    assert keys == generated_keys(bytes(32))
    assert keys != generated_keys()
    seed = SigningKey(base64.b64decode(keys.secret))
    assert base64.b64encode(bytes(seed.verify_key)).decode() == keys.api_key
