"""A history as a Parquet file, gone on with from where it stopped.

Parquet cannot be added to, so new rows go into a CSV file beside it (`.part`), a page at a time; when the
download ends both become the Parquet file, in one step. What was interrupted is found in the part. Moments
are timestamps in UTC, figures decimals of as many places as the longest has, all else text. The market and
the timeframe stand in the file's metadata, and no others are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from bpx_connector.downloads import HEADS, HistoryFile, OtherFileError, Row

__all__ = ["MissingLibraryError", "ParquetFile"]

TEXTS = frozenset({"id", "side"})
PREFIX = "bpx."
"""Of our names in the metadata of a file."""
MOST_DIGITS = 38
"""Of a decimal of 128 bits."""


class MissingLibraryError(ModuleNotFoundError):
    """pyarrow is not installed."""


class ParquetFile:
    """The rows of one kind in a Parquet file; the same to its user as a HistoryFile."""

    def __init__(self, path: Path, kind: str, about: Mapping[str, str] | None = None) -> None:
        """`about` is what the rows are of, and stands in the file from then on."""
        self.path = path
        self.heads = HEADS[kind]
        self._about = {PREFIX + name: text for name, text in (about or {}).items()}
        self._arrow = _arrow()
        self._check()
        self._part = HistoryFile(path.with_name(path.name + ".part"), kind)
        self._is_copy = path.exists() and self._part.first is None
        """Whether nothing stands in the part that is not in the file."""
        if self._is_copy:
            self._part.put_in_front(self._old_rows())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._is_copy:
            self._part.remove()
        self._part.close()

    @property
    def first(self) -> Row | None:
        """The oldest row there is."""
        return self._part.first

    @property
    def newest(self) -> list[Row]:
        """The last rows there are, oldest first."""
        return self._part.newest

    @property
    def latest(self) -> list[Row]:
        """The rows of the last moment there is."""
        return self._part.latest

    def append(self, rows: Sequence[Row]) -> None:
        """Write a page."""
        self._is_copy = False
        self._part.append(rows)

    def rows(self) -> Iterator[Row]:
        """Every row, oldest first."""
        return self._part.rows()

    def put_in_front(self, rows: Iterable[Row]) -> None:
        """Write rows that are older than all there are, in one step."""
        self._is_copy = False
        self._part.put_in_front(rows)

    def drop_latest(self) -> None:
        """Take the newest row away: it was written before it was done."""
        self._is_copy = False
        self._part.drop_latest()

    def finish(self) -> None:
        """Make the Parquet file of all there is."""
        columns = list(zip(*self.rows(), strict=True)) or [()] * len(self.heads)
        table = self._arrow.table(
            {head: self._column(head, texts) for head, texts in zip(self.heads, columns, strict=True)}
        )
        table = table.replace_schema_metadata(self._about)
        whole = self.path.with_name(self.path.name + ".new")
        _parquet().write_table(table, whole, compression="zstd")
        whole.replace(self.path)
        self._part.remove()

    def _column(self, head: str, texts: Sequence[str]) -> Any:
        arrow = self._arrow
        if head == "timestamp":
            return arrow.array([int(text) for text in texts], arrow.timestamp("ms", tz="UTC"))
        if head in TEXTS:
            return arrow.array([text or None for text in texts], arrow.string())
        figures = [Decimal(text) if text else None for text in texts]
        places = max((_places(figure) for figure in figures if figure is not None), default=0)
        return arrow.array(figures, arrow.decimal128(MOST_DIGITS, places))

    def _check(self) -> None:
        """OtherFileError if the file there is holds other rows."""
        if not self.path.exists():
            return
        try:
            schema = _parquet().read_schema(self.path)
        except self._arrow.ArrowInvalid as error:
            raise OtherFileError(f"{self.path} is no Parquet file: name another file") from error
        if schema.names != self.heads:
            raise OtherFileError(
                f"{self.path} has other columns than {', '.join(self.heads)}: name another file"
            )
        said = {key.decode(): text.decode() for key, text in (schema.metadata or {}).items()}
        for name, text in self._about.items():
            if said.get(name, text) != text:
                what = f"{name.removeprefix(PREFIX)} {said[name]}, not {text}"
                raise OtherFileError(f"{self.path} is of {what}: name another file")

    def _old_rows(self) -> Iterator[Row]:
        table = _parquet().read_table(self.path)
        moments = table["timestamp"].cast(self._arrow.timestamp("ms", tz="UTC"))
        table = table.set_column(0, "timestamp", moments.cast(self._arrow.int64()))
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
            yield [_text(value) for value in row]


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "" if value is None else str(value)


def _places(figure: Decimal) -> int:
    return max(0, -int(figure.as_tuple().exponent))


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
