"""Events of the order stream in the words of REST, so that both tell of an order in one vocabulary.

The stream writes its fields as single letters. Source: Backpack OpenAPI, tag Streams, "Order update"; types
and presence as captured (FACTS section 18): what an event does not say is absent or null.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from bpx_connector.aliases import Payload

if TYPE_CHECKING:
    from bpx_connector.venue.events import OrderUpdateEvent

__all__ = ["FIRST_EVENTS", "LIQUIDATIONS", "ORDER_WORDS", "fill_words", "order_words"]


ORDER_WORDS = {
    "i": "id",
    "c": "clientId",
    "s": "symbol",
    "S": "side",
    "o": "orderType",
    "f": "timeInForce",
    "q": "quantity",
    "Q": "quoteQuantity",
    "p": "price",
    "X": "status",
    "z": "executedQuantity",
    "Z": "executedQuoteQuantity",
    "P": "triggerPrice",
    "B": "triggerBy",
    "Y": "triggerQuantity",
    "a": "takeProfitTriggerPrice",
    "j": "takeProfitLimitPrice",
    "d": "takeProfitTriggerBy",
    "b": "stopLossTriggerPrice",
    "k": "stopLossLimitPrice",
    "g": "stopLossTriggerBy",
    "V": "selfTradePrevention",
    "R": "expiryReason",
    "I": "relatedOrderId",
    "H": "strategyId",
    "y": "postOnly",
    "r": "reduceOnly",
}
FIRST_EVENTS = frozenset({"orderAccepted", "triggerPlaced"})
"""The events whose engine time is the order's creation."""


ORIGINS = {
    "LIQUIDATION_AUTOCLOSE": "LiquidatePositionOnBook",
    "ADL_AUTOCLOSE": "LiquidatePositionOnAdl",
    "BACKSTOP_LIQUIDITY_PROVIDER": "LiquidatePositionOnBackstop",
    "COLLATERAL_CONVERSION": "CollateralConversion",
    "SETTLEMENT_AUTOCLOSE": "FutureExpiry",
}
"""The origin of an update (`O`) as the systemOrderType of a fill over REST; USER is none."""
LIQUIDATIONS = frozenset({"LiquidatePositionOnBook", "LiquidatePositionOnAdl", "LiquidatePositionOnBackstop"})
"""The system order types of fills that close a position against its owner's will."""


def order_words(event: OrderUpdateEvent) -> Payload:
    """An event of the order stream in the words of a REST order; what it does not say is absent."""
    word_of = ORDER_WORDS.get
    order = {
        word: value
        for key, value in event.items()
        if value is not None and (word := word_of(key)) is not None
    }
    if event.get("e") in FIRST_EVENTS:
        order["createdAt"] = int(event["T"]) // 1000
    return order


def fill_words(event: OrderUpdateEvent) -> Payload | None:
    """The fill that an event of the order stream reports, in the words of a REST fill, if it reports one."""
    if event.get("e") != "orderFill":
        return None
    client_id = event.get("c")
    return {
        "clientId": None if client_id is None else str(client_id),
        "fee": event.get("n"),
        "feeSymbol": event.get("N"),
        "isMaker": event.get("m"),
        "orderId": event["i"],
        "price": event["L"],
        "quantity": event["l"],
        "side": event["S"],
        "symbol": event["s"],
        "systemOrderType": ORIGINS.get(event.get("O") or ""),
        "timestamp": _moment(int(event["T"]) // 1000),
        "tradeId": event.get("t"),
    }


def _moment(milliseconds: int) -> str:
    """The venue's text for a moment: zoneless UTC to the millisecond, as its history writes it."""
    return _second(milliseconds // 1000) + f".{milliseconds % 1000:03d}"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
