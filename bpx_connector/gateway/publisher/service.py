"""One gateway, put together: it follows the venue all the time, and speaks for it while it leads.

Two of them follow the same streams. The one that holds the lease publishes, answers and sends; the other
keeps the last seconds in a ring and says them first when its turn comes, then the head of every book, so
that readers see a pause and no gap. What is said twice is stale to a book and stored once.

The parts: `following` the venue, `leading`, `announcing`, `answering` readers out of the `desk`, and for an
account the `completeness` of its fills and `auditing`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec
from ccxt.base.errors import NetworkError

from bpx_connector.gateway.bus.connection import Access, Bus, BusDownError
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.announcing import Announcing
from bpx_connector.gateway.publisher.answering import Answering
from bpx_connector.gateway.publisher.auditing import Auditing
from bpx_connector.gateway.publisher.completeness import Completeness
from bpx_connector.gateway.publisher.desk import Desk
from bpx_connector.gateway.publisher.following import Following
from bpx_connector.gateway.publisher.leading import Leading
from bpx_connector.gateway.publisher.outlet import Outlet
from bpx_connector.gateway.publisher.settings import Settings
from bpx_connector.gateway.publisher.spending import Spending
from bpx_connector.gateway.publisher.till import OWN, Refused, Till
from bpx_connector.gateway.publisher.venue import Trouble, Venue
from bpx_connector.gateway.rules.candles import Series
from bpx_connector.gateway.rules.lease import LIFETIME
from bpx_connector.gateway.rules.ring import SECONDS
from bpx_connector.gateway.rules.wants import Wants
from bpx_connector.stream.book import Snapshot
from bpx_connector.stream.frames import payload_of

__all__ = ["Gateway"]

SAID_EVERY: Final = 0.25
AGAIN_AFTER: Final = 0.25
STORED_FOR: Final = 7 * 86_400.0
LED_KEPT_FOR: Final = 365 * 86_400.0
DEPTH: Final = 1000
ORDERS: Final = "account.orderUpdate"
ACCOUNT_STREAMS: Final = (
    ORDERS,
    *(f"account.{kind}" for kind in ("positionUpdate", "balanceUpdate", "rfqUpdate")),
)


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
        subjects = Subjects(settings.net)
        self.settings = settings
        self.replayed = 0
        self._access = access
        self._venue = venue
        self._report = report
        self._bus: Bus | None = None
        self.outlet = Outlet(subjects, settings.account or "none", clock, settings.always)
        self.leading = Leading(
            settings.name,
            subjects.lease(_pair(settings)),
            clock,
            self._begin_to_lead,
            self._stop_leading,
            report,
        )
        self.till = Till(settings.limits, clock, self.leading.leads)
        self.spending = Spending(
            subjects.led_log(_pair(settings)),
            subjects.led(_pair(settings)),
            self.till,
            self.leading.leads,
            lambda: self.leading.lease.epoch,
            clock,
            venue.now,
            report,
        )
        private = ACCOUNT_STREAMS if settings.account is not None and venue.has_keys else ()
        wants = Wants((*settings.streams, *private))
        self.following = Following(venue, wants, self._snapshot, self, clock, report)
        self.desk = Desk(
            venue.ask, self, self.till, self.outlet, subjects, clock, self.leading.leads, settings.users
        )
        self.announcing = Announcing(
            settings, self.outlet, lambda: self.leading.lease.epoch, clock, venue.now
        )
        self.answering = Answering(
            settings, self.following, self.desk, self.outlet, self.announcing.greet, report
        )
        self.desk.owned = self.answering.say_owner
        self.completeness = Completeness(
            settings.account or "none",
            subjects,
            self.outlet,
            self.desk.read,
            lambda: self._hears(ORDERS),
            clock,
            venue.now,
            report,
        )
        self.auditing = Auditing(self.desk.read, self._hears, self.announcing.lost)

    @property
    def leads(self) -> bool:
        """Whether this gateway leads now."""
        return self.leading.leads()

    @property
    def has_bus(self) -> bool:
        """Whether the bus is connected."""
        return self._bus is not None and self._bus.is_open

    @property
    def venue_requests(self) -> int:
        """How many requests the venue was asked."""
        return self._venue.asked

    def _hears(self, stream: str) -> bool:
        """Whether this gateway leads and a stream of the account comes."""
        return self.settings.account is not None and self.outlet.leads and self.following.is_on(stream)

    # --- life --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the venue and serve the bus, whatever becomes of either."""
        self.following.begin()
        try:
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
        await self.answering.close()
        await self.following.close()
        await self._venue.close()

    async def _serve(self, bus: Bus) -> None:
        await self._prepare(bus)
        parts = [asyncio.ensure_future(step) for step in self._steps(bus)]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            outcomes = await asyncio.gather(*parts, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                self._report("the gateway stopped to serve", outcome)

    def _steps(self, bus: Bus) -> list[Coroutine[Any, Any, Any]]:
        """What is done over and over as long as the connection lasts."""
        steps: list[Coroutine[Any, Any, Any]] = [
            self.outlet.pump(bus, self.settings.gather),
            self.outlet.pump_events(bus),
            self.leading.keep(bus),
            self.spending.keep(bus),
            self._keep_saying(),
            bus.ended.wait(),
        ]
        if self.settings.account is not None:
            steps += [self.auditing.keep(self.settings.audit_every), self.completeness.keep(bus)]
        return steps

    async def _prepare(self, bus: Bus) -> None:
        subjects, pair, account = Subjects(self.settings.net), _pair(self.settings), self.settings.account
        await bus.keep(subjects.lease_log(pair), [subjects.lease(pair)], LIFETIME, True, True)
        await bus.keep(subjects.led_log(pair), [subjects.led(pair)], LED_KEPT_FOR, last_only=True)
        if account is not None:
            await bus.keep(subjects.log(account), [f"{subjects.root}.acct.{account}.>"], STORED_FOR)
            await bus.keep(subjects.mark_log(account), [subjects.mark(account)], STORED_FOR, last_only=True)
        await self.answering.listen(bus)

    async def _keep_saying(self) -> None:
        while True:
            await asyncio.sleep(SAID_EVERY)
            self.following.drop_lapsed()
            if self.leads:
                self.announcing.beats()
                self.announcing.heads(self.following.standings())

    # --- leading -----------------------------------------------------------------------------------------

    async def _begin_to_lead(self) -> None:
        assert self._bus is not None, "leading is kept while there is a bus"
        self._stop_leading()
        self.spending.begin()
        self.replayed += self.outlet.lead()
        self.announcing.heads(self.following.standings(), all_of_them=True)
        self.announcing.lost(self.following.younger_than(SECONDS))  # readers may have missed some of them
        await self.answering.begin(self._bus)
        self.announcing.beats()

    def _stop_leading(self) -> None:
        self.completeness.lose()
        self.spending.stop()
        if self.outlet.leads:
            self.outlet.follow()
        self.answering.stop()

    # --- what the venue says -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Frames are about to be told: whoever leads no more holds them back."""
        if self.outlet.leads and not self.leads:
            self._stop_leading()

    def frame(self, stream: str, text: str) -> None:
        """A public frame."""
        self.outlet.frame(stream, text)

    def event(self, stream: str, text: str) -> None:
        """An event of the account."""
        self.outlet.event(stream, text)
        self.auditing.take(stream, text)
        if stream == ORDERS:
            self.desk.note_event(payload_of(text))

    def gone(self, stream: str) -> None:
        """A stream is off."""
        self.auditing.lose(stream)
        if stream == ORDERS:
            self.completeness.lose()

    def lost(self, streams: Sequence[str]) -> None:
        """All that have gone together."""
        self.announcing.lost(streams)

    async def _snapshot(self, market: str) -> Snapshot:
        try:
            await self.till.leave("standard" if self.leads else OWN, "gateway")
        except Refused as error:
            raise NetworkError(str(error)) from error
        answer = await self._venue.ask("GET", "api/v1/depth", {"symbol": market, "limit": str(DEPTH)})
        if isinstance(answer, Trouble) or answer.status != 200:
            raise NetworkError(f"no snapshot of {market}: {answer}")
        book = msgspec.json.decode(answer.body)
        return Snapshot(int(book["lastUpdateId"]), book["bids"], book["asks"], book.get("timestamp"), DEPTH)

    # --- what is kept, for the desk ----------------------------------------------------------------------

    def book(self, market: str, limit: int, is_packed: bool) -> bytes | None:
        """The answer to a question for a book, if it is followed and known."""
        return self.following.book(market, limit, is_packed)

    async def series(self, stream: str) -> Series | None:
        """The candles of a kline stream, followed from now on; None if it is not to be had at once."""
        return await self.following.series(stream)

    def now(self) -> float:
        """Seconds by the venue's clock."""
        return self._venue.now()


def _pair(settings: Settings) -> str:
    """What the two gateways of a pair have in common, and nobody else."""
    return "-".join(settings.desks)
