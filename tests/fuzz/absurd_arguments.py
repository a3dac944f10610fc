"""Absurd arguments for every method: the right exception, with a sentence, before anything is sent."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ccxt.base.errors import BadResponse, BaseError, ExchangeError, NullResponse, OperationFailed

from bpx_connector.venue.endpoints import ENDPOINTS
from tests.fuzz.calls import Asked, name_of
from tests.fuzz.spoilt_answers import Report, acted
from tests.fuzz.venue import (
    Answered,
    AnsweredOnAsyncio,
    answered_exchange,
    answered_on_asyncio,
    place_of,
)

__all__ = ["ABSURD", "PARAMS", "absurd_calls", "swept_arguments", "swept_on_asyncio", "swept_watches"]


class Surprise:
    """An object that nobody expects."""

    def __repr__(self) -> str:
        return "<a surprise>"


def _arrays() -> tuple[Any, ...]:
    """What numpy has, where it is installed."""
    if find_spec("numpy") is None:
        return ()
    numpy = import_module("numpy")
    made = (numpy.int64(-5), numpy.float64("nan"), numpy.float32(1.5), numpy.bool_(True), numpy.array([1, 2]))
    return (*made, numpy.array(7), numpy.str_("abc"), numpy.datetime64("2026-01-01"))


ARRAYS = _arrays()

ABSURD: tuple[Any, ...] = (
    None, -1, 0, 1.5, True, False, "", " ", "abc", " 1 ", "1_000", "١٢", "²", "NaN", "inf", "0x10", "1e400",
    "-0", float("nan"), float("inf"), -float("inf"), 1e308, 10**400, -(10**400), b"x", bytearray(b"1"), [],
    {}, (), [None], [[]], [1], ["abc"], {"a": 1}, {1: 2}, {"SOL/USDC"}, Surprise(), Surprise, len, *ARRAYS,
    Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1E+999999"), Decimal("1E-999999"),
    Fraction(1, 3), 1j, datetime(2026, 1, 1, tzinfo=UTC), "x" * 10_000,
    "\ud800", "\x00", "SOL/USDC\n", "SOL/USDC\x00", range(3), iter([1]), ...,
)  # fmt: skip
"""What no argument should be, but for some of them here and there."""

PARAMS = (
    "recvWindow", "until", "paginate", "clientOrderId", "clientOrderIds", "clientId", "postOnly",
    "reduceOnly", "timeInForce", "triggerPrice", "triggerBy", "stopLossPrice", "takeProfitPrice", "stopLoss",
    "takeProfit", "cost", "trigger", "type", "subType", "network", "limit", "offset", "sortDirection",
    "selfTradePrevention", "price", "priceType", "method", "marketType", "hedged", "marginMode",
    "quoteOrderQty", "X-Window", "twoFactorToken",
)  # fmt: skip
"""Params that any method may be given."""


NESTED = {"stopLoss": {"triggerPrice": 80}, "takeProfit": {"triggerPrice": 110}}
"""Params with params of their own; what each may hold beside."""
PARTS = ("triggerPrice", "price", "type", "triggerBy", "priceType")

WATCH_PARAMS = ("interval", "name", "channel", "streams", "timeframe")
"""Params that a stream may be given."""


def parameters_of(kind: type, asked: Asked) -> dict[str, Any]:
    """Every parameter of the method with what it is given, or its default."""
    signature = inspect.signature(getattr(kind, asked.name))
    bound = signature.bind(None, *deepcopy(asked.args))
    bound.apply_defaults()
    given = dict(bound.arguments)
    del given["self"]
    return given


def params_of(asked: Asked, good: dict[str, Any]) -> list[str]:
    """The names that are worth spoiling: those of the operations that are asked, and the general ones."""
    if not hasattr(Answered, asked.name):
        return sorted({*PARAMS, *WATCH_PARAMS})
    exchange = answered_exchange()
    with suppress(BaseError):
        getattr(exchange, asked.name)(**deepcopy(good))
    named = {
        name for method, path in (one.split(" /") for one in exchange.asked) for name in _names(method, path)
    }
    return sorted({*PARAMS, *named})


def _names(method: str, path: str) -> frozenset[str]:
    row = ENDPOINTS[method, path]
    return row.parameters | row.newer


def absurd_calls(asked: Asked, kind: type = Answered) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is absurd, and all arguments of the call."""
    good = parameters_of(kind, asked)
    names = params_of(asked, good) if "params" in good else []
    for name, given in good.items():
        for words, value in _spoilt(name, given, names):
            yield words, {**good, name: value}
    for name in names:
        for words, value in _spoilt(f"params[{name}]", None, ()):
            yield words, {**good, "params": {**good["params"], name: value}}
    for outer, inner in NESTED.items() if asked.name in ("create_order", "edit_order") else ():
        for part in PARTS:
            for words, value in _spoilt(f"params[{outer}][{part}]", None, ()):
                yield words, {**good, "params": {**good["params"], outer: {**inner, part: value}}}


