"""The structure tests that ccxt ships in its own wheel, made to run.

Each is `test_x(exchange, skipped_properties, symbol)` and raises what it has against the answer. They are
machine translations of TypeScript, and a few of them have never run in Python: log lines add numbers to text,
methods are read as `exchange["fetchOrder"]`, asyncio tests await helpers that are not coroutines. What is
done about that is in this file, line by line; nothing else of what they demand is changed.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import ccxt
import pytest

__all__ = [
    "ASYNCIO", "BLOCKING", "READ_WITH", "STREAMS", "parameters_of", "shipped", "snake_case", "structure_test",
    "subscriptable", "told_time",
]  # fmt: skip

READ_WITH = "4.5.90"
"""The ccxt whose structure tests were read when this was written; others may ship more of them, or fewer."""

BLOCKING = "ccxt.test.exchange.sync"
ASYNCIO = "ccxt.test.exchange.async"
STREAMS = "ccxt.pro.test.Exchange"
PARTS = "ccxt.test.exchange.base"

FORGOTTEN = {"Error": AssertionError, "math": math, "time": time}
"""Names that the tests use and import nowhere."""

LOG_LINES = re.compile(r"^( +)(?:tco_debug\(|print\(|m3 = ).*$", re.MULTILINE)
"""Statements that say how far a test has come, and fail at adding a number to text."""

# ccxt's rounding up (2) is refused by its Python port; to the nearest step (1) is above the least amount too.
ROUNDING = ("decimal_to_precision(final_amount, 2, ", "decimal_to_precision(final_amount, 1, ")

REPAIRS: dict[str, list[tuple[str, str]]] = {
    "ccxt.test.exchange.async.test_create_order": [ROUNDING],
    "ccxt.test.exchange.sync.test_create_order": [ROUNDING],
    # It calls the second product the quote value in its message, and then compares the base value with it.
    "ccxt.test.exchange.base.test_liquidation": [
        (
            "string_eq(base_value, Precise.string_mul(Precise.string_mul(",
            "string_eq(exchange.safe_string(entry, 'quoteValue'), Precise.string_mul(Precise.string_mul(",
        ),
    ],
    # A market that this venue does not have.
    "ccxt.pro.test.Exchange.test_un_watch_positions": [("BTC/USDT:USDT", "BTC/USDC:USDC")],
}


def structure_test(package: str, method: str) -> Callable[..., Any]:
    """ccxt's structure test of a method, by the method's camelCase name."""
    name = snake_case(method)
    test: Callable[..., Any] = getattr(_module(f"{package}.test_{name}"), f"test_{name}")
    return test


def shipped(package: str) -> set[str]:
    """The snake_case names of all methods that a package has a structure test of."""
    folders = importlib.import_module(package).__path__
    return {path.stem.removeprefix("test_") for folder in folders for path in Path(folder).glob("test_*.py")}


def parameters_of(test: Callable[..., Any]) -> list[str]:
    """What a structure test is given besides the exchange and the skipped properties."""
    return list(inspect.signature(test).parameters)[2:]


def subscriptable(exchange: Any) -> Any:
    """The same exchange, whose methods can also be read as `exchange["fetchOrder"]`."""

    def member(self: Any, name: str) -> Any:
        return getattr(self, name)

    kind = type(exchange)
    exchange.__class__ = type(kind.__name__, (kind,), {"__getitem__": member})
    return exchange


def snake_case(method: str) -> str:
    """A method's name as ccxt's files have it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=OHLCV)(?=[A-Z])", "_", method).lower()


@contextmanager
def told_time(test: Callable[..., Any], milliseconds: Callable[[], int]) -> Iterator[None]:
    """A structure test that asks `time` what time it is, told another."""
    names = test.__globals__
    own = names.get("time")
    names["time"] = _Time(milliseconds)
    try:
        yield
    finally:
        names["time"] = own


class _Time:
    """What a structure test knows as the module `time`."""

    def __init__(self, milliseconds: Callable[[], int]) -> None:
        self.time = lambda: milliseconds() / 1000


class AwaitedMethods:
    """ccxt's helpers of its structure tests, those that ask the exchange being awaited."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    async def fetch_best_bid_ask(self, exchange: Any, method: str, symbol: str) -> list[Any]:
        """The best bid and the best ask, from the order book."""
        book = await exchange.fetch_order_book(symbol)
        return [book["bids"][0][0], book["asks"][0][0]]

    async def fetch_order(self, exchange: Any, symbol: str, identity: str, skipped: Any) -> Any:
        """The order, asked for by its id."""
        return await exchange.fetch_order(identity, symbol)


@cache
def _module(name: str) -> Any:
    """A module of ccxt's, repaired where it is listed."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        pytest.skip(f"ccxt {ccxt.__version__} does not ship {name}")
    source = Path(spec.origin).read_text()
    for old, new in REPAIRS.get(name, []):
        source = source.replace(old, new)
    module: Any = ModuleType(name)
    module.__file__ = spec.origin
    vars(module).update(FORGOTTEN)
    exec(compile(LOG_LINES.sub(r"\1pass", source), spec.origin, "exec"), vars(module))
    if not name.startswith(PARTS):
        _put_repaired_parts_into(module)
    return module


def _put_repaired_parts_into(module: Any) -> None:
    for name in REPAIRS:
        package, _, part = name.rpartition(".")
        if package == PARTS and hasattr(module, part):
            setattr(module, part, getattr(_module(name), part))
    if module.__name__.startswith(ASYNCIO) and hasattr(module, "test_shared_methods"):
        module.test_shared_methods = AwaitedMethods(module.test_shared_methods)
