"""Unified methods: all that is public."""

from __future__ import annotations

from bpx_connector.rest.markets.candles import Candles
from bpx_connector.rest.markets.funding import Funding
from bpx_connector.rest.markets.listed import Listed
from bpx_connector.rest.markets.pages import PagedHistories
from bpx_connector.rest.markets.predictions import Predictions
from bpx_connector.rest.markets.prices import Prices
from bpx_connector.rest.markets.several import SeveralMarkets
from bpx_connector.rest.markets.terms import Terms
from bpx_connector.rest.markets.trades import Trades

__all__ = ["Markets"]


class Markets(Listed, Prices, Trades, Candles, Funding, SeveralMarkets, PagedHistories, Predictions, Terms):
    """What is listed and on which terms, prices, trades, candles and funding."""
