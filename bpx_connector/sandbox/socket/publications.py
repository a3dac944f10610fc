"""What is due on each stream: from engine events and the clock to payloads. Pure; no sockets.

A stream is open while somebody wants it; nothing is made for a stream that is not open. Some payloads follow
an event at once, in engine order; the others follow the clock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple, Protocol

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.exchange.rfqs import Rfqs
from bpx_connector.sandbox.market.candles import Candle, Ticker
from bpx_connector.sandbox.records.events import (
    QUOTE_ACCEPTED,
    QUOTE_CANCELLED,
    QUOTE_FILLED,
    RFQ_ACTIVE,
    BalanceChanged,
    DepthChanged,
    Event,
    Liquidated,
    OrderChanged,
    PositionChanged,
    RfqChanged,
    TopChanged,
    Traded,
)
from bpx_connector.sandbox.records.keys import Key
from bpx_connector.sandbox.records.times import SECOND
from bpx_connector.sandbox.socket import account_payloads, payloads
from bpx_connector.sandbox.socket.by_clock import (
    HALF_SECOND,
    MARK_PHASE,
    Candles,
    MergedDepth,
    Repeated,
    Timed,
)
from bpx_connector.sandbox.socket.payloads import Payload
from bpx_connector.sandbox.socket.requests import BALANCES, WINDOWS, Stream
from bpx_connector.sandbox.socket.stock_payloads import STOCK_STREAMS

__all__ = ["Publication", "Streams"]

OPEN_INTEREST_PERIOD: Final = 60 * SECOND
CLOSED: Final = "Closed"


class Figures(Protocol):
    """What the streams ask between the exchange's events: figures that reach back into the past."""

    def ticker(self, symbol: str, now: int) -> Ticker | None:
        """The last 24 hours of one market; None if nothing traded in them."""

    def candle(self, symbol: str, interval: str, start: int, end: int) -> Candle | None:
        """One interval's candle, running or closed, or None if nothing traded in it."""


class Publication(NamedTuple):
    """A payload and the stream it belongs to."""

    key: Key
    payload: Payload


