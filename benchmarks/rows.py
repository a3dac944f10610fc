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
CALLING, CALLING_QUICK = 100, 80
"""Milliseconds of CPU that a round of calls uses."""
LASTING, LASTING_QUICK = 10_000, 3_000
"""Further frames after which memory must stand where it stood."""


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
    at_once: bool = False
    """Whether the subjects may run at the same time, since it is not time that is measured."""
    apart: bool = False
    """Whether venue and client have a processor each, where there are two: one is not enough for both."""
    rounds: int = 11
    quick_rounds: int = 3


def _bursts(name: str, kind: str, bursts: int, rounds: int, **settings: Any) -> Measurement:
    """Bursts on one connection, since to connect and to restore takes much longer than one of them."""
    settings["bursts"] = bursts
    return Measurement(name, "frames", kind, FRAMES, 3_000, settings, rounds=rounds)


def _lengthy(name: str, count: int, quick: int, rounds: int, **settings: Any) -> Measurement:
    """Deltas at a pace: rounds take seconds each, so there are fewer of them."""
    return Measurement(name, "frames", "depth", count, quick, settings, rounds=rounds, quick_rounds=2)


def _ticks(name: str, how: str, count: int, quick: int, rounds: int, **settings: Any) -> Measurement:
    """Orders that answer to prices, at a pace. A bare loop falls behind a quick one: it lets no frame out."""
    subjects = SUBJECTS if settings["rate"] == 1 else BOTH
    return Measurement(
        name, "tick_to_trade", how, count, quick, settings, subjects, rounds=rounds, quick_rounds=2
    )


def _calls(name: str, rounds: int = 9) -> Measurement:
    return Measurement(name, "call", name, CALLING, CALLING_QUICK, rounds=rounds)


def _downloads(name: str, rows: int) -> Measurement:
    return Measurement(
        f"{name}_calls", "calls_over_the_least", name, rows, rows, {}, (OURS,), rounds=1, quick_rounds=1
    )


def _memory(name: str) -> Measurement:
    return Measurement(
        name, name, "", LASTING, LASTING_QUICK, {}, BOTH, fresh=True, at_once=True, rounds=1, quick_rounds=1
    )


