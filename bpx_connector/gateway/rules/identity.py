"""What a private event is called, so that the same one, heard by two gateways or asked for later, is stored
once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

__all__ = ["event_identity", "event_symbol", "fill_identity"]


def event_identity(stream: str, payload: Mapping[str, Any], text: str) -> str:
    """The name of an event: of a fill its market and trade, of an order's step its order, kind and time."""
    if stream.startswith("account.orderUpdate"):
        if payload.get("t") is not None:
            return fill_identity(payload["s"], payload["t"])
        return f"order.{payload.get('i')}.{payload.get('e')}.{payload.get('T')}"
    return f"{stream}.{blake2b(text.encode(), digest_size=12).hexdigest()}"


def fill_identity(market: str, trade: object) -> str:
    """The name of a fill, whether it came as an event or stands in the history."""
    return f"fill.{market}.{trade}"


def event_symbol(payload: Mapping[str, Any]) -> str:
    """The market, or the asset, that an event is about."""
    return str(payload.get("s") or payload.get("a") or "none")
