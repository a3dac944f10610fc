"""One bad member never takes a group down, and who leaves takes nobody along."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ccxt.base.errors import BadSymbol, UnsubscribeError

from tests.support.samples import captured_markets
from tests.support.scripted_source import scripted
from tests.support.streaming import soon

SPOT, PERP, CLOSED = "SOL/USDC", "SOL/USDC:USDC", "BTC/USDC:USDC"
CLOSED_ID = "BTC_USDC_PERP"
NOW = 1_788_284_044_094_000


def markets_with_a_closed_one() -> list[Any]:
    return [
        {**row, "orderBookState": "Closed"} if row["symbol"] == CLOSED_ID else row
        for row in captured_markets()
    ]


def depth(query: dict[str, str]) -> Any:
    if query["symbol"] == CLOSED_ID:
        return BadSymbol("Not Found")
    return {"lastUpdateId": "10", "bids": [["9", "1"]], "asks": [["11", "1"]], "timestamp": NOW}


def trade(number: int) -> dict[str, Any]:
    return {
        **{"e": "trade", "E": NOW + number, "T": NOW + number, "t": number, "p": "10", "q": "1"},
        **{"a": "1", "b": "2", "m": True},
    }


async def test_a_closed_market_is_named_once_and_the_other_books_go_on() -> None:
    group = [SPOT, PERP, CLOSED]
    async with scripted({"/api/v1/depth": depth}) as (exchange, source):
        books, told = [], []
        for _ in range(3):
            try:
                books.append((await soon(exchange.watch_order_book_for_symbols(group)))["symbol"])
            except BadSymbol as error:
                told.append(str(error))
        assert sorted(books) == [SPOT, PERP]
        assert told == [f"bpx {CLOSED} has no book: the market is closed"]
        for update in range(11, 40):
            source.say("depth.SOL_USDC", U=update, u=update, T=NOW, E=NOW, a=[], b=[["8", str(update)]])
            book = await soon(exchange.watch_order_book_for_symbols(group))
            assert (book["symbol"], book["nonce"]) == (SPOT, update)
        assert source.asked[f"/api/v1/depth {CLOSED_ID}"] == 1


async def test_books_go_on_after_a_cut_in_which_a_market_closed() -> None:
    is_closed = False

    def answer(query: dict[str, str]) -> Any:
        if is_closed:
            return depth(query)
        return {"lastUpdateId": "10", "bids": [["9", "1"]], "asks": [["11", "1"]], "timestamp": NOW}

    group = [SPOT, PERP, CLOSED]
    async with scripted({"/api/v1/depth": answer}) as (exchange, source):
        first = [(await soon(exchange.watch_order_book_for_symbols(group)))["symbol"] for _ in group]
        assert sorted(first) == sorted(group)
        is_closed = True
        source.cut("depth.SOL_USDC")
        books: set[str] = set()
        told = 0
        while len(books) < 2 or not told:
            try:
                books.add((await soon(exchange.watch_order_book_for_symbols(group)))["symbol"])
            except BadSymbol:
                told += 1
        assert (books, told) == ({SPOT, PERP}, 1)


async def test_a_book_that_is_asked_for_again_and_again_waits_for_the_pause() -> None:
    async with scripted({"/api/v1/depth": depth}) as (exchange, source):
        with pytest.raises(BadSymbol, match="BTC/USDC:USDC has no book"):
            await soon(exchange.watch_order_book(CLOSED))
        again = asyncio.ensure_future(exchange.watch_order_book(CLOSED))
        await source.subscribed(f"depth.{CLOSED_ID}")
        for _ in range(50):
            await asyncio.sleep(0)
        assert not again.done()
        assert source.asked[f"/api/v1/depth {CLOSED_ID}"] == 1
        again.cancel()


@pytest.mark.parametrize(
    ("watch", "stream", "frame"),
    [
        (lambda exchange: exchange.watch_trades_for_symbols([SPOT, CLOSED]), "trade.SOL_USDC", trade(1)),
        (
            lambda exchange: exchange.watch_tickers([SPOT, CLOSED]),
            "ticker.SOL_USDC",
            {"E": NOW, "o": "1", "c": "2", "h": "3", "l": "1", "v": "5", "V": "9", "s": "SOL_USDC"},
        ),
        (
            lambda exchange: exchange.watch_ohlcv_for_symbols([[SPOT, "1m"], [CLOSED, "1m"]]),
            "kline.1m.SOL_USDC",
            {
                **{"E": NOW, "t": "2026-09-01T17:34:00", "T": "2026-09-01T17:35:00", "s": "SOL_USDC"},
                **{"o": "1", "c": "2", "h": "3", "l": "1", "v": "5", "n": 3, "X": False},
            },
        ),
    ],
)
async def test_a_market_that_is_closed_is_named_once_in_any_group(
    watch: Any, stream: str, frame: Any
) -> None:
    async with scripted({"/api/v1/markets": markets_with_a_closed_one()}) as (exchange, source):
        with pytest.raises(BadSymbol, match="BTC/USDC:USDC is closed"):
            await soon(watch(exchange))
        await source.subscribed(stream)
        source.say(stream, **frame)
        assert await soon(watch(exchange))


async def test_who_leaves_one_market_leaves_the_group_of_another_task_alone() -> None:
    async with scripted() as (exchange, source):
        alone = asyncio.ensure_future(exchange.watch_trades(SPOT))
        group = asyncio.ensure_future(exchange.watch_trades_for_symbols([SPOT, PERP]))
        await source.subscribed("trade.SOL_USDC", "trade.SOL_USDC_PERP")
        source.say("trade.SOL_USDC", **trade(1))
        for told in (alone, group):
            assert [one["id"] for one in await soon(told)] == ["1"]
        alone = asyncio.ensure_future(exchange.watch_trades(SPOT))
        await asyncio.sleep(0)
        await exchange.un_watch_trades(SPOT)  # nobody waits for the group at this moment
        with pytest.raises(UnsubscribeError):
            await alone
        source.say("trade.SOL_USDC", **trade(2))
        told = await soon(exchange.watch_trades_for_symbols([SPOT, PERP]))
        assert [one["id"] for one in told] == ["2"]
        await exchange.un_watch_trades_for_symbols([PERP, SPOT])
        assert exchange.stream_counters()["streams"] == {}


@pytest.mark.parametrize("name", ["funding_rate", "open_interest"])
async def test_what_a_spot_market_does_not_have_is_a_bad_symbol_at_once(name: str) -> None:
    async with scripted() as (exchange, source):
        with pytest.raises(BadSymbol, match="SOL/USDC is no contract"):
            await soon(getattr(exchange, f"watch_{name}")(SPOT))
        assert source.venue.links == []
        if name == "funding_rate":
            with pytest.raises(BadSymbol, match="SOL/USDC is no contract"):
                await soon(exchange.watch_funding_rates([PERP, SPOT]))
