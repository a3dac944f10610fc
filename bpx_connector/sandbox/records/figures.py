"""Exact figures: the constants everybody needs, and how the venue writes a decimal."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

__all__ = ["BASIS_POINT", "ONE", "ZERO", "plain"]

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
BASIS_POINT: Final = Decimal("0.0001")


def plain(value: Decimal) -> str:
    """A figure as the venue writes it: no exponent, no trailing zeros, no negative zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
