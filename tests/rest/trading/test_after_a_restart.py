"""A program that was started again finds its fired stop by the id it has written down, and what it traded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import OrderNotFound

from bpx_connector import bpx
from bpx_connector.sandbox import SandboxThread
from tests.support.trading import SOL, SWAP

MARKETS = ["SOL_USDC", "SOL_USDC_PERP"]
MOST_LOOKS = 200


@pytest.fixture
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(seed=7, symbols=MARKETS) as running:
        yield running


def restarted(sandbox: SandboxThread, exchange: Any) -> Any:
    return sandbox.exchange(bpx, apiKey=exchange.apiKey, secret=exchange.secret)


def fire(sandbox: SandboxThread, exchange: Any, symbol: str, price: float) -> None:
    """Move the price until every stop of a market has fired."""
    market_id = exchange.market(symbol)["id"]
    sandbox.run(lambda running: running.set_price(market_id, Decimal(str(round(price, 2)))))
    for _ in range(MOST_LOOKS):
        if not exchange.fetch_open_orders(symbol, None, None, {"trigger": True}):
            return
        time.sleep(0.01)
    raise AssertionError("the stop has not fired")


@pytest.fixture
def resting(sandbox: SandboxThread) -> tuple[Any, str, float]:
    """An exchange, its take profit that has fired and rests in the book, and the price there was."""
    exchange: Any = sandbox.exchange(bpx)
    last = exchange.fetch_ticker(SOL)["last"]
    stop = exchange.create_order(
        SOL, "limit", "sell", 10, round(last * 1.05, 2), {"takeProfitPrice": round(last * 1.02, 2)}
    )
    fire(sandbox, exchange, SOL, last * 1.03)
    return exchange, stop["id"], last


@pytest.mark.parametrize("looks", [False, True])
def test_a_fired_stop_is_cancelled_by_its_id(
    sandbox: SandboxThread, resting: tuple[Any, str, float], looks: bool
) -> None:
    exchange, stop_id, _ = resting
    fresh = restarted(sandbox, exchange)
    if looks:
        assert stop_id in [order["id"] for order in fresh.fetch_orders(SOL)]
    cancelled = fresh.cancel_order(stop_id, SOL)
    assert (cancelled["id"], cancelled["status"]) == (stop_id, "canceled")
    assert fresh.fetch_open_orders(SOL) == []
    with pytest.raises(OrderNotFound):
        restarted(sandbox, exchange).cancel_order(stop_id, SOL)


@pytest.mark.parametrize("is_fresh", [False, True])
def test_a_fired_stop_is_edited_by_its_id(
    sandbox: SandboxThread, resting: tuple[Any, str, float], is_fresh: bool
) -> None:
    exchange, stop_id, last = resting
    editor = restarted(sandbox, exchange) if is_fresh else exchange
    edited = editor.edit_order(stop_id, SOL, "limit", "sell", 5, round(last * 1.06, 2))
    assert (edited["amount"], edited["status"]) == (5.0, "open")
    assert [order["id"] for order in editor.fetch_open_orders(SOL)] == [edited["id"]]


def test_the_trades_of_a_fired_stop_are_found_by_its_id(sandbox: SandboxThread) -> None:
    exchange: Any = sandbox.exchange(bpx)
    last = exchange.fetch_ticker(SWAP)["last"]
    exchange.create_order(SWAP, "market", "buy", 2)
    how = {"stopLossPrice": last * 0.95, "reduceOnly": True}
    stop = exchange.create_order(SWAP, "market", "sell", 2, None, how)
    fire(sandbox, exchange, SWAP, last * 0.94)
    fresh = restarted(sandbox, exchange)
    assert [trade["amount"] for trade in fresh.fetch_order_trades(stop["id"], SWAP)] == [2.0]
    assert fresh.fetch_order_trades("123", SWAP) == []


def test_an_answer_that_is_lost_names_only_what_it_has_cancelled(sandbox: SandboxThread) -> None:
    exchange: Any = sandbox.exchange(bpx)
    first = exchange.create_order(SOL, "limit", "buy", 1, 80)
    sandbox.run(lambda running: running.faults.add("lost /api/v1/order method=DELETE times=1"))
    assert exchange.cancel_order(first["id"], SOL)["status"] == "canceled"
    for _ in range(2):
        resting = exchange.create_order(SOL, "limit", "buy", 1, 80)
        sandbox.run(lambda running: running.faults.add("lost /api/v1/orders method=DELETE times=1"))
        assert [order["id"] for order in exchange.cancel_all_orders(SOL)] == [resting["id"]]


def test_the_slices_of_a_strategy_are_its_orders_and_fills(sandbox: SandboxThread) -> None:
    exchange: Any = sandbox.exchange(bpx)
    placed = exchange.create_twap_order(SOL, "buy", 0.2, 1000, {"interval": 1000})
    exchange.create_order(SOL, "market", "buy", 1)
    trades = exchange.fetch_twap_order_trades(placed["id"], SOL)
    assert trades
    assert sum(trade["amount"] for trade in trades) < 1
    rows = exchange.private_get_wapi_v1_history_orders({"strategyId": placed["id"]})
    assert {row["strategyId"] for row in rows} == {placed["id"]}


def test_a_forgotten_argument_is_the_callers_matter() -> None:
    exchange: Any = bpx()
    for name in ("lend", "create_twap_order", "mint_vault_shares"):
        with pytest.raises(TypeError, match="missing"):
            getattr(exchange, name)("1")
