"""The exchange's records as the venue's JSON: key for key what its captures and its OpenAPI show.

Decimals are strings without trailing zeros, absent values are null with their key present, ids of orders are
strings, times are milliseconds, microseconds or naive UTC text as the field has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bpx_connector.sandbox.account.ledger import Deposit, FundingPayment, Withdrawal
from bpx_connector.sandbox.account.margin import AccountSummary, CollateralRow, MarginSummary, PositionView
from bpx_connector.sandbox.market.candles import Blank, Candle, Ticker
from bpx_connector.sandbox.market.marks import Depth, FundingRate, Mark
from bpx_connector.sandbox.records.events import Traded
from bpx_connector.sandbox.records.figures import ZERO, plain
from bpx_connector.sandbox.records.orders import LIMIT, Fill, Order
from bpx_connector.sandbox.records.positions import Position
from bpx_connector.sandbox.records.rules import MarginFunction, MarketRules

__all__ = [
    "account_summary",
    "balance",
    "blank_kline",
    "collateral_summary",
    "deposit",
    "depth",
    "fill",
    "funding_payment",
    "funding_rate",
    "history_order",
    "kline",
    "margin_summary",
    "mark_price",
    "market",
    "naive_time",
    "open_interest",
    "order",
    "past_position",
    "position",
    "ticker",
    "trade",
    "withdrawal",
]

Shape = dict[str, Any]


# --- values --------------------------------------------------------------------------------------------


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _milliseconds(time: int | None) -> int | None:
    return None if time is None else time // 1000


def naive_time(time: int) -> str:
    """Microseconds as naive ISO text in UTC with milliseconds, or without a fraction if there is none."""
    seconds, rest = divmod(time // 1000, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03}" if rest else text


def _blank_time(time: int) -> str:
    return datetime.fromtimestamp(time // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


# --- markets -------------------------------------------------------------------------------------------


def depth(book: Depth) -> Shape:
    """`GET /depth`. Both sides ascend, so the best bid is the last one."""
    return {
        "asks": [[plain(price), plain(size)] for price, size in book.asks],
        "bids": [[plain(price), plain(size)] for price, size in reversed(book.bids)],
        "lastUpdateId": str(book.last_update_id),
        "timestamp": book.time,
    }


def ticker(row: Ticker) -> Shape:
    """`GET /ticker`, one row of `GET /tickers`."""
    return {
        "firstPrice": plain(row.first_price),
        "high": plain(row.high),
        "lastPrice": plain(row.last_price),
        "low": plain(row.low),
        "priceChange": plain(row.price_change),
        "priceChangePercent": plain(row.price_change_percent),
        "quoteVolume": plain(row.quote_volume),
        "symbol": row.symbol,
        "trades": str(row.trades),
        "volume": plain(row.volume),
    }


def trade(row: Traded) -> Shape:
    """One row of `GET /trades`."""
    return {
        "id": row.trade_id,
        "isBuyerMaker": row.buyer_is_maker,
        "price": plain(row.price),
        "quantity": plain(row.quantity),
        "quoteQuantity": plain(row.price * row.quantity),
        "timestamp": row.time // 1000,
    }


def kline(row: Candle) -> Shape:
    """One row of `GET /klines`."""
    return {
        "close": plain(row.close),
        "end": _blank_time(row.end),
        "high": plain(row.high),
        "low": plain(row.low),
        "open": plain(row.open),
        "quoteVolume": plain(row.quote_volume),
        "start": _blank_time(row.start),
        "trades": str(row.trades),
        "volume": plain(row.volume),
    }


def blank_kline(row: Blank) -> Shape:
    """A row of `GET /klines` in which nothing was traded."""
    return {
        "close": None,
        "end": _blank_time(row.end),
        "high": None,
        "low": None,
        "open": None,
        "quoteVolume": "0",
        "start": _blank_time(row.start),
        "trades": "0",
        "volume": "0",
    }


def mark_price(row: Mark) -> Shape:
    """One row of `GET /markPrices`: what is only returned for perpetuals is absent elsewhere."""
    if row.index is None or row.funding_rate is None:
        return {"markPrice": plain(row.mark), "symbol": row.symbol}
    return {
        "fundingRate": plain(row.funding_rate),
        "indexPrice": plain(row.index),
        "markPrice": plain(row.mark),
        "nextFundingTimestamp": _milliseconds(row.next_funding),
        "symbol": row.symbol,
    }


def open_interest(symbol: str, quantity: Decimal, time: int) -> Shape:
    """One row of `GET /openInterest`."""
    return {"openInterest": plain(quantity), "symbol": symbol, "timestamp": time // 1000}


def funding_rate(row: FundingRate) -> Shape:
    """One row of `GET /fundingRates`."""
    return {
        "fundingRate": plain(row.rate),
        "intervalEndTimestamp": naive_time(row.interval_end),
        "symbol": row.symbol,
    }


def collateral_summary(symbol: str, weight: Decimal) -> Shape:
    """One row of `GET /collateral`: a flat weight, without a curve for large holdings."""
    flat = {"base": "1", "factor": "0", "type": "sqrt"}
    return {
        "haircutFunction": {"kind": {"type": "identity"}, "weight": plain(weight)},
        "imfFunction": flat,
        "mmfFunction": dict(flat),
        "symbol": symbol,
    }


# --- orders --------------------------------------------------------------------------------------------


def _order_base(row: Order) -> Shape:
    """What an order has in the answer to a request and in the history alike."""
    return {
        "clientId": row.request.client_id,
        "executedQuantity": plain(row.executed_quantity),
        "executedQuoteQuantity": plain(row.executed_quote_quantity),
        "id": str(row.id),
        "orderType": row.request.order_type,
        "quantity": _text(row.quantity),
        "selfTradePrevention": row.request.self_trade_prevention,
        "side": row.request.side,
        "status": row.status,
        "stopLossLimitPrice": _text(row.request.stop_loss_limit_price),
        "stopLossTriggerBy": row.request.stop_loss_trigger_by,
        "stopLossTriggerPrice": _text(row.request.stop_loss_trigger_price),
        "strategyId": _id(row.request.strategy_id),
        "symbol": row.request.symbol,
        "takeProfitLimitPrice": _text(row.request.take_profit_limit_price),
        "takeProfitTriggerBy": row.request.take_profit_trigger_by,
        "takeProfitTriggerPrice": _text(row.request.take_profit_trigger_price),
        "timeInForce": row.request.time_in_force,
        "triggerBy": row.request.trigger_by,
        "triggerPrice": _text(row.request.trigger_price),
        "triggerQuantity": row.request.trigger_quantity,
    }


def order(row: Order) -> Shape:
    """An order as it is answered when placed, queried or cancelled: a limit or a market order's keys."""
    shape = _order_base(row) | {
        "createdAt": row.created_at // 1000,
        "reduceOnly": row.request.reduce_only,
        "relatedOrderId": _id(row.related_order_id),
        "triggeredAt": _milliseconds(row.triggered_at),
    }
    if row.request.order_type == LIMIT:
        # A waiting trigger order has no quantity of its own yet, but the venue's limit order always has one:
        # "quantity is then 0 or null on the resting trigger".
        shape |= {
            "postOnly": row.request.post_only,
            "price": _text(row.request.price),
            "quantity": _text(row.quantity) or "0",
        }
    else:
        shape |= {
            "quoteQuantity": _text(row.quote_quantity),
            "slippageTolerance": _text(row.request.slippage_tolerance),
            "slippageToleranceType": row.request.slippage_tolerance_type,
        }
    return dict(sorted(shape.items()))


