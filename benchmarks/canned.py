"""What the canned venue says: the same bytes in every run, for every client.

Each payload is a captured one (tests/data/samples, which names its sources) with its figures varied by a
seeded generator, so that keys, their order, types and padding are the venue's.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent.parent / "tests" / "data" / "samples"
MARKET_COUNT = 200
LEVELS = 1000
"""Price levels per side of every book."""

FIRST_MILLISECOND = 1_754_000_400_000
FIRST_UPDATE = 4_330_000_000
MEASURED_UPDATE = FIRST_UPDATE + 100_000
"""The last update id before the measured deltas begin."""
FIRST_TRADE = 381_000_000
FIRST_ORDER = 59_000_000_000
FRAMES_PER_ORDER = 3
MIDDLE = 100_000
"""The price, in ticks of 0.01, between the best bid and the best ask of every book."""


def sample(path: str) -> Any:
    """The payload of one captured sample."""
    return json.loads((SAMPLES / f"{path}.json").read_text())["payload"]


def rendered(payload: Any) -> bytes:
    """JSON as the venue writes it: no blanks."""
    return json.dumps(payload, separators=(",", ":")).encode()


def _cents(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _trimmed(hundredths: int) -> str:
    return _cents(hundredths).rstrip("0").rstrip(".")


def _naive(milliseconds: int, separator: str = "T", digits: int = 3) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    text = moment.strftime(f"%Y-%m-%d{separator}%H:%M:%S")
    return f"{text}.{milliseconds % 1000:03d}" if digits else text


# --- markets -------------------------------------------------------------------------------------------


def market_ids() -> list[str]:
    """200 market ids: a hundred bases, each spot and perpetual."""
    bases = ["SOL", "BTC", "ETH", *(f"TOK{number:03d}" for number in range(3, MARKET_COUNT // 2))]
    return [f"{base}_USDC{ending}" for base in bases for ending in ("", "_PERP")]


def unified(market_id: str) -> str:
    """ccxt's symbol of one of our market ids."""
    base = market_id.partition("_")[0]
    return f"{base}/USDC:USDC" if market_id.endswith("_PERP") else f"{base}/USDC"


def _markets() -> list[dict[str, Any]]:
    spot = next(row for row in sample("rest/get_api_v1_markets") if row["symbol"] == "SOL_USDC")
    perpetual = sample("rest/get_api_v1_market.SOL_USDC_PERP")
    return [
        {
            **(perpetual if market_id.endswith("_PERP") else spot),
            "symbol": market_id,
            "baseSymbol": market_id.split("_")[0],
        }
        for market_id in market_ids()
    ]


def _assets() -> list[dict[str, Any]]:
    template = sample("rest/get_api_v1_assets")[0]
    names = ["USDC", *dict.fromkeys(market_id.split("_")[0] for market_id in market_ids())]
    return [{**template, "symbol": name, "displayName": name.title()} for name in names]


# --- REST ----------------------------------------------------------------------------------------------


def _tickers() -> list[dict[str, Any]]:
    chance = random.Random(2)
    template = sample("rest/get_api_v1_ticker.SOL_USDC")
    rows = []
    for market_id in market_ids():
        first, last = chance.randint(9_000, 11_000), chance.randint(9_000, 11_000)
        rows.append(
            {
                **template,
                "symbol": market_id,
                "firstPrice": _trimmed(first),
                "lastPrice": _trimmed(last),
                "high": _trimmed(max(first, last) + chance.randint(0, 400)),
                "low": _trimmed(min(first, last) - chance.randint(0, 400)),
                "priceChange": f"{(last - first) / 100:.2f}",
                "priceChangePercent": f"{(last - first) / first:.6f}",
                "volume": _trimmed(chance.randint(1_000, 9_000_000)),
                "quoteVolume": f"{chance.uniform(1_000, 9_000_000):.4f}",
                "trades": str(chance.randint(1, 9_000)),
            }
        )
    return rows


