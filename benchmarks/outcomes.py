"""`make faults`: orders while requests and answers are lost, and whether callers are told the truth.

Ours, blocking and asyncio, and ccxt's own class do random actions at fixed seeds: place, cancel, cancel all,
edit, batches. A third of the requests about orders are dropped, done and not answered, held back, answered
late, done and answered with a refusal, or met by an exchange that has just died. At the end every word is
compared with the sandbox's own books:

    wrong          told something that the account does not show
    unresolvable   left open, and could not be found out afterwards
    twice          one order asked for, and more than one in the books

Loopback only; ends by itself. The tests do the same without a wire, at seeds of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import random
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ccxt.base.errors import BaseError, ExchangeError
from nacl.signing import SigningKey

from bpx_connector.sandbox.server import SandboxThread

__all__ = ["FAULTS", "TIMEOUT", "WINDOW", "Counted", "Trader", "books_of", "counted", "settings"]

SYMBOL, MARKET = "SOL/USDC", "SOL_USDC"
SUBJECTS = ("bpx, blocking", "bpx, asyncio", "ccxt, asyncio")
WINDOW = 600
"""Milliseconds: a short recvWindow, so that what is lost is known to be lost soon."""

TIMEOUT = 1500
ASKED_AGAIN, PAUSE = 20, 100
"""How often a caller asks what became of its order before it gives up, and the milliseconds in between."""

FAULTS = (
    "drop /api/v1/order* chance=0.06",
    "lost /api/v1/order* chance=0.06",
    "lost /api/v1/order* status=500 chance=0.02",
    "lost /api/v1/order* status=503 says=RESOURCE_NOT_FOUND chance=0.02",
    "lost /api/v1/order* status=504 says=INVALID_ORDER chance=0.02",
    "lost /api/v1/order* status=502 body=html chance=0.02",
    "lost /api/v1/order* status=200 body=object chance=0.01",
    "lost /api/v1/order* status=200 body=list method=POST chance=0.01",
    "refuse /api/v1/order* status=503 chance=0.03",
    "refuse /api/v1/order* status=502 body=html chance=0.03",
    "refuse /api/v1/order* status=200 body=empty chance=0.02",
    "hold /api/v1/order* chance=0.03 seconds=0.3",
    "hold /api/v1/order* chance=0.01 seconds=1.8",
    "late /api/v1/order* chance=0.02 seconds=2",
    "die /api/v1/order* chance=0.01 seconds=0.4",
    "drop /wapi/v1/history/* chance=0.05",
)
"""What goes wrong, and how often. A request that is held longer than the timeout arrives after its window."""

Books = Callable[[str], list[tuple[str, int | None, str]]]
"""(id, client id, status) of every order of the account of that key, as the exchange has them."""


@dataclass
class Counted:
    """What one class told its callers."""

    subject: str
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """A row of the table."""
        names = ("actions", "told", "wrong", "unresolvable", "twice")
        return f"{self.subject:15}" + "".join(f"{self.counts[name]:14}" for name in names)


def settings() -> dict[str, Any]:
    """The configuration of an exchange object with an account of its own, but for its addresses."""
    key = SigningKey.generate()
    return {
        "apiKey": b64encode(bytes(key.verify_key)).decode(),
        "secret": b64encode(bytes(key)).decode(),
        "enableRateLimit": False,
        "timeout": TIMEOUT,
        "options": {"recvWindow": WINDOW, "outcome": {"timeout": 60_000}},
    }


def _exchange(subject: str, url: str) -> Any:
    import ccxt.async_support as peers

    import bpx_connector.async_support

    kind: Any = {
        SUBJECTS[0]: bpx_connector.bpx,
        SUBJECTS[1]: bpx_connector.async_support.bpx,
        SUBJECTS[2]: vars(peers)["backpack"],
    }[subject]
    api = url if subject != SUBJECTS[2] else {"public": url, "private": url}
    exchange = kind({**settings(), "urls": {"api": api}})
    exchange.timeout_on_exit = 0
    return exchange


def books_of(sandbox: Any, key: str) -> list[tuple[str, int | None, str]]:
    """(id, client id, status) of every order of an account, from the sandbox's own books."""
    account = sandbox.venue.account(key)
    if account is None:
        return []
    orders = {order.id: order for order in (*account.all_open(), *sandbox.venue.order_history(account))}
    return [(str(one.id), one.request.client_id, str(one.status)) for one in orders.values()]


