"""Orders on markets for requests for quotes, AAPL.US.RFQ/USDC: ccxt's methods lead here by the symbol.

An order there is a request that is Immediate: it is filled by the first quote at its price or better. One at
market has a bound all the same: a stock's indicative price, which the venue gives for its size.
"""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadSymbol, InvalidOrder, OrderNotFound

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow
from bpx_connector.parse.convert.stocks import base_of, is_stock
from bpx_connector.rest.asking.arguments import checked_flag
from bpx_connector.rest.convert.rfqs import Rfqs
from bpx_connector.rest.convert.stocks import Stocks
from bpx_connector.venue.words import is_rfq, pair_of

__all__ = ["OF_STOCKS", "RfqOrders", "is_of_stock", "is_rfq"]

ORDER_TYPES = ("limit", "market")
NOT_OF_RFQS = frozenset(
    {
        *("postOnly", "reduceOnly", "timeInForce", "selfTradePrevention", "triggerPrice", "stopPrice"),
        *("stopLossPrice", "takeProfitPrice", "stopLoss", "takeProfit", "slippageTolerance", "trigger"),
    }
)
"""What an order on a book can be told and a request cannot."""


OF_STOCKS: Params = {"assetClass": "STOCK", "stock": False}
"""What a history on books is asked with for the rows of stocks."""


def is_of_stock(symbol: str) -> bool:
    """Whether a market trades a stock, by its symbol or id."""
    return is_stock(base_of(symbol))


class RfqOrders(Rfqs, Stocks):
    """ccxt's orders as requests for quotes."""

    def _placed_rfq(
        self, symbol: str, type: Any, side: Any, amount: Any, price: Any, params: Params
    ) -> Flow[Any]:
        call = f"{self.id} createOrder()"
        kind = str(type).lower()
        if kind not in ORDER_TYPES:
            raise InvalidOrder(f"{call} {symbol} takes {' and '.join(ORDER_TYPES)} orders, not {type!r}")
        given = {name: value for name, value in params.items() if value is not None}
        odd = sorted(NOT_OF_RFQS & given.keys())
        if odd:
            raise InvalidOrder(f"{call} {symbol} is for requests for quotes, which have no {', '.join(odd)}")
        if kind == "limit" and price is None:
            raise InvalidOrder(f"{call} a limit order needs a price")
        if price is None:
            price = yield from self._bound_of_rfq(call, symbol, side, amount)
        rfq = yield self.create_rfq(symbol, str(side).lower(), amount, price, given)
        return {**self.parse_rfq_order(rfq["info"]), "type": kind}

    def _bound_of_rfq(self, call: str, symbol: str, side: Any, amount: Any) -> Flow[Any]:
        """The price beyond which an order at market is not filled: what is indicated for a stock."""
        asset = pair_of(self.rfq_market_id(symbol))[0]
        if not is_stock(asset):
            raise ArgumentsRequired(
                f"{call} {symbol} needs a price: nothing else bounds what it is filled at"
            )
        quote = yield self.fetch_stock_indicative_quote(asset, str(side).lower(), amount)
        if not quote["available"]:
            raise InvalidOrder(f"{call} no price is to be had for {asset} now: {quote['reason']}")
        return quote["info"]["price"]

    def _only_stocks(self, method: str, symbol: Any, params: Params) -> tuple[bool, Params]:
        """Whether all that is about stocks is wanted, on books and by requests, and the params that are left.

        `stock` True, or `options['stock']` as with ccxt's class; with a symbol it says nothing new, and of a
        market that trades no stock it is a BadSymbol.
        """
        if "stock" not in params and symbol is not None:
            return False, params
        only, rest = self.handle_option_and_params(params, method, "stock", False)
        if not checked_flag(f"{self.id} {method}()", "stock", only):
            return False, rest
        if symbol is not None and not is_of_stock(str(symbol)):
            raise BadSymbol(f"{self.id} {method}() {symbol} trades no stock")
        return symbol is None, rest

    def _joined_of_stocks(
        self, on_books: list[Any], by_requests: list[Any], since: Any, limit: Any
    ) -> list[Any]:
        """The rows of two lists that are of stocks, oldest first: from `since` the first `limit`, else the
        latest."""
        rows = [row for row in (*on_books, *by_requests) if is_of_stock(str(row["symbol"]))]
        rows.sort(key=lambda row: row["timestamp"] or 0)
        return list(self.filter_by_since_limit(rows, since, limit))

    def _rfq_orders(
        self, symbol: str | None, since: int | None, limit: int | None, params: Params
    ) -> Flow[list[Any]]:
        """Requests open and ended, as orders, each once."""
        past = yield self.fetch_rfq_history(symbol, since, limit, params)
        resting = yield self.fetch_open_rfqs(symbol)
        known = {rfq["id"]: rfq for rfq in [*past, *resting]}
        rows = [self.parse_rfq_order(rfq["info"]) for rfq in known.values()]
        rows.sort(key=lambda order: order["timestamp"] or 0)
        return list(self.filter_by_since_limit(rows, since, limit))

    def _open_rfq_orders(
        self, symbol: str | None, since: int | None, limit: int | None, params: Params
    ) -> Flow[list[Any]]:
        rfqs = yield self.fetch_open_rfqs(symbol, params)
        rows = [self.parse_rfq_order(rfq["info"]) for rfq in rfqs]
        return list(self.filter_by_since_limit(rows, since, limit))

    def _rfq_order(self, order_id: str, params: Params, *, is_open: bool = False) -> Flow[Any]:
        rfq: Payload = yield self.fetch_rfq(order_id, params)
        if is_open and rfq["status"] != "open":
            raise OrderNotFound(f"{self.id} fetchOpenOrder() request {order_id} is {rfq['status']}")
        return self.parse_rfq_order(rfq["info"])

    def _cancelled_rfq(self, order_id: str, params: Params) -> Flow[Any]:
        rfq: Payload = yield self.cancel_rfq(order_id, params)
        return self.parse_rfq_order(rfq["info"])
