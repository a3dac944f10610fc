"""A good answer of every operation: captured where there is one, else made from the venue's document.

Made answers have every property the document names, one row a list, so that each can be spoilt.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from tests.support.openapi import document
from tests.support.samples import captured_markets, sample

__all__ = ["good_answer", "operations"]

NAMED: dict[str, Any] = {
    "symbol": "SOL_USDC",
    "marketSymbol": "SOL_USDC",
    "feeSymbol": "USDC",
    "fiatCurrency": "USD",
    "asset": "SOL",
    "blockchain": "Solana",
    "side": "Bid",
    "orderType": "Limit",
    "status": "New",
    "triggerBy": "MarkPrice",
    "stopLossTriggerBy": "MarkPrice",
    "takeProfitTriggerBy": "MarkPrice",
    "id": "77",
    "clientId": 7,
    "fundingInterval": 3_600_000,
    "timezone": "America/New_York",
    "marketType": "SPOT",
    "duration": 600_000,
    "interval": 30_000,
    "startTime": "09:30:00",
    "endTime": "16:00:00",
    "lastUpdateId": "9",
    "transactionHash": "0xabc",
    "userId": 1,
    "rfqId": "77",
    "quoteId": "78",
    "paymentType": "Lend",
}
"""What a property of that name holds, where its type says too little."""

OF_SCHEMA: dict[str, dict[str, Any]] = {
    "FuturePositionWithMargin": {"symbol": "BTC_USDC_PERP"},
    "FundingPayment": {"symbol": "BTC_USDC_PERP"},
    "FundingIntervalRate": {"symbol": "BTC_USDC_PERP"},
    "MarkPrice": {"symbol": "BTC_USDC_PERP"},
    "OpenInterest": {"symbol": "BTC_USDC_PERP"},
    "PositionHistoryRow": {"symbol": "BTC_USDC_PERP"},
    "MarketAsset": {"symbol": "SOL"},
    "CollateralSummary": {"symbol": "USDC"},
    "Collateral": {"symbol": "USDC"},
    "Deposit": {"symbol": "USDC", "id": 77, "status": "confirmed", "source": "solana"},
    "Withdrawal": {"symbol": "USDC", "id": 77, "status": "confirmed", "clientId": "w7"},
    "DustConversion": {"symbol": "SOL", "id": 77},
    "BorrowLendMarket": {"symbol": "USDC", "state": "Open"},
    "BorrowLendPositionWithMargin": {"symbol": "USDC"},
    "BorrowLendPositionRow": {"symbol": "USDC"},
    "BorrowLendMovement": {"symbol": "USDC"},
    "InterestPayment": {"symbol": "USDC", "marketSymbol": "USDC"},
    "ApyRates": {},
    "Trade": {"id": 77},
    "Vault": {"symbol": "USDC", "id": 1},
    "Strategy": {"status": "Completed"},
    "StrategyType": {"status": "Running"},
    "Order": {"status": "Cancelled"},
    "OrderFill": {"tradeId": 7, "clientId": "7"},
    "RequestForQuote": {"status": "New", "symbol": "AAPL.US_USDC_RFQ"},
    "RequestForQuoteHistorical": {"status": "Filled", "symbol": "AAPL.US_USDC_RFQ"},
    "RequestForQuoteFillHistorical": {"symbol": "AAPL.US_USDC_RFQ"},
    "QuoteFillHistorical": {"symbol": "AAPL.US_USDC_RFQ"},
    "QuoteWithStatus": {},
    "Quote": {"status": "New"},
    "QuoteHistorical": {"status": "New"},
    "Settlement": {"source": "RealizePnl"},
    "WalletResponse": {},
    "Security": {"asset": "AAPL.US", "name": "Apple"},
}

CAPTURED = {
    "GET /api/v1/assets": "rest/get_api_v1_assets",
    "GET /api/v1/tickers": "get_api_v1_tickers",
    "GET /api/v1/ticker": "get_api_v1_ticker.SOL_USDC",
    "GET /api/v1/depth": "rest/get_api_v1_depth",
    "GET /api/v1/markPrices": "get_api_v1_markPrices",
    "GET /api/v1/openInterest": "get_api_v1_openInterest",
    "GET /api/v1/fundingRates": "get_api_v1_fundingRates",
    "GET /api/v1/klines": "get_api_v1_klines",
    "GET /api/v1/trades": "get_api_v1_trades",
    "GET /api/v1/trades/history": "get_api_v1_trades",
    "GET /api/v1/status": "get_api_v1_status",
    "GET /api/v1/capital": "rest/get_api_v1_capital",
    "GET /api/v1/capital/collateral": "get_api_v1_capital_collateral",
}
"""Lists and objects as the venue has really said them."""

NEWER: dict[str, Any] = {
    "GET /api/v1/stockSessions": [
        {
            "name": "US_EQUITIES_CORE",
            "description": "Core",
            "startTime": "09:30:00",
            "endTime": "16:00:00",
            "timezone": "America/New_York",
            "startWeekday": 1,
            "endWeekday": 5,
        }
    ],
    "GET /api/v1/stockHolidays": [
        {
            "market": "NYSE",
            "name": "Christmas",
            "date": "2026-12-25",
            "startTime": None,
            "endTime": None,
            "timezone": "America/New_York",
        }
    ],
    "GET /api/v1/stockIndicativeQuote": {
        "available": True,
        "symbol": "AAPL.US",
        "side": "Bid",
        "session": "US_EQUITIES_REGULAR",
        "reason": None,
        "price": "90",
        "estimatedPrice": "90",
        "publishedAt": 1_788_285_244_094,
        "quantityFilter": {"minQuantity": "0.01", "maxQuantity": "1000", "stepSize": "0.01"},
    },
    "GET /wapi/v1/feeTiers": {"futures": [{"tier": 1, "maker": "2"}], "spot": [{"tier": 1, "maker": "8"}]},
    "GET /wapi/v1/country": [{"countryCode": "DE", "blocked": False, "sanctioned": False}],
    "GET /wapi/v1/history/vault/mint": [
        {
            "id": "77",
            "vaultId": 1,
            "vaultToken": "BLT",
            "symbol": "USDC",
            "quantity": "100",
            "vaultTokensMinted": "99.5",
            "nav": "1.005",
            "timestamp": 1_788_285_244_094,
        }
    ],
    "GET /wapi/v1/history/vault/redeem": [
        {
            "status": "Redeemed",
            "id": "78",
            "vaultId": 1,
            "vaultTokenQuantity": "99.5",
            "vaultToken": "BLT",
            "symbol": "USDC",
            "quantity": "100",
            "nav": "1.005",
            "reason": None,
            "timestamp": 1_788_285_244_094,
        }
    ],
    "GET /wapi/v1/country/permissions": [
        {"countryCode": "DE", "countryName": "Germany", "perpsEnabled": True, "maxLeverage": "10"}
    ],
}
"""Operations that the document does not have yet."""

TEXTS = {"GET /api/v1/ping": "pong", "GET /api/v1/time": "1788285244094"}
FIGURES = {
    "decimal": "1.5",
    "naive-date-time": "2026-09-01T17:54:04.094",
    "date-time": "2026-09-01T17:54:04Z",
}


def operations() -> list[str]:
    """Every operation of the venue's document."""
    return [
        f"{method.upper()} {path}"
        for path, methods in document()["paths"].items()
        for method in methods
        if method in ("get", "post", "patch", "delete", "put")
    ]


