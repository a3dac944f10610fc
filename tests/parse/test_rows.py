"""What the venue has written, read field by field; and what cannot be read."""

from __future__ import annotations

import logging
from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest
from ccxt.base.errors import BadResponse
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.parse.figures import Fields
from bpx_connector.parse.numbers import milliseconds_of
from bpx_connector.parse.rows import Row, figure_text, object_of, read_each, rows_in, word_text
from tests.support.parsing import NUMBERS

NO_FIGURES: list[Any] = [
    "", " ", "N/A", "NaN", "nan", "Infinity", "-inf", "1e400", "1e-400", "0x10", " 1 ", "1_000", "١٢",
    "1,5", "--1", "1.2.3", ".", "e5", "9" * 400, None, True, False, [], {}, ["1"], float("nan"),
    float("inf"), 1e300, b"1",
]  # fmt: skip


@pytest.mark.parametrize("value", NO_FIGURES, ids=repr)
def test_what_is_no_figure_is_none(value: Any) -> None:
    assert figure_text(value) is None
    assert Row({"price": value}).figure("price") is None
    assert Row({"price": value}).number("price", float) is None
    assert Row({"price": value}).whole("price") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"), ("0.00", "0.00"), ("-1.50", "-1.50"), ("1E-7", "0.0000001"), ("0E-8", "0"),
        ("2.6e-03", "0.0026"), ("4.43543000e+03", "4435.43"), (1, "1"), (0.1, "0.1"),
        (1e-7, "0.0000001"), (Decimal("1E+2"), "100"),
        ("+5", "5"), (".5", "0.5"), ("5.", "5"),
    ],
)  # fmt: skip
def test_a_figure_is_plain_decimal_text_however_it_is_written(value: Any, text: str) -> None:
    assert figure_text(value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=18))
def test_a_figure_is_read_in_a_context_of_our_own(value: Decimal) -> None:
    with localcontext() as context:
        context.prec = 3
        text = figure_text(f"{value:E}")
    assert text is not None
    assert Decimal(text) == value
    assert getcontext().prec > 3


@pytest.mark.parametrize(
    ("value", "word"), [("x", "x"), ("", None), (7, "7"), (True, None), (None, None), ([], None), (1.5, None)]
)
def test_a_word_is_text_or_a_whole_number(value: Any, word: str | None) -> None:
    assert word_text(value) == word


@pytest.mark.parametrize(
    "value",
    [
        0, -1, 10**27, "0", "soon", "", "9" * 40, None, True, [], float("nan"),
        "2026-13-01T00:00:00", "1969-01-01T00:00:00",
    ],
    ids=repr,
)  # fmt: skip
def test_a_time_that_cannot_be_is_none(value: Any) -> None:
    assert milliseconds_of(value) is None


@pytest.mark.parametrize(
    "value",
    [
        1788285244094, "1788285244094", 1788285244094.0,
        "2026-09-01T17:54:04.094", "2026-09-01 17:54:04.094999",
    ],
)  # fmt: skip
def test_a_time_is_read_in_whichever_form_it_comes(value: Any) -> None:
    assert milliseconds_of(value) == 1788285244094


def test_parts_that_are_missing_say_nothing() -> None:
    row = Row({"filters": None, "tokens": [{"a": "1"}, None, 5], "names": "x"})
    assert row.part("filters").figure("tickSize") is None
    assert [part.figure("a") for part in row.parts("tokens")] == ["1"]
    assert row.parts("names") == row.parts("nothing") == []
    assert row.flag("filters") is None
    with pytest.raises(BadResponse, match="there is no symbol in"):
        row.needed("symbol")


def test_entries_that_cannot_be_read_are_left_out_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    rows = rows_in([{"a": "1"}, None, {}, 5], "bpx fetchX()")
    assert rows == [{"a": "1"}, {}]
    assert read_each(rows, lambda row: Row(row).needed("a"), "bpx fetchX()") == ["1"]
    assert [record.getMessage() for record in caplog.records] == [
        "bpx fetchX(): 2 of 4 entries cannot be read and are left out: None",
        "bpx fetchX(): 1 of 2 entries cannot be read and are left out: there is no a in {}",
    ]


@pytest.mark.parametrize("answer", [None, {}, "text", 5])
def test_an_answer_of_another_shape_is_a_bad_response(answer: Any) -> None:
    with pytest.raises(BadResponse, match="instead of a list"):
        rows_in(answer, "bpx fetchX()")
    if not isinstance(answer, dict):
        with pytest.raises(BadResponse, match="instead of an object"):
            object_of(answer, "bpx fetchX()")


@NUMBERS
def test_what_cannot_be_read_of_a_row_is_none_and_the_rest_stays(number: Any) -> None:
    row = {"price": "", "size": "1E-3", "name": 7, "at": "never", "is": "yes", "other": ["kept"]}
    read = Fields(("price", "size", "missing"), ("name",), ("at",), ("is",)).legible(row)
    assert read == {"price": None, "size": "0.001", "name": "7", "at": None, "is": None, "other": ["kept"]}
    assert number(read["size"]) == number("0.001")
