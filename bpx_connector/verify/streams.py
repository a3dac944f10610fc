"""Listens to streams for some seconds, and holds every frame against its type and what captures show."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from ccxt.base.errors import BaseError

from bpx_connector.venue import events
from bpx_connector.verify.asking import CONTRADICTION, NEWS, PARSERS, Finding
from bpx_connector.verify.calls import Call, trouble
from bpx_connector.verify.readings import FRAME_READINGS, misread
from bpx_connector.verify.shapes import between, differences

__all__ = [
    "FRAME_FACTS",
    "followed",
    "framed_alike",
    "heard",
    "listened",
    "private_streams",
    "private_watches",
    "public_streams",
    "public_watches",
]

DOCUMENT = "the venue's chapter on streams"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
MICROSECONDS = 10**15
ONCE_A_SECOND = 0.5
"""The least share of the frames of a stream of one a second that has to come."""
Frames = list[Any]

TYPES: dict[str, Any] = {
    "bookTicker": events.BookTickerEvent,
    "depth": events.DepthEvent,
    "kline": events.KlineEvent,
    "trade": events.TradeEvent,
    "ticker": events.TickerEvent,
    "markPrice": events.MarkPriceEvent,
    "openInterest": events.OpenInterestEvent,
    "liquidation": events.LiquidationEvent,
    "account.orderUpdate": events.OrderUpdateEvent,
    "account.positionUpdate": events.PositionUpdateEvent,
    "account.balanceUpdate": events.BalanceUpdateEvent,
}


class FrameFact(NamedTuple):
    """A fact about the frames of a kind of stream, in the order in which they came."""

    sentence: str
    source: str
    broken: Callable[[Frames, float], Iterator[str]]


def public_streams(spot: str, perp: str) -> list[str]:
    """Streams that anybody may follow."""
    of_both = ["bookTicker.{}", "depth.{}", "depth.200ms.{}", "trade.{}", "ticker.{}", "kline.1m.{}"]
    return [
        *(name.format(symbol) for symbol in (spot, perp) for name in of_both),
        f"markPrice.{perp}",
        f"openInterest.{perp}",
    ]


def private_streams() -> list[str]:
    """Streams of the account."""
    return ["account.orderUpdate", "account.positionUpdate", "account.balanceUpdate"]


async def listened(exchange: Any, streams: list[str], seconds: float) -> dict[str, Frames]:
    """What each stream said within these seconds; a stream that was refused is None's."""
    frames: dict[str, Frames] = {stream: [] for stream in streams}
    for stream in streams:
        await exchange.subscribe_stream(stream, frames[stream].append)
    await asyncio.sleep(seconds)
    return frames


def public_watches(spot: str, perp: str) -> list[Call]:
    """What a program would follow: the books, each from a snapshot, and by it the tape has one."""
    return [Call("watch_order_book", (symbol, 20)) for symbol in (spot, perp)]


def private_watches() -> list[Call]:
    """The same of the account."""
    return [Call("watch_balance"), Call("watch_orders"), Call("watch_positions")]


async def followed(exchange: Any, watches: list[Call], seconds: float) -> list[Finding]:
    """Which of these methods fail within the time, called again and again."""
    async with asyncio.TaskGroup() as group:  # of which none is left running when one is cancelled
        tasks = [group.create_task(_followed(exchange, each, seconds)) for each in watches]
    return [found for task in tasks if (found := task.result()) is not None]


async def _followed(exchange: Any, watch: Call, seconds: float) -> Finding | None:
    try:
        async with asyncio.timeout(seconds):
            while True:
                await getattr(exchange, watch.method)(*watch.arguments)
    except TimeoutError:
        return None
    except BaseError as error:
        return trouble(watch.name, error)


def heard(frames: Mapping[str, Frames], seconds: float, exchange: Any = None) -> Iterator[Finding]:
    """What is otherwise than it should be; each difference of a stream once.

    With an exchange object that has loaded its markets, its parsers are run over every frame as well.
    """
    for stream, said in frames.items():
        kind = _kind(stream)
        yield from _of_type(stream, kind, said)
        if exchange is not None and kind in FRAME_READINGS:
            for sentence in misread(exchange, FRAME_READINGS[kind], said):
                yield Finding(CONTRADICTION, stream, "", sentence, PARSERS[1], PARSERS[0])
        for fact in FRAME_FACTS.get(kind, ()):
            for found in fact.broken(said, seconds):
                yield Finding(CONTRADICTION, stream, "", found, fact.sentence, fact.source)


