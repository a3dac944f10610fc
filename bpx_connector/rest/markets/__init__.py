"""Unified methods: all that is public."""

from __future__ import annotations

from bpx_connector.rest.markets.candles import Candles
from bpx_connector.rest.markets.funding import Funding
from bpx_connector.rest.markets.listed import Listed
from bpx_connector.rest.markets.prices import Prices
from bpx_connector.rest.markets.trades import Trades

__all__ = ["Markets"]


class Markets(Listed, Prices, Trades, Candles, Funding):
    """What is listed, prices, trades, candles and funding."""
