"""Every history that ccxt can page is read to its end by `paginate`, each row once while new ones arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.canned import CannedVenue
from tests.support.canned_rows import HISTORIES as LEDGER
from tests.support.canned_rows import (
    borrow_movement,
    deposit,
    dust_conversion,
    fill,
    funding_payment,
    history_order,
    interest_payment,
    past_lending_position,
    past_position,
    past_quote,
    past_rfq,
    past_strategy,
    quote_fill,
    rfq_fill,
    settlement,
    withdrawal,
)

Canned = Callable[..., CannedVenue]
Made = Callable[[int], dict[str, Any]]

ROWS, ARRIVING = 2300, 7


def moment(number: int) -> str:
    hours, rest = divmod(number, 3600)
    return f"2025-12-31T{hours:02}:{rest // 60:02}:{rest % 60:02}"


HISTORIES: dict[str, tuple[str, Made]] = {
    "fetch_my_trades": ("history/fills", lambda n: fill(moment(n), "Bid", "1", "1", tradeId=n + 1)),
    "fetch_closed_orders": ("history/orders", lambda n: history_order(str(n), moment(n))),
    "fetch_canceled_orders": (
        "history/orders",
        lambda n: history_order(str(n), moment(n), status="Cancelled"),
    ),
    "fetch_funding_history": ("history/funding", lambda n: funding_payment(moment(n))),
    "fetch_deposits": ("capital/deposits", lambda n: deposit(moment(n), "1", id=n)),
    "fetch_withdrawals": ("capital/withdrawals", lambda n: withdrawal(moment(n), "1", id=n)),
    "fetch_positions_history": ("history/position", lambda n: past_position(str(n), closedAt=moment(n))),
    "fetch_my_liquidations": ("history/fills", lambda n: fill(moment(n), "Bid", "1", "1")),
    "fetch_borrow_interest": ("history/interest", lambda n: interest_payment(moment(n), "1", "Borrow")),
    "fetch_lending_history": ("history/borrowLend", lambda n: borrow_movement(moment(n), "1", "Lend")),
    "fetch_lending_positions_history": (
        "history/borrowLend/positions",
        lambda n: past_lending_position(moment(n), "SOL"),
    ),
    "fetch_rfq_history": ("history/rfq", lambda n: past_rfq(moment(n), rfqId=str(n))),
    "fetch_rfq_fills": ("history/rfq/fill", lambda n: rfq_fill(moment(n), "Bid", "1", "1")),
    "fetch_quote_history": ("history/quote", lambda n: past_quote(moment(n), "1", "2", quoteId=str(n))),
    "fetch_quote_fills": ("history/quote/fill", lambda n: quote_fill(moment(n), "Bid", "1", "1")),
    "fetch_twap_orders": ("history/strategies", lambda n: past_strategy(moment(n), id=str(n))),
}
FILTERED_BY_THE_VENUE = {"fetch_my_trades", "fetch_deposits", "fetch_withdrawals"}
"""Their `since` is the venue's `from`, which these pages do not know."""


def arguments(method: str, since: int | None, limit: int | None, params: dict[str, Any]) -> tuple[Any, ...]:
    """What comes before them is not asked for: a symbol, a code, of borrowed money both."""
    before = 2 if method == "fetch_borrow_interest" else 1
    return (*[None] * before, since, limit, params)


class Growing:
    """Rows newest first; some more have come by each further page."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.count = ROWS
        self.asked: list[Any] = []

    def page(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        if self.asked:
            self.count += ARRIVING
        self.asked.append(asked)
        newest = self.count - 1 - int(asked["offset"])
        oldest = max(newest - int(asked["limit"]), -1)
        if asked.get("sortDirection") == "Asc":
            first = int(asked["offset"])
            return [self.made(n) for n in range(first, min(first + int(asked["limit"]), self.count))]
        return [self.made(n) for n in range(newest, oldest, -1)]


@pytest.mark.parametrize("method", HISTORIES)
def test_a_history_is_read_to_its_end_each_row_once(canned: Canned, method: str) -> None:
    path, made = HISTORIES[method]
    history = Growing(made)
    venue = canned({f"GET /wapi/v1/{path}": history.page})
    rows = venue.call(method, *arguments(method, None, None, {"paginate": True}))
    times = [row.get("lastUpdateTimestamp") or row["timestamp"] for row in rows]
    assert times == sorted(set(times))
    assert len(rows) == ROWS
    assert len(history.asked) == 3
    assert all("paginate" not in asked for asked in history.asked)


@pytest.mark.parametrize("params", [{}, {"paginate": True}], ids=["", "paginate"])
@pytest.mark.parametrize("method", sorted(HISTORIES.keys() - FILTERED_BY_THE_VENUE))
def test_since_and_limit_take_the_first_rows_from_then_on(
    canned: Canned, method: str, params: dict[str, Any]
) -> None:
    path, made = HISTORIES[method]
    venue = canned({f"GET /wapi/v1/{path}": Growing(made).page})
    since = 1767139200000 + 500_000
    rows = venue.call(method, *arguments(method, since, 4, params))
    times = [row.get("lastUpdateTimestamp") or row["timestamp"] for row in rows]
    assert times == [since, since + 1000, since + 2000, since + 3000]


@pytest.mark.parametrize("params", [{}, {"paginate": True}], ids=["", "paginate"])
@pytest.mark.parametrize("method", HISTORIES)
def test_a_limit_alone_takes_the_newest_rows(canned: Canned, method: str, params: dict[str, Any]) -> None:
    path, made = HISTORIES[method]
    venue = canned({f"GET /wapi/v1/{path}": Growing(made).page})
    rows = venue.call(method, *arguments(method, None, 3, params))
    times = [row.get("lastUpdateTimestamp") or row["timestamp"] for row in rows]
    assert [time - 1767139200000 for time in times] == [1000 * n for n in range(ROWS - 3, ROWS)]


def test_a_ledger_of_everything_has_each_row_of_every_history_once(canned: Canned) -> None:
    grown = {
        "history/settlement": Growing(
            lambda n: settlement(moment(n), "1", "RealizePnl", engineSequence=n + 1)
        ),
        "history/dust": Growing(lambda n: dust_conversion(moment(n), "1", "1", number=n)),
    }
    answers: dict[str, Any] = {operation: [] for operation in LEDGER}
    answers |= {f"GET /wapi/v1/{path}": history.page for path, history in grown.items()}
    entries = canned(answers).call("fetch_ledger", "USDC", None, None, {"paginate": True})
    assert len(entries) == len({entry["id"] for entry in entries}) == 2 * ROWS