class Trader:
    """Does one thing after the other with an account of its own, and keeps what it was told."""

    def __init__(
        self, exchange: Any, books: Books, seed: int, counted: Counted, *, in_threads: bool = True
    ) -> None:
        self._exchange = exchange
        self._books = books
        self._in_threads = in_threads
        self._dice = random.Random(seed)
        self._counted = counted
        self._open: list[str] = []
        self._client_id = seed * 100_000
        self._told_placed: dict[int, bool | None] = {}
        self._told_cancelled: dict[str, bool | None] = {}

    async def _call(self, name: str, *args: Any) -> Any:
        method = getattr(self._exchange, name)
        if inspect.iscoroutinefunction(method):
            return await method(*args)
        return await asyncio.to_thread(method, *args) if self._in_threads else method(*args)

    async def begin(self) -> None:
        """Learn the markets, while nothing goes wrong."""
        await self._call("load_markets")

    async def run(self, actions: int) -> None:
        """Act at random."""
        kinds = [self._place] * 4 + [self._cancel] * 3 + [self._edit] * 3 + [self._batch] * 2
        for _ in range(actions):
            self._counted.counts["actions"] += 1
            await self._dice.choice([*kinds, self._cancel_all])()

    async def close(self) -> None:
        """Close the connections of the exchange object."""
        if inspect.iscoroutinefunction(self._exchange.close):
            await self._exchange.close()

    def _next(self) -> int:
        self._client_id += 1
        return self._client_id

    def _price(self) -> float:
        return round(50 + self._dice.random() * 20, 2)

    async def _place(self) -> None:
        client_id = self._next()
        kind = self._dice.choice(["limit", "limit", "market"])
        price = self._price() if kind == "limit" else None
        asked = (SYMBOL, kind, "buy", 0.5, price, {"clientOrderId": client_id})
        self._told_placed[client_id] = None
        try:
            order = await self._call("create_order", *asked)
        except Exception as error:  # ccxt's class lets raw ones through
            self._told_placed[client_id] = await self._afterwards(client_id, error)
            return
        self._told_placed[client_id] = bool(order["id"])
        if order["status"] == "open":
            self._open.append(order["id"])

    async def _afterwards(self, client_id: int, error: Exception) -> bool | None:
        """What the caller knows after an error: placed, not placed, or (None) neither."""
        if (
            isinstance(error, ExchangeError)
            or "was not placed" in str(error)
            or "orders was placed" in str(error)
        ):
            return False
        if not hasattr(self._exchange, "resolve_order"):
            return None
        for _ in range(ASKED_AGAIN):
            try:
                await self._call("resolve_order", client_id, SYMBOL)
            except ExchangeError:
                return False
            except BaseError:
                await self._call("sleep", PAUSE)
                continue
            return True
        return None

    async def _cancel(self) -> None:
        if not self._open:
            return
        order_id = self._open.pop(self._dice.randrange(len(self._open)))
        self._told_cancelled[order_id] = None
        try:
            order = await self._call("cancel_order", order_id, SYMBOL)
        except Exception as error:  # ccxt's class lets raw ones through
            is_open = "is still open" in str(error)
            told = False if is_open or isinstance(error, ExchangeError) else None
            if told is None and hasattr(self._exchange, "resolve_order"):
                told = await self._is_cancelled(order_id)
            self._told_cancelled[order_id] = told
            return
        self._told_cancelled[order_id] = order["status"] in ("canceled", None)

    async def _is_cancelled(self, order_id: str) -> bool | None:
        for _ in range(ASKED_AGAIN):
            try:
                order = await self._call("fetch_order", order_id, SYMBOL)
            except BaseError:
                await self._call("sleep", PAUSE)
                continue
            return bool(order["status"] == "canceled")
        return None

    async def _edit(self) -> None:
        if not self._open:
            return
        order_id, client_id = self._open.pop(), self._next()
        self._told_placed[client_id] = None
        params = {"clientOrderId": client_id}
        try:
            order = await self._call(
                "edit_order", order_id, SYMBOL, "limit", "buy", 0.5, self._price(), params
            )
        except Exception as error:  # ccxt's class lets raw ones through
            if "nothing was placed" in str(error) or "nothing took its place" in str(error):
                self._told_placed[client_id] = False
            else:
                self._told_placed[client_id] = await self._afterwards(client_id, error)
            return
        self._told_placed[client_id] = True
        self._told_cancelled[order_id] = True
        self._open.append(order["id"])

    async def _batch(self) -> None:
        ids = [self._next() for _ in range(3)]
        asked = [
            {
                "symbol": SYMBOL,
                "type": "limit",
                "side": "buy",
                "amount": 0.5,
                "price": self._price(),
                "params": {"clientOrderId": one},
            }
            for one in ids
        ]
        self._told_placed.update(dict.fromkeys(ids))
        try:
            orders = await self._call("create_orders", asked)
        except Exception as error:  # ccxt's class lets raw ones through
            for one in ids:
                self._told_placed[one] = await self._afterwards(one, error)
            return
        if len(orders) != len(ids):
            self._counted.wrong.append(f"{len(orders)} orders for {len(ids)}")
        for one, order in zip(ids, orders, strict=False):
            told = None if order["status"] is None else order["status"] != "rejected"
            self._told_placed[one] = told
            if order["status"] == "open":
                self._open.append(order["id"])

    async def _cancel_all(self) -> None:
        known, self._open = self._open, []
        try:
            cancelled = await self._call("cancel_all_orders", SYMBOL)
        except Exception as error:  # ccxt's class lets raw ones through
            left = [one for one in known if one in str(error)] if "still open" in str(error) else []
            self._told_cancelled.update(dict.fromkeys(left, False))
            return
        self._told_cancelled.update(dict.fromkeys((order["id"] for order in cancelled), True))

    def compare(self) -> None:
        """Hold what was told against the sandbox's books."""
        rows = self._books(self._exchange.apiKey)
        placed = Counter(client_id for _, client_id, _ in rows)
        status = {identity: word for identity, _, word in rows}
        for client_id, told in self._told_placed.items():
            self._count(told, placed[client_id] > 0, f"order {client_id}")
            self._counted.counts["twice"] += placed[client_id] > 1
        for order_id, told in self._told_cancelled.items():
            self._count(told, status.get(order_id) == "Cancelled", f"cancellation of {order_id}")

    def _count(self, told: bool | None, truth: bool, what: str) -> None:
        self._counted.counts["told"] += 1
        if told is None:
            self._counted.counts["unresolvable"] += 1
        elif told != truth:
            self._counted.counts["wrong"] += 1
            self._counted.wrong.append(f"{what}: told {told}, true is {truth}")


