"""Answers to the signed operations: one function each, from a call to the venue's JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from bpx_connector.sandbox.account.ledger import Deposit, Withdrawal
from bpx_connector.sandbox.crowd.listings import assets
from bpx_connector.sandbox.http import payloads
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call, paged
from bpx_connector.sandbox.http.context import wallet_address
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.figures import ZERO, plain
from bpx_connector.sandbox.records.orders import LIMIT, Fill, Order, OrderRequest
from bpx_connector.sandbox.records.outbox import Done
from bpx_connector.sandbox.records.positions import Position
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = ["PRIVATE", "history_page"]

MOST_ROWS: Final = 1_000
"""Rows a page at most."""

Row = TypeVar("Row")

ORDER_FIELDS: Final = {
    "autoBorrow": "auto_borrow",
    "autoBorrowRepay": "auto_borrow_repay",
    "autoLend": "auto_lend",
    "autoLendRedeem": "auto_lend_redeem",
    "brokerId": "broker_id",
    "clientId": "client_id",
    "orderType": "order_type",
    "postOnly": "post_only",
    "price": "price",
    "quantity": "quantity",
    "quoteQuantity": "quote_quantity",
    "reduceOnly": "reduce_only",
    "selfTradePrevention": "self_trade_prevention",
    "side": "side",
    "slippageTolerance": "slippage_tolerance",
    "slippageToleranceType": "slippage_tolerance_type",
    "stopLossLimitPrice": "stop_loss_limit_price",
    "stopLossTriggerBy": "stop_loss_trigger_by",
    "stopLossTriggerPrice": "stop_loss_trigger_price",
    "symbol": "symbol",
    "takeProfitLimitPrice": "take_profit_limit_price",
    "takeProfitTriggerBy": "take_profit_trigger_by",
    "takeProfitTriggerPrice": "take_profit_trigger_price",
    "timeInForce": "time_in_force",
    "triggerBy": "trigger_by",
    "triggerPrice": "trigger_price",
    "triggerQuantity": "trigger_quantity",
}
"""The payload's fields and the request's."""
TEXT_PRICES: Final = frozenset({"stopLossTriggerPrice", "takeProfitTriggerPrice", "triggerPrice"})
"""Prices that the OpenAPI declares as plain strings."""


# --- account -------------------------------------------------------------------------------------------


def _account(call: Call) -> Answer:
    return Answer(payloads.account_summary(call.context.exchange.summary(call.account)))


def _update_account(call: Call) -> Answer:
    body = call.body
    call.context.exchange.update_account(
        call.account,
        leverage_limit=body.get("leverageLimit"),
        auto_lend=body.get("autoLend"),
        auto_borrow_settlements=body.get("autoBorrowSettlements"),
        auto_repay_borrows=body.get("autoRepayBorrows"),
        now=call.now,
    )
    return Answer()


def _known_asset(symbol: str) -> dict[str, Any]:
    for asset in assets():
        if asset["symbol"] == symbol:
            return asset
    raise refusals.invalid_asset()


def _echoed(call: Call, **found: str) -> Answer:
    """What was asked, with nulls for what was not, and what was found."""
    texts = {
        name: plain(value) if isinstance(value, Decimal) else value for name, value in call.query.items()
    }
    return Answer({name: texts.get(name) for name in sorted(call.operation.query)} | found)


def _max_order(call: Call) -> Answer:
    symbol = call.query["symbol"]
    if not call.context.is_listed(symbol):
        raise refusals.invalid_symbol()
    quantity = call.context.exchange.max_order_quantity(
        call.account,
        symbol,
        call.query["side"],
        price=call.query.get("price"),
        reduce_only=call.query.get("reduceOnly", False),
    )
    return _echoed(call, maxOrderQuantity=plain(quantity))


def _max_withdrawal(call: Call) -> Answer:
    asset = _known_asset(call.query["symbol"])
    quantity = call.context.exchange.max_withdrawal(
        call.account,
        asset["symbol"],
        lend_redeem=call.query.get("autoLendRedeem", False),
        borrow=call.query.get("autoBorrow", False),
    )
    return _echoed(call, maxWithdrawalQuantity=plain(quantity))


# --- capital -------------------------------------------------------------------------------------------


def _capital(call: Call) -> Answer:
    balances = call.context.exchange.balances(call.account)
    return Answer({asset: payloads.balance(amounts) for asset, amounts in balances.items()})


def _collateral(call: Call) -> Answer:
    return Answer(payloads.margin_summary(call.context.exchange.margin(call.account)))


def _page(call: Call) -> tuple[int, int]:
    return call.limit(MOST_ROWS), call.query.get("offset", 0)


def _is_in_time(call: Call, time: int) -> bool:
    """`from` is inclusive and `to` exclusive, both in milliseconds."""
    milliseconds = time // 1000
    return bool(call.query.get("from", 0) <= milliseconds < call.query.get("to", 2**63))


def _deposits(call: Call) -> Answer:
    limit, offset = _page(call)
    hashed = call.query.get("transactionHash")
    rows: list[Deposit] = [
        row
        for row in call.context.exchange.deposits(call.account)
        if _is_in_time(call, row.created_at) and hashed in (None, row.transaction_hash)
    ]
    return Answer([payloads.deposit(row) for row in rows[offset : offset + limit]])


def _deposit_address(call: Call) -> Answer:
    return Answer({"address": wallet_address(call.account.public_key, call.query["blockchain"])})


def _withdrawals(call: Call) -> Answer:
    limit, offset = _page(call)
    number, client_id = call.query.get("id"), call.query.get("clientId")
    rows: list[Withdrawal] = [
        row
        for row in call.context.exchange.withdrawals(call.account)
        if _is_in_time(call, row.created_at)
        and (number is None or row.id == number)
        and (client_id is None or row.client_id == client_id)
    ]
    return Answer([payloads.withdrawal(row) for row in rows[offset : offset + limit]])


def _withdraw(call: Call) -> Answer:
    body = call.body
    asset = _known_asset(body["symbol"])
    tokens = [token for token in asset["tokens"] if token["blockchain"] == body["blockchain"]]
    is_shut = (asset["symbol"], body["blockchain"]) in call.context.shut
    if not tokens or not tokens[0]["withdrawEnabled"] or is_shut:
        raise Refusal(400, "INVALID_ASSET", "Withdrawals are disabled for this asset and blockchain")
    if body["quantity"] < Decimal(tokens[0]["minimumWithdrawal"]):
        raise refusals.quantity_below_minimum()
    exchange, address = call.context.exchange, body["address"]
    if exchange.switches.withdraw_to == "exempt" and address not in call.account.exempt_addresses:
        raise refusals.not_exempt()
    done = exchange.withdraw(
        call.account,
        asset["symbol"],
        body["quantity"],
        call.now,
        address=address,
        blockchain=body["blockchain"],
        fee=Decimal(tokens[0]["withdrawalFee"]),
        client_id=body.get("clientId"),
        lend_redeem=body.get("autoLendRedeem", False),
        borrow=body.get("autoBorrow", False),
    )
    return Answer(payloads.withdrawal(done.result))


# --- orders --------------------------------------------------------------------------------------------


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise refusals.invalid_order() from None
    if not price.is_finite():
        raise refusals.invalid_order()
    return price


def _order_request(call: Call, body: Mapping[str, Any]) -> OrderRequest:
    fields: dict[str, Any] = {
        ORDER_FIELDS[name]: _price(value) if name in TEXT_PRICES else value for name, value in body.items()
    }
    if body["orderType"] == LIMIT and not body.get("postOnly"):
        fields.setdefault("time_in_force", call.context.exchange.switches.unnamed_time_in_force)
    return OrderRequest(**fields)


def _execute(call: Call) -> Answer:
    done = call.context.exchange.execute(call.account, _order_request(call, call.body), call.now)
    return Answer(payloads.order(done.result))


def _execute_batch(call: Call) -> Answer:
    largest = int(call.context.exchange.switches.largest_batch)
    if not 1 <= len(call.bodies) <= largest:
        raise Refusal(400, "INVALID_CLIENT_REQUEST", f"A batch must have 1 to {largest} orders")
    requests = [_order_request(call, body) for body in call.bodies]
    results = call.context.exchange.execute_batch(call.account, requests, call.now)
    return Answer([_batch_result(result) for result in results])


def _batch_result(result: Done[Order] | Refusal) -> dict[str, Any]:
    if isinstance(result, Refusal):
        return {"operation": "Err", "code": result.code, "message": result.message}
    return {"operation": "Ok", **payloads.order(result.result)}


def _named_order(fields: Mapping[str, Any]) -> dict[str, int]:
    """The order that is meant, as the venue's argument: by its own id, else by the client's."""
    if "orderId" in fields:
        text = fields["orderId"]
        if not (text.isascii() and text.isdigit()):
            raise Refusal(400, "INVALID_CLIENT_REQUEST", "Invalid order ID")
        return {"order_id": int(text)}
    if "clientId" in fields:
        return {"client_id": fields["clientId"]}
    raise Refusal(400, "INVALID_CLIENT_REQUEST", "Must specify either `orderId` or `clientId`")


def _order(call: Call) -> Answer:
    named = _named_order(call.query)
    if not call.context.is_listed(call.query["symbol"]):
        raise refusals.invalid_symbol()
    return Answer(payloads.order(call.context.exchange.order(call.account, call.query["symbol"], **named)))


def _cancel(call: Call) -> Answer:
    named = _named_order(call.body)
    done = call.context.exchange.cancel(call.account, call.body["symbol"], now=call.now, **named)
    return call.cancelled(payloads.order(done.result))


def _open_orders(call: Call) -> Answer:
    symbol, kind = call.query.get("symbol"), call.query.get("marketType")
    rows = call.context.exchange.open_orders(call.account, symbol)
    return Answer(
        [payloads.order(row) for row in rows if kind is None or _is_of_kind(call, row.request.symbol, [kind])]
    )


def _cancel_all(call: Call) -> Answer:
    done = call.context.exchange.cancel_all(
        call.account, call.body["symbol"], call.body.get("orderType"), call.now
    )
    return call.cancelled([payloads.order(row) for row in done.result])


# --- positions -----------------------------------------------------------------------------------------


def _is_of_kind(call: Call, symbol: str, kinds: Sequence[str] | None) -> bool:
    return kinds is None or call.context.exchange.rules[symbol].kind in kinds


def _position(call: Call) -> Answer:
    symbol, kind = call.query.get("symbol"), call.query.get("marketType")
    rows = [
        payloads.position(view, call.context.exchange.rules[view.position.symbol])
        for view in call.context.exchange.positions(call.account)
        if symbol in (None, view.position.symbol)
        and (kind is None or _is_of_kind(call, view.position.symbol, [kind]))
    ]
    if symbol is not None and not rows and call.context.exchange.switches.flat_position == "404":
        raise refusals.not_found()
    return Answer(rows)


# --- history -------------------------------------------------------------------------------------------


def history_page(call: Call, rows: Sequence[Row], shape: Callable[[Row], dict[str, Any]]) -> Answer:
    """A page of rows that come newest first, turned around if the oldest are asked for."""
    limit, offset = _page(call)
    ordered = list(reversed(rows)) if call.query.get("sortDirection") == "Asc" else rows
    return paged(ordered, limit, offset, shape)


def _matches(call: Call, *, symbol: str, order_id: int | None = None, strategy_id: int | None = None) -> bool:
    """Whether a row fits the filters that histories share."""
    query = call.query
    return (
        query.get("symbol") in (None, symbol)
        and query.get("orderId") in (None, str(order_id))
        and query.get("strategyId") in (None, str(strategy_id))
        and _is_of_kind(call, symbol, query.get("marketType"))
        and query.get("assetClass") in (None, "STOCK" if ".US_" in symbol else "CRYPTO")
    )


def _order_history(call: Call) -> Answer:
    rows = [
        row
        for row in call.context.exchange.order_history(call.account)
        if _matches(call, symbol=row.request.symbol, order_id=row.id, strategy_id=row.request.strategy_id)
    ]
    return history_page(call, rows, payloads.history_order)


SYSTEM_FILLS: Final[Mapping[str, set[str | None]]] = {
    "Adl": {"LiquidatePositionOnAdl"},
    "Backstop": {"LiquidatePositionOnBackstop"},
    "BookLiquidation": {"LiquidatePositionOnBook"},
    "Liquidation": {"LiquidatePositionOnBook", "LiquidatePositionOnBackstop"},
    "AllLiquidation": {"LiquidatePositionOnAdl", "LiquidatePositionOnBook", "LiquidatePositionOnBackstop"},
    "CollateralConversion": {"CollateralConversion"},
    "CollateralConversionAndSpotLiquidation": {"CollateralConversion"},
    "User": {None},
}
"""The system order types behind each `fillType`; a user's own fill has none."""