MEASUREMENTS = {
    measurement.name: measurement
    for measurement in (
        _bursts("depth", "depth", 5, 9),
        _lengthy("depth_paced", FRAMES_PACED, 1_500, 9, rate=2_000),
        _lengthy("depth_uvloop", FRAMES_PACED, 1_500, 3, rate=2_000, loop="uvloop"),
        _bursts("depth_100", "depth", 5, 9, symbols=SYMBOLS),
        Measurement(
            *("depth_many", "frames", "depth", 40_000, 10_000),
            {"rate": 20_000, "symbols": SYMBOLS},
            fresh=True,
            apart=True,
            rounds=5,
            quick_rounds=2,
        ),
        _bursts("trade", "trade", 3, 7),
        _bursts("best", "bookTicker", 3, 5),
        _bursts("ticker", "ticker", 3, 5),
        _bursts("order", "order", 3, 7),
        _lengthy("latency", FRAMES, 4_000, 5, rate=5_000),
        _calls("trades"),
        _calls("fills"),
        _calls("candles"),
        _calls("tickers"),
        _calls("orders", 21),
        _calls("book"),
        _calls("markets"),
        _calls("create_order", 21),
        Measurement(
            "create_order_blocking", "call_blocking", "create_order", CALLING, CALLING_QUICK, subjects=BOTH
        ),
        _ticks("tick", "created", 2_000, 800, 7, rate=2_000),
        _ticks("tick_cold", "created", 10, 5, 3, rate=1, warm=3),
        _ticks("prepared", "prepared", 2_000, 800, 7, rate=2_000),
        _ticks("prepared_cold", "prepared", 10, 5, 3, rate=1, warm=3),
        Measurement(
            "pause", "longest_pause", "", FRAMES, 3_000, {}, BOTH, fresh=True, rounds=3, quick_rounds=1
        ),
        Measurement(
            "idle",
            "opened_after_idleness",
            "",
            60,
            20,
            {},
            BOTH,
            fresh=True,
            at_once=True,
            rounds=1,
            quick_rounds=1,
        ),
        _downloads("trades", 40_000),
        _downloads("candles", 30 * 24 * 60),
        Measurement("sign", "sign", "", 3_000, 1_000),
        Measurement("import_blocking", "imports", "blocking", 1, 1, subjects=(OURS,), fresh=True, rounds=5),
        Measurement("import_all", "imports", "all", 1, 1, subjects=(OURS,), fresh=True, rounds=5),
        Measurement("construct", "construct", "plain", 30, 10, subjects=BOTH),
        Measurement("construct_streams", "construct", "streams", 30, 10, subjects=BOTH),
        _memory("memory_of_books"),
        _memory("memory_of_trades"),
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
    is_optional: bool = False
    """Whether it needs what is not always installed: it has no target, and quick runs leave it out."""

    @property
    def at_least(self) -> bool:
        """Whether more is better."""
        return self.compared is Compared.PEER_TO_OURS


def _alone(name: str, title: str, unit: str, measurement: str, target: float, figure: str) -> Row:
    return Row(name, title, unit, measurement, target, figure=figure, compared=Compared.OURS_ALONE)


def _growth(name: str, title: str, measurement: str) -> Row:
    return _alone(name, title, "%", measurement, 2, "growth")


FRAME, CALL = "µs CPU/frame", "µs CPU/call"

ROWS = (
    Row("depth", "depth delta to a restored book, burst", FRAME, "depth", 3),
    Row("depth_paced", "depth delta, 2,000 frames/s", FRAME, "depth_paced", 2),
    Row("depth_uvloop", "the same, both on uvloop", FRAME, "depth_uvloop", 0, is_optional=True),
    Row(
        "depth_100",
        "depth delta, 100 symbols on one instance",
        FRAME,
        "depth_100",
        1.3,
        compared=Compared.MANY_TO_ONE,
        one="depth",
    ),
    # ccxt's class is at the end of its processor, 50 µs a frame, and falls behind: more it cannot cost.
    Row("depth_many", "depth delta, 100 books at 20,000 frames/s", FRAME, "depth_many", 3),
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
    Row("markets", "load_markets, 200 markets", CALL, "markets", 3),
    Row("create_order", "createOrder round trip", CALL, "create_order", 2),
    Row("blocking", "createOrder, blocking class", CALL, "create_order_blocking", 2.5),
    Row("sign", "signing one order", CALL, "sign", 2.5),
    Row("tick", "price to order on the wire, 2,000/s, p50", "µs", "tick", 1.5, figure="p50"),
    Row("tick_cold", "the same, one a second", "µs", "tick_cold", 1.3, figure="p50"),
    Row("prepared", "the same with a prepared order, 2,000/s", "µs", "prepared", 2, figure="p50"),
    Row("prepared_cold", "the same, one a second", "µs", "prepared_cold", 1.4, figure="p50"),
    _alone("pause", "longest pause of the collector, 100 books", "ms", "pause", 5, "ms"),
    _alone("idle", "connections that an order opens after a minute of idleness", "", "idle", 0, "opened"),
    _alone(
        "trades_calls", "requests of a download of 40,000 trades", "x least", "trades_calls", 1.5, "calls"
    ),
    _alone("candles_calls", "requests for 30 days of minute candles", "x least", "candles_calls", 1, "calls"),
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
    Row("memory_books", "memory of a followed book", "KiB", "memory_of_books", 1, figure="KiB"),
    Row("memory_trades", "memory of 1,000 cached trades", "KiB", "memory_of_trades", 1, figure="KiB"),
    _growth("growth_book", "growth of a followed book over further frames", "memory_of_books"),
    _growth("growth_trades", "growth of full caches over further trades", "memory_of_trades"),
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


def measured_together(rows: tuple[Row, ...]) -> list[list[str]]:
    """The measurements behind these rows, those that are compared with each other in one group."""
    groups: list[list[str]] = []
    for row in rows:
        names = [name for name in (row.measurement, row.one) if name]
        related = [group for group in groups if set(group) & set(names)]
        groups = [group for group in groups if group not in related]
        groups.append(list(dict.fromkeys([*(name for group in related for name in group), *names])))
    return groups
