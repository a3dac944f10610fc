"""What this package makes of an answer or a frame: its parsers are run, and what they make is looked at.

A parser leaves out a row that it cannot read, and of a figure that it cannot read it makes None. So it is
not enough that none fails: every row has to become something, of ccxt's types, with all in it that a program
lives by.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints, is_typeddict

from ccxt.base import types as ccxts
from ccxt.base.errors import BaseError

from bpx_connector.orders.words import fill_words, order_words
from bpx_connector.parse import events
from bpx_connector.parse.markets.books import order_book

__all__ = ["FRAME_READINGS", "READINGS", "Reading", "misread"]

Read = Callable[[Any, Any], Any]
"""An exchange object and a row of the venue -> ccxt's structure."""
EARLIEST = 1_577_836_800_000
"""2020: nothing at this venue is older."""
A_DAY = 86_400_000
TIMES = ("timestamp", "lastTradeTimestamp", "lastUpdateTimestamp", "updated")


class Reading(NamedTuple):
    """How a row is read, ccxt's type of what is made of it, and what has to be known of it."""

    read: Read
    kind: Any = None
    known: tuple[str, ...] = ()
    is_map: bool = False
    """Whether it becomes several structures, by name: balances."""


def misread(exchange: Any, reading: Reading, body: Any) -> Iterator[str]:
    """What our parsers cannot make of an answer, a sentence each; each sentence once."""
    rows: Sequence[Any] = body if isinstance(body, list) else [body]
    said = dict.fromkeys(each for row in rows for each in _of_row(exchange, reading, row))
    yield from said


def _of_row(exchange: Any, reading: Reading, row: Any) -> Iterator[str]:
    try:
        made = reading.read(exchange, row)
    except (BaseError, ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError) as error:
        yield f"is not understood here: {type(error).__name__}: {str(error)[:120]}"
        return
    if made is None:
        return  # nothing is to be made of it: a period without trades
    structures: list[Any] = list(made.values()) if reading.is_map else [made]
    for structure in structures:
        yield from _structure(structure, reading)


def _structure(structure: Any, reading: Reading) -> Iterator[str]:
    if not isinstance(structure, Mapping):
        yield from (
            f"{place} of it is not understood here" for place, each in enumerate(structure) if each is None
        )
        return
    for name in reading.known:
        if structure.get(name) is None:
            yield f"has no {name} that is understood here"
    hints = _types_of(reading.kind) if reading.kind else {}
    for name, value in structure.items():
        if name in hints and not _is_of(value, hints[name]):
            yield f"becomes a {name} that is {type(value).__name__}, which ccxt's type is not"
    for name in TIMES:
        moment = structure.get(name)
        if moment is not None and not EARLIEST < moment < time.time() * 1000 + A_DAY:
            yield f"becomes a {name} of {moment}, which is no time of today's"


@cache
def _types_of(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_of(value: Any, kind: Any) -> bool:
    origin = get_origin(kind)
    if kind is Any or is_typeddict(kind) or origin is dict:
        return kind is Any or value is None or isinstance(value, Mapping)
    if origin in (UnionType, Union):
        return any(_is_of(value, each) for each in get_args(kind))
    if origin is list:
        return isinstance(value, Sequence) and not isinstance(value, str)
    return isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)


# --- answers ------------------------------------------------------------------------------------------------


def _book(exchange: Any, body: Any) -> Any:
    book = order_book(body, "", exchange.number)
    counts = len(body["bids"]), len(body["asks"])
    if (len(book["bids"]), len(book["asks"])) != counts:
        raise ValueError("some levels cannot be read")
    return book


def _candle(exchange: Any, row: Any) -> Any:
    is_blank = row["open"] is None and row["close"] is None
    return None if is_blank else exchange.parse_ohlcv(row)


def _balances(exchange: Any, body: Any) -> Any:
    balance = exchange.parse_balance(body)
    return {code: entry for code, entry in balance.items() if isinstance(entry, Mapping) and "free" in entry}


