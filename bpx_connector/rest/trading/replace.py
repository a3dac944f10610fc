"""An order takes the place of another one: the venue cannot amend, so the old one is cancelled first.

The two are never alive together, and nothing is placed unless the end of the old one is certain.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ccxt.base.errors import (
    BaseError,
    ExchangeError,
    InvalidOrder,
    NetworkError,
    OperationFailed,
    OrderNotFound,
)
from ccxt.base.types import Order

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.orders.life import EXACT, executed_of, is_open
from bpx_connector.orders.stops import has_fired
from bpx_connector.parse.numbers import plain
from bpx_connector.parse.trading.orders import amount_asked, understood_order
from bpx_connector.rest.asking.arguments import client_id_of
from bpx_connector.rest.asking.enquiries import is_certainly_absent, is_open_question, with_words
from bpx_connector.rest.guards.guarding import GuardedOrders
from bpx_connector.rest.guards.passed_stops import PassedStops
from bpx_connector.rest.trading.answers import NOTHING_SAID, answered_order
from bpx_connector.rest.trading.find import reference_of
from bpx_connector.rest.trading.outcome import Outcomes
from bpx_connector.rest.trading.request import order_request
from bpx_connector.venue.words import ORDER_STATUS, SIDE

__all__ = ["ReplacedOrders"]

# How long edit_order waits for a cancellation that was accepted but not done: milliseconds, one by one.
CONFIRMATION_PAUSES = (100, 200, 400, 800, 1600)


class ReplacedOrders(Outcomes, GuardedOrders, PassedStops):
    """Replacing orders."""

    @flow
    def edit_order(
        self,
        id: str,
        symbol: str,
        type: Any,
        side: Any,
        amount: Any = None,
        price: Any = None,
        params: Params = {},
    ) -> Flow[Order]:
        """The order that has taken the place of another one.

        https://docs.backpack.exchange/#tag/Order/operation/cancel_order

        The venue cannot amend: the old order is cancelled, its end confirmed, then the new one placed; the
        two are never alive together. `amount` is what both are to trade in all: what the old one had filled
        by its end is left out of the new one. Without an amount or a price the old order's holds; so do, on
        its side, its trigger, the stops attached to it, `reduceOnly`, and of a limit order `postOnly` or
        `timeInForce`, unless params say otherwise. If the old order was filled meanwhile it is an
        InvalidOrder, if its end cannot be confirmed an OperationFailed, and in either case nothing is placed.
        A new order that breaks a rule is refused before the old one is touched. With an empty id
        `clientOrderId` names the old order, and the new one keeps it (or takes `newClientOrderId`); with an
        id it is the new order's.
        """
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        reference, rest = _edited(self.id, id, params)
        if amount is None or (price is None and str(type).lower() != "market"):
            old = yield from self._found_order("editOrder", reference, symbol, {})
            amount = amount_asked(old) if amount is None else amount
            price = old.get("price") if price is None else price
            self._remembered(old)
        asked = order_request(market, type, side, amount, price, rest)
        self._refuse_what_could_not_be_placed(asked)
        yield from self._refuse_passed([asked], [rest])
        yield from self._refuse_by_guards("api/v1/order", asked, instead_of=reference)
        ended = yield from self._confirmed_cancellation(reference, market)
        amount = self._left_to_trade(ended, amount)
        self._check_what_is_kept(ended, market, rest)
        rest = {
            **_kept(self._known_orders().furthest(ended), str(type).lower(), str(side).lower(), rest),
            **rest,
        }
        try:
            placed: Order = yield self.create_order(symbol, type, side, amount, price, rest)
        except BaseError as error:
            is_certain = isinstance(error, ExchangeError) or is_certainly_absent(error)
            outcome = "and nothing took its place" if is_certain else "its replacement may have been placed"
            raise with_words(error, f"order {ended['id']} was cancelled, {outcome}") from error
        return placed

    def _check_what_is_kept(self, ended: Payload, market: Any, said: Params) -> None:
        """OperationFailed where nobody says whether the old order only reduced a position.

        The history, which is asked where the answer to the cancellation is lost, has no word for it, and an
        order that opens a position in the place of one that closes it is the worst that can be placed.
        """
        record = self._known_orders().get(ended["id"])
        is_told = "reduceOnly" in ended or (record is not None and "reduceOnly" in record.order)
        if not is_told and market["contract"] and said.get("reduceOnly") is None:
            raise OperationFailed(
                f"{self.id} editOrder() order {ended['id']} was cancelled, and it is not known whether it "
                "was reduceOnly: nothing was placed; say params['reduceOnly']"
            )

    def _refuse_what_could_not_be_placed(self, request: Payload) -> None:
        """Raise whatever sending this order would raise here: once the old order is gone it is too late."""
        self.sign("api/v1/order", ["private"], "POST", request)

    def _confirmed_cancellation(self, reference: Payload, market: Any) -> Flow[Payload]:
        """The order as it ended, if this cancellation was its end."""
        call, sent = f"{self.id} editOrder()", self._sent_now()
        meant = self._meant(reference, market["id"])
        ended: Payload = {}
        try:
            answer = yield self.private_delete_api_v1_order({**reference, "symbol": market["id"]})
            if answer not in NOTHING_SAID:
                ended = understood_order(answered_order(call, answer))
        except OrderNotFound as error:
            return (yield from self._gone(reference, market, error))
        except NetworkError as error:
            if not (is_open_question(error) and self._longest_enquiry()):
                raise
            try:
                ended = yield from self._end_after(call, error, meant, sent)
            except OrderNotFound:
                return (yield from self._gone(reference, market, error))
            except NetworkError as unclear:
                raise with_words(unclear, "nothing was placed") from error
            if has_fired(ended):
                return (yield from self._gone(reference, market, error))
        if not ended or is_open(ended):
            ended = yield from self._ended_order(reference, market)
        self._remembered(ended)
        if ORDER_STATUS.get(ended.get("status") or "") != "canceled":
            raise self._cannot_replace(ended)
        if ended.get("executedQuantity") is None:
            raise OperationFailed(
                f"{self.id} editOrder() order {ended['id']} was cancelled, but how much of it was filled is "
                "not known; nothing was placed"
            )
        return ended

    def _gone(self, reference: Payload, market: Any, error: BaseError) -> Flow[Payload]:
        """What takes the place of an order that had ended before: what a stop has placed, or nothing does."""
        found = yield from self._found_order("editOrder", reference, market["symbol"], {})
        fired = found.get("firedOrder")
        if fired is not None and fired["id"] != reference.get("orderId") and is_open(fired):
            return (yield from self._confirmed_cancellation({"orderId": fired["id"]}, market))
        raise self._cannot_replace(found) from error

    def _cannot_replace(self, order: Payload) -> InvalidOrder:
        word = order.get("status")
        status = ORDER_STATUS.get(word, word) if word else "in an unknown state"
        return InvalidOrder(
            f"{self.id} editOrder() could not replace order {order['id']}: it is {status} with "
            f"{order.get('executedQuantity')} filled; nothing was placed"
        )

    def _ended_order(self, reference: Payload, market: Any) -> Flow[Payload]:
        for pause in CONFIRMATION_PAUSES:
            yield self.sleep(pause)
            try:
                order = yield from self._found_order("editOrder", reference, market["symbol"], {})
            except OrderNotFound:
                continue  # off the book, and the history does not have it yet
            if not is_open(order):
                return order
        raise OperationFailed(
            f"{self.id} editOrder() the cancellation of {reference} was accepted, but the order did not end "
            f"within {sum(CONFIRMATION_PAUSES) / 1000} s; nothing was placed"
        )

    def _left_to_trade(self, ended: Payload, amount: Any) -> Any:
        filled = executed_of(ended)
        if not filled or (isinstance(amount, str) and amount.endswith("%")):
            return amount
        left = EXACT.subtract(Decimal(str(amount)), filled)
        if left <= 0:
            raise InvalidOrder(
                f"{self.id} editOrder() order {ended['id']} had filled {plain(filled)} of {amount} when it "
                "was cancelled; nothing was placed"
            )
        return left


ATTACHED = {
    word: tuple(f"{word}{fact}" for fact in ("TriggerPrice", "LimitPrice", "TriggerBy"))
    for word in ("stopLoss", "takeProfit")
}
TRIGGERS = {"triggerPrice", "stopPrice", "stopLossPrice", "takeProfitPrice", "triggerPriceType", "triggerBy"}


def _kept(ended: Payload, kind: str, side: str, said: Params) -> Params:
    """What the new order has of the old one, as nobody has said otherwise; of one on the other side nothing.

    Without its trigger a stop of another amount would sell at once; an order that is to rest would take.
    """
    told = ended.get("side")
    if not isinstance(told, str) or SIDE.get(told) != side:
        return {}
    kept: Params = {"reduceOnly": True} if ended.get("reduceOnly") and "reduceOnly" not in said else {}
    if kind == "limit" and said.keys().isdisjoint({"postOnly", "timeInForce"}):
        kept |= {"postOnly": True} if ended.get("postOnly") else {}
        kept |= {"timeInForce": word} if (word := ended.get("timeInForce")) in ("IOC", "FOK") else {}
    if ended.get("triggerPrice") is not None:
        return kept | (_trigger(ended) if said.keys().isdisjoint(TRIGGERS) else {})
    for word, names in ATTACHED.items():
        if ended.get(names[0]) is not None and said.keys().isdisjoint({word, *names}):
            kept |= {name: ended[name] for name in names if ended.get(name) is not None}
    return kept


def _trigger(stop: Payload) -> Params:
    """The trigger of a stop, under the name that its caller has used where that is known."""
    words = [word for word in ATTACHED if stop.get(f"{word}TriggerPrice") is not None]
    name = f"{words[0]}Price" if words else "triggerPrice"
    by = {} if stop.get("triggerBy") is None else {"triggerBy": stop["triggerBy"]}
    return {name: stop["triggerPrice"], **by}


def _edited(exchange_id: str, order_id: str, params: Params) -> tuple[Payload, Params]:
    """Which order is replaced, and the params of the one that replaces it."""
    rest = dict(params)
    new_client_id = rest.pop("newClientOrderId", None)
    if order_id:
        reference: Payload = {"orderId": str(order_id)}
    else:
        reference, _ = reference_of(exchange_id, "editOrder", order_id, params)
    if new_client_id is not None:
        rest.pop("clientId", None)
        rest["clientOrderId"] = client_id_of(new_client_id)
    return reference, rest
