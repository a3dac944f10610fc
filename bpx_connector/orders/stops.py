"""A stop carries what it sold: which order a fired trigger order has placed, and what that makes of it. Pure.

A trigger order waits; when its price comes, the venue places what it asked for. In captures that has another
id than the trigger order, and its first event names none (FACTS: "In captures the fired order has another id
than its trigger order (same size and price)"; "the orderAccepted of a fired trigger order has no `I`");
elsewhere it keeps its id, or one of the two names the other. A program knows its stop by the stop's id, so
under that id come status, executed quantities and fills of the order that was fired. Two orders belong
together if the venue says so (`relatedOrderId`), by the client's id, or, where it says nothing, if they are
alike and the one was created right when the other fired. As long as none is known, a stop that has fired is
open: what it sold is not known, and 'closed' with nothing filled would be read as a stop that sold nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bpx_connector.aliases import Payload
from bpx_connector.orders.life import ZERO, figure_of

__all__ = [
    "CALLED",
    "DIRECTIONS",
    "MARKING",
    "NOT_KNOWN_YET",
    "REST_OF",
    "as_asked",
    "asked_as",
    "belongs_to",
    "fired_order",
    "fires_upward",
    "has_fired",
    "is_alike",
    "is_cut",
    "is_passed",
    "is_stop",
    "told_by",
    "with_outcome",
]

WITHIN = 2_000
"""Milliseconds from the trigger to the order that it fires: one engine does both."""

NOT_KNOWN_YET = "the trigger has fired; which order it has placed is not known yet"


ASKED = {"stopLossPrice": "stopLossTriggerPrice", "takeProfitPrice": "takeProfitTriggerPrice"}
"""ccxt's two names for the trigger price of a stop of one's own, and the venue's for such prices."""

CALLED = {word: name for name, word in ASKED.items()}


