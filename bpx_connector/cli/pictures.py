"""Pictures for `candles --plot` and `report --plot`, by matplotlib, which is loaded when one is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bpx_connector.cli.words import Refusal
from bpx_connector.reports import Report

__all__ = ["KINDS", "draw_candles", "draw_report", "picture_path"]

UP, DOWN, LINE, SOFT = "#0b7a4b", "#b9302a", "#1f5fd0", "#b9302a33"
KINDS = (".png", ".svg", ".pdf")
INCHES = (11.0, 6.0)


def picture_path(path: Path | None) -> Path | None:
    """The path, refused if a picture of that kind cannot be drawn."""
    if path is not None and path.suffix.lower() not in KINDS:
        raise Refusal(f"--plot is {path}; it takes the name of a file that ends in {', '.join(KINDS)}")
    return path


def draw_candles(path: Path, title: str, rows: Sequence[Sequence[Any]]) -> None:
    """Candlesticks above their volume."""
    figure, (prices, volumes) = _two(title)
    places = range(len(rows))
    opens, highs, lows, closes, amounts = ([float(row[n] or 0) for row in rows] for n in range(1, 6))
    colours = [UP if close >= start else DOWN for start, close in zip(opens, closes, strict=True)]
    prices.vlines(places, lows, highs, colors=colours, linewidth=1)
    bodies = [abs(close - start) for start, close in zip(opens, closes, strict=True)]
    least = (max(highs) - min(lows)) / 500 if rows else 0
    prices.bar(
        places, [max(body, least) for body in bodies], 0.7, list(map(min, opens, closes)), color=colours
    )
    volumes.bar(places, amounts, 0.7, color=colours, alpha=0.5)
    volumes.set_ylabel("volume")
    _name_times(volumes, [row[0] for row in rows])
    _save(figure, path)


def draw_report(path: Path, title: str, report: Report) -> None:
    """How the gain went, above how far it lay below its best."""
    figure, (gains, falls) = _two(title)
    places = range(len(report.points))
    gains.step(places, [float(point.gain) for point in report.points], where="post", color=LINE)
    gains.axhline(0, color="#8888", linewidth=1)
    gains.set_ylabel("gain, net of fees")
    falls.fill_between(places, [-float(point.drawdown) for point in report.points], step="post", color=SOFT)
    falls.set_ylabel("drawdown")
    _name_times(falls, [point.timestamp for point in report.points])
    _save(figure, path)


def _two(title: str) -> tuple[Any, Any]:
    """A figure with a large part above a small one."""
    try:
        import matplotlib as mpl
    except ModuleNotFoundError as error:
        raise Refusal(
            "pictures need matplotlib: pip install 'bpx-connector[plot]' (in the repository: pip install "
            "'.[plot]')"
        ) from error
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, parts = pyplot.subplots(
        2, 1, sharex=True, figsize=INCHES, height_ratios=[3, 1], layout="constrained"
    )
    parts[0].set_title(title, loc="left", fontsize=12, fontweight="bold")
    for part in parts:
        part.grid(alpha=0.25)
        part.spines[["top", "right"]].set_visible(False)
        part.yaxis.tick_right()
        part.margins(x=0.01)
    return figure, parts


def _name_times(part: Any, times: Sequence[int]) -> None:
    """A handful of moments below the picture; what happened in between is spaced evenly."""
    step = max(1, len(times) // 8)
    span = times[-1] - times[0] if times else 0
    form = "%Y-%m-%d" if span > 20 * 86_400_000 else "%m-%d %H:%M" if span > 86_400_000 else "%H:%M:%S"
    shown = range(0, len(times), step)
    part.set_xticks(list(shown), [datetime.fromtimestamp(times[n] / 1000, UTC).strftime(form) for n in shown])


def _save(figure: Any, path: Path) -> None:
    from matplotlib import pyplot

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130)
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}") from error
    finally:
        pyplot.close(figure)
