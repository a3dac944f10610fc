"""Orders that several tests place on the sandbox, whose books stand still."""

from __future__ import annotations

from typing import Any

from tests.support.callers import Caller

__all__ = ["SOL", "START", "SWAP", "best", "between", "ids", "rests"]
SOL = "SOL/USDC"
SWAP = "SOL/USDC:USDC"
START = 1767225600000


def ids(orders: list[Any]) -> list[str]:
    return [order["id"] for order in orders]


def best(bpx: Caller, symbol: str = SOL) -> tuple[float, float]:
    """The best bid and the best ask."""
    book = bpx.call("fetch_order_book", symbol, 5)
    return book["bids"][0][0], book["asks"][0][0]


def between(bpx: Caller) -> float:
    """A price inside the spread, where nobody is yet."""
    bid, ask = best(bpx)
    price = round(ask - 0.01, 2)
    assert bid < price < ask
    return price


def rests(bpx: Caller, price: float = 50, **changes: Any) -> Any:
    """An order far from the market."""
    arguments: dict[str, Any] = {"symbol": SOL, "type": "limit", "side": "buy", "amount": 1, "price": price}
    return bpx.call("create_order", **{**arguments, **changes})
