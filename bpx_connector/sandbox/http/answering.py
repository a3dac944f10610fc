"""From an HTTP request to an answer: find the operation, check, verify, answer, in this order.

Every operation of the venue has an answer. Those that nothing here stands behind say so with the venue's
own code, NOT_IMPLEMENTED, after the same checks as all others.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.http.budgets import Budgets
from bpx_connector.sandbox.http.calls import Answer, Call
from bpx_connector.sandbox.http.context import Context
from bpx_connector.sandbox.http.private import PRIVATE
from bpx_connector.sandbox.http.public import PUBLIC
from bpx_connector.sandbox.http.schema import (
    Operation,
    PlainRefusal,
    body_fields,
    operation_for,
    query_fields,
)
from bpx_connector.sandbox.http.signatures import credentials, verify
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = ["HANDLERS", "Request", "answer", "encoded"]

log = logging.getLogger(__name__)

HANDLERS: Final = PUBLIC | PRIVATE
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


def answer(context: Context, request: Request, budgets: Budgets | None = None) -> Answer:
    """The answer to a request, whatever comes: refusals are answers too."""
    try:
        return _answer(context, request, budgets)
    except PlainRefusal as refusal:
        return Answer.of_text(refusal.text, refusal.status)
    except Refusal as refusal:
        return Answer({"code": refusal.code, "message": refusal.message}, refusal.status)
    except Exception:
        log.exception("The sandbox failed on %s %s", request.method, request.path)
        return Answer({"code": "SERVER_ERROR", "message": "Internal server error"}, 500)


def _answer(context: Context, request: Request, budgets: Budgets | None) -> Answer:
    operation = operation_for(request.method, request.path)
    headers = {name.upper(): value for name, value in (request.headers or {}).items()}
    now = context.clock.now()
    if budgets is not None and not budgets.allows(headers.get("X-API-KEY", request.remote), operation, now):
        raise Refusal(429, "TOO_MANY_REQUESTS", "Too many requests")
    query = query_fields(operation, request.query)
    content_type = headers.get("CONTENT-TYPE", "").partition(";")[0].strip().lower()
    bodies = body_fields(operation, content_type, request.body, context.exchange.rules)
    signer = _signer(context, operation, headers, [fields.texts for fields in [query, *bodies]])
    handler = HANDLERS.get(f"{operation.method} {operation.path}")
    if handler is None:
        raise Refusal(400, "NOT_IMPLEMENTED", "Not implemented")
    return handler(Call(context, operation, query.values, [fields.values for fields in bodies], now, signer))


def _signer(
    context: Context, operation: Operation, headers: Mapping[str, str], texts: list[dict[str, str]]
) -> Account | None:
    """The account that signed the request; None for operations without an instruction."""
    if operation.instruction is None:
        return None
    query, *bodies = texts
    given = credentials(headers, or_session=operation.access == "signed or session")
    payloads = bodies if operation.takes_list else [query, *bodies][-1:]
    key = verify(given, operation.instruction, payloads, context.clock.moments())
    return context.account(key)


def encoded(body: Any) -> bytes:
    """A body as the venue writes it: compact JSON."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
