"""What nobody fetches does not pile up, and what is closed leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from ccxt.base.errors import ExchangeClosedByUser

from benchmarks.soak import Wanted, soak
from bpx_connector.sandbox.server import Sandbox
from tests.support.streaming import driven, exchange_on, sandbox_with, soon
from tests.support.watchers import comes_true, run_for

SPOT, OTHER = "SOL/USDC", "BTC/USDC"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with sandbox_with("SOL_USDC", "BTC_USDC", speed=10) as sandbox:
        yield sandbox


async def test_what_a_slow_consumer_does_not_fetch_is_kept_up_to_its_limit(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox, options={"tradesLimit": 50, "ordersLimit": 20}) as exchange:
        first = asyncio.ensure_future(exchange.watch_trades(SPOT))
        orders = asyncio.ensure_future(exchange.watch_orders())
        await comes_true(first.done, during=lambda: run_for(sandbox, 0.1))
        for _ in range(25):
            await exchange.create_order(SPOT, "market", "buy", 0.1)
        await run_for(sandbox, 10)
        assert await soon(orders)

        trades = await soon(exchange.watch_trades(SPOT))
        changed = await soon(exchange.watch_orders())

        assert len(exchange.trades[SPOT]) == len(trades) == 50
        assert trades[-1]["id"] == str(sandbox.venue.trades("SOL_USDC")[0].trade_id)
        assert len(exchange.orders) == 20 >= len(changed)
        assert len(exchange.myTrades) <= 50


@pytest.mark.parametrize("pause", range(6))
async def test_nothing_is_left_when_busy_watchers_are_closed_at_any_moment(
    sandbox: Sandbox, pause: int
) -> None:
    before = asyncio.all_tasks()
    async with driven(sandbox), exchange_on(sandbox) as exchange:
        driving = asyncio.all_tasks() - before
        watches = [
            lambda: exchange.watch_order_book(SPOT),
            lambda: exchange.watch_order_book_for_symbols([SPOT, OTHER]),
            lambda: exchange.watch_trades(OTHER),
            lambda: exchange.watch_ticker(SPOT),
            exchange.watch_orders,
            exchange.watch_positions,
        ]
        watchers = [asyncio.ensure_future(_until_the_end(watch)) for watch in watches for _ in range(3)]
        await comes_true(lambda: exchange.orderbooks.get(SPOT, {}).get("nonce"))
        for _ in range(pause):
            await asyncio.sleep(0)
        await exchange.close()

        assert await soon(asyncio.gather(*watchers), 2) == ["the end"] * len(watchers)
        await comes_true(lambda: sandbox.feed.connections, False)
        assert exchange.session is None
        left = {task for task in asyncio.all_tasks() - before - driving if not task.done()}
        assert [task for task in left if "bpx_connector/sandbox" not in repr(task)] == []
        gc.collect()  # a session or socket that was not closed would warn here, and warnings are errors


async def _until_the_end(watch: Any) -> str:
    try:
        while True:
            await watch()
    except ExchangeClosedByUser:
        return "the end"


async def test_an_instance_is_closed_and_used_again_many_times(sandbox: Sandbox) -> None:
    async with driven(sandbox), exchange_on(sandbox) as exchange:
        for _ in range(5):
            assert (await soon(exchange.watch_order_book(SPOT)))["nonce"]
            assert (await soon(exchange.watch_balance()))["total"]
            await exchange.close()
        await comes_true(lambda: sandbox.feed.connections, False)


async def test_when_everything_is_un_watched_no_socket_stays(sandbox: Sandbox) -> None:
    async with driven(sandbox), exchange_on(sandbox) as exchange:
        await soon(exchange.watch_order_book(SPOT))
        await soon(exchange.watch_trades(SPOT))
        await soon(exchange.watch_balance())
        assert len(sandbox.feed.connections) == 2

        await exchange.un_watch_order_book(SPOT)
        await exchange.un_watch_trades(SPOT)
        await exchange.un_watch_balance()

        await comes_true(lambda: sandbox.feed.connections, False)
        assert exchange.stream_counters()["sockets"] == []
        assert (await soon(exchange.watch_order_book(SPOT)))["nonce"]


async def test_fills_are_not_told_again_when_an_instance_is_used_again(sandbox: Sandbox) -> None:
    told: list[str] = []
    async with (
        driven(sandbox),
        exchange_on(sandbox, options={"watchOrders": {"checkEvery": 100}}) as exchange,
    ):
        exchange.milliseconds = lambda: sandbox.clock.now() // 1000
        for _ in range(2):
            fills = asyncio.ensure_future(exchange.watch_my_trades())
            await comes_true(
                lambda: exchange.stream_counters()["streams"].get("account.orderUpdate", {}).get("refetches")
            )
            await asyncio.sleep(0.05)
            await exchange.create_order(SPOT, "market", "buy", 0.1)
            told += [trade["id"] for trade in await soon(fills)]
            again = asyncio.ensure_future(exchange.watch_my_trades())
            sandbox.faults.cut("account.*")
            await asyncio.sleep(0.2)
            assert not again.done(), again.result()
            await exchange.close()
            with pytest.raises(ExchangeClosedByUser):
                await again
    assert len(told) == len(set(told)) >= 2


async def test_a_short_soak_leaves_memory_level_and_nothing_behind() -> None:
    """Left out with `--deselect`; the long one is `python -m benchmarks.soak`."""
    for seconds in (6, 20, 60):  # a busy machine takes longer to get as far
        report = await soak(
            Wanted(seconds=seconds, books=40, cut_every=1.5, check_every=1.5, say=lambda line: None)
        )
        assert report.troubles == []
        if report.counts["reconnects"] >= 6 and report.counts["agreements"]:
            break

    assert report.counts["reconnects"] >= 6
    assert report.counts["agreements"] > 0
