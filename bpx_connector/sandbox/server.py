"""The local exchange as one object: venue, traders, clock and HTTP server put together.

In a program that runs asyncio:

    async with Sandbox(seed=7) as sandbox:
        exchange = sandbox.exchange("pro")
        sandbox.url, sandbox.socket_url, sandbox.urls, sandbox.venue, sandbox.clock

In one that blocks:

    with SandboxThread(seed=7) as sandbox:
        exchange = sandbox.exchange("blocking")
        sandbox.run(lambda inner: inner.clock.advance(1))
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from aiohttp import ClientPayloadError, web

from bpx_connector.sandbox.callers import exchange_on, is_blocking, running_loop
from bpx_connector.sandbox.clock import Clock, DrivenClock, RealClock
from bpx_connector.sandbox.control import Control
from bpx_connector.sandbox.crowd.listings import listings
from bpx_connector.sandbox.crowd.traffic import OPENING, Traffic
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.faults.answers import SpoiledAnswers
from bpx_connector.sandbox.faults.faults import Faults
from bpx_connector.sandbox.faults.kinds import Fault
from bpx_connector.sandbox.faults.old_books import OldBooks
from bpx_connector.sandbox.http.answering import (
    Request,
    answer,
    encoded,
    operation_name,
    preparation,
    speed_bump,
)
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.budgets import Budgets
from bpx_connector.sandbox.http.complaints import in_one_line
from bpx_connector.sandbox.http.context import Context, opened_exchange
from bpx_connector.sandbox.kept import Kept, LostError, StateError, StateFile
from bpx_connector.sandbox.lockstep import Lockstep
from bpx_connector.sandbox.page.serving import Page
from bpx_connector.sandbox.recorded import moments_of
from bpx_connector.sandbox.records.switches import Switches
from bpx_connector.sandbox.replay import Replay
from bpx_connector.sandbox.socket.feed import Feed
from bpx_connector.sandbox.trouble import (
    checked_port,
    checked_speed,
    checked_symbols,
    listen_error,
    reachable,
)

log = logging.getLogger(__name__)

__all__ = ["DEFAULT_PORT", "LOOPBACK", "Sandbox", "SandboxThread"]

DEFAULT_PORT: Final = 8787
LOOPBACK: Final = "127.0.0.1"
LARGEST_BODY: Final = 1 << 20
BACKLOG: Final = 2_048
"""Connections that may wait to be accepted: crowds of clients come at once."""
SAVED_EVERY: Final = 60.0
"""Seconds of the machine's from one writing of the state to the next."""
MOST_AT_ONCE: Final = 10.0
"""Seconds of the sandbox's that pass before its sockets have to read what they brought."""
LONGEST_HOLD: Final = 0.005
"""How long one request may keep the event loop at a time, in seconds, where it can be interrupted."""

