"""Rows of the venue's histories as its OpenAPI describes them, filled in by hand."""

from __future__ import annotations

from typing import Any

__all__ = [
    "HISTORIES",
    "account_summary",
    "borrow_movement",
    "deposit",
    "dust_conversion",
    "fill",
    "funding_payment",
    "history_order",
    "indicative_quote",
    "interest_payment",
    "lending_market",
    "lending_position",
    "lending_rate",
    "past_lending_position",
    "past_position",
    "past_quote",
    "past_rfq",
    "past_strategy",
    "prediction_event",
    "quote",
    "quote_fill",
    "rfq",
    "rfq_fill",
    "security",
    "settlement",
    "strategy",
    "vault",
    "withdrawal",
]

Row = dict[str, Any]

HISTORIES = (
    "GET /wapi/v1/history/settlement",
    "GET /wapi/v1/history/interest",
    "GET /wapi/v1/history/borrowLend",
    "GET /wapi/v1/history/dust",
    "GET /wapi/v1/history/fills",
    "GET /wapi/v1/history/rfq/fill",
    "GET /wapi/v1/history/quote/fill",
    "GET /wapi/v1/capital/deposits",
    "GET /wapi/v1/capital/withdrawals",
)
"""The operations of which a ledger is made."""


def account_summary(**changes: Any) -> Row:
    """GET /api/v1/account."""
    return {
        "autoBorrowSettlements": True,
        "autoLend": False,
        "autoRealizePnl": True,
        "autoRepayBorrows": False,
        "borrowLimit": "100000",
        "futuresMakerFee": "2",
        "futuresTakerFee": "5",
        "leverageLimit": "10",
        "limitOrders": 0,
        "liquidating": False,
        "positionLimit": "1000000",
        "spotMakerFee": "8",
        "spotTakerFee": "10",
        "triggerOrders": 0,
        **changes,
    }