class Streams:
    """All open streams of one exchange; without `rfqs`, whose maker quotes stocks, theirs are silent."""

    def __init__(self, exchange: Exchange, figures: Figures, rfqs: Rfqs | None = None) -> None:
        self._exchange: Final = exchange
        self._figures: Final = figures
        self._rfqs: Final = rfqs
        self._open: Final[dict[Key, Stream]] = {}
        self._accounts: Final[Counter[int]] = Counter()
        self._timed: Final[dict[str, Timed]] = {}
        self._of_stocks: Final[dict[str, Timed]] = {}
        self._merged: Final[defaultdict[str, dict[str, MergedDepth]]] = defaultdict(dict)
        self._candles: Final[defaultdict[str, dict[str, Candles]]] = defaultdict(dict)
        self._paddings: Final[dict[str, payloads.Padding]] = {}
        self._answers: Final[dict[type, Callable[[Any, int], Iterator[Publication]]]] = {
            DepthChanged: self._depth,
            TopChanged: self._top,
            Traded: self._trade,
            Liquidated: self._liquidation,
            OrderChanged: self._order,
            PositionChanged: self._position,
            BalanceChanged: self._balance,
            RfqChanged: self._rfq,
        }

    @property
    def keys(self) -> list[Key]:
        """The open streams, in the order in which they were opened."""
        return list(self._open)

    def open(self, stream: Stream, account_id: int | None, now: int) -> None:
        """Begin to make a stream's payloads; an open stream stays as it is."""
        key = Key(stream.name, account_id)
        if key in self._open:
            return
        self._open[key] = stream
        if account_id is not None:
            self._accounts[account_id] += 1
        if stream.kind in STOCK_STREAMS:
            self._begin_stock(stream, now)
        elif stream.symbol in self._exchange.rules:
            self._begin_timed(stream, stream.symbol, now)

    def close(self, key: Key) -> None:
        """Make no more payloads of a stream."""
        stream = self._open.pop(key, None)
        if stream is None:
            return
        if key.account_id is not None:
            self._accounts[key.account_id] -= 1
            if not self._accounts[key.account_id]:
                del self._accounts[key.account_id]
        self._timed.pop(stream.name, None)
        self._of_stocks.pop(stream.name, None)
        for by_symbol in (self._merged, self._candles):
            by_name = by_symbol.get(stream.symbol or "")
            if by_name is not None:
                by_name.pop(stream.name, None)

    def of_event(self, event: Event, now: int) -> Iterable[Publication]:
        """What an event means on the open streams, in the order in which it is sent."""
        answer = self._answers.get(type(event))
        return () if answer is None or not self._open else answer(event, now)

    def due(self, now: int) -> Iterator[Publication]:
        """What the clock has brought about on the open streams."""
        for name, timed in list(self._timed.items()):
            for payload in timed.due(now):
                if not self._is_closed(payload["s"]):
                    yield Publication(Key(name), payload)
        for name, timed in list(self._of_stocks.items()):
            for payload in timed.due(now):
                yield Publication(Key(name), payload)

    def snapshot(self, stream: Stream, account: Account, now: int) -> list[Payload]:
        """What a subscription begins with: open positions on their stream, nothing on all others."""
        if stream.kind != "account.positionUpdate":
            return []
        return [
            account_payloads.open_position(view, now)
            for view in self._exchange.positions(account)
            if stream.symbol in (None, view.position.symbol)
        ]

    # --- by the clock --------------------------------------------------------------------------------

    def _begin_timed(self, stream: Stream, symbol: str, now: int) -> None:
        exchange = self._exchange
        if stream.kind == "depth" and stream.variant is not None:
            merged = MergedDepth(WINDOWS[stream.variant], self._padding(symbol), now)
            self._timed[stream.name] = self._merged[symbol][stream.name] = merged
        elif stream.kind == "kline" and stream.variant is not None:
            candles = Candles(symbol, stream.variant, now, self._figures.candle)
            self._timed[stream.name] = self._candles[symbol][stream.name] = candles
        elif stream.kind == "ticker":
            self._timed[stream.name] = Repeated(SECOND, HALF_SECOND, now, lambda at: self._ticker(symbol, at))
        elif stream.kind == "markPrice":
            self._timed[stream.name] = Repeated(
                SECOND, MARK_PHASE, now, lambda at: payloads.mark_price(exchange.mark(symbol), at, at)
            )
        elif stream.kind == "openInterest" and exchange.rules[symbol].is_perp:
            self._timed[stream.name] = Repeated(
                OPEN_INTEREST_PERIOD,
                0,
                now,
                lambda at: payloads.open_interest(symbol, exchange.open_interest(symbol), at),
            )

    def _begin_stock(self, stream: Stream, now: int) -> None:
        rfqs, payload, name = self._rfqs, STOCK_STREAMS[stream.kind], stream.symbol
        if rfqs is not None and name is not None:
            self._of_stocks[stream.name] = Repeated(
                SECOND, HALF_SECOND, now, lambda at: payload(rfqs, name, at)
            )

    def _ticker(self, symbol: str, now: int) -> Payload | None:
        row = self._figures.ticker(symbol, now)
        return None if row is None else payloads.ticker(row, now)

    def _is_closed(self, symbol: str) -> bool:
        return self._exchange.markets[symbol].state == CLOSED

    def _padding(self, symbol: str) -> payloads.Padding:
        known = self._paddings.get(symbol)
        if known is None:
            known = self._paddings[symbol] = payloads.padding(self._exchange.rules[symbol])
        return known

    # --- by event ------------------------------------------------------------------------------------

    def _depth(self, event: DepthChanged, now: int) -> Iterator[Publication]:
        for merged in self._merged.get(event.symbol, {}).values():
            merged.take(event)
        key = Key(f"depth.{event.symbol}")
        if key in self._open:
            yield Publication(key, payloads.depth(event, self._padding(event.symbol), now))

    def _top(self, event: TopChanged, now: int) -> Iterator[Publication]:
        key = Key(f"bookTicker.{event.symbol}")
        if key in self._open:
            yield Publication(key, payloads.book_ticker(event, self._padding(event.symbol), now))

    def _trade(self, event: Traded, now: int) -> Iterator[Publication]:
        for candles in self._candles.get(event.symbol, {}).values():
            candles.traded()
        key = Key(f"trade.{event.symbol}")
        if key in self._open:
            yield Publication(key, payloads.trade(event, now))

    def _liquidation(self, event: Liquidated, now: int) -> Iterator[Publication]:
        # The older documentation has one stream for all markets, the newer one a stream for each.
        yield from self._both(
            "liquidation", event.symbol, None, event, lambda it: payloads.liquidation(it, now)
        )

    def _order(self, event: OrderChanged, now: int) -> Iterator[Publication]:
        yield from self._both(
            "account.orderUpdate",
            event.order.request.symbol,
            event.account_id,
            event,
            lambda it: account_payloads.order_update(it, now),
        )

    def _position(self, event: PositionChanged, now: int) -> Iterator[Publication]:
        yield from self._both(
            "account.positionUpdate",
            event.position.symbol,
            event.account_id,
            event,
            lambda it: account_payloads.position_update(it, now),
        )

    def _balance(self, event: BalanceChanged, now: int) -> Iterator[Publication]:
        key = Key(BALANCES, event.account_id)
        if key in self._open:
            yield Publication(key, account_payloads.balance_update(event, now))

    def _rfq(self, event: RfqChanged, now: int) -> Iterator[Publication]:
        """Active requests are told to all who listen, all else to who asked or who quoted."""
        rfq, quote = event.rfq, event.quote
        if event.kind == RFQ_ACTIVE:
            hearers = [number for number in list(self._accounts) if number != rfq.account_id]
        elif quote is not None and event.kind in (QUOTE_ACCEPTED, QUOTE_CANCELLED, QUOTE_FILLED):
            hearers = [quote.account_id]
        else:
            hearers = [rfq.account_id]
        for number in hearers:
            yield from self._both(
                "account.rfqUpdate",
                rfq.symbol,
                number,
                event,
                lambda it: account_payloads.rfq_update(it, now),
            )

    def _both(
        self, name: str, symbol: str, account_id: int | None, event: Any, payload: Callable[[Any], Payload]
    ) -> Iterator[Publication]:
        """The stream of all markets and the one of this market, with one payload for both."""
        if account_id is not None and account_id not in self._accounts:
            return
        keys = [
            key for key in (Key(name, account_id), Key(f"{name}.{symbol}", account_id)) if key in self._open
        ]
        if keys:
            made = payload(event)
            yield from (Publication(key, made) for key in keys)
