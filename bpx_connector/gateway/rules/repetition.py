"""What is said twice: by two gateways, or by one that begins to lead. Pure.

Nearly every frame tells of itself that it was there before: a book's updates and trades are numbered, of a
ticker, a candle, an order or a balance the later time counts. Liquidations and requests for quotes have
nothing of the kind: they are said by the leader only, and what was said twice all the same is known by its
text.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Repetitions", "is_known_again"]

KNOWN_AGAIN: Final = frozenset(
    {
        *("depth", "trade", "kline", "ticker", "bookTicker", "markPrice", "openInterest"),
        *("orderUpdate", "positionUpdate", "balanceUpdate"),
    }
)
MOST: Final = 2_000
"""Texts that are remembered."""


def is_known_again(stream: str) -> bool:
    """Whether a reader tells a repetition of a frame of this stream from a new one."""
    return stream.removeprefix("account.").partition(".")[0] in KNOWN_AGAIN


class Repetitions:
    """The last texts of streams whose frames do not tell."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def is_new(self, text: str) -> bool:
        """Whether this text was not there before; from now on it was."""
        if text in self._texts:
            return False
        self._texts[text] = None
        if len(self._texts) > MOST:
            del self._texts[next(iter(self._texts))]
        return True
