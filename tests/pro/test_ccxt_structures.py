"""ccxt's own tests of what watch_* hands out, as they ship in its wheel, on our class against a sandbox."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bpx_connector.sandbox.clock import RealClock
from tests.support.streaming import exchange_on, sandbox_with

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"
MOMENT = 0.4
"""Seconds that ccxt's tests, which watch for 15, are given here."""

WATCHED: dict[str, list[Any]] = {
    "watch_balance": ["USDC"],
    "watch_bids_asks": [SPOT],
    "watch_my_trades": [SPOT],
    "watch_ohlcv": [SPOT],
    "watch_ohlcv_for_symbols": [SPOT],
    "watch_order_book": [SPOT],
    "watch_order_book_for_symbols": [[SPOT, PERP]],
    "watch_orders": [SPOT],
    "watch_positions": [PERP],
    "watch_ticker": [SPOT],
    "watch_tickers": [SPOT],
    "watch_trades": [SPOT],
    "watch_trades_for_symbols": [[SPOT, PERP]],
}
SKIPPED: dict[str, dict[str, Any]] = {
    "watch_positions": {"collateral": "margin is crossed: one collateral backs all positions, none is of one"}
}


@pytest.fixture
async def exchange() -> AsyncIterator[Any]:
    symbols = ("SOL_USDC", "SOL_USDC_PERP")
    async with (
        sandbox_with(*symbols, clock=RealClock(), speed=20) as sandbox,
        exchange_on(sandbox) as exchange,
    ):
        yield exchange


@pytest.mark.parametrize("method", WATCHED)
async def test_ccxts_own_test_passes(exchange: Any, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"ccxt.pro.test.Exchange.test_{method}")
    started = asyncio.get_running_loop().time()
    now = exchange.milliseconds()

    def hurried() -> int:
        return int(now + (asyncio.get_running_loop().time() - started) * 15_000 / MOMENT)

    busy = asyncio.ensure_future(_traded(exchange)) if method in ACCOUNT else None
    monkeypatch.setattr(exchange, "milliseconds", hurried)
    monkeypatch.setattr(exchange, "nonce", lambda: now + int((hurried() - now) * MOMENT / 15_000))
    try:
        async with asyncio.timeout(20):
            test = getattr(module, f"test_{method}")
            assert await test(exchange, SKIPPED.get(method, {}), *WATCHED[method]) is not False
    finally:
        if busy is not None:
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)


ACCOUNT = frozenset({"watch_balance", "watch_my_trades", "watch_orders", "watch_positions"})


async def _traded(exchange: Any) -> None:
    """Small orders to and fro, so that there is something to hear."""
    await exchange.create_order(PERP, "market", "buy", 5)
    while True:
        for side in ("buy", "sell"):
            for symbol in (SPOT, PERP):
                await exchange.create_order(symbol, "market", side, 1)
                await asyncio.sleep(0.02)
