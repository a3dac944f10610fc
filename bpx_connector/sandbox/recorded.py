"""What recordings say of prices: frames that this package has recorded, candles and trades of its downloads.

Frames of a book count from its snapshot on, which `bpx record-streams` writes as well; after a gap they wait
for the next one.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

from bpx_connector.sandbox.records.nearest import nearest
from bpx_connector.sandbox.records.times import MILLISECOND, SECOND
from bpx_connector.sandbox.taped_book import TapedBook

__all__ = ["READ", "Moment", "ReplayError", "moments_of"]

TWO: Final = Decimal(2)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
READ: Final = ("trade.SYMBOL", "bookTicker.SYMBOL", "depth.SYMBOL")
"""The streams whose frames tell a price."""
SNAPSHOT: Final = "GET /api/v1/depth?"


class ReplayError(ValueError):
    """A recording that cannot be read; the message says what would be."""


class Moment(NamedTuple):
    """What a market was worth at a time, in microseconds of the recording."""

    time: int
    symbol: str
    price: Decimal


def moments_of(told: str, symbols: Iterable[str]) -> list[Moment]:
    """What `FILE`, or `SYMBOL=FILE` for candles and trades, holds of these markets; others are left out."""
    named, _, rest = told.partition("=")
    symbol, path = (named, Path(rest)) if rest else (None, Path(told))
    if not path.is_file():
        raise ReplayError(f"there is no recording {path}")
    if path.suffix not in (".jsonl", ".csv", ".parquet"):
        raise ReplayError(f"{path} is none of .jsonl (frames), .csv and .parquet (candles, trades)")
    known = list(symbols)
    if symbol is not None and symbol not in known:
        raise ReplayError(f"there is no market {symbol!r} in the sandbox{nearest(symbol, known)}")
    if path.suffix == ".jsonl":
        return _of_frames(path, known if symbol is None else [symbol])
    if symbol is None:
        raise ReplayError(f"{path} does not name its market: give it as SOL_USDC={path}")
    return _of_rows(path, symbol)


# --- candles and trades ------------------------------------------------------------------------------------


def _of_rows(path: Path, symbol: str) -> list[Moment]:
    rows = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    found = [moment for row in rows for moment in _row(symbol, row)]
    if not found:
        raise ReplayError(f"{path} has no price of {symbol}: it has no row with one")
    return found


def _csv(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReplayError(f"{path} is no CSV file ({error})") from error


def _parquet(path: Path) -> list[dict[str, Any]]:
    try:
        from pyarrow import lib, parquet
    except ImportError as error:
        raise ReplayError(f"{path} takes pyarrow to read: pip install 'bpx-connector[parquet]'") from error
    try:
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except lib.ArrowInvalid as error:
        raise ReplayError(f"{path} is no Parquet file ({error})") from error
    return rows


def _row(symbol: str, row: Mapping[str, Any]) -> Iterator[Moment]:
    """A trade's price, or the four of a candle at the quarters of a minute, if it has any."""
    try:
        time = _microseconds(row["timestamp"])
        names = ("price",) if "price" in row else ("open", "low", "high", "close")
        for quarter, name in enumerate(names):
            if row[name] not in (None, ""):
                yield Moment(time + quarter * 15 * SECOND, symbol, Decimal(str(row[name])))
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise ReplayError(
            "a row of candles has timestamp, open, high, low and close, one of trades timestamp and price; "
            f"this one has {', '.join(f'{name}={value}' for name, value in row.items())}"
        ) from error


def _microseconds(value: Any) -> int:
    """A moment as files have it: milliseconds in CSV, a date in UTC in Parquet."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return (moment - EPOCH) // timedelta(microseconds=1)
    return int(float(value)) * MILLISECOND


# --- frames ------------------------------------------------------------------------------------------------


def _of_frames(path: Path, known: list[str]) -> list[Moment]:
    prices, found = _Prices(), []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                moment = prices.told(json.loads(line))
            except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
                raise ReplayError(f"{path}: line {number} is none of a recording of frames") from error
            if moment is not None and moment.symbol in known:
                found.append(moment)
    if not found:
        raise ReplayError(
            f"{path} has no price of a market of this sandbox: they are read from {', '.join(READ)} (a book "
            f"from its snapshot on), and it has {', '.join(sorted(prices.streams)) or 'no frames'}; record "
            f"with `bpx record-streams trade.{known[0]} --seconds 60 --out {path}`"
        )
    return found


class _Prices:
    """The prices that the lines of a recording tell, one after the other."""

    def __init__(self) -> None:
        self.streams: Final[set[str]] = set()
        """All that had frames."""
        self._books: Final[defaultdict[str, TapedBook]] = defaultdict(TapedBook)

    def told(self, line: Mapping[str, Any]) -> Moment | None:
        """What a market is worth from this line on; None if it does not say."""
        asked = str(line.get("request", ""))
        if asked.startswith(SNAPSHOT):
            self._books[parse_qs(asked.removeprefix(SNAPSHOT))["symbol"][0]].begin(line["answer"])
        text = line.get("venue")
        frame = json.loads(text) if isinstance(text, str) else {}
        stream, data = frame.get("stream"), frame.get("data")
        if not isinstance(stream, str) or not isinstance(data, dict):
            return None
        self.streams.add(stream)
        price = self._price(stream.partition(".")[0], data)
        return None if price is None else Moment(int(data["E"]), data["s"], price)

    def _price(self, kind: str, data: Mapping[str, Any]) -> Decimal | None:
        if kind == "trade":
            return Decimal(data["p"])
        if kind == "depth":
            return self._books[data["s"]].after(data)
        if kind == "bookTicker" and data["a"] is not None and data["b"] is not None:
            return (Decimal(data["a"]) + Decimal(data["b"])) / TWO
        return None
