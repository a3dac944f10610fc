"""The fixtures that the package exports for its users' own tests."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
import vcr

from bpx_connector.testing import StandingClock, generated_keys, vcr_settings

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


STRATEGY_TEST = """
import pytest
import bpx_connector, bpx_connector.async_support, bpx_connector.pro

MINUTE = 60_000

def the_last_closes(exchange, symbol):
    return [row[4] for row in exchange.fetch_ohlcv(symbol, "1m", limit=3)]

def test_a_strategy_sees_the_candles_of_the_sandboxs_time(bpx_driven_sandbox):
    exchange = bpx_driven_sandbox.exchange(bpx_connector.bpx)
    bpx_driven_sandbox.advance(180)
    assert len(the_last_closes(exchange, "SOL/USDC")) == 3
    [*_, last] = exchange.fetch_ohlcv("SOL/USDC", "1m", limit=3)
    assert 0 <= exchange.milliseconds() - last[0] <= 2 * MINUTE
    assert exchange.fetch_time() == exchange.milliseconds()

def test_a_strategy_trades_at_once_as_often_as_it_likes(bpx_driven_sandbox):
    exchange = bpx_driven_sandbox.exchange(bpx_connector.bpx)
    for _ in range(40):
        order = exchange.create_order("SOL/USDC", "limit", "buy", 1, 60)
        exchange.fetch_closed_orders("SOL/USDC")
    assert order["timestamp"] == exchange.milliseconds()
    assert exchange.fetch_balance()["used"]["USDC"] == 2400

async def test_the_other_classes_go_by_the_same_clock(bpx_driven_sandbox, bpx_keys):
    for kind in (bpx_connector.async_support.bpx, bpx_connector.pro.bpx):
        exchange = bpx_driven_sandbox.exchange(kind, bpx_keys, {"timeout": 5000})
        assert exchange.timeout == 5000
        bpx_driven_sandbox.advance(60)
        assert exchange.seconds() * 1_000 == exchange.milliseconds() == exchange.microseconds() // 1_000
        assert await exchange.fetch_time() == exchange.milliseconds()
        assert len(await exchange.fetch_ohlcv("SOL/USDC", "1m", limit=3)) == 3
        await exchange.create_order("SOL/USDC", "limit", "buy", 1, 60)
        await exchange.close()

async def test_a_live_book_and_ones_own_orders_follow_as_time_is_driven(bpx_driven_sandbox):
    exchange = bpx_driven_sandbox.exchange(bpx_connector.pro.bpx)
    book = await exchange.watch_order_book("SOL/USDC", 5)
    bpx_driven_sandbox.advance(5)
    later = await exchange.watch_order_book("SOL/USDC", 5)
    assert later["nonce"] > book["nonce"]
    await exchange.close()

shared = []

@pytest.mark.parametrize("number", range(2))
def test_one_sandbox_serves_the_session(bpx_session_sandbox, number):
    shared.append(bpx_session_sandbox)
    assert shared[0] is shared[-1]
    exchange = bpx_session_sandbox.exchange(bpx_connector.bpx)
    assert exchange.fetch_open_orders("SOL/USDC") == []
    exchange.create_order("SOL/USDC", "limit", "buy", 1, 60)
"""


def test_a_users_strategy_is_tested_without_a_conftest(tmp_path: Path) -> None:
    (tmp_path / "test_strategy.py").write_text(STRATEGY_TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "test_strategy.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "6 passed" in done.stdout, done.stdout + done.stderr


UNUSED = """
import sys

def test_nothing_is_loaded():
    assert "bpx_connector.testing" in sys.modules
    heavy = {"ccxt", "aiohttp", "nacl", "msgspec", "bpx_connector.sandbox"}
    assert heavy & set(sys.modules) == set()
