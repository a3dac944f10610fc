"""`download`: candles, trades or funding rates of a market into a file, from where it stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from bpx_connector.cli import access
from bpx_connector.cli.moments import moment
from bpx_connector.cli.shown import AsJson, show_json, time_of
from bpx_connector.cli.words import Refusal, nearest
from bpx_connector.downloads import (
    HEADS,
    PAGE,
    Fetch,
    Gap,
    HistoryFile,
    OtherFileError,
    checked_spacing,
    fetch_of,
    gaps,
    gaps_of_trades,
    not_come_back,
    pages,
)
from bpx_connector.locks import TakenError
from bpx_connector.parquet import MissingLibraryError, ParquetFile

__all__ = ["add_to"]

FILES: dict[str, type[HistoryFile] | type[ParquetFile]] = {".csv": HistoryFile, ".parquet": ParquetFile}
HOUR = 3_600_000
DAY = 24 * HOUR
MONTHS = {"1M": (28 * DAY, 31 * DAY)}
"""The shortest and the longest of a timeframe whose candles differ in length."""
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

    An earlier --since than before is filled in. The running candle is left out. The venue's budget of 30 such
    requests a minute is kept to. Rows that are missing in between are named. A file of another market or
    timeframe is refused, and left as it is.
    """
    if kind not in HEADS:
        raise Refusal(
            f"there is no {kind} to download{nearest(kind, HEADS)}; it is one of {', '.join(HEADS)}"
        )
    begin, end = moment("--since", since), moment("--until", until) if until else None
    form = _form(out)
    with access.exchange({}) as made:
        wish = _wish(made, kind, word, timeframe, begin, end)
        with _opened(form, out, wish) as file, _progress(wish.symbol, begin, wish.end) as told:
            count = _filled(file, wish, out, told)
            found = list(_gaps(file, kind, wish.step))
            file.finish()
    _tell(out, kind, count, found, as_json)


class _Wish(NamedTuple):
    """What is to be in the file."""

    kind: str
    symbol: str
    timeframe: str
    fetch: Fetch
    begin: int
    end: int
    step: int

    @property
    def window(self) -> int | None:
        return self.step * PAGE if self.kind == "candles" else None

    @property
    def about(self) -> dict[str, str]:
        """The same in words, for a file that can hold them."""
        return {"market": self.symbol} | ({"timeframe": self.timeframe} if self.kind == "candles" else {})


def _wish(made: Any, kind: str, word: str, timeframe: str, begin: int, until: int | None) -> _Wish:
    step = _step(made, timeframe)
    symbol = access.market(made, word)["symbol"]
    now = made.fetch_time()  # the venue's, by which its candles end
    end = min(until, now) if until is not None else now
    if kind == "candles":  # those that have ended
        end -= MONTHS.get(timeframe, (step, step))[1] - 1
    fetch = fetch_of(made, kind, symbol, timeframe)
    return _Wish(kind, symbol, timeframe, fetch, begin, end, step)


def _form(out: Path) -> type[HistoryFile] | type[ParquetFile]:
    form = FILES.get(out.suffix.lower())
    if form is None:
        raise Refusal(f"--out is {out}; it takes the name of a file that ends in {' or '.join(FILES)}")
    return form


def _opened(form: type[HistoryFile] | type[ParquetFile], out: Path, wish: _Wish) -> HistoryFile | ParquetFile:
    try:
        return form(out, wish.kind, wish.about)
    except (OtherFileError, MissingLibraryError) as error:
        raise Refusal(str(error)) from error
    except TakenError as error:
        raise Refusal(f"another download is writing {out}: wait for it, or name another file") from error
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}") from error


def _filled(file: HistoryFile | ParquetFile, wish: _Wish, out: Path, told: Callable[[int, int], None]) -> int:
    """Fetch what the file lacks before its first row and behind its last; how many rows came."""
    _check(file, wish, out)
    count = 0

    def counted(rows: list[list[str]]) -> list[list[str]]:
        nonlocal count
        count += len(rows)
        told(count, int(rows[-1][0]))
        return rows

    if file.first is not None and wish.begin < int(file.first[0]):
        earlier = pages(wish.fetch, wish.begin, min(int(file.first[0]), wish.end), [], wish.window)
        if rows := [row for page in earlier for row in counted(page)]:
            file.put_in_front(rows)
    for page in pages(wish.fetch, wish.begin, wish.end, file.latest, wish.window):
        file.append(counted(page))
    return count


def _check(file: HistoryFile | ParquetFile, wish: _Wish, out: Path) -> None:
    """Refuse a file of another market or timeframe: its newest rows do not come back as they are.

    Of a candle that was still running when it was written only the newest can be: it is fetched anew.
    """
    if not file.newest:
        return
    if wish.kind == "candles":
        _check_spacing(file, wish, out)
    found = wish.fetch(int(file.newest[0][0]))
    others = not_come_back(file.newest, found)
    if wish.kind == "candles" and others == file.newest[-1:] and len(file.newest) > 1:
        file.drop_latest()
    elif others:
        raise Refusal(
            f"{out} holds {WHAT[wish.kind]} that are not those of {_of(wish)}, such as that of "
            f"{time_of(int(others[0][0]))}: name another file"
        )


def _check_spacing(file: HistoryFile | ParquetFile, wish: _Wish, out: Path) -> None:
    try:
        checked_spacing(file.newest, MONTHS.get(wish.timeframe, (wish.step, wish.step))[0])
    except OtherFileError as error:
        raise Refusal(
            f"{out} holds another timeframe than {wish.timeframe}: {error}; name another file"
        ) from error


def _of(wish: _Wish) -> str:
    return f"{wish.symbol} of {wish.timeframe}" if wish.kind == "candles" else wish.symbol


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
