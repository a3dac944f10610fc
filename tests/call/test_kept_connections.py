"""Over connections that are kept requests take a straighter way, which nobody can tell from the usual one."""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
import requests
from ccxt.base.errors import BaseError, NetworkError, RequestTimeout
from requests.adapters import HTTPAdapter
from yarl import URL

import bpx_connector
import bpx_connector.async_support
from bpx_connector.call import aiohttp_pool, urllib3_pool
from bpx_connector.call.sessions import AsyncioSession, BlockingSession
from tests.support.keys import FIRST
from tests.support.scripted_venue import ANSWERS, Answer, Request, ScriptedVenue

ALL_ANSWERS = ANSWERS | {
    "somewhere else": Answer("{}", 302, headers={"Location": "http://127.0.0.1:9/"}),
    "a cookie": Answer("{}", headers={"Set-Cookie": "a=b; Path=/"}),
}
OTHER_KIND = Answer(" pong ", kind="application/octet-stream")
"""Of this ccxt's asyncio class hands out aiohttp's reader, which nothing can be read from any more."""

ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}
CALLS = [
    ("public_get_api_v1_ping", {}),
    ("public_get_api_v1_ticker", {"symbol": "SOL_USDC", "interval": "1d ä"}),
    ("private_post_api_v1_order", ORDER),
    ("private_patch_api_v1_account", {}),
    ("private_delete_api_v1_order", {"symbol": "SOL_USDC", "orderId": "1"}),
]
MOMENT = 1_767_225_600_000

EVERY_ANSWER = pytest.mark.parametrize("name", ALL_ANSWERS)
EVERY_CALL = pytest.mark.parametrize(("call", "params"), CALLS, ids=[call for call, _ in CALLS])


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue(keeps_open=True) as running:
        yield running


