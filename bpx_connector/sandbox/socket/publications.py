"""What is due on each stream: from engine events and the clock to payloads. Pure; no sockets.

A stream is open while somebody wants it; nothing is made for a stream that is not open. Some payloads follow
an event at once, in engine order; the others follow the clock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.exchange.rfqs import Rfqs
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
from bpx_connector.sandbox.socket import account_payloads, payloads
from bpx_connector.sandbox.socket.by_clock import Candles, MergedDepth, Repeated, Timed
from bpx_connector.sandbox.socket.payloads import Payload
from bpx_connector.sandbox.socket.repeated import REPEATED, Figures, Sources
from bpx_connector.sandbox.socket.requests import BALANCES, WINDOWS, Stream

__all__ = ["Publication", "Streams"]

CLOSED: Final = "Closed"


class Publication(NamedTuple):
    """A payload and the stream it belongs to."""

    key: Key
    payload: Payload


class Streams:
    """All open streams of one exchange; without `rfqs`, whose maker quotes stocks, theirs are silent."""

    def __init__(self, exchange: Exchange, figures: Figures, rfqs: Rfqs | None = None) -> None:
        self._exchange: Final = exchange
        self._sources: Final = Sources(exchange, figures, rfqs)
        self._open: Final[dict[Key, Stream]] = {}
        self._accounts: Final[Counter[int]] = Counter()
        self._timed: Final[dict[str, Timed]] = {}
        self._elsewhere: Final[dict[str, Timed]] = {}
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
        if stream.symbol is not None:
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
        self._elsewhere.pop(stream.name, None)
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
        for name, timed in list(self._elsewhere.items()):
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
        said, sources = REPEATED.get(stream.kind), self._sources
        if said is not None:
            repeated = Repeated(said.period, said.phase, now, partial(said.payload, sources, symbol))
            if not said.is_of_markets:
                self._elsewhere[stream.name] = repeated
            elif symbol in self._exchange.rules:
                self._timed[stream.name] = repeated
        elif symbol not in self._exchange.rules:
            return
        elif stream.kind == "depth" and stream.variant is not None:
            merged = MergedDepth(WINDOWS[stream.variant], self._padding(symbol), now)
            self._timed[stream.name] = self._merged[symbol][stream.name] = merged
        elif stream.kind == "kline" and stream.variant is not None:
            candles = Candles(symbol, stream.variant, now, sources.figures.candle)
            self._timed[stream.name] = self._candles[symbol][stream.name] = candles

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
        unit = 1 if self._exchange.switches.liquidation_time == "microseconds" else 1_000
        # The older documentation has one stream for all markets, the newer one a stream for each.
        yield from self._both(
            "liquidation", event.symbol, None, event, lambda it: payloads.liquidation(it, now, unit)
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
