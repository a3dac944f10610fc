"""Histories page by page: every row once, one page at a time, on both classes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest
from hypothesis import given
from hypothesis import strategies as st

import bpx_connector
import bpx_connector.async_support
from bpx_connector.rest.markets.pages import PAGE, Turning
from bpx_connector.rest.markets.trades import PAGE_OF_MANY

NOW = 1_790_000_000_000


def turned(
    rows: Sequence[tuple[int, int]], since: int, until: int, page: int = 3, window: int | None = None
) -> list[tuple[int, int]]:
    """What comes of turning the pages of a venue that answers with so many rows at or after a time."""
    turning = Turning(since, until, lambda row: row[0], lambda row: row, window)
    found: list[tuple[int, int]] = []
    for _ in range(200):
        if turning.is_over:
            return found
        end = turning.since + window if window else until + 1
        found += turning.take([row for row in rows if turning.since <= row[0] < end][:page])
    raise AssertionError("it turns without end")


def numbered(*times: int) -> list[tuple[int, int]]:
    return [(time, number) for number, time in enumerate(times)]


def test_every_row_comes_once_though_several_share_a_moment() -> None:
    rows = numbered(1, 2, 2, 3, 3, 4, 9)
    assert turned(rows, 0, 100) == rows
    assert turned(rows, 2, 4) == rows[1:6]
    assert turned(rows, 10, 100) == []
    assert turned([], 0, 100) == []


def test_a_quiet_window_is_passed_over() -> None:
    rows = numbered(1_000, 2_000, 500_000, 501_000)
    assert turned(rows, 0, 600_000, window=50_000) == rows


@given(st.lists(st.integers(0, 60), max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_no_row_is_lost_and_none_comes_twice(times: list[int], since: int, until: int) -> None:
    rows = numbered(*sorted(times))
    most = max((times.count(time) for time in times), default=0)
    wanted = [row for row in rows if since <= row[0] <= until]
    assert turned(rows, since, until, page=most + 1) == wanted


def trade(number: int) -> dict[str, Any]:
    return {"id": str(number), "timestamp": 1_000 + number // 2, "side": "buy", "price": 1.0, "amount": 1.0}


class Asked:
    """Stands for the venue: notes what was asked for, and answers with a page of these rows."""

    def __init__(self, rows: list[Any], moment: Any) -> None:
        self.rows, self.moment = rows, moment
        self.asked: list[tuple[Any, ...]] = []

    def page(self, since: int, *asked: Any) -> list[Any]:
        self.asked.append((since, *asked))
        return [row for row in self.rows if self.moment(row) >= since][:PAGE]


def exchange_that(is_asyncio: bool, name: str, asked: Asked) -> Any:
    exchange: Any = bpx_connector.async_support.bpx() if is_asyncio else bpx_connector.bpx()
    exchange.milliseconds = lambda: NOW

    def blocking(symbol: str, *arguments: Any) -> Any:
        since = next(argument for argument in arguments if isinstance(argument, int))
        return asked.page(since, symbol, *arguments)

    async def awaited(symbol: str, *arguments: Any) -> Any:
        return blocking(symbol, *arguments)

    setattr(exchange, name, awaited if is_asyncio else blocking)
    return exchange


async def pages_of(pages: Any, is_asyncio: bool) -> list[list[Any]]:
    return [page async for page in pages] if is_asyncio else list(pages)


@pytest.mark.parametrize("is_asyncio", [False, True])
async def test_trades_come_in_pages_with_the_least_calls(is_asyncio: bool) -> None:
    rows = [trade(number) for number in range(2_500)]
    asked = Asked(rows, lambda row: row["timestamp"])
    exchange = exchange_that(is_asyncio, "fetch_trades", asked)
    pages = await pages_of(exchange.trades_in_pages("SOL/USDC", 0, 2_000), is_asyncio)
    assert [row for page in pages for row in page] == [row for row in rows if row["timestamp"] <= 2_000]
    assert all(len(page) <= PAGE for page in pages)
    assert len(asked.asked) <= 4
    assert asked.asked[0] == (0, "SOL/USDC", 0, PAGE_OF_MANY, {})


@pytest.mark.parametrize("is_asyncio", [False, True])
async def test_candles_and_funding_rates_come_in_pages(is_asyncio: bool) -> None:
    candles = [[60_000 * number, 1, 1, 1, 1, 1] for number in range(1_500)]
    asked = Asked(candles, lambda row: row[0])
    exchange = exchange_that(is_asyncio, "fetch_ohlcv", asked)
    exchange.milliseconds = lambda: 60_000 * 1_499
    pages = await pages_of(exchange.ohlcv_in_pages("SOL/USDC", "1m", 0), is_asyncio)
    assert [row for page in pages for row in page] == candles
    rates = [{"timestamp": 3_600_000 * number} for number in range(1_200)]
    exchange = exchange_that(
        is_asyncio, "fetch_funding_rate_history", Asked(rates, lambda row: row["timestamp"])
    )
    pages = await pages_of(exchange.funding_rates_in_pages("SOL/USDC:USDC", 0), is_asyncio)
    assert [row for page in pages for row in page] == rates


@pytest.mark.parametrize("is_asyncio", [False, True])
async def test_the_wrong_kind_of_loop_is_told_so(is_asyncio: bool) -> None:
    exchange = exchange_that(is_asyncio, "fetch_trades", Asked([], None))
    pages = exchange.trades_in_pages("SOL/USDC", 0)
    with pytest.raises(TypeError, match="gone through by"):
        if is_asyncio:
            list(pages)
        else:
            [page async for page in pages]


@pytest.mark.parametrize("kind", [bpx_connector.bpx, bpx_connector.async_support.bpx])
async def test_wrong_times_are_refused_before_anything_is_asked(kind: Any) -> None:
    exchange = kind()
    with pytest.raises(ArgumentsRequired, match="needs since"):
        exchange.trades_in_pages("SOL/USDC", None)
    with pytest.raises(BadRequest, match="is before since"):
        exchange.trades_in_pages("SOL/USDC", 2_000, 1_000)
    with pytest.raises(BadRequest, match="since has to be milliseconds"):
        exchange.trades_in_pages("SOL/USDC", "yesterday")
    closed = exchange.close()
    if inspect.isawaitable(closed):
        await closed
