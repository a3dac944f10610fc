"""Views of one order and rows of fills, as a scripted venue answers with them."""

from __future__ import annotations

from typing import Any

__all__ = ["ACCEPTED", "CANCELLED", "FILLED", "OLDER_NOT_FOUND", "SOL", "ended", "fill", "past", "view"]
SOL = "SOL/USDC"
ACCEPTED = ""  # 202 and no body: the venue will cancel, but has not yet
OLDER_NOT_FOUND = (400, {"code": "INVALID_CLIENT_REQUEST", "message": "Order not found"})


def view(**changes: Any) -> dict[str, Any]:
    return {
        "id": "11",
        "clientId": None,
        "createdAt": 1788285244094,
        "symbol": "SOL_USDC",
        "side": "Bid",
        "orderType": "Limit",
        "price": "50",
        "quantity": "2",
        "executedQuantity": "0",
        "executedQuoteQuantity": "0",
        "status": "New",
        "timeInForce": "GTC",
        "postOnly": False,
        "reduceOnly": None,
        **changes,
    }


def past(**changes: Any) -> dict[str, Any]:
    return view(createdAt="2026-09-01T17:54:04.094", **changes)


FILLED = {"status": "Filled", "executedQuantity": "2", "executedQuoteQuantity": "99"}
CANCELLED = {"status": "Cancelled"}


def fill(number: int) -> dict[str, Any]:
    return {
        "tradeId": number,
        "orderId": "11",
        "symbol": "SOL_USDC",
        "side": "Bid",
        "price": "50",
        "quantity": "1",
        "fee": "0.05",
        "feeSymbol": "USDC",
        "isMaker": True,
        "timestamp": f"2026-09-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}",
    }


def ended(number: int, **changes: Any) -> dict[str, Any]:
    row = past(id=str(number), **{**CANCELLED, **changes})
    return {**row, "createdAt": fill(number)["timestamp"]}
