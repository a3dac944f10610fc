"""One gateway, put together: it follows the venue all the time, and speaks for it while it leads.

Two of them follow the same streams. The one that holds the lease publishes, answers and sends; the other
keeps the last seconds in a ring and says them first when its turn comes, then the head of every book, so
that readers see a pause and no gap. What is said twice is stale to a book and stored once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from ccxt.base.errors import BaseError, NetworkError

from bpx_connector.gateway.bus.connection import Access, Bus, BusDownError, Message, UnansweredError
from bpx_connector.gateway.bus.subjects import Subjects, checked_token, is_sayable, public_desks
from bpx_connector.gateway.publisher.desk import Desk
from bpx_connector.gateway.publisher.followers import KeptBook, KeptSeries, Watched
from bpx_connector.gateway.publisher.outlet import Outlet
from bpx_connector.gateway.publisher.till import OWN, USUAL_LIMITS, Limits, Refused, Till
from bpx_connector.gateway.publisher.venue import Trouble, Venue
from bpx_connector.gateway.rules.audit import OpenOrders
from bpx_connector.gateway.rules.candles import LENGTHS, Series
from bpx_connector.gateway.rules.heads import Heads, Standing, head_frame
from bpx_connector.gateway.rules.identity import fill_identity
from bpx_connector.gateway.rules.lease import ANSWERED_WITHIN, LIFETIME, Attempt, Lease
from bpx_connector.gateway.rules.limits import UserLimits
from bpx_connector.gateway.rules.ring import SECONDS
from bpx_connector.gateway.rules.wants import Wants
from bpx_connector.stream.book import Snapshot
from bpx_connector.stream.client import StreamClient
from bpx_connector.stream.frames import payload_of, stream_of
from bpx_connector.stream.link import Heard, Link, Take
from bpx_connector.stream.socket import Tools
from bpx_connector.stream.topics import Kind, Topic
from bpx_connector.venue.streams import is_private

__all__ = ["Gateway", "Settings"]

TICK: Final = 0.05
BEAT_EVERY: Final = 0.25
ON_WITHIN: Final = 1.5
STORED_FOR: Final = 7 * 86_400.0
OVERLAP_MS: Final = 1_000
MARKED_EVERY: Final = 2.0
STORED_WITHIN: Final = 2.0
SETTLED_MS: Final = 3_000
"""What is older than that has come, if the stream was on: events are late by milliseconds."""
FILLS_A_PAGE: Final = 1000
ACCOUNT_STREAMS: Final = tuple(
    f"account.{kind}" for kind in ("orderUpdate", "positionUpdate", "balanceUpdate", "rfqUpdate")
)


@dataclass(frozen=True)
class Settings:
    """What one gateway is for."""

    net: str
    name: str
    account: str | None = "main"
    """The account whose keys it has; None for public data only."""
    shard: int = 0
    shards: int = 1
    """Which part of the markets; with `shards` 0 none, for an account only."""
    streams: tuple[str, ...] = ()
    """Public streams that are followed whether or not anybody reads them."""
    limits: Limits = USUAL_LIMITS
    users: Mapping[str, UserLimits] = field(default_factory=dict)
    gather: float = 0.001
    """Seconds for which frames are gathered: readers, server and gateway then take several for one."""
    audit_every: float = 30.0
    """Seconds between comparisons of the account's orders with the venue."""

    def __post_init__(self) -> None:
        checked_token("the gateway's name", self.name)
        if self.account is not None:
            checked_token("the account", self.account)
        if not 0 <= self.shard < max(1, self.shards):
            raise ValueError(f"shard {self.shard} of {self.shards}: from 0 to one less than their number")
        if not self.desks:
            raise ValueError("a gateway needs an account, a part of the markets, or both")

    @property
    def desks(self) -> tuple[str, ...]:
        """The desks it serves, as subjects name them."""
        public = (public_desks(self.shards)[self.shard],) if self.shards else ()
        return public + (() if self.account is None else (self.account,))