def good_answer(operation: str) -> Any:
    """A fresh copy of a good answer: JSON, or text where that is answered; None where there is no body."""
    return deepcopy(_answer(operation))


@cache
def _answer(operation: str) -> Any:
    if operation in TEXTS:
        return TEXTS[operation]
    if operation in NEWER:
        return NEWER[operation]
    if operation in ("DELETE /api/v1/order", "DELETE /api/v1/orders"):
        order = {**_answer("GET /api/v1/order"), "status": "Cancelled", "executedQuantity": "0"}
        return order if operation.endswith("order") else [order]
    if operation == "GET /api/v1/markets":
        return captured_markets()
    if operation in CAPTURED:
        return _rows(operation, sample(CAPTURED[operation]))
    method, path = operation.split(" ")
    responses = document()["paths"][path][method.lower()]["responses"]
    for status in ("200", "202"):
        for content in responses.get(status, {}).get("content", {}).values():
            return _made(content["schema"])
    return None


def _rows(operation: str, captured: Any) -> Any:
    is_list = operation.rpartition("/")[2] in ("position", "fundingRates", "openInterest", "markPrices")
    return [captured] if is_list and isinstance(captured, dict) else captured


def _made(schema: dict[str, Any], name: str = "", given: dict[str, Any] = {}) -> Any:
    if "$ref" in schema:
        kind = schema["$ref"].rpartition("/")[2]
        return _made(document()["components"]["schemas"][kind], name, OF_SCHEMA.get(kind, given))
    if name in given:
        return given[name]
    parts = [part for key in ("allOf", "oneOf", "anyOf") for part in schema.get(key, [])]
    if parts and "properties" not in schema:
        return _joined(schema, name, given)
    if "enum" in schema:
        return NAMED[name] if NAMED.get(name) in schema["enum"] else schema["enum"][0]
    if schema.get("type") == "array":
        return [_made(schema["items"], name.removesuffix("s"), given)]
    if schema.get("type") == "object" or "properties" in schema:
        own = {key: _made(part, key, given) for key, part in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties")
        return {**own, "USDC": _made(more, "", given)} if isinstance(more, dict) else own
    return _plain(schema, name)


def _joined(schema: dict[str, Any], name: str, given: dict[str, Any]) -> Any:
    if "allOf" not in schema:
        return _made((schema.get("oneOf") or schema["anyOf"])[0], name, given)
    made = [_made(part, name, given) for part in schema["allOf"]]
    if all(isinstance(part, dict) for part in made):
        return {key: value for part in made for key, value in part.items()}
    return made[0]


def _plain(schema: dict[str, Any], name: str) -> Any:
    kind, form = schema.get("type"), schema.get("format")
    if kind == "boolean":
        return False
    if kind == "integer":
        return 1_788_285_244_094 if form == "int64" and name not in NAMED else _whole(name)
    if kind == "number":
        return 1.5
    if form in FIGURES:
        return FIGURES[form]
    return str(NAMED.get(name, "1.5" if name.endswith(("Price", "Quantity")) else "word"))


def _whole(name: str) -> int:
    value = NAMED.get(name, 1)
    return int(value) if str(value).isdecimal() else 1
