"""A history as a Parquet file, gone on with from where it stopped.

Parquet cannot be added to, so new rows go into a CSV file beside it (`.part`), a page at a time; when the
download ends both become the Parquet file, in one step. What was interrupted is found in the part. Moments
are timestamps in UTC, figures decimals of as many places as the longest has, all else text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from bpx_connector.downloads import HEADS, HistoryFile, OtherFileError, Row

__all__ = ["MissingLibraryError", "ParquetFile"]

TEXTS = frozenset({"id", "side"})
MOST_DIGITS = 38
"""Of a decimal of 128 bits."""


class MissingLibraryError(ModuleNotFoundError):
    """pyarrow is not installed."""


class ParquetFile:
    """The rows of one kind in a Parquet file; the same to its user as a HistoryFile."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path = path
        self.heads = HEADS[kind]
        self._arrow = _arrow()
        part = path.with_name(path.name + ".part")
        if path.exists() and not part.exists():
            _written(part, self.heads, self._old_rows())
        self._part = HistoryFile(part, kind)

    @property
    def latest(self) -> list[Row]:
        """The rows of the last moment there is."""
        return self._part.latest

    def append(self, rows: Sequence[Row]) -> None:
        """Write a page."""
        self._part.append(rows)

    def rows(self) -> Iterator[Row]:
        """Every row, oldest first."""
        return self._part.rows()

    def finish(self) -> None:
        """Make the Parquet file of all there is."""
        columns = list(zip(*self.rows(), strict=True)) or [()] * len(self.heads)
        table = self._arrow.table(
            {head: self._column(head, texts) for head, texts in zip(self.heads, columns, strict=True)}
        )
        whole = self.path.with_name(self.path.name + ".new")
        _parquet().write_table(table, whole, compression="zstd")
        whole.replace(self.path)
        self._part.path.unlink()

    def _column(self, head: str, texts: Sequence[str]) -> Any:
        arrow = self._arrow
        if head == "timestamp":
            return arrow.array([int(text) for text in texts], arrow.timestamp("ms", tz="UTC"))
        if head in TEXTS:
            return arrow.array([text or None for text in texts], arrow.string())
        figures = [Decimal(text) if text else None for text in texts]
        places = max((_places(figure) for figure in figures if figure is not None), default=0)
        return arrow.array(figures, arrow.decimal128(MOST_DIGITS, places))

    def _old_rows(self) -> Iterator[Row]:
        try:
            table = _parquet().read_table(self.path)
        except self._arrow.ArrowInvalid as error:
            raise OtherFileError(f"{self.path} is no Parquet file: name another file") from error
        if table.column_names != self.heads:
            raise OtherFileError(
                f"{self.path} has other columns than {', '.join(self.heads)}: name another file"
            )
        table = table.set_column(0, "timestamp", table["timestamp"].cast(self._arrow.int64()))
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
            yield [_text(value) for value in row]


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "" if value is None else str(value)


def _places(figure: Decimal) -> int:
    return max(0, -int(figure.as_tuple().exponent))


def _written(path: Path, heads: Sequence[str], rows: Iterator[Row]) -> None:
    whole = path.with_name(path.name + ".new")
    whole.write_text("".join(",".join(row) + "\n" for row in [heads, *rows]), encoding="utf-8")
    whole.replace(path)


def _arrow() -> Any:
    try:
        import pyarrow as arrow
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            "Parquet needs pyarrow: pip install 'bpx-connector[parquet]' (in the repository: pip install "
            "'.[parquet]'), or name a file that ends in .csv"
        ) from error
    return arrow


def _parquet() -> Any:
    from pyarrow import parquet

    return parquet