def _trades(count: int) -> list[dict[str, Any]]:
    chance = random.Random(3)
    rows = []
    for number in range(count):
        price, quantity = chance.randint(9_900, 10_100), chance.randint(1, 50_000)
        rows.append(
            {
                "id": FIRST_TRADE + number,
                "isBuyerMaker": chance.random() < 0.5,
                "price": _trimmed(price),
                "quantity": _trimmed(quantity),
                "quoteQuantity": f"{price * quantity / 10_000:.4f}".rstrip("0").rstrip("."),
                "timestamp": FIRST_MILLISECOND + 137 * number,
            }
        )
    return rows[::-1]


def _fills(count: int) -> list[dict[str, Any]]:
    chance = random.Random(4)
    template = sample("rest/get_wapi_v1_history_fills")
    return [
        {
            **template,
            "symbol": "SOL_USDC_PERP",
            "fee": f"{chance.uniform(0.0001, 0.9):.6f}",
            "isMaker": chance.random() < 0.5,
            "orderId": str(FIRST_ORDER + number // 2),
            "price": _trimmed(chance.randint(9_900, 10_100)),
            "quantity": _trimmed(chance.randint(1, 50_000)),
            "side": chance.choice(("Bid", "Ask")),
            "timestamp": _naive(FIRST_MILLISECOND + 9_137 * number),
            "tradeId": FIRST_TRADE + number,
        }
        for number in reversed(range(count))
    ]


def _klines(count: int) -> list[dict[str, Any]]:
    chance = random.Random(5)
    rows = []
    for number in range(count):
        start = FIRST_MILLISECOND // 60_000 * 60_000 + 60_000 * number
        prices = sorted(chance.randint(9_900, 10_100) for _ in range(4))
        volume = chance.randint(1, 900_000)
        rows.append(
            {
                "close": _trimmed(prices[1]),
                "end": _naive(start + 60_000, " ", 0),
                "high": _trimmed(prices[3]),
                "low": _trimmed(prices[0]),
                "open": _trimmed(prices[2]),
                "quoteVolume": f"{volume * prices[1] / 10_000:.4f}",
                "start": _naive(start, " ", 0),
                "trades": str(chance.randint(1, 90)),
                "volume": _trimmed(volume),
            }
        )
    return rows


def _orders(count: int) -> list[dict[str, Any]]:
    chance = random.Random(6)
    template = sample("rest/get_api_v1_orders")[0]
    rows = []
    for number in range(count):
        quantity = chance.randint(100, 50_000)
        price = chance.randint(9_900, 10_100)
        executed = chance.choice((0, 0, quantity // 2))
        rows.append(
            {
                **template,
                "clientId": chance.choice((None, number)),
                "createdAt": FIRST_MILLISECOND + 977 * number,
                "executedQuantity": _trimmed(executed),
                "executedQuoteQuantity": f"{executed * price / 10_000:.4f}" if executed else "0",
                "id": str(FIRST_ORDER + number),
                "price": _trimmed(price),
                "quantity": _trimmed(quantity),
                "side": chance.choice(("Bid", "Ask")),
                "status": "PartiallyFilled" if executed else "New",
                "symbol": "SOL_USDC_PERP",
            }
        )
    return rows


def _order_answer() -> dict[str, Any]:
    return {
        **sample("rest/post_api_v1_order.limit_post_only"),
        "symbol": "SOL_USDC_PERP",
        "side": "Bid",
        "price": "99.01",
        "quantity": "1.5",
    }


def rest_bodies() -> dict[tuple[str, str], bytes]:
    """Every answer of the canned venue by method and path, except /depth, which tells a changing id."""
    answers: dict[tuple[str, str], Any] = {
        ("GET", "/api/v1/markets"): _markets(),
        ("GET", "/api/v1/assets"): _assets(),
        ("GET", "/api/v1/securities"): [],
        ("GET", "/api/v1/tickers"): _tickers(),
        ("GET", "/api/v1/trades"): _trades(1000),
        ("GET", "/api/v1/klines"): _klines(1000),
        ("GET", "/api/v1/orders"): _orders(100),
        ("GET", "/api/v1/position"): [],
        ("GET", "/api/v1/capital"): sample("rest/get_api_v1_capital"),
        ("GET", "/api/v1/capital/collateral"): sample("rest/get_api_v1_capital_collateral"),
        ("POST", "/api/v1/order"): _order_answer(),
        ("GET", "/wapi/v1/history/fills"): _fills(1000),
        ("GET", "/wapi/v1/history/orders"): [],
        ("GET", "/api/v1/time"): 1_788_285_151_083,
    }
    return {call: rendered(payload) for call, payload in answers.items()}


# --- books ---------------------------------------------------------------------------------------------


class Book:
    """The true book of one market: what a client must hold after the same deltas."""

    def __init__(self, market_id: str) -> None:
        self._chance = random.Random(f"book {market_id}")
        self.bids = {MIDDLE - 1 - step: self._size() for step in range(LEVELS)}
        self.asks = {MIDDLE + 1 + step: self._size() for step in range(LEVELS)}

    def _size(self) -> int:
        return self._chance.randint(1, 50_000)

    def change(self) -> tuple[list[list[str]], list[list[str]]]:
        """The levels of the next delta, bids then asks: mostly one, near the top, as captured."""
        changed: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for _ in range(self._chance.choice((1, 1, 1, 1, 1, 1, 1, 1, 2, 3))):
            is_bid = self._chance.random() < 0.5
            distance = 1 + min(int(self._chance.expovariate(0.05)), LEVELS - 1)
            side, price = (self.bids, MIDDLE - distance) if is_bid else (self.asks, MIDDLE + distance)
            size = 0 if price in side and self._chance.random() < 0.3 else self._size()
            if size:
                side[price] = size
            else:
                del side[price]
            changed[0 if is_bid else 1][price] = size
        bids, asks = ([[_cents(price), _cents(side[price])] for price in sorted(side)] for side in changed)
        return bids, asks

    def best(self, count: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """The best levels as numbers, bids then asks, best first."""
        bids = [(price / 100, self.bids[price] / 100) for price in sorted(self.bids, reverse=True)[:count]]
        asks = [(price / 100, self.asks[price] / 100) for price in sorted(self.asks)[:count]]
        return bids, asks

    def snapshot(self, last_update: int) -> bytes:
        """The answer of /depth: both sides ascending, trimmed, the id a string."""
        return rendered(
            {
                "asks": [[_trimmed(price), _trimmed(self.asks[price])] for price in sorted(self.asks)],
                "bids": [[_trimmed(price), _trimmed(self.bids[price])] for price in sorted(self.bids)],
                "lastUpdateId": str(last_update),
                "timestamp": FIRST_MILLISECOND * 1000,
            }
        )


@cache
def opening_book(market_id: str) -> Book:
    """The book before the first delta. Not to be changed."""
    return Book(market_id)


def book_after(market_id: str, deltas: int) -> Book:
    """The true book once that many deltas were applied."""
    book = Book(market_id)
    for _ in range(deltas):
        book.change()
    return book


def _frame(stream: str, data: dict[str, Any]) -> bytes:
    return rendered({"data": data, "stream": stream})


def _depth(stream: str, market_id: str, first: int, last: int, bids: Any, asks: Any) -> bytes:
    moment = FIRST_MILLISECOND * 1000 + 613 * (last - FIRST_UPDATE)
    return _frame(
        stream,
        {
            "E": moment + 477,
            "T": moment,
            "U": first,
            "a": asks,
            "b": bids,
            "e": "depth",
            "s": market_id,
            "u": last,
        },
    )


def restoring_delta(market_id: str, first: int, last: int) -> bytes:
    """A delta that says again what the opening book holds: it moves the ids and nothing else."""
    price = MIDDLE - 1 - first % LEVELS
    level = [_cents(price), _cents(opening_book(market_id).bids[price])]
    return _depth(f"depth.{market_id}", market_id, first, last, [level], [])


# --- streams: one endless series a stream ---------------------------------------------------------------


def _depth_frames(stream: str, market_id: str) -> Iterator[bytes]:
    book, update = Book(market_id), MEASURED_UPDATE
    while True:
        update += 1
        bids, asks = book.change()
        yield _depth(stream, market_id, update, update, bids, asks)


def _trade_frames(stream: str, market_id: str) -> Iterator[bytes]:
    chance, template, number = random.Random(7), sample("ws/trade")[0]["data"], FIRST_TRADE
    while True:
        number += 1
        moment = (FIRST_MILLISECOND + number - FIRST_TRADE) * 1000
        changes = {
            "E": moment + 470,
            "T": moment,
            "a": str(FIRST_ORDER + chance.randint(0, 10**6)),
            "b": str(FIRST_ORDER + chance.randint(0, 10**6)),
            "m": chance.random() < 0.5,
            "p": _cents(chance.randint(9_900, 10_100)),
            "q": _cents(chance.randint(1, 50_000)),
            "s": market_id,
            "t": number,
        }
        yield _frame(stream, template | changes)


def _best_frames(stream: str, market_id: str) -> Iterator[bytes]:
    chance, template, number = random.Random(8), sample("ws/bookTicker")[0]["data"], 0
    while True:
        number += 1
        bid = chance.randint(9_900, 10_100)
        changes = {
            "A": _cents(chance.randint(1, 50_000)),
            "B": f"{number}.25",  # the client's progress is read from here
            "E": FIRST_MILLISECOND * 1000 + 613 * number + 1406,
            "T": FIRST_MILLISECOND * 1000 + 613 * number,
            "a": _cents(bid + chance.randint(1, 3)),
            "b": _cents(bid),
            "s": market_id,
            "u": FIRST_UPDATE + number,
        }
        yield _frame(stream, template | changes)


def _ticker_frames(stream: str, market_id: str) -> Iterator[bytes]:
    chance, template, number = random.Random(9), sample("ws/ticker")[0]["data"], 0
    while True:
        number += 1
        changes = {
            "E": FIRST_MILLISECOND * 1000 + 1_000_613 * number,
            "V": f"{1_000_000 + 99 * number}.9234",
            "c": _cents(chance.randint(9_800, 10_100)),
            "n": 6000 + number,
            "s": market_id,
            "v": f"{number}.5",  # the client's progress is read from here
        }
        yield _frame(stream, template | changes)


def _order_frames(stream: str, _: str) -> Iterator[bytes]:
    chance, number = random.Random(10), 0
    accepted = sample("ws/account.orderUpdate.orderAccepted")["data"]
    while True:
        price, quantity = chance.randint(9_900, 10_100), 2 * chance.randint(50, 5_000)
        common = {
            "Q": f"{price * quantity / 10_000:.4f}",
            "S": chance.choice(("Bid", "Ask")),
            "i": str(FIRST_ORDER + number // FRAMES_PER_ORDER),
            "p": _cents(price),
            "q": _cents(quantity),
            "s": "SOL_USDC_PERP",
        }
        for step in range(FRAMES_PER_ORDER):
            moment = FIRST_MILLISECOND * 1000 + 613 * number
            data = {**accepted, **common, "E": moment + 174, "T": moment}
            if step:
                executed = quantity * step // 2
                data |= {
                    "L": _cents(price),
                    "N": "USDC",
                    "X": "Filled" if step == FRAMES_PER_ORDER - 1 else "PartiallyFilled",
                    "Z": f"{price * executed / 10_000:.4f}",
                    "e": "orderFill",
                    "l": _cents(quantity // 2),
                    "m": True,
                    "n": f"{price * quantity / 2 / 10_000 * 0.0002:.6f}",
                    "t": FIRST_TRADE + number,
                    "z": _cents(executed),
                }
            number += 1
            yield _frame(stream, data)


SERIES = {
    "depth": _depth_frames,
    "trade": _trade_frames,
    "bookTicker": _best_frames,
    "ticker": _ticker_frames,
    "account": _order_frames,
}


def series(stream: str) -> Iterator[bytes]:
    """The endless frames of one stream, the same each time it is asked for."""
    kind, _, market_id = stream.partition(".")
    return SERIES[kind](stream, market_id)
