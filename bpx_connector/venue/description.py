"""What `describe()` says of the exchange: its abilities, addresses, fees and limits. Facts only.

`has` is exact: a test walks it and fails on an entry without a working method and the reverse.
Sources: Backpack OpenAPI; fees from the venue's published base tier (perps 0.02 % / 0.05 %, spot
0.08 % / 0.10 %); request budgets from its FAQ.
"""

from __future__ import annotations

from typing import Any

from ccxt.base.decimal_to_precision import TICK_SIZE

from bpx_connector.venue.endpoints import Budget
from bpx_connector.venue.words import NETWORK_ID, TIMEFRAME

__all__ = [
    "DESCRIPTION",
    "HISTORY_LIMIT",
    "KLINES_LIMIT",
    "ORDERS_PER_BATCH",
    "REGION_HOST",
    "REQUESTS_PER_MINUTE",
    "STREAMS",
]

REQUESTS_PER_MINUTE = {Budget.STANDARD: 2000, Budget.HISTORICAL: 30}

HISTORY_LIMIT = 1000
"""Rows a page at most: history, deposits, withdrawals, trades."""

FUNDING_RATES_LIMIT = 10_000
ORDERS_PER_BATCH = 50
KLINES_LIMIT = 1000
"""Candles we ask for at once. The venue has no limit parameter and documents no longest span."""

HOST = "https://api.backpack.exchange"
REGION_HOST = {"eu": "https://api.eu.backpack.exchange"}
"""Hosts of regions; the EEA's answers the same bodies (FACTS 22, by two public clients)."""
STREAMS = "wss://ws.backpack.exchange"
SANDBOX_PORT = 8787

YES = True
NO = False

HAS: dict[str, Any] = {
    "CORS": None,
    "spot": YES,
    "margin": YES,
    "swap": YES,
    "future": NO,
    "option": NO,
    "addMargin": NO,
    "borrowCrossMargin": YES,
    "cancelAllOrders": YES,
    "cancelAllOrdersAfter": YES,
    "cancelOrder": YES,
    "cancelOrderWithClientOrderId": YES,
    "cancelOrders": YES,
    "cancelOrdersWithClientOrderId": YES,
    "closeAllPositions": YES,
    "closePosition": YES,
    "createConvertTrade": YES,
    "createDepositAddress": NO,
    "createLimitBuyOrder": YES,
    "createLimitOrder": YES,
    "createLimitSellOrder": YES,
    "createMarketBuyOrder": YES,
    "createMarketBuyOrderWithCost": YES,
    "createMarketOrder": YES,
    "createMarketOrderWithCost": YES,
    "createMarketSellOrder": YES,
    "createMarketSellOrderWithCost": YES,
    "createOrder": YES,
    "createOrders": YES,
    "createOrderWithTakeProfitAndStopLoss": YES,
    "createPostOnlyOrder": YES,
    "createReduceOnlyOrder": YES,
    "createStopLimitOrder": YES,
    "createStopLossOrder": YES,
    "createStopMarketOrder": YES,
    "createStopOrder": YES,
    "createTakeProfitOrder": YES,
    "createTrailingAmountOrder": NO,
    "createTrailingPercentOrder": NO,
    "createTriggerOrder": YES,
    "createTwapOrder": YES,
    "editOrder": YES,
    "editOrderWithClientOrderId": YES,
    "editOrders": YES,
    "fetchAccounts": YES,
    "fetchBalance": YES,
    "fetchBidsAsks": YES,
    "fetchBorrowInterest": YES,
    "fetchBorrowRateHistories": YES,
    "fetchBorrowRateHistory": YES,
    "fetchCanceledAndClosedOrders": YES,
    "fetchCanceledOrders": YES,
    "fetchClosedOrder": YES,
    "fetchClosedOrders": YES,
    "fetchConvertQuote": YES,
    "fetchConvertTrade": YES,
    "fetchConvertTradeHistory": YES,
    "fetchCrossBorrowRate": YES,
    "fetchCrossBorrowRates": YES,
    "fetchCurrencies": YES,
    "fetchCurrenciesWs": NO,  # ccxt's base says True and has no such method
    "fetchDeposit": YES,
    "fetchDepositAddress": YES,
    "fetchDepositAddresses": NO,
    "fetchDepositAddressesByNetwork": YES,
    "fetchDepositWithdrawFee": YES,
    "fetchDepositWithdrawFees": YES,
    "fetchDeposits": YES,
    "fetchDepositsWithdrawals": YES,
    "fetchFundingHistory": YES,
    "fetchFundingInterval": YES,
    "fetchFundingIntervals": YES,
    "fetchFundingRate": YES,
    "fetchFundingRateHistory": YES,
    "fetchFundingRates": YES,
    "fetchIndexOHLCV": YES,
    "fetchL2OrderBook": YES,
    "fetchLastPrices": YES,
    "fetchLedger": YES,
    "fetchLedgerEntry": YES,
    "fetchLeverage": YES,
    "fetchLeverageTiers": YES,
    "fetchLeverages": YES,
    "fetchMarginMode": YES,
    "fetchMarginModes": YES,
    "fetchMarkOHLCV": YES,
    "fetchMarkPrice": YES,
    "fetchMarkPrices": YES,
    "fetchMarketLeverageTiers": YES,
    "fetchMarkets": YES,
    "fetchMyLiquidations": YES,
    "fetchMyTrades": YES,
    "fetchOHLCV": YES,
    "fetchOpenInterest": YES,
    "fetchOpenInterestHistory": NO,
    "fetchOpenInterests": YES,
    "fetchOpenOrder": YES,
    "fetchOpenOrders": YES,
    "fetchOrder": YES,
    "fetchOrderBook": YES,
    "fetchOrderBooks": YES,
    "fetchOrderTrades": YES,
    "fetchOrderWithClientOrderId": YES,
    "fetchOrders": YES,
    "fetchPosition": YES,
    "fetchPositionHistory": YES,
    "fetchPositionMode": YES,
    "fetchPositions": YES,
    "fetchPositionsForSymbol": YES,
    "fetchPositionsHistory": YES,
    "fetchPremiumIndexOHLCV": YES,
    "fetchStatus": YES,
    "fetchTicker": YES,
    "fetchTickers": YES,
    "fetchTime": YES,
    "fetchTrades": YES,
    "fetchTradingFee": YES,
    "fetchTradingFees": YES,
    "fetchTradingLimits": YES,
    "fetchTransactionFee": YES,
    "fetchTransactionFees": YES,
    "fetchTransactions": YES,
    "fetchTransfers": NO,
    "fetchWithdrawal": YES,
    "fetchWithdrawals": YES,
    "reduceMargin": NO,
    "repayCrossMargin": YES,
    "sandbox": YES,
    "setLeverage": YES,
    "setMargin": NO,
    "setMarginMode": YES,
    "setPositionMode": NO,
    "signIn": NO,
    "transfer": NO,
    "withdraw": YES,
}