async def counted(subject: str, actions: int, seed: int, at_once: int = 8) -> Counted:
    """What a class tells, over so many actions of several accounts at once."""
    result = Counted(subject)
    with SandboxThread(seed=seed, symbols=(MARKET,)) as thread:

        def books(key: str) -> list[tuple[str, int | None, str]]:
            return thread.run(lambda sandbox: books_of(sandbox, key))

        traders = [
            Trader(_exchange(subject, thread.url), books, seed * 100 + number, result)
            for number in range(at_once)
        ]
        for trader in traders:
            await trader.begin()
        thread.run(lambda sandbox: [sandbox.faults.add(fault) for fault in FAULTS])
        await asyncio.gather(*(trader.run(actions // at_once) for trader in traders))
        thread.run(lambda sandbox: sandbox.faults.clear())
        await asyncio.sleep((TIMEOUT + WINDOW) / 1000)  # until nothing can arrive any more
        for trader in traders:
            trader.compare()
            await trader.close()
    return result


def main() -> int:
    """Run and print; 1 if ours was wrong or could not be resolved."""
    wanted = argparse.ArgumentParser(description="Orders under faults: ours and ccxt's class.")
    wanted.add_argument("--actions", type=int, default=1000)
    wanted.add_argument("--seeds", type=int, nargs="+", default=[1])
    given = wanted.parse_args()
    print(f"{'':15}{'actions':>14}{'told':>14}{'wrong':>14}{'unresolvable':>14}{'twice':>14}")
    is_bad = False
    for seed in given.seeds:
        for subject in SUBJECTS:
            result = asyncio.run(counted(subject, given.actions, seed))
            print(result.line(), flush=True)
            if subject.startswith("bpx"):
                for wrong in result.wrong[:5]:
                    print("   ", wrong)
                is_bad |= any(result.counts[name] for name in ("wrong", "unresolvable", "twice"))
    return int(is_bad)


if __name__ == "__main__":
    raise SystemExit(main())
