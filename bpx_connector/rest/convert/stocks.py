"""Stocks: their markets for requests for quotes, sessions, holidays and indicative quotes."""

from __future__ import annotations

from typing import Any

from ccxt.base.types import MarketInterface

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import legible_steps, listed, structures
from bpx_connector.parse.convert.stocks import ParseStocks, stock_of
from bpx_connector.parse.numbers import plain
from bpx_connector.rest.asking.arguments import checked_amount, checked_word
from bpx_connector.venue.words import SIDE_ID

__all__ = ["Stocks"]


class Stocks(ParseStocks):
    """What is particular to stocks."""

    @flow
    @legible_steps
    def fetch_securities(self, params: Params = {}) -> Flow[list[Payload]]:
        """Every stock with its sessions and how much may be traded in each, as the venue has them.

        https://docs.backpack.exchange/#tag/Markets/operation/get_securities
        """
        securities: list[Payload] = listed((yield self.public_get_api_v1_securities(params)))
        return securities

    @flow
    @legible_steps
    def fetch_stock_markets(self, params: Params = {}) -> Flow[list[MarketInterface]]:
        """The markets for requests for quotes of all stocks, AAPL.US.RFQ/USDC, which the venue does not list.

        https://docs.backpack.exchange/#tag/Markets/operation/get_securities
        """
        return structures((yield self.fetch_securities(params)), self.rfq_market)

    @flow
    @legible_steps
    def load_stock_markets(self, params: Params = {}) -> Flow[dict[str, MarketInterface]]:
        """All markets, those for requests for quotes of stocks among them, once they are loaded.

        https://docs.backpack.exchange/#tag/Markets/operation/get_securities

        Half a megabyte, so load_markets leaves them out unless `options['fetchMarkets']` has marketType RFQ.
        """
        yield self.load_markets()
        if not any(market.get("executionModel") for market in self.markets.values()):
            stocks = yield self.fetch_stock_markets(params)
            self.set_markets([*self.markets.values(), *stocks], self.currencies)
        loaded: dict[str, Any] = self.markets
        return loaded

    @flow
    @legible_steps
    def fetch_stock_sessions(self, params: Params = {}) -> Flow[list[Payload]]:
        """The sessions in which stocks are traded, in their local times.

        https://docs.backpack.exchange/#tag/Stocks/operation/get_stock_sessions
        """
        return structures((yield self.public_get_api_v1_stocksessions(params)), self.parse_session)

    @flow
    @legible_steps
    def fetch_stock_holidays(self, params: Params = {}) -> Flow[list[Payload]]:
        """The days on which stocks are not traded, or at other times.

        https://docs.backpack.exchange/#tag/Stocks/operation/get_stock_holidays
        """
        return structures((yield self.public_get_api_v1_stockholidays(params)), self.parse_holiday)

    @flow
    @legible_steps
    def fetch_stock_indicative_quote(
        self, symbol: str, side: str, amount: Any, params: Params = {}
    ) -> Flow[Payload]:
        """At which price that many shares could be bought or sold now; nothing is submitted.

        https://docs.backpack.exchange/#tag/Stocks/operation/get_stock_indicative_quote

        `symbol` is any of the stock's: AAPL.US, AAPL.US/USDC, AAPL.US.RFQ/USDC. Where `available` is False
        `reason` says why and there is no price.
        """
        call = f"{self.id} fetchStockIndicativeQuote()"
        quantity = plain(checked_amount(call, "amount", amount))
        request = {
            "symbol": stock_of(call, symbol),
            "side": SIDE_ID[checked_word(call, "side", side, SIDE_ID)],
            "quantity": quantity,
        }
        row = yield self.public_get_api_v1_stockindicativequote({**request, **params})
        return self.parse_indicative_quote(row, quantity)