def asked_as(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Which of the venue's names a caller has called the trigger price of a stop by.

    The venue keeps one trigger price, whatever it was called. Programs compare what they asked for with what
    they are told, and place a stop anew that has lost its stopLossPrice.
    """
    return tuple(word for name, word in ASKED.items() if params.get(name) is not None) if params else ()


FIRES_UPWARD = {
    ("stopLossTriggerPrice", "Ask"): False,
    ("stopLossTriggerPrice", "Bid"): True,
    ("takeProfitTriggerPrice", "Ask"): True,
    ("takeProfitTriggerPrice", "Bid"): False,
}
"""Whether a stop of that name and side waits for a price that is higher than the market's."""


DIRECTIONS = {
    "ascending": True, "above": True, "up": True, "descending": False, "below": False, "down": False,
}  # fmt: skip
"""ccxt's words for the direction of a trigger: whether the price has to rise to it."""


def fires_upward(params: Mapping[str, Any], side: Any) -> bool | None:
    """Whether a caller means the price to rise to the trigger of a stop; None where nothing says so."""
    direction = params.get("triggerDirection")
    if direction is not None:
        return DIRECTIONS.get(str(direction).lower())
    called = asked_as(params)
    return FIRES_UPWARD.get((called[0], str(side))) if len(called) == 1 else None


def is_passed(request: Mapping[str, Any], is_upward: bool, price: Decimal) -> bool:
    """Whether the market, at this price, is beyond the trigger of a stop already.

    The venue has one trigger price and no word for its direction: a stop loss below which the market has
    fallen would wait for the market to rise, and sell as a take profit does.
    """
    trigger = figure_of(request.get("triggerPrice"))
    return price > trigger if is_upward else price < trigger


MARKING = 4_093
"""A prime: of the numbers that others make up, one in two thousand bears a mark by chance."""

MARKS: dict[int, tuple[str, ...]] = {
    1_201: ("stopLossTriggerPrice",),
    2_402: ("takeProfitTriggerPrice",),
}
"""What a client id of ours leaves as the rest of its division by MARKING, where it names a stop."""

REST_OF: dict[tuple[str, ...], int] = {words: rest for rest, words in MARKS.items()}


def told_by(client_id: object) -> tuple[str, ...]:
    """By which names the trigger price of a stop was called when it was placed, as its client id tells.

    The venue gives back a client id wherever it tells of an order, so that a program that was started again
    finds its stop's stopLossPrice.
    """
    text = str(client_id)
    return MARKS.get(int(text) % MARKING, ()) if text.isascii() and text.isdigit() and len(text) < 11 else ()


def as_asked(order: Payload, words: tuple[str, ...]) -> Payload:
    """The order with its trigger price under the names that the caller has used too."""
    trigger = order.get("triggerPrice")
    return order if not words or trigger is None else {**order, **dict.fromkeys(words, trigger)}


def is_stop(order: Mapping[str, Any]) -> bool:
    """Whether an order waits, or has waited, for a trigger of its own."""
    return order.get("triggerPrice") is not None


def has_fired(order: Mapping[str, Any]) -> bool:
    """Whether what became of an order is told by another one: its trigger has come, and it has no fills."""
    if not is_stop(order) or order.get("status") not in ("Triggered", "Filled"):
        return False
    try:
        return not figure_of(order.get("executedQuantity"))
    except ValueError:
        return False


def belongs_to(stop: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    """Whether the venue says that this order was placed by that stop."""
    if is_stop(order) or not _is_same_kind(stop, order):
        return False
    if order.get("relatedOrderId") is not None and order["relatedOrderId"] == stop["id"]:
        return True
    if stop.get("relatedOrderId") is not None and stop["relatedOrderId"] == order["id"]:
        return not _was_before(order, stop)  # else it is the order that the stop protects
    return _is_named_so(stop, order) and _is_same_size(stop, order) and not _was_before(order, stop)


def is_alike(stop: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    """Whether an order is what a stop asked for, by market, side, type, size and price."""
    if is_stop(order) or not _is_same_kind(stop, order) or not _is_same_size(stop, order):
        return False
    return _is_same_order(stop, order)


def is_cut(stop: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    """Whether an order is what a stop asked for, cut to the position that it only reduces.

    The history does not tell whether it does. A smaller order says less than one of the same size: it has to
    bear the stop's client id, or come when the stop fires.
    """
    if is_stop(order) or not _is_same_kind(stop, order) or stop.get("reduceOnly") is False:
        return False
    if not _is_smaller(order.get("quantity"), _size(stop)) or not _is_same_order(stop, order):
        return False
    moment = _milliseconds(stop.get("triggeredAt"))
    comes_then = _is_named_so(stop, order) if moment is None else _comes_within(moment, order)
    return comes_then and not _was_before(order, stop)


def _is_named_so(stop: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    """Whether an order bears a stop's client id."""
    client_id = stop.get("clientId")
    return client_id is not None and str(order.get("clientId")) == str(client_id)


def _comes_within(moment: int, order: Mapping[str, Any]) -> bool:
    """Whether an order was created when a trigger came."""
    return 0 <= _created(order) - moment <= WITHIN


def _is_same_order(stop: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    """Whether an order is of a stop's type and price, and no other stop's."""
    if order.get("relatedOrderId") not in (None, stop["id"]) or _kind(stop) != _kind(order):
        return False
    price = stop.get("price")
    return _kind(stop) == "MARKET" or price is None or _is_equal(price, order.get("price"))


def fired_order(
    stop: Mapping[str, Any], orders: Iterable[Payload], is_own: Callable[[str], bool] = lambda identity: False
) -> Payload | None:
    """Of these orders the one that a fired stop has placed, or None.

    Without a word of the venue it is the first that is alike and was created within two seconds of the
    trigger. Where the trigger's moment is not said either (the history has no field for it) it is the first
    alike that was created after the stop; of a stop for a share of the position only if there is no other.
    Orders that a program has placed itself (`is_own`) are none of these.
    """
    others = [order for order in orders if order.get("id") not in (None, stop.get("id"))]
    named = [order for order in others if belongs_to(stop, order)]
    if named:
        return max(named, key=_created)
    alike = [order for order in others if is_alike(stop, order) and not is_own(order["id"])]
    moment = _milliseconds(stop.get("triggeredAt"))
    if moment is not None:
        alike = [order for order in alike if _comes_within(moment, order)]
    elif _is_share(stop) and len(alike) != 1:
        return None
    after = [order for order in alike if not _was_before(order, stop)]
    if after:
        return min(after, key=_created)
    cut = [order for order in others if is_cut(stop, order) and not is_own(order["id"])]
    return cut[0] if len(cut) == 1 else None


def _is_share(stop: Mapping[str, Any]) -> bool:
    return str(stop.get("triggerQuantity") or "").endswith("%")


def with_outcome(stop: Payload, fired: Payload | None) -> Payload:
    """A stop that has fired in the words of one order: its own, and what became of what it placed."""
    if fired is None:
        return {**stop, "status": "Triggered", "note": NOT_KNOWN_YET}
    outcome = {key: fired[key] for key in OUTCOME if fired.get(key) is not None}
    return {**stop, **outcome, "triggerOrder": stop, "firedOrder": fired}


OUTCOME = ("status", "quantity", "executedQuantity", "executedQuoteQuantity", "expiryReason")


def _is_same_kind(stop: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    return order.get("symbol") == stop.get("symbol") and order.get("side") == stop.get("side")


def _is_same_size(stop: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    """A share of the position ("80%") says nothing of the size."""
    size = _size(stop)
    return size is None or str(size).endswith("%") or _is_equal(size, order.get("quantity"))


def _size(stop: Mapping[str, Any]) -> Any:
    return stop.get("triggerQuantity") or stop.get("quantity")


def _is_smaller(one: Any, other: Any) -> bool:
    try:
        return one is not None and ZERO < figure_of(one) < figure_of(other)
    except ValueError:
        return False


def _is_equal(one: Any, other: Any) -> bool:
    try:
        return other is not None and figure_of(one) == figure_of(other)
    except ValueError:
        return False


def _kind(order: Mapping[str, Any]) -> str:
    return str(order.get("orderType")).upper()  # REST writes Limit, the stream LIMIT


def _was_before(order: Mapping[str, Any], stop: Mapping[str, Any]) -> bool:
    created = _milliseconds(order.get("createdAt"))
    placed = _milliseconds(stop.get("createdAt"))
    return created is not None and placed is not None and created < placed


def _created(order: Mapping[str, Any]) -> int:
    return _milliseconds(order.get("createdAt")) or 0


def _milliseconds(moment: Any) -> int | None:
    """A moment of the venue: milliseconds, or zoneless text in UTC."""
    if isinstance(moment, int):
        return moment
    if not isinstance(moment, str):
        return None
    try:
        return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None
