"""Requests for quotes, quotes and their fills become ccxt's structures.

Ids stay the text that the venue writes: they are above 2**53, where floats have gaps. A taker's price has the
fee in it. Sources: Backpack OpenAPI, schemas RequestForQuote, RfqWithQuotes, Quote, QuoteHistorical,
RequestForQuoteHistorical, RequestForQuoteFillHistorical and QuoteFillHistorical; tag Streams, RFQ Update.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple

from ccxt.base.errors import ArgumentsRequired

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.border import legible, structures
from bpx_connector.parse.figures import Fields
from bpx_connector.parse.numbers import (
    figure_text,
    iso8601,
    milliseconds_of,
    number_or_none,
    product,
    quotient,
)
from bpx_connector.parse.rows import Row, object_of, read_each, rows_in
from bpx_connector.venue.words import ORDER_STATUS, RFQ_SUFFIX, SIDE, pair_of

__all__ = ["OpenRfq", "ParseRfqs", "best_quote", "open_rfqs", "rfq_moment"]


def rfq_moment(time: int | str | None) -> int | None:
    """Milliseconds of a time that the open RFQs write as a number and the history as text."""
    return milliseconds_of(time)


class OpenRfq(NamedTuple):
    """A request for quotes and the quotes for it, read field by field."""

    info: Payload
    rfq: Payload
    quotes: list[Payload]

    @property
    def best(self) -> Payload | None:
        """The best of its quotes."""
        return best_quote(self.quotes, self.rfq["side"])


RFQ = Fields(
    ("quantity", "quoteQuantity"),
    ("rfqId", "symbol", "side"),
    ("createdAt",),
)
QUOTE = Fields(("bidPrice", "askPrice"), ("quoteId", "status"))


@legible
def _open_rfq(row: Payload) -> OpenRfq:
    said = Row(object_of(row["rfq"], "a request for quotes"))
    needed = {name: said.needed(name) for name in ("rfqId", "side", "symbol")}
    quotes = rows_in(row.get("quotes") or [], "the quotes of a request")
    rfq = {"createdAt": None, **RFQ.legible(said.info), **needed}
    return OpenRfq(row, rfq, [{**QUOTE.legible(one)} for one in quotes if "quoteId" in one])


def open_rfqs(answer: Any, what: str) -> list[OpenRfq]:
    """The open requests of an answer with the quotes for them."""
    return read_each(rows_in(answer, what), _open_rfq, what)


@legible
def best_quote(quotes: Sequence[Payload], side: str) -> Payload | None:
    """The best of the quotes that can be accepted: the lowest ask to a buyer, the highest bid to a seller."""
    name = "askPrice" if side == "Bid" else "bidPrice"
    alive = [(Decimal(price), quote) for quote in quotes if (price := _price_alive(quote, name))]
    if not alive:
        return None
    best = min if side == "Bid" else max
    return best(alive, key=itemgetter(0))[1]


def _price_alive(quote: Payload, name: str) -> str | None:
    """The price of a quote that can be accepted."""
    return figure_text(quote.get(name)) if quote.get("status") == "New" else None


def _status(row: Payload) -> str:
    word = Row(row).needed("status")
    return ORDER_STATUS.get(word, word)


class ParseRfqs(Ccxt):
    """RFQs, quotes and fills."""

    def rfq_symbol(self, market_id: str) -> str:
        """ccxt's symbol of a market for requests for quotes: SOL.RFQ/USDC for SOL_USDC_RFQ."""
        base, quote = (self.safe_currency_code(asset) for asset in pair_of(market_id))
        return f"{base}.RFQ/{quote}"

    @legible
    def parse_rfq(self, row: Payload) -> Payload:
        """A request for quotes: open ones with their quotes, those of the history without."""
        rfq, quotes = row.get("rfq", row), rows_in(row.get("quotes") or [], "quotes")
        number = self.number
        timestamp = rfq_moment(rfq.get("createdAt"))
        client_id = rfq.get("clientId")
        best = best_quote(quotes, rfq["side"])
        return {
            "info": row,
            "id": Row(rfq).needed("rfqId"),
            "clientOrderId": None if client_id is None else str(client_id),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "symbol": self.rfq_symbol(rfq["symbol"]),
            "side": SIDE[rfq["side"]],
            "amount": number_or_none(number, rfq.get("quantity")),
            "cost": number_or_none(number, rfq.get("quoteQuantity")),
            "price": number_or_none(number, rfq.get("price")),
            "status": _status(rfq),
            "executionMode": Row(rfq).word("executionMode"),
            "submissionTimestamp": rfq_moment(rfq.get("submissionTime")),
            "expiryTimestamp": rfq_moment(rfq.get("expiryTime")),
            "quotes": structures(quotes, self.parse_quote),
            "bestQuote": next(iter(structures([best] if best else [], self.parse_quote)), None),
        }

    @legible
    def parse_rfq_order(self, row: Payload) -> Any:
        """ccxt's order of a request for quotes. What was filled at which price its fills say, not itself."""
        rfq = self.parse_rfq(row)
        is_closed, amount = rfq["status"] == "closed", rfq["amount"]
        nothing = self.number("0")
        filled = amount if is_closed else nothing
        order = {name: rfq[name] for name in ("info", "id", "clientOrderId", "timestamp", "datetime")}
        return {
            **order,
            "lastTradeTimestamp": None,
            "lastUpdateTimestamp": None,
            "symbol": rfq["symbol"],
            "type": "market" if rfq["price"] is None else "limit",
            "timeInForce": None,
            "postOnly": False,
            "reduceOnly": False,
            "side": rfq["side"],
            "price": rfq["price"],
            "triggerPrice": None,
            "stopPrice": None,
            "stopLossPrice": None,
            "takeProfitPrice": None,
            "amount": amount,
            "cost": None if is_closed else nothing,
            "average": None,
            "filled": filled,
            "remaining": nothing if is_closed else amount,
            "status": rfq["status"],
            "fee": None,
            "fees": [],
            "trades": [],
        }

    @legible
    def parse_quote(self, row: Payload) -> Payload:
        """A maker's quote for a request."""
        timestamp = rfq_moment(row.get("createdAt"))
        client_id = row.get("clientId")
        return {
            "info": row,
            "id": Row(row).needed("quoteId"),
            "rfqId": Row(row).needed("rfqId"),
            "clientOrderId": None if client_id is None else str(client_id),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "bid": number_or_none(self.number, row.get("bidPrice")),
            "ask": number_or_none(self.number, row.get("askPrice")),
            "status": _status(row),
        }

    @legible
    def parse_rfq_fill(self, row: Payload) -> Any:
        """ccxt's trade, of the fill of one's own request or of one's own quote, which alone has a fee."""
        number, timestamp = self.number, milliseconds_of(row.get("filledAt"))
        price, quantity, cost = map(figure_text, map(row.get, ("fillPrice", "quantity", "quoteQuantity")))
        quantity = quotient(cost, price) if quantity is None else quantity
        cost = product(price, quantity) if cost is None else cost
        is_maker = "fee" in row
        fee = None
        if is_maker:
            fee = {
                "currency": self.safe_currency_code(row["feeSymbol"]),
                "cost": number_or_none(number, row["fee"]),
            }
        side = SIDE[row["side"]]
        return {
            "info": row,
            "id": Row(row).needed("quoteId"),
            "order": Row(row).needed("rfqId"),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "symbol": self.rfq_symbol(row["symbol"]),
            "type": None,
            # The side is the RFQ's: who quoted sells to who asked to buy.
            "side": {"buy": "sell", "sell": "buy"}[side] if is_maker else side,
            "takerOrMaker": "maker" if is_maker else "taker",
            "price": number_or_none(number, price),
            "amount": number_or_none(number, quantity),
            "cost": number_or_none(number, cost),
            "fee": fee,
            "fees": [] if fee is None else [fee],
        }

    def rfq_market_id(self, symbol: str) -> str:
        """The venue's id of the market for requests for quotes that a symbol names, in any of its forms:
        SOL.RFQ/USDC, SOL/USDC and SOL_USDC_RFQ are all SOL_USDC_RFQ. No market has to be loaded for it."""
        if not isinstance(symbol, str) or not symbol:
            raise ArgumentsRequired(f"{self.id} needs a symbol such as 'SOL.RFQ/USDC', not {symbol!r}")
        if symbol.endswith(RFQ_SUFFIX):
            return symbol
        if "/" in symbol:
            base, _, quote = symbol.partition("/")
            assets = (base.removesuffix(".RFQ"), quote.partition(":")[0])
            base_id, quote_id = (self.currencies.get(code, {}).get("id", code) for code in assets)
        else:
            base_id, quote_id = pair_of(symbol)
        return f"{base_id}_{quote_id}{RFQ_SUFFIX}"