def history_order(row: Order) -> Shape:
    """One row of `GET /wapi/v1/history/orders`; a limit order's quote quantity is price times quantity."""
    quote = row.quote_quantity
    if quote is None and row.request.price is not None and row.quantity is not None:
        quote = row.request.price * row.quantity
    shape = _order_base(row) | {
        "createdAt": naive_time(row.created_at),
        "expiryReason": row.expiry_reason,
        "postOnly": row.request.post_only,
        "price": _text(row.request.price),
        "quoteQuantity": _text(quote),
        "slippageTolerance": _text(row.request.slippage_tolerance),
        "slippageToleranceType": row.request.slippage_tolerance_type,
        "systemOrderType": row.system_order_type,
    }
    return dict(sorted(shape.items()))


def fill(row: Fill) -> Shape:
    """One row of `GET /wapi/v1/history/fills`; the client id is a string here and nowhere else."""
    return {
        "clientId": _id(row.client_id),
        "fee": plain(row.fee),
        "feeSymbol": row.fee_symbol,
        "isMaker": row.is_maker,
        "orderId": str(row.order_id),
        "price": plain(row.price),
        "quantity": plain(row.quantity),
        "side": row.side,
        "symbol": row.symbol,
        "systemOrderType": row.system_order_type,
        "timestamp": naive_time(row.time),
        "tradeId": row.trade_id,
    }


