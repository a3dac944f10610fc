"""What is shown of the streams to who asks for it, and what never is."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any

import pytest
from aiohttp import web
from ccxt.base.errors import NetworkError

from tests.support.keys import FIRST
from tests.support.scripted_source import scripted
from tests.support.streaming import exchange_on, sandbox_with, soon

NOW = 1_788_284_044_094_000
CAPITAL = {"/api/v1/capital": {"USDC": {"available": "7", "locked": "0", "staked": "0"}}}
TICKER = {"E": NOW, "o": "1", "c": "2", "h": "3", "l": "1", "v": "5", "V": "9", "s": "SOL_USDC"}


async def watched(exchange: Any, source: Any) -> None:
    await soon(exchange.watch_balance())
    watching = exchange.watch_ticker("SOL/USDC")
    await source.subscribed("account.balanceUpdate")
    task = asyncio.ensure_future(watching)
    await source.subscribed("ticker.SOL_USDC")
    source.say("ticker.SOL_USDC", **TICKER)
    await soon(task)


async def test_verbose_shows_frames_in_both_directions_without_keys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with scripted(CAPITAL, verbose=True) as (exchange, source):
        await watched(exchange, source)
    shown = capsys.readouterr().out
    assert 'sent {"method":"SUBSCRIBE","params":["ticker.SOL_USDC"]}' in shown
    assert 'received {"data":{"E":1788284044094000' in shown
    assert "account.balanceUpdate" in shown
    assert FIRST.api_key not in shown
    assert "signature 1" not in shown


async def test_a_logger_at_debug_is_told_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async with scripted(CAPITAL) as (exchange, source):
        with caplog.at_level(logging.DEBUG, exchange.logger.name):
            await watched(exchange, source)
    told = "\n".join(caplog.messages)
    assert 'sent {"method":"SUBSCRIBE","params":["ticker.SOL_USDC"]}' in told
    assert 'received {"data":{"E":1788284044094000' in told
    assert FIRST.api_key not in told
    assert "signature 1" not in told


async def test_streams_can_be_silenced_alone(capsys: pytest.CaptureFixture[str]) -> None:
    async with scripted(CAPITAL, {"ws": {"verbose": False}}, verbose=True) as (exchange, source):
        await watched(exchange, source)
    assert "ticker.SOL_USDC" not in capsys.readouterr().out


async def test_nothing_is_shown_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    async with scripted(CAPITAL) as (exchange, source):
        await watched(exchange, source)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("by_proxy", [False, True])
async def test_a_refused_handshake_tells_status_and_reason_and_no_secret(
    by_proxy: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=403, reason="Go away", headers={"Set-Cookie": "session=monster"})

    app = web.Application()
    app.router.add_get("/{any:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    secret = {"Authorization": "Bearer topsecret", "Cookie": "session=monster"}
    streams = {"streams": {"headers": secret, "shortestPause": 1, "longestPause": 2}}
    proxy = f"http://desk:pr0xy@127.0.0.1:{port}" if by_proxy else None
    try:
        async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox, options=streams) as exchange:
            exchange.urls["api"]["ws"] = {"public": f"ws://127.0.0.1:{port}"}
            exchange.wsProxy = proxy
            with pytest.raises(NetworkError) as raised:
                await soon(exchange.watch_ticker("SOL/USDC"))
    finally:
        await runner.cleanup()
    error: BaseException | None = raised.value
    told = [*caplog.messages]
    while error is not None:
        told += [repr(error), str(vars(error))]
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "/bpx_connector/" in frame.f_code.co_filename:  # as tools show them
                told += map(repr, frame.f_locals.values())
        error = error.__cause__ or error.__context__
    text = "\n".join(told)
    assert f"the handshake was answered {404 if by_proxy else 403}" in text
    assert "topsecret" not in text
    assert "pr0xy" not in text
    assert "monster" not in text
