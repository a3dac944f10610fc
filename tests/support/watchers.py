"""Callers of every watch method, who note what they are told and object to whatever is not so."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

from ccxt.base.errors import BaseError, ExchangeClosedByUser, UnsubscribeError

from bpx_connector import pro
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.server import Sandbox
from tests.support.streaming import exchange_on
from tests.support.witnesses import Witness

__all__ = ["HASTE", "Watchers", "comes_true", "in_step", "run_for"]

HASTE = {"shortestPause": 5, "longestPause": 100, "pingAfter": 200, "silence": 500}
"""Stream options of a client that does not have the patience of real life."""


@asynccontextmanager
async def in_step(sandbox: Sandbox, **options: Any) -> AsyncIterator[Any]:
    """An exchange with streams that lives in the sandbox's time, asks REST often and gives up soon."""
    checks = {name: {"checkEvery": 200} for name in ("watchOrders", "watchPositions", "watchBalance")}
    async with exchange_on(
        sandbox, options={"streams": HASTE, **checks, **options}, timeout=1_000
    ) as exchange:
        exchange.milliseconds = lambda: sandbox.clock.now() // 1000
        yield exchange


async def run_for(sandbox: Sandbox, seconds: float, step: float = 0.1, breath: float = 0.001) -> None:
    """Let the sandbox's time pass, and after each step let everybody act."""
    clock = sandbox.clock
    assert isinstance(clock, DrivenClock), "only a driven clock is advanced"
    for _ in range(round(seconds / step)):
        clock.advance(step)
        await asyncio.sleep(breath)


