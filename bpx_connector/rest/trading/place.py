"""Orders are placed here.

An order that may have reached the venue is never sent a second time and never called failed: trouble on the
way is a NetworkError, and only the venue's own word is a refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccxt.base.errors import (
    ArgumentsRequired,
    BadRequest,
    DuplicateOrderId,
    ExchangeError,
    NetworkError,
)
from ccxt.base.types import Order

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.orders.stops import asked_as
from bpx_connector.parse.trading.orders import refused_order, understood_order
from bpx_connector.rest.asking.enquiries import Sent, is_open_question, with_words
from bpx_connector.rest.asking.wanted import Before, wanted_of
from bpx_connector.rest.convert.rfq_orders import RfqOrders, is_rfq
from bpx_connector.rest.guards.guarding import GuardedOrders, is_refused
from bpx_connector.rest.guards.passed_stops import PassedStops
from bpx_connector.rest.trading.answers import answered_order, answered_results
from bpx_connector.rest.trading.outcome import Outcomes
from bpx_connector.rest.trading.request import CALL_PARAMS, order_request
from bpx_connector.venue.description import ORDERS_PER_BATCH
from bpx_connector.venue.endpoints import ENDPOINTS
from bpx_connector.venue.errors import NOTHING_SENT, OutcomeUnknown

__all__ = ["CREATE_ORDER", "PlacedOrders"]

CREATE_ORDER = ENDPOINTS["POST", "api/v1/order"]

ERR = "Err"
NOT_PLACED = "NOT_PLACED"
"""Our own word in the place of a refusal's code: the venue never took the order, it was lost on the way."""


