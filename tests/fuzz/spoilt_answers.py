"""Every field of every answer, spoilt in turn: what comes of it, and what it leaves behind."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
from ccxt.base.errors import BadResponse, BaseError

from bpx_connector.parse.numbers import EARLIEST, LATEST
from tests.fuzz.calls import Asked, name_of
from tests.fuzz.good_answers import good_answer
from tests.fuzz.venue import (
    RAISED,
    Answered,
    AnsweredOnAsyncio,
    answered_exchange,
    outcome_of,
    place_of,
    result_of,
)

__all__ = [
    "BODIES",
    "MISSING",
    "SPOILT",
    "Report",
    "oddities",
    "place_of",
    "places",
    "spoil",
    "spoilt_answers",
    "swept",
]

MISSING = "(missing)"
HUGE = 10**400

SPOILT: tuple[Any, ...] = (
    None, "", " ", "abc", "N/A", "NaN", "Infinity", "-Infinity", "1e400", "1E-400", "-1", "0", "0E-8",
    "1_000", " 1 ", "١٢", "9" * 60, "2026", "2026-13-45T99:99:99", "9999-12-31T23:59:59.999999",
    0, -1, 1, 7.5, 1e308, 10**27, HUGE, True, False,
    [], {}, [None], [[]], [1], {"a": 1}, "\x00", "\ud800", "x" * 5000,
    MISSING,
)  # fmt: skip
"""What stands in a field that is spoilt."""

BODIES = (
    "null", "[]", "{}", "[null]", "[[]]", "[1]", "[{}]", '{"a":1}', '"text"', "1", "1e400", "true", "NaN", "",
    " ", "text", "<html></html>", "{", "[[1,2]", "\ufeff{}", '{"code":1}', '{"code":null,"message":null}',
)  # fmt: skip
"""What stands where the whole answer is spoilt."""

AS_THEY_ARE = frozenset(
    {
        "fetch_account_settings",
        "fetch_fee_tiers",
        "fetch_prediction_tags",
        "fetch_securities",
        "fetch_venue_wallets",
        "update_account_settings",
    }
)
"""Methods that give the venue's own answer, as it is."""

OF_ONE = frozenset(
    {
        "fetch_ledger_entry",
        "close_all_positions",
        "close_position",
        "fetch_convert_trade",
        "lend",
        "redeem_lent",
    }
)
"""Methods that want one row, and do not know it in the spoilt one that comes before it."""

BELIEVED = ("executedQuantity = '1'", "executedQuantity = '7.5'")
"""What could be true: an order may have been filled that far, and never goes back."""

ONE_MORE, A_FIRST = "one more row", "a first row"
ODD_VALUES: tuple[Any, ...] = (None, [], {}, "abc", "1e400", MISSING)
ODD_ROWS: tuple[Any, ...] = (None, [], {}, 1, "text", [None])

ROWS = 1
"""How many rows of a list are spoilt."""


