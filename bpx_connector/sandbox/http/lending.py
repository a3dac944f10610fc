"""Answers about money that is lent, borrowed, settled: pools, positions, interest, and their histories."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.account.lending import PoolState
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call
from bpx_connector.sandbox.http.payloads import naive_time
from bpx_connector.sandbox.http.private import history_page
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.figures import ONE, ZERO, plain
from bpx_connector.sandbox.records.lending import (
    BORROW,
    LEND,
    DustConversion,
    InterestPayment,
    LendingMovement,
    LendingPosition,
    Settlement,
)
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.times import DAY, HOUR

__all__ = ["LENDING"]

Shape = dict[str, Any]
FUNCTION: Final = {"type": "sqrt", "base": plain(choices.BORROW_MAINTENANCE), "factor": "0"}
SPANS: Final = {
    "1d": (DAY, HOUR),
    "1w": (7 * DAY, 6 * HOUR),
    "1month": (30 * DAY, DAY),
    "1year": (365 * DAY, 7 * DAY),
}
"""How far the histories of rates go back, and their steps; the steps are not documented."""


def zoned_time(time: int) -> str:
    """RFC 3339, as lending markets and vaults write their times."""
    return datetime.fromtimestamp(time // 1_000_000, UTC).isoformat()


# --- pools -------------------------------------------------------------------------------------------------


def _rates(pool: PoolState, now: int) -> Shape:
    return {
        "borrowInterestRate": plain(pool.borrow_rate),
        "borrowedQuantity": plain(pool.borrowed),
        "lendInterestRate": plain(pool.lend_rate),
        "lentQuantity": plain(pool.lent),
        "timestamp": zoned_time(now),
        "utilization": plain(pool.utilization),
    }


def _market(pool: PoolState, now: int) -> Shape:
    return {
        **_rates(pool, now),
        "state": "Open",
        "assetMarkPrice": plain(pool.price),
        "fee": plain(choices.LENDING_FEE),
        "maxUtilization": plain(choices.MAX_UTILIZATION),
        "openBorrowLendLimit": plain(pool.lent * 10),
        "optimalUtilization": plain(choices.OPTIMAL_UTILIZATION),
        "symbol": pool.asset,
        "throttleUtilizationThreshold": plain(choices.MAX_UTILIZATION),
        "throttleUtilizationBound": plain(choices.MAX_UTILIZATION),
        "throttleUpdateFraction": "1",
        "stepSize": plain(choices.LENDING_STEP),
    }


def _pools(call: Call) -> list[PoolState]:
    lending = call.context.exchange.lending
    return [lending.pool(asset) for asset in lending.assets]


def _markets(call: Call) -> Answer:
    return Answer([_market(pool, call.now) for pool in _pools(call)])


def _rate_history(call: Call) -> Answer:
    """The rates of now at every step back: what was before this exchange began is not made up."""
    wanted = call.query.get("symbol")
    pools = [pool for pool in _pools(call) if wanted in (None, pool.asset)]
    span, step = SPANS[call.query["interval"]]
    begun = call.context.exchange.began
    first = max(begun, call.now - span) // step * step
    times = list(range(call.now // step * step, first - 1, -step))
    return Answer([_rates(pool, time) for pool in pools for time in times])


def _apy(call: Call) -> Answer:
    rates = [
        {"symbol": pool.asset, "borrowRate": plain(pool.borrow_rate), "lendRate": plain(pool.lend_rate)}
        for pool in _pools(call)
    ]
    return Answer({"borrowLend": rates, "staking": []})


# --- positions ---------------------------------------------------------------------------------------------


def _position(call: Call, account: Account, position: LendingPosition) -> Shape:
    price = call.context.exchange.valuation.price_of(position.asset)
    exposure = -position.owed
    fraction = ONE / account.leverage_limit if position.owed else ZERO
    return {
        "cumulativeInterest": plain(position.interest),
        "id": str(position.id),
        "imf": plain(fraction),
        "imfFunction": FUNCTION,
        "netQuantity": plain(position.quantity),
        "markPrice": plain(price),
        "mmf": plain(choices.BORROW_MAINTENANCE if position.owed else ZERO),
        "mmfFunction": FUNCTION,
        "netExposureQuantity": plain(exposure),
        "netExposureNotional": plain(exposure * price),
        "symbol": position.asset,
        "estLiquidationPrice": plain(_liquidation_price(call, account, position.asset, ZERO)),
    }


def _liquidation_price(call: Call, account: Account, asset: str, more: Decimal) -> Decimal:
    """At which price of an asset what is owed of it, and `more`, would use up all equity; zero for none."""
    owed = account.owed(asset) + more
    valuation = call.context.exchange.valuation
    price = valuation.price_of(asset)
    if owed <= 0 or asset == choices.QUOTE_ASSET or price <= 0:
        return ZERO
    spare = valuation.equity(account) - valuation.maintenance_margin(account)
    return max(ZERO, price + spare / owed).quantize(choices.LENDING_STEP)


def _positions(call: Call) -> Answer:
    return Answer([_position(call, call.account, each) for each in call.account.lending.values()])


def _execute(call: Call) -> Answer:
    body = call.body
    lending, account = call.context.exchange.lending, call.account
    act = lending.borrow if body["side"] == BORROW else lending.lend
    try:
        act(account, body["symbol"], body["quantity"], call.now)
    finally:
        call.context.exchange.balance_books(call.now)
    return Answer()


def _planned(text: str) -> tuple[str, Decimal]:
    """The asset and how much more of it would be owed, of a planned execution in base64."""
    try:
        planned = json.loads(base64.b64decode(text, validate=True))
        quantity = Decimal(str(planned["quantity"]))
        asset, side = str(planned["symbol"]), planned["side"]
    except (binascii.Error, ValueError, KeyError, TypeError, InvalidOperation):
        raise Refusal(400, "INVALID_CLIENT_REQUEST", "Invalid borrow") from None
    if side not in (BORROW, LEND) or not quantity.is_finite():
        raise Refusal(400, "INVALID_CLIENT_REQUEST", "Invalid borrow")
    return asset, quantity if side == BORROW else -quantity


def _estimated(call: Call) -> Answer:
    """Nobody signs this operation, so that it is answered for an account that owns nothing else."""
    asset, more = _planned(call.query["borrow"])
    exchange = call.context.exchange
    if asset not in exchange.lending.assets:
        raise refusals.invalid_asset()
    price = exchange.valuation.price_of(asset)
    return Answer({"liquidationPrice": plain(price if more > 0 else ZERO), "markPrice": plain(price)})


def _max_borrow(call: Call) -> Answer:
    asset = call.query["symbol"]
    if asset not in call.context.exchange.lending.assets:
        raise refusals.invalid_asset()
    quantity = call.context.exchange.lending.largest_loan(call.account, asset)
    return Answer({"maxBorrowQuantity": plain(quantity), "symbol": asset})


# --- histories ---------------------------------------------------------------------------------------------


def _filtered(call: Call, rows: Iterable[Any], **names: Callable[[Any], Any]) -> list[Any]:
    """The rows that fit the query, newest first."""
    asked = {name: call.query[name] for name in names if call.query.get(name) is not None}
    return [row for row in reversed(list(rows)) if all(names[name](row) == asked[name] for name in asked)]


def _movement(row: LendingMovement) -> Shape:
    return {
        "eventType": row.kind,
        "positionId": str(row.position_id),
        "positionQuantity": plain(row.position_quantity),
        "quantity": plain(row.quantity),
        "source": row.source,
        "symbol": row.asset,
        "timestamp": naive_time(row.time),
        "spotMarginOrderId": None if row.order_id is None else str(row.order_id),
    }


def _movements(call: Call) -> Answer:
    rows = _filtered(
        call,
        call.account.lending_movements,
        type=lambda row: row.kind,
        positionId=lambda row: str(row.position_id),
        symbol=lambda row: row.asset,
    )
    sources = call.query.get("sources")
    if sources:
        rows = [row for row in rows if row.source in sources.split(",")]
    return history_page(call, rows, _movement)


def _payment(row: InterestPayment) -> Shape:
    return {
        "paymentType": row.kind,
        "interestRate": plain(row.rate),
        "interval": HOUR // 1000,
        "marketSymbol": f"{row.asset}_{choices.QUOTE_ASSET}",
        "positionId": str(row.position_id),
        "quantity": plain(row.quantity),
        "symbol": row.asset,
        "timestamp": naive_time(row.time),
    }


def _interest(call: Call) -> Answer:
    rows = _filtered(
        call,
        call.account.interest,
        asset=lambda row: row.asset,
        symbol=lambda row: f"{row.asset}_{choices.QUOTE_ASSET}",
        positionId=lambda row: str(row.position_id),
        source=lambda row: "BorrowLend",
    )
    return history_page(call, rows, _payment)


def _past_position(row: LendingPosition) -> Shape:
    size = row.most
    rate = abs(row.interest) / size if size else ZERO
    return {
        "positionId": str(row.id),
        "quantity": plain(abs(row.quantity) if row.closed_at is None else size),
        "symbol": row.asset,
        "source": row.source,
        "cumulativeInterest": plain(row.interest),
        "avgInterestRate": plain(rate.quantize(choices.LENDING_STEP)),
        "side": LEND if row.is_lent else BORROW,
        "createdAt": naive_time(row.opened_at),
    }


def _past_positions(call: Call) -> Answer:
    rows = _filtered(
        call,
        [*call.account.lending_past, *call.account.lending.values()],
        symbol=lambda row: row.asset,
        side=lambda row: LEND if row.is_lent else BORROW,
        state=lambda row: "Open" if row.closed_at is None else "Closed",
    )
    return history_page(call, rows, _past_position)


def _settlement(user_id: int) -> Callable[[Settlement], Shape]:
    def shape(row: Settlement) -> Shape:
        return {
            "quantity": plain(row.quantity),
            "source": row.source,
            "subaccountId": None,
            "timestamp": naive_time(row.time),
            "userId": user_id,
            "positionId": None if row.position_id is None else str(row.position_id),
            "engineSequence": row.sequence,
        }

    return shape


def _settlements(call: Call) -> Answer:
    rows = _filtered(call, call.account.settlements, source=lambda row: row.source)
    return history_page(call, rows, _settlement(call.account.user_id))


def _dust_row(row: DustConversion) -> Shape:
    return {
        "id": row.id,
        "quantity": plain(row.quantity),
        "symbol": row.asset,
        "usdcReceived": plain(row.received),
        "timestamp": naive_time(row.time),
    }


def _dust(call: Call) -> Answer:
    rows = _filtered(call, call.account.dust, id=lambda row: row.id, symbol=lambda row: row.asset)
    return history_page(call, rows, _dust_row)


def _convert_dust(call: Call) -> Answer:
    call.context.exchange.convert_dust(call.account, call.body.get("symbol"), call.now)
    return Answer()


LENDING: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/borrowLend/markets": _markets,
    "GET /api/v1/borrowLend/markets/history": _rate_history,
    "GET /api/v1/borrowLend/apy": _apy,
    "GET /api/v1/borrowLend/positions": _positions,
    "GET /api/v1/borrowLend/position/liquidationPrice": _estimated,
    "POST /api/v1/borrowLend": _execute,
    "GET /api/v1/account/limits/borrow": _max_borrow,
    "POST /api/v1/account/convertDust": _convert_dust,
    "GET /wapi/v1/history/borrowLend": _movements,
    "GET /wapi/v1/history/interest": _interest,
    "GET /wapi/v1/history/borrowLend/positions": _past_positions,
    "GET /wapi/v1/history/settlement": _settlements,
    "GET /wapi/v1/history/dust": _dust,
}
"""Operation -> its answer."""
