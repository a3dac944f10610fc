"""Absurd arguments for every method: the right exception, with a sentence, before anything is sent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ccxt.base.errors import BadResponse, BaseError, ExchangeError, NullResponse, OperationFailed

from bpx_connector.venue.endpoints import ENDPOINTS
from tests.fuzz.calls import Asked, name_of
from tests.fuzz.spoilt_answers import Report
from tests.fuzz.venue import Answered, answered_exchange, place_of

__all__ = ["ABSURD", "PARAMS", "absurd_calls", "swept_arguments"]


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


def parameters_of(asked: Asked) -> dict[str, Any]:
    """Every parameter of the method with what it is given, or its default."""
    signature = inspect.signature(getattr(Answered, asked.name))
    bound = signature.bind(None, *deepcopy(asked.args))
    bound.apply_defaults()
    given = dict(bound.arguments)
    del given["self"]
    return given


def params_of(exchange: Answered) -> list[str]:
    """The names that are worth spoiling: those of the operations that were asked, and the general ones."""
    named = {
        name for method, path in (one.split(" /") for one in exchange.asked) for name in _names(method, path)
    }
    return sorted({*PARAMS, *named})


def _names(method: str, path: str) -> frozenset[str]:
    row = ENDPOINTS[method, path]
    return row.parameters | row.newer


def absurd_calls(asked: Asked) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is absurd, and all arguments of the call."""
    good = parameters_of(asked)
    exchange = answered_exchange()
    with suppress(BaseError):
        getattr(exchange, asked.name)(**deepcopy(good))
    for name in good:
        for value in ABSURD:
            yield f"{name}={_short(value)}", {**good, name: value}
        for value in ABSURD if isinstance(good[name], list) and good[name] else ():
            yield f"{name}[0]={_short(value)}", {**good, name: [value, *good[name][1:]]}
            if isinstance(good[name][0], dict):
                for key in good[name][0]:
                    yield f"{name}[0][{key}]={_short(value)}", {**good, name: [{**good[name][0], key: value}]}
    if "params" in good:
        for name in params_of(exchange):
            for value in ABSURD:
                yield f"params[{name}]={_short(value)}", {**good, "params": {**good["params"], name: value}}


def _short(value: Any) -> str:
    text = (
        f"{type(value).__name__} {str(value)[:30]!r}"
        if not isinstance(value, int) or abs(value) < 10**9
        else "huge"
    )
    return text if not isinstance(value, float) else repr(value)


WRONG = (BadResponse, OperationFailed)
"""What no argument is answered with: the venue's answer was in order, and so was the way to it."""


def swept_arguments(
    asked: Asked, report: Report, chosen: Callable[[], bool] = lambda: True, on_success: Any = None
) -> None:
    """Call one method with absurd arguments."""
    exchange = answered_exchange()
    for words, arguments in absurd_calls(asked):
        if not chosen():
            continue
        report.counts["calls"] += 1
        where = f"{name_of(asked)}({words})"
        exchange.begin()
        try:
            getattr(exchange, asked.name)(**arguments)
            if on_success:
                on_success(where, arguments)
        except NullResponse:
            pass  # an id that nothing has
        except WRONG as error:
            report.note("wrong kind", f"{where}: {type(error).__name__}: {str(error)[:200]}")
        except ExchangeError as error:
            acted = [one for one in exchange.asked if not one.startswith("GET")]
            if acted:
                report.note("sent", f"{where}: {acted}: {type(error).__name__}: {str(error)[:160]}")
            if " " not in str(error):
                report.note("no sentence", f"{where}: {type(error).__name__}: {str(error)[:100]}")
        except Exception as error:
            report.note("raw", f"{where}: {place_of(error)}")