async def comes_true(
    condition: Callable[[], Any],
    wanted: bool = True,
    during: Callable[[], Awaitable[None]] | None = None,
    within: float = 8.0,
) -> None:
    """Wait until a condition is as it should be; it is an error if that does not happen."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while bool(answer := condition()) is not wanted:
        assert loop.time() < end, f"what was waited for has not happened: {answer!r}"
        if during is not None:
            await during()
        await asyncio.sleep(0.005)


class Watchers:
    """Watches one exchange object and compares each answer with what the witness saw."""

    def __init__(self, exchange: pro.bpx, witness: Witness) -> None:
        self.exchange = exchange
        self.witness = witness
        self.objections: list[str] = []
        self.counts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.trades: dict[str, list[str]] = {}
        self.fills: list[tuple[str, int, int]] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.positions: dict[str, dict[str, Any]] = {}
        self.balance: dict[str, Any] = {}
        self.nonces: dict[tuple[str, int], int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    # --- what is watched -----------------------------------------------------------------------------

    def book(self, symbol: str, limit: int | None = None, params: dict[str, Any] = {}) -> None:
        """Watch a book and compare each one that is handed out."""
        self._start(lambda: self.exchange.watch_order_book(symbol, limit, params), self._book_judge(limit))

    def books(self, symbols: list[str], limit: int | None = None, params: dict[str, Any] = {}) -> None:
        """Watch several books through one call."""
        self._start(
            lambda: self.exchange.watch_order_book_for_symbols(symbols, limit, params),
            self._book_judge(limit),
        )

    def public_trades(self, symbol: str) -> None:
        """Watch a market's trades."""
        seen = self.trades.setdefault(symbol, [])
        self._start(lambda: self.exchange.watch_trades(symbol), lambda new: self._take_trades(seen, new))

    def account(self) -> None:
        """Watch orders, fills, balance and positions."""
        exchange = self.exchange
        self._start(exchange.watch_my_trades, self._take_fills)
        self._start(exchange.watch_orders, self._take_orders)
        self._start(exchange.watch_balance, self._take_balance)
        self._start(exchange.watch_positions, self._take_positions)

    async def end(self) -> None:
        """Stop watching; every caller has to have ended within a second."""
        for task in self._tasks:
            task.cancel()
        done, late = await asyncio.wait(self._tasks, timeout=1.0) if self._tasks else (set(), set())
        if late:
            self.objections.append(f"{len(late)} callers could not be ended")
        for task in done:
            with suppress(asyncio.CancelledError):
                task.result()

    # --- how it is judged ----------------------------------------------------------------------------

    def _start(self, watch: Callable[[], Awaitable[Any]], take: Callable[[Any], None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(self._watch(watch, take)))

    async def _watch(self, watch: Callable[[], Awaitable[Any]], take: Callable[[Any], None]) -> None:
        while True:
            try:
                answer = await watch()
            except (ExchangeClosedByUser, UnsubscribeError):
                return
            except BaseError as error:
                self.errors[type(error).__name__] += 1
                await asyncio.sleep(0.01)
            else:
                take(answer)

    def _book_judge(self, limit: int | None) -> Callable[[Any], None]:
        number = len(self._tasks)

        def take(book: Any) -> None:
            self.counts["books"] += 1
            symbol = book["symbol"]
            objection = self.witness.objection(self.exchange.market(symbol)["id"], book, limit)
            if objection is not None:
                self.objections.append(objection)
            before = self.nonces.get((symbol, number), 0)
            if (book["nonce"] or 0) < before:
                self.objections.append(f"{symbol} went back from update {before} to {book['nonce']}")
            self.nonces[symbol, number] = book["nonce"] or 0

        return take

    def look_at_books(self) -> None:
        """Compare what lies in `orderbooks`, which may be read at any time."""
        for symbol, book in self.exchange.orderbooks.items():
            if book["nonce"] is None:
                if book["bids"] or book["asks"]:
                    self.objections.append(f"{symbol} has levels while it is not known")
                continue
            objection = self.witness.objection(self.exchange.market(symbol)["id"], book)
            if objection is not None:
                self.objections.append(f"in orderbooks: {objection}")

    def _take_trades(self, seen: list[str], new: list[Any]) -> None:
        for trade in new:
            self.counts["trades"] += 1
            true = self.witness.trades.get((self.exchange.market(trade["symbol"])["id"], trade["id"]))
            if trade["id"] in seen:
                self.objections.append(f"trade {trade['id']} of {trade['symbol']} came twice")
            if true is None or (trade["price"], trade["amount"]) != (float(true.price), float(true.quantity)):
                self.objections.append(f"trade {trade['id']} is told as {trade}, and was {true}")
            seen.append(trade["id"])

    def _take_fills(self, new: list[Any]) -> None:
        for trade in new:
            self.counts["fills"] += 1
            name = (self.exchange.market(trade["symbol"])["id"], int(trade["id"]), int(trade["order"]))
            true = self.witness.fills.get(name)
            if name in self.fills:
                self.objections.append(f"fill {name} came twice")
            if true is None or (trade["price"], trade["amount"], trade["fee"]["cost"]) != (
                float(true.price),
                float(true.quantity),
                float(true.fee),
            ):
                self.objections.append(f"fill {name} is told as {trade}, and was {true}")
            self.fills.append(name)

    def _take_orders(self, changed: list[Any]) -> None:
        for order in changed:
            self.counts["orders"] += 1
            before = self.orders.get(order["id"])
            if before is not None:
                if order["filled"] < before["filled"]:
                    self.objections.append(f"order {order['id']} went from {before} back to {order}")
                if before["status"] != "open" and order["status"] == "open":
                    self.objections.append(f"order {order['id']} has reopened: {order}")
            self.orders[order["id"]] = order

    def _take_balance(self, balance: Any) -> None:
        self.counts["balances"] += 1
        self.balance = balance

    def _take_positions(self, changed: Iterable[Any]) -> None:
        for position in changed:
            self.counts["positions"] += 1
            self.positions[position["symbol"]] = position

    # --- what has to be true in the end --------------------------------------------------------------

    def missing_fills(self) -> set[tuple[str, int, int]]:
        """Fills of the account that nobody was told of."""
        return set(self.witness.fills) - set(self.fills)

    def wrong_orders(self) -> list[str]:
        """Orders of which the last word is not how the venue has them."""
        witness = self.witness
        assert witness.account is not None, "orders belong to an account"
        wrong = []
        for true in witness.venue.order_history(witness.account):
            told = self.orders.get(str(true.id))
            if told is None:
                wrong.append(f"{true.id} ({true.status}) was never told")
                continue
            fills = [fill for fill in witness.fills.values() if fill.order_id == true.id]
            fees = sum((fill.fee for fill in fills), Decimal(0))
            facts: dict[str, tuple[Any, Any]] = {
                "filled": (told["filled"], float(true.executed_quantity)),
                "open": (told["status"] == "open", true.is_open),
                "cost": (told["cost"] or 0.0, float(true.executed_quote_quantity)),
                "trades": (
                    sorted(int(trade["id"]) for trade in told["trades"]),
                    sorted(f.trade_id for f in fills),
                ),
                "fees": (sum(Decimal(str(fee["cost"])) for fee in told["fees"]), fees),
            }
            wrong += [f"{true.id}: {name} {a} is not {b}" for name, (a, b) in facts.items() if a != b]
        return wrong

    def wrong_balances(self) -> list[str]:
        """Assets of which the last word is not what the account has."""
        witness = self.witness
        assert witness.account is not None, "balances belong to an account"
        wrong = []
        for asset, (available, locked, _) in witness.venue.balances(witness.account).items():
            told = self.balance.get(asset) or {}
            if (told.get("free"), told.get("used")) != (float(available), float(locked)):
                wrong.append(f"{asset}: {told} is not {available} and {locked}")
        return wrong

    def wrong_positions(self) -> list[str]:
        """Markets in which the last word is not the position that there is."""
        witness = self.witness
        assert witness.account is not None, "positions belong to an account"
        true = {row.position.symbol: row.position for row in witness.venue.positions(witness.account)}
        wrong = []
        for market_id in {*true, *(self.exchange.market(symbol)["id"] for symbol in self.positions)}:
            symbol = self.exchange.safe_symbol(market_id)
            told = self.positions.get(symbol) or {"contracts": 0.0, "side": None}
            signed = (told["contracts"] or 0.0) * (-1 if told["side"] == "short" else 1)
            quantity = float(true[market_id].quantity) if market_id in true else 0.0
            if signed != quantity:
                wrong.append(f"{symbol}: {signed} is not {quantity}")
        return wrong

    def waiting_books(self) -> list[str]:
        """Books that have not reached the venue's newest update."""
        return [
            symbol
            for (symbol, _), nonce in self.nonces.items()
            if nonce != self.witness.newest(self.exchange.market(symbol)["id"])
        ]
