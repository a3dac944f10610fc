"""From an HTTP request to an answer: find the operation, check, verify, answer, in this order.

Every operation of the venue has an answer. Those that nothing here stands behind say so with the venue's
own code, NOT_IMPLEMENTED, after the same checks as all others.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.budgets import Budgets
from bpx_connector.sandbox.http.calls import Call
from bpx_connector.sandbox.http.context import Context
from bpx_connector.sandbox.http.delays import DELAYS
from bpx_connector.sandbox.http.lending import LENDING
from bpx_connector.sandbox.http.predictions import PREDICTIONS
from bpx_connector.sandbox.http.private import PRIVATE
from bpx_connector.sandbox.http.public import PUBLIC, candles_asked
from bpx_connector.sandbox.http.rfqs import RFQS
from bpx_connector.sandbox.http.schema import (
    ACCOUNT_READS,
    Fields,
    Operation,
    PlainRefusal,
    body_fields,
    operation_for,
    query_fields,
)
from bpx_connector.sandbox.http.signatures import credentials, verify
from bpx_connector.sandbox.http.stocks import STOCKS
from bpx_connector.sandbox.http.strategies import STRATEGIES
from bpx_connector.sandbox.http.terms import TERMS
from bpx_connector.sandbox.http.vaults import VAULTS
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.switches import Switches

__all__ = ["HANDLERS", "Request", "answer", "encoded", "operation_name", "preparation", "speed_bump"]

log = logging.getLogger(__name__)

TAKER_SPEED_BUMP: Final = 0.1
MISSED_BY_404: Final = frozenset({"/wapi/v1/capital/withdrawals/delay"})
"""What is changed by PATCH and lists 404 all the same."""
UNKNOWN: Final = "unknown"
"""What requests for no operation are counted as."""

HANDLERS: Final = (
    PUBLIC | PRIVATE | LENDING | RFQS | STRATEGIES | VAULTS | DELAYS | STOCKS | TERMS | PREDICTIONS
)
"""The operations that are built."""


@dataclass(frozen=True)
class Request:
    """What an HTTP request says, apart from how it came. Header names are matched in any case."""

    method: str
    path: str
    query: Iterable[tuple[str, str]] = ()
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    remote: str = ""
    signer: str | None = None
    """Whose request it is where the sandbox itself vouches for it: its page has no secrets to sign with."""


def answer(context: Context, request: Request, budgets: Budgets | None = None) -> Answer:
    """The answer to a request, whatever comes: refusals are answers too."""
    try:
        return _answer(context, request, budgets)
    except PlainRefusal as refusal:
        return Answer.of_text(refusal.text, refusal.status)
    except Refusal as refusal:
        body = {"code": refusal.code, "message": refusal.message}
        is_told = refusal.status == 429 and context.exchange.switches.retry_after
        headers = {"Retry-After": "60"} if is_told else {}
        return Answer(body, _listed_status(context, request, refusal), headers)
    except Exception:
        log.exception("The sandbox failed on %s %s", request.method, request.path)
        return Answer({"code": "SERVER_ERROR", "message": "Internal server error"}, 500)


def _listed_status(context: Context, request: Request, refusal: Refusal) -> int:
    """The status of a refusal: the OpenAPI lists 404 where something is read, and not where it is done."""
    is_done = request.method != "GET" and request.path not in MISSED_BY_404
    if refusal.status == 404 and is_done and context.exchange.switches.order_not_found == "documented":
        return 400
    return refusal.status


def operation_name(request: Request) -> str:
    """Method and path of the operation that is asked for; one name for all that are none."""
    name = f"{request.method} {request.path}"
    return name if name in HANDLERS else UNKNOWN


def preparation(context: Context, request: Request) -> Iterator[None]:
    """What has to be worked out before an answer, in steps between which others may have their turn.

    Only candles of long ranges take long: months of single minutes are summed up once and kept.
    """
    if request.path != "/api/v1/klines" or request.method != "GET":
        return
    try:
        query = query_fields(operation_for("GET", request.path), request.query).values
    except PlainRefusal:
        return
    if context.is_listed(query["symbol"]):
        yield from context.history.prepare(candles_asked(query, context.clock.now()))


def speed_bump(context: Context, request: Request) -> float:
    """How many seconds an order is held back: "100 ms on every order without postOnly", or not at all."""
    is_order = request.method == "POST" and request.path in ("/api/v1/order", "/api/v1/orders")
    if not is_order or not context.exchange.switches.taker_speed_bump:
        return 0
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return 0
    orders = body if isinstance(body, list) else [body]
    takes = any(not (isinstance(order, dict) and order.get("postOnly") is True) for order in orders)
    return TAKER_SPEED_BUMP if takes else 0


def _answer(context: Context, request: Request, budgets: Budgets | None) -> Answer:
    is_cached = context.exchange.switches.cached_answers and request.method == "GET"
    if not is_cached:
        return _fresh_answer(context, request, budgets)
    now, asked = context.clock.now(), (request.path, tuple(request.query))
    kept = context.cached.find(asked, now)
    return kept or context.cached.keep(asked, _fresh_answer(context, request, budgets), now)


def _fresh_answer(context: Context, request: Request, budgets: Budgets | None) -> Answer:
    operation = operation_for(request.method, request.path)
    headers = {name.upper(): value for name, value in (request.headers or {}).items()}
    now = context.clock.now()
    if budgets is not None:
        _count(context, budgets, headers.get("X-API-KEY", request.remote), operation)
    if context.status.status == "Maintenance" and operation.method != "GET":
        raise Refusal(503, "MAINTENANCE", context.status.message or "System is under maintenance")
    query = query_fields(operation, request.query)
    content_type = headers.get("CONTENT-TYPE", "").partition(";")[0].strip().lower()
    bodies = body_fields(operation, content_type, request.body, context.exchange.rules)
    key = request.signer if operation.instruction is not None else None
    texts = [_signed_texts(context.exchange.switches, fields) for fields in [query, *bodies]]
    key = key or _signed_by(context, operation, headers, texts)
    if key is not None and _is_nobody(context, operation, key):
        return Answer({})
    signer = None if key is None else context.account(key)
    handler = HANDLERS.get(f"{operation.method} {operation.path}")
    if handler is None:
        raise Refusal(400, "NOT_IMPLEMENTED", "Not implemented")
    return handler(Call(context, operation, query.values, [fields.values for fields in bodies], now, signer))


def _signed_texts(switches: Switches, fields: Fields) -> dict[str, str]:
    """What of a request's parameters is signed, by the switches that say how."""
    firsts = fields.firsts if switches.repeated_parameters == "first" else {}
    nulls = fields.nulls if switches.signed_nulls == "written" else {}
    return {**fields.texts, **firsts, **nulls}