def _calls(name: str) -> Read:
    """The parser of that name, on the exchange object: a program's own, where it has one."""
    return lambda exchange, row: getattr(exchange, name)(row)


IDENTITY = ("id", "symbol")
PLACED = ("id", "symbol", "type", "side", "amount", "filled", "status", "timestamp")
TRADED = ("id", "symbol", "side", "price", "amount", "cost", "timestamp")
OF_POSITIONS = ("symbol", "contracts", "side", "entryPrice", "markPrice")

READINGS: dict[str, Reading] = {
    "GET /api/v1/status": Reading(_calls("parse_status"), known=("status",)),
    "GET /api/v1/markets": Reading(
        _calls("parse_market"), ccxts.MarketInterface, (*IDENTITY, "base", "quote", "type", "active")
    ),
    "GET /api/v1/market": Reading(_calls("parse_market"), ccxts.MarketInterface, (*IDENTITY, "base", "type")),
    "GET /api/v1/assets": Reading(_calls("parse_currency"), ccxts.CurrencyInterface, ("id", "code")),
    "GET /api/v1/borrowLend/markets": Reading(_calls("parse_lending_market")),
    "GET /api/v1/depth": Reading(_book, ccxts.OrderBook, ("bids", "asks", "nonce", "timestamp")),
    "GET /api/v1/ticker": Reading(_calls("parse_ticker"), ccxts.Ticker, ("symbol", "last", "baseVolume")),
    "GET /api/v1/tickers": Reading(_calls("parse_ticker"), ccxts.Ticker, ("symbol", "last", "baseVolume")),
    "GET /api/v1/trades": Reading(
        _calls("parse_trade"), ccxts.Trade, ("id", "side", "price", "amount", "cost", "timestamp")
    ),
    "GET /api/v1/trades/history": Reading(
        _calls("parse_trade"), ccxts.Trade, ("id", "side", "price", "amount", "cost", "timestamp")
    ),
    "GET /api/v1/klines": Reading(_candle),
    "GET /api/v1/markPrices": Reading(
        _calls("parse_funding_rate"), ccxts.FundingRate, ("symbol", "fundingRate", "markPrice")
    ),
    "GET /api/v1/openInterest": Reading(
        _calls("parse_open_interest"), ccxts.OpenInterest, ("symbol", "openInterestAmount", "timestamp")
    ),
    "GET /api/v1/fundingRates": Reading(
        _calls("parse_funding_rate_history"),
        ccxts.FundingRateHistory,
        ("symbol", "fundingRate", "timestamp"),
    ),
    "GET /api/v1/vaults": Reading(_calls("parse_vault")),
    "GET /api/v1/account": Reading(_calls("parse_leverage"), ccxts.Leverage),
    "GET /api/v1/capital": Reading(_balances, known=("free", "used", "total"), is_map=True),
    "GET /api/v1/capital/collateral": Reading(_calls("parse_collateral"), known=("USDC",)),
    "GET /api/v1/orders": Reading(_calls("parse_order"), ccxts.Order, PLACED),
    "GET /api/v1/order": Reading(_calls("parse_order"), ccxts.Order, PLACED),
    "POST /api/v1/order": Reading(_calls("parse_order"), ccxts.Order, PLACED),
    "DELETE /api/v1/order": Reading(_calls("parse_order"), ccxts.Order, PLACED),
    "GET /api/v1/position": Reading(_calls("parse_position"), ccxts.Position, OF_POSITIONS),
    "GET /api/v1/borrowLend/positions": Reading(_calls("parse_lending_position")),
    "GET /wapi/v1/history/orders": Reading(
        _calls("parse_order"), ccxts.Order, ("id", "symbol", "type", "side", "status", "timestamp")
    ),
    "GET /wapi/v1/history/fills": Reading(_calls("parse_trade"), ccxts.Trade, (*TRADED, "order", "fee")),
    "GET /wapi/v1/history/funding": Reading(
        _calls("parse_income"), ccxts.FundingHistory, ("symbol", "amount", "timestamp")
    ),
    "GET /wapi/v1/history/interest": Reading(
        _calls("parse_borrow_interest"), ccxts.BorrowInterest, ("currency", "interest", "timestamp")
    ),
    "GET /wapi/v1/history/borrowLend": Reading(_calls("parse_lending_movement")),
    "GET /wapi/v1/capital/deposits": Reading(
        _calls("parse_transaction"), ccxts.Transaction, ("id", "currency", "amount", "status", "timestamp")
    ),
    "GET /wapi/v1/capital/withdrawals": Reading(
        _calls("parse_transaction"), ccxts.Transaction, ("id", "currency", "amount", "status", "timestamp")
    ),
}
"""Operation -> how its rows are read. What is missing here is handed out as the venue wrote it."""


