"""Answers requests: from what the gateway keeps, from one answer for many, or from the venue, in its turn."""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from bpx_connector.gateway.bus.connection import Message
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.outlet import Outlet
from bpx_connector.gateway.publisher.till import ORDERS, Refused, Till
from bpx_connector.gateway.publisher.venue import Answer, Trouble
from bpx_connector.gateway.rules.budget import PERMIT_LIFE
from bpx_connector.gateway.rules.candles import LENGTHS, Series
from bpx_connector.gateway.rules.coalescing import Coalescing
from bpx_connector.gateway.rules.limits import SentOnce, UserLimits, refusal_of
from bpx_connector.venue.endpoints import ENDPOINTS, Budget

__all__ = ["Desk", "Kept"]

STATIC: Final = frozenset({"api/v1/markets", "api/v1/assets", "api/v1/collateral"})
STATIC_FOR: Final = 60.0
PRICE_FOR: Final = 5.0
COMPRESSED_FROM: Final = 64 * 1024
DEFLATED: Final = "deflate"
USUAL_WITHIN: Final = 10.0
SHORTEST_WINDOW: Final = 100
LONGEST_WINDOW: Final = 60_000
"""Milliseconds for which the venue is told to take a request; with less it is not sent at all."""
PACKED: Final = "levels"
"""Ways of writing an answer, which the asker says that it reads: a book as doubles; deflated, if the asker is
on another machine."""

DEEPEST: Final = 1000

Reply = Answer | Trouble
Params = dict[str, Any]


class Kept(Protocol):
    """What the gateway keeps of its own accord."""

    def book(self, market: str, limit: int, is_packed: bool) -> bytes | None: ...
    async def series(self, stream: str) -> Series | None: ...
    def now(self) -> float: ...


class Ask(Protocol):
    """The venue, asked once."""

    async def __call__(self, method: str, path: str, params: Any, window: int | None = None) -> Reply: ...


class Order(NamedTuple):
    """A request that acts, as far as it is not the venue's business."""

    identity: str
    """Under which it is taken once."""
    within: float = USUAL_WITHIN
    """Seconds for which the asker waits."""
    before: float | None = None
    """Milliseconds of the venue's clock from which on the asker takes it for never sent."""


