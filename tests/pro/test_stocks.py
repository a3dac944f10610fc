"""Stocks on streams: their price outside, their provider's price, what a share would bring and cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BadSymbol, UnsubscribeError

from bpx_connector.sandbox.clock import DRIVEN_START
from bpx_connector.sandbox.records.times import DAY
from bpx_connector.sandbox.server import Sandbox
from tests.support.stream_cassettes import settled
from tests.support.streaming import driven, exchange_on, sandbox_with, soon

ALWAYS = {"stock_hours": "always"}
RFQ = "NVDA.US.RFQ/USDC"
SUNDAY = DRIVEN_START + 3 * DAY


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with sandbox_with("SOL_USDC", speed=0, switches=ALWAYS) as sandbox:
        yield sandbox


@pytest.fixture
async def exchange(sandbox: Sandbox) -> AsyncIterator[Any]:
    async with exchange_on(sandbox) as exchange:
        await exchange.load_stock_markets()
        yield exchange


async def test_a_stocks_price_and_its_quote_are_watched_by_any_name_of_the_stock(
    sandbox: Sandbox, exchange: Any
) -> None:
    async with driven(sandbox):
        price = await soon(exchange.watch_stock_price("NVDA.US"))
        assert (price["asset"], price["session"]) == ("NVDA.US", "US_EQUITIES_REGULAR")
        assert price["bid"] < price["mid"] < price["ask"]
        assert price["timestamp"] <= sandbox.clock.now() // 1000
        assert (await soon(exchange.watch_stock_price(RFQ)))["asset"] == "NVDA.US"
        quote = await soon(exchange.watch_stock_indicative_quote("NVDA.US/USDC"))
        assert (quote["asset"], quote["bid"] < quote["ask"]) == ("NVDA.US", True)
    assert list(exchange.stream_counters()["streams"]) == ["stockPrice.NVDA", "stockIndicativeQuote.NVDA"]
    assert await exchange.un_watch_stock_price("NVDA.US_USDC_RFQ")
    assert await exchange.un_watch_stock_indicative_quote()
    assert exchange.stream_counters()["streams"] == {}


async def test_outside_its_hours_a_stock_has_quotes_of_none(exchange: Any, sandbox: Sandbox) -> None:
    sandbox.switches.stock_hours = "published"
    sandbox.clock.catch_up(SUNDAY)
    async with driven(sandbox):
        quote = await soon(exchange.watch_stock_indicative_quote("NVDA.US"))
    assert [quote[name] for name in ("bid", "ask", "session")] == [None] * 3


async def test_a_market_for_requests_shows_the_price_outside(sandbox: Sandbox, exchange: Any) -> None:
    async with driven(sandbox):
        ticker = await soon(exchange.watch_ticker(RFQ))
        assert ticker["symbol"] == RFQ
        assert ticker["last"] == pytest.approx((await exchange.fetch_ticker(RFQ))["last"], rel=0.01)
        several = await soon(exchange.watch_tickers([RFQ, "AAPL.US.RFQ/USDC"]))
        assert set(several) <= {RFQ, "AAPL.US.RFQ/USDC"}
        everything: set[str] = set()
        while len(everything) < 3:
            everything |= set(await soon(exchange.watch_tickers(None, {"source": "External"})))
    assert everything == {RFQ, "AAPL.US.RFQ/USDC", "QNDX.US.RFQ/USDC"}
    assert await exchange.un_watch_ticker(RFQ)
    assert await exchange.un_watch_tickers()
    assert exchange.stream_counters()["streams"] == {}


async def test_all_tickers_of_the_venue_leave_out_markets_without_trades(
    exchange: Any, sandbox: Sandbox
) -> None:
    watching = asyncio.ensure_future(exchange.watch_tickers())
    await settled(exchange, sandbox)
    assert list(exchange.stream_counters()["streams"]) == ["ticker.SOL_USDC"]
    assert await exchange.un_watch_tickers()
    with pytest.raises(UnsubscribeError):
        await soon(watching)


async def test_what_has_no_price_outside_is_refused_before_it_is_watched(exchange: Any) -> None:
    outside = {"source": "External"}
    with pytest.raises(BadSymbol, match="SOL/USDC is no stock"):
        await soon(exchange.watch_ticker("SOL/USDC", outside))
    with pytest.raises(BadSymbol, match="takes a stock such as"):
        await soon(exchange.watch_stock_price("SOL/USDC"))
    with pytest.raises(BadSymbol, match="takes a stock such as"):
        await soon(exchange.un_watch_stock_indicative_quote("SOL/USDC"))
    with pytest.raises(BadRequest, match="source has to be one of Venue, External"):
        await soon(exchange.watch_tickers(None, {"source": "Mars"}))
    with pytest.raises(BadRequest, match="watch them apart"):
        await soon(exchange.watch_tickers([RFQ, "SOL/USDC"]))
    assert exchange.stream_counters()["streams"] == {}


async def test_without_stocks_there_is_nothing_from_outside(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        with pytest.raises(BadSymbol, match="no stocks loaded"):
            await soon(exchange.watch_tickers(None, {"source": "External"}))
