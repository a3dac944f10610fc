"""Recorded prices behind the books: from frames that this package has recorded, from candles or from trades.

A recording is laid over the sandbox's time: its first moment is now. Once a second each market in it moves to
the price that was last seen there, its mark, books and last trade with it; what anybody else has resting
there is filled. When a recording is over, its markets stay where they are.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NamedTuple

from bpx_connector.sandbox.records.times import MILLISECOND, SECOND

__all__ = ["Replay", "ReplayError", "moments_of"]

TWO: Final = Decimal(2)


class ReplayError(ValueError):
    """A recording that cannot be read; the message says what would be."""


class Moment(NamedTuple):
    """What a market was worth at a time, in microseconds of the recording."""

    time: int
    symbol: str
    price: Decimal


class Replay:
    """A recording that is laid over the sandbox's time."""

    def __init__(self, moments: Iterable[Moment], move: Callable[[str, Decimal], None]) -> None:
        self._moments: Final = sorted(moments, key=lambda moment: moment.time)
        self._move: Final = move
        self._next = 0
        self._began: int | None = None
        self._moved_at = 0

    @property
    def symbols(self) -> set[str]:
        """The markets that are led by it."""
        return {moment.symbol for moment in self._moments}

    @property
    def is_over(self) -> bool:
        """Whether all of it has been played."""
        return self._next >= len(self._moments)

    def on_time(self, now: int) -> None:
        """Move every market whose price has changed by now, once a second."""
        if self._began is None:
            self._began = now
        if self.is_over or now - self._moved_at < SECOND:
            return
        self._moved_at = now
        for symbol, price in self._due(now - self._began).items():
            self._move(symbol, price)

    def _due(self, passed: int) -> dict[str, Decimal]:
        """The last price of every market up to this moment of the recording."""
        first, due = self._moments[0].time, {}
        while not self.is_over and self._moments[self._next].time - first <= passed:
            moment = self._moments[self._next]
            due[moment.symbol] = moment.price
            self._next += 1
        return due


def moments_of(told: str, symbols: Iterable[str]) -> list[Moment]:
    """What `FILE`, or `SYMBOL=FILE` for candles and trades, holds of these markets."""
    named, _, rest = told.partition("=")
    symbol, path = (named, Path(rest)) if rest else (None, Path(told))
    if not path.is_file():
        raise ReplayError(f"there is no recording {path}")
    if path.suffix == ".jsonl":
        found = list(_frames(path))
    elif path.suffix in (".csv", ".parquet"):
        if symbol is None:
            raise ReplayError(f"{path} does not name its market: give it as SOL_USDC={path}")
        rows = _parquet(path) if path.suffix == ".parquet" else _csv(path)
        found = [moment for row in rows for moment in _row(symbol, row)]
    else:
        raise ReplayError(f"{path} is none of .jsonl (frames), .csv and .parquet (candles, trades)")
    known = set(symbols)
    kept = [moment for moment in found if moment.symbol in known]
    if not kept:
        raise ReplayError(f"{path} has no price of {', '.join(sorted(known))}")
    return kept


# --- files -------------------------------------------------------------------------------------------------


def _frames(path: Path) -> Iterator[Moment]:
    """The trades and best prices of frames as `bpx record-streams` and cassettes have them."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = json.loads(line).get("venue")
        frame = json.loads(text) if isinstance(text, str) else {}
        data = frame.get("data")
        if not isinstance(data, dict):
            continue
        price = _framed(frame.get("stream", ""), data)
        if price is not None:
            yield Moment(int(data["E"]), data["s"], price)


def _framed(stream: str, data: Mapping[str, Any]) -> Decimal | None:
    if stream.startswith("trade."):
        return Decimal(data["p"])
    if stream.startswith("bookTicker.") and data["a"] is not None and data["b"] is not None:
        return (Decimal(data["a"]) + Decimal(data["b"])) / TWO
    return None


def _csv(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _parquet(path: Path) -> list[dict[str, Any]]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ReplayError(f"{path} takes pyarrow to read: pip install 'bpx-connector[parquet]'") from error
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


def _row(symbol: str, row: Mapping[str, Any]) -> Iterator[Moment]:
    """A trade's price, or the four of a candle at the quarters of a minute."""
    try:
        time = int(float(row["timestamp"])) * MILLISECOND
        if "price" in row:
            yield Moment(time, symbol, Decimal(str(row["price"])))
            return
        for quarter, name in enumerate(("open", "low", "high", "close")):
            yield Moment(time + quarter * 15 * SECOND, symbol, Decimal(str(row[name])))
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise ReplayError(
            "a row of candles has timestamp, open, high, low and close, one of trades timestamp and price; "
            f"this one has {', '.join(map(str, row))}"
        ) from error
