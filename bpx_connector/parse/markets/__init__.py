"""Markets, prices, candles and funding, from the venue's words to ccxt's structures."""

from __future__ import annotations

from bpx_connector.parse.markets.candles import ParseCandles
from bpx_connector.parse.markets.currencies import ParseCurrencies
from bpx_connector.parse.markets.funding import ParseFunding
from bpx_connector.parse.markets.listed import ParseListed
from bpx_connector.parse.markets.prices import ParsePrices

__all__ = ["ParseMarkets"]


class ParseMarkets(ParseListed, ParseCurrencies, ParsePrices, ParseCandles, ParseFunding):
    """ccxt's parsers of all that is public."""