class Counted:
    """Counts how often a way is taken to its end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        asyncio_way, blocking_way = aiohttp_pool.answer_over_kept, urllib3_pool.reply_over_pool

        async def over_kept(*args: Any) -> Any:
            self.times += 1
            arrived = await asyncio_way(*args)
            self.times -= arrived is None
            return arrived

        def over_pool(*args: Any) -> Any:
            self.times += 1
            answer = blocking_way(*args)
            self.times -= answer is None
            return answer

        monkeypatch.setattr("bpx_connector.call.straight.answer_over_kept", over_kept)
        monkeypatch.setattr("bpx_connector.call.straight.reply_over_pool", over_pool)


@pytest.fixture
def straightest(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def exchange_at(kind: Any, url: str, **config: Any) -> Any:
    exchange = kind({**FIRST.credentials, "enableRateLimit": False, "timeout": 5000, **config})
    exchange.urls["api"] = url
    exchange.milliseconds = lambda: MOMENT  # so that signatures are the same
    exchange.timeout_on_exit = 1
    return exchange


def asyncio_at(venue: ScriptedVenue, **config: Any) -> Any:
    return exchange_at(bpx_connector.async_support.bpx, venue.url, **config)


def blocking_at(venue: ScriptedVenue, **config: Any) -> Any:
    return exchange_at(bpx_connector.bpx, venue.url, **config)


async def finished(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def seen(exchange: Any, call: str, params: dict[str, Any]) -> dict[str, Any]:
    """What the caller gets, and what he can look up afterwards."""
    try:
        outcome: Any = await finished(getattr(exchange, call)(params))
    except BaseError as error:
        outcome = type(error), str(error)
    return {
        "outcome": outcome,
        "text": exchange.last_http_response,
        "headers": list((exchange.last_response_headers or {}).items()),
        "url": exchange.last_request_url,
        "sent": exchange.last_request_headers,
        "body": exchange.last_request_body,
    }


def bytes_of(request: Request) -> Any:
    """A request with its headers in the order in which they came."""
    return request.method, request.path, list(request.headers.items()), request.body


# --- the same to everybody who can look --------------------------------------------------------------------


@EVERY_ANSWER
@EVERY_CALL
async def test_over_a_kept_connection_asyncio_gives_and_sends_what_ccxts_way_does(
    venue: ScriptedVenue, straightest: Counted, name: str, call: str, params: dict[str, Any]
) -> None:
    looks, sent = [], []
    for is_straight in (True, False):
        venue.answers = [Answer("{}"), ALL_ANSWERS[name]]
        async with asyncio_at(venue, userAgent="mine", headers={"X-Own": "1"}) as exchange:
            exchange._goes_straight = lambda is_straight=is_straight: is_straight
            await exchange.public_get_api_v1_status()
            looks.append(await seen(exchange, call, params))
        sent.append(bytes_of(venue.requests[-1]))
    assert straightest.times == 1
    assert looks[0] == looks[1]
    assert sent[0] == sent[1]
    assert len(venue.requests) == 4


@pytest.mark.parametrize("name", [*ALL_ANSWERS, "other"])
@EVERY_CALL
async def test_over_its_pool_the_blocking_class_gives_and_sends_what_ccxts_way_does(
    venue: ScriptedVenue, straightest: Counted, name: str, call: str, params: dict[str, Any]
) -> None:
    looks, sent = [], []
    for is_straight in (True, False):
        venue.answers = [Answer("{}"), {**ALL_ANSWERS, "other": OTHER_KIND}[name]]
        exchange = blocking_at(venue, userAgent="mine", headers={"X-Own": "1"})
        exchange._goes_straight = lambda is_straight=is_straight: is_straight
        exchange.public_get_api_v1_status()
        looks.append(await seen(exchange, call, params))
        sent.append(bytes_of(venue.requests[-1]))
    assert straightest.times == 2
    assert looks[0] == looks[1]
    assert sent[0] == sent[1]
    assert len(venue.requests) == 4


@pytest.mark.parametrize("at", [asyncio_at, blocking_at])
async def test_a_connection_is_used_again_and_again(venue: ScriptedVenue, at: Any) -> None:
    exchange = at(venue)
    for _ in range(3):
        await finished(exchange.private_post_api_v1_order(ORDER))
    assert len(venue.requests) == 3
    assert venue.connections == 1
    await finished(exchange.close())


@pytest.mark.parametrize("at", [asyncio_at, blocking_at])
async def test_what_cannot_stand_in_a_header_is_not_sent(venue: ScriptedVenue, at: Any) -> None:
    exchange = at(venue)
    await finished(exchange.public_get_api_v1_ping())
    exchange.headers = {"X-Own": "1\r\nX-Other: 2"}
    with pytest.raises((BaseError, ValueError)):
        await finished(exchange.public_get_api_v1_ping())
    assert len(venue.requests) == 1
    await finished(exchange.close())


# --- trouble -----------------------------------------------------------------------------------------------


async def _silent_after(first: bytes) -> tuple[asyncio.Server, str, list[bytes]]:
    """A server that answers once and then says nothing more."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(first)
        while data := await reader.read(1000):
            heard.append(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


async def test_a_venue_that_falls_silent_on_a_kept_connection_is_a_timeout_and_nothing_is_sent_twice() -> (
    None
):
    server, url, heard = await _silent_after(OK)
    async with server:
        exchange = exchange_at(bpx_connector.async_support.bpx, url)
        await exchange.public_get_api_v1_ping()
        exchange.timeout = 50
        with pytest.raises(RequestTimeout, match=r"bpx POST .*api/v1/order: timeout"):
            await exchange.private_post_api_v1_order(ORDER)
        assert len(heard) == 2
        assert not exchange.session.inner.connector._conns  # whoever answers late is not listened to
        await exchange.close()


async def test_a_call_that_is_cancelled_leaves_no_connection_with_an_answer_on_its_way() -> None:
    server, url, heard = await _silent_after(OK)
    async with server:
        exchange = exchange_at(bpx_connector.async_support.bpx, url)
        await exchange.public_get_api_v1_ping()
        call = asyncio.ensure_future(exchange.private_post_api_v1_order(ORDER))
        while len(heard) < 2:  # noqa: ASYNC110  what is waited for is on the other side of a socket
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert not exchange.session.inner.connector._conns
        await exchange.close()


async def test_what_is_no_answer_in_http_is_trouble_on_the_way() -> None:
    server, url, _ = await _silent_after(OK + b"nonsense\r\n\r\n")
    async with server:
        exchange = exchange_at(bpx_connector.async_support.bpx, url)
        with pytest.raises(NetworkError):
            for _ in range(2):
                await exchange.public_get_api_v1_ping()
        await exchange.close()


async def test_hints_before_an_answer_are_no_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                writer.close()
                return
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        exchange = exchange_at(bpx_connector.async_support.bpx, url)
        for _ in range(2):
            assert await exchange.public_get_api_v1_status() == {}
        await exchange.close()


async def test_an_answer_that_nobody_has_asked_for_is_nobodys(straightest: Counted) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                served += 1
                writer.write(OK if served < 3 else chunked)
                if served == 2:
                    await writer.drain()
                    await asyncio.sleep(0.01)
                    writer.write(OK.replace(b"{}", b"[]"))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        exchange = exchange_at(bpx_connector.async_support.bpx, url)
        told = []
        for _ in range(4):
            told.append(await exchange.public_get_api_v1_status())
            await asyncio.sleep(0.05)
        assert told == [{}] * 4
        await exchange.close()


async def test_an_exchange_that_is_closed_while_an_answer_comes_says_that_nothing_is_known() -> None:
    begun = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
            await writer.drain()
            begun.set()
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        exchange = exchange_at(bpx_connector.async_support.bpx, url, timeout=500)
        await exchange.public_get_api_v1_status()
        call = asyncio.ensure_future(exchange.private_post_api_v1_order(ORDER))
        await begun.wait()
        await exchange.close()
        with pytest.raises(NetworkError):
            await call


def _asked_in_two_loops(venue: ScriptedVenue) -> None:
    exchange = asyncio_at(venue, timeout=500)

    async def asked(times: int) -> None:
        for _ in range(times):
            await exchange.public_get_api_v1_ping()

    async def first() -> None:
        exchange.session, exchange.own_session = aiohttp.ClientSession(), False
        await asked(2)

    asyncio.run(first())
    with pytest.raises(NetworkError):
        asyncio.run(asked(1))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what was left in a loop that has ended
def test_a_session_of_the_callers_own_in_its_second_loop_is_trouble_on_the_way() -> None:
    with ScriptedVenue(keeps_open=True) as venue:
        _asked_in_two_loops(venue)
        gc.collect()


# --- whatever else is asked for leads the usual way --------------------------------------------------------


class OtherSession:
    """Somebody's own, around one of aiohttp."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


async def _over_a_session(venue: ScriptedVenue, change: Callable[[Any], Any]) -> None:
    exchange = asyncio_at(venue)
    exchange.open()
    await exchange.public_get_api_v1_ping()
    change(exchange.session)
    await exchange.public_get_api_v1_ping()
    await exchange.close()


def _traced(session: Any) -> None:
    trace = aiohttp.TraceConfig()
    trace.freeze()
    session.trace_configs.append(trace)


SESSION_CHANGES: dict[str, Callable[[Any], Any]] = {
    "headers": lambda session: session.headers.add("X-Session", "1"),
    "a trace": _traced,
    "another way to send": lambda session: setattr(session.inner, "_middlewares", (object(),)),
    "a connector that keeps nothing": lambda session: setattr(session.connector, "_force_close", True),
}


@pytest.mark.parametrize("name", SESSION_CHANGES)
@pytest.mark.filterwarnings("ignore:Setting custom")
async def test_what_is_set_on_a_session_of_aiohttp_leads_the_usual_way(
    venue: ScriptedVenue, straightest: Counted, name: str
) -> None:
    await _over_a_session(venue, SESSION_CHANGES[name])
    assert straightest.times == 0
    assert len(venue.requests) == 2


async def test_a_cookie_of_the_venue_is_kept_and_sent_back(
    venue: ScriptedVenue, straightest: Counted
) -> None:
    with ScriptedVenue(keeps_open=True) as named:
        named.answers = [Answer("{}"), Answer("{}", headers={"Set-Cookie": "a=b; Path=/"}), Answer("{}")]
        exchange = exchange_at(
            bpx_connector.async_support.bpx, named.url.replace("127.0.0.1", "localhost")
        )  # a jar keeps no cookies of addresses
        for _ in range(3):
            await exchange.public_get_api_v1_ping()
        assert straightest.times == 2
        assert [request.headers.get("Cookie") for request in named.requests] == [None, None, "a=b"]
        await exchange.close()


COOKIES = {
    "one": ["a=b; Path=/"],
    "two, as a load balancer keeps who comes again": [
        "AWSALB=x/y+z==; Expires=Mon, 07 Dec 2099 10:00:00 GMT; Path=/",
        "AWSALBCORS=x/y+z==; Expires=Mon, 07 Dec 2099 10:00:00 GMT; Path=/; SameSite=None",
    ],
    "of another path": ["a=b; Path=/wapi"],
    "over TLS only": ["a=b; Path=/; Secure"],
    "in quotes": ['a="b c"; Path=/'],
    "gone again": ["a=b; Path=/; Max-Age=0"],
}


@pytest.mark.parametrize("name", COOKIES)
async def test_cookies_are_sent_as_aiohttp_sends_them(straightest: Counted, name: str) -> None:
    sent = []
    for is_straight in (True, False):
        with ScriptedVenue(keeps_open=True) as venue:
            url = venue.url.replace("127.0.0.1", "localhost")
            async with exchange_at(bpx_connector.async_support.bpx, url) as exchange:
                exchange._goes_straight = lambda is_straight=is_straight: is_straight
                await exchange.public_get_api_v1_status()
                address = URL(url)
                exchange.session.cookie_jar.update_cookies_from_headers(COOKIES[name], address)
                await exchange.private_post_api_v1_order(ORDER)
            requests = [bytes_of(request) for request in venue.requests]
            sent.append([str(request).replace(venue.url.rpartition(":")[2], "port") for request in requests])
    assert sent[0] == sent[1]
    assert straightest.times == 1


async def test_a_library_that_answers_in_aiohttps_place_is_asked(
    venue: ScriptedVenue, straightest: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = asyncio_at(venue)
    await exchange.public_get_api_v1_ping()
    asked = aiohttp.ClientSession._request
    played: list[Any] = []

    async def instead(self: Any, method: str, url: Any, **how: Any) -> Any:
        played.append(url)
        return await asked(self, method, url, **how)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", instead)
    await exchange.public_get_api_v1_ping()
    assert len(played) == 1
    assert straightest.times == 0
    await exchange.close()


async def test_somebody_elses_session_is_asked_in_its_own_way(
    venue: ScriptedVenue, straightest: Counted
) -> None:
    async with aiohttp.ClientSession() as session:
        exchange = asyncio_at(venue)
        exchange.session = OtherSession(session)
        for _ in range(2):
            await exchange.public_get_api_v1_ping()
        assert straightest.times == 0


def _authorised(session: Any) -> None:
    session.auth = ("me", "secret")


def _hooked(session: Any) -> None:
    session.hooks["response"].append(lambda response, **_: response)


def _mounted(session: Any) -> None:
    class Own(HTTPAdapter):
        """Somebody's own."""

    session.mount("http://", Own())


@pytest.mark.parametrize("change", [_authorised, _hooked, _mounted])
def test_what_is_set_on_a_session_of_requests_leads_the_usual_way(
    venue: ScriptedVenue, straightest: Counted, change: Callable[[Any], None]
) -> None:
    exchange = blocking_at(venue)
    exchange.public_get_api_v1_ping()
    change(exchange.session.inner)
    exchange.public_get_api_v1_ping()
    assert straightest.times == 1
    assert len(venue.requests) == 2


def test_a_library_that_answers_in_requests_place_is_asked(
    venue: ScriptedVenue, straightest: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, asked, played = blocking_at(venue), HTTPAdapter.send, []

    def instead(self: Any, request: Any, **how: Any) -> Any:
        played.append(request.url)
        return asked(self, request, **how)

    monkeypatch.setattr(HTTPAdapter, "send", instead)
    exchange.public_get_api_v1_ping()
    assert len(played) == 1
    assert straightest.times == 0


def test_a_session_that_was_closed_opens_new_connections(venue: ScriptedVenue) -> None:
    exchange = blocking_at(venue)
    for _ in range(2):
        exchange.public_get_api_v1_ping()
        exchange.session.close()
    assert len(venue.requests) == 2


# --- aiohttp and requests are as they are known here -------------------------------------------------------


def test_aiohttp_has_what_is_used_of_it() -> None:
    assert aiohttp_pool._IS_KNOWN


async def test_of_an_aiohttp_that_has_changed_everything_goes_the_usual_way(
    venue: ScriptedVenue, straightest: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiohttp_pool, "_IS_KNOWN", False)
    exchange = asyncio_at(venue)
    for _ in range(2):
        await exchange.private_post_api_v1_order(ORDER)
    assert straightest.times == 0
    assert len(venue.requests) == 2
    await exchange.close()


async def test_a_session_as_ccxt_makes_it_is_plain(venue: ScriptedVenue) -> None:
    exchange = asyncio_at(venue)
    exchange.open()
    assert isinstance(exchange.session, AsyncioSession)
    assert aiohttp_pool._is_plain(exchange.session.inner)
    await exchange.close()
    blocking = blocking_at(venue)
    assert urllib3_pool._is_plain(blocking.session)
    blocking.public_get_api_v1_ping()
    assert isinstance(blocking.session, BlockingSession)
    assert isinstance(blocking.session.inner, requests.Session)


# --- creating an order without a detour --------------------------------------------------------------------

ANSWERED = Answer(
    '{"id":"7","clientId":null,"createdAt":1767225600000,"executedQuantity":"0","executedQuoteQuantity":"0",'
    '"orderType":"Limit","price":"90","quantity":"1","side":"Bid","status":"New","symbol":"SOL_USDC",'
    '"timeInForce":"GTC"}'
)
REPLACEABLE = ["sign", "fetch", "fetch2", "request", "private_post_api_v1_order"]


def _noting(name: str, noted: list[str]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        noted.append(name)
        return getattr(super(type(self), self), name)(*args, **kwargs)

    return method


async def _order(exchange: Any) -> Any:
    markets = [
        {
            "symbol": "SOL_USDC", "baseSymbol": "SOL", "quoteSymbol": "USDC", "marketType": "SPOT",
            "filters": {"price": {"tickSize": "0.01"}, "quantity": {"stepSize": "0.01"}},
        }
    ]  # fmt: skip
    exchange.set_markets(exchange.parse_markets(markets), {"SOL": {"id": "SOL", "code": "SOL"}})
    order: Awaitable[Any] = exchange.create_order("SOL/USDC", "limit", "buy", 1, 90)
    return await finished(order)


@pytest.mark.parametrize("kind", [bpx_connector.bpx, bpx_connector.async_support.bpx])
@pytest.mark.parametrize("name", REPLACEABLE)
async def test_a_method_that_a_subclass_has_replaced_is_called_for_an_order(
    venue: ScriptedVenue, kind: Any, name: str
) -> None:
    noted: list[str] = []
    venue.answers = [ANSWERED]
    mine = type("Mine", (kind,), {name: _noting(name, noted)})
    exchange = exchange_at(mine, venue.url)
    assert (await _order(exchange))["id"] == "7"
    assert noted == [name]
    assert len(venue.requests) == 1
    await finished(exchange.close())


@pytest.mark.parametrize("kind", [bpx_connector.bpx, bpx_connector.async_support.bpx])
@pytest.mark.parametrize("name", REPLACEABLE)
async def test_a_method_that_was_replaced_on_an_object_is_called_for_an_order(
    venue: ScriptedVenue, kind: Any, name: str
) -> None:
    noted: list[str] = []
    venue.answers = [ANSWERED]
    exchange = exchange_at(kind, venue.url)
    before = getattr(exchange, name)

    def instead(*args: Any, **kwargs: Any) -> Any:
        noted.append(name)
        return before(*args, **kwargs)

    setattr(exchange, name, instead)
    assert (await _order(exchange))["id"] == "7"
    assert noted == [name]
    await finished(exchange.close())


@pytest.mark.parametrize("kind", [bpx_connector.bpx, bpx_connector.async_support.bpx])
async def test_rules_are_asked_for_an_order_that_takes_no_detour(venue: ScriptedVenue, kind: Any) -> None:
    exchange = exchange_at(kind, venue.url, options={"guards": {"killSwitch": True}})
    with pytest.raises(BaseError):
        await _order(exchange)
    assert venue.requests == []
    await finished(exchange.close())


@pytest.mark.parametrize("kind", [bpx_connector.bpx, bpx_connector.async_support.bpx])
async def test_an_order_is_the_same_with_and_without_the_detour(venue: ScriptedVenue, kind: Any) -> None:
    venue.answers, orders = [ANSWERED], []
    for is_replaced in (False, True):
        exchange = exchange_at(kind, venue.url)
        exchange._client_ids = None
        if is_replaced:
            exchange.request = exchange.request
        orders.append(await _order(exchange))
        await finished(exchange.close())
    assert orders[0] == orders[1]
    bodies = [request.body.partition('"clientId"')[0] for request in venue.requests]
    assert bodies[0] == bodies[1]
