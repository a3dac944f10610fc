"""Ten seconds in which gateways, server and venue's sockets are killed, frozen and cut, by a fixed seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gateway_chaos import chaos


@pytest.mark.timeout(300)
async def test_books_are_true_and_fills_are_told_once_whatever_is_killed(tmp_path: Path) -> None:
    found = await chaos(tmp_path, seed=1, seconds=10)
    assert sum(found.faults.values()) >= 3
    assert found.books > 50 and found.late_joiners > 0
    assert (found.wrong, found.backwards) == (0, 0)
    assert found.fills_made and not found.missing and not found.twice