def _spoilt(name: str, given: Any, params: Collection[str]) -> Iterator[tuple[str, Any]]:
    """An argument replaced by all that is absurd; of a list its first entry too, of a row each field."""
    for value in ABSURD:
        yield f"{name}={_short(value)}", value
    if isinstance(given, list) and given:
        first, rest = given[0], given[1:]
        for words, value in _spoilt(f"{name}[0]", first, params):
            yield words, [value, *rest]
    elif isinstance(given, dict) and name.endswith("]"):
        for key in {**given, "params": {}}:
            for words, value in _spoilt(f"{name}[{key}]", None, ()):
                yield words, {**given, key: value}
        for key in params:
            for words, value in _spoilt(f"{name}[params][{key}]", None, ()):
                yield words, {**given, "params": {**given.get("params", {}), key: value}}


def _short(value: Any) -> str:
    text = (
        f"{type(value).__name__} {str(value)[:30]!r}"
        if not isinstance(value, int) or abs(value) < 10**9
        else "huge"
    )
    return text if not isinstance(value, float) else repr(value)


WRONG = (BadResponse, OperationFailed)
"""What no argument is answered with: the venue's answer was in order, and so was the way to it."""


@contextmanager
def judged(report: Report, where: str, sent: Callable[[], Collection[Any]]) -> Iterator[None]:
    """One call: its exception has to be of the right kind, a sentence, and come before anything was sent."""
    report.counts["calls"] += 1
    try:
        yield
    except NullResponse:
        pass  # an id that nothing has
    except WRONG as error:
        report.note("wrong kind", f"{where}: {type(error).__name__}: {str(error)[:200]}")
    except ExchangeError as error:
        if sent():
            report.note("sent", f"{where}: {sent()}: {type(error).__name__}: {str(error)[:160]}")
        if " " not in str(error):
            report.note("no sentence", f"{where}: {type(error).__name__}: {str(error)[:100]}")
    except Exception as error:
        report.note("raw", f"{where}: {place_of(error)}")


def swept_arguments(asked: Asked, report: Report, chosen: Callable[[], bool] = lambda: True) -> None:
    """Call one method of the blocking class with absurd arguments."""
    exchange = answered_exchange()
    for words, arguments in absurd_calls(asked):
        if chosen():
            exchange.begin()
            with judged(report, f"{name_of(asked)}({words})", partial(acted, exchange)):
                getattr(exchange, asked.name)(**arguments)


def swept_on_asyncio(asked: Asked, report: Report, chosen: Callable[[], bool] = lambda: True) -> None:
    """Call one method of the asyncio class with absurd arguments."""
    asyncio.run(_swept_on_asyncio(asked, report, chosen))


async def _swept_on_asyncio(asked: Asked, report: Report, chosen: Callable[[], bool]) -> None:
    exchange = answered_on_asyncio()
    with _unheard(report, asked):
        for words, arguments in absurd_calls(asked, AnsweredOnAsyncio):
            if chosen():
                exchange.begin()
                with judged(report, f"{name_of(asked)}({words}) on asyncio", partial(acted, exchange)):
                    await getattr(exchange, asked.name)(**arguments)
    await exchange.close()


def swept_watches(asked: Asked, report: Report, chosen: Callable[[], bool] = lambda: True) -> None:
    """Call one method that watches, or ends it: it is refused before anything is sent, or begins to wait."""
    asyncio.run(_swept_watches(asked, report, chosen))


async def _swept_watches(asked: Asked, report: Report, chosen: Callable[[], bool]) -> None:
    exchange = answered_on_asyncio()
    with _unheard(report, asked), exchange.use_source(exchange):
        for words, arguments in absurd_calls(asked, AnsweredOnAsyncio):
            if chosen():
                exchange.begin()
                with judged(report, f"{name_of(asked)}({words})", lambda: [*acted(exchange), *exchange.sent]):
                    await _begun(getattr(exchange, asked.name)(**arguments))
        await exchange.close()


TURNS = 12
"""How often everybody else is let do something before a call that goes on is said to wait."""


async def _begun(call: Coroutine[Any, Any, Any]) -> None:
    """A call as far as it comes without the venue saying anything."""
    calling = asyncio.ensure_future(call)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    if not calling.done():
        calling.cancel()
    with suppress(asyncio.CancelledError):
        await calling


@contextmanager
def _unheard(report: Report, asked: Asked) -> Iterator[None]:
    """What tasks that nobody waits for end in counts as well."""
    loop = asyncio.get_running_loop()

    def noted(_: Any, context: dict[str, Any]) -> None:
        report.note("unheard", f"{name_of(asked)}: {context.get('exception') or context['message']!r}")

    loop.set_exception_handler(noted)
    yield
