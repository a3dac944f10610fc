"""`download`: candles, trades or funding rates of a market into a file, from where it stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bpx_connector.cli import access
from bpx_connector.cli.moments import moment
from bpx_connector.cli.shown import AsJson, show_json, time_of
from bpx_connector.cli.words import Refusal, nearest
from bpx_connector.downloads import (
    HEADS,
    PAGE,
    Gap,
    HistoryFile,
    OtherFileError,
    fetch_of,
    gaps,
    gaps_of_trades,
    pages,
)
from bpx_connector.parquet import MissingLibraryError, ParquetFile

__all__ = ["add_to"]

FILES: dict[str, type[HistoryFile] | type[ParquetFile]] = {".csv": HistoryFile, ".parquet": ParquetFile}
HOUR = 3_600_000
WHAT = {"candles": "candles", "trades": "trades", "funding": "funding rates"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(download)


def _kinds(begun: str) -> list[str]:
    return [kind for kind in HEADS if kind.startswith(begun)]


def download(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="candles, trades or funding.", autocompletion=_kinds)
    ],
    word: Annotated[str, typer.Argument(metavar="MARKET")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="A .csv or .parquet file; one that is there is gone on with.")
    ],
    since: Annotated[str, typer.Option(help="2026-11-01, or 2026-11-01T12:30; UTC.")],
    until: Annotated[str | None, typer.Option(help="Likewise; now, if not given.")] = None,
    timeframe: Annotated[str, typer.Option("--timeframe", "-t", help="Of candles.")] = "1h",
    as_json: AsJson = False,
) -> None:
    """Download history into a CSV or Parquet file, oldest first; run it again and it goes on.

    The running candle is left out. The venue's budget of 30 such requests a minute is kept to. Rows that are
    missing in between are named.
    """
    if kind not in HEADS:
        raise Refusal(
            f"there is no {kind} to download{nearest(kind, HEADS)}; it is one of {', '.join(HEADS)}"
        )
    begin = moment("--since", since)
    file = _file(out, kind)
    with access.exchange({}) as made:
        symbol, step = access.market(made, word)["symbol"], _step(made, timeframe)
        now = made.milliseconds()
        end = min(moment("--until", until), now) if until else now
        end -= end % step if kind == "candles" else 0
        window = step * PAGE if kind == "candles" else None
        count = 0
        with _progress(symbol, begin, end) as told:
            for rows in pages(fetch_of(made, kind, symbol, timeframe), begin, end, file.latest, window):
                file.append(rows)
                count += len(rows)
                told(count, int(rows[-1][0]))
    found = list(_gaps(file, kind, step))
    file.finish()
    _tell(out, kind, count, found, as_json)


def _file(out: Path, kind: str) -> HistoryFile | ParquetFile:
    form = FILES.get(out.suffix.lower())
    if form is None:
        raise Refusal(f"--out is {out}; it takes the name of a file that ends in {' or '.join(FILES)}")
    try:
        return form(out, kind)
    except (OtherFileError, MissingLibraryError) as error:
        raise Refusal(str(error)) from error
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}") from error


def _gaps(file: HistoryFile | ParquetFile, kind: str, step: int) -> Iterator[Gap]:
    if kind == "trades":
        return gaps_of_trades(file.rows())
    return gaps(file.rows(), HOUR if kind == "funding" else step)


def _tell(out: Path, kind: str, count: int, found: list[Gap], as_json: bool) -> None:
    if as_json:
        show_json({"file": str(out), "rows": count, "gaps": [gap._asdict() for gap in found]})
        return
    typer.echo(f"{count} new rows in {out}")
    for gap in found:
        typer.echo(
            f"no {WHAT[kind]} between {time_of(gap.after)} and {time_of(gap.before)}: {gap.missing} missing"
        )


def _step(made: Any, timeframe: str) -> int:
    if timeframe not in made.timeframes:
        raise Refusal(f"there are no candles of {timeframe}; there are {', '.join(made.timeframes)}")
    return int(made.parse_timeframe(timeframe) * 1000)


@contextmanager
def _progress(symbol: str, begin: int, end: int) -> Iterator[Callable[[int, int], None]]:
    """What is told of each page: rows so far, and the moment that was reached."""
    if not sys.stderr.isatty():
        yield lambda count, reached: typer.echo(f"{count} rows, to {time_of(reached)}", err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %  {task.fields[rows]} rows, {task.fields[rate]} a second"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(symbol, total=max(1, end - begin), rows=0, rate="-")

        def told(count: int, reached: int) -> None:
            elapsed = shown.tasks[0].elapsed or 0
            rate = f"{count / elapsed:.0f}" if elapsed else "-"
            shown.update(task, completed=reached - begin, rows=count, rate=rate)

        yield told
        shown.update(task, completed=max(1, end - begin))
