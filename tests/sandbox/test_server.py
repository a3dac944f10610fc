"""The sandbox as a server: in-process, in a thread, and as a command."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bpx_connector.sandbox.__main__ import main
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.records.orders import ASK, BID, MARKET, OrderRequest
from bpx_connector.sandbox.server import Sandbox, SandboxThread
from tests.support.desk import Client, LocalDesk

ROOT = Path(__file__).parent.parent.parent
FEW: dict[str, Any] = {"symbols": ["SOL_USDC", "SOL_USDC_PERP"], "speed": 0}


async def reply(url: str, method: str = "GET", **options: Any) -> tuple[int, str, str]:
    """Status, content type and text."""
    async with aiohttp.ClientSession() as session, session.request(method, url, **options) as response:
        return response.status, response.headers.get("Content-Type", ""), await response.text()


async def test_it_answers_over_http_on_a_free_port() -> None:
    async with Sandbox(**FEW) as sandbox:
        assert sandbox.port != 0
        assert sandbox.url == f"http://127.0.0.1:{sandbox.port}"
        assert await reply(f"{sandbox.url}/api/v1/ping") == (200, "text/plain; charset=utf-8", "pong")
        status, kind, text = await reply(f"{sandbox.url}/api/v1/status")
        assert (status, kind) == (200, "application/json; charset=utf-8")
        assert text == '{"message":null,"status":"Ok"}'


async def test_unknown_paths_and_methods_are_answered_as_the_venue_does() -> None:
    async with Sandbox(**FEW) as sandbox:
        assert await reply(f"{sandbox.url}/nothing") == (404, "text/plain; charset=utf-8", "not found")
        assert await reply(f"{sandbox.url}/") == (404, "text/plain; charset=utf-8", "not found")
        assert (await reply(f"{sandbox.url}/api/v1/order", "PUT"))[0] == 405


async def test_a_signed_order_goes_all_the_way_through() -> None:
    clock = DrivenClock()
    async with Sandbox(clock=clock, **FEW) as sandbox:
        client = Client(LocalDesk(**FEW), LocalDesk(**FEW).client(3).key)
        body = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90.10", "quantity": "1"}
        headers = client.headers("orderExecute", [body])
        status, _, text = await reply(f"{sandbox.url}/api/v1/order", "POST", json=body, headers=headers)
        assert status == 200, text
        assert '"status":"New"' in text
        account = sandbox.venue.account(client.api_key)
        assert account is not None
        assert len(sandbox.venue.open_orders(account)) == 1


async def test_an_empty_answer_has_no_body() -> None:
    async with Sandbox(clock=DrivenClock(), **FEW) as sandbox:
        client = Client(LocalDesk(**FEW), LocalDesk(**FEW).client(3).key)
        body = {"autoLend": False}
        headers = client.headers("accountUpdate", [body])
        status, _, text = await reply(f"{sandbox.url}/api/v1/account", "PATCH", json=body, headers=headers)
        assert (status, text) == (200, "")


async def test_a_body_beyond_all_measure_is_refused() -> None:
    async with Sandbox(**FEW) as sandbox:
        assert (await reply(f"{sandbox.url}/api/v1/order", "POST", data=io.BytesIO(b" " * 2_000_000)))[
            0
        ] == 413


async def test_an_interceptor_answers_first() -> None:
    async def teapot(request: web.Request) -> web.StreamResponse | None:
        return web.Response(status=418) if request.path.endswith("/ping") else None

    async with Sandbox(**FEW) as sandbox:
        sandbox.interceptors.append(teapot)
        assert (await reply(f"{sandbox.url}/api/v1/ping"))[0] == 418
        assert (await reply(f"{sandbox.url}/api/v1/time"))[0] == 200


async def test_with_the_machines_time_the_market_moves_by_itself() -> None:
    async with Sandbox(symbols=["SOL_USDC"], speed=50) as sandbox:
        steps: list[int] = []
        moved = asyncio.Event()
        sandbox.clock.watch(lambda now: (steps.append(now), len(steps) == 2 and moved.set()))  # type: ignore[arg-type, func-returns-value]
        await asyncio.wait_for(moved.wait(), timeout=10)
        assert steps[0] < steps[1]


async def test_nothing_steps_on_once_it_has_stopped() -> None:
    for pause in (0.0, 0.05, 0.12):
        before = asyncio.all_tasks()
        sandbox = Sandbox(**FEW)
        async with (
            sandbox,
            aiohttp.ClientSession() as session,
            session.ws_connect(sandbox.socket_url) as line,
        ):
            await line.send_json({"method": "SUBSCRIBE", "params": ["depth.SOL_USDC"]})
            await asyncio.sleep(pause)
            steps: list[int] = []
            sandbox.clock.watch(steps.append)
            await sandbox.stop()
            assert [task for task in asyncio.all_tasks() - before if "_keep_stepping" in repr(task)] == []
            stopped_at = len(steps)
            await asyncio.sleep(0.11)
            assert len(steps) == stopped_at


async def test_who_is_cancelled_while_it_stops_is_cancelled() -> None:
    async with Sandbox(**FEW) as sandbox:
        stopping = asyncio.ensure_future(sandbox.stop())
        await asyncio.sleep(0)
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping


async def test_it_is_started_once() -> None:
    async with Sandbox(**FEW) as sandbox:
        with pytest.raises(RuntimeError, match="started before"):
            await sandbox.start()


async def test_a_taken_port_is_an_error_and_leaves_nothing_behind() -> None:
    async with Sandbox(**FEW) as sandbox:
        with pytest.raises(OSError, match="address already in use"):
            await Sandbox(port=sandbox.port, **FEW).start()


def test_from_a_thread_a_blocking_program_can_use_it() -> None:
    with SandboxThread(clock=DrivenClock(), **FEW) as sandbox:
        with socket.create_connection(("127.0.0.1", sandbox.sandbox.port), timeout=5) as line:
            line.sendall(b"GET /api/v1/ping HTTP/1.0\r\n\r\n")
            assert line.makefile("rb").read().endswith(b"pong")
        before = sandbox.run(lambda inner: inner.clock.now())
        sandbox.run(lambda inner: inner.clock.advance(2))  # type: ignore[attr-defined]
        assert sandbox.run(lambda inner: inner.clock.now()) == before + 2_000_000
        assert sandbox.socket_url.startswith("ws://127.0.0.1:")


def test_a_thread_that_cannot_start_says_why() -> None:
    with (
        SandboxThread(**FEW) as sandbox,
        pytest.raises(OSError, match="address already in use"),
        SandboxThread(port=sandbox.sandbox.port, **FEW),
    ):
        raise AssertionError("two sandboxes on one port")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_one_line_and_stops_cleanly(number: signal.Signals) -> None:
    words = [sys.executable, "-m", "bpx_connector.sandbox", "--port", "0"]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=20)
    assert line.startswith("listening on http://127.0.0.1:")
    assert (process.returncode, rest, errors) == (0, "", "")


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for option in ("--port", "--host", "--seed", "--speed", "--closed", "--limits"):
        assert option in shown


@pytest.mark.parametrize("watched", ["LastPrice", "MarkPrice", "IndexPrice"])
def test_a_stop_that_a_set_price_fires_is_filled_in_the_book_at_that_price(watched: str) -> None:
    sandbox = Sandbox(symbols=("SOL_USDC_PERP",), clock=DrivenClock())
    sandbox.open_trading()
    venue, now = sandbox.venue, sandbox.clock.now()
    account = venue.open_account("anybody", now)
    bought = OrderRequest(symbol="SOL_USDC_PERP", side=BID, order_type=MARKET, quantity=Decimal(2))
    venue.execute(account, bought, now)
    stop = OrderRequest(
        symbol="SOL_USDC_PERP",
        side=ASK,
        order_type=MARKET,
        trigger_price=Decimal(90),
        trigger_quantity="2",
        trigger_by=watched,
        reduce_only=True,
    )
    venue.execute(account, stop, now)
    sandbox.set_price("SOL_USDC_PERP", Decimal(80))
    fills = [fill for fill in venue.fills(account) if fill.side == ASK]
    assert sum(fill.quantity for fill in fills) == 2
    assert all(Decimal(79) < fill.price <= 80 for fill in fills)
    assert venue.positions(account) == []
