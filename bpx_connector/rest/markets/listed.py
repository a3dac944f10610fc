"""Unified methods: what is listed, whether the venue works and what time it is there."""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import BadRequest, BadResponse, BadSymbol
from ccxt.base.types import Currencies, MarketInterface, Status

from bpx_connector.aliases import Params
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.convert.stocks import is_stock
from bpx_connector.parse.markets.currencies import ParseCurrencies
from bpx_connector.parse.markets.listed import ParseListed
from bpx_connector.parse.numbers import milliseconds_of
from bpx_connector.parse.rows import quoted
from bpx_connector.rest.asking.arguments import checked_word
from bpx_connector.rest.asking.params import taken
from bpx_connector.rest.convert.stocks import Stocks
from bpx_connector.venue.words import LISTED_TYPE, RFQ_SUFFIX, is_rfq

__all__ = ["Listed"]

RFQ_MARKETS = LISTED_TYPE["stock"]
STOCKS = ("SPOT", "PERP", RFQ_MARKETS)
"""Where stocks are traded."""


def _market_types(call: str, asked: Any) -> list[str]:
    """The venue's types of markets that ccxt's words or the venue's name, each once."""
    if not (asked is None or isinstance(asked, str | list | tuple | set | frozenset)):
        raise BadRequest(f"{call} marketType has to be a word or a list of words, not {asked!r}")
    words = [asked] if isinstance(asked, str) else list(asked or [])
    known = {**LISTED_TYPE, **{word: word for word in LISTED_TYPE.values()}}
    return list(dict.fromkeys(known[checked_word(call, "marketType", word, known)] for word in words))