def framed_alike(frames: Mapping[str, Frames], sandboxs: Mapping[str, Frames]) -> Iterator[Finding]:
    """Where the sandbox's frames of the same stream have other fields, or others of another kind."""
    for stream, said in frames.items():
        theirs, shape = sandboxs.get(stream), TYPES.get(_kind(stream))
        if not said or not theirs:
            continue
        known = {f"[].{each.path}" for frame in said for each in differences(frame, shape)}
        for each in between(said, theirs):
            if each.path not in known:
                fact, source = "the sandbox's frames are alike", "the sandbox beside it"
                yield Finding(NEWS, stream, each.path, each.said, fact, source)


def _kind(stream: str) -> str:
    parts = stream.split(".")
    return ".".join(parts[:2]) if parts[0] == "account" else parts[0]


def _of_type(stream: str, kind: str, said: Frames) -> Iterator[Finding]:
    shape = TYPES.get(kind)
    seen = Counter(
        (each.path, each.said, each.is_news) for frame in said for each in differences(frame, shape) if shape
    )
    for (path, sentence, is_news), count in seen.items():
        found = f"{sentence} ({count} of {len(said)} frames)"
        yield Finding(NEWS if is_news else CONTRADICTION, stream, path, found, f"{kind} event", DOCUMENT)


# --- facts --------------------------------------------------------------------------------------------------


def _in_step(frames: Frames, seconds: float) -> Iterator[str]:
    for one, other in pairwise(frames):
        if other["U"] != one["u"] + 1:
            yield f"U {other['U']} follows u {one['u']}"
            return


def _ids_in_order(frames: Frames, seconds: float) -> Iterator[str]:
    for one, other in pairwise(frames):
        if other["t"] <= one["t"]:
            yield f"trade {other['t']} follows {one['t']}"
            return


def _in_microseconds(frames: Frames, seconds: float) -> Iterator[str]:
    for frame in frames:
        for name in ("E", "T"):
            time = frame.get(name)
            if isinstance(time, int) and time < MICROSECONDS:
                yield f"{name} is {time}"
                return


def _every_second(frames: Frames, seconds: float) -> Iterator[str]:
    if len(frames) < seconds * ONCE_A_SECOND - 1:
        yield f"{len(frames)} came in {seconds:g} s"


def _iso(frames: Frames, seconds: float) -> Iterator[str]:
    for frame in frames:
        for name in ("t", "T"):
            if not ISO.match(str(frame.get(name))):
                yield f"{name} is {frame.get(name)!r}"
                return


def _sides_ascend(frames: Frames, seconds: float) -> Iterator[str]:
    for frame in frames:
        if frame["U"] == frame["u"]:
            continue  # "within one realtime frame with several levels the order is not guaranteed"
        for side in ("a", "b"):
            prices = [Decimal(level[0]) for level in frame[side]]
            if prices != sorted(prices):
                yield f"{side} is {frame[side][:3]}"
                return


def _bids_below(frames: Frames, seconds: float) -> Iterator[str]:
    for frame in frames:
        if frame["a"] is not None and frame["b"] is not None and Decimal(frame["b"]) >= Decimal(frame["a"]):
            yield f"bid {frame['b']}, ask {frame['a']}"
            return


TIMES = FrameFact("E and T are in microseconds", "FACTS 9, captures", _in_microseconds)
STEADY = FrameFact("it comes once a second, changed or not", "FACTS 12, live probe", _every_second)
FRAME_FACTS: dict[str, tuple[FrameFact, ...]] = {
    "depth": (
        FrameFact("each U is one more than the u before", "FACTS 10, 100,000 frames", _in_step),
        FrameFact("both sides of a merged frame ascend", "FACTS 10, captures", _sides_ascend),
        TIMES,
    ),
    "trade": (FrameFact("ids of trades grow", "FACTS 12, captures", _ids_in_order), TIMES),
    "bookTicker": (FrameFact("the bid is below the ask", "an order book's nature", _bids_below), TIMES),
    "ticker": (STEADY,),
    "markPrice": (STEADY, TIMES),
    "kline": (FrameFact("t and T are ISO without a zone", "FACTS 9, captures", _iso),),
}
