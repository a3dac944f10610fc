"""Every answer that is a no: HTTP status, the venue's code and its wording, each written once.

Texts marked "chosen" are not attested in any public source; the code is the fitting one of `ApiErrorCode`.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "Refusal",
    "account_liquidating",
    "book_takes_no_such_order",
    "borrow_limit",
    "incomplete_trigger",
    "insufficient_funds",
    "insufficient_margin",
    "invalid_asset",
    "invalid_leverage",
    "invalid_order",
    "invalid_quantity",
    "invalid_stock_quantity",
    "invalid_symbol",
    "market_closed",
    "market_without_quantity",
    "no_liquidity",
    "no_perps",
    "not_exempt",
    "not_found",
    "not_reduced",
    "open_interest_limit",
    "order_not_found",
    "position_limit",
    "price_above_maximum",
    "price_below_minimum",
    "price_out_of_band",
    "price_too_fine",
    "quantity_above_maximum",
    "quantity_below_minimum",
    "quantity_too_fine",
    "repeated_client_id",
    "stop_without_position",
    "symbol_not_found",
    "too_many_candles",
    "too_many_orders",
    "too_many_stops",
    "trading_paused",
    "unfilled",
    "would_take",
]


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """A request the exchange refuses, with what the client is told."""

    def __init__(self, status: int, code: str | None, message: str) -> None:
        super().__init__(message)
        self.status: Final = status
        self.code: Final = code
        self.message: Final = message

    def __repr__(self) -> str:
        return f"Refusal({self.status}, {self.code!r}, {self.message!r})"


def invalid_symbol() -> Refusal:
    """An unknown market in an order, `/depth` or `/market`."""
    return Refusal(400, "INVALID_CLIENT_REQUEST", "Invalid market symbol")


def symbol_not_found() -> Refusal:
    """An unknown market in `/markPrices`."""
    return Refusal(400, "INVALID_CLIENT_REQUEST", "Symbol not found")


def not_found() -> Refusal:
    """An order that is not on the book, a position that is flat, the book of a closed market."""
    return Refusal(404, "RESOURCE_NOT_FOUND", "Not Found")


def order_not_found() -> Refusal:
    """An order that is not on the book, in the words of older builds."""
    return Refusal(400, "INVALID_CLIENT_REQUEST", "Order not found")


def repeated_client_id() -> Refusal:
    """The client id of an open order once more; chosen."""
    return Refusal(400, "INVALID_CLIENT_REQUEST", "Client ID is already in use")


def open_interest_limit() -> Refusal:
    """More open interest than `openInterestLimit`; the text is chosen."""
    return Refusal(400, "POSITION_LIMIT", "Open interest limit exceeded")


def position_limit() -> Refusal:
    """Larger positions than `positionLimit`; the text is chosen."""
    return Refusal(400, "POSITION_LIMIT", "Position limit exceeded")


def no_perps() -> Refusal:
    """A perpetual where the customer's country has none; chosen."""
    return Refusal(400, "FORBIDDEN", "Perpetuals are not available in your country")


def market_closed() -> Refusal:
    """A stock outside its sessions; the text is chosen."""
    return Refusal(400, "TRADING_PAUSED", "Market is closed")


def invalid_stock_quantity() -> Refusal:
    """A quantity of a stock that the open session does not trade; the text is chosen."""
    return Refusal(400, "INVALID_QUANTITY", "Quantity is not allowed in the current session")


def quantity_too_fine() -> Refusal:
    """A quantity finer than the step."""
    return Refusal(400, "INVALID_CLIENT_REQUEST", "Quantity decimal too long")


def price_too_fine() -> Refusal:
    """A price finer than the tick."""
    return Refusal(400, "INVALID_CLIENT_REQUEST", "Price decimal too long")


def quantity_below_minimum() -> Refusal:
    """A quantity under `minQuantity`; the code is chosen."""
    return Refusal(400, "INVALID_QUANTITY", "Quantity is below the minimum allowed value")


def quantity_above_maximum() -> Refusal:
    """A quantity over `maxQuantity`; chosen."""
    return Refusal(400, "INVALID_QUANTITY", "Quantity is above the maximum allowed value")


def price_below_minimum() -> Refusal:
    """A price under `minPrice`; chosen."""
    return Refusal(400, "INVALID_PRICE", "Price is below the minimum allowed value")


