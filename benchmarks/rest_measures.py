"""What one call costs: CPU microseconds of the client process per unified call over loopback."""

from __future__ import annotations

import asyncio
import gc
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
from nacl.bindings import crypto_sign

from benchmarks import canned
from benchmarks.subjects import FLOOR, KEY_PAIR, configuration, exchange, exchange_class

SYMBOL = "SOL/USDC:USDC"
MARKET_ID = "SOL_USDC_PERP"
SINCE = canned.FIRST_MILLISECOND // 60_000 * 60_000

CALLS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "trades": ("fetch_trades", (SYMBOL, None, 1000)),
    "fills": ("fetch_my_trades", (SYMBOL, None, 1000)),
    "candles": ("fetch_ohlcv", (SYMBOL, "1m", SINCE, 1000)),
    "tickers": ("fetch_tickers", ()),
    "orders": ("fetch_open_orders", (SYMBOL,)),
    "book": ("fetch_order_book", (SYMBOL, 1000)),
    "markets": ("load_markets", (True,)),
    "create_order": ("create_order", (SYMBOL, "limit", "buy", 1.5, 99.01)),
}
"""One unified call per measurement."""

SIZES = {
    "trades": 1000,
    "fills": 1000,
    "candles": 1000,
    "tickers": 200,
    "orders": 100,
    "book": 1000,
    "markets": 200,
}
"""How many rows each answer must have, so that nobody is fast by returning less."""

CALLS_BETWEEN_LOOKS = 5
"""Calls between two looks at the clock."""

BARE: dict[str, tuple[tuple[str, str], ...]] = {
    "trades": (("GET", "/api/v1/trades"),),
    "fills": (("GET", "/wapi/v1/history/fills"),),
    "candles": (("GET", "/api/v1/klines"),),
    "tickers": (("GET", "/api/v1/tickers"),),
    "orders": (("GET", "/api/v1/orders"),),
    "book": (("GET", f"/api/v1/depth?symbol={MARKET_ID}"),),
    "markets": (("GET", "/api/v1/assets"), ("GET", "/api/v1/markets")),
    "create_order": (("POST", "/api/v1/order"),),
}
"""The requests behind each call, for the floor."""

ORDER = {
    "orderType": "Limit",
    "price": "99.01",
    "quantity": "1.5",
    "side": "Bid",
    "symbol": MARKET_ID,
    "timeInForce": "GTC",
}
SIGNED = (
    "instruction=orderExecute&orderType=Limit&price=99.01&quantity=1.5&side=Bid&symbol=SOL_USDC_PERP"
    "&timeInForce=GTC&timestamp=1754000400000&window=5000"
)


async def _cpu_per_call(call: Callable[[], Awaitable[Any]], milliseconds: int) -> float:
    """CPU microseconds per call, over as many calls as use up that much CPU."""
    for _ in range(3):
        await call()
    gc.collect()
    calls, used, before = 0, 0.0, time.process_time()
    while used < milliseconds / 1000:
        for _ in range(CALLS_BETWEEN_LOOKS):
            await call()
        calls += CALLS_BETWEEN_LOOKS
        used = time.process_time() - before
    return used / calls * 1e6


def _check_size(name: str, answer: Any) -> None:
    size = len(answer["bids"]) if name == "book" else len(answer)
    if name in SIZES and size != SIZES[name]:
        raise AssertionError(f"{name}: {size} rows came back, {SIZES[name]} were sent")


async def call(subject: str, port: int, name: str, milliseconds: int) -> dict[str, float]:
    """CPU microseconds per unified call, or per the bare requests behind it."""
    if subject == FLOOR:
        return await _bare_call(port, name, milliseconds)
    instance = exchange(subject, port, streams=False)
    try:
        await instance.load_markets()
        method, arguments = CALLS[name]
        bound = getattr(instance, method)
        _check_size(name, await bound(*arguments))
        return {"cpu": await _cpu_per_call(lambda: bound(*arguments), milliseconds)}
    finally:
        await instance.close()


async def _bare_call(port: int, name: str, milliseconds: int) -> dict[str, float]:
    body = msgspec.json.encode(ORDER)

    async def requests() -> None:
        for method, path in BARE[name]:
            headers = {}
            if method == "POST":
                headers = {"X-Signature": signature(), "Content-Type": "application/json"}
            async with session.request(
                method, f"http://127.0.0.1:{port}{path}", headers=headers, data=body if headers else None
            ) as response:
                msgspec.json.decode(await response.read())

    async with aiohttp.ClientSession() as session:
        return {"cpu": await _cpu_per_call(requests, milliseconds)}


def signature() -> str:
    """Of an order, as the floor makes it."""
    return b64encode(crypto_sign(SIGNED.encode(), KEY_PAIR)[:64]).decode()


async def sign(subject: str, port: int, _: str, repeats: int) -> dict[str, float]:
    """CPU microseconds for the url, headers, signature and body of one order."""
    gc.collect()
    if subject == FLOOR:
        before = time.process_time()
        for _number in range(repeats):
            signature()
        return {"cpu": (time.process_time() - before) / repeats * 1e6}
    instance = exchange(subject, port, streams=False)
    try:
        access = next(entry for entry in ("private", ["private"]) if _signs(instance, entry))
        before = time.process_time()
        for _number in range(repeats):
            instance.sign("api/v1/order", access, "POST", ORDER)
        return {"cpu": (time.process_time() - before) / repeats * 1e6}
    finally:
        await instance.close()


def _signs(instance: Any, access: Any) -> bool:
    """Whether `sign` takes the access in this form; ccxt's class wants a list, ours takes both."""
    try:
        return "X-Signature" in instance.sign("api/v1/order", access, "POST", ORDER)["headers"]
    except Exception:
        return False


async def construct(subject: str, port: int, name: str, repeats: int) -> dict[str, float]:
    """CPU microseconds to make one instance."""
    made = exchange_class(subject, streams=name == "streams")
    settings = configuration(port)
    await asyncio.sleep(0)
    made(settings)
    gc.collect()
    before = time.process_time()
    for _ in range(repeats):
        made(settings)
    return {"cpu": (time.process_time() - before) / repeats * 1e6}
