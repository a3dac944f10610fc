"""What a program sees that reads from a gateway: the same as from the venue."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from ccxt.base.errors import (
    ArgumentsRequired,
    BadRequest,
    ExchangeNotAvailable,
    InsufficientFunds,
    NetworkError,
    PermissionDenied,
)

import bpx_connector
from bpx_connector.gateway.rules.limits import UserLimits
from bpx_connector.pro import bpx
from bpx_connector.sandbox.server import Sandbox, SandboxThread
from tests.support.gateways import gateway_on, reader_on, until
from tests.support.keys import FIRST
from tests.support.nats_servers import NatsServer
from tests.support.streaming import TrueBooks, exchange_on, soon

MARKETS = ("SOL_USDC", "BTC_USDC")
ANYTHING = {"s7": UserLimits()}


def sandbox() -> Sandbox:
    return Sandbox(seed=1, symbols=MARKETS, speed=20)


async def test_books_are_the_engines_at_their_update(nats_server: NatsServer, net: str) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net), reader_on(nats_server, net) as reader:
        truth = TrueBooks(venue, MARKETS)
        for symbol, market in (("SOL/USDC", "SOL_USDC"), ("BTC/USDC", "BTC_USDC")):
            for _ in range(20):
                book = await soon(reader.watch_order_book(symbol))
                assert truth.is_true(market, book, 10) in (True, None)
        counters = reader.stream_counters()
        assert all(stream["gaps"] == 0 for stream in counters["streams"].values())
        assert counters["gateway"]["beats"] > 0


async def test_readers_ask_the_venue_for_nothing_once_a_book_is_kept(
    nats_server: NatsServer, net: str
) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net) as gateway:
        async with reader_on(nats_server, net) as first:
            await soon(first.watch_order_book("SOL/USDC"))
        asked = gateway.venue_requests
        async with reader_on(nats_server, net, "s8") as late:
            await soon(late.watch_order_book("SOL/USDC"))
        assert gateway.venue_requests == asked


async def test_a_reader_that_wants_its_own_numbers_has_the_venues_digits(
    nats_server: NatsServer, net: str
) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net), reader_on(nats_server, net) as reader:
        reader.number = str
        truth = TrueBooks(venue, MARKETS)
        for _ in range(5):
            book = await soon(reader.watch_order_book("SOL/USDC"))
            assert all(isinstance(figure, str) for level in book["bids"] for figure in level[:2])
            figures = {
                **book,
                **{
                    side: [[float(price), float(size)] for price, size in book[side]]
                    for side in ("bids", "asks")
                },
            }
            assert truth.is_true("SOL_USDC", figures, 10) in (True, None)


async def test_a_book_that_the_gateway_does_not_keep_is_the_venues_answer(
    nats_server: NatsServer, net: str
) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net),
        reader_on(nats_server, net) as reader,
        exchange_on(venue) as direct,
    ):
        gateway = reader.options["gateway"]
        assert gateway["net"] == net
        ours = await reader.fetch_order_book("BTC/USDC", 5)
        theirs = await direct.fetch_order_book("BTC/USDC", 5)
        assert ours["bids"] and len(ours["bids"]) == len(theirs["bids"])


async def test_fewer_levels_are_asked_for_where_fewer_are_wanted(nats_server: NatsServer, net: str) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net), reader_on(nats_server, net) as reader:
        reader.options["watchOrderBook"] = {**reader.options["watchOrderBook"], "depth": 5}
        book = await soon(reader.watch_order_book("SOL/USDC"))
        assert 0 < len(book["bids"]) <= 10
        assert TrueBooks(venue, MARKETS).is_true("SOL_USDC", book, 4) in (True, None)


async def test_trades_candles_tickers_and_marks_come(nats_server: NatsServer, net: str) -> None:
    async with (
        Sandbox(seed=1, symbols=("SOL_USDC", "SOL_USDC_PERP"), speed=20) as venue,
        gateway_on(nats_server, venue, net),
        reader_on(nats_server, net) as reader,
    ):
        assert (await soon(reader.watch_trades("SOL/USDC")))[0]["symbol"] == "SOL/USDC"
        assert len((await soon(reader.watch_ohlcv("SOL/USDC", "1m")))[-1]) == 6
        assert (await soon(reader.watch_ticker("SOL/USDC")))["last"] > 0
        assert (await soon(reader.watch_mark_price("SOL/USDC:USDC")))["markPrice"] > 0


async def test_a_stream_that_the_venue_does_not_have_is_refused(nats_server: NatsServer, net: str) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net), reader_on(nats_server, net) as reader:
        heard: list[Any] = []
        await reader.subscribe_stream("trade.SOL_USDC", heard.append)
        await reader.subscribe_stream("nothing.SOL_USDC", heard.append)
        await until(lambda: heard)
        assert all(event["e"] == "trade" for event in heard)


async def test_answers_are_the_venues(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net),
        reader_on(nats_server, net) as reader,
        exchange_on(venue) as direct,
    ):
        assert (await reader.fetch_balance())["total"] == (await direct.fetch_balance())["total"]
        assert reader.markets.keys() == direct.markets.keys()
        closed = (await direct.fetch_ohlcv("SOL/USDC", "1m", limit=50))[:-1]
        for _ in range(2):  # from the venue, then from what is kept
            candles = await reader.fetch_ohlcv("SOL/USDC", "1m", limit=50)
            known = {candle[0]: candle for candle in candles}
            assert len(candles) == 50
            assert all(known[candle[0]] == candle for candle in closed if candle[0] in known)


async def test_an_object_on_the_bus_shows_that_it_has_to_be_closed(nats_server: NatsServer, net: str) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net), reader_on(nats_server, net) as reader:
        sessions = [reader.session]
        await reader.fetch_time()
        sessions.append(reader.session)  # freqtrade closes what has one, and nothing else
        line = reader.clients["gateway"]
        await reader.close()
        sessions.append(reader.session)
        assert [one is None for one in sessions] == [True, False, True] and line.is_closed


async def test_refusals_are_the_venues(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, users=ANYTHING),
        reader_on(nats_server, net) as reader,
    ):
        with pytest.raises(InsufficientFunds):
            await reader.create_order("SOL/USDC", "limit", "buy", 10**9, 90)


async def test_a_program_without_keys_trades_through_the_gateway(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, users=ANYTHING) as gateway,
        reader_on(nats_server, net) as reader,
    ):
        seen: list[Any] = []

        async def follow() -> None:
            while True:
                seen.extend(await reader.watch_orders())

        following = asyncio.ensure_future(follow())
        await until(lambda: reader.stream_counters()["streams"].get("account.orderUpdate"))
        order = await reader.create_order("SOL/USDC", "limit", "buy", 1, 90)
        assert [one["id"] for one in await reader.fetch_open_orders("SOL/USDC")] == [order["id"]]
        await until(lambda: any(one["id"] == order["id"] for one in seen))
        await reader.cancel_order(order["id"], "SOL/USDC")
        await until(lambda: seen[-1]["status"] == "canceled")
        assert gateway.desk.counts["sent"] == 2
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_program_with_keys_sends_itself_after_a_permit(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net) as gateway,
        reader_on(nats_server, net, keys=FIRST) as reader,
    ):
        reader.urls["api"] = venue.url
        order = await reader.create_order("SOL/USDC", "limit", "buy", 1, 90)
        assert order["status"] == "open"
        assert gateway.desk.counts["permits"] == 1 and gateway.desk.counts["sent"] == 0


async def test_what_is_not_an_order_is_not_sent(nats_server: NatsServer, net: str) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, users=ANYTHING) as gateway,
        reader_on(nats_server, net) as reader,
    ):
        with pytest.raises(PermissionDenied, match="only orders and cancels"):
            await reader.private_patch_api_v1_account({"autoLend": True})
        assert gateway.desk.counts["sent"] == 0


async def test_a_user_without_limits_may_not_trade(nats_server: NatsServer, net: str) -> None:
    async with sandbox() as venue, gateway_on(nats_server, venue, net), reader_on(nats_server, net) as reader:
        with pytest.raises(PermissionDenied, match="may not trade"):
            await reader.create_order("SOL/USDC", "limit", "buy", 1, 90)


async def test_without_a_gateway_reads_fail_after_patience_and_orders_at_once(
    nats_server: NatsServer, net: str
) -> None:
    async with reader_on(nats_server, net, patience=50) as reader:
        with pytest.raises(NetworkError, match="no gateway leads"):
            await reader.fetch_time()
        with pytest.raises(ExchangeNotAvailable, match="nothing was sent"):
            await reader.private_post_api_v1_order({"symbol": "SOL_USDC"})


async def test_without_a_gateway_cancels_go_directly_and_orders_on_their_share(
    nats_server: NatsServer, net: str
) -> None:
    async with sandbox() as venue, exchange_on(venue) as direct:
        order = await direct.create_order("SOL/USDC", "limit", "buy", 1, 90)
        async with reader_on(nats_server, net, keys=FIRST, patience=50) as alone:
            alone.urls["api"] = venue.url
            alone.set_markets(direct.markets)
            assert (await alone.cancel_order(order["id"], "SOL/USDC"))["status"] == "canceled"
            with pytest.raises(ExchangeNotAvailable, match="leaves 0 a minute; nothing was sent"):
                await alone.create_order("SOL/USDC", "limit", "buy", 1, 90)
        share = {"share": 0.001}
        async with reader_on(nats_server, net, keys=FIRST, fallback=share) as alone:
            alone.urls["api"] = venue.url
            alone.set_markets(direct.markets)
            for _ in range(2):
                await alone.create_order("SOL/USDC", "limit", "buy", 1, 90)
            with pytest.raises(ExchangeNotAvailable, match="leaves 2 a minute"):
                await alone.create_order("SOL/USDC", "limit", "buy", 1, 90)


async def test_fills_are_resumed_after_a_restart_and_come_again_only_if_not_read(
    nats_server: NatsServer, net: str
) -> None:
    async with (
        sandbox() as venue,
        gateway_on(nats_server, venue, net, users=ANYTHING) as gateway,
        exchange_on(venue) as trader,
    ):
        async with reader_on(nats_server, net, resume="s7-fills") as reader:
            await reader.load_markets()
            watching = asyncio.ensure_future(reader.watch_my_trades())
            await until(lambda: gateway.following.streams_on == 4)
            await trader.create_order("SOL/USDC", "market", "buy", 1)
            first = await soon(watching)
            assert first and first[0]["symbol"] == "SOL/USDC"
        await trader.create_order("SOL/USDC", "market", "buy", 2)  # nobody is there
        await until(lambda: gateway.outlet.unstored == 0)
        async with reader_on(nats_server, net, resume="s7-fills") as reader:
            all_of_them = {trade["id"] for trade in await trader.fetch_my_trades("SOL/USDC")}
            ids: list[str] = []
            while set(ids) != all_of_them:  # those of the first call too: they are not known to be read
                ids += [trade["id"] for trade in await soon(reader.watch_my_trades())]
            assert len(ids) == len(set(ids))


def test_the_blocking_class_reads_from_it_too(nats_server: NatsServer, net: str) -> None:
    import threading

    ready, ended = threading.Event(), threading.Event()

    async def serve(venue: Any) -> None:
        async with gateway_on(nats_server, venue, net):
            ready.set()
            await asyncio.to_thread(ended.wait)

    with SandboxThread(seed=1, symbols=MARKETS) as venue:
        serving = threading.Thread(target=lambda: asyncio.run(serve(venue)))
        serving.start()
        try:
            assert ready.wait(20)
            gateway = {"servers": [nats_server.url], "user": "s7", "net": net}
            exchange: Any = bpx_connector.bpx({"options": {"gateway": gateway}})
            assert exchange.fetch_balance()["total"]["USDC"] > 0
            assert len(exchange.fetch_ohlcv("SOL/USDC", "1m", limit=10)) == 10
            with pytest.raises(PermissionDenied):
                exchange.create_order("SOL/USDC", "limit", "buy", 1, 90)
        finally:
            ended.set()
            serving.join()


@pytest.mark.parametrize(
    ("options", "kind", "sentence"),
    [
        ({"user": "s7"}, ArgumentsRequired, "needs servers"),
        ({"servers": ["nats://127.0.0.1:1"]}, ArgumentsRequired, "needs user"),
        ({"servers": ["nats://127.0.0.1:1"], "user": "a.b"}, BadRequest, "letters, digits"),
        ({"servers": ["nats://far:1"], "user": "s7"}, BadRequest, "use tls://"),
        ({"servers": ["nats://127.0.0.1:1"], "user": "s7", "orders": "maybe"}, BadRequest, "'through'"),
        ({"servers": ["nats://127.0.0.1:1"], "user": "s7", "fallback": {"share": 0.5}}, BadRequest, "0.1"),
        ({"servers": ["nats://127.0.0.1:1"], "user": "s7", "serverz": 1}, BadRequest, "serverz"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(
    options: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        bpx({"options": {"gateway": options}})


def test_without_the_option_nothing_of_it_is_imported() -> None:
    program = (
        "import sys, bpx_connector, bpx_connector.pro as pro\n"
        "bpx_connector.bpx(); pro.bpx()\n"
        "assert 'nats' not in sys.modules\n"
        "assert not any(name.startswith('bpx_connector.gateway') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
