"""Does what the private streams have told agree with what the venue answers? Pure.

The gateway asks once for everybody. An answer and the stream are never of the same moment, so a difference
counts only when the next answer has it too: then an event was missed, and every reader is told to look
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["OpenOrders"]

ENDED = frozenset({"Filled", "Cancelled", "Expired", "TriggerFailed"})


class OpenOrders:
    """The open orders and how much of each was executed, by the events and by the venue's answers."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._has_begun = False
        self._suspects: frozenset[tuple[str, str | None]] = frozenset()

    def take(self, payload: Mapping[str, Any]) -> None:
        """An event of the order stream."""
        identity = payload.get("i")
        if identity is None:
            return
        if payload.get("X") in ENDED:
            self._told.pop(str(identity), None)
        elif payload.get("X") is not None:
            self._told[str(identity)] = str(payload.get("z") or "0")

    def lose(self) -> None:
        """The stream is gone: the next answer is where it begins."""
        self._has_begun = False
        self._suspects = frozenset()

    def agrees(self, answer: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the venue's open orders are those that were told of; what it says is taken over."""
        answered = {str(order["id"]): _number(order.get("executedQuantity")) for order in answer}
        told = {identity: _number(executed) for identity, executed in self._told.items()}
        suspects = frozenset(answered.items() ^ told.items())
        is_first, self._has_begun = not self._has_begun, True
        repeated = bool(suspects & self._suspects)
        self._suspects = suspects
        if is_first or repeated:
            self._told = {identity: executed or "0" for identity, executed in answered.items()}
            self._suspects = frozenset()
        return is_first or not repeated


def _number(text: Any) -> str | None:
    """A decimal in one writing."""
    if text is None:
        return None
    whole, _, part = str(text).partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part}" if part else whole
