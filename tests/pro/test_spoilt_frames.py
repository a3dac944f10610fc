"""Whatever a frame says: no stream stays deaf, no raw exception and no infinite figure reaches a caller."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from math import isfinite
from typing import Any

import pytest
from ccxt.base.errors import BaseError

from tests.support.listeners import until
from tests.support.scripted_source import scripted
from tests.support.spoilt_streams import LATER, SPOT, STREAMS, Stream, delta, figures, hears, snapshot
from tests.support.streaming import soon

ABSURD = 10**18


EVERY_STREAM = pytest.mark.parametrize(
    "stream", STREAMS, ids=lambda stream: f"{stream.name}-{STREAMS.index(stream)}"
)
SPOILT: list[Any] = [
    None,
    "NaN",
    "inf",
    "-Infinity",
    "1e400",
    "nonsense",
    "",
    [],
    {},
    True,
    ABSURD,
    10**30,
    -1,
]


@EVERY_STREAM
async def test_one_frame_far_ahead_silences_no_stream(stream: Stream) -> None:
    ahead: dict[str, Any] = {"E": LATER, "T": LATER, "t": 10**15, "n": 10**15}
    if stream.name.startswith("kline"):
        ahead |= {"t": "2029-01-01T00:00:00", "T": "2029-01-01T00:01:00"}
    async with scripted() as (exchange, source):
        await hears(exchange, source, stream, 0)
        source.say(
            stream.name,
            **{**stream.frame(20), **{key: ahead[key] for key in ahead if key in stream.frame(0)}},
        )
        for _ in range(20):
            await asyncio.sleep(0)
        await hears(exchange, source, stream, 21)


@EVERY_STREAM
async def test_of_any_field_spoilt_in_any_way_the_stream_goes_on(stream: Stream) -> None:
    async with scripted() as (exchange, source):
        number = 0
        await hears(exchange, source, stream, number)
        for field in stream.frame(0):
            for spoilt in SPOILT:
                number += 15
                watching = asyncio.ensure_future(stream.watch(exchange))
                source.say(stream.name, **{**stream.frame(number), field: spoilt})
                for _ in range(20):
                    await asyncio.sleep(0)
                if watching.done():
                    try:
                        told = await watching
                    except BaseError:
                        continue
                    assert all(isfinite(figure) for figure in figures(told)), (field, spoilt, told)
                watching.cancel()
                await hears(exchange, source, stream, number + 1)


async def test_a_frame_that_is_not_understood_is_counted_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with scripted() as (exchange, source):
        stream = STREAMS[0]
        await hears(exchange, source, stream, 0)
        for number in (1, 2, 3):
            source.say(stream.name, **{**stream.frame(number), "c": "NaN"})
        await hears(exchange, source, stream, 4)
        assert exchange.stream_counters()["streams"][stream.name]["spoilt"] == 3
        told = [
            record.getMessage() for record in caplog.records if "could not be taken" in record.getMessage()
        ]
        assert len(told) == 1
        assert stream.name in told[0]


# --- books -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoilt",
    [
        delta(11, 10**15),
        delta(10**15, 10**15),
        delta(11, 11, b=[["8", "NaN"]]),
        delta(11, 11, b=[["inf", "1"]]),
        delta(11, 11, b=[["8", "1e400"]]),
        delta(11, 11, a=None),
        delta(11, 11, T=ABSURD * ABSURD),
        delta(11, 11, T="never"),
        delta(11, 11, U=None),
        {"U": 11},
    ],
)
@pytest.mark.parametrize("number", [float, str, Decimal])
async def test_a_book_goes_on_after_any_spoilt_delta(spoilt: Any, number: Any) -> None:
    update = 10
    async with scripted({"/api/v1/depth": lambda query: snapshot(update)}, number=number) as (
        exchange,
        source,
    ):
        assert (await soon(exchange.watch_order_book(SPOT)))["nonce"] == 10
        source.say("depth.SOL_USDC", **spoilt)
        for _ in range(20):
            await asyncio.sleep(0)
        waiting = asyncio.ensure_future(exchange.watch_order_book(SPOT))
        for last in range(12, 60):
            update = last
            source.say("depth.SOL_USDC", **delta(last, last))
            for _ in range(20):
                await asyncio.sleep(0)
            if waiting.done():
                break
            await asyncio.sleep(0.002)
        book = await soon(waiting, 5)
        assert [[number(price), number(size)] for price, size in (("11", "1"),)] == book["asks"]
        assert all(
            isfinite(float(figure)) for side in ("bids", "asks") for level in book[side] for figure in level
        )


@pytest.mark.parametrize(
    ("number", "level"), [(str, ["9", "1"]), (Decimal, [Decimal(9), Decimal(1)]), (float, [9.0, 1.0])]
)
@pytest.mark.parametrize("limit", [None, 1])
async def test_a_watched_book_is_in_the_numbers_that_the_caller_has_chosen(
    number: Any, level: Any, limit: Any
) -> None:
    async with scripted({"/api/v1/depth": lambda query: snapshot(10)}, number=number) as (exchange, source):
        assert (await soon(exchange.watch_order_book(SPOT, limit)))["bids"] == [level]
        source.say("depth.SOL_USDC", **delta(11, 11, b=[["9.0", "0"], ["8.50", "0.10"]]))
        book = await soon(exchange.watch_order_book(SPOT, limit))
        assert book["bids"] == [[number("8.5"), number("0.1")]]
        assert type(book["bids"][0][0]) is number


# --- trades ----------------------------------------------------------------------------------------------


async def test_trades_that_are_numbered_anew_are_believed_with_a_word_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream = STREAMS[5]
    async with scripted() as (exchange, source):
        for number in range(3):
            await hears(exchange, source, stream, number)
        waiting = asyncio.ensure_future(stream.watch(exchange))
        for number in range(1, 6):
            source.say(stream.name, **{**stream.frame(10 + number), "t": number})
        told = await soon(waiting)
        assert [trade["id"] for trade in told] == ["3", "4", "5"]
        assert any("numbered anew" in message for message in caplog.messages)


async def test_trades_without_an_id_are_handed_out_with_a_word_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream = STREAMS[5]
    async with scripted() as (exchange, source):
        await hears(exchange, source, stream, 0)
        waiting = asyncio.ensure_future(stream.watch(exchange))
        source.say(stream.name, **{**stream.frame(1), "t": None})
        [trade] = await soon(waiting)
        assert trade["id"] is None
        assert any("without an id" in message for message in caplog.messages)
        await hears(exchange, source, stream, 2)


async def test_a_market_that_numbers_anew_while_the_connection_was_cut_is_heard_at_once() -> None:
    stream = STREAMS[5]
    async with scripted() as (exchange, source):
        await hears(exchange, source, stream, 5)
        source.cut(stream.name)
        waiting = asyncio.ensure_future(stream.watch(exchange))
        before = len(source.venue.links)
        await until(lambda: len(source.venue.links) > before and source.venue.link.sent)
        source.say(stream.name, **stream.frame(5))  # told before: it is not told again
        source.say(stream.name, **{**stream.frame(9), "t": 1})
        assert [trade["id"] for trade in await soon(waiting)] == ["1"]