class Desk:
    """One gateway's. `leads` is asked again right before anything is sent that acts."""

    def __init__(
        self,
        ask: Ask,
        kept: Kept,
        till: Till,
        outlet: Outlet,
        subjects: Subjects,
        clock: Callable[[], float],
        leads: Callable[[], bool],
        limits: Mapping[str, UserLimits] = {},
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.owners: dict[str, str] = {}
        """Whose the open orders are that were sent through here, by their id."""
        self.owned: Callable[[str, str], None] = lambda order, user: None
        """Is told of each new one."""
        self._ask = ask
        self._kept = kept
        self._till = till
        self._outlet = outlet
        self._subjects = subjects
        self._clock = clock
        self._leads = leads
        self._limits = limits
        self._asking: Coalescing[tuple[str, bytes], asyncio.Future[Reply]] = Coalescing()
        self._static: dict[tuple[str, bytes], tuple[float, Answer]] = {}
        self._sent = SentOnce()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def spared(self) -> int:
        """Questions that were answered with another one's answer."""
        return self._asking.spared

    def take(self, message: Message) -> None:
        """A request from the bus."""
        self._start(self._handle(message))

    def take_permit(self, message: Message) -> None:
        """A request for leave to send oneself."""
        self._start(self._permit(message))

    async def close(self) -> None:
        """Answer nobody any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- one request -------------------------------------------------------------------------------------

    async def answered(
        self, user: str, method: str, path: str, params: Any, order: Order, accepted: str = ""
    ) -> Reply:
        """What a user is answered. `accepted` are the ways of writing that the asker reads."""
        if method != "GET":
            return await self._acted(user, method, path, params, order)
        self.counts["reads"] += 1
        if path == "api/v1/depth" and (book := self._book(params, PACKED in accepted)) is not None:
            self.counts["books"] += 1
            return book
        if path == "api/v1/klines" and (rows := await self._candles(user, params)) is not None:
            self.counts["candles"] += 1
            return Answer(200, msgspec.json.encode(rows))
        return await self.read(user, path, params)

    async def read(self, user: str, path: str, params: Params) -> Reply:
        """The venue's answer to a question, asked once for all who wait for it."""
        key = (path, msgspec.json.encode(params, order="deterministic"))
        known = self._static.get(key)
        if known is not None and self._clock() - known[0] < STATIC_FOR:
            return known[1]
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self._asking.ask(key, future):
            self._start(self._put(key, user, params))
        answer = await future
        if path in STATIC and isinstance(answer, Answer) and answer.status == 200:
            self._static[key] = (self._clock(), answer)
        return answer

    async def _put(self, key: tuple[str, bytes], user: str, params: Params) -> None:
        again = True
        while again:
            try:
                await self._till.leave(_budget_of(key[0]), user)
            except Refused as error:
                for future in self._asking.dropped(key):
                    _settle(future, Trouble(error.kind, str(error)))
                return
            self._asking.sent(key)
            answer = await self._ask("GET", key[0], params)
            askers, again = self._asking.answered(key)
            for future in askers:
                _settle(future, answer)

    # --- from what is kept -------------------------------------------------------------------------------

    def _book(self, params: Params, is_packed: bool) -> Answer | None:
        limit = str(params.get("limit") or DEEPEST)
        if not limit.isdigit():
            return None
        body = self._kept.book(str(params.get("symbol")), int(limit), is_packed)
        return None if body is None else Answer(200, body, PACKED if is_packed else None)

    async def _candles(self, user: str, params: Params) -> list[Any] | None:
        """Rows out of kept candles; None if the venue has to be asked. Asking for some has them kept."""
        known = {"symbol", "interval", "startTime", "endTime", "priceType"}
        interval, start = params.get("interval"), str(params.get("startTime"))
        end = str(params.get("endTime") or int(self._kept.now()) + 1)
        plain = params.get("priceType") in (None, "Last") and not params.keys() - known
        if not plain or interval not in LENGTHS or not (start.isdigit() and end.isdigit()):
            return None
        series = await self._kept.series(f"kline.{interval}.{params.get('symbol')}")
        if series is None:
            return None
        rows = series.rows(int(start), int(end))
        if rows is None:
            wide = {"symbol": params["symbol"], "interval": interval, "startTime": start}
            began = series.began
            answer = await self.read(user, "api/v1/klines", wide)
            if isinstance(answer, Answer) and answer.status == 200 and series.began == began:
                series.fill(msgspec.json.decode(answer.body), int(start))
                rows = series.rows(int(start), int(end))
        return rows

    # --- what acts ---------------------------------------------------------------------------------------

    async def _acted(self, user: str, method: str, path: str, params: Any, order: Order) -> Reply:
        came = self._clock()
        limits = self._limits.get(user)
        prices = await self._prices(user, params, limits)
        open_orders = sum(owner == user for owner in self.owners.values())
        refusal = refusal_of((method, path), params, limits, open_orders, prices)
        if refusal is not None:
            self.counts["refused"] += 1
            return Trouble("refused", refusal)
        if not order.identity or not self._sent.take(order.identity, self._clock()):
            return Trouble("refused", "a request that acts needs an id that was not used before")
        try:
            await self._till.leave(ORDERS, user)
        except Refused as error:
            return Trouble(error.kind, str(error))
        if not self._leads():
            return Trouble("nobody", "this gateway has stopped to lead; nothing was sent")
        window = None if order.before is None else int(order.before - self._kept.now() * 1000)
        if self._clock() - came > order.within / 2 or (window is not None and window < SHORTEST_WINDOW):
            self.counts["late"] += 1
            return Trouble("budget", "the request had to wait too long for its turn; nothing was sent")
        self.counts["sent"] += 1
        answer = await self._ask(method, path, params, window and min(window, LONGEST_WINDOW))
        if isinstance(answer, Answer) and method == "POST" and answer.status < 300:
            self._note_owner(user, answer.body)
        return answer

    async def _prices(self, user: str, params: Any, limits: UserLimits | None) -> dict[str, Decimal]:
        """The last prices of the markets of some orders, if the worth of an order is limited."""
        if limits is None or limits.largest_notional is None:
            return {}
        orders = params if isinstance(params, list) else [params]
        prices = {}
        for market in {str(order.get("symbol")) for order in orders}:
            answer = await self.read(user, "api/v1/ticker", {"symbol": market})
            if isinstance(answer, Answer) and answer.status == 200:
                prices[market] = Decimal(str(msgspec.json.decode(answer.body)["lastPrice"]))
        return prices

    def _note_owner(self, user: str, body: bytes) -> None:
        decoded = msgspec.json.decode(body)
        for row in decoded if isinstance(decoded, list) else [decoded]:
            if isinstance(row, dict) and row.get("id") and row.get("status") in OPEN:
                self.owners[row["id"]] = user
                self.owned(row["id"], user)

    def note_event(self, payload: Mapping[str, Any]) -> None:
        """An event of an order: one that has ended belongs to nobody any more."""
        if payload.get("X") in ENDED:
            self.owners.pop(str(payload.get("i")), None)

    async def _permit(self, message: Message) -> None:
        user = message.subject.rpartition(".")[2]
        try:
            await self._till.leave(ORDERS, user)
        except Refused as error:
            self._reply(message, Trouble(error.kind, str(error)))
            return
        self.counts["permits"] += 1
        self._reply(message, Answer(200, msgspec.json.encode({"validFor": PERMIT_LIFE})))

    # --- inside ------------------------------------------------------------------------------------------

    async def _handle(self, message: Message) -> None:
        user, method, path = self._subjects.read_request(message.subject)
        try:
            params = msgspec.json.decode(message.data or b"{}")
        except msgspec.DecodeError:
            self._reply(message, Trouble("arguments", "the parameters are not JSON"))
            return
        reply: Reply
        accepted = (message.headers or {}).get("Bpx-Accept", "")
        try:
            reply = await self.answered(user, method, path, params, _order_of(message), accepted)
        except Exception as error:  # a request that nobody has thought of must not go unanswered
            reply = Trouble("arguments", f"{method} /{path} cannot be answered: {error!r}")
        self._reply(message, reply, DEFLATED in accepted)

    def _reply(self, message: Message, reply: Reply, may_be_deflated: bool = False) -> None:
        if isinstance(reply, Trouble):
            self._outlet.say(message.reply, reply.sentence.encode(), headers={"Bpx-Trouble": reply.kind})
            return
        headers, body = {"Bpx-Status": str(reply.status)}, reply.body
        if reply.encoding is not None:
            headers["Bpx-Encoding"] = reply.encoding
        elif may_be_deflated and len(body) >= COMPRESSED_FROM:
            body, headers["Bpx-Encoding"] = zlib.compress(body, 1), DEFLATED
        self._outlet.say(message.reply, body, headers=headers)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


OPEN: Final = frozenset({"New", "PartiallyFilled", "TriggerPending"})
ENDED: Final = frozenset({"Filled", "Cancelled", "Expired", "TriggerFailed"})


def _budget_of(path: str) -> str:
    endpoint = ENDPOINTS.get(("GET", path))
    return "historical" if endpoint is not None and endpoint.budget is Budget.HISTORICAL else "standard"


def _order_of(message: Message) -> Order:
    """What the headers of a request say."""
    headers = message.headers or {}
    return Order(
        headers.get("Bpx-Id", ""),
        _figure(headers, "Bpx-Within") or USUAL_WITHIN,
        _figure(headers, "Bpx-Before"),
    )


def _figure(headers: Mapping[str, str], name: str) -> float | None:
    try:
        figure = float(headers[name])
    except (KeyError, ValueError):
        return None
    return figure if isfinite(figure) else None


def _settle(future: asyncio.Future[Reply], reply: Reply) -> None:
    if not future.done():
        future.set_result(reply)
