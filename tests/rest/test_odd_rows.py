"""One odd row never kills a list: whatever stands beside it, the good row comes as if it were alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.fuzz.spoilt_answers import MISSING, spoil
from tests.rest.test_odd_answers import ANSWERS, CALLS, spoiled
from tests.rest.test_spoilt_answers import CAPTURED, answer_of, places, spoilable
from tests.support.callers import Caller
from tests.support.canned import CannedVenue

ODD: tuple[Any, ...] = (None, "", "NaN", "0E-8", 5, 10**27, [], {"a": 1}, MISSING)
"""What may stand in any field."""

LISTED: dict[str, Any] = {
    **ANSWERS,
    "GET /api/v1/stockSessions": [
        {
            "name": "US_EQUITIES_REGULAR",
            "startTime": "09:30",
            "endTime": "16:00",
            "startWeekday": 1,
            "endWeekday": 5,
            "timezone": "America/New_York",
        }
    ],
    "GET /api/v1/stockHolidays": [
        {
            "market": "US",
            "name": "Christmas",
            "date": "2026-12-25",
            "startTime": None,
            "endTime": None,
            "timezone": "America/New_York",
        }
    ],
    "GET /api/v1/vaults/history": [
        {
            "vaultId": 1,
            "timestamp": "2026-01-01T00:00:00Z",
            "nav": "1.1",
            "vaultEquity": "100",
            "tokenCirculatingSupply": "90",
        }
    ],
    "GET /api/v1/vault/redeems/pending": [
        {
            "id": 5,
            "vaultId": 1,
            "status": "Pending",
            "vaultTokenQuantity": "3",
            "timestamp": 1_767_225_600_000,
        }
    ],
}
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    **CALLS,
    "fetch_stock_sessions": (),
    "fetch_stock_holidays": (),
    "fetch_vault_history": (1,),
    "fetch_pending_vault_redeems": (1,),
    "fetch_deposits": (),
    "fetch_withdrawals": (),
    "fetch_deposits_withdrawals": (),
    "fetch_securities": (),
    "fetch_rfq_history": (),
}
METHODS = sorted(name for name in ARGUMENTS if name.startswith("fetch_"))
ONE_IS_MEANT = {"fetch_rfq", "fetch_deposit", "fetch_withdrawal", "fetch_convert_quote", "fetch_accounts"}
"""What two rows with one id mean to these is another matter."""


def entries(result: Any) -> set[str]:
    return {str(one) for one in result} if isinstance(result, list) else set()


def lost(venue: CannedVenue, method: str, good: Any, answers: Iterator[Any], operation: str) -> list[str]:
    """What became of the good row's entries, where they did not come."""
    wrong = []
    for answer in answers:
        venue.answers[operation] = answer
        try:
            found = entries(venue.call(method, *ARGUMENTS[method]))
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error}"[:160])
            continue
        if not good <= found:
            wrong.append(f"not there beside {str(answer[0])[:120]}")
    return wrong


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ONE_IS_MEANT])
def test_the_good_row_comes_whatever_stands_beside_it(method: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    caller = Caller(is_asyncio=False, sandbox=None)
    caller.exchange.sleep = lambda milliseconds: None
    venue = CannedVenue(caller, LISTED, is_checked=False)
    good = entries(venue.call(method, *ARGUMENTS[method]))
    wrong: dict[str, list[str]] = {}
    for operation in {one.call for one in venue.asked}:
        row = LISTED[operation]
        if isinstance(row, list) and row:
            beside = (pair for odd in spoiled(deepcopy(row[0])) for pair in ([odd, row[0]], [row[0], odd]))
            failed = lost(venue, method, good, beside, operation)
            if failed:
                wrong[operation] = failed[:5]
        venue.answers[operation] = row
    caller.close()
    assert wrong == {}


def of_all(result: Any) -> set[str]:
    """The entries of lists and dicts, of one call or of several."""
    if isinstance(result, tuple):
        return set().union(*map(of_all, result))
    return {str(one) for one in (result.values() if isinstance(result, dict) else result)}


@pytest.mark.parametrize(
    "operation",
    [name for name in CAPTURED if isinstance(answer_of(name), list) and len(answer_of(name)) > 1],
)
def test_the_good_row_of_a_captured_list_comes_whatever_stands_beside_it(
    operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    rows, (_, call) = answer_of(operation), CAPTURED[operation]
    exchange, kept = spoilable(), rows[1:3]
    good = of_all(call(exchange.answered(operation, kept)))
    wrong = []
    for path in places(rows[:1]):
        for value in ODD if path else ():
            answer = [*spoil(rows[:1], path, value), *kept]
            try:
                found = of_all(call(exchange.answered(operation, answer)))
            except Exception as error:
                wrong.append(f"{path} = {value!r}: {type(error).__name__}: {error}"[:200])
                continue
            if not good <= found:
                wrong.append(f"{path} = {value!r}: {len(good - found)} are missing")
    assert good
    assert wrong[:20] == []
