"""Conversions become ccxt's structures: of quotes, of what a request for quotes filled, and of dust.

Sources: Backpack OpenAPI, schemas RequestForQuoteFillHistorical and DustConversion.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bpx_connector.parse.border import legible
from bpx_connector.parse.convert.rfqs import ParseRfqs
from bpx_connector.parse.numbers import (
    figure_text,
    iso8601,
    milliseconds_of,
    number_or_none,
    product,
    quotient,
)
from bpx_connector.parse.rows import Row
from bpx_connector.venue.words import pair_of

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from bpx_connector.venue import payloads

__all__ = ["DUST", "ParseConversions"]

DUST = "dust:"
"""How the id of a conversion of dust begins; the others are those of RFQs."""


class ParseConversions(ParseRfqs):
    """ccxt's conversions."""

    @legible
    def conversion_of_quote(
        self,
        info: Any,
        identity: str | None,
        sides: tuple[str, str],
        figures: tuple[str | None, str | None, str | None],
        timestamp: int | None,
    ) -> Any:
        """ccxt's conversion between two currencies: what goes out, what comes in, at which price. The fee is
        in the price."""
        number = self.number
        given, received, price = figures
        return {
            "info": info,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "id": identity,
            "fromCurrency": sides[0],
            "fromAmount": number_or_none(number, given),
            "toCurrency": sides[1],
            "toAmount": number_or_none(number, received),
            "price": number_or_none(number, price),
            "fee": None,
        }

    @legible
    def parse_conversion(self, conversion: Any, fromCurrency: Any = None, toCurrency: Any = None) -> Any:  # noqa: N803
        """ccxt's conversion, of the fill of a request for quotes or of a conversion of dust."""
        if "usdcReceived" in conversion:
            return self._dust_conversion(conversion)
        row: payloads.RequestForQuoteFillHistorical = conversion
        base, quote = (self.safe_currency_code(asset) or "" for asset in pair_of(row["symbol"]))
        price, quantity, cost = (
            figure_text(row.get(name)) for name in ("fillPrice", "quantity", "quoteQuantity")
        )
        quantity = quotient(cost, price) if quantity is None else quantity
        cost = product(price, quantity) if cost is None else cost
        is_sold = row["side"] == "Ask"
        return self.conversion_of_quote(
            row,
            Row(row).needed("rfqId"),
            (base, quote) if is_sold else (quote, base),
            (quantity, cost, price) if is_sold else (cost, quantity, price),
            milliseconds_of(row.get("filledAt")),
        )

    def _dust_conversion(self, row: payloads.DustConversion) -> Any:
        quantity, received = figure_text(row.get("quantity")), figure_text(row["usdcReceived"])
        price = quotient(received, quantity) if quantity and Decimal(quantity) else None
        sides = self.safe_currency_code(row["symbol"]) or "", "USDC"
        identity = f"{DUST}{row['id']}"
        timestamp = milliseconds_of(row.get("timestamp"))
        return self.conversion_of_quote(row, identity, sides, (quantity, received, price), timestamp)