class PlacedOrders(RfqOrders, Outcomes, GuardedOrders, PassedStops):
    """Placing orders."""

    @flow
    def create_order(
        self,
        symbol: str,
        type: Any,
        side: Any,
        amount: Any,
        price: Any = None,
        params: Params = {},
    ) -> Flow[Order]:
        """The order as it stands after matching: resting, filled or expired.

        https://docs.backpack.exchange/#tag/Order/operation/execute_order

        `type` is limit or market; stop, stop_limit and stop_market are the same with a trigger price. The
        amount is cut off at the market's step and the price rounded to its tick. Beside ccxt's usual
        `params`: `cost` (market orders, instead of the amount), `triggerPriceType` last, mark or index,
        `triggerQuantity` (also a share of the position, "80%"), `stopLoss` and `takeProfit` as {triggerPrice,
        price, triggerPriceType}, `selfTradePrevention` EXPIRE_TAKER, EXPIRE_MAKER or EXPIRE_BOTH,
        `slippageTolerance` with `slippageToleranceType` TickSize or Percent (market orders), and for spot
        margin `autoLend`, `autoLendRedeem`, `autoBorrow`, `autoBorrowRepay`. `clientOrderId` is a number
        below 2**32. On a market for requests for quotes, AAPL.US.RFQ/USDC, it is a request that the first
        quote at the price or better fills.
        """
        if is_rfq(symbol):
            rfq: Order = yield from self._placed_rfq(symbol, type, side, amount, price, params)
            return rfq
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        request = order_request(market, type, side, amount, price, params)
        called = asked_as(params)
        if "triggerPrice" in request:
            yield from self._refuse_passed([request], [params])
        told = yield from self._placed(request, called)
        seen = self._remembered(told, is_own=True, asked=called)
        order: Order = self.parse_order(seen, market)
        return order

    def _placed(self, request: Payload, called: tuple[str, ...] = ()) -> Flow[Payload]:
        """The order that was placed; if its answer is lost it is found out what became of it."""
        older = self._ids_known([request])
        request, sent = self._named(request, called), self._sent_now(request)
        return (yield from self._told(request, sent, older, self._answer_of(CREATE_ORDER, request)))

    def _told(self, request: Payload, sent: Sent, older: Before, answering: Flow[Any]) -> Flow[Payload]:
        """What the venue says of an order that is being sent, also where its answer is lost."""
        call = f"{self.id} createOrder()"
        try:
            return understood_order(answered_order(call, (yield from answering)))
        except NetworkError as error:
            if not (is_open_question(error) and self._longest_enquiry()):
                raise
            failure = error
        [wanted] = wanted_of([request], sent, older)
        return (yield from self._outcome(call, failure, wanted))

    @flow
    def create_market_order_with_cost(
        self, symbol: str, side: Any, cost: Any, params: Params = {}
    ) -> Flow[Order]:
        """A market order that spends or earns about that much of the quote currency.

        https://docs.backpack.exchange/#tag/Order/operation/execute_order
        """
        order: Order = yield self.create_order(symbol, "market", side, None, None, {**params, "cost": cost})
        return order

    @flow
    def create_market_buy_order_with_cost(self, symbol: str, cost: Any, params: Params = {}) -> Flow[Order]:
        """A market order that spends that much of the quote currency."""
        order: Order = yield self.create_market_order_with_cost(symbol, "buy", cost, params)
        return order

    @flow
    def create_market_sell_order_with_cost(self, symbol: str, cost: Any, params: Params = {}) -> Flow[Order]:
        """A market order that earns about that much of the quote currency."""
        order: Order = yield self.create_market_order_with_cost(symbol, "sell", cost, params)
        return order

    def set_take_profit_and_stop_loss_params(  # ccxt's own, which writes into the params it is given
        self,
        symbol: str,
        type: Any,
        side: Any,
        amount: Any,
        price: Any = None,
        takeProfit: Any = None,  # noqa: N803  ccxt's names
        stopLoss: Any = None,  # noqa: N803
        params: Params = {},
    ) -> Any:
        """ccxt's params for an order with a take profit and a stop loss attached."""
        return super().set_take_profit_and_stop_loss_params(
            symbol, type, side, amount, price, takeProfit, stopLoss, dict(params)
        )

    @flow
    def create_orders(self, orders: Sequence[Any], params: Params = {}) -> Flow[list[Order]]:
        """The orders of one batch, in the order given, each as it stands after matching.

        https://docs.backpack.exchange/#tag/Order/operation/execute_order_batch

        At most 50. If one of them breaks a rule of its market, or two have one client id, none is sent. An
        order that the venue refuses stays in its place with status 'rejected' and the refusal ({code,
        message}) as `info`; the others are not touched by it. If the answer is lost every order is looked
        for by its client id: one that was certainly not placed is 'rejected', one of which nothing is known
        has status None. `params` are those of every order.
        """
        if self.markets is None:
            yield self.load_markets()
        asked = self._batch(orders, params)
        said = [{**params, **(order.get("params") or {})} for order in orders]
        yield from self._refuse_passed(asked, said)
        called = list(map(asked_as, said))
        older, requests = self._ids_known(asked), list(map(self._named, asked, called))
        results = yield from self._results(requests, older)
        return [
            self._order_of_batch(result, request, words)
            for result, request, words in zip(results, requests, called, strict=True)
        ]

    def _results(self, requests: list[Payload], older: Before) -> Flow[list[Payload]]:
        """What became of each order of a batch, also where the answer does not tell."""
        call, sent = f"{self.id} createOrders()", self._sent_now()
        failure: NetworkError | None = None
        results: list[Payload] = [{"operation": "Err", "code": "TIMEOUT", "message": ""}] * len(requests)
        try:
            answers = yield self.private_post_api_v1_orders(requests)
            results = answered_results(call, answers, len(requests))
        except NetworkError as error:
            if not (is_open_question(error) and self._longest_enquiry()):
                raise
            failure = error
        unsure = [one for one, result in zip(requests, results, strict=True) if _is_unsure(result)]
        if not unsure or not self._longest_enquiry():
            return results
        found, absent = yield from self._all_found_out(wanted_of(unsure, sent, older))
        if failure is not None and not found:
            raise _nothing_found(call, failure, requests, absent) from failure
        return [
            _settled(result, request, found, absent) if _is_unsure(result) else result
            for result, request in zip(results, requests, strict=True)
        ]

    def _batch(self, orders: Sequence[Any], params: Params) -> list[Payload]:
        if not isinstance(orders, list | tuple):
            raise BadRequest(f"{self.id} createOrders() orders has to be a list, not {orders!r}")
        if not orders:
            raise ArgumentsRequired(f"{self.id} createOrders() needs at least one order")
        if len(orders) > ORDERS_PER_BATCH:
            raise BadRequest(
                f"{self.id} createOrders() was given {len(orders)} orders; a batch takes {ORDERS_PER_BATCH}"
            )
        requests = [self._request_of_batch(place, order, params) for place, order in enumerate(orders)]
        given = [request["clientId"] for request in requests if "clientId" in request]
        if len(set(given)) < len(given):
            twice = next(each for each in given if given.count(each) > 1)
            raise DuplicateOrderId(
                f"{self.id} createOrders() two orders of the batch have the clientOrderId {twice}; each has "
                f"its own, in its params, or none; {NOTHING_SENT}"
            )
        return requests

    def _request_of_batch(self, place: int, order: Any, params: Params) -> Payload:
        if not isinstance(order, dict) or not order.get("symbol"):
            raise BadRequest(
                f"{self.id} createOrders() orders[{place}] has to be a dict with symbol, type, side, amount"
            )
        try:
            request = order_request(
                self.market(order["symbol"]),
                order.get("type"),
                order.get("side"),
                order.get("amount"),
                order.get("price"),
                {**params, **self._params_in_batch(place, order)},
            )
        except ExchangeError as error:
            raise error.__class__(f"orders[{place}]: {error}") from error
        if not request.keys().isdisjoint(CALL_PARAMS):
            raise BadRequest(f"{self.id} createOrders() takes recvWindow from options, not with an order")
        return request

    def _params_in_batch(self, place: int, order: Params) -> Params:
        params = order.get("params") or {}
        if not isinstance(params, dict):
            raise BadRequest(
                f"{self.id} createOrders() orders[{place}] params has to be a dict, not {params!r}"
            )
        return params

    def _order_of_batch(self, answer: Payload, request: Payload, asked: tuple[str, ...]) -> Order:
        if answer.get("operation") != ERR:
            told = understood_order(answer)
            order: Order = self.parse_order(self._remembered(told, is_own=True, asked=asked))
            return order
        # Only a refusal is the end of an order; after a timeout it may well be on the book.
        status = None if _is_unsure(answer) else "rejected"
        refused: Any = refused_order(
            request, answer, status, self.safe_symbol(request["symbol"]), self.number
        )
        parsed: Order = refused
        return parsed


def _is_unsure(result: Payload) -> bool:
    """Whether this result of a batch leaves open what became of the order."""
    is_known = result.get("operation") != ERR or result.get("code") == NOT_PLACED
    return not is_known and not is_refused(result)


def _settled(result: Payload, request: Payload, found: dict[int, Payload], absent: frozenset[int]) -> Payload:
    """A result that left open what became of the order, with what has been found out."""
    client_id = request["clientId"]
    if client_id in found:
        return found[client_id]
    if client_id in absent:
        return {"operation": ERR, "code": NOT_PLACED, "message": "the order never reached the venue"}
    return {**result, "message": f"not known; resolve_order({client_id}, ...) asks again"}


def _nothing_found(
    call: str, failure: NetworkError, requests: list[Payload], absent: frozenset[int]
) -> NetworkError:
    ids = ", ".join(str(request["clientId"]) for request in requests)
    if len(absent) == len(requests):
        return with_words(failure, f"none of the {len(requests)} orders was placed; client ids {ids}")
    return OutcomeUnknown(
        f"{failure}; {call} the outcome is not known: orders with the client ids {ids} may have been placed. "
        "resolve_order(client_id, symbol) asks again"
    )
