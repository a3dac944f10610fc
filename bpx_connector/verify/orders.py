"""The smallest resting orders, far from the market: placed, found, cancelled, and no longer found.

Nothing here is done unless somebody agreed to it. The order is post-only and so far below the market that
it cannot be filled while it rests; it is cancelled whatever happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any, NamedTuple

from bpx_connector.venue import payloads
from bpx_connector.verify.asking import CONTRADICTION, NEWS, TROUBLE, Asker, Finding, judged, understood
from bpx_connector.verify.facts import Answer
from bpx_connector.verify.questions import Question

__all__ = ["SmallestOrder", "checked_by_order", "smallest_order"]

SHARE = Decimal("0.7")
"""Of the last price: within the band that captures show (0.25 to 2), and far from where anybody trades."""
CLIENT_ID = 770_077
AT_LEAST = Decimal(1)
"""In the quote asset; the venue documents no least notional, and a smaller order may be refused for one."""


class SmallestOrder(NamedTuple):
    """What would be sent."""

    symbol: str
    quantity: Decimal
    price: Decimal

    @property
    def sentence(self) -> str:
        """The order in words."""
        cost = self.quantity * self.price
        what = f"post-only bid for {self.quantity:f} {self.symbol} at {self.price:f}"
        return f"{what}, {cost:f} in all, three times, each cancelled at once"


def smallest_order(market: Any, last: str) -> SmallestOrder:
    """The smallest order of a market (the venue's own row) that rests far below its last price."""
    filters = market["filters"]
    tick, step = Decimal(filters["price"]["tickSize"]), Decimal(filters["quantity"]["stepSize"])
    price = (Decimal(last) * SHARE / tick).to_integral_value(ROUND_DOWN) * tick
    wanted = max(Decimal(filters["quantity"]["minQuantity"]), AT_LEAST / price)
    return SmallestOrder(market["symbol"], (wanted / step).to_integral_value(ROUND_UP) * step, price)


def checked_by_order(asker: Asker, order: SmallestOrder) -> Iterator[Finding]:
    """What is otherwise than it should be in the life of the order, and of another with its client id."""
    placed = asker.ask(_placing(order), is_signed=True)
    yield from _judged(asker, _placing(order), placed)
    if placed.status != 200 or not isinstance(placed.body, dict):
        return
    identity = {"symbol": order.symbol, "orderId": str(placed.body.get("id"))}
    try:
        yield from _word(placed, "status", "New", "a resting order is New", "FACTS 7, captures")
        question = Question("order", "GET /api/v1/order", identity, payloads.OrderType)
        found = asker.ask(question, is_signed=True)
        yield from _judged(asker, question, found)
        yield from _word(
            found, "id", placed.body.get("id"), "an order is found by its id", "FACTS 7, OpenAPI"
        )
        yield from _more_orders(asker, order)
    finally:
        cancelled = asker.ask(_cancelling(identity), is_signed=True)
    yield from _judged(asker, _cancelling(identity), cancelled)
    if cancelled.status == 202:
        sentence = "cancelling answers what was cancelled"
        source = "FACTS 7, OpenAPI allows both"
        yield Finding(NEWS, cancelled.name, "", "it is 202 and nothing", sentence, source, "cancel_answers")
    if cancelled.status == 200:
        yield from _word(cancelled, "status", "Cancelled", "it is Cancelled then", "FACTS 7, captures")
    again = asker.ask(Question("order that is gone", "GET /api/v1/order", identity, None), is_signed=True)
    yield from _gone(again)
    yield from _gone_for_cancelling(asker.ask(_cancelling(identity), is_signed=True))


def _more_orders(asker: Asker, order: SmallestOrder) -> Iterator[Finding]:
    """One with the client id of the first, which is open, and one with a null in its body."""
    second = _placed_and_cancelled(asker, order, _placing(order))
    if second.status != 200:
        sentence, source = "an order may have the client id of one that is open", "no document"
        said = f"it is {second.status} {second.text[:80]!r}"
        yield Finding(NEWS, second.name, "", said, sentence, source, "repeated_client_ids")
    with_null = _placing(order)._replace(
        name="placement with a null", shape=None, facts=("null",), altered="null"
    )
    yield from judged(with_null, _placed_and_cancelled(asker, order, with_null))


def _placed_and_cancelled(asker: Asker, order: SmallestOrder, question: Question) -> Answer:
    placed = asker.ask(question, is_signed=True)
    if placed.status == 200 and isinstance(placed.body, dict):
        identity = {"symbol": order.symbol, "orderId": str(placed.body.get("id"))}
        asker.ask(_cancelling(identity), is_signed=True)
    return placed


def _judged(asker: Asker, question: Question, answer: Answer) -> Iterator[Finding]:
    yield from judged(question, answer)
    yield from understood(asker.exchange, question, answer)


def _cancelling(identity: dict[str, str]) -> Question:
    return Question("cancellation", "DELETE /api/v1/order", identity, payloads.OrderType, (), (200, 202))


def _placing(order: SmallestOrder) -> Question:
    body = {
        "symbol": order.symbol,
        "side": "Bid",
        "orderType": "Limit",
        "quantity": f"{order.quantity:f}",
        "price": f"{order.price:f}",
        "postOnly": True,
        "clientId": CLIENT_ID,
    }
    return Question("placement", "POST /api/v1/order", body, payloads.OrderType)


def _word(answer: Answer, field: str, expected: Any, fact: str, source: str) -> Iterator[Finding]:
    found = answer.body.get(field) if isinstance(answer.body, dict) else None
    if found != expected:
        yield Finding(CONTRADICTION, answer.name, field, f"is {found!r}", fact, source)


def _gone_for_cancelling(answer: Answer) -> Iterator[Finding]:
    code = answer.body.get("code") if isinstance(answer.body, dict) else None
    if (answer.status, code) != (400, "RESOURCE_NOT_FOUND"):
        sentence = "cancelling an order that is gone is 400 RESOURCE_NOT_FOUND"
        said = f"it is {answer.status} {answer.text[:80]!r}"
        yield Finding(NEWS, answer.name, "", said, sentence, "OpenAPI, builds differ", "order_not_found")


def _gone(answer: Answer) -> Iterator[Finding]:
    code = answer.body.get("code") if isinstance(answer.body, dict) else None
    if answer.status == 200:
        yield Finding(
            TROUBLE, answer.name, "", "it is still there: cancel it by hand", "it is cancelled", "FACTS 7"
        )
    elif (answer.status, code) not in ((404, "RESOURCE_NOT_FOUND"), (400, "INVALID_CLIENT_REQUEST")):
        yield Finding(
            CONTRADICTION,
            answer.name,
            "",
            f"it is {answer.status} {code}",
            "an order that is gone is 404 RESOURCE_NOT_FOUND, or 400 INVALID_CLIENT_REQUEST in older builds",
            "FACTS 4, OpenAPI and mocks",
        )