"""


def test_projects_that_never_ask_for_a_fixture_load_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "test_unused.py").write_text(UNUSED)
    others = ["-p", "no:recording", "-p", "no:hypothesispytest", "-p", "no:asyncio"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *others, "test_unused.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_naming_the_module_in_a_conftest_as_before_does_no_harm(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["bpx_connector.testing"]')
    pytester.makepyfile("def test_keys(bpx_keys):\n    assert bpx_keys.api_key\n")
    pytester.runpytest_subprocess("-p", "no:asyncio").assert_outcomes(passed=1)


def test_generated_keys_are_a_pair() -> None:
    from nacl.signing import SigningKey

    keys = generated_keys(bytes(32))
    assert keys == generated_keys(bytes(32))
    assert keys != generated_keys()
    seed = SigningKey(base64.b64decode(keys.secret))
    assert base64.b64encode(bytes(seed.verify_key)).decode() == keys.api_key


# --- with pytest-recording ------------------------------------------------------------------------------

RECORDED_TEST = """
import pytest
import bpx_connector
from bpx_connector.testing import StandingClock, generated_keys, vcr_settings

KEYS = generated_keys(b"a seed that is readable, no more")

@pytest.fixture(scope="module")
def vcr_config():
    return vcr_settings()

@pytest.mark.vcr
def test_candles_and_an_order():
    clock = StandingClock({now})
    urls = {{"api": {{"public": "{url}", "private": "{url}"}}}}
    exchange = bpx_connector.bpx({{"urls": urls, **KEYS.config, **clock.config}})
    assert len(exchange.fetch_ohlcv("SOL/USDC", "1m", limit=3)) == 3
    assert exchange.create_order("SOL/USDC", "limit", "buy", 1, 60)["status"] == "open"
    clock.advance(1)
    assert len(exchange.fetch_ohlcv("SOL/USDC", "1m", limit=3)) == 3
"""


def test_pytest_recording_plays_a_later_day_without_anything_secret(tmp_path: Path) -> None:
    from bpx_connector.sandbox.clock import DRIVEN_START, DrivenClock
    from bpx_connector.sandbox.server import SandboxThread

    now = DRIVEN_START // 1000

    def tested(*options: str, now: int) -> str:
        text = RECORDED_TEST.format(now=now, url=sandbox.url)
        (tmp_path / "test_recorded.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", *options, "test_recorded.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    with SandboxThread(clock=DrivenClock(), symbols=["SOL_USDC"]) as sandbox:
        assert "1 passed" in tested("--record-mode=once", now=now)
    assert "1 passed" in tested("--block-network", now=now + 86_400_000)
    [cassette] = (tmp_path / "cassettes").rglob("*.yaml")
    text = cassette.read_text(encoding="utf-8")
    keys = generated_keys(b"a seed that is readable, no more")
    assert keys.api_key not in text
    assert "X-Signature" not in text
    assert "X-Timestamp" not in text


def test_requests_of_different_things_are_different() -> None:
    base = "https://api.backpack.exchange/api/v1/"
    one = vcr.request.Request("GET", base + "klines?symbol=SOL_USDC&startTime=1", None, {"X-Timestamp": "1"})
    same = vcr.request.Request("GET", base + "klines?startTime=2&symbol=SOL_USDC", None, {"X-Timestamp": "2"})
    others = [
        vcr.request.Request("GET", base + "klines?symbol=BTC_USDC&startTime=1", None, {}),
        vcr.request.Request("GET", base + "ticker?symbol=SOL_USDC&startTime=1", None, {}),
        vcr.request.Request("POST", base + "klines?symbol=SOL_USDC&startTime=1", b"{}", {}),
    ]
    from bpx_connector.testing import same_request

    assert same_request(one, same)
    assert not any(same_request(one, other) for other in others)
    assert vcr_settings()["match_on"] == ["bpx_request"]


def test_a_standing_clock_stands_until_it_is_advanced() -> None:
    clock = StandingClock(1_767_225_600_000)
    read = clock.config
    assert [read[name]() for name in ("seconds", "milliseconds")] == [1_767_225_600, 1_767_225_600_000]
    clock.advance(1.5)
    assert read["microseconds"]() == 1_767_225_601_500_000
