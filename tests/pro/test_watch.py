"""Every watch_* against a running sandbox, and its un_watch_* twin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from ccxt.async_support.base.ws.order_book import OrderBook
from ccxt.base.errors import ArgumentsRequired, BadRequest, UnsubscribeError

from bpx_connector.sandbox.server import Sandbox
from tests.support.listeners import until
from tests.support.streaming import driven, exchange_on, sandbox_with, soon

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with sandbox_with("SOL_USDC", "SOL_USDC_PERP", "BTC_USDC") as sandbox, driven(sandbox):
        yield sandbox


@pytest.fixture
async def exchange(sandbox: Sandbox) -> AsyncIterator[Any]:
    async with exchange_on(sandbox) as exchange:
        yield exchange


async def bought(exchange: Any, symbol: str = SPOT, amount: float = 1) -> Any:
    """A filled order, placed once its events can be heard."""
    await until(lambda: exchange.stream_counters()["streams"]["account.orderUpdate"]["refetches"])
    await asyncio.sleep(0.05)
    return await exchange.create_order(symbol, "market", "buy", amount)


async def test_a_ticker_is_that_of_the_exchange(exchange: Any) -> None:
    ticker = await soon(exchange.watch_ticker(SPOT))
    assert ticker is exchange.tickers[SPOT]
    assert ticker["symbol"] == SPOT
    assert ticker["last"] == float(ticker["info"]["c"])
    assert ticker["timestamp"] == ticker["info"]["E"] // 1000
    change = Decimal(ticker["info"]["c"]) - Decimal(ticker["info"]["o"])
    assert ticker["change"] == float(change)


async def test_tickers_are_those_that_have_changed_or_all_of_them(exchange: Any) -> None:
    symbols = [SPOT, "BTC/USDC"]
    seen: set[str] = set()
    while seen != set(symbols):
        seen |= set(await soon(exchange.watch_tickers(symbols)))
    exchange.newUpdates = False
    assert set(await soon(exchange.watch_tickers(symbols))) == set(symbols)


async def test_all_tickers_are_watched_without_naming_them(exchange: Any) -> None:
    seen: set[str] = set()
    while seen != {SPOT, PERP, "BTC/USDC"}:
        seen |= set(await soon(exchange.watch_tickers()))
    assert await exchange.un_watch_tickers()
    assert exchange.tickers == {}


async def test_best_prices_are_those_of_the_venue(exchange: Any) -> None:
    best = (await soon(exchange.watch_bids_asks([SPOT])))[SPOT]
    assert 0 < best["bid"] < best["ask"]
    assert best["bidVolume"] == float(best["info"]["B"])
    assert exchange.bidsasks[SPOT] is best


async def test_a_book_is_ccxts_and_in_step_with_the_engine(exchange: Any, sandbox: Sandbox) -> None:
    book = await soon(exchange.watch_order_book(SPOT))
    assert isinstance(book, OrderBook)
    assert book is exchange.orderbooks[SPOT]
    while True:
        depth = sandbox.venue.depth("SOL_USDC")
        if book["nonce"] == depth.last_update_id:
            break
        await soon(exchange.watch_order_book(SPOT))
    assert book["bids"] == [[float(price), float(size)] for price, size in depth.bids]
    assert book["asks"] == [[float(price), float(size)] for price, size in depth.asks]
    assert book["timestamp"] == depth.time // 1000
    assert book["symbol"] == SPOT


async def test_a_limit_is_of_what_is_returned(exchange: Any) -> None:
    book = await soon(exchange.watch_order_book(SPOT, 3))
    assert (len(book["bids"]), len(book["asks"])) == (3, 3)
    assert len(exchange.orderbooks[SPOT]["bids"]) > 3


@pytest.mark.parametrize("window", ["200ms", "600ms", "1000ms"])
async def test_a_book_can_be_followed_by_merged_updates(exchange: Any, window: str) -> None:
    book = await soon(exchange.watch_order_book(SPOT, 5, {"interval": window}))
    assert book["bids"][0][0] < book["asks"][0][0]
    assert list(exchange.stream_counters()["streams"]) == [f"depth.{window}.SOL_USDC"]


async def test_a_window_that_the_venue_does_not_have_is_refused_here(exchange: Any) -> None:
    with pytest.raises(BadRequest, match="200ms, 600ms, 1000ms"):
        await exchange.watch_order_book(SPOT, None, {"interval": "10ms"})
    await soon(exchange.watch_order_book(SPOT))
    with pytest.raises(BadRequest, match="200ms, 600ms, 1000ms"):  # of a book that is followed already, too
        await exchange.watch_order_book(SPOT, None, {"interval": "10ms"})


async def test_books_of_several_markets_come_one_by_one(exchange: Any) -> None:
    seen: set[str] = set()
    while len(seen) < 2:
        seen.add((await soon(exchange.watch_order_book_for_symbols([SPOT, PERP], 5)))["symbol"])
    assert seen == {SPOT, PERP}


async def test_trades_are_the_new_ones_and_every_one_once(exchange: Any) -> None:
    ids: list[int] = []
    while len(ids) < 5:
        trades = await soon(exchange.watch_trades(SPOT))
        ids += [int(trade["id"]) for trade in trades]
    assert ids == sorted(set(ids))
    assert [int(trade["id"]) for trade in exchange.trades[SPOT]][: len(ids)] == ids
    one = exchange.trades[SPOT][0]
    assert one["cost"] == float(Decimal(one["info"]["p"]) * Decimal(one["info"]["q"]))


async def test_a_trade_of_the_stream_is_the_same_trade_over_rest(exchange: Any) -> None:
    [*_, watched] = await soon(exchange.watch_trades(SPOT))
    fetched = {trade["id"]: trade for trade in await exchange.fetch_trades(SPOT)}[watched["id"]]
    assert {**fetched, "info": None} == {**watched, "info": None}


async def test_without_new_updates_all_trades_come_again(exchange: Any) -> None:
    exchange.newUpdates = False
    first = await soon(exchange.watch_trades(SPOT))
    second = await soon(exchange.watch_trades(SPOT))
    assert second[: len(first)] == first
    assert len(await soon(exchange.watch_trades(SPOT, limit=1))) == 1


async def test_trades_of_several_markets_come_one_market_at_a_time(exchange: Any) -> None:
    trades = await soon(exchange.watch_trades_for_symbols([SPOT, PERP]))
    assert len({trade["symbol"] for trade in trades}) == 1
    with pytest.raises(ArgumentsRequired):
        await exchange.watch_trades_for_symbols([])


async def test_candles_are_named_by_their_open(exchange: Any) -> None:
    candles = await soon(exchange.watch_ohlcv(SPOT, "1m"))
    opened, *prices = candles[-1]
    assert opened % 60_000 == 0
    assert None not in prices
    assert candles == exchange.ohlcvs[SPOT]["1m"]
    _, high, low, _, _ = prices
    assert low <= high


async def test_candles_of_several_pairs_come_by_symbol_and_timeframe(exchange: Any) -> None:
    pairs = [[SPOT, "1m"], [SPOT, "5m"]]
    seen: set[str] = set()
    while len(seen) < 2:
        [(symbol, by_timeframe)] = (await soon(exchange.watch_ohlcv_for_symbols(pairs))).items()
        assert symbol == SPOT
        seen |= set(by_timeframe)
    assert seen == {"1m", "5m"}
    await exchange.un_watch_ohlcv_for_symbols([[SPOT, "5m"]])
    assert set(exchange.ohlcvs[SPOT]) == {"1m", "5m"}, "a group of two is not ended by one of them"
    await exchange.un_watch_ohlcv_for_symbols(pairs)
    assert exchange.ohlcvs[SPOT] == {}


async def test_mark_prices_and_funding_rates_share_a_stream(exchange: Any) -> None:
    marked = await soon(exchange.watch_mark_price(PERP))
    assert marked["markPrice"] == float(marked["info"]["p"])
    rate = await soon(exchange.watch_funding_rate(PERP))
    assert rate["fundingTimestamp"] == rate["info"]["n"]
    assert rate["interval"] == "1h"
    assert list(exchange.stream_counters()["streams"]) == ["markPrice.SOL_USDC_PERP"]
    assert PERP in await soon(exchange.watch_mark_prices())
    assert PERP in await soon(exchange.watch_funding_rates([PERP]))


async def test_open_interest_is_in_base_units(exchange: Any) -> None:
    interest = await soon(exchange.watch_open_interest(PERP), 20)
    assert interest["openInterestAmount"] == float(interest["info"]["o"])


async def test_balances_come_at_once_and_after_each_change(exchange: Any) -> None:
    balance = await soon(exchange.watch_balance())
    assert balance["total"] == (await exchange.fetch_balance())["total"]
    changing = asyncio.ensure_future(exchange.watch_balance())
    order = await exchange.create_order(SPOT, "limit", "buy", 1, 50)
    changed = await soon(changing)
    assert changed["USDC"]["used"] == 50
    assert changed["SOL"] == balance["SOL"]
    await exchange.cancel_order(order["id"], SPOT)


async def test_an_order_filled_is_one_order_and_one_fill(exchange: Any) -> None:
    orders = asyncio.ensure_future(exchange.watch_orders())
    fills = asyncio.ensure_future(exchange.watch_my_trades(SPOT))
    await asyncio.sleep(0.05)
    placed = await bought(exchange)
    [order] = await soon(orders)
    trades = await soon(fills)
    assert (order["id"], order["status"]) == (placed["id"], "closed")
    for key in ("symbol", "side", "type", "amount", "filled", "cost", "average", "timestamp", "timeInForce"):
        assert order[key] == placed[key], key
    assert order["trades"] == trades
    assert order["fee"]["cost"] == pytest.approx(sum(trade["fee"]["cost"] for trade in trades))
    fetched = await exchange.fetch_my_trades(SPOT)
    assert [{**trade, "info": 0} for trade in fetched] == [{**trade, "info": 0} for trade in trades]
    assert exchange.orders.hashmap[SPOT][placed["id"]]["filled"] == 1


async def test_orders_of_one_market_are_not_those_of_another(exchange: Any) -> None:
    orders = asyncio.ensure_future(exchange.watch_orders("BTC/USDC"))
    await asyncio.sleep(0.05)
    await bought(exchange)
    placed = await exchange.create_order("BTC/USDC", "limit", "buy", 0.01, 50_000)
    assert [order["id"] for order in await soon(orders)] == [placed["id"]]


async def test_positions_begin_with_those_that_are_open(exchange: Any) -> None:
    assert await soon(exchange.watch_positions()) == []
    opening = asyncio.ensure_future(exchange.watch_positions([PERP]))
    assert await soon(opening) == []
    opening = asyncio.ensure_future(exchange.watch_positions())
    await exchange.create_order(PERP, "market", "buy", 1)
    [position] = await soon(opening)
    assert (position["symbol"], position["side"], position["contracts"]) == (PERP, "long", 1)
    async with exchange_on(sandbox_of(exchange)) as other:
        [position] = await soon(other.watch_positions([PERP]))
        assert position["contracts"] == 1


async def test_a_position_that_is_closed_is_shown_once_more_and_then_gone(exchange: Any) -> None:
    await exchange.create_order(PERP, "market", "buy", 1)
    assert len(await soon(exchange.watch_positions())) == 1
    await exchange.create_order(PERP, "market", "sell", 1, None, {"reduceOnly": True})
    while True:
        [position] = await soon(exchange.watch_positions())
        if not position["contracts"]:
            break
    assert position["symbol"] == PERP


async def test_un_watching_wakes_the_watcher_and_forgets_what_it_saw(exchange: Any) -> None:
    await soon(exchange.watch_order_book(SPOT))
    watching = asyncio.ensure_future(_watched_for_ever(exchange))
    await asyncio.sleep(0.01)
    assert await exchange.un_watch_order_book(SPOT)
    with pytest.raises(UnsubscribeError):
        await soon(watching)
    assert SPOT not in exchange.orderbooks
    assert exchange.stream_counters()["streams"] == {}
    assert (await soon(exchange.watch_order_book(SPOT)))["nonce"]


async def _watched_for_ever(exchange: Any) -> None:
    while True:
        await exchange.watch_order_book(SPOT)


async def test_a_stream_can_be_followed_by_its_own_name(exchange: Any) -> None:
    heard: list[Any] = []
    await exchange.subscribe_stream("trade.SOL_USDC", heard.append)
    trades = await soon(exchange.watch_trades(SPOT))
    assert heard[0] == trades[0]["info"]
    await exchange.unsubscribe_stream("trade.SOL_USDC")
    await exchange.un_watch_trades(SPOT)
    assert exchange.stream_counters()["streams"] == {}


def sandbox_of(exchange: Any) -> Any:
    """What `exchange_on` needs to know of the sandbox that an exchange is on."""

    class Addresses:
        url = exchange.urls["api"]["public"]
        socket_url = exchange.urls["api"]["ws"]["public"]

    return Addresses
