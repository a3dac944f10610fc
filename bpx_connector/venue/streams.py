"""Every stream of the venue: how its name is written and which events it carries. Facts only.

Sources: Backpack OpenAPI, tag Streams; its changelog of 2026-08 for `account.balanceUpdate`,
`externalTicker`, `stockPrice` and `stockIndicativeQuote`; live probes of 2026-09 for
`liquidation.<symbol>`.
"""

from __future__ import annotations

from typing import NamedTuple

from ccxt.base.errors import AuthenticationError, BadRequest, BaseError

__all__ = [
    "DEPTH_WINDOWS",
    "INVALID_SIGNATURE",
    "LIQUIDATION_STREAMS",
    "PRIVATE_PREFIX",
    "STREAMS",
    "STREAM_ERRORS",
    "Stream",
    "is_private",
    "market_of_stream",
    "stream_kind",
]

PRIVATE_PREFIX = "account."
"""Streams that start so are signed (OpenAPI, tag Streams, "Private")."""

DEPTH_WINDOWS = ("200ms", "600ms", "1000ms")
"""Periods over which the venue merges depth updates; without one they come in real time."""


class Stream(NamedTuple):
    """One row of the venue's list."""

    kind: str
    names: tuple[str, ...]
    events: frozenset[str]


ORDER_EVENTS = frozenset(
    {
        "orderAccepted",
        "orderCancelled",
        "orderExpired",
        "orderFill",
        "orderModified",
        "triggerPlaced",
        "triggerFailed",
    }
)
POSITION_EVENTS = frozenset({"positionAdjusted", "positionOpened", "positionClosed"})
RFQ_EVENTS = frozenset(
    {
        "rfqActive",
        "rfqAccepted",
        "rfqAcceptedBinding",
        "rfqRefreshed",
        "rfqCancelled",
        "rfqCandidate",
        "rfqFilled",
        "quoteAccepted",
        "quoteCancelled",
    }
)

_ROWS = (
    Stream("bookTicker", ("bookTicker.{symbol}",), frozenset({"bookTicker"})),
    Stream("depth", ("depth.{symbol}", "depth.{window}.{symbol}"), frozenset({"depth"})),
    Stream("kline", ("kline.{interval}.{symbol}",), frozenset({"kline"})),
    Stream("trade", ("trade.{symbol}",), frozenset({"trade"})),
    Stream("ticker", ("ticker.{symbol}",), frozenset({"ticker"})),
    Stream("markPrice", ("markPrice.{symbol}",), frozenset({"markPrice"})),
    Stream("openInterest", ("openInterest.{symbol}",), frozenset({"openInterest"})),
    # The OpenAPI names one stream for all markets; probes of 2026-09 name one a market.
    Stream("liquidation", ("liquidation", "liquidation.{symbol}"), frozenset({"liquidation"})),
    Stream("externalTicker", ("externalTicker.{symbol}",), frozenset({"externalTicker"})),
    Stream("stockPrice", ("stockPrice.{ticker}",), frozenset({"stockPrice"})),
    Stream("stockIndicativeQuote", ("stockIndicativeQuote.{ticker}",), frozenset({"stockIndicativeQuote"})),
    Stream("account.orderUpdate", ("account.orderUpdate", "account.orderUpdate.{symbol}"), ORDER_EVENTS),
    Stream(
        "account.positionUpdate",
        ("account.positionUpdate", "account.positionUpdate.{symbol}"),
        POSITION_EVENTS,
    ),
    Stream("account.rfqUpdate", ("account.rfqUpdate", "account.rfqUpdate.{symbol}"), RFQ_EVENTS),
    Stream("account.balanceUpdate", ("account.balanceUpdate",), frozenset({"balanceUpdate"})),
)

STREAMS: dict[str, Stream] = {row.kind: row for row in _ROWS}

LIQUIDATION_STREAMS = STREAMS["liquidation"].names

STREAM_ERRORS: dict[int, type[BaseError]] = {
    4002: BadRequest,  # "Parse error"
    4003: AuthenticationError,  # "Invalid signature"
    4006: BadRequest,  # "Invalid stream"
    4008: BadRequest,  # "Invalid depth window"
}
"""Codes of error frames as seen on the wire (2026-09); 4001, 4004, 4005 and 4007 have not been seen."""

INVALID_SIGNATURE = 4003


def is_private(stream: str) -> bool:
    """Whether subscribing to this stream takes a signature."""
    return stream.startswith(PRIVATE_PREFIX)


def stream_kind(stream: str) -> str | None:
    """The row of `STREAMS` that a stream's name belongs to, or None for a name we have never seen."""
    first, _, rest = stream.partition(".")
    kind = f"{first}.{rest.partition('.')[0]}" if is_private(stream) else first
    return kind if kind in STREAMS else None


def market_of_stream(stream: str) -> str | None:
    """The venue's id of the market that a public stream is about; None where it is about none, or of many."""
    kind, _, rest = stream.partition(".")
    if is_private(stream) or not rest:
        return None
    first, _, others = rest.partition(".")
    has_more = kind == "kline" or (kind == "depth" and first in DEPTH_WINDOWS)
    return others if has_more else rest
