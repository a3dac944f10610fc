"""Does what the private streams have told agree with what the venue answers? Pure.

The gateway asks once for everybody. An answer and the stream are never of the same moment, so a difference
counts only when the next answer has it too: then an event was missed, and every reader is told to look
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

__all__ = ["AUDITS", "Audit", "Told"]

ENDED: Final = frozenset({"Filled", "Cancelled", "Expired", "TriggerFailed"})

Figures = tuple[str, ...]
"""What is compared of one thing."""


class Audit(NamedTuple):
    """How one stream is held against one question."""

    stream: str
    path: str
    event: Callable[[Mapping[str, Any]], tuple[str, Figures | None] | None]
    """What an event tells: a name, and its figures (None: there is no such thing any more)."""
    answer: Callable[[Any], dict[str, Figures]]
    """What the answer says of each thing that there is."""


class Told:
    """What a stream has told, and what the venue has answered before."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._told: dict[str, Figures] = {}
        self._has_begun = False
        self._suspects: frozenset[tuple[str, Figures]] = frozenset()

    def take(self, payload: Mapping[str, Any]) -> None:
        """An event of the stream."""
        told = self._audit.event(payload)
        if told is None:
            return
        name, figures = told
        if figures is None:
            self._told.pop(name, None)
        else:
            self._told[name] = figures

    def lose(self) -> None:
        """The stream is gone: the next answer is where it begins."""
        self._has_begun = False
        self._suspects = frozenset()

    def agrees(self, answer: Any) -> bool:
        """Whether the venue's answer is what was told; what it says is taken over."""
        answered = self._audit.answer(answer)
        suspects = frozenset(answered.items() ^ self._told.items())
        is_first, self._has_begun = not self._has_begun, True
        repeated = bool(suspects & self._suspects)
        self._suspects = suspects
        if is_first or repeated:
            self._told = answered
            self._suspects = frozenset()
        return is_first or not repeated


def _order_told(payload: Mapping[str, Any]) -> tuple[str, Figures | None] | None:
    """How much of an order was executed, as long as it is open."""
    if payload.get("i") is None or payload.get("X") is None:
        return None
    return str(payload["i"]), None if payload["X"] in ENDED else (_number(payload.get("z")),)


def _orders_answered(answer: Any) -> dict[str, Figures]:
    return {str(order["id"]): (_number(order.get("executedQuantity")),) for order in answer}


def _position_told(payload: Mapping[str, Any]) -> tuple[str, Figures | None] | None:
    """The net quantity in a market. What moves with the mark price is told by no event."""
    if payload.get("s") is None or payload.get("q") is None:
        return None
    quantity = _number(payload["q"])
    return str(payload["s"]), None if quantity == "0" else (quantity,)


def _positions_answered(answer: Any) -> dict[str, Figures]:
    found = {str(row["symbol"]): (_number(row.get("netQuantity")),) for row in answer}
    return {market: figures for market, figures in found.items() if figures != ("0",)}


def _balance_told(payload: Mapping[str, Any]) -> tuple[str, Figures | None] | None:
    """What there is of an asset: available, locked, staked."""
    if payload.get("a") is None:
        return None
    figures = tuple(_number(payload.get(name)) for name in "ALS")
    return str(payload["a"]), None if figures == NOTHING else figures


def _balances_answered(answer: Any) -> dict[str, Figures]:
    found = {
        str(asset): tuple(_number(row.get(name)) for name in ("available", "locked", "staked"))
        for asset, row in answer.items()
    }
    return {asset: figures for asset, figures in found.items() if figures != NOTHING}


NOTHING: Final = ("0", "0", "0")

AUDITS: Final = (
    Audit("account.orderUpdate", "api/v1/orders", _order_told, _orders_answered),
    Audit("account.positionUpdate", "api/v1/position", _position_told, _positions_answered),
    Audit("account.balanceUpdate", "api/v1/capital", _balance_told, _balances_answered),
)


def _number(text: Any) -> str:
    """A decimal in one writing."""
    whole, _, part = str(text or "0").partition(".")
    part = part.rstrip("0")
    number = f"{whole}.{part}" if part else whole
    return "0" if number in ("-0", "") else number
