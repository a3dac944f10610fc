"""A parser that a program has replaced is called wherever ccxt would call it: alone, by lists, by streams."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bpx_connector.pro import bpx as pro
from tests.rest.test_odd_answers import ANSWERS, CALLS
from tests.rest.test_odd_rows import ARGUMENTS, LISTED
from tests.rest.test_spoilt_answers import CAPTURED, SPOT, SWAP, answer_of, spoilable
from tests.support.callers import Caller
from tests.support.canned import CannedVenue
from tests.support.listeners import until
from tests.support.streaming import driven, sandbox_with, soon

CALLED: dict[str, tuple[str, ...]] = {
    "parse_ticker": ("GET /api/v1/ticker", "GET /api/v1/tickers"),
    "parse_last_price": ("GET /api/v1/tickers",),
    "parse_trade": ("GET /api/v1/trades", "GET /wapi/v1/history/fills"),
    "parse_order": (
        "GET /api/v1/order",
        "GET /api/v1/orders",
        "POST /api/v1/order",
        "DELETE /api/v1/order",
        "GET /wapi/v1/history/orders",
    ),
    "parse_market": ("GET /api/v1/markets",),
    "parse_currency": ("GET /api/v1/assets",),
    "parse_position": ("GET /api/v1/position",),
    "parse_income": ("GET /wapi/v1/history/funding",),
    "parse_funding_rate": ("GET /api/v1/markPrices",),
    "parse_funding_rate_history": ("GET /api/v1/fundingRates",),
    "parse_open_interest": ("GET /api/v1/openInterest",),
    "parse_order_book": ("GET /api/v1/depth",),
    "parse_transaction": ("GET /wapi/v1/capital/deposits", "GET /wapi/v1/capital/withdrawals"),
    "parse_deposit_address": ("GET /wapi/v1/capital/deposit/address",),
    "parse_balance": ("GET /api/v1/capital",),
    "parse_ohlcv": ("GET /api/v1/klines",),
    # Those of lists, which ccxt names too.
    "parse_tickers": ("GET /api/v1/tickers",),
    "parse_trades": ("GET /api/v1/trades", "GET /wapi/v1/history/fills"),
    "parse_orders": ("GET /api/v1/orders", "GET /wapi/v1/history/orders"),
    "parse_ohlcvs": ("GET /api/v1/klines",),
    "parse_positions": ("GET /api/v1/position",),
    "parse_incomes": ("GET /wapi/v1/history/funding",),
    "parse_transactions": ("GET /wapi/v1/capital/deposits",),
    "parse_funding_rates": ("GET /api/v1/markPrices",),
    "parse_funding_rate_histories": ("GET /api/v1/fundingRates",),
    "parse_open_interests": ("GET /api/v1/openInterest",),
    "parse_markets": ("GET /api/v1/markets",),
    "parse_order_book_bids_asks": ("GET /api/v1/depth",),
    "parse_order_book_bid_ask": ("GET /api/v1/depth",),
    "parse_status": ("GET /api/v1/status",),
}
"""The parser, and the operations whose answers it has to be called for."""


def replaced(exchange: Any, parser: str) -> list[Any]:
    """Have a parser note that it was called, as a program would that adds a field; what it has given."""
    given: list[Any] = []
    own = getattr(exchange, parser)

    def parse(*args: Any, **kwargs: Any) -> Any:
        given.append(own(*args, **kwargs))
        if isinstance(given[-1], dict) and ("info" in given[-1] or "bids" in given[-1]):
            given[-1]["mine"] = True
        return given[-1]

    setattr(exchange, parser, parse)
    return given


def without_mine(result: Any) -> Any:
    """The same without the field that was added."""
    if isinstance(result, dict):
        return {name: without_mine(value) for name, value in result.items() if name != "mine"}
    if isinstance(result, list | tuple):
        return type(result)(map(without_mine, result))
    return result


@pytest.mark.parametrize(
    ("parser", "operation"), [(parser, operation) for parser, names in CALLED.items() for operation in names]
)
def test_a_replaced_parser_is_called(parser: str, operation: str) -> None:
    answer, (_, call) = answer_of(operation), CAPTURED[operation]
    plain = call(spoilable().answered(operation, answer))
    exchange = spoilable().answered(operation, answer)
    given = replaced(exchange, parser)
    result = call(exchange)
    assert given
    assert without_mine(result) == plain


CANNED = {
    "parse_ledger_entry": "fetch_ledger",
    "parse_ledger": "fetch_ledger",
    "parse_conversion": "fetch_convert_trade_history",
    "parse_conversions": "fetch_convert_trade_history",
    "parse_borrow_interest": "fetch_borrow_interest",
    "parse_borrow_interests": "fetch_borrow_interest",
    "parse_borrow_rate": "fetch_cross_borrow_rates",
    "parse_leverage": "fetch_leverages",
    "parse_liquidation": "fetch_my_liquidations",
    "parse_liquidations": "fetch_my_liquidations",
    "parse_transaction": "fetch_deposit",
    "parse_order_book": "fetch_order_book",
    "parse_trading_fee": "fetch_trading_fees",
    "parse_margin_mode": "fetch_margin_mode",
    "parse_market_leverage_tiers": "fetch_leverage_tiers",
    "parse_deposit_withdraw_fee": "fetch_deposit_withdraw_fees",
    "parse_deposit_withdraw_fees": "fetch_deposit_withdraw_fees",
}
IN_PART = [
    ("parse_ticker", method) for method in ("fetch_mark_price", "fetch_mark_prices", "fetch_bids_asks")
]
"""Tickers of which little is known."""

OTHERS: dict[str, tuple[Any, ...]] = {
    "fetch_mark_price": (SWAP,),
    "fetch_mark_prices": ([SWAP],),
    "fetch_bids_asks": ([SPOT],),
    **CALLS,
    **ARGUMENTS,
    "fetch_order_book": (SPOT,),
    "fetch_trading_fees": (),
    "fetch_margin_mode": (SWAP,),
    "fetch_leverage_tiers": (),
    "fetch_deposit_withdraw_fees": (),
}


@pytest.mark.parametrize(("parser", "method"), [*CANNED.items(), *IN_PART])
def test_a_replaced_parser_of_rarer_lists_is_called(parser: str, method: str) -> None:
    caller = Caller(is_asyncio=False, sandbox=None)
    captured = {name: answer_of(name) for name in ("GET /api/v1/assets", "GET /api/v1/markPrices")}
    venue = CannedVenue(caller, {**ANSWERS, **LISTED, **captured}, is_checked=False)
    plain = venue.call(method, *OTHERS[method])
    given = replaced(caller.exchange, parser)
    result = venue.call(method, *OTHERS[method])
    assert given
    assert without_mine(result) == plain
    caller.close()


class Mine(pro):
    """As a program would that wants one more field."""

    def parse_order(self, order: Any, market: Any = None) -> Any:
        return {**super().parse_order(order, market), "mine": True}

    def parse_trade(self, trade: Any, market: Any = None) -> Any:
        return {**super().parse_trade(trade, market), "mine": True}

    def parse_ticker(self, ticker: Any, market: Any = None) -> Any:
        return {**super().parse_ticker(ticker, market), "mine": True}

    def parse_ohlcv(self, ohlcv: Any, market: Any = None) -> Any:
        return [*super().parse_ohlcv(ohlcv, market), ohlcv["trades"]]

    def parse_balance(self, response: Any) -> Any:
        return {**super().parse_balance(response), "mine": True}


async def test_streams_call_replaced_parsers_too() -> None:
    async with (
        sandbox_with("SOL_USDC", "SOL_USDC_PERP") as sandbox,
        driven(sandbox),
        sandbox.exchange(Mine) as exchange,
    ):
        watched = {
            "orders": asyncio.ensure_future(exchange.watch_orders()),
            "my trades": asyncio.ensure_future(exchange.watch_my_trades()),
            "trades": asyncio.ensure_future(exchange.watch_trades(SPOT)),
            "ticker": asyncio.ensure_future(exchange.watch_ticker(SPOT)),
            "best": asyncio.ensure_future(exchange.watch_bids_asks([SPOT])),
            "mark": asyncio.ensure_future(exchange.watch_mark_price(SWAP)),
            "balance": asyncio.ensure_future(exchange.watch_balance()),
            "candles": asyncio.ensure_future(exchange.watch_ohlcv(SPOT)),
        }
        await soon(until(lambda: exchange.stream_counters()["streams"].get("account.orderUpdate")))
        await soon(watched["balance"])
        order = await exchange.create_order(SPOT, "market", "buy", 1)
        told = {name: await soon(task) for name, task in watched.items()}
        assert order["mine"]
        assert told["orders"][-1]["mine"]
        assert told["orders"][-1]["id"] == order["id"]
        assert told["my trades"][-1]["mine"]
        assert told["my trades"][-1]["order"] == order["id"]
        assert all(trade["mine"] for trade in told["trades"])
        assert told["ticker"]["mine"]
        assert told["best"][SPOT]["mine"]
        assert told["best"][SPOT]["bid"] < told["best"][SPOT]["ask"]
        assert told["mark"]["mine"]
        assert told["mark"]["markPrice"]
        assert told["balance"]["mine"]
        assert len(told["candles"][-1]) == 7