# --- accounts ------------------------------------------------------------------------------------------


def account_summary(row: AccountSummary) -> Shape:
    """`GET /account`."""
    return {
        "autoBorrowSettlements": row.auto_borrow_settlements,
        "autoLend": row.auto_lend,
        "autoRealizePnl": row.auto_realize_pnl,
        "autoRepayBorrows": row.auto_repay_borrows,
        "borrowLimit": plain(row.borrow_limit),
        "futuresMakerFee": plain(row.futures_maker_fee),
        "futuresTakerFee": plain(row.futures_taker_fee),
        "leverageLimit": plain(row.leverage_limit),
        "limitOrders": row.limit_orders,
        "liquidating": row.liquidating,
        "positionLimit": plain(row.position_limit),
        "spotMakerFee": plain(row.spot_maker_fee),
        "spotTakerFee": plain(row.spot_taker_fee),
        "triggerOrders": row.trigger_orders,
    }


def balance(amounts: tuple[Decimal, Decimal, Decimal]) -> Shape:
    """One asset of `GET /capital`."""
    available, locked, staked = amounts
    return {
        "available": plain(available),
        "locked": plain(locked),
        "staked": plain(staked),
    }


def _collateral(row: CollateralRow) -> Shape:
    return {
        "assetMarkPrice": plain(row.asset_mark_price),
        "availableQuantity": plain(row.available_quantity),
        "balanceNotional": plain(row.balance_notional),
        "collateralValue": plain(row.collateral_value),
        "collateralWeight": plain(row.collateral_weight),
        "lendQuantity": plain(row.lend_quantity),
        "openOrderQuantity": plain(row.open_order_quantity),
        "symbol": row.symbol,
        "totalQuantity": plain(row.total_quantity),
    }


def margin_summary(row: MarginSummary) -> Shape:
    """`GET /capital/collateral`."""
    return {
        "assetsValue": plain(row.assets_value),
        "borrowLiability": plain(row.borrow_liability),
        "collateral": [_collateral(asset) for asset in row.collateral],
        "imf": plain(row.imf),
        "liabilitiesValue": plain(row.liabilities_value),
        "marginFraction": _text(row.margin_fraction),
        "mmf": plain(row.mmf),
        "netEquity": plain(row.net_equity),
        "netEquityAvailable": plain(row.net_equity_available),
        "netEquityLocked": plain(row.net_equity_locked),
        "netExposureFutures": plain(row.net_exposure_futures),
        "pnlUnrealized": plain(row.pnl_unrealized),
        "unsettledEquity": plain(row.unsettled_equity),
    }


def _function(function: MarginFunction | None) -> Shape:
    base, factor = (ZERO, ZERO) if function is None else (function.base, function.factor)
    return {"base": plain(base), "factor": plain(factor), "type": "sqrt"}


