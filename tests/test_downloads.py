"""History into a file: pages without doubles, a file that is gone on with, gaps that are named."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from bpx_connector.downloads import (
    PAGE,
    Gap,
    HistoryFile,
    OtherFileError,
    Row,
    checked_spacing,
    gaps,
    gaps_of_trades,
    not_come_back,
    pages,
)
from bpx_connector.locks import TakenError
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
    with HistoryFile(path, "funding") as file:
        file.append([["1", "0.1"], ["2", "0.2"]])
    with path.open("a") as torn:
        torn.write("3,0.")
    with HistoryFile(path, "funding") as again:
        assert again.latest == [["2", "0.2"]]
        assert [row[0] for row in again.rows()] == ["1", "2"]
        again.append([["3", "0.3"]])
        assert path.read_text() == "timestamp,rate\n1,0.1\n2,0.2\n3,0.3\n"
        assert [row[0] for row in again.rows()] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"my,own\n1,2\n", "does not begin with timestamp,rate"),
        (b"my,own\n1,2\nwithout an end", "does not begin with timestamp,rate"),
        (b"a note of one line", "does not begin with timestamp,rate"),
        (b"\xff\xfe\x00\n\x00", "does not begin with timestamp,rate"),
        (b"timestamp,rate\n1,0.1\nsoon,0.2\n", "line 3 of .* is no row of it"),
        (b"timestamp,rate\n\n1,0.1\n", "line 2 of .* is no row of it"),
    ],
)
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(OtherFileError, match=said):
        HistoryFile(path, "funding")
    assert path.read_bytes() == content


def test_nothing_is_written_before_there_is_something(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with HistoryFile(path, "funding"):
        pass
    assert not path.exists()
    with HistoryFile(path, "funding") as file:
        file.finish()
    assert path.read_text() == "timestamp,rate\n"


@pytest.mark.parametrize(("form", "name"), [(HistoryFile, "a.csv"), (ParquetFile, "a.parquet")])
def test_one_writes_a_file_and_whoever_comes_second_touches_nothing(
    tmp_path: Path, form: Any, name: str
) -> None:
    with form(tmp_path / name, "funding") as file:
        file.append([["1", "0.1"]])
        with pytest.raises(TakenError, match="another program is writing it"):
            form(tmp_path / name, "funding")
        file.put_in_front([["0", "0.5"]])
        with pytest.raises(TakenError):
            form(tmp_path / name, "funding")
        file.append([["2", "0.2"]])
        file.finish()
    with form(tmp_path / name, "funding") as again:
        assert list(again.rows()) == [["0", "0.5"], ["1", "0.1"], ["2", "0.2"]]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_without_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", none)
    with HistoryFile(tmp_path / "a.csv", "funding") as file:
        file.append([["1", "0.1"]])
    assert (tmp_path / "a.csv").read_text() == "timestamp,rate\n1,0.1\n"


def test_older_rows_are_put_in_front_and_a_row_too_many_is_dropped(tmp_path: Path) -> None:
    with HistoryFile(tmp_path / "a.csv", "funding") as file:
        file.append([["3", "0.3"], ["4", "0.4"]])
        file.put_in_front([["1", "0.1"], ["2", "0.2"]])
        assert (file.first, file.latest) == (["1", "0.1"], [["4", "0.4"]])
        file.drop_latest()
        assert file.latest == [["3", "0.3"]]
        file.append([["5", "0.5"]])
        assert [row[0] for row in file.rows()] == ["1", "2", "3", "5"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_the_newest_rows_are_known_and_all_of_the_last_moment(tmp_path: Path) -> None:
    rows = [[str(time), "0"] for time in range(200)] + [["200", str(number)] for number in range(150)]
    with HistoryFile(tmp_path / "a.csv", "funding") as file:
        file.append(rows[:300])
        file.append(rows[300:])
        assert file.newest == file.latest == rows[200:]
    with HistoryFile(tmp_path / "a.csv", "funding") as again:
        assert again.newest == rows[200:]


def test_rows_of_another_market_do_not_come_back() -> None:
    stored = [["1", "10.50"], ["2", "11"], ["3", "12"]]
    assert not_come_back(stored, [["1", "10.5"], ["2", "11.0"], ["3", "12"], ["4", "13"]]) == []
    assert not_come_back(stored, [["1", "10.5"], ["2", "11"]]) == []
    assert not_come_back(stored, [["1", "10.5"], ["2", "11"], ["3", "12.5"]]) == [["3", "12"]]
    assert not_come_back(stored, [["2", "11"], ["3", "12"]]) == [["1", "10.50"]]
    assert not_come_back(stored, []) == stored


def test_a_full_page_may_end_within_a_moment() -> None:
    found = [["1", str(number)] for number in range(PAGE - 1)] + [["2", "0"]]
    assert not_come_back([["1", "7"], ["2", "1"]], found) == []


def test_candles_nearer_than_their_timeframe_are_of_another() -> None:
    checked_spacing([["0"], ["60"], ["240"]], 60)
    with pytest.raises(OtherFileError, match=r"its candles are 0\.06 s apart"):
        checked_spacing([["0"], ["60"], ["240"]], 3600)


def test_what_is_asked_for_before_the_first_row_ends_where_the_venue_has_looked_on() -> None:
    """Its answer begins with the first row that there is, however far it is from what was asked for."""
    asked = []

    def fetch(since: int) -> list[Row]:
        asked.append(since)
        return [["900", "a"], ["901", "b"]]

    assert list(pages(fetch, 0, 900, [], 10)) == []
    assert asked == [0]


def test_a_row_with_other_zeros_is_no_new_one() -> None:
    first = next(pages(lambda since: [["1", "10.50"], ["2", "7"]], 0, 9, [["1", "10.5"]], None))
    assert first == [["2", "7"]]


def test_gaps_are_where_more_than_a_step_is_between_two() -> None:
    rows = iter([["0"], ["60"], ["180"], ["240"], ["420"]])
    assert list(gaps(rows, 60)) == [Gap(60, 180, 1), Gap(240, 420, 2)]


# --- Parquet ------------------------------------------------------------------------------------------------


def parquet(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def test_a_parquet_file_holds_moments_and_exact_figures(tmp_path: Path) -> None:
    with ParquetFile(tmp_path / "a.parquet", "funding") as file:
        file.append([["1700000000000", "0.0000125"], ["1700003600000", "-0.1"]])
        file.finish()
    rows = parquet(tmp_path / "a.parquet")
    assert rows[0]["timestamp"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert [row["rate"] for row in rows] == [Decimal("0.0000125"), Decimal("-0.1")]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_a_parquet_file_is_gone_on_with_figures_as_they_were(tmp_path: Path) -> None:
    with ParquetFile(tmp_path / "a.parquet", "candles") as first:
        first.append([["1", "10", "10.50", "9", "10", ""]])
        first.finish()
    with ParquetFile(tmp_path / "a.parquet", "candles") as again:
        assert again.latest == [["1", "10", "10.5", "9", "10", ""]]
        again.append([["2", "10", "11.125", "9", "10", "3"]])
        again.finish()
    assert [row["high"] for row in parquet(tmp_path / "a.parquet")] == [Decimal("10.5"), Decimal("11.125")]
    assert parquet(tmp_path / "a.parquet")[0]["volume"] is None


def test_a_parquet_download_that_was_interrupted_loses_no_page(tmp_path: Path) -> None:
    with ParquetFile(tmp_path / "a.parquet", "trades") as file:
        file.append([["1", "7", "buy", "10", "1"]])
    with ParquetFile(tmp_path / "a.parquet", "trades") as again:
        assert again.latest == [["1", "7", "buy", "10", "1"]]
        again.finish()
    assert parquet(tmp_path / "a.parquet")[0]["id"] == "7"


def test_a_parquet_file_of_nothing_is_one(tmp_path: Path) -> None:
    with ParquetFile(tmp_path / "a.parquet", "trades") as file:
        file.finish()
    assert parquet(tmp_path / "a.parquet") == []


def test_a_file_that_is_no_parquet_or_another_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("words")
    with pytest.raises(OtherFileError, match="is no Parquet file"):
        ParquetFile(tmp_path / "a.parquet", "trades")
    assert (tmp_path / "a.parquet").read_text() == "words"
    with ParquetFile(tmp_path / "b.parquet", "trades") as file:
        file.finish()
    with pytest.raises(OtherFileError, match="has other columns than timestamp, rate"):
        ParquetFile(tmp_path / "b.parquet", "funding")
    assert {path.name for path in tmp_path.iterdir()} == {"a.parquet", "b.parquet"}


def test_a_parquet_file_says_what_it_is_of(tmp_path: Path) -> None:
    about = {"market": "SOL/USDC", "timeframe": "1h"}
    with ParquetFile(tmp_path / "a.parquet", "candles", about) as file:
        file.append([["1", "1", "1", "1", "1", "1"]])
        file.finish()
    for other, said in (
        ({"market": "BTC/USDC"}, "is of market SOL/USDC, not BTC/USDC"),
        ({"timeframe": "1d"}, "is of timeframe 1h, not 1d"),
    ):
        with pytest.raises(OtherFileError, match=said):
            ParquetFile(tmp_path / "a.parquet", "candles", about | other)
    with ParquetFile(tmp_path / "a.parquet", "candles", about) as again:
        assert again.latest == [["1", "1", "1", "1", "1", "1"]]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_trades_that_are_missing_are_known_by_their_numbers() -> None:
    rows = [["1", "7"], ["2", "8"], ["9", "12"], ["9", "13"], ["10", ""]]
    assert list(gaps_of_trades(iter(rows))) == [Gap(2, 9, 3)]
