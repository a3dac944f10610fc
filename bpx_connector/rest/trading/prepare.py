"""Orders that are signed beforehand, so that only sending is left when the moment comes; and rehearsed ones.

A prepared order is what `create_order` would send, with its signature: the venue takes it until its
recvWindow has passed, 5 seconds after it was prepared, or up to 60 with `params["recvWindow"]`. It is sent
once, and never when it has expired. Of the way from a price to the wire it saves a third.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import msgspec
from ccxt.base.errors import InvalidOrder, NotSupported
from ccxt.base.types import Order

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow, is_ours
from bpx_connector.orders.log import OrderLog
from bpx_connector.orders.stops import asked_as
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.trading.orders import understood_order
from bpx_connector.rest.asking.enquiries import Sent
from bpx_connector.rest.convert.rfq_orders import is_rfq
from bpx_connector.rest.trading.place import CREATE_ORDER, PlacedOrders
from bpx_connector.rest.trading.request import order_request
from bpx_connector.venue.errors import NOTHING_SENT

__all__ = ["PreparedOrder", "PreparedOrders"]


class Prepared(NamedTuple):
    """An order as it was signed."""

    market: Any
    request: Payload
    signed: Payload
    sent: Sent
    """When it was signed, which is when its recvWindow began."""

    asked: tuple[str, ...]


class PreparedOrder:
    """An order that is signed and has not been sent."""

    __slots__ = ("_is_sent", "_send", "client_order_id", "symbol", "valid_until")

    def __init__(self, symbol: str, client_order_id: str, valid_until: int, send: Callable[[], Any]) -> None:
        self.symbol = symbol
        self.client_order_id = client_order_id
        """What the order can be found by, whatever becomes of it."""
        self.valid_until = valid_until
        """Milliseconds by the venue's clock until which it can be sent."""
        self._send = send
        self._is_sent = False

    @property
    def is_sent(self) -> bool:
        """Whether it is on its way, or was."""
        return self._is_sent

    def send(self) -> Any:
        """The order as it stands after matching, as `create_order` gives it (on asyncio to be awaited).

        InvalidOrder, before anything is sent, if it has expired or was sent before.
        """
        if self._is_sent:
            raise InvalidOrder(
                f"the prepared order {self!r} was sent before; prepare_order() makes another; {NOTHING_SENT}"
            )
        self._is_sent = True
        return self._send()

    def __repr__(self) -> str:
        return f"<PreparedOrder {self.symbol} with client id {self.client_order_id}>"

    def __reduce__(self) -> Any:
        raise TypeError("a prepared order holds a signature and is not pickled")


