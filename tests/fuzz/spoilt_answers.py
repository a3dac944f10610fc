"""Every field of every answer, spoilt in turn: what comes of it, and what it leaves behind."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
from ccxt.base.errors import BaseError

from bpx_connector.parse.numbers import EARLIEST, LATEST
from tests.fuzz.calls import Asked, name_of
from tests.fuzz.good_answers import good_answer
from tests.fuzz.venue import Answered, answered_exchange, result_of

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


def spoilt_answers(operation: str) -> Iterator[tuple[str, str]]:
    """What was spoilt, and the body."""
    for body in BODIES:
        yield f"body {body!r}", body
    good = good_answer(operation)
    if isinstance(good, list):
        for more in ODD_ROWS:
            yield f"one more row {more!r}", as_json([*good, more])
            yield f"a first row {more!r}", as_json([more, *good])
    if not isinstance(good, list | dict):
        return
    for path in places(good):
        for value in SPOILT:
            if value is MISSING and isinstance(path[-1], int):
                continue
            yield f"{'.'.join(map(str, path))} = {str(value)[:40]!r}", as_json(spoil(good, path, value))


def oddities(result: Any, name: str = "") -> Iterator[str]:
    """What no result may hold: figures that are none, times that cannot be. `info` is the venue's own."""
    if isinstance(result, dict):
        for key, value in result.items():
            if key != "info":
                yield from oddities(value, str(key))
    elif isinstance(result, list | tuple):
        for value in result:
            yield from oddities(value, name)
    elif isinstance(result, float | Decimal):
        if not math.isfinite(result):
            yield f"{name} is {result}"
    elif isinstance(result, int) and not isinstance(result, bool) and abs(result) > 10**26:
        yield f"{name} is {str(result)[:30]}"
    if name.lower().endswith("timestamp") and not isinstance(result, dict | list | tuple):
        is_time = isinstance(result, int) and not isinstance(result, bool) and EARLIEST <= result < LATEST
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
    right = _told(exchange, asked)
    operations = list(exchange.asked)
    for operation in operations:
        for words, body in spoilt_answers(operation):
            if not chosen():
                continue
            report.counts["answers"] += 1
            where = f"{name_of(asked)} {operation} {words}"
            exchange.begin({operation: (200, body)})
            try:
                report.counts["results"] += 1
                for oddity in oddities(result_of(exchange, asked)):
                    report.note("odd", f"{where}: {oddity}")
            except BaseError:
                pass
            except Exception as error:
                report.note("raw", f"{where}: {place_of(error)}")
            exchange.begin()
            again = _told(exchange, asked)
            if again != right:
                report.note("mark", f"{where}: {difference(right, again)}")
                exchange = answered_exchange(number)
                _told(exchange, asked)


def _told(exchange: Answered, asked: Asked) -> str:
    try:
        return str(result_of(exchange, asked))
    except BaseError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"RAW {place_of(error)}"


def place_of(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace else None
    at = f"{code.co_filename.rpartition('bpx_connector/')[2]}:{trace.tb_lineno}" if code and trace else "?"
    return f"{type(error).__name__} at {at}: {str(error)[:120]}"


def difference(right: str, again: str) -> str:
    """Where two texts begin to differ."""
    at = next((place for place, pair in enumerate(zip(right, again, strict=False)) if len(set(pair)) > 1), 0)
    return f"...{right[max(at - 40, 0) : at + 40]!r} became {again[max(at - 40, 0) : at + 40]!r}"