def _signed_by(
    context: Context, operation: Operation, headers: Mapping[str, str], texts: list[dict[str, str]]
) -> str | None:
    """The key that signed the request; None for operations without an instruction."""
    if operation.instruction is None:
        return None
    query, *bodies = texts
    given = credentials(headers, or_session=operation.access == "signed or session")
    payloads = bodies if operation.takes_list else [query, *bodies][-1:]
    switches = context.exchange.switches
    moments, cuts_windows = context.clock.moments(), switches.long_windows == "cut"
    try:
        key = verify(given, operation.instruction, payloads, moments, cuts_windows=cuts_windows)
    except Refusal as refusal:
        if switches.bad_signature == "400":
            raise
        raise Refusal(401, "INVALID_SIGNATURE", refusal.message) from refusal
    if switches.repeated_signatures == "refuse" and context.has_seen(given.signature):
        raise Refusal(400, "INVALID_CLIENT_REQUEST", "Invalid signature")
    return key


def _count(context: Context, budgets: Budgets, caller: str, operation: Operation) -> None:
    """Take a request into the caller's budgets, or refuse it."""
    switches = context.exchange.switches
    is_strict = switches.history_budget == "historical"
    if not budgets.allows(caller, operation, context.clock.now(), is_strict=is_strict):
        raise Refusal(429, "TOO_MANY_REQUESTS", "Too many requests")


def _is_nobody(context: Context, operation: Operation, key: str) -> bool:
    """Whether an account is read that does not exist: "200 with {} on account calls", seen on the venue."""
    is_read = operation.method == "GET" and operation.path in ACCOUNT_READS
    return is_read and context.knows_not(key) and context.exchange.switches.unknown_key == "empty"


def encoded(body: Any) -> bytes:
    """A body as the venue writes it: compact JSON."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
