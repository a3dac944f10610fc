"""`download`: candles, trades or funding rates of a market into a file, from where it stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bpx_connector.cli import access
from bpx_connector.cli.shown import time_of
from bpx_connector.cli.words import Refusal, nearest
from bpx_connector.downloads import HEADS, PAGE, HistoryFile, OtherFileError, fetch_of, gaps, pages

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(download)


def download(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="candles, trades or funding.")],
    word: Annotated[str, typer.Argument(metavar="MARKET")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A CSV file; one that is there is gone on with.")],
    since: Annotated[str, typer.Option(help="2026-11-01, or 2026-11-01T12:30; UTC.")],
    until: Annotated[str | None, typer.Option(help="Likewise; now, if not given.")] = None,
    timeframe: Annotated[str, typer.Option("--timeframe", "-t", help="Of candles.")] = "1h",
) -> None:
    """Download history into a CSV file, oldest first; run it again and it goes on where it stopped.

    The running candle is left out. The venue's budget of 30 such requests a minute is kept to.
    """
    if kind not in HEADS:
        raise Refusal(
            f"there is no {kind} to download{nearest(kind, HEADS)}; it is one of {', '.join(HEADS)}"
        )
    begin = _moment("--since", since)
    try:
        file = HistoryFile(out, kind)
    except OtherFileError as error:
        raise Refusal(str(error)) from error
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}") from error
    with access.exchange({}) as made:
        symbol, step = access.market(made, word)["symbol"], _step(made, timeframe)
        now = made.milliseconds()
        end = min(_moment("--until", until), now) if until else now
        end -= end % step if kind == "candles" else 0
        window = step * PAGE if kind == "candles" else None
        count = 0
        for rows in pages(fetch_of(made, kind, symbol, timeframe), begin, end, file.latest, window):
            file.append(rows)
            count += len(rows)
            typer.echo(f"{count} rows, to {time_of(int(rows[-1][0]))}", err=True)
    typer.echo(f"{count} new rows in {out}")
    if kind == "candles":
        for gap in gaps(file.rows(), step):
            typer.echo(f"no candles between {time_of(gap.after)} and {time_of(gap.before)}")


def _step(made: Any, timeframe: str) -> int:
    if timeframe not in made.timeframes:
        raise Refusal(f"there are no candles of {timeframe}; there are {', '.join(made.timeframes)}")
    return int(made.parse_timeframe(timeframe) * 1000)


def _moment(name: str, text: str) -> int:
    """Milliseconds of a moment as people write it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(f"{name} is {text}; it takes a date such as 2026-11-01 or 2026-11-01T12:30") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