Result = TypeVar("Result")
Interceptor = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class Sandbox:
    """A local exchange that listens on a port while the `async with` block lasts.

    `seed` decides all that its traders do, `speed` multiplies how much they do (0 leaves the opening books
    as they are), `symbols` picks markets out of those listed. With a `DrivenClock` time stands still until
    it is advanced. `closed` refuses keys never seen before, `accounts` opens funded accounts for public keys.
    `budgets` enforces the venue's request budgets (`limits` is the earlier word for it), `switches` turns
    what the venue might do otherwise. Port 0 takes a free one.

    With `page` a browser of this machine that opens `url` finds a page there, to look and to act.
    `page_hosts` are addresses (`box.lan:8787`) under which browsers of other machines may open it as well;
    the control port goes by the same names.

    `state` names a file that the state is kept in: a sandbox that finds one there goes on with it. No other
    sandbox may have it while this one runs.

    `replay` names recordings that lead the prices of their markets: see `replay.py`.

    `faults` makes things go wrong on purpose; a `control` port opens the door of `control.py` to it, on
    this machine only. Each of `interceptors` sees a request first, and whatever response it returns is sent
    instead of the answer.
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        seed: int = 7,
        speed: float = 1,
        symbols: Iterable[str] | None = None,
        clock: Clock | None = None,
        closed: bool = False,
        accounts: Iterable[str] = (),
        budgets: bool = False,
        limits: bool = False,
        faults: Iterable[Fault | str] = (),
        control: int | None = None,
        page: bool = False,
        page_hosts: Iterable[str] = (),
        switches: Mapping[str, Any] | None = None,
        state: str | Path | None = None,
        replay: Iterable[str] = (),
    ) -> None:
        self.host = host
        self.port = checked_port(port)
        checked_speed(speed)
        if control is not None:
            checked_port(control, "control")
        if symbols is not None:
            symbols = checked_symbols(symbols, [listing.symbol for listing in listings()])
        self.clock: Clock = clock if clock is not None else RealClock()
        self.lockstep = Lockstep(self.clock, self.pass_time)
        """Time that waits for its clients, on a clock that is driven."""
        self.faults = Faults(seed)
        for fault in faults:
            self.faults.add(fault)
        page_hosts = tuple(page_hosts)
        self.control = Control(self, control, page_hosts) if control is not None else None
        self.page = Page(self, lambda: self.port, page_hosts) if page else None
        self.switches = Switches()
        self.switches.set(switches or {})
        self._seed, self._speed, self._closed = seed, speed, closed
        self._listings = listings(symbols)
        self._accounts = tuple(accounts)
        self._state = None if state is None else StateFile(Path(state))
        self._saving: asyncio.Task[None] | None = None
        self._is_restored = False
        self._furnish()
        self._restore(switches or {})
        self._replays = [Replay(moments_of(each, self.venue.rules), self.set_price) for each in replay]
        self._old_books = OldBooks(self.venue, lambda: self.faults.stale_symbols(self.venue.rules))
        self.spoiled = SpoiledAnswers(self.faults, self.answered, self._old_books)
        self.interceptors: list[Interceptor] = [self.spoiled]
        self._budgets = Budgets() if budgets or limits else None
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._steps: asyncio.Task[None] | None = None

    def _furnish(self) -> None:
        """Make an exchange, its traders and its sockets; nobody has acted yet."""
        rows, born = self._listings, self.clock.now() - OPENING
        self.venue: Exchange = opened_exchange(rows, born, self.switches)
        """The exchange itself; every one of its commands may be given here as well."""
        self.context = Context(self.venue, self.clock, rows, seed=self._seed, born=born, closed=self._closed)
        self.traffic = Traffic(self.venue, rows, seed=self._seed, born=born, speed=self._speed)
        self.feed = Feed(self.context, self.faults)

    def _restore(self, switches: Mapping[str, Any]) -> None:
        """Go on with what the file of the state holds, if there is one that holds anything."""
        found = None if self._state is None else self._state.read(self.venue.rules)
        if found is None:
            return
        time, parts = found
        self.clock.catch_up(time)
        self.venue, self.traffic = parts["venue"], parts["traffic"]
        duties = list(self.venue.duties)
        self.switches = self.venue.switches
        self.switches.set(switches)
        began = self.venue.began
        rows, seed = self._listings, self._seed
        self.context = Context(self.venue, self.clock, rows, seed=seed, born=began, closed=self._closed)
        self.context.take_over(parts)
        self.venue.duties[:] = duties
        self.feed = Feed(self.context, self.faults)
        self._is_restored = True

    def save(self) -> None:
        """Write the state to its file, if there is one: done at the start, once a minute, in the end, too."""
        if self._state is not None:
            self._state.write(*self._to_keep())

    def _to_keep(self) -> tuple[Iterable[str], int, Kept]:
        parts = {"venue": self.venue, "traffic": self.traffic, **self.context.kept}
        return self.venue.rules, self.clock.now(), parts

    async def _keep_saving(self, state: StateFile) -> None:
        while True:
            await asyncio.sleep(SAVED_EVERY)
            state.try_to_write(*self._to_keep())

    def _end_saving(self) -> None:
        """Save for the last time, and let others have the file."""
        saving, self._saving = self._saving, None
        if saving is None or self._state is None:
            return
        saving.cancel()
        try:
            self.save()
        except StateError as error:
            raise LostError(f"{error}: what has happened since it was last written is lost") from error
        finally:
            self._state.let_go()

    @property
    def url(self) -> str:
        """The base address of the REST interface, as programs of this machine reach it."""
        return f"http://{reachable(self.host)}:{self.port}"

    @property
    def socket_url(self) -> str:
        """The address of the websocket."""
        return f"ws://{reachable(self.host)}:{self.port}"

    @property
    def urls(self) -> dict[str, Any]:
        """What to put under `urls` in an exchange's config: REST and streams both lead here."""
        ws = {"public": self.socket_url, "private": self.socket_url}
        return {"api": {"public": self.url, "private": self.url, "ws": ws}}

    def exchange(self, kind: Any = "pro", **config: Any) -> Any:
        """An exchange object on this sandbox, with a new pair of keys and so an account of its own.

        `kind` is "async" or "pro", or a class of one's own. If the sandbox's clock is driven, the object goes
        by it and knows no request budgets. `config` is ccxt's, and wins.
        """
        if is_blocking(kind) and self._loop is running_loop():
            raise ValueError(
                "a blocking exchange would wait for the event loop that it keeps from answering: take "
                '`exchange("async")` here, or a SandboxThread'
            )
        return exchange_on(self.urls, self.clock, kind, config)

    # --- life ----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open trading and listen; `port` is the real one from here on."""
        if self._runner is not None:
            raise RuntimeError("this sandbox has been started before: make another one")
        self._loop = running_loop()
        if self._state is not None:
            self._state.hold()
        try:
            await self._open()
        except BaseException:
            await self._close()
            if self._state is not None:
                self._state.let_go()
            raise
        if self._state is not None:
            self._saving = asyncio.create_task(self._keep_saving(self._state))
        if isinstance(self.clock, RealClock):
            self._steps = asyncio.create_task(self._keep_stepping())

    async def _open(self) -> None:
        self.open_trading()
        application = web.Application(client_max_size=LARGEST_BODY)
        if self.page is not None:
            self.page.add_to(application.router, self._handle)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            shutdown_timeout=1.0,
            logger=in_one_line,
        )
        await self._runner.setup()
        await self._listen(self._runner)
        self.port = self._runner.addresses[0][1]
        self.save()  # now, so that a file that cannot be written is no surprise in the end

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await web.TCPSite(runner, self.host, self.port, backlog=BACKLOG).start()
        except OSError as error:
            raise listen_error(error, self.host, self.port) from error
        if self.control is not None:
            try:
                await self.control.start()
            except OSError as error:
                raise listen_error(error, LOOPBACK, self.control.port, "--control") from error

    async def stop(self) -> None:
        """Stop listening, let time stand, and save what there is. LostError if that cannot be written."""
        try:
            await self._close()
        finally:
            self._end_saving()

    async def _close(self) -> None:
        steps, self._steps = self._steps, None
        if steps is not None:
            steps.cancel()
            # Not by suppressing CancelledError: whoever cancels this very call would be suppressed as well.
            await asyncio.gather(steps, return_exceptions=True)
        self.spoiled.close()
        await self.feed.close()
        if self.page is not None:
            await self.page.close()
        if self.control is not None:
            await self.control.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def pass_time(self, seconds: float) -> None:
        """Let so much time pass on a clock that is driven or stopped.

        Comes back when every socket has read what that has brought, so that time never runs ahead of clients.
        """
        clock = self.clock
        if not isinstance(clock, DrivenClock | RealClock):
            raise ValueError(f"{clock!r} cannot be moved by hand")
        left = seconds
        while True:
            clock.advance(min(left, MOST_AT_ONCE))
            await self.feed.read_by_all()
            left -= MOST_AT_ONCE
            if left <= 0:
                return

    def move(self, symbol: str, price: Decimal) -> None:
        """Move a market's index price, and the price that its traders believe in."""
        self.traffic.move(symbol, price)
        self.venue.set_index(symbol, price, self.clock.now())

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Have a market trade at this price from now on: index, mark, books and the last trade, at once.

        Orders that the new price has run into are filled. The bands around what was usual before are
        forgotten.
        """
        now = self.clock.now()
        with self.venue.arranging(now):
            self.venue.settle_at(symbol, price, now)
            self.traffic.settle_at(symbol, price, now)

    async def reset(self) -> None:
        """Begin again: accounts, orders and books as at the start, faults ended, everybody's socket closed.

        Time goes on from where it is. The switches stay, and so does whoever watches the clock; listeners of
        the exchange are gone with it.
        """
        for watcher in (self._step, self.feed.on_time, self._old_books.on_time):
            self.clock.forget(watcher)
        await self.feed.close()
        self.faults.clear()
        self._furnish()
        self._old_books.begin_again(self.venue)
        self.open_trading()

    def open_trading(self) -> None:
        """Fill the books; from here on everybody acts with every step of the clock, the first now."""
        if not self._is_restored:
            self.traffic.open()
        self._is_restored = False
        for key in self._accounts:
            self.venue.open_account(key, self.clock.now())
        for replay in self._replays:
            for symbol in replay.symbols:
                self.traffic.lead(symbol)
        self.clock.watch(self._step)
        self.clock.step()
        self.venue.listeners.append(self.feed.on_event)
        self.clock.watch(self.feed.on_time)
        self.clock.watch(self._old_books.on_time)

    def _step(self, now: int) -> None:
        for replay in self._replays:
            replay.on_time(now)
        self.traffic.step(now)
        self.venue.tick(now)

    async def _keep_stepping(self) -> None:
        clock = self.clock
        assert isinstance(clock, RealClock), "a clock that is driven is stepped by whoever drives it"
        while True:
            await asyncio.sleep(clock.pause)
            try:
                clock.pass_by()
            except Exception:
                log.exception("The sandbox failed to take a step in time")

    # --- requests ------------------------------------------------------------------------------------

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        shown = None if self.page is None else self.page.shown(request)
        if shown is not None:
            return shown
        for interceptor in self.interceptors:
            response = await interceptor(request)
            if response is not None:
                return response
        if request.path == "/" and "upgrade" in request.headers:
            return await self.feed.handler(request)
        return await self.answered(request)

    async def answered(self, request: web.Request) -> web.Response:
        """The exchange's answer to a request, past all interceptors."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _response(Answer.of_text("payload too large", 413))
        except (web.RequestPayloadError, ClientPayloadError, ConnectionError):
            # What was sent is not what its headers promise: compressed bytes that are none, an early end.
            return _response(Answer.of_text("bad request", 400))
        asked = Request(
            request.method,
            request.path,
            list(request.query.items()),
            request.headers,
            body,
            request.remote or "",
        )
        await self._take_time(asked)
        given = answer(self.context, asked, self._budgets)
        self.context.asked[operation_name(asked), given.status] += 1
        return _response(given)

    async def _take_time(self, asked: Request) -> None:
        """Hold a taker's order back, or work out a long past, while others have their turn."""
        bump = speed_bump(self.context, asked)
        if bump:
            await asyncio.sleep(bump)
        rested = time.monotonic()
        for _ in preparation(self.context, asked):
            if time.monotonic() - rested > LONGEST_HOLD:
                await asyncio.sleep(0)
                rested = time.monotonic()


