"""The venue's stream events, field by field. Made by tools/venue_types.py; do not edit.

Source: a rendering of the venue's streams chapter (tests/data/streams.json), corrected by captured frames
(tests/data/samples/ws). A field that some events lack may be missing or null.

Nothing here runs: import it under TYPE_CHECKING.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class BalanceUpdateEvent(TypedDict):
    A: str
    E: int
    L: str
    S: str
    T: int
    a: str
    e: str


class BookTickerEvent(TypedDict):
    e: Literal["bookTicker"]  # Event type
    E: int  # Event time in microseconds
    s: str  # Symbol
    a: str | None  # Inside ask price
    A: str | None  # Inside ask quantity
    b: str | None  # Inside bid price
    B: str | None  # Inside bid quantity
    u: int  # Update ID of the event
    T: int  # Engine timestamp in microseconds


class DepthEvent(TypedDict):
    e: Literal["depth"]  # Event type
    E: int  # Event time in microseconds
    s: str  # Symbol
    a: list[list[str]]  # Ask updates
    b: list[list[str]]  # Bid updates
    U: int  # First update ID in the event
    u: int  # Last update ID in the event
    T: int  # Engine timestamp in microseconds


class KlineEvent(TypedDict):
    e: Literal["kline"]  # Event type
    E: int  # Event time in microseconds
    s: str  # Symbol
    t: str  # K-Line start time (ISO 8601)
    T: str  # K-Line close time (ISO 8601)
    o: str | None  # Open price
    c: str | None  # Close price
    h: str | None  # High price
    l: str | None  # Low price
    v: str | None  # Base asset volume
    n: int  # Number of trades
    X: bool  # True when this candle is closed


class LiquidationEvent(TypedDict):
    e: Literal["liquidation"]  # Event type
    E: int  # Event time in microseconds
    q: str  # Quantity
    p: str  # Price
    S: str  # Bid, Ask
    s: str  # Symbol
    T: int  # Engine timestamp in microseconds


class MarkPriceEvent(TypedDict):
    e: Literal["markPrice"]  # Event type
    E: int  # Event time in microseconds
    s: str  # Symbol
    p: str  # Mark price
    f: NotRequired[str | None]  # Estimated funding rate
    i: NotRequired[str | None]  # Index price
    n: NotRequired[int | None]  # Next funding timestamp in milliseconds
    T: int  # Engine timestamp in microseconds


class OpenInterestEvent(TypedDict):
    e: Literal["openInterest"]  # Event type
    E: int  # Event time in microseconds
    s: str  # Symbol
    o: str  # Open interest in contracts


class OrderUpdateEvent(TypedDict):
    e: str
    E: int  # Event time in microseconds
    s: str  # Symbol
    c: NotRequired[int | None]  # Client order ID
    S: str  # Bid, Ask
    o: str  # Order type (e.g. LIMIT, MARKET)
    f: str  # Time in force (e.g. GTC, IOC, FOK)
    q: NotRequired[str | None]  # Quantity
    Q: NotRequired[str | None]  # Quantity in quote
    p: NotRequired[str | None]  # Price
    P: NotRequired[str | None]  # Trigger price
    B: NotRequired[str | None]  # Trigger by reference
    a: NotRequired[str | None]  # Take profit trigger price
    b: NotRequired[str | None]  # Stop loss trigger price
    j: NotRequired[str | None]  # Take profit limit price
    k: NotRequired[str | None]  # Stop loss limit price
    d: NotRequired[str | None]  # Take profit trigger by reference
    g: NotRequired[str | None]  # Stop loss trigger by reference
    Y: NotRequired[str | None]  # Trigger quantity
    X: str  # Order state
    R: NotRequired[str | None]  # Order expiry reason
    i: str  # Order ID
    t: NotRequired[int | None]  # Trade ID
    l: NotRequired[str | None]  # Fill quantity
    z: str  # Cumulative executed quantity
    Z: str  # Cumulative executed quantity in quote
    L: NotRequired[str | None]  # Fill price
    m: NotRequired[bool | None]  # Whether the order was the maker side
    n: NotRequired[str | None]  # Fee
    N: NotRequired[str | None]  # Fee asset symbol
    V: str  # Self trade prevention mode
    T: int  # Engine timestamp in microseconds
    O: str
    I: NotRequired[str | None]  # Related order ID
    H: NotRequired[int | None]  # Strategy ID
    y: NotRequired[bool | None]  # Post only flag
    r: NotRequired[bool | None]  # captured, not in the document


class PositionUpdateEvent(TypedDict):
    e: NotRequired[str | None]  # positionAdjusted, positionOpened, positionClosed
    E: int  # Event time in microseconds
    s: str  # Symbol
    b: str  # Break even price
    B: str  # Entry price
    f: str  # Initial margin fraction
    M: str  # Mark price
    m: str  # Maintenance margin fraction
    q: str  # Net quantity
    Q: str  # Net exposure quantity, including open orders
    n: str  # Net exposure notional
    i: int  # Position ID
    p: str  # Realized PnL
    P: str  # Unrealized PnL
    T: int  # Engine timestamp in microseconds
    l: NotRequired[str | None]  # captured, not in the document


class RfqUpdateEvent(TypedDict):
    e: str
    E: int  # Event time in microseconds
    R: int  # RFQ ID
    u: NotRequired[int | None]  # Quote ID
    C: NotRequired[str | None]  # Client ID (Client RFQ ID or Client Quote ID depending on context)
    s: str  # Symbol
    S: NotRequired[str | None]  # Bid, Ask
    q: NotRequired[str | None]  # Quantity in base asset
    Q: NotRequired[str | None]  # Quantity in quote asset
    p: NotRequired[str | None]  # Price associated with the quote or fill event
    w: NotRequired[int | None]  # Submission time in milliseconds
    W: NotRequired[int | None]  # Expiry time in milliseconds
    X: str  # New, Cancelled, Filled
    o: NotRequired[str | None]  # System order type (e.g. CollateralConversion)
    T: int  # Engine timestamp in microseconds


class TickerEvent(TypedDict):
    e: Literal["ticker"]  # Event type
    E: int  # Event time in microseconds
    s: str  # Symbol
    o: str  # First price (24h open)
    c: str  # Last price
    h: str  # High price
    l: str  # Low price
    v: str  # Base asset volume
    V: str  # Quote asset volume
    n: int  # Number of trades


class TradeEvent(TypedDict):
    e: Literal["trade"]  # Event type
    E: int  # Event time in microseconds
    s: str  # Symbol
    p: str  # Price
    q: str  # Quantity
    b: str  # Buyer order ID
    a: str  # Seller order ID
    t: int  # Sequential trade ID for the symbol
    T: int  # Engine timestamp in microseconds
    m: bool  # True if the buyer is the maker


Event = (
    BalanceUpdateEvent
    | BookTickerEvent
    | DepthEvent
    | KlineEvent
    | LiquidationEvent
    | MarkPriceEvent
    | OpenInterestEvent
    | OrderUpdateEvent
    | PositionUpdateEvent
    | RfqUpdateEvent
    | TickerEvent
    | TradeEvent
)
"""What a stream carries."""


class StreamEnvelope(TypedDict):
    data: Event
    stream: str


class StreamError(TypedDict):
    code: int
    message: str


class ErrorFrame(TypedDict):
    """What the venue answers to a frame it does not take; the socket stays open."""

    id: None
    error: StreamError
