"""What only a running exchange shows: rare streams, compression, proxies, candles after a gap."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import (
    ExchangeError,
    InvalidProxySettings,
    NetworkError,
    NotSupported,
    UnsubscribeError,
)

from bpx_connector.sandbox.records.events import Liquidated
from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import FIRST
from tests.support.proxies import LocalProxy
from tests.support.stream_cassettes import settled
from tests.support.streaming import exchange_on, sandbox_with, soon

SPOT, PERP, OTHER = "SOL/USDC", "SOL/USDC:USDC", "BTC/USDC:USDC"
MINUTE = 60_000


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Its books stay as they are, and so does its index, until a test moves it."""
    async with sandbox_with("SOL_USDC", "SOL_USDC_PERP", "BTC_USDC_PERP", speed=0) as sandbox:
        yield sandbox


# Liquidations -----------------------------------------------------------------------------------------------


async def ruined(sandbox: Sandbox, exchange: Any) -> list[Liquidated]:
    """What the engine liquidates when the index falls under a position of 10 SOL on 150 USDC."""
    liquidations: list[Liquidated] = []
    sandbox.venue.listeners.append(
        lambda event: liquidations.append(event) if isinstance(event, Liquidated) else None
    )
    await exchange.create_order(PERP, "market", "buy", 10)
    sandbox.venue.set_index("SOL_USDC_PERP", Decimal(86), sandbox.clock.now())
    for _ in range(5):
        sandbox.clock.advance(1)  # type: ignore[attr-defined]
    return liquidations


@pytest.mark.parametrize(
    ("method", "wanted"),
    [("liquidations", PERP), ("liquidations_for_symbols", [PERP, OTHER])],
)
async def test_liquidations_are_those_of_the_engine(sandbox: Sandbox, method: str, wanted: Any) -> None:
    sandbox.venue.open_account(FIRST.api_key, sandbox.clock.now(), funds={"USDC": Decimal(150)})
    async with exchange_on(sandbox) as exchange:
        watching = asyncio.ensure_future(getattr(exchange, f"watch_{method}")(wanted))
        await settled(exchange, sandbox)
        made = await ruined(sandbox, exchange)
        assert made
        told = await soon(watching)
        while len(told) < len(made):
            told += await soon(getattr(exchange, f"watch_{method}")(wanted))
        assert [(row["symbol"], row["side"], row["price"], row["contracts"]) for row in told] == [
            (PERP, "sell", float(one.price), float(one.quantity)) for one in made
        ]
        assert [row["quoteValue"] for row in told] == [float(one.price * one.quantity) for one in made]
        assert list(exchange.liquidations) == told
        assert await getattr(exchange, f"un_watch_{method}")(wanted)
        assert exchange.stream_counters()["streams"] == {}


@pytest.mark.parametrize(
    ("method", "wanted"),
    [("liquidations", None), ("liquidations", PERP), ("liquidations_for_symbols", [PERP, OTHER])],
)
async def test_the_accounts_own_liquidations_are_those_of_its_history(
    sandbox: Sandbox, method: str, wanted: Any
) -> None:
    sandbox.venue.open_account(FIRST.api_key, sandbox.clock.now(), funds={"USDC": Decimal(150)})
    async with exchange_on(sandbox) as exchange:
        watch, un_watch = (getattr(exchange, f"{word}_my_{method}") for word in ("watch", "un_watch"))
        watching = asyncio.ensure_future(watch(wanted))
        await settled(exchange, sandbox)
        await ruined(sandbox, exchange)
        told = await soon(watching)
        history = await exchange.fetch_my_liquidations()
        while len(told) < len(history):
            told += await soon(watch(wanted))
        shown = ("symbol", "side", "price", "contracts", "quoteValue", "timestamp")
        assert [[row[key] for key in shown] for row in told] == [
            [row[key] for key in shown] for row in history
        ]
        assert {row["info"]["systemOrderType"] for row in told} <= {
            "LiquidatePositionOnBook",
            "LiquidatePositionOnBackstop",
        }
        assert await un_watch(wanted)
        assert exchange.stream_counters()["streams"] == {}


