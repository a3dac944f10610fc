"""Every operation of the venue, one row each: method, path, instruction, parameters, budget.

A row is at once a fact for the signer, the sandbox and the pacing, and the implicit method of that name on
the three exchange classes. Names are ccxt's: access, method and path joined by `_`, with the camelCase
spelling beside it. Parameters marked `!` are required.

Source: Backpack OpenAPI (81 operations); `NewerEndpoints` from the venue's documentation of October 2026.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from ccxt.base.types import Entry

__all__ = [
    "ENDPOINTS",
    "HISTORICAL",
    "STANDARD",
    "Budget",
    "Endpoint",
    "Endpoints",
    "NewerEndpoints",
    "UntoldEndpoints",
    "endpoint_of",
]


class Budget(StrEnum):
    """What a call draws on. Requests a minute are in `description.py`, where a user can change them."""

    STANDARD = "standard"
    HISTORICAL = "historical"


STANDARD = Budget.STANDARD
# The venue's FAQ counts time-range data such as candles and trades apart, 30 a minute. It does not say
# where funding rates and the account's own history belong; they are planned as if they were in there.
HISTORICAL = Budget.HISTORICAL

UNSIGNED = None
"""No instruction: the venue asks for no signature."""

AUTO = "autoLend autoLendRedeem autoBorrow autoBorrowRepay"
SLIPPAGE = "slippageTolerance slippageToleranceType"
ORDER_FIELDS = (
    f"{AUTO} {SLIPPAGE} brokerId clientId orderType! postOnly price quantity quoteQuantity reduceOnly "
    "selfTradePrevention side! stopLossLimitPrice stopLossTriggerBy stopLossTriggerPrice symbol! "
    "takeProfitLimitPrice takeProfitTriggerBy takeProfitTriggerPrice timeInForce "
    "triggerBy triggerPrice triggerQuantity"
)
STRATEGY_FIELDS = (
    f"{AUTO} {SLIPPAGE} brokerId clientStrategyId strategyType! quantity price postOnly reduceOnly "
    "selfTradePrevention side! symbol! timeInForce duration interval randomizedIntervalQuantity"
)
WITHDRAWAL_FIELDS = (
    "address! blockchain! clientId quantity! symbol! twoFactorToken autoBorrow autoLendRedeem "
    "recipientInformation"
)


class Endpoint(Entry[Any]):
    """One operation, and the implicit method that calls it.

    `empty` is the status with which the operation succeeds without a body (202: accepted, not yet done), None
    if it never does; `is_text` marks the operations that answer bare text, `needs_session` those that the
    venue serves to a browser session only. `newer` are parameters that the documentation of October 2026 adds
    to those of the OpenAPI.
    """

    def __init__(
        self,
        operation: str,
        instruction: str | None = UNSIGNED,
        parameters: str = "",
        *,
        newer: str = "",
        budget: Budget = STANDARD,
        empty: int | None = None,
        is_text: bool = False,
        needs_session: bool = False,
    ) -> None:
        method, path = operation.split(" /")
        super().__init__(path, [], method, {"cost": 1})
        self.instruction = instruction
        self.budget = budget
        self.empty = empty
        self.is_text = is_text
        self.needs_session = needs_session
        names = parameters.split()
        self.required = frozenset(name[:-1] for name in names if name.endswith("!"))
        self.parameters = frozenset(name.rstrip("!") for name in names)
        self.newer = frozenset(newer.split())

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        access = name.partition("_")[0]
        self.api.append(access)
        words = [access, self.method.lower(), *re.split(r"[/-]", self.path)]
        setattr(owner, words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:]), self)

    def is_answered_by(self, status: int, body: str | None, decoded: Any) -> bool:
        """Whether a success with this body is an answer at all."""
        return decoded is not None or self.is_text or (not body and status == self.empty)

    def __repr__(self) -> str:
        return f"<Endpoint {self.method} /{self.path}>"


class Endpoints:
    """The 81 operations of the venue's OpenAPI, by the names that ccxt gives their implicit methods."""

    # Account
    private_get_api_v1_account = Endpoint("GET /api/v1/account", "accountQuery")
    private_patch_api_v1_account = Endpoint(
        "PATCH /api/v1/account",
        "accountUpdate",
        "autoBorrowSettlements autoLend autoRepayBorrows leverageLimit",
        empty=200,
    )
    private_get_api_v1_account_limits_borrow = Endpoint(
        "GET /api/v1/account/limits/borrow", "maxBorrowQuantity", "symbol!"
    )
    private_get_api_v1_account_limits_order = Endpoint(
        "GET /api/v1/account/limits/order",
        "maxOrderQuantity",
        "symbol! side! price reduceOnly autoBorrow autoBorrowRepay autoLendRedeem",
    )
    private_get_api_v1_account_limits_withdrawal = Endpoint(
        "GET /api/v1/account/limits/withdrawal", "maxWithdrawalQuantity", "symbol! autoBorrow autoLendRedeem"
    )

    # Capital
    private_post_api_v1_account_convertdust = Endpoint(
        "POST /api/v1/account/convertDust", "convertDust", "symbol", empty=200
    )
    private_get_api_v1_capital = Endpoint("GET /api/v1/capital", "balanceQuery")
    private_get_api_v1_capital_collateral = Endpoint(
        "GET /api/v1/capital/collateral", "collateralQuery", "subaccountId"
    )
    private_get_wapi_v1_capital_deposits = Endpoint(
        "GET /wapi/v1/capital/deposits",
        "depositQueryAll",
        "from to limit offset excludePlatform",
        newer="transactionHash",
    )
    private_get_wapi_v1_capital_deposit_address = Endpoint(
        "GET /wapi/v1/capital/deposit/address", "depositAddressQuery", "blockchain!"
    )
    private_get_wapi_v1_capital_withdrawals = Endpoint(
        "GET /wapi/v1/capital/withdrawals", "withdrawalQueryAll", "id clientId from to limit offset"
    )
    private_post_wapi_v1_capital_withdrawals = Endpoint(
        "POST /wapi/v1/capital/withdrawals",
        "withdraw",
        WITHDRAWAL_FIELDS,
    )
    private_get_wapi_v1_history_dust = Endpoint(
        "GET /wapi/v1/history/dust",
        "dustHistoryQueryAll",
        "id symbol limit offset sortDirection",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_settlement = Endpoint(
        "GET /wapi/v1/history/settlement",
        "settlementHistoryQueryAll",
        "limit offset source sortDirection",
        budget=HISTORICAL,
    )

    # Assets
    public_get_api_v1_assets = Endpoint("GET /api/v1/assets", UNSIGNED, "country")
    public_get_api_v1_collateral = Endpoint("GET /api/v1/collateral")

    # Borrow Lend
    private_get_api_v1_borrowlend_positions = Endpoint(
        "GET /api/v1/borrowLend/positions", "borrowLendPositionQuery"
    )
    private_get_api_v1_borrowlend_position_liquidationprice = Endpoint(
        "GET /api/v1/borrowLend/position/liquidationPrice", UNSIGNED, "subaccountId borrow!"
    )
    private_post_api_v1_borrowlend = Endpoint(
        "POST /api/v1/borrowLend", "borrowLendExecute", "quantity! side! symbol!", empty=200
    )
    private_get_wapi_v1_history_borrowlend = Endpoint(
        "GET /wapi/v1/history/borrowLend",
        "borrowHistoryQueryAll",
        "type sources positionId symbol limit offset sortDirection",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_interest = Endpoint(
        "GET /wapi/v1/history/interest",
        "interestHistoryQueryAll",
        "asset symbol positionId limit offset source sortDirection",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_borrowlend_positions = Endpoint(
        "GET /wapi/v1/history/borrowLend/positions",
        "borrowPositionHistoryQueryAll",
        "symbol side state limit offset sortDirection",
        budget=HISTORICAL,
    )

    # Borrow Lend Markets
    public_get_api_v1_borrowlend_markets = Endpoint("GET /api/v1/borrowLend/markets")
    public_get_api_v1_borrowlend_markets_history = Endpoint(
        "GET /api/v1/borrowLend/markets/history", UNSIGNED, "interval! symbol"
    )
    public_get_api_v1_borrowlend_apy = Endpoint("GET /api/v1/borrowLend/apy", UNSIGNED, "tierId")

    # Markets
    public_get_api_v1_markets = Endpoint("GET /api/v1/markets", UNSIGNED, "marketType")
    public_get_api_v1_market = Endpoint("GET /api/v1/market", UNSIGNED, "symbol!")
    public_get_api_v1_depth = Endpoint("GET /api/v1/depth", UNSIGNED, "symbol! limit")
    public_get_api_v1_prediction = Endpoint(
        "GET /api/v1/prediction", UNSIGNED, "symbol tagSlug eventSlug seriesSlug resolved limit offset"
    )
    public_get_api_v1_prediction_tags = Endpoint("GET /api/v1/prediction/tags")
    public_get_api_v1_market_sessions = Endpoint("GET /api/v1/market-sessions")
    public_get_api_v1_securities = Endpoint("GET /api/v1/securities")
    public_get_api_v1_markprices = Endpoint("GET /api/v1/markPrices", UNSIGNED, "symbol marketType")
    public_get_api_v1_openinterest = Endpoint("GET /api/v1/openInterest", UNSIGNED, "symbol")
    public_get_api_v1_fundingrates = Endpoint(
        "GET /api/v1/fundingRates", UNSIGNED, "symbol! limit offset", budget=HISTORICAL
    )
    public_get_api_v1_klines = Endpoint(
        "GET /api/v1/klines",
        UNSIGNED,
        "symbol! interval! startTime! endTime priceType",
        newer="source",
        budget=HISTORICAL,
    )
    public_get_api_v1_ticker = Endpoint(
        "GET /api/v1/ticker", UNSIGNED, "symbol! interval", newer="source", empty=204
    )
    public_get_api_v1_tickers = Endpoint("GET /api/v1/tickers", UNSIGNED, "interval", newer="source")

    # Order
    private_get_api_v1_order = Endpoint("GET /api/v1/order", "orderQuery", "clientId orderId symbol!")
    private_post_api_v1_order = Endpoint("POST /api/v1/order", "orderExecute", ORDER_FIELDS)
    private_delete_api_v1_order = Endpoint(
        "DELETE /api/v1/order", "orderCancel", "clientId orderId symbol!", empty=202
    )
    private_post_api_v1_orders = Endpoint("POST /api/v1/orders", "orderExecute", ORDER_FIELDS)
    private_get_api_v1_orders = Endpoint("GET /api/v1/orders", "orderQueryAll", "marketType symbol")
    private_delete_api_v1_orders = Endpoint(
        "DELETE /api/v1/orders", "orderCancelAll", "symbol! orderType", empty=202
    )
    private_get_wapi_v1_history_fills = Endpoint(
        "GET /wapi/v1/history/fills",
        "fillHistoryQueryAll",
        "orderId strategyId from to symbol limit offset fillType marketType sortDirection",
        newer="assetClass",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_orders = Endpoint(
        "GET /wapi/v1/history/orders",
        "orderHistoryQueryAll",
        "orderId strategyId symbol limit offset marketType sortDirection",
        newer="assetClass",
        budget=HISTORICAL,
    )

    # Position
    private_get_api_v1_position = Endpoint("GET /api/v1/position", "positionQuery", "symbol marketType")
    private_get_wapi_v1_history_funding = Endpoint(
        "GET /wapi/v1/history/funding",
        "fundingHistoryQueryAll",
        "subaccountId symbol limit offset sortDirection",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_position = Endpoint(
        "GET /wapi/v1/history/position",
        "positionHistoryQueryAll",
        "symbol state marketType limit offset sortDirection",
        newer="assetClass",
        budget=HISTORICAL,
    )

    # RFQ
    private_post_api_v1_rfq_quote = Endpoint(
        "POST /api/v1/rfq/quote",
        "quoteSubmit",
        f"rfqId! clientId bidPrice! askPrice! {AUTO}",
    )
    private_get_api_v1_rfqs = Endpoint(
        "GET /api/v1/rfqs", "rfqQuery", "symbol rfqId deferredSettlement subaccountId"
    )
    private_post_api_v1_rfq = Endpoint(
        "POST /api/v1/rfq",
        "rfqSubmit",
        f"clientId quantity quoteQuantity price symbol! side! executionMode {AUTO}",
    )
    private_post_api_v1_rfq_accept = Endpoint(
        "POST /api/v1/rfq/accept", "quoteAccept", "rfqId clientId quoteId!"
    )
    private_post_api_v1_rfq_refresh = Endpoint("POST /api/v1/rfq/refresh", "rfqRefresh", "rfqId!")
    private_post_api_v1_rfq_cancel = Endpoint("POST /api/v1/rfq/cancel", "rfqCancel", "rfqId clientId")
    private_get_wapi_v1_history_rfq = Endpoint(
        "GET /wapi/v1/history/rfq",
        "rfqHistoryQueryAll",
        "rfqId symbol status side limit offset sortDirection deferredSettlement",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_quote = Endpoint(
        "GET /wapi/v1/history/quote",
        "quoteHistoryQueryAll",
        "quoteId symbol status limit offset sortDirection deferredSettlement",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_rfq_fill = Endpoint(
        "GET /wapi/v1/history/rfq/fill",
        "rfqFillHistoryQueryAll",
        "quoteId symbol side fillType deferredSettlement limit offset sortDirection",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_quote_fill = Endpoint(
        "GET /wapi/v1/history/quote/fill",
        "quoteFillHistoryQueryAll",
        "quoteId symbol side limit offset sortDirection",
        budget=HISTORICAL,
    )

    # Strategy
    private_get_api_v1_strategy = Endpoint(
        "GET /api/v1/strategy", "strategyQuery", "clientStrategyId strategyId symbol!"
    )
    private_post_api_v1_strategy = Endpoint(
        "POST /api/v1/strategy",
        "strategyCreate",
        STRATEGY_FIELDS,
    )
    private_delete_api_v1_strategy = Endpoint(
        "DELETE /api/v1/strategy", "strategyCancel", "clientStrategyId strategyId symbol!", empty=202
    )
    private_get_api_v1_strategies = Endpoint(
        "GET /api/v1/strategies", "strategyQueryAll", "marketType strategyType symbol"
    )
    private_delete_api_v1_strategies = Endpoint(
        "DELETE /api/v1/strategies", "strategyCancelAll", "symbol! strategyType", empty=202
    )
    private_get_wapi_v1_history_strategies = Endpoint(
        "GET /wapi/v1/history/strategies",
        "strategyHistoryQueryAll",
        "strategyId symbol limit offset marketType sortDirection",
        newer="assetClass",
        budget=HISTORICAL,
    )

    # System
    public_get_api_v1_status = Endpoint("GET /api/v1/status")
    public_get_api_v1_ping = Endpoint("GET /api/v1/ping", is_text=True)
    public_get_api_v1_time = Endpoint("GET /api/v1/time", is_text=True)
    public_get_api_v1_wallets = Endpoint("GET /api/v1/wallets")

    # Trades
    public_get_api_v1_trades = Endpoint("GET /api/v1/trades", UNSIGNED, "symbol! limit")
    public_get_api_v1_trades_history = Endpoint(
        "GET /api/v1/trades/history", UNSIGNED, "symbol! limit offset", budget=HISTORICAL
    )

    # Vaults
    public_get_api_v1_vaults = Endpoint("GET /api/v1/vaults")
    private_post_api_v1_vault_mint = Endpoint(
        "POST /api/v1/vault/mint",
        "vaultMint",
        "vaultId! symbol! quantity! autoBorrow autoLendRedeem",
        empty=200,
    )
    private_post_api_v1_vault_redeem = Endpoint(
        "POST /api/v1/vault/redeem", "vaultRedeemRequest", "vaultId! vaultTokenQuantity", empty=200
    )
    private_delete_api_v1_vault_redeem = Endpoint(
        "DELETE /api/v1/vault/redeem", "vaultRedeemCancel", "vaultId!", empty=200
    )
    private_get_api_v1_vault_redeems_pending = Endpoint(
        "GET /api/v1/vault/redeems/pending", "vaultPendingRedeemsQuery", "vaultId!"
    )
    private_get_api_v1_vault_nav = Endpoint("GET /api/v1/vault/nav", "vaultNavQuery")
    public_get_api_v1_vaults_history = Endpoint("GET /api/v1/vaults/history", UNSIGNED, "interval! vaultId")

    # Withdrawal Delays
    private_get_wapi_v1_capital_withdrawals_delay = Endpoint(
        "GET /wapi/v1/capital/withdrawals/delay", empty=204, needs_session=True
    )
    private_post_wapi_v1_capital_withdrawals_delay = Endpoint(
        "POST /wapi/v1/capital/withdrawals/delay",
        UNSIGNED,
        "withdrawalDelayHours! twoFactorToken!",
        empty=200,
        needs_session=True,
    )
    private_patch_wapi_v1_capital_withdrawals_delay = Endpoint(
        "PATCH /wapi/v1/capital/withdrawals/delay",
        UNSIGNED,
        "withdrawalDelayHours! twoFactorToken!",
        needs_session=True,
    )


class NewerEndpoints:
    """Operations that are newer than the OpenAPI, or answered without being documented."""

    public_get_api_v1_market_holidays = Endpoint("GET /api/v1/market-holidays")
    public_get_api_v1_stocksessions = Endpoint("GET /api/v1/stockSessions")
    public_get_api_v1_stockholidays = Endpoint("GET /api/v1/stockHolidays")
    public_get_api_v1_stockindicativequote = Endpoint(
        "GET /api/v1/stockIndicativeQuote", UNSIGNED, "symbol! side! quantity!"
    )
    # Not documented, but answered without a signature (seen 2026-09): the table of fee tiers, what is allowed
    # in which country.
    public_get_wapi_v1_feetiers = Endpoint("GET /wapi/v1/feeTiers")
    public_get_wapi_v1_country_permissions = Endpoint("GET /wapi/v1/country/permissions")
    public_get_wapi_v1_country = Endpoint("GET /wapi/v1/country")
    # In the venue's own client for Rust (July 2026), with these parameters.
    private_get_wapi_v1_history_vault_mint = Endpoint(
        "GET /wapi/v1/history/vault/mint",
        "vaultMintHistoryQueryAll",
        "subaccountId vaultId limit offset",
        budget=HISTORICAL,
    )
    private_get_wapi_v1_history_vault_redeem = Endpoint(
        "GET /wapi/v1/history/vault/redeem",
        "vaultRedeemHistoryQueryAll",
        "subaccountId vaultId limit offset",
        budget=HISTORICAL,
    )


class UntoldEndpoints:
    """Seen to answer (September 2026), and no more: neither parameters nor fields are known.

    So they are implicit methods and nothing else: what they answer would be guessed at.
    """

    public_get_wapi_v1_staking_stats = Endpoint("GET /wapi/v1/staking/stats")
    public_get_wapi_v1_stocks_earningscalendar = Endpoint("GET /wapi/v1/stocks/earningsCalendar")
    public_get_wapi_v1_stocks_economiccalendar = Endpoint("GET /wapi/v1/stocks/economicCalendar")


def _by_operation(*tables: type) -> dict[tuple[str, str], Endpoint]:
    rows = (row for table in tables for row in vars(table).values() if isinstance(row, Endpoint))
    return {(row.method, row.path): row for row in rows}


ENDPOINTS: dict[tuple[str, str], Endpoint] = _by_operation(Endpoints, NewerEndpoints, UntoldEndpoints)
"""(method, path without the leading slash) -> row."""


def endpoint_of(method: str, url: str) -> Endpoint | None:
    """The operation that a URL calls, or None if the venue has no such operation."""
    found = re.search(r"/(w?api/v1/[^?]*)", url)
    return ENDPOINTS.get((method, found[1])) if found else None