def _response(given: Answer) -> web.Response:
    if given.body is None:
        return web.Response(status=given.status, headers=given.headers)
    if given.is_text:
        return web.Response(text=given.body, status=given.status, headers=given.headers)
    return web.Response(
        body=encoded(given.body),
        status=given.status,
        headers=given.headers,
        content_type="application/json",
        charset="utf-8",
    )


class SandboxThread:
    """A sandbox in a thread of its own, for programs that block; takes the arguments of `Sandbox`."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="bpx-sandbox", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._finished: asyncio.Event | None = None
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._finished is not None:
            self._loop.call_soon_threadsafe(self._finished.set)
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox itself; touch it through `run` only, it belongs to the other thread."""
        assert self._sandbox is not None, "the sandbox has not been started: use `with`"
        return self._sandbox

    @property
    def url(self) -> str:
        """The base address of the REST interface."""
        return self.sandbox.url

    @property
    def socket_url(self) -> str:
        """The address of the websocket."""
        return self.sandbox.socket_url

    @property
    def urls(self) -> dict[str, Any]:
        """What to put under `urls` in an exchange's config: REST and streams both lead here."""
        return self.sandbox.urls

    def exchange(self, kind: Any = "blocking", **config: Any) -> Any:
        """An exchange object on this sandbox, as `Sandbox.exchange`; "blocking" is one more kind."""
        return exchange_on(self.urls, self.sandbox.clock, kind, config)

    def run(self, action: Callable[[Sandbox], Result]) -> Result:
        """What `action` returns when it is called with the sandbox in the sandbox's thread."""

        async def act() -> Result:
            return action(self.sandbox)

        assert self._loop is not None, "the sandbox has not been started: use `with`"
        return asyncio.run_coroutine_threadsafe(act(), self._loop).result()

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass on a clock that is driven or stopped, as `Sandbox.pass_time`."""
        assert self._loop is not None, "the sandbox has not been started: use `with`"
        asyncio.run_coroutine_threadsafe(self.sandbox.pass_time(seconds), self._loop).result()

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:
            self._failure = failure
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._finished = asyncio.get_running_loop(), asyncio.Event()
        async with Sandbox(**self._options) as self._sandbox:
            self._ready.set()
            await self._finished.wait()
