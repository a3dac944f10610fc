"""History into a file: pages without doubles, a file that is gone on with, gaps that are named."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from bpx_connector.downloads import Gap, HistoryFile, OtherFileError, Row, gaps, gaps_of_trades, pages
from bpx_connector.parquet import ParquetFile


def venue(*times: int) -> list[Row]:
    return [[str(time), f"t{number}"] for number, time in enumerate(times)]


def read(
    rows: list[Row], since: int, until: int, latest: list[Row] = [], window: int | None = None
) -> list[Row]:
    def fetch(start: int) -> list[Row]:
        assert len(asked) < 50, "it asks without end"
        asked.append(start)
        end = start + (window or until)
        return [row for row in rows if start <= int(row[0]) < end][:3]

    asked: list[int] = []
    return [row for page in pages(fetch, since, until, latest, window) for row in page]


def test_every_row_comes_once_though_several_share_a_moment() -> None:
    rows = venue(1, 2, 2, 3, 3, 4, 9)
    assert read(rows, 0, 100) == rows
    assert read(rows, 2, 4) == rows[1:5]


def test_it_goes_on_behind_the_last_row_there_is() -> None:
    rows = venue(1, 2, 2, 3, 4)
    for known in range(1, 6):
        latest = [row for row in rows[:known] if row[0] == rows[known - 1][0]]
        assert read(rows, 0, 100, latest) == rows[known:]


def test_a_quiet_window_is_passed_over_and_the_end_is_an_end() -> None:
    rows = venue(1, 2, 500, 501)
    assert read(rows, 0, 600, window=50) == rows
    assert read([], 0, 600, window=50) == []


def test_a_file_is_gone_on_with_and_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "new" / "funding.csv"
    HistoryFile(path, "funding").append([["1", "0.1"], ["2", "0.2"]])
    with path.open("a") as file:
        file.write("3,0.")
    again = HistoryFile(path, "funding")
    assert again.latest == [["2", "0.2"]]
    again.append([["3", "0.3"]])
    assert path.read_text() == "timestamp,rate\n1,0.1\n2,0.2\n3,0.3\n"
    assert [row[0] for row in again.rows()] == ["1", "2", "3"]


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("my,own\n1,2\n")
    with pytest.raises(OtherFileError, match="does not begin with timestamp,rate"):
        HistoryFile(path, "funding")
    assert path.read_text() == "my,own\n1,2\n"


def test_gaps_are_where_more_than_a_step_is_between_two() -> None:
    rows = iter([["0"], ["60"], ["180"], ["240"], ["420"]])
    assert list(gaps(rows, 60)) == [Gap(60, 180, 1), Gap(240, 420, 2)]


# --- Parquet ------------------------------------------------------------------------------------------------


def parquet(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def test_a_parquet_file_holds_moments_and_exact_figures(tmp_path: Path) -> None:
    file = ParquetFile(tmp_path / "a.parquet", "funding")
    file.append([["1700000000000", "0.0000125"], ["1700003600000", "-0.1"]])
    file.finish()
    rows = parquet(tmp_path / "a.parquet")
    assert rows[0]["timestamp"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert [row["rate"] for row in rows] == [Decimal("0.0000125"), Decimal("-0.1")]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_a_parquet_file_is_gone_on_with_figures_as_they_were(tmp_path: Path) -> None:
    first = ParquetFile(tmp_path / "a.parquet", "candles")
    first.append([["1", "10", "10.50", "9", "10", ""]])
    first.finish()
    again = ParquetFile(tmp_path / "a.parquet", "candles")
    assert again.latest == [["1", "10", "10.5", "9", "10", ""]]
    again.append([["2", "10", "11.125", "9", "10", "3"]])
    again.finish()
    assert [row["high"] for row in parquet(tmp_path / "a.parquet")] == [Decimal("10.5"), Decimal("11.125")]
    assert parquet(tmp_path / "a.parquet")[0]["volume"] is None


def test_a_parquet_download_that_was_interrupted_loses_no_page(tmp_path: Path) -> None:
    ParquetFile(tmp_path / "a.parquet", "trades").append([["1", "7", "buy", "10", "1"]])
    again = ParquetFile(tmp_path / "a.parquet", "trades")
    assert again.latest == [["1", "7", "buy", "10", "1"]]
    again.finish()
    assert parquet(tmp_path / "a.parquet")[0]["id"] == "7"


def test_a_parquet_file_of_nothing_is_one(tmp_path: Path) -> None:
    ParquetFile(tmp_path / "a.parquet", "trades").finish()
    assert parquet(tmp_path / "a.parquet") == []


def test_a_file_that_is_no_parquet_or_another_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("words")
    with pytest.raises(OtherFileError, match="is no Parquet file"):
        ParquetFile(tmp_path / "a.parquet", "trades")
    assert (tmp_path / "a.parquet").read_text() == "words"
    ParquetFile(tmp_path / "b.parquet", "trades").finish()
    with pytest.raises(OtherFileError, match="has other columns than timestamp, rate"):
        ParquetFile(tmp_path / "b.parquet", "funding")


def test_trades_that_are_missing_are_known_by_their_numbers() -> None:
    rows = [["1", "7"], ["2", "8"], ["9", "12"], ["9", "13"], ["10", ""]]
    assert list(gaps_of_trades(iter(rows))) == [Gap(2, 9, 3)]
