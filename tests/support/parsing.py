"""What parsers are tried with."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st

__all__ = ["NOW", "NUMBERS", "Offline", "Sample", "asset", "long_pairs", "row", "short_pairs"]

Offline = Callable[..., Any]
Sample = Callable[[str], Any]
NUMBERS = pytest.mark.parametrize("number", [float, str, Decimal])
NOW = 1_790_000_000_000


def row(sample: Sample, symbol: str) -> Any:
    return next(one for one in sample("rest/get_api_v1_markets") if one["symbol"] == symbol)


def asset(symbol: str, *tokens: dict[str, Any]) -> dict[str, Any]:
    return {"symbol": symbol, "displayName": symbol, "coingeckoId": None, "tokens": list(tokens)}


@st.composite
def texts_of(draw: st.DrawFn, length: int) -> str:
    """Figures of up to that many characters, with a point anywhere or without one."""
    digits = str(draw(st.integers(0, 10**length - 1)))
    places = draw(st.integers(0, length - 2)) if length > 2 else 0
    if not places:
        return digits
    digits = digits[: length - 1].rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


@st.composite
def pairs(draw: st.DrawFn, characters: int) -> tuple[str, str]:
    """Two figures whose texts have up to that many characters together."""
    length = draw(st.integers(1, characters - 1))
    return draw(texts_of(length)), draw(texts_of(characters - length))


short_pairs = st.integers(2, 15).flatmap(pairs)


long_pairs = st.integers(16, 40).flatmap(pairs)