def price_above_maximum() -> Refusal:
    """A price over `maxPrice`; chosen."""
    return Refusal(400, "INVALID_PRICE", "Price is above the maximum allowed value")


def price_out_of_band() -> Refusal:
    """A limit price outside the band around the last price."""
    return Refusal(400, "INVALID_PRICE", "Price is too far from the last active price")


def would_take() -> Refusal:
    """A post-only order that would cross."""
    return Refusal(400, "INVALID_ORDER", "Order would immediately match and take.")


def not_reduced() -> Refusal:
    """A reduce-only order without a position to reduce."""
    return Refusal(400, "INVALID_ORDER", "Reduce only order not reduced")


def stop_without_position() -> Refusal:
    """A trigger order that would close a position and finds none; never sent, only told as a reason."""
    return Refusal(400, "INVALID_ORDER", "Stop without position")


def market_without_quantity() -> Refusal:
    """A market order with neither, or both, of the quantities; the code is chosen."""
    return Refusal(400, "INVALID_CLIENT_REQUEST", "Market orders must specify a positive `quantity`")


def no_liquidity() -> Refusal:
    """A market order that finds an empty book; status and code are chosen."""
    return Refusal(400, "INVALID_ORDER", "No liquidity for market order")


def unfilled() -> Refusal:
    """An IOC or FOK order that does not fill, where such are refused; chosen."""
    return Refusal(400, "INVALID_ORDER", "Order would not be filled")


def too_many_candles(most: int) -> Refusal:
    """More candles than are told at once; chosen."""
    return Refusal(400, "INVALID_RANGE", f"Klines are limited to {most} rows")


def incomplete_trigger() -> Refusal:
    """Half a trigger."""
    return Refusal(
        400, "INVALID_CLIENT_REQUEST", "Must specify both `triggerPrice` and `triggerQuantity` or neither"
    )


def invalid_order() -> Refusal:
    """An order whose fields contradict one another."""
    return Refusal(400, "INVALID_ORDER", "Invalid order")


def too_many_stops() -> Refusal:
    """More trigger orders on one market than the venue keeps; the code is chosen."""
    return Refusal(400, "INVALID_ORDER", "Maximum stop orders per position reached")


def insufficient_funds() -> Refusal:
    """A spot order or withdrawal that the balance does not cover."""
    return Refusal(400, "INSUFFICIENT_FUNDS", "Insufficient funds")


def insufficient_margin() -> Refusal:
    """A perpetual order that the account's equity does not carry."""
    return Refusal(400, "INSUFFICIENT_MARGIN", "Insufficient margin")


def too_many_orders() -> Refusal:
    """More open orders than an account may have; the text is chosen."""
    return Refusal(400, "ORDER_LIMIT", "Maximum number of open orders reached")


def account_liquidating() -> Refusal:
    """An order while the account is being liquidated; the text is chosen."""
    return Refusal(400, "ACCOUNT_LIQUIDATING", "Account is being liquidated")


def trading_paused() -> Refusal:
    """An order on a market whose book is closed or only takes cancels; the text is chosen."""
    return Refusal(400, "TRADING_PAUSED", "Trading is paused")


def book_takes_no_such_order() -> Refusal:
    """A market order on a LimitOnly book, or a taking one on a PostOnly book; chosen."""
    return Refusal(400, "INVALID_ORDER", "Order type not allowed in the current order book state")


def invalid_leverage() -> Refusal:
    """A leverage limit outside what any market grants; the text is chosen."""
    return Refusal(400, "MAX_LEVERAGE_REACHED", "Maximum leverage reached")


def invalid_quantity() -> Refusal:
    """What is to be converted is no dust."""
    return Refusal(400, "INVALID_QUANTITY", "Quantity is not below the minimum tradable one")


def borrow_limit() -> Refusal:
    """More than the account or the pool can bear."""
    return Refusal(400, "BORROW_LIMIT", "Borrow limit exceeded")


def invalid_asset() -> Refusal:
    """A deposit or withdrawal of an asset that nothing here trades; the text is chosen."""
    return Refusal(400, "INVALID_ASSET", "Invalid asset")


def not_exempt() -> Refusal:
    """A withdrawal to an address that is not exempt; the code is one client's word, the text is chosen."""
    return Refusal(
        403, "WITHDRAWAL_2FA_REQUIRED", "Two-factor authentication is required for this withdrawal address"
    )
