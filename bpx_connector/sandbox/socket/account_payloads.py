"""What an account's events look like on the socket: orders, positions and balances as they were captured.

Keys stand in the order of the captures, which is that of their bytes. An order's figures have the decimals
with which they were sent or computed, fees, positions and balances no trailing zeros. `now` is the time at
which the frame leaves (`E`), the engine's own time is `T`; both are microseconds. Pure.

Sources: Backpack OpenAPI, tag Streams, for names and for which fields depend on what; captured frames of
2025 and 2026 for types and digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from bpx_connector.sandbox.account.margin import PositionView
from bpx_connector.sandbox.records.events import (
    ORDER_ACCEPTED,
    ORDER_EXPIRED,
    QUOTE_ACCEPTED,
    QUOTE_CANCELLED,
    QUOTE_FILLED,
    RFQ_ACTIVE,
    RFQ_CANDIDATE,
    RFQ_FILLED,
    BalanceChanged,
    OrderChanged,
    PositionChanged,
    RfqChanged,
)
from bpx_connector.sandbox.records.figures import ZERO, plain
from bpx_connector.sandbox.records.orders import LIMIT, Fill, Order
from bpx_connector.sandbox.records.positions import Position
from bpx_connector.sandbox.socket.payloads import Payload

__all__ = ["balance_update", "open_position", "order_update", "position_update", "rfq_update"]


def _as_sent(value: Decimal) -> str:
    """A figure with the decimals it was sent or computed with, without exponent."""
    return format(value, "f")


ORIGINS: Final = {
    "LiquidatePositionOnBook": "LIQUIDATION_AUTOCLOSE",
    "LiquidatePositionOnAdl": "ADL_AUTOCLOSE",
    "LiquidatePositionOnBackstop": "BACKSTOP_LIQUIDITY_PROVIDER",
    "CollateralConversion": "COLLATERAL_CONVERSION",
    "FutureExpiry": "SETTLEMENT_AUTOCLOSE",
}
"""System order type to the origin of an update; everything else is USER."""


def order_update(event: OrderChanged, now: int) -> Payload:
    """`account.orderUpdate`: which keys there are depends on the order and on the event."""
    order, fill = event.order, event.fill
    payload: Payload = {
        "E": now,
        "O": ORIGINS.get(order.system_order_type or "", "USER"),
        "S": order.request.side,
        "T": event.time,
        "V": order.request.self_trade_prevention,
        "X": order.status,
        "Z": _as_sent(order.executed_quote_quantity),
        "e": event.kind,
        "f": order.request.time_in_force,
        "i": str(order.id),
        "o": order.request.order_type.upper(),
        "r": bool(order.request.reduce_only),
        "s": order.request.symbol,
        "t": None if fill is None else fill.trade_id,
        "z": _as_sent(order.executed_quantity),
    }
    payload |= _present(_quantities(order) | _trigger(order) | _children(order) | _links(order))
    if order.request.order_type == LIMIT:
        payload["y"] = order.request.post_only
    if fill is not None:
        payload |= _fill(fill)
    if event.kind == ORDER_ACCEPTED and order.triggered_at is not None:
        # Captured: the orderAccepted of a fired trigger order has no `I`.
        payload.pop("I", None)
    if event.kind == ORDER_EXPIRED and order.expiry_reason is not None:
        payload["R"] = order.expiry_reason
    return dict(sorted(payload.items()))


def _present(values: Mapping[str, Any]) -> Payload:
    return {
        key: _as_sent(value) if isinstance(value, Decimal) else value
        for key, value in values.items()
        if value is not None
    }


def _quantities(order: Order) -> dict[str, Any]:
    """Size and price. A limit order's `Q` is its notional, with the decimals of the product ("20.1520").

    A trigger order has a size of "0" until it fires, and then another order has it.
    """
    quantity = ZERO if order.quantity is None and order.is_conditional else order.quantity
    quote, price = order.quote_quantity, None
    if order.request.order_type == LIMIT:
        price = order.request.price
        quote = price * quantity if price is not None and quantity else ZERO
    return {"q": quantity, "Q": quote, "p": price}


def _trigger(order: Order) -> dict[str, Any]:
    return {
        "P": order.request.trigger_price,
        "B": order.request.trigger_by,
        "Y": order.request.trigger_quantity,
    }


def _children(order: Order) -> dict[str, Any]:
    return {
        "a": order.request.take_profit_trigger_price,
        "j": order.request.take_profit_limit_price,
        "d": order.request.take_profit_trigger_by,
        "b": order.request.stop_loss_trigger_price,
        "k": order.request.stop_loss_limit_price,
        "g": order.request.stop_loss_trigger_by,
    }


def _links(order: Order) -> dict[str, Any]:
    return {
        "c": order.request.client_id,
        "I": None if order.related_order_id is None else str(order.related_order_id),
        "H": order.request.strategy_id,
    }


def rfq_update(event: RfqChanged, now: int) -> Payload:
    """`account.rfqUpdate`: keys and types as in the examples of the OpenAPI, no capture is known."""
    rfq, quote = event.rfq, event.quote
    is_quoters = event.kind in (QUOTE_ACCEPTED, QUOTE_CANCELLED, QUOTE_FILLED)
    payload: Payload = {
        "e": RFQ_FILLED if event.kind == QUOTE_FILLED else event.kind,
        "E": now,
        "R": rfq.id,
        "u": None if quote is None else quote.id,
        "C": None
        if event.kind == RFQ_ACTIVE
        else _client_id(quote.client_id if is_quoters and quote else rfq.client_id),
        "s": rfq.symbol,
        "X": quote.status if is_quoters and quote else rfq.status,
        "T": event.time,
        "p": None if event.price is None else plain(event.price),
    }
    if not is_quoters:
        payload |= _asked(event)
    return {key: value for key, value in payload.items() if value is not None}


def _client_id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _asked(event: RfqChanged) -> Payload:
    rfq = event.rfq
    times: Payload = {"w": rfq.submission_time // 1000, "W": rfq.expiry_time // 1000}
    return {
        "S": None if event.kind == RFQ_ACTIVE else rfq.side,
        "q": None if rfq.quantity is None else plain(rfq.quantity),
        "Q": None if rfq.quote_quantity is None else plain(rfq.quote_quantity),
        **({} if event.kind in (RFQ_CANDIDATE, RFQ_FILLED) else times),
    }


def _fill(fill: Fill) -> Payload:
    return {
        "L": _as_sent(fill.price),
        "N": fill.fee_symbol,
        "l": _as_sent(fill.quantity),
        "m": fill.is_maker,
        "n": plain(fill.fee),
    }


def _position(row: Position, mark: Decimal, exposure: Decimal, imf: Decimal, mmf: Decimal) -> Payload:
    return {
        "B": plain(row.entry_price),
        "M": plain(mark),
        "P": plain(row.unsettled(mark) if row.quantity else ZERO),
        "Q": plain(exposure),
        "b": plain(row.break_even_price),
        "f": plain(imf),
        "i": row.id,
        "l": "0",
        "m": plain(mmf),
        "n": plain(exposure * mark),
        "p": plain(row.pnl_realized),
        "q": plain(row.quantity),
        "s": row.symbol,
    }


def position_update(event: PositionChanged, now: int) -> Payload:
    """`account.positionUpdate`, after a change."""
    figures = _position(event.position, event.mark, event.exposure_quantity, event.imf, event.mmf)
    return dict(sorted((figures | {"E": now, "T": event.time, "e": event.kind}).items()))


def open_position(view: PositionView, now: int) -> Payload:
    """`account.positionUpdate`, as an open position is told on subscription: without `e`."""
    figures = _position(view.position, view.mark, view.exposure_quantity, view.imf, view.mmf)
    return dict(sorted((figures | {"E": now, "T": now}).items()))


def balance_update(event: BalanceChanged, now: int) -> Payload:
    """`account.balanceUpdate`: absolute figures after the change."""
    return {
        "A": plain(event.available),
        "E": now,
        "L": plain(event.locked),
        "S": plain(event.staked),
        "T": event.time,
        "a": event.asset,
        "e": "balanceUpdate",
    }