class Listed(Stocks, ParseListed, ParseCurrencies):
    """What is listed, and whether the venue works."""

    @flow
    def fetch_markets(self, params: Params = {}) -> Flow[list[MarketInterface]]:
        """Every spot and perpetual market, the closed ones too, or those of the types asked for.

        With `options['adjustForTimeDifference']` the venue's clock is measured first.

        https://docs.backpack.exchange/#tag/Markets/operation/get_markets
        https://docs.backpack.exchange/#tag/Markets/operation/get_securities

        params: `marketType` (or `type`, `types`), one or a list of ccxt's words spot, swap, future,
        prediction, stock or of the venue's SPOT, PERP, IPERP, DATED, PREDICTION, RFQ; stock (RFQ) adds the
        markets for requests for quotes of all stocks, AAPL.US.RFQ/USDC. `stock` True gives what trades stocks
        and nothing else.
        `options['fetchMarkets'] = {'marketType': [...]}` makes it the rule.
        """
        if self.options.get("adjustForTimeDifference"):
            yield self.load_time_difference()
        asked, params = self.handle_option_and_params(params, "fetchMarkets", "marketType")
        types, params = self.handle_option_and_params(params, "fetchMarkets", "types")
        kind, params = taken(params, "type")
        only_stocks, params = self.handle_option_and_params(params, "fetchMarkets", "stock", False)
        kinds = _market_types(
            f"{self.id} fetchMarkets()", asked or types or kind or (STOCKS if only_stocks else None)
        )
        listed = [kind for kind in kinds if kind != RFQ_MARKETS]
        markets: list[Any] = []
        if listed or not kinds:
            request = {"marketType": listed} if listed else {}
            markets = self.parse_markets((yield self.public_get_api_v1_markets({**request, **params})))
        if RFQ_MARKETS in kinds:
            known = {market["id"] for market in markets}
            stocks = yield self.fetch_stock_markets()
            markets += [market for market in stocks if market["id"] not in known]
        return [market for market in markets if is_stock(market["base"])] if only_stocks else markets

    def set_markets(self, markets: Any, currencies: Any = None) -> Any:
        """Take these markets and currencies for the venue's: what `load_markets` ends with.

        Ours have every field of ccxt's structures, so that they are taken as they are; ccxt's own way of
        completing each one with defaults is for markets that somebody else has made.
        """
        listed = list(self.to_array(markets))
        fields = self.safe_market_structure().keys()
        if not currencies or not all(market.keys() >= fields for market in listed):
            return super().set_markets(listed, currencies)
        listed.sort(key=lambda market: not market["spot"])
        by_id: dict[str, list[Any]] = {}
        for market in listed:
            by_id.setdefault(market["id"], []).append(market)
        self.markets = {market["symbol"]: market for market in listed}
        self.markets_by_id = by_id
        self.symbols = sorted(self.markets)
        self.ids = sorted(by_id)
        self.currencies = {**(self.currencies or {}), **currencies}
        self.currencies_by_id = {currency["id"]: currency for currency in self.currencies.values()}
        self.codes = sorted(self.currencies)
        return self.markets

    def currency(self, code: Any) -> Any:
        """The currency of ccxt's code, or of the venue's.

        What is traded and is no asset of the venue's has one too, of which no more is known: kPEPE, which is
        a thousand PEPE, or a stock.
        """
        if not isinstance(code, str):
            raise BadRequest(f"{self.id} code has to be text such as 'USDC', not {code!r}")
        if code in (self.currencies or {}) or code in (self.currencies_by_id or {}):
            return super().currency(code)
        for market in (self.markets or {}).values():
            for side in ("base", "quote"):
                if code in (market[side], market[f"{side}Id"]):
                    known = {"id": market[f"{side}Id"], "code": market[side], "info": {}}
                    return self.safe_currency_structure(known)
        return super().currency(code)

    def market(self, symbol: str | None) -> Any:
        """The market of ccxt's symbol, or of the venue's.

        ccxt's own class writes all symbols in capitals: KPEPE/USDC:USDC is found here too.
        """
        known = self.markets.get(symbol) if self.markets and type(symbol) is str else None
        if known is not None:
            return known
        if not isinstance(symbol, str):
            raise BadSymbol(f"{self.id} symbol has to be text such as 'SOL/USDC', not {symbol!r}")
        if self.markets and symbol not in (self.markets_by_id or {}):
            for name, market in self.markets.items():
                if name.upper() == symbol:
                    return market
        return self._rfq_of_a_stock(symbol) or super().market(symbol)

    def _rfq_of_a_stock(self, symbol: str) -> Any:
        """The market for requests for quotes of a stock where those are not loaded; of its steps and limits
        nothing is known then. None for any other symbol."""
        base, _, quote = symbol.replace(".RFQ/", "_", 1).removesuffix(RFQ_SUFFIX).partition("_")
        if not (self.markets and is_rfq(symbol) and is_stock(base) and quote == "USDC"):
            return None
        if any(market.get("executionModel") for market in self.markets.values()):
            return None  # all of them are loaded, and this is none
        return {**self.rfq_market({"asset": base, "sessions": []}), "active": None}

    @flow
    def fetch_currencies(self, params: Params = {}) -> Flow[Currencies]:
        """Every asset with its networks, fees and limits. A precision is known only where the venue tells the
        token's decimals on its chain.

        https://docs.backpack.exchange/#tag/Assets/operation/get_assets
        """
        return self.parse_currencies((yield self.public_get_api_v1_assets(params)))

    @flow
    def fetch_status(self, params: Params = {}) -> Flow[Status]:
        """Whether the venue works: `status` is 'ok' or 'maintenance'; its message is in `info`.

        https://docs.backpack.exchange/#tag/System/operation/get_status
        """
        return self.parse_status((yield self.public_get_api_v1_status(params)))

    @flow
    def fetch_time(self, params: Params = {}) -> Flow[int]:
        """The venue's clock in milliseconds.

        https://docs.backpack.exchange/#tag/System/operation/get_time
        """
        answer = yield self.public_get_api_v1_time(params)
        time = milliseconds_of(str(answer).strip())
        if time is None:
            raise BadResponse(f"{self.id} fetchTime() was answered with {quoted(answer)} instead of a time")
        return time