def position(view: PositionView, rules: MarketRules) -> Shape:
    """One row of `GET /position`."""
    row = view.position
    return {
        "breakEvenPrice": plain(row.break_even_price),
        "cumulativeFundingPayment": plain(row.cumulative_funding),
        "cumulativeInterest": "0",
        "entryPrice": plain(row.entry_price),
        "estLiquidationPrice": plain(view.estimated_liquidation_price),
        "imf": plain(view.imf),
        "imfFunction": _function(rules.imf),
        "markPrice": plain(view.mark),
        "mmf": plain(view.mmf),
        "mmfFunction": _function(rules.mmf),
        "netCost": plain(row.net_cost),
        "netExposureNotional": plain(view.exposure_notional),
        "netExposureQuantity": plain(view.exposure_quantity),
        "netQuantity": plain(row.quantity),
        "pnlRealized": plain(row.pnl_realized),
        "pnlUnrealized": plain(view.pnl_unrealized),
        "positionId": str(row.id),
        "subaccountId": None,
        "symbol": row.symbol,
        "userId": view.user_id,
    }


def past_position(
    row: Position, *, mark: Decimal, imf: Decimal, liquidated: Decimal, leverage: Decimal | None
) -> Shape:
    """One row of `GET /wapi/v1/history/position`, of an open or a closed position."""
    return {
        "accountLeverage": _text(leverage),
        "closedAt": None if row.closed_at is None else naive_time(row.closed_at),
        "closedVolume": plain(row.closed_quantity),
        "closingPrice": _text(row.closing_price),
        "cumulativePnlRealized": plain(row.pnl_realized),
        "entryPrice": plain(row.entry_price),
        "fees": plain(row.fees),
        "fundingQuantity": plain(row.cumulative_funding),
        "id": str(row.id),
        "imf": plain(imf),
        "interest": "0",
        "liquidated": plain(liquidated),
        "liquidationFees": plain(row.liquidation_fees),
        "markPrice": plain(mark),
        "netCost": plain(row.net_cost),
        "netExposureNotional": plain(abs(row.quantity) * mark),
        "netExposureQuantity": plain(abs(row.quantity)),
        "netQuantity": plain(row.quantity),
        "openedAt": naive_time(row.opened_at),
        "state": "Open" if row.closed_at is None else "Closed",
        "symbol": row.symbol,
        "unrealizedPnl": plain(row.unsettled(mark) if row.quantity else ZERO),
    }


def funding_payment(row: FundingPayment, user_id: int) -> Shape:
    """One row of `GET /wapi/v1/history/funding`."""
    return {
        "fundingRate": plain(row.rate),
        "intervalEndTimestamp": naive_time(row.interval_end),
        "quantity": plain(row.quantity),
        "subaccountId": 0,
        "symbol": row.symbol,
        "userId": user_id,
    }


def deposit(row: Deposit) -> Shape:
    """One row of `GET /wapi/v1/capital/deposits`."""
    return {
        "createdAt": naive_time(row.created_at),
        "fiatAmount": None,
        "fiatCurrency": None,
        "fromAddress": row.from_address,
        "id": row.id,
        "institutionBic": None,
        "platformMemo": None,
        "quantity": plain(row.quantity),
        "source": row.source,
        "status": row.status,
        "symbol": row.asset,
        "toAddress": row.to_address,
        "transactionHash": row.transaction_hash,
    }


def withdrawal(row: Withdrawal) -> Shape:
    """One row of `GET /wapi/v1/capital/withdrawals`, and the answer to the POST."""
    return {
        "accountIdentifier": None,
        "bankIdentifier": None,
        "bankName": None,
        "blockchain": row.blockchain,
        "clientId": row.client_id,
        "createdAt": naive_time(row.created_at),
        "fee": plain(row.fee),
        "fiatFee": None,
        "fiatState": None,
        "fiatSymbol": None,
        "id": row.id,
        "identifier": None,
        "isInternal": False,
        "providerId": None,
        "quantity": plain(row.quantity),
        "status": row.status,
        "subaccountId": None,
        "symbol": row.asset,
        "toAddress": row.address,
        "transactionHash": row.transaction_hash,
        "triggerAt": None,
    }


def market(rules: MarketRules, state: str) -> Shape:
    """One row of `GET /markets`, with the book's state of this moment."""
    row: Mapping[str, Any] = rules.row
    return dict(row) | {"orderBookState": state}
