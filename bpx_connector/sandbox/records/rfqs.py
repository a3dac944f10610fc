"""Records of requests for quotes, quotes, and what they traded."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

__all__ = ["AWAIT_ACCEPT", "IMMEDIATE", "MAKER", "Quote", "Rfq", "RfqFill"]

AWAIT_ACCEPT: Final = "AwaitAccept"
IMMEDIATE: Final = "Immediate"
MAKER: Final = 0
"""The account of the maker who answers every request: no account of anybody."""


@dataclass(slots=True, kw_only=True)
class Quote:
    """What a maker would buy and sell for."""

    id: int
    rfq_id: int
    account_id: int
    client_id: int | None
    bid: Decimal
    ask: Decimal
    created_at: int
    status: str = "New"


@dataclass(slots=True, kw_only=True)
class Rfq:
    """A request; its size is in the base or in the quote asset."""

    id: int
    account_id: int
    client_id: int | None
    symbol: str
    side: str
    mode: str
    quantity: Decimal | None
    quote_quantity: Decimal | None
    price: Decimal | None
    created_at: int
    submission_time: int
    expiry_time: int
    status: str = "New"
    quotes: list[Quote] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RfqFill:
    """What a request and a quote traded: the taker's price has his fee in it, the maker's is the quote's."""

    rfq: Rfq
    quote: Quote
    quantity: Decimal
    price: Decimal
    maker_price: Decimal
    time: int
