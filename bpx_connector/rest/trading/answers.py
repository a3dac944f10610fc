"""What the venue has answered to an order or a cancellation, if it has answered.

A success that does not say which order it is about leaves open what happened: it is never an order without an
id, and never "no orders".
"""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import ExchangeNotAvailable

from bpx_connector.aliases import Payload

__all__ = ["NOTHING_SAID", "answered_order", "answered_orders", "answered_results"]

NOTHING_SAID: tuple[Any, ...] = (None, "", b"")
"""What ccxt makes of an empty body. The venue accepts a cancellation so (202) that it has not yet done."""

LONGEST_TEXT_QUOTED = 200


def answered_order(call: str, answer: Any) -> Payload:
    """The order that an answer holds."""
    if not _is_order(answer):
        raise _unknown(call, answer, "an order")
    order: Payload = answer
    return order


def answered_orders(call: str, answer: Any) -> list[Payload]:
    """The orders that an answer holds; there may be none."""
    if not isinstance(answer, list) or not all(map(_is_order, answer)):
        raise _unknown(call, answer, "a list of orders")
    return answer


def answered_results(call: str, answer: Any, count: int) -> list[Payload]:
    """What became of each order of a batch."""
    if not isinstance(answer, list) or len(answer) != count or not all(map(_is_result, answer)):
        raise _unknown(call, answer, f"{count} results")
    return answer


def _is_order(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("id"), str) and bool(answer["id"])


def _is_result(answer: Any) -> bool:
    return _is_order(answer) or (isinstance(answer, dict) and answer.get("operation") == "Err")


def _unknown(call: str, answer: Any, expected: str) -> ExchangeNotAvailable:
    return ExchangeNotAvailable(
        f"{call} was answered with {repr(answer)[:LONGEST_TEXT_QUOTED]} instead of {expected}; "
        "whether the venue acted on it is not known"
    )