_CREATE_ORDER: dict[str, Any] = {
    "marginMode": NO,
    "triggerPrice": YES,
    "triggerPriceType": {"last": YES, "mark": YES, "index": YES},
    "triggerDirection": NO,
    "stopLossPrice": YES,
    "takeProfitPrice": YES,
    "attachedStopLossTakeProfit": {
        "triggerPriceType": {"last": YES, "mark": YES, "index": YES},
        "price": YES,
    },
    "timeInForce": {"GTC": YES, "IOC": YES, "FOK": YES, "PO": YES, "GTD": NO},
    "hedged": NO,
    "trailing": NO,
    "leverage": NO,
    "marketBuyByCost": YES,
    "marketBuyRequiresPrice": NO,
    "selfTradePrevention": {
        "EXPIRE_TAKER": YES,
        "EXPIRE_MAKER": YES,
        "EXPIRE_BOTH": YES,
        "NONE": NO,
    },
    "iceberg": NO,
}


def _history(**more: Any) -> dict[str, Any]:
    return {
        "marginMode": NO,
        "limit": HISTORY_LIMIT,
        "daysBack": None,
        "untilDays": None,
        "trigger": NO,
        "trailing": NO,
        "symbolRequired": NO,
        **more,
    }


FEATURES: dict[str, Any] = {
    "default": {
        "sandbox": YES,
        "createOrder": _CREATE_ORDER,
        "createOrders": {"max": ORDERS_PER_BATCH},
        "fetchMyTrades": _history(),
        "fetchOrder": {"marginMode": NO, "trigger": YES, "trailing": NO, "symbolRequired": NO},
        "fetchOpenOrders": _history(limit=None, trigger=YES),
        "fetchOrders": _history(),
        "fetchClosedOrders": _history(daysBackCanceled=None),
        "fetchCanceledOrders": _history(),
        "fetchOHLCV": {"paginate": YES, "limit": KLINES_LIMIT},
    },
    "spot": {"extends": "default"},
    "swap": {"linear": {"extends": "default"}, "inverse": None},
    "future": {"linear": None, "inverse": None},
}

DESCRIPTION: dict[str, Any] = {
    "id": "bpx",
    "name": "Backpack",
    "countries": ["JP"],
    "version": "v1",
    "certified": False,
    "pro": True,
    "rateLimit": 60_000 / REQUESTS_PER_MINUTE[Budget.STANDARD],
    "has": HAS,
    "features": FEATURES,
    "timeframes": TIMEFRAME,
    "urls": {
        "api": {"public": HOST, "private": HOST, "ws": {"public": STREAMS, "private": STREAMS}},
        "test": {
            "public": f"http://127.0.0.1:{SANDBOX_PORT}",
            "private": f"http://127.0.0.1:{SANDBOX_PORT}",
            "ws": {"public": f"ws://127.0.0.1:{SANDBOX_PORT}", "private": f"ws://127.0.0.1:{SANDBOX_PORT}"},
        },
        "logo": "https://github.com/user-attachments/assets/7f682234-3eb1-48ab-a5ec-250a3227c985",
        "www": "https://backpack.exchange/",
        "doc": "https://docs.backpack.exchange/",
        "fees": "https://backpack.exchange/fees",
    },
    "fees": {
        "trading": {"tierBased": True, "percentage": True, "maker": 0.0008, "taker": 0.001},
        "swap": {"tierBased": True, "percentage": True, "maker": 0.0002, "taker": 0.0005},
        # Single markets with rates of their own, by the venue's symbol.
        "markets": {"USDT_USDC": {"maker": 0, "taker": 0}},
    },
    "requiredCredentials": {"apiKey": True, "secret": True},
    "precisionMode": TICK_SIZE,
    "commonCurrencies": {},
    "options": {
        "defaultType": "spot",
        "recvWindow": 5000,
        "adjustForTimeDifference": False,
        "timeDifference": 0,
        # Find out what became of an order whose answer was lost; False, or {"timeout": milliseconds}.
        "outcome": True,
        "requestsPerMinute": {str(budget): count for budget, count in REQUESTS_PER_MINUTE.items()},
        "createMarketBuyOrderRequiresPrice": False,
        "networks": NETWORK_ID,
    },
}
