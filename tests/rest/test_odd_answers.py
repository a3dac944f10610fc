"""Whatever the venue writes where it says something else, users see ccxt's exceptions and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from ccxt.base.errors import BaseError

from tests.support.callers import Caller
from tests.support.canned import CannedVenue
from tests.support.canned_rows import (
    HISTORIES,
    account_summary,
    borrow_movement,
    deposit,
    dust_conversion,
    fill,
    indicative_quote,
    interest_payment,
    lending_market,
    lending_position,
    lending_rate,
    past_lending_position,
    past_position,
    past_quote,
    past_rfq,
    past_strategy,
    prediction_event,
    quote,
    quote_fill,
    rfq,
    rfq_fill,
    security,
    settlement,
    strategy,
    vault,
    withdrawal,
)

AT = "2026-01-01T00:00:00"
RFQ_ID = "113392053149171712"
ODD: list[Any] = [None, "", "x", [], {}, 5, True, [None], "1e9", "NaN"]

ANSWERS: dict[str, Any] = {
    "GET /api/v1/account": account_summary(),
    "GET /api/v1/account/limits/order": {"symbol": "SOL_USDC", "side": "Bid", "maxOrderQuantity": "1"},
    "GET /api/v1/account/limits/borrow": {"symbol": "SOL", "maxBorrowQuantity": "1"},
    "GET /api/v1/account/limits/withdrawal": {"symbol": "SOL", "maxWithdrawalQuantity": "1"},
    "GET /api/v1/borrowLend/markets": [lending_market("SOL", "0.1")],
    "GET /api/v1/borrowLend/markets/history": [lending_rate("2026-01-01T00:00:00Z", "0.1")],
    "GET /api/v1/borrowLend/apy": {"borrowLend": [{"symbol": "SOL", "borrowRate": "1", "lendRate": "1"}]},
    "GET /api/v1/borrowLend/positions": [lending_position("SOL", "-5")],
    "GET /api/v1/borrowLend/position/liquidationPrice": {"liquidationPrice": "1", "markPrice": "1"},
    "POST /api/v1/borrowLend": None,
    "GET /api/v1/depth": {"asks": [["1", "1"]], "bids": [], "lastUpdateId": "1", "timestamp": 1},
    "GET /api/v1/rfqs": [{"rfq": rfq(), "quotes": [quote("1", "2")]}],
    "POST /api/v1/rfq": rfq(),
    "POST /api/v1/rfq/accept": rfq(status="Filled"),
    "POST /api/v1/rfq/quote": quote("1", "2"),
    "POST /api/v1/rfq/cancel": rfq(status="Cancelled"),
    "GET /wapi/v1/history/rfq": [past_rfq(AT)],
    "GET /wapi/v1/history/quote": [past_quote(AT, "1", "2")],
    "GET /wapi/v1/history/rfq/fill": [rfq_fill(AT, "Bid", "1", "1")],
    "GET /wapi/v1/history/quote/fill": [quote_fill(AT, "Bid", "1", "1")],
    "GET /wapi/v1/history/settlement": [settlement(AT, "1", "RealizePnl")],
    "GET /wapi/v1/history/interest": [interest_payment(AT, "1", "Borrow")],
    "GET /wapi/v1/history/borrowLend": [borrow_movement(AT, "1", "Lend")],
    "GET /wapi/v1/history/borrowLend/positions": [past_lending_position(AT, "SOL")],
    "GET /wapi/v1/history/dust": [dust_conversion(AT, "1", "1")],
    "GET /wapi/v1/history/fills": [fill(AT, "Bid", "1", "1")],
    "GET /wapi/v1/history/position": [past_position("1")],
    "GET /wapi/v1/history/strategies": [past_strategy(AT)],
    "GET /wapi/v1/capital/deposits": [deposit(AT, "1")],
    "GET /wapi/v1/capital/withdrawals": [withdrawal(AT, "1")],
    "GET /api/v1/strategy": strategy(),
    "POST /api/v1/strategy": strategy(),
    "GET /api/v1/strategies": [strategy()],
    "GET /api/v1/vaults": [vault()],
    "GET /api/v1/prediction": [prediction_event("a")],
    "GET /api/v1/securities": [security("AAPL.US", ("REGULAR", "1", None, "1"))],
    "GET /api/v1/stockIndicativeQuote": indicative_quote("Bid", "5"),
}
CALLS: dict[str, tuple[Any, ...]] = {
    "fetch_leverages": (),
    "fetch_accounts": (),
    "fetch_trading_limits": (["SOL/USDC"],),
    "fetch_max_borrow_quantity": ("SOL",),
    "fetch_max_withdrawal_quantity": ("SOL",),
    "fetch_cross_borrow_rates": (),
    "fetch_borrow_rate_history": ("SOL",),
    "fetch_lending_markets": (),
    "fetch_lending_rates": (),
    "fetch_lending_positions": (),
    "fetch_lending_positions_history": (),
    "fetch_lending_history": (),
    "fetch_borrow_interest": (),
    "repay_cross_margin": ("SOL", 1),
    "fetch_borrow_liquidation_price": ("SOL", 1),
    "fetch_bids_asks": (["SOL/USDC"],),
    "fetch_open_rfqs": (),
    "fetch_rfq": (RFQ_ID,),
    "create_rfq": ("SOL/USDC", "buy", 1),
    "create_rfq_quote": (RFQ_ID, 1, 2),
    "fetch_rfq_history": (),
    "fetch_quote_history": (),
    "fetch_rfq_fills": (),
    "fetch_quote_fills": (),
    "fetch_convert_quote": ("USDC", "SOL", 1, {"wait": 1}),
    "create_convert_trade": (RFQ_ID, "USDC", "SOL", 1),
    "fetch_convert_trade_history": (),
    "fetch_ledger": (),
    "fetch_positions_history": (),
    "fetch_my_liquidations": (),
    "fetch_twap_order": ("1", "SOL/USDC"),
    "create_twap_order": ("SOL/USDC", "buy", 1, 60_000),
    "fetch_open_twap_orders": (),
    "fetch_twap_orders": (),
    "fetch_vaults": (),
    "fetch_prediction_events": (),
    "fetch_stock_markets": (),
    "fetch_stock_indicative_quote": ("AAPL.US", "buy", 1),
    "fetch_deposit": ("5000001",),
    "fetch_withdrawal": ("5000002",),
}


def spoiled(value: Any) -> Iterator[Any]:
    """The value with one thing in it that is otherwise: a field that is missing or of another kind."""
    yield from (odd for odd in ODD if odd != value)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {key: one for key, one in value.items() if key != name}
            for changed in spoiled(inner) if isinstance(inner, dict | list) else ODD:
                yield {**value, name: changed}
    elif isinstance(value, list) and value:
        for changed in spoiled(value[0]):
            yield [changed, *value[1:]]


def outcome(venue: CannedVenue, method: str) -> str | None:
    """How the call went wrong, if not as ccxt's calls do."""
    try:
        venue.call(method, *CALLS[method])
    except BaseError:
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize("method", CALLS)
def test_users_see_ccxts_exceptions_only(method: str) -> None:
    caller = Caller(is_asyncio=False, sandbox=None)
    caller.exchange.sleep = lambda milliseconds: None
    venue = CannedVenue(caller, ANSWERS, is_checked=False)
    venue.call(method, *CALLS[method])
    asked = {one.call for one in venue.asked}
    raw: dict[str, Any] = {}
    for operation in asked:
        for answer in spoiled(deepcopy(ANSWERS[operation])):
            venue.answers[operation] = answer
            failure = outcome(venue, method)
            if failure is not None:
                raw.setdefault(failure[:90], (operation, str(answer)[:120]))
        venue.answers[operation] = ANSWERS[operation]
    caller.close()
    assert raw == {}


def test_every_history_of_the_ledger_is_spoiled_too() -> None:
    assert set(HISTORIES) <= set(ANSWERS)