def places(answer: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be spoilt: rows, and their fields; of lists the first."""
    if path:
        yield path
    if isinstance(answer, dict):
        for name, value in list(answer.items())[:60]:
            yield from places(value, (*path, name))
    elif isinstance(answer, list):
        for place, value in enumerate(answer[:ROWS]):
            yield from places(value, (*path, place))


def spoil(answer: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The answer with something else in that place."""
    if not path:
        return value
    changed = deepcopy(answer)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = deepcopy(value)
    return changed


def as_json(value: Any) -> str:
    """JSON as a venue may write it: figures of any size too."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{as_json(str(key))}:{as_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_json, value)) + "]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode() if value.isprintable() else _escaped(value)
    return (
        str(value)
        if isinstance(value, int) and not isinstance(value, bool)
        else msgspec.json.encode(value).decode()
    )


def _escaped(text: str) -> str:
    return json.dumps(text)


def spoilt_answers(operation: str) -> Iterator[tuple[str, Callable[[], str]]]:
    """What is spoilt, and what makes the body."""
    for body in BODIES:
        yield f"body {body!r}", partial(str, body)
    good = good_answer(operation)
    if isinstance(good, list):
        yield from _with_odd_rows(good)
    if not isinstance(good, list | dict):
        return
    for path in places(good):
        for value in SPOILT:
            if value is not MISSING or not isinstance(path[-1], int):
                words = f"{'.'.join(map(str, path))} = {str(value)[:40]!r}"
                yield words, partial(_spoilt_body, good, path, value)


def _spoilt_body(good: Any, path: tuple[Any, ...], value: Any) -> str:
    return as_json(spoil(good, path, value))


def _with_odd_rows(good: list[Any]) -> Iterator[tuple[str, Callable[[], str]]]:
    for more in ODD_ROWS:
        yield f"{ONE_MORE} {more!r}", partial(as_json, [*good, more])
        yield f"{A_FIRST} {more!r}", partial(as_json, [more, *good])
    for name in list(good[0]) if good and isinstance(good[0], dict) else ():
        for value in ODD_VALUES:
            spoilt = spoil(good[0], (name,), value)
            yield f"{A_FIRST} with {name} = {value!r}", partial(as_json, [spoilt, *good])


def oddities(result: Any, name: str = "", earliest: int = EARLIEST) -> Iterator[str]:
    """What no result may hold: figures that are none, times that cannot be. `info` is the venue's own."""
    if isinstance(result, dict):
        for key, value in result.items():
            if key != "info":
                yield from oddities(value, str(key), earliest)
    elif isinstance(result, list | tuple):
        for value in result:
            yield from oddities(value, name, earliest)
    elif isinstance(result, float | Decimal):
        if not math.isfinite(result):
            yield f"{name} is {result}"
    elif isinstance(result, int) and not isinstance(result, bool) and abs(result) > 10**26:
        yield f"{name} is {str(result)[:30]}"
    if name.lower().endswith("timestamp") and not isinstance(result, dict | list | tuple):
        is_time = isinstance(result, int) and not isinstance(result, bool) and earliest <= result < LATEST
        if result is not None and not is_time:
            yield f"{name} is {str(result)[:30]}"


@dataclass
class Report:
    """What has come of spoilt answers."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def note(self, kind: str, text: str) -> None:
        """Count one fault."""
        self.counts[kind] += 1
        self.faults.append(f"{kind}: {text}")


def swept(
    asked: Asked, report: Report, chosen: Callable[[], bool] = lambda: True, number: Any = float
) -> None:
    """Call one method with spoilt answers to each of the operations that it asks."""
    exchange = answered_exchange(number)
    right = outcome_of(exchange, asked)
    operations, is_readable = list(exchange.asked), not right.startswith(RAISED)
    for operation in operations:
        for words, body_of in spoilt_answers(operation):
            if not chosen():
                continue
            body = body_of()
            report.counts["answers"] += 1
            where = f"{name_of(asked)} {operation} {words}"
            exchange.begin({operation: (200, body)})
            try:
                report.counts["results"] += 1
                result = result_of(exchange, asked)
                for oddity in () if asked.name in AS_THEY_ARE else oddities(result):
                    report.note("odd", f"{where}: {oddity}")
            except BaseError as error:
                is_list = is_readable and operation.startswith("GET") and asked.name not in OF_ONE
                if is_list and words.startswith((ONE_MORE, A_FIRST)):
                    report.note("taken along", f"{where}: {type(error).__name__}: {str(error)[:160]}")
                if isinstance(error, BadResponse) and acted(exchange):
                    report.note("refused", f"{where}: {type(error).__name__}: {str(error)[:160]}")
            except Exception as error:
                report.note("raw", f"{where}: {place_of(error)}")
            exchange.begin()
            again = outcome_of(exchange, asked)
            if again != right:
                if not words.endswith(BELIEVED):
                    report.note("mark", f"{where}: {difference(right, again)}")
                exchange = answered_exchange(number)
                outcome_of(exchange, asked)


def acted(exchange: Answered | AnsweredOnAsyncio) -> list[str]:
    """What was sent that changes something: what became of it cannot be "certainly refused" afterwards."""
    return [operation for operation in exchange.asked if not operation.startswith("GET")]


def difference(right: str, again: str) -> str:
    """Where two texts begin to differ."""
    at = next((place for place, pair in enumerate(zip(right, again, strict=False)) if len(set(pair)) > 1), 0)
    return f"...{right[max(at - 40, 0) : at + 40]!r} became {again[max(at - 40, 0) : at + 40]!r}"