class PreparedOrders(PlacedOrders):
    """Preparing orders."""

    @flow
    def prepare_order(
        self, symbol: str, type: Any, side: Any, amount: Any, price: Any = None, params: Params = {}
    ) -> Flow[PreparedOrder]:
        """The order that `create_order` would send for these arguments, signed; its `send()` sends it, once.

        https://docs.backpack.exchange/#tag/Order/operation/execute_order

        It can be sent until `valid_until`, the end of its `recvWindow`; an expired one is an InvalidOrder
        before anything is sent. What becomes of it is found out as for `create_order`. Where `guards` or
        `cancelOnClose` is set in `options`, or a program has replaced `request`, `fetch2` or the implicit
        method, it is sent by way of these, and signed anew.
        """
        if is_rfq(symbol):
            raise NotSupported(f"{self.id} prepareOrder() is for order books; a request for quotes has none")
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        called = asked_as(params)
        self._checked_addresses()
        request = order_request(market, type, side, amount, price, params)
        if "triggerPrice" in request:
            yield from self._refuse_passed([request], [params])
        request = self._named(request, called)
        sent = self._sent_now(request)
        signed = self.sign(CREATE_ORDER.path, CREATE_ORDER.api, CREATE_ORDER.method, request)
        stamp = int(signed["headers"].get("X-Timestamp", sent.stamp))
        window = int(signed["headers"].get("X-Window", sent.window))
        sent = sent._replace(stamp=stamp, recv_window=window)
        prepared = Prepared(market, request, signed, sent, called)
        return PreparedOrder(
            market["symbol"],
            str(request["clientId"]),
            sent.stamp + sent.window,
            partial(self._send_prepared, prepared),
        )

    @flow
    def _send_prepared(self, prepared: Prepared) -> Flow[Order]:
        older = self._ids_known([prepared.request])
        answering = self._answer_to(prepared)
        told = yield from self._told(prepared.request, prepared.sent, older, answering)
        seen = self._remembered(told, is_own=True, asked=prepared.asked)
        order: Order = self.parse_order(seen, prepared.market)
        return order

    def _answer_to(self, prepared: Prepared) -> Flow[Any]:
        self._refuse_if_expired(prepared)
        if not self._goes_directly(CREATE_ORDER):
            implicit = getattr(self, str(CREATE_ORDER.name))
            return (yield implicit(prepared.request))
        if self.enableRateLimit:
            left = prepared.sent.stamp + prepared.sent.window - self.nonce()
            yield from self._turn_of(CREATE_ORDER, left)
            self._refuse_if_expired(prepared)
        signed = prepared.signed
        self.set_last_rest_request_timestamp()
        self.set_last_request(signed)
        return (yield self.fetch(signed["url"], signed["method"], signed["headers"], signed["body"]))

    def _refuse_if_expired(self, prepared: Prepared) -> None:
        sent, now = prepared.sent, self.nonce()
        if now > sent.stamp + sent.window:
            raise InvalidOrder(
                f"{self.id} the prepared order in {prepared.market['symbol']} has expired: it was signed "
                f"{now - sent.stamp} ms ago for a recvWindow of {sent.window} ms; prepare_order() makes "
                f"another; {NOTHING_SENT}"
            )

    # --- rehearsing ----------------------------------------------------------------------------------------

    def rehearse_order(self) -> None:
        """Go the way of an order, from its arguments to its signature and from an answer to ccxt's order;
        nothing is sent, and nothing is remembered of it.

        A processor forgets what it has not done for some milliseconds: an order after a second of idleness
        leaves four times as late as one among many. Done each 10 milliseconds, as `options["keepWarm"]` has
        it done on asyncio, this takes a tenth to a quarter off that for 3 % of a processor. A blocking
        program calls it while it waits.
        """
        market = next(iter((self.markets or {}).values()), None)
        if market is None or not is_ours(self, "sign") or is_overridden(self, "parse_order"):
            return
        figures = (market["precision"]["amount"], market["precision"]["price"])
        if None in figures:
            return
        amount, price = (float(figure) * REHEARSED for figure in figures)
        try:
            request = order_request(market, "limit", "buy", amount, price, {"clientOrderId": 0})
        except InvalidOrder:  # its market's limits are of another size
            request = {**SAMPLE_REQUEST, "symbol": market["id"]}
        self.sign(CREATE_ORDER.path, CREATE_ORDER.api, CREATE_ORDER.method, request)
        told = understood_order(msgspec.json.decode(SAMPLE))
        self.parse_order(OrderLog(1).see({**told, "symbol": market["id"]}), market)


REHEARSED = 100
SAMPLE_REQUEST = {"clientId": 0, "orderType": "Limit", "price": "1", "quantity": "1", "side": "Bid"}
SAMPLE = (
    '{"clientId":null,"createdAt":1788285244094,"executedQuantity":"0","executedQuoteQuantity":"0","id":"1",'
    '"orderType":"Limit","postOnly":false,"price":"1","quantity":"1","reduceOnly":null,"relatedOrderId":null,'
    '"selfTradePrevention":"RejectTaker","side":"Bid","status":"New","symbol":"","timeInForce":"GTC",'
    '"triggerPrice":null,"triggerQuantity":null}'
)
