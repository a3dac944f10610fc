"""Events of the streams become ccxt's structures, the same ones that the same facts over REST become.

Stream payloads write their fields as single letters. Orders, fills and positions are renamed to REST's words
and parsed there; what comes by the thousand (trades, prices, candles) is built here directly.
Source: Backpack OpenAPI, tag Streams; types as captured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from ccxt.base.types import FundingRate, OpenInterest, Position, Ticker

from bpx_connector.aliases import Decoded, Payload, Structure
from bpx_connector.parse.markets.prices import BEST, mark_price, unknown_ticker
from bpx_connector.parse.numbers import (
    EARLIEST,
    IS_FIGURE,
    LATEST,
    Figure,
    Number,
    difference,
    iso8601,
    milliseconds_of,
    number_or_none,
    product,
)
from bpx_connector.parse.rows import figure_text
from bpx_connector.venue.words import ORDER_STATUS, SIDE

if TYPE_CHECKING:
    from bpx_connector.venue.events import (
        BalanceUpdateEvent,
        BookTickerEvent,
        KlineEvent,
        LiquidationEvent,
        MarkPriceEvent,
        PositionUpdateEvent,
        RfqUpdateEvent,
        TickerEvent,
        TradeEvent,
    )

__all__ = [
    "balance_words",
    "best_words",
    "bid_ask_event",
    "candle_event",
    "candle_words",
    "check_figures",
    "checked_number",
    "dated",
    "funding_words",
    "liquidation_event",
    "mark_price_event",
    "mark_price_words",
    "position_words",
    "rfq_event",
    "ticker_words",
    "trade_event",
    "trade_words",
]

TICKER_WORDS = {
    "o": "firstPrice",
    "c": "lastPrice",
    "h": "high",
    "l": "low",
    "v": "volume",
    "V": "quoteVolume",
}
CANDLE_WORDS = {
    "t": "start",
    "T": "end",
    "o": "open",
    "h": "high",
    "l": "low",
    "c": "close",
    "v": "volume",
    "n": "trades",
}
POSITION_WORDS = {
    "s": "symbol",
    "b": "breakEvenPrice",
    "B": "entryPrice",
    "f": "imf",
    "M": "markPrice",
    "m": "mmf",
    "q": "netQuantity",
    "Q": "netExposureQuantity",
    "n": "netExposureNotional",
    "p": "pnlRealized",
    "P": "pnlUnrealized",
}


def _renamed(event: Mapping[str, object], words: dict[str, str]) -> Payload:
    return {words[key]: value for key, value in event.items() if key in words}


def position_words(event: PositionUpdateEvent) -> Payload:
    """An event of the position stream in the words of a REST position."""
    position = _renamed(event, POSITION_WORDS)
    identity = event.get("i")
    position["positionId"] = None if identity is None else str(identity)
    return position


def balance_words(event: BalanceUpdateEvent) -> tuple[str, dict[str, str]]:
    """The asset of a balance event, and its balance in REST's words."""
    return event["a"], {"available": event["A"], "locked": event["L"], "staked": event["S"]}


def funding_words(event: MarkPriceEvent) -> Payload:
    """An event of the mark price stream in the words of a row of /markPrices."""
    return {
        "symbol": event["s"],
        "fundingRate": event.get("f"),
        "indexPrice": event.get("i"),
        "markPrice": event.get("p"),
        "nextFundingTimestamp": event.get("n"),
    }


def checked_number(number: Number) -> Number:
    """The same number type, with a ValueError for what is no figure: "NaN", "inf", "1e400", "1_000"."""
    if number is float:
        return _finite

    def checked(text: str) -> Figure:
        _finite(text)
        return number(text)

    return checked


def _finite(text: Any) -> float:
    figure = float(text)
    # Python reads figures in more ways than venues write them: "1_000", " 1 ", digits of other scripts.
    if not isfinite(figure) or (type(text) is str and IS_FIGURE(text) is None):
        raise ValueError(f"{text!r} is no figure")
    return figure


def check_figures(structure: Mapping[str, object]) -> None:
    """ValueError if any number of a structure is none to be handed out."""
    for name, figure in structure.items():
        if figure is None:
            continue
        if isinstance(figure, NUMBERS) and not isfinite(figure):
            raise ValueError(f"{name} {figure!r} is no figure")
        if isinstance(figure, str) and figure.lower().lstrip("+-") in NO_FIGURES:
            raise ValueError(f"{name} {figure!r} is no figure")


Dated = TypeVar("Dated", Ticker, FundingRate, OpenInterest, Position)

NUMBERS = (float, Decimal)
NO_FIGURES = frozenset({"nan", "snan", "inf", "infinity"})


def _millisecond(microseconds: Any) -> int:
    """The millisecond of the venue's microseconds, a whole number or its text; ValueError of none."""
    time = (microseconds if type(microseconds) is int else int(microseconds)) // 1000
    if EARLIEST <= time < LATEST:
        return time
    raise ValueError(f"{microseconds!r} is no time in microseconds")


def dated(structure: Dated, event: Decoded) -> Dated:
    """The structure with the time at which its event was emitted, and the event as `info`."""
    timestamp = _millisecond(event["E"])
    structure["timestamp"], structure["datetime"], structure["info"] = timestamp, iso8601(timestamp), event
    return structure


def ticker_words(event: TickerEvent) -> Payload:
    """An event of the ticker stream in the words of a row of /tickers; the change is worked out."""
    row = _renamed(event, TICKER_WORDS)
    for name, figure in row.items():
        # Of REST's rows it would be unknown; of a stream the frame is spoilt, and another one follows.
        if figure is not None and figure_text(figure) is None:
            raise ValueError(f"{name} {figure!r} is no figure")
    row["symbol"] = event["s"]
    row["priceChange"] = difference(event.get("c"), event.get("o"))
    return row