# --- frames -------------------------------------------------------------------------------------------------


def _symbol(exchange: Any, event: Any) -> Any:
    return exchange.safe_symbol(event["s"])


def _trade(exchange: Any, event: Any) -> Any:
    return events.trade_event(event, _symbol(exchange, event), exchange.number, lambda *_: 0)


def _ticker(exchange: Any, event: Any) -> Any:
    return events.dated(exchange.parse_ticker(events.ticker_words(event)), event)


def _bid_ask(exchange: Any, event: Any) -> Any:
    return events.bid_ask_event(event, _symbol(exchange, event), exchange.number)


def _mark(exchange: Any, event: Any) -> Any:
    return events.dated(exchange.parse_funding_rate(events.funding_words(event)), event)


def _interest(exchange: Any, event: Any) -> Any:
    row = {"symbol": event["s"], "openInterest": event["o"]}
    return events.dated(exchange.parse_open_interest(row), event)


def _depth(exchange: Any, event: Any) -> Any:
    levels = [*event["a"], *event["b"]]
    return [exchange.number(figure) for level in levels for figure in level]


def _order(exchange: Any, event: Any) -> Any:
    fill = fill_words(event)
    if fill is not None and exchange.parse_trade(fill)["amount"] is None:
        raise ValueError("the fill that it tells of has no amount")
    return exchange.parse_order(order_words(event))


def _position(exchange: Any, event: Any) -> Any:
    return events.dated(exchange.parse_position(events.position_words(event)), event)


def _balance(exchange: Any, event: Any) -> Any:
    asset, figures = events.balance_words(event)
    return exchange.parse_balance({asset: figures})[exchange.safe_currency_code(asset)]


FRAME_READINGS: dict[str, Reading] = {
    "bookTicker": Reading(_bid_ask, ccxts.Ticker, ("symbol", "timestamp")),
    "depth": Reading(_depth),
    "kline": Reading(lambda exchange, event: events.candle_event(event, exchange.number)),
    "trade": Reading(_trade, ccxts.Trade, ("id", "symbol", "side", "price", "amount", "timestamp")),
    "ticker": Reading(_ticker, ccxts.Ticker, ("symbol", "last", "timestamp")),
    "markPrice": Reading(_mark, ccxts.FundingRate, ("symbol", "markPrice", "timestamp")),
    "openInterest": Reading(_interest, ccxts.OpenInterest, ("symbol", "openInterestAmount")),
    "liquidation": Reading(
        lambda exchange, event: events.liquidation_event(event, _symbol(exchange, event), 1, exchange.number)
    ),
    "account.orderUpdate": Reading(_order, ccxts.Order, ("id", "symbol", "side", "status")),
    "account.positionUpdate": Reading(_position, ccxts.Position, ("symbol", "contracts", "timestamp")),
    "account.balanceUpdate": Reading(_balance, None, ("free", "used", "total")),
}
"""Kind of stream -> how its events are read."""