class Gateway:
    """Serves until it is cancelled."""

    def __init__(
        self,
        access: Access,
        venue: Venue,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        report: Callable[[str, BaseException | None], None] = lambda message, error: None,
    ) -> None:
        self.settings = settings
        self.lease = Lease()
        self.takeovers = 0
        self.backfilled = 0
        self.audits = 0
        self.doubts = 0
        self.replayed = 0
        self.heads_said = 0
        self.outlet = Outlet(Subjects(settings.net), settings.account or "none", clock)
        self.till = Till(settings.limits, clock)
        self.subjects = Subjects(settings.net)
        self.desk = Desk(
            venue.ask, self, self.till, self.outlet, self.subjects, clock, self._leads, settings.users
        )
        self.desk.owned = self._say_owner
        self._access = access
        self._venue = venue
        self._clock = clock
        self._report = report
        private = ACCOUNT_STREAMS if settings.account is not None and venue.has_keys else ()
        self._wants = Wants((*settings.streams, *private))
        self._heads = Heads()
        self._orders = OpenOrders()
        self._is_complete = False
        """Whether every fill up to now is stored, or about to be."""
        self._marked = 0.0
        self._followed: dict[str, Watched] = {}
        self._on_since: dict[str, float] = {}
        self._refused: dict[str, str] = {}
        self._lost: set[str] = set()
        self._verdicts: dict[str, asyncio.Task[None]] = {}
        self._answering: list[Callable[[], Awaitable[None]]] = []
        self._bus: Bus | None = None
        self._client: StreamClient | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def leads(self) -> bool:
        """Whether this gateway leads now."""
        return self._leads()

    @property
    def has_bus(self) -> bool:
        """Whether the bus is connected."""
        return self._bus is not None and self._bus.is_open

    @property
    def streams(self) -> int:
        """How many streams of the venue are followed."""
        return len(self._followed)

    @property
    def streams_on(self) -> int:
        """How many of them are on."""
        return len(self._on_since)

    @property
    def venue_requests(self) -> int:
        """How many requests the venue was asked."""
        return self._venue.asked

    # --- life --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the venue and serve the bus, whatever becomes of either."""
        tools = Tools(
            self._tapped,
            self._venue.signature,
            asyncio.sleep,
            self._clock,
            random.random,
            self._report,
            self._venue.shown,
            lambda what, texts: None,
        )
        self._client = StreamClient(tools)
        try:
            for stream in self._wants:
                self._follow(stream)
            while True:
                try:
                    self._bus = await Bus.connected(self._access)
                    await self._serve(self._bus)
                except BusDownError as error:
                    self._report("the bus is gone", error)
                finally:
                    self._stop_leading()
                    if self._bus is not None:
                        await self._bus.close()
                    self._bus = None
                await asyncio.sleep(AGAIN_AFTER)
        finally:
            await self._close()

    async def _close(self) -> None:
        self.till.close()
        await self.desk.close()
        tasks = [*self._tasks, *self._verdicts.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
        await self._venue.close()

    async def _serve(self, bus: Bus) -> None:
        await self._prepare(bus)
        steps = (
            self.outlet.pump(bus, self.settings.gather),
            self.outlet.pump_events(bus),
            self._keep_lease(bus),
            self._keep_saying(),
            self._keep_auditing(),
            self._keep_complete(bus),
            bus.ended.wait(),
        )
        parts = [asyncio.ensure_future(step) for step in steps]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            outcomes = await asyncio.gather(*parts, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                self._report("the gateway stopped to serve", outcome)

    async def _prepare(self, bus: Bus) -> None:
        subjects, desks = self.subjects, self.settings.desks
        lease = "-".join(desks)
        await bus.keep(subjects.lease_log(lease), [subjects.lease(lease)], LIFETIME, True, True)
        if self.settings.account is not None:
            account = self.settings.account
            await bus.keep(subjects.log(account), [f"{subjects.root}.acct.{account}.>"], STORED_FOR)
            await bus.keep(subjects.mark_log(account), [subjects.mark(account)], STORED_FOR, last_only=True)
            await bus.subscribe(subjects.owner(account), self._on_owner)
        for desk in desks:
            await bus.subscribe(subjects.want(desk, "*"), self._on_want)

    # --- leading -----------------------------------------------------------------------------------------

    def _leads(self) -> bool:
        return self.lease.leads(self._clock())

    async def _keep_lease(self, bus: Bus) -> None:
        subject = self.subjects.lease("-".join(self.settings.desks))
        while True:
            attempt = self.lease.due(self._clock())
            if attempt is not None and await self._renewed(bus, subject, attempt):
                await self._begin_to_lead(bus)
            if not self._leads():
                self._stop_leading()
            await asyncio.sleep(TICK)

    async def _renewed(self, bus: Bus, subject: str, attempt: Attempt) -> bool:
        """Whether a lead begins with this attempt."""
        name = self.settings.name.encode()
        try:
            sequence = await bus.store(subject, name, ANSWERED_WITHIN, expected=attempt.expected)
        except UnansweredError as error:
            self._report("the lease is not renewed", error)
            return False
        if sequence is None:
            self.lease.refused(attempt)
            return False
        return self.lease.granted(attempt, sequence, self._clock())

    async def _begin_to_lead(self, bus: Bus) -> None:
        self._stop_leading()
        self.takeovers += 1
        self.till.empty()
        self.replayed += self.outlet.lead()
        self._say_heads(all_of_them=True)
        self._say_what_is_young()
        subjects = self.subjects
        for desk in self.settings.desks:
            pattern = f"{subjects.root}.rest.{desk}.>"
            self._answering.append(await bus.subscribe(pattern, self.desk.take))
        if self.settings.account is not None:
            permit = subjects.permit(self.settings.account, "*")
            self._answering.append(await bus.subscribe(permit, self.desk.take_permit))
        await bus.flush()
        self._say_beats()

    def _stop_leading(self) -> None:
        self._is_complete = False
        if self.outlet.leads:
            self.outlet.follow()
        for end in self._answering:
            self._start(end())
        self._answering.clear()

    def _say_what_is_young(self) -> None:
        """Streams that have not been on for as long as the ring lasts: readers may have missed some of
        them."""
        now = self._clock()
        young = [stream for stream, since in self._on_since.items() if now - since < SECONDS]
        self._say_lost(young)

    # --- what is said by the clock -----------------------------------------------------------------------

    async def _keep_saying(self) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY)
            for stream in self._wants.lapsed(self._clock()):
                self._unfollow(stream)
            if self.outlet.leads and self._leads():
                self._say_beats()
                self._say_heads()

    def _say_beats(self) -> None:
        beat = {
            "gateway": self.settings.name,
            "epoch": self.lease.epoch,
            "time": int(self._venue.now() * 1000),
        }
        payload = msgspec.json.encode(beat)
        for desk in self.settings.desks:
            self.outlet.say(self.subjects.beat(desk), payload)

    def _say_heads(self, all_of_them: bool = False) -> None:
        standings = [
            Standing(stream, follower.book.nonce, follower.last_frame or 0.0)
            for stream, follower in self._followed.items()
            if isinstance(follower, KeptBook) and follower.book.nonce is not None
        ]
        for stream, update, _ in self._heads.due(self._clock(), standings, all_of_them):
            head = head_frame(stream, update, int(self._venue.now() * 1_000_000))
            self.outlet.say(self.subjects.frame(stream), head)
            self.heads_said += 1

    def _say_lost(self, streams: Sequence[str]) -> None:
        if not streams or not self.outlet.leads:
            return
        payload = msgspec.json.encode({"lost": list(streams)})
        for desk in self.settings.desks:
            self.outlet.say(self.subjects.control(desk), payload)

    # --- the venue ---------------------------------------------------------------------------------------

    async def _tapped(self) -> Link:
        return Tap(await self._venue.connect(), self._heard)

    def _heard(self, texts: Sequence[str]) -> None:
        """What the followers have been given goes on to the bus, before anything else happens."""
        outlet = self.outlet
        if outlet.leads and not self._leads():
            self._stop_leading()
        for text in texts:
            stream = stream_of(text)
            if stream not in self._followed:
                continue
            if is_private(stream):
                outlet.event(stream, text)
                if stream == "account.orderUpdate":
                    payload = payload_of(text)
                    self.desk.note_event(payload)
                    self._orders.take(payload)
            else:
                outlet.frame(stream, text)

    def _follow(self, stream: str) -> Watched:
        known = self._followed.get(stream)
        if known is not None:
            return known
        assert self._client is not None, "made by run()"
        made = self._followed[stream] = self._made(stream)
        topic = Topic(KIND, (stream,), [stream])
        self._client.want(topic, {stream: lambda: made})
        self._verdicts[stream] = asyncio.get_running_loop().create_task(self._judged(stream, topic))
        return made

    def _made(self, stream: str) -> Watched:
        kind, _, rest = stream.partition(".")
        if kind == "depth":
            market = rest.rpartition("ms.")[2] if rest.startswith(WINDOWS) else rest
            return KeptBook(stream, self._on, self._gone, lambda: self._snapshot(market))
        if kind == "kline" and rest.partition(".")[0] in LENGTHS:
            series = Series(LENGTHS[rest.partition(".")[0]])
            return KeptSeries(stream, self._on, self._gone, series, self._venue.now)
        return Watched(stream, self._on, self._gone)

    async def _judged(self, stream: str, topic: Topic) -> None:
        """Note a refusal of the venue. Nothing is ever published on the topic: only errors come."""
        while True:
            try:
                await topic.wait()
            except NetworkError as error:
                self._report(f"{stream} is not to be had for now", error)
            except BaseError as error:
                self._refused[stream] = str(error)
                self._followed.pop(stream, None)
                self._wants.forget(stream)
                return

    def _unfollow(self, stream: str) -> None:
        assert self._client is not None, "made by run()"
        verdict = self._verdicts.pop(stream, None)
        if verdict is not None:
            verdict.cancel()
        self._followed.pop(stream, None)
        self._on_since.pop(stream, None)
        self._client.leave(KIND, [stream])

    def _on(self, stream: str) -> None:
        self._on_since[stream] = self._clock()

    def _gone(self, stream: str) -> None:
        if stream == "account.orderUpdate":
            self._orders.lose()
            self._is_complete = False
        self._on_since.pop(stream, None)
        if not self._lost:
            asyncio.get_running_loop().call_soon(self._say_gone)
        self._lost.add(stream)

    def _say_gone(self) -> None:
        lost, self._lost = self._lost, set()
        self._say_lost(sorted(lost & self._followed.keys()))

    async def _snapshot(self, market: str) -> Snapshot:
        try:
            await self.till.leave("standard" if self._leads() else OWN, "gateway")
        except Refused as error:
            raise NetworkError(str(error)) from error
        answer = await self._venue.ask("GET", "api/v1/depth", {"symbol": market, "limit": str(DEPTH)})
        if isinstance(answer, Trouble) or answer.status != 200:
            raise NetworkError(f"no snapshot of {market}: {answer}")
        book = msgspec.json.decode(answer.body)
        return Snapshot(int(book["lastUpdateId"]), book["bids"], book["asks"], book.get("timestamp"), DEPTH)

    # --- what is kept, for the desk ----------------------------------------------------------------------

    def book(self, market: str, limit: int) -> bytes | None:
        """The answer to a question for a book, if it is followed and known; the plain stream's first."""
        for stream in (f"depth.{market}", *(f"depth.{window}{market}" for window in WINDOWS)):
            follower = self._followed.get(stream)
            if isinstance(follower, KeptBook) and (answer := follower.answer(limit)) is not None:
                return answer
        return None

    async def series(self, stream: str) -> Series | None:
        """The candles of a kline stream, followed from now on; None if it is not to be had at once."""
        if not is_sayable(stream):
            return None
        self._wants.want([stream], self._clock())
        follower = self._follow(stream)
        if not isinstance(follower, KeptSeries) or not await _is_on_soon(follower):
            return None
        return follower.series

    def now(self) -> float:
        """Seconds by the venue's clock."""
        return self._venue.now()

    # --- readers -----------------------------------------------------------------------------------------

    def _on_want(self, message: Message) -> None:
        self._start(self._wanted(message))

    async def _wanted(self, message: Message) -> None:
        """Follow what a reader needs; answer when it is on, or is refused, or takes long."""
        named = [name for name in msgspec.json.decode(message.data).get("streams", ()) if is_stream(name)]
        streams = [stream for stream in named if not is_private(stream)]
        self._wants.want(streams, self._clock())
        followers = [self._follow(stream) for stream in streams]
        followers += [self._followed[stream] for stream in named if stream in self._followed]
        await asyncio.gather(*(_is_on_soon(follower) for follower in followers))
        refused = {stream: self._refused[stream] for stream in streams if stream in self._refused}
        refused |= {
            stream: "this gateway does not follow it"
            for stream in named
            if is_private(stream) and stream not in self._followed
        }
        if message.reply and self._bus is not None:
            try:
                await self._bus.publish(message.reply, msgspec.json.encode({"refused": refused}))
            except BusDownError as error:
                self._report("a reader was not answered", error)

    def _say_owner(self, order: str, user: str) -> None:
        if self.settings.account is not None:
            payload = msgspec.json.encode({"order": order, "user": user})
            self.outlet.say(self.subjects.owner(self.settings.account), payload)

    def _on_owner(self, message: Message) -> None:
        said = msgspec.json.decode(message.data)
        self.desk.owners.setdefault(said["order"], said["user"])

    # --- fills that nobody heard -------------------------------------------------------------------------

    async def _keep_complete(self, bus: Bus) -> None:
        """See to it that no fill is missing from what is stored, and mark how far that is so.

        A fill that came while the stream was off, or while nobody led, stands in the venue's history. It is
        asked for from the last mark on, once the stream is on again: what comes later comes as an event.
        """
        self._marked = self._clock()
        while True:
            await asyncio.sleep(BEAT_EVERY)
            if self._hears_orders:
                try:
                    await self._complete(bus)
                except UnansweredError as error:
                    self._report("it is not known how far the fills are stored", error)

    async def _complete(self, bus: Bus) -> None:
        now = self._clock()
        if not self._is_complete:
            self._is_complete = True  # until something says otherwise, while the history is asked
            if await self._backfill(bus):
                self._marked = now - MARKED_EVERY
            else:
                self._is_complete = False
        elif now - self._marked >= MARKED_EVERY and not self.outlet.unstored:
            await self._mark(bus, int(self._venue.now() * 1000) - SETTLED_MS)
            self._marked = now

    @property
    def _hears_orders(self) -> bool:
        """Whether this gateway leads and the account's orders come."""
        is_ours = self.settings.account is not None and self.outlet.leads
        return is_ours and "account.orderUpdate" in self._on_since

    async def _mark(self, bus: Bus, moment: int) -> None:
        if self._hears_orders and self._is_complete:
            mark = self.subjects.mark(str(self.settings.account))
            await bus.store(mark, str(moment).encode(), STORED_WITHIN)

    async def _backfill(self, bus: Bus) -> bool:
        """Store the fills of the venue's history since the last mark; whether that could be done."""
        account = str(self.settings.account)
        began = int(self._venue.now() * 1000)
        mark = await bus.last_stored(self.subjects.mark_log(account), self.subjects.mark(account))
        if mark is None:
            await self._mark(bus, began)  # nobody has read anything yet
            return True
        offset = 0
        while True:
            request = {
                "from": int(mark) - OVERLAP_MS,
                "limit": FILLS_A_PAGE,
                "offset": offset,
                "sortDirection": "Asc",
            }
            answer = await self.desk.read("gateway", "wapi/v1/history/fills", request)
            if isinstance(answer, Trouble) or answer.status != 200:
                self._report(f"fills cannot be asked for: {answer}", None)
                return False
            rows = msgspec.json.decode(answer.body)
            for row in rows:
                self._store_fill(row)
            offset += len(rows)
            if len(rows) < FILLS_A_PAGE:
                return True

    def _store_fill(self, row: Mapping[str, Any]) -> None:
        subject = self.subjects.account(self.settings.account or "none", "fill", str(row["symbol"]))
        payload = msgspec.json.encode({"data": row, "stream": "fill"})
        self.outlet.store(subject, payload, fill_identity(str(row["symbol"]), row["tradeId"]))
        self.backfilled += 1

    async def _keep_auditing(self) -> None:
        """Compare what the order stream told with the venue, once for all readers."""
        while True:
            await asyncio.sleep(self.settings.audit_every)
            if self.outlet.leads and "account.orderUpdate" in self._on_since:
                await self._audit()

    async def _audit(self) -> None:
        answer = await self.desk.read("gateway", "api/v1/orders", {})
        if isinstance(answer, Trouble) or answer.status != 200:
            return
        self.audits += 1
        if not self._orders.agrees(msgspec.json.decode(answer.body)):
            self.doubts += 1
            self._say_lost([stream for stream in ACCOUNT_STREAMS if stream in self._on_since])

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Tap:
    """A connection to the venue of which everything that is read goes to a second listener as well."""

    def __init__(self, link: Link, heard: Take) -> None:
        self._link = link
        self._heard = heard

    async def read(self, take: Take) -> Heard:
        def both(texts: Sequence[str]) -> None:
            take(texts)
            self._heard(texts)

        return await self._link.read(both)

    async def send(self, text: str) -> None:
        await self._link.send(text)

    async def ping(self, data: bytes) -> None:
        await self._link.ping(data)

    async def pong(self, data: bytes) -> None:
        await self._link.pong(data)

    async def close(self) -> None:
        await self._link.close()


def is_stream(name: object) -> bool:
    """Whether this can be a stream's name."""
    return isinstance(name, str) and is_sayable(name)


async def _is_on_soon(follower: Watched) -> bool:
    try:
        async with asyncio.timeout(ON_WITHIN):
            await follower.is_on.wait()
    except TimeoutError:
        return False
    return True


KIND: Final = Kind("gateway")
DEPTH: Final = 1000
WINDOWS: Final = ("200ms.", "600ms.", "1000ms.")
AGAIN_AFTER: Final = 0.25
