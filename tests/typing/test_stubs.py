"""The stubs say what the classes are: made by a tool, and up to date."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from bpx_connector.blocking import bpx
from tools import class_stubs

NEITHER_CCXTS_NOR_THE_VENUES = {"fetch_transaction_fee", "fetch_rfq_fills", "fetch_quote_fills"}
"""ccxt has given up one of them and has no structure for the others."""

MADE = class_stubs.made()
SHARED = class_stubs.STUBS / "_shared.pyi"
ASYNCIO = MADE[class_stubs.STUBS / "async_support.pyi"]
BLOCKING = MADE[class_stubs.STUBS / "blocking.pyi"]


@pytest.mark.parametrize("path", MADE, ids=lambda path: str(path.name))
def test_the_stub_is_what_the_tool_makes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if f"with ccxt {version('ccxt')};" not in text:
        pytest.skip("made with another release of ccxt, whose own methods differ")
    assert text == MADE[path], "run `make types`"


def test_there_is_no_stub_that_the_tool_does_not_make() -> None:
    assert set(class_stubs.STUBS.glob("*")) == set(MADE)


@pytest.mark.parametrize(
    "name", ["fetch_ticker", "createOrder", "private_get_api_v1_capital", "load_markets"]
)
def test_what_waits_is_a_coroutine_on_asyncio_and_a_plain_method_on_the_blocking_class(name: str) -> None:
    assert re.search(rf"^    async def {name}\(", ASYNCIO, re.MULTILINE)
    assert re.search(rf"^    def {name}\(", BLOCKING, re.MULTILINE)


def test_what_users_read_and_write_is_not_any() -> None:
    shared = MADE[SHARED]
    for line in ("symbols: list[str]", "markets: dict[str, MarketInterface]", "options: dict[str, Any]"):
        assert f"    {line}\n" in shared


def test_every_unified_method_says_what_it_gives() -> None:
    unified = re.findall(
        r"^    def ((?:fetch|create|cancel|edit)_\w+)\([^-]*-> ([^:]+): \.\.\.", BLOCKING, re.MULTILINE
    )
    vague = {name for name, result in unified if result in ("Any", "list[Any]") and is_ours(name)}
    assert len(unified) > 100
    assert vague - NEITHER_CCXTS_NOR_THE_VENUES == set()


def is_ours(name: str) -> bool:
    module: str = getattr(bpx, name).__module__
    return module.startswith("bpx_connector")
