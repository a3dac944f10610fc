"""Every status with every code and phrase, as the answer to what changes something: what callers are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache

from ccxt.base.errors import BaseError, ExchangeError, NetworkError, OperationFailed

from bpx_connector.venue.errors import CODES, MESSAGES, leaves_the_outcome_open
from tests.fuzz.calls import CALLS, Asked, name_of
from tests.fuzz.spoilt_answers import Report, acted
from tests.fuzz.venue import RAISED, answered_exchange, outcome_of, place_of, result_of

__all__ = ["STATUSES", "acting", "swept_statuses"]

STATUSES = (
    *(
        200,
        201,
        202,
        204,
        206,
        300,
        301,
        302,
        303,
        304,
        307,
        308,
        400,
        401,
        402,
        403,
        404,
        405,
        408,
        409,
        410,
    ),
    *(413, 418, 422, 425, 429, 451, 499, 500, 501, 502, 503, 504, 505, 507, 511, 520, 521, 522, 523, 524),
    *(525, 526, 527, 529, 530, 599),
)
PHRASES = ("", "Timeout", "not found", *(row.text for row in MESSAGES))
PLAIN = ("", "{}", "[]", "null", "text", "Order not found", "<html>Order not found</html>", '{"code":null}')
KEPT_OPEN = frozenset({name for name, kind in CODES.items() if issubclass(kind, OperationFailed)})


@cache
def acting() -> tuple[Asked, ...]:
    """The methods that change something."""
    found = []
    for asked in CALLS:
        exchange = answered_exchange()
        told = outcome_of(exchange, asked)
        if acted(exchange) and not told.startswith(RAISED):
            found.append(asked)
    return tuple(found)


def bodies() -> Iterator[str]:
    """Codes with phrases, and bodies that have neither."""
    yield from PLAIN
    for code in (*CODES, "SOMETHING_NEW"):
        for phrase in PHRASES:
            yield json.dumps({"code": code, "message": phrase})


def swept_statuses(asked: Asked, report: Report, chosen: Callable[[], bool] = lambda: True) -> None:
    """Answer what changes something with every status and body."""
    exchange = answered_exchange()
    outcome_of(exchange, asked)
    [operation, *_] = acted(exchange)
    for status in STATUSES:
        for body in bodies():
            if not chosen():
                continue
            report.counts["answers"] += 1
            exchange = answered_exchange()
            exchange.begin({operation: (status, body)})
            where = f"{name_of(asked)} {operation} {status} {body}"
            try:
                result_of(exchange, asked)
            except BaseError as error:
                _judge(report, where, status, body, error)
            except Exception as error:
                report.note("raw", f"{where}: {place_of(error)}")


def _judge(report: Report, where: str, status: int, body: str, error: BaseError) -> None:
    said = f"{where}: {type(error).__name__}: {str(error)[:160]}"
    if leaves_the_outcome_open(status) and isinstance(error, ExchangeError):
        report.note("refused", said)
    if status == 400 and _is_refusal(body) and isinstance(error, NetworkError):
        report.note("left open", said)


def _is_refusal(body: str) -> bool:
    """Whether a 400 with this body is the venue's certain refusal, and no question of time or budget."""
    told = json.loads(body) if body.startswith('{"code": "') else {}
    code, message = told.get("code"), told.get("message", "").lower()
    return code in CODES and code not in KEPT_OPEN and "expired" not in message and "timestamp" not in message
