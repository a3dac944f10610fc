"""The account after a cut: every order that changed meanwhile is told of, however many there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ccxt.base.errors import AuthenticationError, UnsubscribeError

from tests.support.listeners import until
from tests.support.scripted_source import ScriptedSource, scripted

STREAM = "account.orderUpdate"
MANY = 300
BEGAN = 1_788_284_044_094
"""In milliseconds: when the first order is placed, a moment after the stream began."""


class Account:
    """The venue's side: orders on the book and in the history, which is read page by page."""

    def __init__(self) -> None:
        self.resting: dict[str, Any] = {}
        self.past: list[Any] = []
        self.fills: list[Any] = []
        self.lags = 0

    def place(self, identity: str) -> dict[str, Any]:
        order: dict[str, Any] = {
            **{"id": identity, "symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "status": "New"},
            **{"quantity": "1", "price": "10", "executedQuantity": "0", "executedQuoteQuantity": "0"},
            **{"createdAt": BEGAN + len(self.resting) + len(self.past)},
        }
        self.resting[identity] = order
        return order

    def end(self, identity: str, status: str) -> None:
        order = self.resting.pop(identity)
        if status == "Filled":
            order |= {"executedQuantity": "1", "executedQuoteQuantity": "10"}
            self.fills.append(
                {
                    **{"orderId": identity, "tradeId": len(self.fills) + 1, "symbol": "SOL_USDC"},
                    **{"price": "10", "quantity": "1", "fee": "0.01", "feeSymbol": "USDC", "side": "Bid"},
                    **{"timestamp": "2026-09-01T17:54:04.094", "isMaker": True},
                }
            )
        self.past.insert(0, {**order, "status": status})

    @property
    def answers(self) -> dict[str, Any]:
        return {
            "/api/v1/orders": lambda query: list(self.resting.values()),
            "/wapi/v1/history/orders": self._history,
            "/wapi/v1/history/fills": lambda query: _page(self.fills, query),
        }

    def _history(self, query: dict[str, str]) -> list[Any]:
        rows = self.past[self.lags :]
        if "orderId" in query:
            return [row for row in rows if row["id"] == query["orderId"]]
        return _page(rows, query)


def _page(rows: list[Any], query: dict[str, str]) -> list[Any]:
    if "orderId" in query:
        rows = [row for row in rows if row["orderId"] == query["orderId"]]
    first = int(query.get("offset", 0))
    return rows[first : first + int(query["limit"])]


def accepted(order: dict[str, Any]) -> dict[str, Any]:
    time = order["createdAt"] * 1000
    return {
        **{"e": "orderAccepted", "E": time, "T": time, "i": order["id"], "s": "SOL_USDC", "S": "Bid"},
        **{"o": "LIMIT", "X": "New", "q": "1", "p": "10", "z": "0", "Z": "0"},
    }


@asynccontextmanager
async def watched(account: Account) -> AsyncIterator[tuple[dict[str, Any], list[str], Any, ScriptedSource]]:
    """The orders and fills that callers were told of."""
    async with scripted(account.answers) as (exchange, source):
        exchange.milliseconds = lambda: BEGAN - 1
        seen: dict[str, Any] = {}
        fills: list[str] = []

        async def watch_orders() -> None:
            while True:
                seen.update({order["id"]: order for order in await exchange.watch_orders()})

        async def watch_fills() -> None:
            while True:
                fills.extend(trade["id"] for trade in await exchange.watch_my_trades())

        tasks = [asyncio.ensure_future(watch_orders()), asyncio.ensure_future(watch_fills())]
        await until(lambda: source.asked["/api/v1/orders"])
        try:
            yield seen, fills, exchange, source
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_of_many_orders_cancelled_and_placed_in_one_cut_none_is_lost_and_none_is_wrong() -> None:
    account = Account()
    async with watched(account) as (seen, fills, exchange, source):
        for number in range(MANY):
            source.say(STREAM, **accepted(account.place(f"1{number}")))
        await until(lambda: len(seen) == MANY)
        source.cut(STREAM)
        for number in range(MANY):
            account.end(f"1{number}", "Cancelled")
        for number in range(MANY):
            account.place(f"2{number}")
            account.end(f"2{number}", "Filled")
        await until(lambda: len(seen) == 2 * MANY)
        await until(lambda: not exchange.stream_counters()["streams"][STREAM]["owed"])
        assert {seen[f"1{number}"]["status"] for number in range(MANY)} == {"canceled"}
        assert {seen[f"2{number}"]["status"] for number in range(MANY)} == {"closed"}
        assert {seen[f"2{number}"]["fee"]["cost"] for number in range(MANY)} == {0.01}
        await until(lambda: len(fills) == MANY)
        assert len(set(fills)) == MANY
        assert source.asked["/wapi/v1/history/orders"] < 10


async def test_orders_that_the_history_has_not_got_yet_stay_owed_until_it_has(
    caplog: pytest.LogCaptureFixture,
) -> None:
    account = Account()
    async with watched(account) as (seen, _, exchange, source):
        for number in range(30):
            source.say(STREAM, **accepted(account.place(f"1{number}")))
        await until(lambda: len(seen) == 30)
        source.cut(STREAM)
        for number in range(30):
            account.end(f"1{number}", "Cancelled")
        account.lags = 20  # the newest rows are not there yet
        await until(lambda: exchange.stream_counters()["streams"][STREAM]["owed"] == 20)
        assert sum(order["status"] == "canceled" for order in seen.values()) == 10
        await until(lambda: sum("note" in order["info"] for order in seen.values()) == 20)
        assert exchange.stream_counters()["streams"][STREAM]["mayBeStale"]
        account.lags = 0
        await until(lambda: {order["status"] for order in seen.values()} == {"canceled"})
        assert not any("note" in order["info"] for order in seen.values())
        assert not exchange.stream_counters()["streams"][STREAM]["owed"]
        assert sum("what became of 20 orders" in message for message in caplog.messages) == 1


async def test_orders_from_before_anybody_watched_that_end_in_a_cut_are_told_of() -> None:
    account = Account()
    for number in range(150):
        account.place(f"1{number}")
    async with watched(account) as (seen, _, exchange, source):
        await until(lambda: not exchange.stream_counters()["streams"][STREAM]["mayBeStale"])
        assert seen == {}
        source.cut(STREAM)
        for number in range(150):
            account.end(f"1{number}", "Cancelled")
        await until(lambda: len(seen) == 150)
        assert {order["status"] for order in seen.values()} == {"canceled"}


async def test_what_happened_in_a_cut_is_told_although_the_signature_is_refused_after_it() -> None:
    account = Account()
    async with scripted({**account.answers, "/api/v1/account": {}}) as (exchange, source):
        exchange.milliseconds = lambda: BEGAN - 1
        seen: dict[str, str] = {}
        fills: list[str] = []
        refused: list[Exception] = []

        async def watch_orders() -> None:
            while True:
                try:
                    seen.update({order["id"]: order["status"] for order in await exchange.watch_orders()})
                except AuthenticationError as error:
                    refused.append(error)

        async def watch_fills() -> None:
            while True:
                try:
                    fills.extend(trade["id"] for trade in await exchange.watch_my_trades())
                except AuthenticationError:
                    source.venue.refused.clear()

        tasks = [asyncio.ensure_future(watch_orders()), asyncio.ensure_future(watch_fills())]
        await until(lambda: source.asked["/api/v1/orders"])
        source.say(STREAM, **accepted(account.place("1")))
        await until(lambda: seen == {"1": "open"})
        source.venue.refused[STREAM] = 4003
        source.cut(STREAM)
        account.end("1", "Cancelled")
        account.place("2")
        account.end("2", "Filled")
        await until(lambda: len(seen) == 2)
        await until(lambda: bool(fills))
        assert seen == {"1": "canceled", "2": "closed"}
        assert len(fills) == len(refused) == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_has_left_and_comes_back_is_not_told_what_happened_meanwhile() -> None:
    account = Account()
    async with scripted(account.answers) as (exchange, source):
        exchange.milliseconds = lambda: BEGAN - 1
        watching = asyncio.ensure_future(exchange.watch_orders())
        await until(lambda: source.asked["/api/v1/orders"])
        source.say(STREAM, **accepted(account.place("1")))
        await watching
        watching = asyncio.ensure_future(exchange.watch_orders())
        await asyncio.sleep(0)
        await exchange.un_watch_orders()
        with pytest.raises(UnsubscribeError):
            await watching
        account.end("1", "Cancelled")
        asked = source.asked["/api/v1/orders"]
        watching = asyncio.ensure_future(exchange.watch_orders())
        await until(lambda: source.asked["/api/v1/orders"] > asked)
        source.say(STREAM, **accepted(account.place("2")))
        assert [order["id"] for order in await watching] == ["2"]
        assert not source.asked["/wapi/v1/history/orders"]
