"""How an instance with streams lives: in any loop and thread, through trouble, to its end and again."""

from __future__ import annotations

import asyncio
import gc
import pickle
import threading
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import pytest
from ccxt.base.errors import AuthenticationError, BadSymbol, ExchangeClosedByUser, NetworkError

from bpx_connector.pro import bpx
from bpx_connector.sandbox.server import Sandbox, SandboxThread
from tests.support.keys import FIRST, SECOND, KeyPair
from tests.support.listeners import until
from tests.support.scripted_source import scripted
from tests.support.streaming import driven, exchange_on, sandbox_with, soon

SPOT = "SOL/USDC"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with sandbox_with("SOL_USDC") as sandbox, driven(sandbox):
        yield sandbox


async def test_close_wakes_every_watcher_and_the_instance_can_be_used_again(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        await soon(exchange.watch_order_book(SPOT))
        watchers = [
            asyncio.ensure_future(_for_ever(exchange.watch_order_book, SPOT)),
            asyncio.ensure_future(_for_ever(exchange.watch_orders)),
        ]
        await asyncio.sleep(0.05)
        book = exchange.orderbooks[SPOT]
        await exchange.close()
        for watcher in watchers:
            with pytest.raises(ExchangeClosedByUser):
                await soon(watcher)
        assert book["nonce"] is None
        assert exchange.clients == {}
        assert exchange.session is None
        assert (await soon(exchange.watch_order_book(SPOT)))["nonce"]


@pytest.mark.parametrize(
    ("error", "is_told"), [(ExchangeClosedByUser("closed"), False), (BadSymbol("x"), True)]
)
async def test_a_question_that_close_has_ended_is_no_refusal_of_the_venues(
    error: Exception, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted({"/api/v1/depth": error}) as (exchange, _):
        with pytest.raises(type(error)):
            await soon(exchange.watch_order_book(SPOT))
    assert ("REST refuses" in caplog.text) is is_told


async def test_nothing_is_left_of_a_closed_instance(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        before = asyncio.all_tasks()
        await soon(exchange.watch_order_book(SPOT))
        await soon(exchange.watch_balance())
        await exchange.close()
        await asyncio.sleep(0.05)
        assert {task for task in asyncio.all_tasks() - before if not task.done()} == set()
        assert sandbox.feed.connections == []
        gc.collect()  # a leaked socket would warn here, and warnings are errors


async def _for_ever(watch: Any, *args: Any) -> None:
    while True:
        await watch(*args)


def test_an_instance_made_here_works_in_a_thread_with_its_own_loop() -> None:
    exchange: Any = bpx({"enableRateLimit": False})
    exchange.timeout_on_exit = 0
    books: list[Any] = []

    def work() -> None:
        async def watch() -> None:
            books.append(await soon(exchange.watch_order_book(SPOT, 1)))
            await exchange.close()

        asyncio.run(watch())

    with SandboxThread(seed=1, symbols=("SOL_USDC",)) as sandbox:
        socket = {"public": sandbox.socket_url, "private": sandbox.socket_url}
        exchange.urls["api"] = {"public": sandbox.url, "private": sandbox.url, "ws": socket}
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(30)
    assert len(books[0]["bids"]) == 1


async def test_a_signature_that_is_refused_is_raised_where_it_matters(sandbox: Sandbox) -> None:
    sandbox.faults.refuse_signature("subscribe")
    async with exchange_on(sandbox) as exchange:
        public = asyncio.ensure_future(exchange.watch_ticker(SPOT))
        with pytest.raises(AuthenticationError, match=r"account\.orderUpdate was refused: 4003"):
            await soon(exchange.watch_orders())
        assert (await soon(public))["last"]
        sandbox.faults.clear()
        watching = asyncio.ensure_future(exchange.watch_balance())
        assert (await soon(watching))["total"]


async def test_credentials_that_are_no_pair_are_said_to_be_none(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox, KeyPair(FIRST.api_key, "c2hvcnQ=")) as exchange:
        with pytest.raises(AuthenticationError, match="secret decodes to 5 bytes"):
            await soon(exchange.watch_my_trades())


async def test_a_venue_that_is_not_there_is_a_network_error(unused_tcp_port: int, sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        exchange.urls["api"]["ws"] = {"public": f"ws://127.0.0.1:{unused_tcp_port}"}
        with pytest.raises(NetworkError, match="no connection to the streams"):
            await soon(exchange.watch_ticker(SPOT))


async def test_a_watcher_outlives_a_cut_socket(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        await soon(exchange.watch_order_book(SPOT))
        sandbox.faults.cut()
        sandbox.faults.refuse("/api/v1/depth", status=503, times=2)
        sandbox.faults.stale("SOL_USDC", seconds=1, times=1)
        for _ in range(3):
            assert (await soon(exchange.watch_order_book(SPOT)))["nonce"]
        assert exchange.stream_counters()["sockets"][0]["reconnects"] >= 1


async def test_a_fill_that_was_missed_in_a_gap_is_handed_out_after_it() -> None:
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        exchange.nonce = lambda: sandbox.clock.now() // 1000
        fills = asyncio.ensure_future(exchange.watch_my_trades())
        orders = asyncio.ensure_future(exchange.watch_orders())
        streams = exchange.stream_counters
        await until(lambda: streams()["streams"].get("account.orderUpdate", {}).get("refetches"))
        await asyncio.sleep(0.05)
        sandbox.faults.lose("account.*")
        placed = await exchange.create_order(SPOT, "market", "buy", 1)
        assert not fills.done()
        sandbox.faults.clear()
        sandbox.faults.cut("account.*")
        [order] = await soon(orders)
        assert (order["id"], order["status"], order["filled"]) == (placed["id"], "closed", 1)
        assert {trade["order"] for trade in await soon(fills)} == {placed["id"]}


async def test_proxies_of_ccxt_are_used(sandbox: Sandbox, unused_tcp_port: int) -> None:
    async with exchange_on(sandbox) as exchange:
        exchange.wsProxy = f"http://127.0.0.1:{unused_tcp_port}"
        with pytest.raises(NetworkError, match=str(unused_tcp_port)):
            await soon(exchange.watch_ticker(SPOT))


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), deepcopy])
async def test_an_exchange_that_is_watching_can_be_copied_and_the_copy_connects_anew(copied: Any) -> None:
    async with sandbox_with("SOL_USDC") as sandbox, driven(sandbox), exchange_on(sandbox) as exchange:
        for method in ("watch_order_book", "watch_trades", "watch_ticker"):
            await soon(getattr(exchange, method)("SOL/USDC"))
        waiting = asyncio.ensure_future(exchange.watch_orders())
        await soon(exchange.watch_balance())
        copy = copied(exchange)
        assert (copy.clients, copy.orderbooks) == ({}, {})
        try:
            for one in (copy, exchange):
                assert (await soon(one.watch_order_book("SOL/USDC", 1)))["bids"]
                assert await soon(one.watch_trades("SOL/USDC"))
        finally:
            await copy.close()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize("seconds", [-20, 20])
async def test_a_clock_that_has_drifted_is_measured_anew_when_a_stream_is_refused(seconds: int) -> None:
    options = {"adjustForTimeDifference": True}
    async with sandbox_with("SOL_USDC") as sandbox:
        true = sandbox.clock.now() // 1000
        async with exchange_on(sandbox, options=options, milliseconds=lambda: true) as exchange:
            assert abs(exchange.options["timeDifference"]) < 1000
            exchange.milliseconds = lambda: true + seconds * 1000
            watching = [exchange.watch_orders(), exchange.watch_my_trades(), exchange.watch_balance()]
            tasks = [asyncio.ensure_future(one) for one in watching]
            assert (await soon(tasks[-1]))["total"]
            await exchange.create_order(SPOT, "market", "buy", 1)
            assert [order["status"] for order in await soon(tasks[0])][-1:] == ["closed"]
            assert abs(exchange.options["timeDifference"] - seconds * 1000) < 1000
            await soon(tasks[1])


async def test_a_signature_that_is_refused_although_the_clock_is_right_is_raised_once_it_was_measured(
    sandbox: Sandbox,
) -> None:
    sandbox.faults.refuse_signature("subscribe")
    async with exchange_on(sandbox, options={"adjustForTimeDifference": True}) as exchange:
        watching = [exchange.watch_orders(), exchange.watch_balance()]
        for told in await soon(asyncio.gather(*watching, return_exceptions=True)):
            assert isinstance(told, AuthenticationError)
        sandbox.faults.clear()
        assert (await soon(exchange.watch_balance()))["total"]


@pytest.mark.filterwarnings("ignore")  # what nobody has closed is complained of, as it should be
def test_one_instance_lives_in_one_loop_after_another_closed_or_not() -> None:
    """As where each task of a program has its own `asyncio.run`, and none of them thinks of closing."""

    async def used(exchange: Any) -> Any:
        resting = await exchange.create_order(SPOT, "limit", "buy", 1, 60)
        watching = await soon(exchange.watch_balance())
        book = await soon(exchange.watch_order_book(SPOT))
        return resting["status"], watching["USDC"]["used"] > 0, book["nonce"] > 0

    with SandboxThread(seed=1, symbols=("SOL_USDC",), speed=20) as sandbox:
        exchange = sandbox.sandbox.exchange(bpx)
        exchange.timeout_on_exit = 0
        for _ in range(2):
            assert asyncio.run(used(exchange)) == ("open", True, True)
        asyncio.run(exchange.close())  # in a loop that has seen nothing of what is to be closed
        assert asyncio.run(used(exchange)) == ("open", True, True)
        asyncio.run(exchange.close())
        gc.collect()


async def test_keys_that_are_changed_meanwhile_do_not_go_unnoticed(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        watched = asyncio.ensure_future(exchange.watch_orders())
        await soon(until(lambda: exchange.stream_counters()["streams"].get("account.orderUpdate")))
        order = await exchange.create_order(SPOT, "limit", "buy", 1, 50)
        assert [one["id"] for one in await soon(watched)] == [order["id"]]
        exchange.apiKey, exchange.secret = SECOND.credentials["apiKey"], SECOND.credentials["secret"]
        for method in ("watch_orders", "watch_my_trades", "watch_positions", "watch_balance"):
            with pytest.raises(AuthenticationError, match="another account are followed"):
                await getattr(exchange, method)()
        await exchange.close()
        watched = asyncio.ensure_future(exchange.watch_orders())
        await soon(until(lambda: exchange.stream_counters()["streams"].get("account.orderUpdate")))
        order = await exchange.create_order(SPOT, "limit", "buy", 1, 50)
        assert [one["id"] for one in await soon(watched)] == [order["id"]]