def _strategies(call: Call) -> dict[int, int | None]:
    """By the id of an order the strategy of which it is a slice, where the fills of one are asked for."""
    if "strategyId" not in call.query:
        return {}
    orders = call.context.exchange.order_history(call.account)
    return {order.id: order.request.strategy_id for order in orders}


def _fills(call: Call) -> Answer:
    kind, strategies = call.query.get("fillType"), _strategies(call)
    rows: list[Fill] = [
        row
        for row in call.context.exchange.fills(call.account)
        if _matches(call, symbol=row.symbol, order_id=row.order_id, strategy_id=strategies.get(row.order_id))
        and _is_in_time(call, row.time)
        and (kind is None or row.system_order_type in SYSTEM_FILLS[kind])
    ]
    return history_page(call, rows, payloads.fill)


def _funding_history(call: Call) -> Answer:
    rows = [
        row
        for row in call.context.exchange.funding_payments(call.account)
        if _matches(call, symbol=row.symbol)
    ]
    return history_page(call, rows, lambda row: payloads.funding_payment(row, call.account.user_id))


def _position_history(call: Call) -> Answer:
    """Open and closed positions; the OpenAPI gives this history no page headers."""
    views = {view.position.symbol: view for view in call.context.exchange.positions(call.account)}
    leverage = call.context.exchange.summary(call.account).leverage_limit

    def shape(row: Position) -> dict[str, Any]:
        view = views.get(row.symbol) if row.closed_at is None else None
        return payloads.past_position(
            row,
            mark=view.mark if view else call.context.exchange.mark(row.symbol).mark,
            imf=view.imf if view else ZERO,
            liquidated=ZERO,
            leverage=leverage,
        )

    state = call.query.get("state")
    rows = [
        row
        for row in call.context.exchange.position_history(call.account)
        if _matches(call, symbol=row.symbol)
        and state in (None, "Open" if row.closed_at is None else "Closed")
    ]
    return Answer(history_page(call, rows, shape).body)


PRIVATE: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/account": _account,
    "PATCH /api/v1/account": _update_account,
    "GET /api/v1/account/limits/order": _max_order,
    "GET /api/v1/account/limits/withdrawal": _max_withdrawal,
    "GET /api/v1/capital": _capital,
    "GET /api/v1/capital/collateral": _collateral,
    "GET /wapi/v1/capital/deposits": _deposits,
    "GET /wapi/v1/capital/deposit/address": _deposit_address,
    "GET /wapi/v1/capital/withdrawals": _withdrawals,
    "POST /wapi/v1/capital/withdrawals": _withdraw,
    "GET /api/v1/order": _order,
    "POST /api/v1/order": _execute,
    "DELETE /api/v1/order": _cancel,
    "GET /api/v1/orders": _open_orders,
    "POST /api/v1/orders": _execute_batch,
    "DELETE /api/v1/orders": _cancel_all,
    "GET /api/v1/position": _position,
    "GET /wapi/v1/history/fills": _fills,
    "GET /wapi/v1/history/orders": _order_history,
    "GET /wapi/v1/history/funding": _funding_history,
    "GET /wapi/v1/history/position": _position_history,
}
"""Operation -> its answer."""