def mark_price_words(event: MarkPriceEvent) -> Payload:
    """A mark price in the words of GET /markPrices."""
    return {"symbol": event["s"], "markPrice": event.get("p"), "indexPrice": event.get("i")}


def mark_price_event(event: MarkPriceEvent, symbol: str, number: Number) -> Ticker:
    """A ticker of which only the mark price, and for perpetuals the index price, is known."""
    return dated(mark_price(mark_price_words(event), symbol, number), event)


def best_words(event: BookTickerEvent) -> Payload:
    """The best bid and ask by ccxt's names."""
    told = event.get("b"), event.get("B"), event.get("a"), event.get("A")
    return {"symbol": event["s"], **dict(zip(BEST, told, strict=True))}


def bid_ask_event(event: BookTickerEvent, symbol: str, number: Number) -> Ticker:
    """A ticker of which only the best bid and ask are known; None on a side that is empty."""
    structure = dated(unknown_ticker(symbol), event)
    structure["bid"] = number_or_none(number, event.get("b"))
    structure["bidVolume"] = number_or_none(number, event.get("B"))
    structure["ask"] = number_or_none(number, event.get("a"))
    structure["askVolume"] = number_or_none(number, event.get("A"))
    return structure


def trade_words(event: TradeEvent) -> Payload:
    """A public trade in the words of GET /trades."""
    said: Decoded = event
    return {
        "id": said["t"],
        "price": said["p"],
        "quantity": said["q"],
        "quoteQuantity": product(said["p"], said["q"]),
        "timestamp": _millisecond(said["T"]),
        "isBuyerMaker": said["m"],
    }


def candle_words(event: KlineEvent) -> Payload:
    """A candle in the words of GET /klines, as far as the stream tells."""
    words = _renamed(event, CANDLE_WORDS)
    for name in ("start", "end"):
        words[name] = str(words[name]).replace("T", " ")
    return words


def trade_event(
    event: TradeEvent, symbol: str, number: Number, exact_product: Callable[[str, str], object]
) -> Structure:
    """One public trade. The side is the taker's."""
    timestamp = _millisecond(event["T"])
    price, amount = event["p"], event["q"]
    return {
        "info": event,
        "id": None if event["t"] is None else str(event["t"]),
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
        "symbol": symbol,
        "order": None,
        "type": None,
        "side": "sell" if event["m"] else "buy",
        "takerOrMaker": "taker",
        "price": number(price),
        "amount": number(amount),
        "cost": exact_product(price, amount),
        "fee": {"cost": None, "currency": None},
        "fees": [],
    }


def candle_event(event: KlineEvent, number: Number) -> list[Any] | None:
    """One candle, named by its open; None for a period without trades, which has no prices."""
    if event["o"] is None:
        return None
    traded: Decoded = event  # where there is one price there are all
    return [
        milliseconds_of(event["t"]),  # `T` is the close
        number(traded["o"]),
        number(traded["h"]),
        number(traded["l"]),
        number(traded["c"]),
        number(traded["v"]),
    ]


def liquidation_event(
    event: LiquidationEvent, symbol: str, contract_size: object, number: Number
) -> Structure:
    """One liquidation, dated by when the event was emitted: the unit of its engine time is not known."""
    timestamp = _millisecond(event["E"])
    price, amount = event["p"], event["q"]
    return {
        "info": event,
        "symbol": symbol,
        "contracts": number(amount),
        "contractSize": contract_size,
        "price": number(price),
        "side": SIDE[event["S"]],
        "baseValue": number(amount),
        "quoteValue": number_or_none(number, product(price, amount)),
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
    }


def rfq_event(event: RfqUpdateEvent, symbol: str | None, number: Number) -> Structure:
    """One change of a request for quotes, or of a quote; ccxt has no structure for it."""
    timestamp = _millisecond(event["E"])
    for name in ("e", "s", "S", "X"):
        if not isinstance(event.get(name), str | None):
            raise ValueError(f"{name} {event.get(name)!r} is no word")
    quote, client_id = event.get("u"), event.get("C")
    return {
        "info": event,
        "id": str(event["R"]),
        "quoteId": None if quote is None else str(quote),
        "clientOrderId": client_id if isinstance(client_id, str) else None,
        "event": event["e"],
        "symbol": symbol,
        "side": SIDE.get(event.get("S") or ""),
        "amount": number_or_none(number, event.get("q")),
        "cost": number_or_none(number, event.get("Q")),
        "price": number_or_none(number, event.get("p")),
        "status": ORDER_STATUS.get(event.get("X") or "", event.get("X")),
        "submissionTimestamp": milliseconds_of(event.get("w")),
        "expiryTimestamp": milliseconds_of(event.get("W")),
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
    }


def stock_price_event(event: Mapping[str, Any], asset: str, number: Number) -> Structure:
    """What the provider of a stock's price says: bid, ask, and the middle, with the session that is open."""
    timestamp = milliseconds_of(event.get("timestamp"))
    return {
        "info": event,
        "asset": asset,
        **{name: number_or_none(number, event.get(name)) for name in ("bid", "ask", "mid")},
        "session": event.get("session"),
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
    }


def stock_quote_event(event: Mapping[str, Any], asset: str, number: Number) -> Structure:
    """What a share would bring (`bid`) and cost (`ask`); None and no session while it is not traded."""
    timestamp = milliseconds_of(event.get("publishedAt"))
    return {
        "info": event,
        "asset": asset,
        "bid": number_or_none(number, event.get("estimatedBid")),
        "ask": number_or_none(number, event.get("estimatedAsk")),
        "session": event.get("session"),
        "timestamp": timestamp,
        "datetime": iso8601(timestamp),
    }
