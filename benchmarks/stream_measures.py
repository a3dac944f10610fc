"""What one frame costs, from the socket to a caller of watch_*, and how long the caller waits for it.

Callers wait in a plain loop, as programs do. A frame counts when a caller has been given a state that
includes it; a class may wake its callers once for many frames.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import aiohttp
import msgspec

from benchmarks import canned
from benchmarks.subjects import FLOOR, Control, MissingError, exchange

LONGEST_WAIT = 60.0
"""Seconds after which a caller that got nothing has failed."""
WARM_UP = 600
"""Frames sent before the measured ones: code and caches are warm, caches of ccxt are filling."""
LEVELS_COMPARED = 100


@dataclass(frozen=True)
class Watch:
    """How one kind of stream is watched, and how far a result says the caller has come."""

    streams: Callable[[str], str]
    method: str
    argument: Callable[[str], tuple[Any, ...]]
    position: Callable[[Any, str], int]
    bare_position: Callable[[Any], int]


def _order_position(orders: Any, _: str) -> int:
    last = orders[-1]
    complete: int = int(last["id"]) - canned.FIRST_ORDER + (last["status"] == "closed")
    return complete * canned.FRAMES_PER_ORDER


def _bare_order_position(data: Any) -> int:
    complete: int = int(data["i"]) - canned.FIRST_ORDER + (data["X"] == "Filled")
    return complete * canned.FRAMES_PER_ORDER


WATCHES = {
    "depth": Watch(
        streams=lambda market_id: f"depth.{market_id}",
        method="watch_order_book",
        argument=lambda symbol: (symbol,),
        position=lambda book, _: int(book["nonce"]) - canned.MEASURED_UPDATE,
        bare_position=lambda data: int(data["u"]) - canned.MEASURED_UPDATE,
    ),
    "trade": Watch(
        streams=lambda market_id: f"trade.{market_id}",
        method="watch_trades",
        argument=lambda symbol: (symbol,),
        position=lambda trades, _: int(trades[-1]["id"]) - canned.FIRST_TRADE,
        bare_position=lambda data: int(data["t"]) - canned.FIRST_TRADE,
    ),
    "bookTicker": Watch(
        streams=lambda market_id: f"bookTicker.{market_id}",
        method="watch_bids_asks",
        argument=lambda symbol: ([symbol],),
        position=lambda tickers, symbol: int(tickers[symbol]["bidVolume"]),
        bare_position=lambda data: int(float(data["B"])),
    ),
    "ticker": Watch(
        streams=lambda market_id: f"ticker.{market_id}",
        method="watch_ticker",
        argument=lambda symbol: (symbol,),
        position=lambda ticker, _: int(ticker["baseVolume"]),
        bare_position=lambda data: int(float(data["v"])),
    ),
    "order": Watch(
        streams=lambda _: "account.orderUpdate",
        method="watch_orders",
        argument=lambda _: (),
        position=_order_position,
        bare_position=_bare_order_position,
    ),
}


@dataclass
class Follower:
    """One caller: it waits, reads how far it has come, and waits again."""

    position: int = -canned.MEASURED_UPDATE
    goal: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    wakes: list[tuple[int, int]] = field(default_factory=list)
    noting: bool = False
    result: Any = None

    async def follow(self, wait: Callable[[], Awaitable[Any]], position: Callable[[Any], int]) -> None:
        """Wait for ever; `reached` is set each time the goal is."""
        while True:
            self.result = await wait()
            self.arrive(position(self.result))

    def arrive(self, position: int) -> None:
        """The caller has been given a state which includes the frame at that position."""
        self.position = position
        if self.noting:
            self.wakes.append((time.monotonic_ns(), position))
        if position >= self.goal:
            self.reached.set()


@dataclass
class Following:
    """All callers of one measurement and their tasks."""

    streams: list[str]
    followers: list[Follower]
    tasks: list[asyncio.Task[None]]

    async def subscribed(self, control: Control) -> None:
        """Return when the venue has every subscription; raise what a caller met instead."""
        asked = asyncio.ensure_future(control.ask("wait", streams=self.streams))
        await asyncio.wait((asked, *self.tasks), return_when=asyncio.FIRST_COMPLETED)
        for task in self.tasks:
            if task.done():
                task.result()
        if not (await asked)["subscribed"]:
            raise TimeoutError(f"no subscription to {', '.join(self.streams[:3])} arrived")

    async def until(self, goal: int) -> None:
        """Return when each follower has come to the goal; raise what any of them met."""
        everyone = asyncio.ensure_future(self._everyone_reached())
        failed = asyncio.ensure_future(asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED))
        try:
            done, _ = await asyncio.wait(
                (everyone, failed), return_when=asyncio.FIRST_COMPLETED, timeout=LONGEST_WAIT
            )
            if everyone not in done:
                for task in self.tasks:
                    if task.done():
                        task.result()
                behind = min(follower.position for follower in self.followers)
                raise TimeoutError(f"a caller stands at frame {behind} of {goal}")
        finally:
            everyone.cancel()
            failed.cancel()

    async def _everyone_reached(self) -> None:
        for follower in self.followers:
            await follower.reached.wait()

    def aim(self, goal: int) -> None:
        """Forget what was reached and go for the next goal."""
        for follower in self.followers:
            follower.goal = goal
            follower.reached.clear()


@asynccontextmanager
async def following(subject: str, port: int, kind: str, symbols: int) -> AsyncIterator[Following]:
    """Callers on that many symbols, each subscribed and, for books, restored."""
    watch = WATCHES[kind]
    market_ids = [market_id for market_id in canned.market_ids() if market_id.endswith("_PERP")][:symbols]
    streams = [watch.streams(market_id) for market_id in market_ids]
    followers = [Follower() for _ in market_ids]
    if subject == FLOOR:
        opened = _bare_tasks(port, watch, market_ids, streams, followers)
    else:
        opened = _exchange_tasks(subject, port, watch, market_ids, followers)
    control = Control(port)
    async with opened as tasks:
        try:
            together = Following(streams, followers, tasks)
            await together.subscribed(control)
            if kind == "depth":
                await together.until(0)
            await asyncio.sleep(0.1)
            yield together
        finally:
            control.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _exchange_tasks(
    subject: str, port: int, watch: Watch, market_ids: list[str], followers: list[Follower]
) -> AsyncIterator[list[asyncio.Task[None]]]:
    instance = exchange(subject, port, streams=True)
    if not hasattr(type(instance), watch.method):
        raise MissingError(watch.method)
    method = getattr(instance, watch.method)

    def task(market_id: str, follower: Follower) -> asyncio.Task[None]:
        symbol = canned.unified(market_id)
        arguments, position = watch.argument(symbol), watch.position
        return asyncio.ensure_future(
            follower.follow(lambda: method(*arguments), lambda result: position(result, symbol))
        )

    try:
        await instance.load_markets()
        yield [task(*pair) for pair in zip(market_ids, followers, strict=True)]
    finally:
        await instance.close()


@asynccontextmanager
async def _bare_tasks(
    port: int, watch: Watch, market_ids: list[str], streams: list[str], followers: list[Follower]
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """The floor: aiohttp's socket, msgspec's decoder, and no caller to wake."""
    by_stream = dict(zip(streams, followers, strict=True))
    decode = msgspec.json.decode
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{port}", compress=0) as socket,
    ):

        async def read() -> None:
            async for message in socket:
                event = decode(message.data)
                by_stream[event["stream"]].arrive(watch.bare_position(event["data"]))

        await socket.send_json({"method": "SUBSCRIBE", "params": streams})
        await asyncio.sleep(0.05)  # the venue has seen it, so a snapshot now counts as one of this book
        for market_id in market_ids if watch is WATCHES["depth"] else ():
            async with session.get(f"http://127.0.0.1:{port}/api/v1/depth?symbol={market_id}") as response:
                await response.read()
        yield [asyncio.ensure_future(read())]


async def _sent(control: Control, together: Following, first: int, count: int, rate: int) -> Any:
    """Let the venue send and wait until all of it has reached the callers."""
    together.aim(first + count)
    control.start("send", streams=together.streams, first=first, count=count, rate=rate)
    await together.until(first + count)


async def frames(
    subject: str,
    port: int,
    kind: str,
    count: int,
    *,
    symbols: int = 1,
    rate: int = 0,
    bursts: int = 1,
    settled: Callable[[], object] = gc.collect,
    ended: Callable[[], object] = lambda: None,
) -> dict[str, float]:
    """CPU microseconds per frame (of several bursts the median), and for paced frames how long callers
    waited for them. `settled` is called when all callers are at work, `ended` before they stop."""
    each = -(-count // symbols // canned.FRAMES_PER_ORDER) * canned.FRAMES_PER_ORDER
    warm = -(-WARM_UP // symbols // canned.FRAMES_PER_ORDER) * canned.FRAMES_PER_ORDER
    in_all = warm + bursts * each
    async with following(subject, port, kind, symbols) as together:
        control = Control(port)
        try:
            await control.ask("send", streams=together.streams, first=0, count=in_all, prepare=True)
            await _sent(control, together, 0, warm, 0)
            control.answer()
            for follower in together.followers:
                follower.noting = bool(rate)
            settled()
            used = []
            for first in range(warm, in_all, each):
                before = time.process_time()
                await _sent(control, together, first, each, rate)
                used.append(time.process_time() - before)
                answer = await asyncio.to_thread(control.answer)
            ended()
            measured = {"cpu": median(used) / (each * symbols) * 1e6}
            if rate and symbols == 1:
                measured |= _waits(answer["sent"], together.followers[0].wakes, warm)
            if kind == "depth" and subject != FLOOR:
                measured["wrong_books"] = _wrong_books(together, in_all)
            return measured
        finally:
            control.close()


def _waits(sent: list[int], wakes: list[tuple[int, int]], warm: int) -> dict[str, float]:
    """Median and 99th percentile, in microseconds, of the time from a frame's sending to its caller."""
    waits, reached, moment = [], -1, 0
    coming = iter(wakes)
    for number, at in enumerate(sent):
        while reached < warm + number + 1:
            moment, reached = next(coming)
        waits.append((moment - at) / 1000)
    waits.sort()
    return {"p50": waits[len(waits) // 2], "p99": waits[len(waits) * 99 // 100]}


def _wrong_books(together: Following, deltas: int) -> float:
    """How many callers hold a book which is not the true one."""
    wrong = 0
    for stream, follower in zip(together.streams, together.followers, strict=True):
        bids, asks = canned.book_after(stream.partition(".")[2], deltas).best(LEVELS_COMPARED)
        book = follower.result
        held = [[tuple(level[:2]) for level in book[side][:LEVELS_COMPARED]] for side in ("bids", "asks")]
        wrong += held != [bids, asks]
    return float(wrong)
