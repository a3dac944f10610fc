"""Exchange objects of the connector on a sandbox: addresses, keys, clock and budgets are seen to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import bpx_connector
from bpx_connector import async_support, pro
from bpx_connector.sandbox.clock import DRIVEN_START, DrivenClock
from bpx_connector.sandbox.server import Sandbox, SandboxThread

FEW: dict[str, Any] = {"symbols": ["SOL_USDC"], "speed": 0}


def test_a_blocking_exchange_trades_on_a_sandbox_in_a_thread() -> None:
    with SandboxThread(**FEW) as sandbox:
        exchange = sandbox.exchange("blocking")
        assert type(exchange) is bpx_connector.bpx
        order = exchange.create_order("SOL/USDC", "limit", "buy", 1, 90)
        assert exchange.cancel_order(str(order["id"]), "SOL/USDC")["status"] == "canceled"


@pytest.mark.parametrize(("kind", "expected"), [("async", async_support.bpx), ("pro", pro.bpx)])
async def test_an_asyncio_exchange_trades_beside_a_sandbox(kind: str, expected: Any) -> None:
    async with Sandbox(**FEW) as sandbox:
        exchange: Any = sandbox.exchange(kind)
        try:
            assert exchange.__class__ is expected
            assert (await exchange.create_order("SOL/USDC", "limit", "buy", 1, 90))["status"] == "open"
        finally:
            await exchange.close()


async def test_two_exchanges_are_two_accounts() -> None:
    async with Sandbox(**FEW) as sandbox:
        one, other = sandbox.exchange("async"), sandbox.exchange("async")
        try:
            await one.create_order("SOL/USDC", "limit", "buy", 1, 90)
            assert len(await one.fetch_open_orders("SOL/USDC")) == 1
            assert await other.fetch_open_orders("SOL/USDC") == []
        finally:
            await asyncio.gather(one.close(), other.close())


async def test_streams_and_rest_lead_to_the_same_sandbox() -> None:
    async with Sandbox(symbols=["SOL_USDC"]) as sandbox:
        exchange = sandbox.exchange("pro", timeout_on_exit=0)
        try:
            book = await asyncio.wait_for(exchange.watch_order_book("SOL/USDC"), 10)
            assert book["bids"][0][0] < book["asks"][0][0]
        finally:
            await exchange.close()


async def test_the_base_address_alone_is_enough_for_a_config() -> None:
    async with Sandbox(symbols=["SOL_USDC"]) as sandbox:
        exchange: Any = pro.bpx({"urls": {"api": sandbox.url}, "timeout_on_exit": 0})
        try:
            assert await asyncio.wait_for(exchange.watch_order_book("SOL/USDC"), 10)
        finally:
            await exchange.close()


def test_on_a_driven_clock_the_exchange_lives_in_the_sandboxs_time_and_without_budgets() -> None:
    with SandboxThread(clock=DrivenClock(), symbols=["SOL_USDC"]) as sandbox:
        exchange = sandbox.exchange()
        assert exchange.milliseconds() == DRIVEN_START // 1_000
        assert not exchange.enableRateLimit
        candles = exchange.fetch_ohlcv("SOL/USDC", "1m", limit=5)
        assert [candle[0] for candle in candles][-1] == DRIVEN_START // 1_000 - 60_000
        assert len(candles) == 5
        assert exchange.fetch_balance()["USDC"]["free"] == 1_000_000


def test_on_the_machines_clock_budgets_stay_as_they_are() -> None:
    with SandboxThread(**FEW) as sandbox:
        assert sandbox.exchange().enableRateLimit


def test_a_class_of_ones_own_and_a_config_are_taken() -> None:
    class Mine(bpx_connector.bpx):
        pass

    with SandboxThread(**FEW) as sandbox:
        exchange = sandbox.exchange(Mine, timeout=1_234, apiKey="mine")
        assert (type(exchange), exchange.timeout, exchange.apiKey) == (Mine, 1_234, "mine")


async def test_a_blocking_exchange_in_the_sandboxs_own_loop_is_refused() -> None:
    async with Sandbox(**FEW) as sandbox:
        for kind in ("blocking", bpx_connector.bpx):
            with pytest.raises(ValueError, match="would wait for the event loop"):
                sandbox.exchange(kind)


def test_an_unknown_kind_says_which_there_are() -> None:
    with (
        SandboxThread(**FEW) as sandbox,
        pytest.raises(ValueError, match="kind='asink' is none of blocking, async, pro and no class"),
    ):
        sandbox.exchange("asink")
