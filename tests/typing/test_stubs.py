"""The stubs say what the classes are: made by a tool, and up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from bpx_connector.blocking import bpx
from tests.support.wheels import ROOT

NEITHER_CCXTS_NOR_THE_VENUES = {"fetch_transaction_fee", "fetch_rfq_fills", "fetch_quote_fills"}
"""ccxt has given up one of them and has no structure for the others."""

STUBS = ROOT / "stubs" / "bpx_connector"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(STUBS.iterdir())}


def test_the_stubs_are_what_the_tool_makes() -> None:
    """In a process of its own: ccxt's constructors write on shared classes, and so do other tests."""
    if f"with ccxt {version('ccxt')};" not in TEXTS["_shared.pyi"]:
        pytest.skip("made with another release of ccxt, whose own methods differ")
    command = [sys.executable, "-m", "tools.class_stubs", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "name", ["fetch_ticker", "createOrder", "private_get_api_v1_capital", "load_markets"]
)
def test_what_waits_is_a_coroutine_on_asyncio_and_a_plain_method_on_the_blocking_class(name: str) -> None:
    assert re.search(rf"^    async def {name}\(", TEXTS["async_support.pyi"], re.MULTILINE)
    assert re.search(rf"^    def {name}\(", TEXTS["blocking.pyi"], re.MULTILINE)


def test_what_users_read_and_write_is_not_any() -> None:
    shared = TEXTS["_shared.pyi"]
    for line in ("symbols: list[str]", "markets: dict[str, MarketInterface]", "options: dict[str, Any]"):
        assert f"    {line}\n" in shared


def test_every_unified_method_says_what_it_gives() -> None:
    unified = re.findall(
        r"^    def ((?:fetch|create|cancel|edit)_\w+)\([^-]*-> ([^:]+): \.\.\.",
        TEXTS["blocking.pyi"],
        re.MULTILINE,
    )
    vague = {name for name, result in unified if result in ("Any", "list[Any]") and is_ours(name)}
    assert len(unified) > 100
    assert vague - NEITHER_CCXTS_NOR_THE_VENUES == set()


def is_ours(name: str) -> bool:
    module: str = getattr(bpx, name).__module__
    return module.startswith("bpx_connector")
