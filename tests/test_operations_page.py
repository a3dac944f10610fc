"""docs/operations.md says what the code says."""

from __future__ import annotations

import ccxt
import pytest

from tools.operations import TARGET, as_text

PAGE = TARGET.read_text(encoding="utf-8")


@pytest.mark.skipif(f"ccxt {ccxt.__version__}," not in PAGE, reason="the page was made beside another ccxt")
def test_the_page_of_operations_is_up_to_date() -> None:
    assert as_text() == PAGE, "run `make operations`"


def test_no_cell_of_the_page_is_empty() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    assert len(rows) > 200
    assert [row for row in rows if not all(cell.strip() for cell in row.strip("|").split("|"))] == []


def test_the_sandbox_answers_every_operation_of_the_openapi() -> None:
    assert [line for line in PAGE.splitlines() if "| not answered |" in line and "/api/" in line] == []
