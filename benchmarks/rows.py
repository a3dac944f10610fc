"""The table's rows: what is measured, which two figures are compared, and what is to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from benchmarks.subjects import OURS, PEER, SUBJECTS

BOTH = (PEER, OURS)
FRAMES = 10_000
FRAMES_PACED = 4_000
SYMBOLS = 100
CALLING, CALLING_QUICK = 300, 120
"""Milliseconds of CPU that a round of calls uses."""


@dataclass(frozen=True)
class Measurement:
    """One thing that a worker does, and how often (frames, calls) or how long (CPU milliseconds of calls)."""

    name: str
    measure: str
    argument: str
    count: int
    quick: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    subjects: tuple[str, ...] = SUBJECTS
    fresh: bool = False
    """Whether each round needs a new process."""
    rounds: int = 7
    quick_rounds: int = 3


def _frames(name: str, kind: str, count: int = FRAMES, quick: int = 3_000, **settings: Any) -> Measurement:
    return Measurement(name, "frames", kind, count, quick, settings)


MEASUREMENTS = {
    measurement.name: measurement
    for measurement in (
        _frames("depth", "depth"),
        _frames("depth_paced", "depth", FRAMES_PACED, 2_000, rate=2_000),
        _frames("depth_100", "depth", FRAMES, 5_000, symbols=SYMBOLS),
        _frames("trade", "trade"),
        _frames("best", "bookTicker"),
        _frames("ticker", "ticker"),
        _frames("order", "order"),
        _frames("latency", "depth", FRAMES, 5_000, rate=5_000),
        Measurement("trades", "call", "trades", CALLING, CALLING_QUICK),
        Measurement("fills", "call", "fills", CALLING, CALLING_QUICK),
        Measurement("candles", "call", "candles", CALLING, CALLING_QUICK),
        Measurement("tickers", "call", "tickers", CALLING, CALLING_QUICK),
        Measurement("orders", "call", "orders", CALLING, CALLING_QUICK),
        Measurement("book", "call", "book", CALLING, CALLING_QUICK),
        Measurement("markets", "call", "markets", CALLING, CALLING_QUICK),
        Measurement("create_order", "call", "create_order", CALLING, CALLING_QUICK),
        Measurement("sign", "sign", "", 3_000, 1_000),
        Measurement("import_blocking", "imports", "blocking", 1, 1, subjects=(OURS,), fresh=True, rounds=5),
        Measurement("import_all", "imports", "all", 1, 1, subjects=(OURS,), fresh=True, rounds=5),
        Measurement("construct", "construct", "plain", 30, 10, subjects=BOTH),
        Measurement("construct_streams", "construct", "streams", 30, 10, subjects=BOTH),
        Measurement(
            "memory_books",
            "memory_of_books",
            "",
            1,
            1,
            subjects=BOTH,
            fresh=True,
            rounds=1,
            quick_rounds=1,
        ),
        Measurement(
            "memory_trades", "memory_of_trades", "", 1, 1, subjects=BOTH, fresh=True, rounds=1, quick_rounds=1
        ),
    )
}


class Compared(Enum):
    """What a row's verdict compares."""

    PEER_TO_OURS = "times cheaper than ccxt's"
    MANY_TO_ONE = "times what one symbol costs"
    OURS_ALONE = "ours alone"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    title: str
    unit: str
    measurement: str
    target: float
    figure: str = "cpu"
    compared: Compared = Compared.PEER_TO_OURS
    one: str = ""
    """MANY_TO_ONE: the row of one symbol."""

    @property
    def at_least(self) -> bool:
        """Whether more is better."""
        return self.compared is Compared.PEER_TO_OURS


FRAME, CALL = "µs CPU/frame", "µs CPU/call"

ROWS = (
    Row("depth", "depth delta to a restored book, burst", FRAME, "depth", 3),
    Row("depth_paced", "depth delta, 2,000 frames/s", FRAME, "depth_paced", 2),
    Row(
        "depth_100",
        "depth delta, 100 symbols on one instance",
        FRAME,
        "depth_100",
        1.3,
        compared=Compared.MANY_TO_ONE,
        one="depth",
    ),
    Row("trade", "trade to the caller, burst", FRAME, "trade", 3),
    Row("best", "bookTicker to the caller, burst", FRAME, "best", 3),
    Row("ticker", "ticker to the caller, burst", FRAME, "ticker", 3),
    Row("order", "order update to the caller, burst", FRAME, "order", 3),
    Row("trades", "1,000 trades", CALL, "trades", 6),
    Row("fills", "1,000 fills", CALL, "fills", 6),
    Row("candles", "1,000 candles", CALL, "candles", 6),
    Row("tickers", "200 tickers", CALL, "tickers", 6),
    Row("orders", "100 orders", CALL, "orders", 6),
    Row("book", "1,000-level book", CALL, "book", 2),
    Row("markets", "load_markets, 200 markets", CALL, "markets", 2),
    Row("create_order", "createOrder round trip", CALL, "create_order", 1.5),
    Row("sign", "signing one order", CALL, "sign", 2.5),
    Row("latency_p50", "frame to waiting caller, 5,000 frames/s, p50", "µs", "latency", 1, figure="p50"),
    Row("latency_p99", "frame to waiting caller, 5,000 frames/s, p99", "µs", "latency", 1, figure="p99"),
    Row(
        "import",
        "import bpx_connector after ccxt",
        "ms CPU",
        "import_blocking",
        60,
        compared=Compared.OURS_ALONE,
    ),
    Row(
        "import_all",
        "import all three classes and register() after ccxt.pro",
        "ms CPU",
        "import_all",
        60,
        compared=Compared.OURS_ALONE,
    ),
    Row("construct", "constructing an instance", CALL, "construct", 1),
    Row("construct_streams", "constructing an instance with streams", CALL, "construct_streams", 1),
    Row("memory_books", "memory of a followed book", "KiB", "memory_books", 1, figure="KiB"),
    Row("memory_trades", "memory of 1,000 cached trades", "KiB", "memory_trades", 1, figure="KiB"),
    Row(
        "memory_growth",
        "growth over 10,000 further frames",
        "%",
        "memory_trades",
        2,
        figure="growth",
        compared=Compared.OURS_ALONE,
    ),
)


def selected(names: str | None) -> tuple[Row, ...]:
    """The rows whose name begins with one of these, separated by commas; all of them without names."""
    if not names:
        return ROWS
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if not any(row.name.startswith(name) for row in ROWS)]
    if unknown:
        raise SystemExit(
            f"no row begins with {', '.join(unknown)}; there are {', '.join(r.name for r in ROWS)}"
        )
    return tuple(row for row in ROWS if any(row.name.startswith(name) for name in wanted))
