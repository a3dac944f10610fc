"""The blocking class writes to the connection that urllib3 keeps; whoever looks finds urllib3's own ways."""

from __future__ import annotations

import gzip
import threading
from typing import Any

import pytest
from ccxt.base.errors import NetworkError, RequestTimeout
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

import bpx_connector
from bpx_connector.call import kept_socket, urllib3_pool
from tests.support.keys import FIRST
from tests.support.raw_server import OK, serving

ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}


def exchange_at(url: str, timeout: int = 5_000) -> Any:
    exchange: Any = bpx_connector.bpx(
        {**FIRST.credentials, "enableRateLimit": False, "timeout": timeout, "options": {"outcome": False}}
    )
    exchange.urls["api"] = url
    return exchange


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The statuses of what was answered over a kept socket."""
    answered: list[int] = []
    way = kept_socket.answer_over_kept_socket

    def noted(*asked: Any) -> Any:
        heard = way(*asked)
        if heard is not None:
            answered.append(heard.status)
        return heard

    monkeypatch.setattr(urllib3_pool, "answer_over_kept_socket", noted)
    return answered


def test_an_order_leaves_in_one_piece(times: list[int]) -> None:
    with serving(OK, OK) as server:
        exchange = exchange_at(server.url)
        exchange.public_get_api_v1_status()
        exchange.private_post_api_v1_order(ORDER)
        assert times == [200]
        assert server.connections == 1
        assert server.reads[-1] == server.requests[-1]
        assert b'"symbol":"SOL_USDC"' in server.requests[-1]


def test_a_compressed_answer_is_read(times: list[int]) -> None:
    packed = gzip.compress(b'{"status":"Ok"}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with serving(OK, head.encode() + packed) as server:
        exchange = exchange_at(server.url)
        exchange.public_get_api_v1_status()
        assert exchange.public_get_api_v1_status() == {"status": "Ok"}
        assert times == [200]


def test_what_is_said_to_be_compressed_and_is_not_is_trouble_on_the_way() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    with serving(OK, head) as server:
        exchange = exchange_at(server.url)
        exchange.public_get_api_v1_status()
        with pytest.raises(NetworkError):
            exchange.public_get_api_v1_status()


def test_an_answer_in_pieces_is_read(times: list[int]) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    with serving(OK, chunked, OK) as server:
        exchange = exchange_at(server.url)
        for _ in range(3):
            assert exchange.public_get_api_v1_status() == {}
        assert times == [200, 200]
        assert server.connections == 1


def test_a_connection_that_the_venue_closes_after_an_answer_is_used_no_more(times: list[int]) -> None:
    last = OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n", 1)
    with serving(OK, last, hangs_up=True) as server:
        exchange = exchange_at(server.url)
        for _ in range(4):
            assert exchange.public_get_api_v1_status() == {}
        assert times == [200, 200]
        assert server.connections == 2


def test_a_venue_that_falls_silent_is_a_timeout_and_nothing_is_sent_twice() -> None:
    with serving(OK) as server:
        exchange = exchange_at(server.url)
        exchange.public_get_api_v1_status()
        exchange.timeout = 100
        with pytest.raises(RequestTimeout, match=r"api/v1/order"):
            exchange.private_post_api_v1_order(ORDER)
        assert server.connections == 1
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", OK.replace(b"Length: 2", b"Length: 9"), OK[:30]]
)
def test_a_connection_that_breaks_is_trouble_on_the_way_and_nothing_is_sent_twice(answer: bytes) -> None:
    with serving(OK, answer, hangs_up=True) as server:
        exchange = exchange_at(server.url)
        exchange.public_get_api_v1_status()
        with pytest.raises(NetworkError):
            exchange.private_post_api_v1_order(ORDER)
        assert server.connections == 1
        assert len(server.requests) == 2


def test_whoever_has_replaced_urllib3s_way_is_asked(
    times: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    way, traced = HTTPConnectionPool.urlopen, []

    def instead(self: Any, method: str, url: str, *how: Any, **named: Any) -> Any:
        traced.append(url)
        return way(self, method, url, *how, **named)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", instead)
    with serving(OK, OK) as server:
        exchange = exchange_at(server.url)
        for _ in range(2):
            exchange.public_get_api_v1_status()
        assert len(traced) == 2
        assert times == []


def test_a_connection_of_who_plays_answers_back_is_asked_in_its_own_way(
    times: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Played(HTTPConnection):
        """Stands for a library's own."""

    monkeypatch.setattr(HTTPConnectionPool, "ConnectionCls", Played)
    with serving(OK, OK) as server:
        exchange = exchange_at(server.url)
        for _ in range(2):
            assert exchange.public_get_api_v1_status() == {}
        assert times == []
        assert server.connections == 1


def test_threads_that_share_an_object_do_not_share_an_answer() -> None:
    answers = [OK.replace(b"{}", b"[]")] * 40
    with serving(*answers) as server:
        exchange = exchange_at(server.url)
        told: list[Any] = []
        threads = [
            threading.Thread(
                target=lambda: told.extend(exchange.public_get_api_v1_status() for _ in range(10))
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert told == [[]] * 40


def test_urllib3_has_what_is_used_of_it() -> None:
    assert kept_socket._IS_KNOWN
