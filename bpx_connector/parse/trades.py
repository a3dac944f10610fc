"""ccxt's one parser of trades, public ones and the account's own."""

from __future__ import annotations

from typing import Any

from bpx_connector.parse.markets.trades import public_trades
from bpx_connector.parse.trading.fills import ParseFills

__all__ = ["ParseTrades"]


class ParseTrades(ParseFills):
    """ccxt's parser of trades."""

    def parse_trade(self, trade: Any, market: Any = None) -> Any:
        """ccxt's trade: a public one if it says who was the maker, else one of the account's fills."""
        if "isBuyerMaker" in trade:
            return public_trades([trade], market["symbol"] if market else None, self.number)[0]
        [parsed] = self.parse_fills([trade])
        return parsed
