"""ccxt's one parser of trades, public ones and the account's own."""

from __future__ import annotations

from ccxt.base.types import Market, Trade

from bpx_connector.parse.markets.trades import public_trades
from bpx_connector.parse.overriding import own
from bpx_connector.parse.rows import object_of
from bpx_connector.parse.trading.fills import ParseFills

__all__ = ["ParseTrades"]


class ParseTrades(ParseFills):
    """ccxt's parser of trades."""

    @own
    def parse_trade(self, trade: object, market: Market = None) -> Trade:
        """ccxt's trade: a public one if it says who was the maker, else one of the account's fills."""
        row = object_of(trade, f"{self.id} a trade")
        if "isBuyerMaker" in row:
            parsed: Trade = public_trades([row], market["symbol"] if market else None, self.number)[0]
        else:
            [parsed] = self.fill_trades([row], market)
        return parsed
