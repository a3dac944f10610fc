"""A reader that stands still: the server holds back what it does not read, and nobody else notices."""

from __future__ import annotations

import socket
from contextlib import closing

from bpx_connector.sandbox.server import Sandbox
from tests.support.gateways import gateway_on, reader_on
from tests.support.nats_servers import NatsServer
from tests.support.streaming import soon


def frozen_reader(address: str) -> socket.socket:
    """A connection that has subscribed to everything and reads no more."""
    host, port = address.rpartition("/")[2].split(":")
    link = socket.create_connection((host, int(port)), timeout=10)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.sendall(b'CONNECT {"verbose":false}\r\nSUB bpx.> 1\r\nPING\r\n')
    told = b""
    while b"PONG" not in told:
        told += link.recv(65_536)
    return link


async def test_a_reader_that_stands_still_costs_the_others_nothing(nats_server: NatsServer, net: str) -> None:
    async with (
        Sandbox(seed=1, symbols=["SOL_USDC"], speed=20) as venue,
        gateway_on(nats_server, venue, net, "a", account=None),
        reader_on(nats_server, net) as reader,
    ):
        with closing(frozen_reader(nats_server.url)):
            nonces = [(await soon(reader.watch_order_book("SOL/USDC")))["nonce"] for _ in range(100)]
            counters = reader.stream_counters()
    assert nonces == sorted(nonces)
    assert nonces[-1] > nonces[0]
    assert counters["streams"]["depth.SOL_USDC"]["gaps"] == 0
    assert counters["gateway"]["reconnects"] == 0