async def test_a_users_own_trade_is_no_liquidation(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        watching = asyncio.ensure_future(exchange.watch_my_liquidations(None))
        await settled(exchange, sandbox)
        await exchange.create_order(PERP, "market", "buy", 1)
        await settled(exchange, sandbox)
        assert not watching.done()
        watching.cancel()


async def test_a_liquidation_elsewhere_wakes_nobody(sandbox: Sandbox) -> None:
    sandbox.venue.open_account(FIRST.api_key, sandbox.clock.now(), funds={"USDC": Decimal(150)})
    async with exchange_on(sandbox) as exchange:
        watching = asyncio.ensure_future(exchange.watch_liquidations(OTHER))
        await settled(exchange, sandbox)
        assert await ruined(sandbox, exchange)
        await settled(exchange, sandbox)
        assert not watching.done()
        watching.cancel()


async def test_requests_for_quotes_are_watched_from_the_request_to_the_fill(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        watching = asyncio.ensure_future(exchange.watch_rfq_updates())
        await settled(exchange, sandbox)
        rfq = await exchange.create_rfq(SPOT, "buy", 2)
        told = await soon(watching)
        while told[-1]["event"] != "rfqCandidate":
            told += await soon(exchange.watch_rfq_updates())
        assert [row["event"] for row in told] == ["rfqAccepted", "rfqCandidate"]
        assert {row["id"] for row in told} == {rfq["id"]}
        await exchange.accept_rfq_quote(rfq["id"], told[-1]["quoteId"])
        [filled] = await soon(exchange.watch_rfq_updates())
        assert (filled["event"], filled["status"]) == ("rfqFilled", "closed")


@pytest.mark.parametrize("symbol", ["SOL.RFQ/USDC", "SOL/USDC", "SOL_USDC_RFQ"])
async def test_requests_for_quotes_are_watched_by_any_name_of_their_market(
    sandbox: Sandbox, symbol: str
) -> None:
    async with exchange_on(sandbox) as exchange:
        watching = asyncio.ensure_future(exchange.watch_rfq_updates(symbol))
        await settled(exchange, sandbox)
        rfq = await exchange.create_rfq(SPOT, "buy", 2)
        assert (await soon(watching))[0]["id"] == rfq["id"]
        waiting = asyncio.ensure_future(exchange.watch_rfq_updates("BTC.RFQ/USDC"))
        await settled(exchange, sandbox)
        await exchange.create_rfq(SPOT, "buy", 2)
        await settled(exchange, sandbox)
        assert not waiting.done()
        assert await exchange.un_watch_rfq_updates(symbol)
        assert list(exchange.stream_counters()["streams"]) == ["account.rfqUpdate"]
        waiting.cancel()


async def test_requests_for_quotes_are_subscribed_and_quiet_without_any(sandbox: Sandbox) -> None:
    async with exchange_on(sandbox) as exchange:
        watching = asyncio.ensure_future(exchange.watch_rfq_updates())
        await settled(exchange, sandbox)
        [connection] = sandbox.feed.connections
        assert [key.name for key in connection.keys] == ["account.rfqUpdate"]
        await exchange.create_order(SPOT, "market", "buy", 1)
        await settled(exchange, sandbox)
        assert not watching.done()
        assert await exchange.un_watch_rfq_updates()
        with pytest.raises(UnsubscribeError):
            await soon(watching)


# Candles ----------------------------------------------------------------------------------------------------


async def test_candles_that_were_missed_are_fetched_after_a_gap() -> None:
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        exchange.milliseconds = lambda: sandbox.clock.now() // 1000
        watching = asyncio.ensure_future(exchange.watch_ohlcv(SPOT, "1m"))
        await settled(exchange, sandbox)
        sandbox.clock.advance(10)  # type: ignore[attr-defined]
        [first] = await soon(watching)

        sandbox.faults.lose("kline.*")
        sandbox.clock.advance(150)  # type: ignore[attr-defined]
        sandbox.faults.clear()
        sandbox.faults.cut()
        candles = await soon(exchange.watch_ohlcv(SPOT, "1m"))

        # REST answers with closed candles; the running one comes with the next trade.
        assert [candle[0] - first[0] for candle in candles] == [0, MINUTE]
        assert candles == await exchange.fetch_ohlcv(SPOT, "1m", first[0])
        assert candles[0][5] > first[5]
        await settled(exchange, sandbox)
        sandbox.clock.advance(10)  # type: ignore[attr-defined]
        [running] = await soon(exchange.watch_ohlcv(SPOT, "1m"))
        assert running[0] - first[0] == 2 * MINUTE
        assert list(exchange.ohlcvs[SPOT]["1m"]) == [*candles, running]
        counters = exchange.stream_counters()["streams"]["kline.1m.SOL_USDC"]
        assert (counters["losses"], counters["refetches"]) == (1, 1)


async def test_candles_without_a_gap_are_not_fetched() -> None:
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        watching = asyncio.ensure_future(exchange.watch_ohlcv(SPOT, "1m"))
        await settled(exchange, sandbox)
        sandbox.clock.advance(65)  # type: ignore[attr-defined]
        assert await soon(watching)
        assert exchange.stream_counters()["streams"]["kline.1m.SOL_USDC"]["refetches"] == 0


# The connection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "agreed"), [(15, 15), (0, 0)])
async def test_compression_is_agreed_on_as_the_options_say(
    sandbox: Sandbox, wanted: int, agreed: int
) -> None:
    async with exchange_on(sandbox, options={"streams": {"compress": wanted}}) as exchange:
        assert (await soon(exchange.watch_order_book(SPOT)))["nonce"]
        [connection] = sandbox.feed.connections
        assert connection.socket.compress == agreed
        link: Any = await exchange.source.connect()
        try:
            assert link.websocket.compress == agreed
            extensions = link.websocket._response.headers.get("Sec-WebSocket-Extensions", "")
            assert extensions.startswith("permessage-deflate") is bool(agreed)
        finally:
            await link.close()


@pytest.mark.parametrize("setting", ["wsProxy", "wssProxy"])
async def test_a_proxy_of_ccxts_carries_the_streams_and_nothing_else(sandbox: Sandbox, setting: str) -> None:
    async with LocalProxy() as proxy, exchange_on(sandbox) as exchange:
        setattr(exchange, setting, proxy.url)
        book = await soon(exchange.watch_order_book(SPOT))
        assert book["nonce"] == sandbox.venue.depth("SOL_USDC").last_update_id
        await exchange.create_order(SPOT, "limit", "buy", 1, book["bids"][0][0])
        changed = await soon(exchange.watch_order_book(SPOT))
        assert changed["bids"][0][1] == float(sandbox.venue.depth("SOL_USDC").bids[0][1])
        assert [line.split()[0] for line in proxy.asked] == ["GET"]
        assert f":{sandbox.port}" in proxy.asked[0]
        await exchange.close()


async def test_an_encrypted_stream_asks_the_proxy_for_a_tunnel(sandbox: Sandbox) -> None:
    """The sandbox speaks no TLS, so the handshake in the tunnel fails: that it was asked for counts."""
    async with LocalProxy() as proxy, exchange_on(sandbox) as exchange:
        exchange.urls["api"]["ws"] = {"public": sandbox.socket_url.replace("ws://", "wss://")}
        exchange.wssProxy = proxy.url
        with pytest.raises(NetworkError, match="no connection to the streams"):
            await soon(exchange.watch_ticker(SPOT))
        assert set(proxy.asked) == {f"CONNECT 127.0.0.1:{sandbox.port}"}


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        (
            {"wsProxy": "http://127.0.0.1:1", "wssProxy": "http://127.0.0.1:1"},
            InvalidProxySettings,
            "conflicting",
        ),
        ({"wsSocksProxy": "socks5://127.0.0.1:1"}, NotSupported, "aiohttp_socks"),
    ],
)
async def test_settings_that_cannot_work_are_said_at_once(
    sandbox: Sandbox,
    settings: dict[str, Any],
    error: type[Exception],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    async with exchange_on(sandbox) as exchange:
        for name, value in settings.items():
            setattr(exchange, name, value)
        with pytest.raises(error, match=sentence):
            await soon(exchange.watch_ticker(SPOT), 2)
        assert exchange.stream_counters()["streams"] == {}
        await exchange.close()
        for name in settings:
            setattr(exchange, name, None)
        assert (await soon(exchange.watch_order_book(SPOT)))["nonce"]


async def test_a_source_that_cannot_work_is_said_at_once(sandbox: Sandbox) -> None:
    class Broken:
        async def connect(self) -> Any:
            raise ZeroDivisionError

        async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            raise AssertionError("nothing is asked")

    async with exchange_on(sandbox) as exchange:
        with exchange.use_source(Broken()):
            with pytest.raises(ExchangeError, match="no way to the streams: ZeroDivisionError"):
                await soon(exchange.watch_ticker(SPOT), 2)
            assert exchange.stream_counters()["streams"] == {}
            await exchange.close()
        assert (await soon(exchange.watch_order_book(SPOT)))["nonce"]


@pytest.mark.parametrize("turns", range(5))
async def test_closing_right_after_un_watching_leaves_no_socket(sandbox: Sandbox, turns: int) -> None:
    before = asyncio.all_tasks()
    async with exchange_on(sandbox) as exchange:
        await soon(exchange.watch_order_book(SPOT))
        await exchange.un_watch_order_book(SPOT)
        for _ in range(turns):
            await asyncio.sleep(0)
        await exchange.close()
        left = [task for task in asyncio.all_tasks() - before if "Socket._run" in repr(task)]
        assert left == []
        assert exchange.session is None
