"""Answers about orders that are spread over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call
from bpx_connector.sandbox.http.payloads import naive_time
from bpx_connector.sandbox.http.private import history_page
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.strategies import Strategy

__all__ = ["STRATEGIES"]

Shape = dict[str, Any]
SLIPPAGE_BOUNDS: Final = {
    "Percent": (Decimal("0.01"), Decimal("9.99")),
    "TickSize": (Decimal(1), Decimal(10_000)),
}
""""Slippage 0.01-9.99 % or 1-10,000 ticks" (the venue's page on TWAP)."""
AUTO: Final = {
    "autoBorrow": "auto_borrow",
    "autoBorrowRepay": "auto_borrow_repay",
    "autoLend": "auto_lend",
    "autoLendRedeem": "auto_lend_redeem",
}


def _row(row: Strategy) -> Shape:
    tolerance, kind = (None, None) if row.slippage is None else (plain(row.slippage[0]), row.slippage[1])
    return {
        "id": str(row.id),
        "clientStrategyId": row.client_id,
        "executedQuantity": plain(row.executed),
        "executedQuoteQuantity": plain(row.executed_quote),
        "strategyType": "Scheduled",
        "quantity": plain(row.quantity),
        "selfTradePrevention": row.self_trade_prevention,
        "status": row.status,
        "side": row.side,
        "symbol": row.symbol,
        "timeInForce": "GTC",
        "duration": row.duration,
        "interval": row.interval,
        "randomizedIntervalQuantity": row.is_randomized,
        "slippageTolerance": tolerance,
        "slippageToleranceType": kind,
    }


def _open(row: Strategy) -> Shape:
    return {**_row(row), "createdAt": row.created_at // 1000, "reduceOnly": row.reduce_only}


def _past(row: Strategy) -> Shape:
    return {**_row(row), "createdAt": naive_time(row.created_at), "cancelReason": row.cancel_reason}


def _create(call: Call) -> Answer:
    body = call.body
    missing = [name for name in ("quantity", "duration", "interval") if body.get(name) is None]
    if missing:
        raise Refusal(400, "INVALID_CLIENT_REQUEST", f"Must specify {', '.join(missing)}")
    tolerance, kind = body.get("slippageTolerance"), body.get("slippageToleranceType")
    if (tolerance is None) != (kind is None):
        raise Refusal(400, "INVALID_CLIENT_REQUEST", "Must specify both slippage fields or neither")
    if kind is not None and tolerance is not None:
        lowest, highest = SLIPPAGE_BOUNDS[kind]
        if not lowest <= tolerance <= highest:
            raise Refusal(400, "INVALID_CLIENT_REQUEST", f"Slippage must be {lowest} to {highest}")
    strategy = call.context.strategies.create(
        call.account,
        call.now,
        client_id=body.get("clientStrategyId"),
        symbol=body["symbol"],
        side=body["side"],
        quantity=body["quantity"],
        duration=body["duration"],
        interval=body["interval"],
        is_randomized=body.get("randomizedIntervalQuantity") or False,
        reduce_only=body.get("reduceOnly"),
        self_trade_prevention=body.get("selfTradePrevention") or "RejectTaker",
        slippage=None if tolerance is None else (tolerance, kind),
        auto={field: body[name] for name, field in AUTO.items() if body.get(name) is not None},
    )
    return Answer(_open(strategy))


def _named(call: Call, fields: Mapping[str, Any]) -> Strategy:
    find = call.context.strategies.of
    if "strategyId" in fields:
        text = fields["strategyId"]
        if not (text.isascii() and text.isdigit()):
            raise Refusal(400, "INVALID_CLIENT_REQUEST", "Invalid strategy ID")
        return find(call.account, fields["symbol"], strategy_id=int(text))
    if "clientStrategyId" in fields:
        return find(call.account, fields["symbol"], client_id=fields["clientStrategyId"])
    raise Refusal(400, "INVALID_CLIENT_REQUEST", "Must specify either `strategyId` or `clientStrategyId`")


def _one(call: Call) -> Answer:
    return Answer(_open(_named(call, call.query)))


def _cancel(call: Call) -> Answer:
    return call.cancelled(_open(call.context.strategies.cancel(_named(call, call.body))))


def _running(call: Call, symbol: str | None) -> list[Strategy]:
    rows = call.context.strategies.all_of(call.account)
    return [row for row in rows if row.status == "Running" and symbol in (None, row.symbol)]


def _all_running(call: Call) -> Answer:
    kind = call.query.get("marketType")
    rows = _running(call, call.query.get("symbol"))
    rules = call.context.exchange.rules
    return Answer([_open(row) for row in rows if kind in (None, rules[row.symbol].kind)])


def _cancel_all(call: Call) -> Answer:
    rows = _running(call, call.body["symbol"])
    return call.cancelled([_open(call.context.strategies.cancel(row)) for row in rows])


def _history(call: Call) -> Answer:
    query, rules = call.query, call.context.exchange.rules
    rows = [
        row
        for row in call.context.strategies.all_of(call.account)
        if query.get("symbol") in (None, row.symbol)
        and query.get("strategyId") in (None, str(row.id))
        and (not query.get("marketType") or rules[row.symbol].kind in query["marketType"])
    ]
    return history_page(call, rows, _past)


STRATEGIES: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/strategy": _one,
    "POST /api/v1/strategy": _create,
    "DELETE /api/v1/strategy": _cancel,
    "GET /api/v1/strategies": _all_running,
    "DELETE /api/v1/strategies": _cancel_all,
    "GET /wapi/v1/history/strategies": _history,
}
"""Operation -> its answer."""
