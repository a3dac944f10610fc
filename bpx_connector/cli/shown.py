"""How commands show what they got: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

__all__ = ["AsJson", "line", "show", "show_json", "table", "time_of"]

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, with every field there is.")]
WIDE = 200
SHORT, BETWEEN = 24, 2
"""Columns with longer texts give way where a row is wider than the terminal, and those texts are wrapped."""


def show(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], as_json: bool) -> None:
    """Rows as a table of these columns, a field each, or as JSON whole."""
    if as_json:
        show_json(rows)
        return
    table([[_text(_field(row, field)) for field in columns.values()] for row in rows], list(columns))


def show_json(value: Any) -> None:
    """A value as JSON."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def line(value: Any) -> None:
    """A value as one line of JSON, at once."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")
    sys.stdout.flush()


def table(rows: Iterable[Sequence[str]], heads: Sequence[str]) -> None:
    """Rows under their heads; figures stand to the right.

    Where a row is wider than the terminal, long texts are folded; figures and ids are never cut.
    """
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold")
    rows = list(rows)
    needed = 0
    for number, head in enumerate(heads):
        figures = all(_is_figure(row[number]) for row in rows)
        widest = max([len(head), *(len(row[number]) for row in rows)])
        is_short = widest <= SHORT
        needed += (widest if is_short else SHORT) + BETWEEN
        grid.add_column(
            head,
            justify="right" if figures and rows else "left",
            no_wrap=is_short,
            min_width=widest if is_short else SHORT,
            overflow="fold",
        )
    for row in rows:
        grid.add_row(*row)
    console = Console(highlight=False, markup=False)
    width = max(needed, console.width if console.is_terminal else WIDE)
    Console(width=width, highlight=False, markup=False).print(grid, soft_wrap=True)


def time_of(milliseconds: int | None) -> str:
    """A moment in UTC, to the second."""
    from ccxt.base.exchange import Exchange

    text = Exchange.iso8601(milliseconds) if milliseconds is not None else None
    return "-" if text is None else str(text)[:19].replace("T", " ")


def _field(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return time_of(value) if path == "timestamp" else value


def _text(value: Any) -> str:
    return "-" if value is None else str(value)


def _is_figure(text: str) -> bool:
    return text == "-" or text.lstrip("+-").replace(".", "", 1).isdigit()