def settlement(timestamp: str, quantity: str, source: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/settlement."""
    return {
        "quantity": quantity,
        "source": source,
        "subaccountId": None,
        "timestamp": timestamp,
        "userId": 1000001,
        "positionId": None,
        "engineSequence": None,
        **changes,
    }


def interest_payment(timestamp: str, quantity: str, kind: str, symbol: str = "USDC", **changes: Any) -> Row:
    """GET /wapi/v1/history/interest."""
    return {
        "paymentType": kind,
        "interestRate": "0.0875",
        "interval": 3600000,
        "marketSymbol": f"{symbol}_USDC",
        "positionId": "113392053149171712",
        "quantity": quantity,
        "symbol": symbol,
        "timestamp": timestamp,
        **changes,
    }


def borrow_movement(timestamp: str, quantity: str, event: str, symbol: str = "USDC", **changes: Any) -> Row:
    """GET /wapi/v1/history/borrowLend."""
    return {
        "eventType": event,
        "positionId": "113392053149171712",
        "positionQuantity": quantity,
        "quantity": quantity,
        "source": "Manual",
        "symbol": symbol,
        "timestamp": timestamp,
        "spotMarginOrderId": None,
        **changes,
    }


def dust_conversion(
    timestamp: str, quantity: str, received: str, symbol: str = "SOL", number: int = 7
) -> Row:
    """GET /wapi/v1/history/dust."""
    return {
        "id": number,
        "quantity": quantity,
        "symbol": symbol,
        "usdcReceived": received,
        "timestamp": timestamp,
    }


def fill(timestamp: str, side: str, price: str, quantity: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/fills."""
    return {
        "clientId": None,
        "fee": "0.001",
        "feeSymbol": "SOL" if side == "Bid" else "USDC",
        "isMaker": False,
        "orderId": "60000000001",
        "price": price,
        "quantity": quantity,
        "side": side,
        "symbol": "SOL_USDC",
        "systemOrderType": None,
        "timestamp": timestamp,
        "tradeId": 10000001,
        **changes,
    }


def rfq_fill(timestamp: str, side: str, price: str, quantity: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/rfq/fill."""
    return {
        "rfqId": "113392053149171712",
        "clientId": None,
        "quoteId": "113392054083780608",
        "symbol": "SOL_USDC_RFQ",
        "side": side,
        "quantity": quantity,
        "quoteQuantity": None,
        "fillPrice": price,
        "createdAt": timestamp,
        "filledAt": timestamp,
        "systemOrderType": None,
        **changes,
    }


def quote_fill(timestamp: str, side: str, price: str, quantity: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/quote/fill."""
    return {
        "clientId": None,
        "quoteId": "113392054083780608",
        "rfqId": "113392053149171712",
        "symbol": "SOL_USDC_RFQ",
        "side": side,
        "quantity": quantity,
        "fillPrice": price,
        "fee": "0",
        "feeSymbol": "USDC",
        "createdAt": timestamp,
        "filledAt": timestamp,
        **changes,
    }


def deposit(timestamp: str, quantity: str, symbol: str = "USDC", **changes: Any) -> Row:
    """GET /wapi/v1/capital/deposits."""
    return {
        "id": 5000001,
        "toAddress": None,
        "fromAddress": None,
        "source": "internal",
        "status": "confirmed",
        "transactionHash": None,
        "symbol": symbol,
        "quantity": quantity,
        "createdAt": timestamp,
        **changes,
    }


def withdrawal(timestamp: str, quantity: str, symbol: str = "USDC", **changes: Any) -> Row:
    """GET /wapi/v1/capital/withdrawals."""
    return {
        "id": 5000002,
        "blockchain": "Solana",
        "clientId": None,
        "identifier": None,
        "quantity": quantity,
        "fee": "1",
        "symbol": symbol,
        "status": "confirmed",
        "subaccountId": None,
        "toAddress": "2Yf5xqe2Tz8d9jSVpTzGkZrV3PCpP4Ah5bJdY1uUhFvS",
        "transactionHash": None,
        "createdAt": timestamp,
        "isInternal": False,
        **changes,
    }


def past_position(identity: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/position."""
    return {
        "id": identity,
        "symbol": "SOL_USDC_PERP",
        "netQuantity": "0",
        "netExposureQuantity": "0",
        "netExposureNotional": "0",
        "netCost": "0",
        "markPrice": "101",
        "entryPrice": "100",
        "cumulativePnlRealized": "1.5",
        "unrealizedPnl": "0",
        "fundingQuantity": "-0.01",
        "interest": "0",
        "liquidated": "0",
        "imf": "0.1",
        "fees": "0.05",
        "state": "Closed",
        "closedVolume": "1",
        "liquidationFees": "0",
        "closingPrice": "101.5",
        "accountLeverage": "10",
        "openedAt": "2026-01-01T00:00:00",
        "closedAt": "2026-01-01T00:00:10",
        **changes,
    }


ROOT = {"type": "sqrt", "base": "0.02", "factor": "0.0001"}


def lending_market(symbol: str, rate: str, **changes: Any) -> Row:
    """GET /api/v1/borrowLend/markets."""
    return {
        "state": "Open",
        "assetMarkPrice": "1",
        "borrowInterestRate": rate,
        "borrowedQuantity": "600",
        "fee": "0.15",
        "lendInterestRate": "0.07",
        "lentQuantity": "1000",
        "maxUtilization": "0.95",
        "openBorrowLendLimit": "100000",
        "optimalUtilization": "0.7",
        "symbol": symbol,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "throttleUtilizationThreshold": "0.8",
        "throttleUtilizationBound": "0.9",
        "throttleUpdateFraction": "0.1",
        "utilization": "0.6",
        "stepSize": "0.01",
        **changes,
    }


def lending_rate(timestamp: str, rate: str) -> Row:
    """GET /api/v1/borrowLend/markets/history."""
    return {
        "borrowInterestRate": rate,
        "borrowedQuantity": "600",
        "lendInterestRate": "0.07",
        "lentQuantity": "1000",
        "timestamp": timestamp,
        "utilization": "0.6",
    }


def lending_position(symbol: str, net: str, **changes: Any) -> Row:
    """GET /api/v1/borrowLend/positions."""
    return {
        "cumulativeInterest": "0.01",
        "id": "113392053149171712",
        "imf": "0.02",
        "imfFunction": ROOT,
        "netQuantity": net,
        "markPrice": "1",
        "mmf": "0.01",
        "mmfFunction": ROOT,
        "netExposureQuantity": net,
        "netExposureNotional": net,
        "symbol": symbol,
        "estLiquidationPrice": "0",
        **changes,
    }


def past_lending_position(timestamp: str, symbol: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/borrowLend/positions."""
    return {
        "positionId": "113392053149171712",
        "quantity": "2",
        "symbol": symbol,
        "source": "Manual",
        "cumulativeInterest": "0.03",
        "avgInterestRate": "0.09",
        "side": "Borrow",
        "createdAt": timestamp,
        **changes,
    }


def rfq(**changes: Any) -> Row:
    """POST /api/v1/rfq, and `rfq` of GET /api/v1/rfqs."""
    return {
        "rfqId": "113392053149171712",
        "clientId": None,
        "symbol": "SOL_USDC_RFQ",
        "side": "Bid",
        "price": None,
        "quantity": "10",
        "quoteQuantity": None,
        "submissionTime": 1767225610000,
        "systemOrderType": None,
        "expiryTime": 1767225620000,
        "status": "New",
        "executionMode": "AwaitAccept",
        "createdAt": 1767225600000,
        **changes,
    }


def quote(bid: str, ask: str, **changes: Any) -> Row:
    """POST /api/v1/rfq/quote, and one of `quotes` of GET /api/v1/rfqs."""
    return {
        "rfqId": "113392053149171712",
        "quoteId": "113392054083780608",
        "clientId": None,
        "bidPrice": bid,
        "askPrice": ask,
        "status": "New",
        "createdAt": 1767225600500,
        **changes,
    }


def past_rfq(timestamp: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/rfq."""
    named = {name: value for name, value in rfq().items() if name != "systemOrderType"}
    times = {"submissionTime": timestamp, "expiryTime": timestamp, "createdAt": timestamp}
    return {**named, **times, "status": "Filled", "deferredSettlementQuoteId": None, **changes}


def past_quote(timestamp: str, bid: str, ask: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/quote."""
    return {**quote(bid, ask), "createdAt": timestamp, "deferredSettlement": False, **changes}


def security(asset: str, *sessions: tuple[str, str, str | None, str]) -> Row:
    """GET /api/v1/securities; a session is its name, the least and the most quantity, and the step."""
    return {
        "asset": asset,
        "name": asset,
        "cusip": None,
        "sessions": [
            {"name": name, "minQuantity": least, "maxQuantity": most, "stepSize": step}
            for name, least, most, step in sessions
        ],
    }


def indicative_quote(side: str, price: str | None, **changes: Any) -> Row:
    """GET /api/v1/stockIndicativeQuote, which the OpenAPI does not have yet."""
    return {
        "available": price is not None,
        "symbol": "QNDX.US",
        "side": side,
        "session": "US_EQUITIES_REGULAR",
        "reason": None if price is not None else "MarketClosed",
        "price": price,
        "estimatedPrice": price,
        "publishedAt": 1767225600000,
        "quantityFilter": {"minQuantity": "0.01", "maxQuantity": "1000", "stepSize": "0.01"},
        **changes,
    }


def strategy(**changes: Any) -> Row:
    """POST, GET and DELETE /api/v1/strategy."""
    return {
        "strategyType": "Scheduled",
        "id": "113392053149171712",
        "clientStrategyId": None,
        "createdAt": 1767225600000,
        "executedQuantity": "0",
        "executedQuoteQuantity": "0",
        "quantity": "10",
        "reduceOnly": None,
        "selfTradePrevention": "RejectTaker",
        "status": "Running",
        "side": "Bid",
        "symbol": "SOL_USDC",
        "timeInForce": "GTC",
        "duration": 600000,
        "interval": 30000,
        "randomizedIntervalQuantity": None,
        "slippageTolerance": None,
        "slippageToleranceType": None,
        **changes,
    }


def past_strategy(timestamp: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/strategies."""
    named = {name: value for name, value in strategy().items() if name != "reduceOnly"}
    more = {"createdAt": timestamp, "cancelReason": None, "randomizedIntervalQuantity": False}
    return {**named, **more, "status": "Completed", **changes}


def vault(**changes: Any) -> Row:
    """GET /api/v1/vaults."""
    return {
        "id": 1,
        "vaultToken": "BLT",
        "symbol": "USDC",
        "mintsEnabled": True,
        "redeemsEnabled": True,
        "minMintQuantity": "10",
        "minRedeemTokens": "1",
        "redeemDelayMs": 86400000,
        "tokenStepSize": "0.01",
        "remainingMintQuantity": None,
        **changes,
    }


def prediction_event(slug: str, market_id: str = "FDVEXTD1B_USDC_PREDICTION", **changes: Any) -> Row:
    """GET /api/v1/prediction."""
    return {
        "slug": slug,
        "title": slug.upper(),
        "predictionMarkets": [
            {
                "marketSymbol": market_id,
                "question": "Will it?",
                "groupLabel": None,
                "yesOutcomeLabel": "Yes",
                "noOutcomeLabel": "No",
                "rules": "As it says.",
                "resolvedAt": None,
                "resolutionPrice": None,
                "activePrice": "0.42",
                "quoteVolume": "5",
                "quoteVolumeLifetime": "50",
                "imgUrl": None,
                "proposedResolution": None,
                "proposedResolutionAt": None,
                "resolutionDelaySecs": 0,
            }
        ],
        "tags": [{"slug": "crypto", "title": "Crypto"}],
        "series": [{"slug": "fdv", "title": "FDV", "recurrence": None}],
        "description": "An event.",
        "imgUrl": None,
        "quoteVolume": "5",
        "resolution": {"resolved": False, "startDate": "2026-01-01T00:00:00", "endDate": None},
        "resolved": False,
        "resolutionDelaySecs": 0,
        **changes,
    }


def funding_payment(timestamp: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/funding."""
    return {
        "userId": 1000001,
        "subaccountId": None,
        "symbol": "SOL_USDC_PERP",
        "quantity": "-0.5",
        "intervalEndTimestamp": timestamp,
        "fundingRate": "0.0000125",
        **changes,
    }


def history_order(identity: str, timestamp: str, **changes: Any) -> Row:
    """GET /wapi/v1/history/orders."""
    return {
        "id": identity,
        "clientId": None,
        "createdAt": timestamp,
        "executedQuantity": "1",
        "executedQuoteQuantity": "100",
        "expiryReason": None,
        "orderType": "Limit",
        "postOnly": False,
        "price": "100",
        "quantity": "1",
        "quoteQuantity": "100",
        "selfTradePrevention": "RejectTaker",
        "status": "Filled",
        "side": "Bid",
        "symbol": "SOL_USDC",
        "systemOrderType": None,
        "timeInForce": "GTC",
        **changes,
    }
