"""Unified methods: on which conditions the account trades, over many markets at once, and its limits.

Leverage and margin are the account's, one for all markets, so that one call answers for any number of them.
"""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadRequest, BadSymbol
from ccxt.base.types import Leverages, MarginModes, PositionModeInfo

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.account.state import CROSS, ParseAccount
from bpx_connector.parse.border import done_as, legible_steps, listed
from bpx_connector.parse.numbers import number_or_none, plain
from bpx_connector.parse.rows import object_of
from bpx_connector.rest.asking.arguments import asked_currency, asked_symbols, checked_amount, checked_word
from bpx_connector.venue.words import SIDE_ID

__all__ = ["Conditions"]

SETTINGS = {
    "autoLend": "autoLend",
    "autoRepayBorrows": "autoRepayBorrows",
    "autoBorrowSettlements": "autoBorrowSettlements",
}
"""The account's switches that can be changed; its leverage limit has a method of its own."""


class Conditions(ParseAccount):
    """Leverages, margin modes, accounts and limits."""

    @flow
    @legible_steps
    def fetch_leverages(self, symbols: Any = None, params: Params = {}) -> Flow[Leverages]:
        """The account's leverage limit by symbol, of these contract markets or of all: it is one for all.

        https://docs.backpack.exchange/#tag/Account/operation/get_account
        """
        markets = yield from self._contracts("fetchLeverages", symbols)
        account = yield self.private_get_api_v1_account(params)
        return {market["symbol"]: self.parse_leverage(account, market) for market in markets}

    @flow
    @legible_steps
    def fetch_margin_modes(self, symbols: Any = None, params: Params = {}) -> Flow[MarginModes]:
        """The margin mode by symbol, of these contract markets or of all: cross. Nothing is asked."""
        markets = yield from self._contracts("fetchMarginModes", symbols)
        return {market["symbol"]: self.parse_margin_mode({}, market) for market in markets}

    @flow
    @legible_steps
    def fetch_position_mode(self, symbol: str | None = None, params: Params = {}) -> Flow[PositionModeInfo]:
        """The position mode: one net position a market, never hedged. Nothing is asked."""
        yield from self._contracts("fetchPositionMode", None if symbol is None else [symbol])
        return {"info": {}, "hedged": False}

    def _contracts(self, method: str, symbols: Any) -> Flow[list[Any]]:
        """The contract markets asked for, or all."""
        yield self.load_markets()
        wanted = asked_symbols(self, f"{self.id} {method}()", symbols)
        if wanted is None:
            return [market for market in self.markets.values() if market["contract"]]
        markets = [self.market(symbol) for symbol in wanted]
        spot = next((market["symbol"] for market in markets if not market["contract"]), None)
        if spot is not None:
            raise BadSymbol(f"{self.id} {method}() {spot} is no contract; it takes such as SOL/USDC:USDC")
        return markets

    @flow
    @legible_steps
    def fetch_accounts(self, params: Params = {}) -> Flow[list[Payload]]:
        """The account that the key belongs to; the venue lists no others, each has keys of its own.

        https://docs.backpack.exchange/#tag/Account/operation/get_account
        https://docs.backpack.exchange/#tag/Capital/operation/get_settlement_history

        `id` is the subaccount's number, '0' for the main account, as the account's last settlement names it,
        and None where nothing was settled yet. `info` has the account's settings, fees and counts.
        """
        account = yield self.private_get_api_v1_account(params)
        settled = listed((yield self.private_get_wapi_v1_history_settlement({"limit": 1})))
        return [account_of(account, settled[0] if settled else None)]

    # --- limits ------------------------------------------------------------------------------------------

    @flow
    @legible_steps
    def fetch_trading_limits(self, symbols: Any = None, params: Params = {}) -> Flow[dict[str, Any]]:
        """How much the account could order now, by symbol, within the market's own limits.

        https://docs.backpack.exchange/#tag/Account/operation/get_max_order_quantity

        Each symbol takes two calls, one a side, or one with `side` buy or sell; so symbols are required.
        `limits.amount.max` is the larger of the two, each side's own are in `buy` and `sell`. Further params:
        `price`, `reduceOnly`, `autoBorrow`, `autoBorrowRepay`, `autoLendRedeem`.
        """
        call = f"{self.id} fetchTradingLimits()"
        sides = ("buy", "sell")
        if params.get("side") is not None:
            sides = (checked_word(call, "side", params["side"], sides),)  # type: ignore[assignment]
        yield self.load_markets()
        wanted = asked_symbols(self, call, symbols)
        if wanted is None:
            raise ArgumentsRequired(f"{call} needs a list of symbols: the venue is asked market by market")
        limits: dict[str, Any] = {}
        for symbol in wanted:
            rows = {}
            for side in sides:
                rows[side] = yield self.fetch_max_order_quantity(symbol, side, None, _without(params, "side"))
            limits[symbol] = self._trading_limits(self.market(symbol), rows)
        return limits

    def _trading_limits(self, market: Any, rows: dict[str, Any]) -> Payload:
        amounts = {side: row["amount"] for side, row in rows.items()}
        own = market["limits"]
        most = max((amount for amount in amounts.values() if amount is not None), default=None)
        by_side = {side: {"amount": {**own["amount"], "max": amount}} for side, amount in amounts.items()}
        return {
            "info": {side: row["info"] for side, row in rows.items()},
            "limits": {**own, "amount": {**own["amount"], "max": most}},
            **by_side,
        }

    @flow
    @legible_steps
    def fetch_max_order_quantity(
        self, symbol: str, side: str, price: Any = None, params: Params = {}
    ) -> Flow[Payload]:
        """How much of a market the account could buy or sell now, in `amount`.

        https://docs.backpack.exchange/#tag/Account/operation/get_max_order_quantity
        """
        call = f"{self.id} fetchMaxOrderQuantity()"
        word = SIDE_ID[checked_word(call, "side", side, SIDE_ID)]
        yield self.load_markets()
        market = self.market(symbol)
        request: Params = {"symbol": market["id"], "side": word}
        if price is not None:
            request["price"] = plain(checked_amount(call, "price", price))
        row = yield self.private_get_api_v1_account_limits_order({**request, **params})
        return {
            "info": row,
            "symbol": market["symbol"],
            "side": side,
            "amount": number_or_none(self.number, row["maxOrderQuantity"]),
        }

    @flow
    @legible_steps
    def fetch_max_borrow_quantity(self, code: str, params: Params = {}) -> Flow[Payload]:
        """How much of a currency the account could borrow now, in `amount`.

        https://docs.backpack.exchange/#tag/Account/operation/get_max_borrow_quantity
        """
        yield self.load_markets()
        asset = asked_currency(self, f"{self.id} fetchMaxBorrowQuantity()", code)
        row = yield self.private_get_api_v1_account_limits_borrow({"symbol": asset["id"], **params})
        amount = number_or_none(self.number, row["maxBorrowQuantity"])
        return {"info": row, "currency": asset["code"], "amount": amount}

    @flow
    @legible_steps
    def fetch_max_withdrawal_quantity(self, code: str, params: Params = {}) -> Flow[Payload]:
        """How much of a currency the account could withdraw now, in `amount`.

        https://docs.backpack.exchange/#tag/Account/operation/get_max_withdrawal_quantity

        params: `autoBorrow`, `autoLendRedeem`.
        """
        yield self.load_markets()
        asset = asked_currency(self, f"{self.id} fetchMaxWithdrawalQuantity()", code)
        row = yield self.private_get_api_v1_account_limits_withdrawal({"symbol": asset["id"], **params})
        amount = number_or_none(self.number, row["maxWithdrawalQuantity"])
        return {"info": row, "currency": asset["code"], "amount": amount}

    # --- settings ----------------------------------------------------------------------------------------

    @flow
    @legible_steps
    def fetch_account_settings(self, params: Params = {}) -> Flow[Payload]:
        """The account's switches, leverage limit, fees in basis points and counts, as the venue has them.

        https://docs.backpack.exchange/#tag/Account/operation/get_account
        """
        return _summary((yield self.private_get_api_v1_account(params)))

    @flow
    @legible_steps
    def update_account_settings(self, settings: Params, params: Params = {}) -> Flow[Payload]:
        """The account's settings after changing those given; the others stay.

        https://docs.backpack.exchange/#tag/Account/operation/update_account_settings

        `settings`: autoLend, autoRepayBorrows, autoBorrowSettlements, each True or False. The leverage limit
        is set by `set_leverage`.
        """
        call = f"{self.id} updateAccountSettings()"
        if not isinstance(settings, dict | None):
            raise BadRequest(
                f"{call} settings has to be a dict such as {{'autoLend': True}}, not {settings!r}"
            )
        if not settings:
            raise ArgumentsRequired(f"{call} needs at least one of {', '.join(SETTINGS)}")
        for name, value in settings.items():
            checked_word(call, "a setting", name, SETTINGS)
            if not isinstance(value, bool):
                raise BadRequest(f"{call} {name} has to be True or False, not {value!r}")
        yield self.private_patch_api_v1_account({**settings, **params})
        return done_as(_summary, (yield self.private_get_api_v1_account()))


def _summary(answer: Any) -> Payload:
    return object_of(answer, "the account's settings")


def account_of(account: Payload, settled: Payload | None) -> Payload:
    """ccxt's account, of the venue's summary and one of the account's settlements, which name it."""
    named = {} if settled is None else {name: settled.get(name) for name in ("userId", "subaccountId")}
    return {
        "info": {**account, **named},
        "id": None if settled is None else str(settled.get("subaccountId") or 0),
        "type": CROSS,
        "name": None,
        "code": None,
    }


def _without(params: Params, *names: str) -> Params:
    return {name: value for name, value in params.items() if name not in names}
