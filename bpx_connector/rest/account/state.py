"""Unified methods: the account. Balances, positions, fees, leverage, margin and funding.

The venue knows one leverage limit and one margin mode for the whole account: what is set for one symbol is
set for all of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ccxt.base.errors import (
    BadRequest,
    BadSymbol,
    InsufficientFunds,
    InvalidOrder,
    NotSupported,
    NullResponse,
)
from ccxt.base.types import (
    Balances,
    FundingHistory,
    Leverage,
    LeverageTier,
    LeverageTiers,
    MarginMode,
    Order,
    Position,
    Strings,
    TradingFeeInterface,
    TradingFees,
)

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.account.state import CROSS, ParseAccount
from bpx_connector.parse.numbers import absolute, plain
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import Row, figure_text, object_of, read_each, rows_in
from bpx_connector.rest.asking.arguments import asked_symbols, checked_flag, checked_word, real_of
from bpx_connector.rest.asking.histories import NEWEST, asked_span, history_rows
from bpx_connector.rest.asking.params import taken
from bpx_connector.venue.words import STOCK_SUFFIXES

__all__ = ["AccountState", "of_contracts"]

SPOT_BALANCE = ("spot", "funding")
COLLATERAL_BALANCE = ("collateral", "margin", "swap", "future", "cross")
LOWEST_LEVERAGE = 1


class AccountState(ParseAccount):
    """ccxt's methods for what an account has and on which conditions it trades."""

    # --- balances ----------------------------------------------------------------------------------------

    @flow
    def fetch_balance(self, params: Params = {}) -> Flow[Balances]:
        """The account's balances: of spot, or by `type` of all that backs its margin.

        https://docs.backpack.exchange/#tag/Capital/operation/get_balances
        https://docs.backpack.exchange/#tag/Capital/operation/get_collateral

        `type` spot (or `options['defaultType']`) is what can be withdrawn or sold: auto-lent money is not in
        it. `type` collateral, margin or swap counts all assets of the margin account, lent ones as free. What
        is staked is in use. With it the venue's equity and margin figures are in `info`. `stock` True: stocks
        only.
        """
        if self.markets is None:
            yield self.load_markets()
        only, params = self.handle_option_and_params(params or {}, "fetchBalance", "stock", False)
        kind, rest = self._balance_kind("fetchBalance", params)
        if kind in SPOT_BALANCE:
            balance = self.parse_balance((yield self.private_get_api_v1_capital(rest)))
        else:
            balance = self.parse_collateral((yield self.private_get_api_v1_capital_collateral(rest)))
        return _of_stocks(balance) if checked_flag(f"{self.id} fetchBalance()", "stock", only) else balance

    def _balance_kind(self, method: str, params: Params) -> tuple[str, Params]:
        """Which balance ccxt's words ask for, and the params that are left."""
        params = {} if params is None else params
        if params.get("marginMode") == CROSS and params.get("type") is None:
            params = {**params, "type": CROSS}
        kind, rest = self.handle_market_type_and_params(method, None, params)
        if kind in SPOT_BALANCE or kind in COLLATERAL_BALANCE:
            return str(kind), rest
        allowed = ", ".join((*SPOT_BALANCE, *COLLATERAL_BALANCE))
        raise BadRequest(f"{self.id} {method}() type has to be one of {allowed}, not {kind!r}")

    # --- positions ---------------------------------------------------------------------------------------

    @flow
    def fetch_positions(self, symbols: Strings = None, params: Params = {}) -> Flow[list[Position]]:
        """The open positions, of these markets or of all; none where nothing is held.

        https://docs.backpack.exchange/#tag/Position/operation/get_positions
        """
        if self.markets is None:
            yield self.load_markets()
        call = f"{self.id} fetchPositions()"
        params = of_contracts(call, params)
        asked = asked_symbols(self, call, symbols) or []
        markets = [self._contract_market("fetchPositions", symbol) for symbol in asked]
        request = {"symbol": markets[0]["id"], **params} if len(markets) == 1 else params
        rows = yield from self._positions(request)
        if is_overridden(self, "parse_positions"):
            positions: list[Any] = self.parse_positions(rows, asked or None)
        else:
            positions = read_each(rows, self.parse_position, call)
        wanted = {market["symbol"] for market in markets}
        return [position for position in positions if not wanted or position["symbol"] in wanted]

    @flow
    def fetch_position(self, symbol: str, params: Params = {}) -> Flow[Position]:
        """The position in one market; where nothing is held its `contracts` are 0 and its `side` None.

        https://docs.backpack.exchange/#tag/Position/operation/get_positions
        """
        positions = yield self.fetch_positions([symbol], params)
        position: Position = positions[0] if positions else self.parse_flat_position(self.market(symbol))
        return position

    @flow
    def fetch_positions_for_symbol(self, symbol: str, params: Params = {}) -> Flow[list[Position]]:
        """The position in one market as a list, empty where nothing is held.

        https://docs.backpack.exchange/#tag/Position/operation/get_positions
        """
        positions: list[Position] = yield self.fetch_positions([symbol], params)
        return positions

    @flow
    def close_position(self, symbol: str, side: Any = None, params: Params = {}) -> Flow[Order]:
        """The order that closes a position: at market, reduce-only, the other way.

        https://docs.backpack.exchange/#tag/Order/operation/execute_order

        `side` long or short (or the order's side, sell or buy) has to agree with the position. Where nothing
        is held it is an InvalidOrder, and nothing is sent. `params` are those of create_order.
        """
        position = yield self.fetch_position(symbol)
        if position["side"] is None:
            raise InvalidOrder(f"{self.id} closePosition() no position is open in {symbol}")
        closing: Any = "sell" if position["side"] == "long" else "buy"
        if side is not None and str(side).lower() not in (position["side"], closing):
            raise InvalidOrder(
                f"{self.id} closePosition() the position in {symbol} is {position['side']}, not {side!r}"
            )
        contracts: Any = absolute(Row(position["info"]).figure("netQuantity") or "0")
        order: Order = yield self.create_order(
            symbol, "market", closing, contracts, None, {**params, "reduceOnly": True}
        )
        return order

    def _positions(self, request: Params) -> Flow[list[Payload]]:
        try:
            answer = yield self.private_get_api_v1_position(request)
        except NullResponse:
            return []  # asked for one symbol, the venue says "not found" where it holds nothing
        return rows_in(answer, f"{self.id} fetchPositions()")

    def _contract_market(self, call: str, symbol: str) -> Any:
        market = self.market(symbol)
        if not market["contract"]:
            raise BadSymbol(
                f"{self.id} {call}() {symbol} is a spot market; it takes futures, like SOL/USDC:USDC"
            )
        return market

    # --- conditions --------------------------------------------------------------------------------------

    @flow
    def fetch_trading_fees(self, params: Params = {}) -> Flow[TradingFees]:
        """The account's fee rates by symbol. The venue has one pair for spot and one for futures.

        https://docs.backpack.exchange/#tag/Account/operation/get_account
        """
        if self.markets is None:
            yield self.load_markets()
        kind, params = taken(params, "type")
        if kind is not None:
            kind = checked_word(f"{self.id} fetchTradingFees()", "type", kind, ("spot", "swap", "future"))
        account = yield self.private_get_api_v1_account(params)
        markets = (
            market
            for market in self.markets.values()
            if (market["spot"] or market["contract"]) and kind in (None, market["type"])
        )
        return {market["symbol"]: self.parse_trading_fee(account, market) for market in markets}

    @flow
    def fetch_trading_fee(self, symbol: str, params: Params = {}) -> Flow[TradingFeeInterface]:
        """The account's fee rates in one market.

        https://docs.backpack.exchange/#tag/Account/operation/get_account
        """
        if self.markets is None:
            yield self.load_markets()
        market = self.market(symbol)
        return self.parse_trading_fee((yield self.private_get_api_v1_account(params)), market)

    @flow
    def fetch_leverage(self, symbol: str, params: Params = {}) -> Flow[Leverage]:
        """The account's leverage limit, which holds for every market.

        https://docs.backpack.exchange/#tag/Account/operation/get_account
        """
        if self.markets is None:
            yield self.load_markets()
        market = self._contract_market("fetchLeverage", symbol)
        return self.parse_leverage((yield self.private_get_api_v1_account(params)), market)

    @flow
    def set_leverage(self, leverage: Any, symbol: str | None = None, params: Params = {}) -> Flow[Leverage]:
        """The leverage of the account after setting its limit: of the whole account, whatever the symbol.

        https://docs.backpack.exchange/#tag/Account/operation/update_account_settings

        From 1 to the most that the symbol's market allows, or without a symbol any market. The account is
        asked first, and nothing is sent if the limit is that already.
        """
        if self.markets is None:
            yield self.load_markets()
        market = None if symbol is None else self._contract_market("setLeverage", symbol)
        wanted = self._checked_leverage(leverage, market)
        call = f"{self.id} setLeverage()"
        account = yield self.private_get_api_v1_account()
        if Decimal(Row(object_of(account, call)).figure("leverageLimit") or 0) == wanted:
            return self.parse_leverage(account, market)
        change = {**params, "leverageLimit": plain(wanted)}
        try:
            yield self.private_patch_api_v1_account(change)
        except InsufficientFunds as error:  # "maximum leverage reached": no money is missing
            raise BadRequest(str(error)) from error
        return self.parse_leverage(change, market)

    def _checked_leverage(self, leverage: Any, market: Any) -> Decimal:
        text = figure_text(leverage if isinstance(leverage, str) else real_of(leverage))
        wanted = Decimal(text or 0)
        markets = [market] if market else [row for row in self.markets.values() if row["contract"]]
        limits = [row["limits"]["leverage"]["max"] for row in markets]
        highest = max((Decimal(str(limit)) for limit in limits if limit is not None), default=None)
        if wanted < LOWEST_LEVERAGE or (highest is not None and wanted > highest):
            where = f" in {market['symbol']}" if market else ""
            most = "" if highest is None else f" to {plain(highest)}"
            allowed = f"from {LOWEST_LEVERAGE}{most}{where}"
            raise BadRequest(
                f"{self.id} setLeverage() leverage has to be a number {allowed}, not {leverage!r}"
            )
        return wanted

    @flow
    def fetch_margin_mode(self, symbol: str, params: Params = {}) -> Flow[MarginMode]:
        """The margin mode, which is cross: the venue has no other. Nothing is asked."""
        if self.markets is None:
            yield self.load_markets()
        return self.parse_margin_mode({}, self._contract_market("fetchMarginMode", symbol))

    @flow
    def set_margin_mode(
        self,
        marginMode: str,  # noqa: N803  ccxt's name
        symbol: str | None = None,
        params: Params = {},
    ) -> Flow[MarginMode]:
        """The margin mode, if it is cross, the only one there is; nothing is sent.

        'isolated' is NotSupported (the venue isolates by subaccount), any other word a BadRequest.
        """
        if self.markets is None:
            yield self.load_markets()
        market = None if symbol is None else self._contract_market("setMarginMode", symbol)
        mode = str(marginMode).lower()
        if mode == "isolated":
            raise NotSupported(
                f"{self.id} setMarginMode() positions share the account's margin; only {CROSS!r} is possible"
            )
        if mode != CROSS:
            raise BadRequest(f"{self.id} setMarginMode() marginMode has to be {CROSS!r}, not {marginMode!r}")
        return self.parse_margin_mode({}, market)

    @flow
    def fetch_leverage_tiers(self, symbols: Strings = None, params: Params = {}) -> Flow[LeverageTiers]:
        """Leverage tiers by symbol, from the margin functions of the markets; nothing else is asked.

        https://docs.backpack.exchange/#tag/Markets/operation/get_markets
        """
        if self.markets is None:
            yield self.load_markets()
        asked = asked_symbols(self, f"{self.id} fetchLeverageTiers()", symbols)
        if asked:
            markets = [self._contract_market("fetchLeverageTiers", symbol) for symbol in asked]
        else:
            markets = [market for market in self.markets.values() if market["contract"]]
        return {
            market["symbol"]: self.parse_market_leverage_tiers(market["info"], market)
            for market in markets
            if market["info"].get("imfFunction") and market["info"].get("mmfFunction")
        }

    @flow
    def fetch_market_leverage_tiers(self, symbol: str, params: Params = {}) -> Flow[list[LeverageTier]]:
        """Leverage tiers of one market, from its margin functions; nothing else is asked.

        https://docs.backpack.exchange/#tag/Markets/operation/get_market
        """
        tiers = yield self.fetch_leverage_tiers([symbol], params)
        of_market: list[LeverageTier] = tiers.get(self.market(symbol)["symbol"], [])
        return of_market

    # --- funding -----------------------------------------------------------------------------------------

    @flow
    def fetch_funding_history(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[FundingHistory]]:
        """The funding that positions received (positive) and paid (negative), oldest first.

        https://docs.backpack.exchange/#tag/History/operation/get_funding_payments

        The history has no time filter: it is read newest first until `since` or `limit` is satisfied, 1000
        rows a call, and one call without either. `until`; `offset` for a page of one's own.
        """
        if self.markets is None:
            yield self.load_markets()
        call = f"{self.id} fetchFundingHistory()"
        span, rest = asked_span(call, since, limit, of_contracts(call, params))
        request = {**NEWEST, **rest}
        if symbol is not None:
            request["symbol"] = self._contract_market("fetchFundingHistory", symbol)["id"]
        rows = yield from history_rows(self.private_get_wapi_v1_history_funding, request, span, _ended_at)
        return self.parse_funding_payments(rows)


def _ended_at(row: Payload) -> int | None:
    return Row(row).moment("intervalEndTimestamp")


def of_contracts(call: str, params: Params) -> Params:
    """The params without ccxt's `type`, which can only be that of contracts here."""
    kind, rest = taken(params, "type")
    if kind is not None:
        checked_word(call, "type", kind, ("swap", "future"))
    return rest


def _of_stocks(balance: Any) -> Any:
    """Of a balance what is held in stocks."""

    def stocks(rows: Any) -> dict[str, Any]:
        return {code: row for code, row in rows.items() if str(code).endswith(STOCK_SUFFIXES)}

    kept = {name: balance[name] for name in ("info", "timestamp", "datetime") if name in balance}
    parts = {name: stocks(balance[name]) for name in ("free", "used", "total", "debt") if name in balance}
    return {**kept, **parts, **stocks(balance)}
