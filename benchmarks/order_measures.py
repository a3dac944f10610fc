"""From a price to an order on the wire: how long, what it costs the blocking class, and the longest pause."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from statistics import quantiles
from typing import Any

import aiohttp
import msgspec

from benchmarks import canned
from benchmarks.rest_measures import CALLS, CALLS_BETWEEN_LOOKS, MARKET_ID, ORDER, SYMBOL, signature
from benchmarks.stream_measures import frames
from benchmarks.subjects import FLOOR, HOMES, OURS, Control, configuration, exchange

STREAM = f"bookTicker.{MARKET_ID}"
ARGUMENTS = CALLS["create_order"][1]
BLOCKING = {subject: (plain.partition(".")[0], name) for subject, (plain, _, name) in HOMES.items()}
"""The modules of the blocking classes, and their names."""

WARM = 20
"""Frames before those that count."""

Send = Callable[[], Awaitable[Any]]


async def tick_to_trade(
    subject: str, port: int, name: str, count: int, *, rate: int, warm: int = WARM
) -> dict[str, float]:
    """Microseconds from the write of a frame to the arrival of the order that a caller sends on seeing it.

    Venue and client share the monotonic clock. A caller that is still sending takes the latest frame next.
    """
    seen: list[int] = []
    control = Control(port)
    callers = _bare_caller if subject == FLOOR else _caller
    task = asyncio.ensure_future(callers(subject, port, seen, is_prepared=name == "prepared"))
    try:
        await _subscribed(control, task)
        await control.ask("send", streams=[STREAM], first=0, count=warm + count, prepare=True)
        await control.ask("send", streams=[STREAM], first=0, count=warm, rate=max(rate, WARM))
        await asyncio.sleep(0.1)
        gc.collect()
        await control.ask("orders")
        seen.clear()
        sent = (await control.ask("send", streams=[STREAM], first=warm, count=count, rate=rate))["sent"]
        await asyncio.sleep(0.05)
        arrived = (await control.ask("orders"))["orders"]
        waits = [(at - sent[position - warm - 1]) / 1000 for position, at in zip(seen, arrived, strict=False)]
        if len(waits) < 2:
            raise AssertionError(f"{len(waits)} orders came of {count} frames")
        hundredths = quantiles(waits, n=100, method="inclusive")
        return {"p50": hundredths[49], "p99": hundredths[98]}
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        control.close()


async def _subscribed(control: Control, task: asyncio.Task[None]) -> None:
    asked = asyncio.ensure_future(control.ask("wait", streams=[STREAM]))
    await asyncio.wait((asked, task), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    if not (await asked)["subscribed"]:
        raise TimeoutError(f"no subscription to {STREAM} arrived")
    await asyncio.sleep(0.1)


async def _caller(subject: str, port: int, seen: list[int], *, is_prepared: bool) -> None:
    instance = exchange(subject, port, streams=True)
    try:
        await instance.load_markets()

        async def created() -> Send:
            return lambda: instance.create_order(*ARGUMENTS)

        async def prepared() -> Send:
            order = await instance.prepare_order(*ARGUMENTS, {"recvWindow": 60_000})
            send: Send = order.send
            return send

        ready = prepared if is_prepared and subject == OURS else created
        await (await ready())()
        send = await ready()
        while True:
            tickers = await instance.watch_bids_asks([SYMBOL])
            position = int(tickers[SYMBOL]["bidVolume"])
            seen.append(position)
            await send()
            send = await ready()
    finally:
        await instance.close()


async def _bare_caller(subject: str, port: int, seen: list[int], *, is_prepared: bool) -> None:
    """The floor: aiohttp's socket and session, a decoder and a signature."""
    body, decode = msgspec.json.encode(ORDER), msgspec.json.decode
    address = f"127.0.0.1:{port}"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://{address}", compress=0) as socket,
    ):
        await socket.send_json({"method": "SUBSCRIBE", "params": [STREAM]})
        signed = signature()
        async for message in socket:
            seen.append(int(float(decode(message.data)["data"]["B"])))
            headers = {
                "X-Signature": signed if is_prepared else signature(),
                "Content-Type": "application/json",
            }
            async with session.post(f"http://{address}/api/v1/order", headers=headers, data=body) as response:
                decode(await response.read())


async def call_blocking(subject: str, port: int, name: str, milliseconds: int) -> dict[str, float]:
    """CPU microseconds per unified call of the blocking class."""
    home, made = BLOCKING[subject]
    instance = getattr(import_module(home), made)(configuration(port))
    instance.load_markets()
    method, arguments = CALLS[name]
    bound = getattr(instance, method)
    for _ in range(3):
        bound(*arguments)
    gc.collect()
    calls, used, before = 0, 0.0, time.process_time()
    while used < milliseconds / 1000:
        for _ in range(CALLS_BETWEEN_LOOKS):
            bound(*arguments)
        calls += CALLS_BETWEEN_LOOKS
        used = time.process_time() - before
    return {"cpu": used / calls * 1e6}


async def opened_after_idleness(subject: str, port: int, _: str, seconds: int) -> dict[str, float]:
    """Connections that an order opens after so many seconds without a request."""
    instance = exchange(subject, port, streams=False)
    control = Control(port)
    try:
        await instance.load_markets()
        await instance.create_order(*ARGUMENTS)
        before = (await control.ask("opened"))["opened"]
        await asyncio.sleep(seconds)
        await instance.create_order(*ARGUMENTS)
        return {"opened": (await control.ask("opened"))["opened"] - before}
    finally:
        control.close()
        await instance.close()


async def longest_pause(subject: str, port: int, _: str, count: int) -> dict[str, float]:
    """Milliseconds of the collector's longest pause while 100 books are followed; a full collection, which
    comes sooner or later, is among them. Ours does what its documentation tells a program to do, when all
    that it watches has come."""
    pauses, began = [0.0], 0.0

    def note(phase: str, info: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.perf_counter()
        else:
            pauses.append(time.perf_counter() - began)

    instance = exchange(subject, port, streams=True)

    def settled() -> None:
        if subject == OURS:
            import_module("bpx_connector.garbage").freeze_garbage()
        gc.callbacks.append(note)

    await instance.load_markets()
    try:
        symbols = len(canned.market_ids()) // 2
        await frames(subject, port, "depth", count, symbols=symbols, settled=settled, ended=gc.collect)
    finally:
        gc.callbacks.remove(note)
        await instance.close()
        gc.unfreeze()
    return {"ms": max(pauses) * 1000}
