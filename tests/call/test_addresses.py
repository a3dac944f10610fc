"""Requests and streams go to one place: the sandbox or the venue, never to both."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import BadRequest

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from bpx_connector.call.addresses import addresses_of, refuse_mixture

VENUE, STREAMS = "https://api.backpack.exchange", "wss://ws.backpack.exchange"
HERE, STREAMS_HERE = "http://127.0.0.1:8787", "ws://127.0.0.1:8787"
CLASSES: list[Any] = [bpx_connector.bpx, bpx_connector.async_support.bpx, bpx_connector.pro.bpx]
EVERY_CLASS = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__module__)
LINE = r'Write \{"urls": \{"api": "http://127.0.0.1:8787"\}\}'


@pytest.mark.parametrize(
    ("urls", "addresses"),
    [
        (HERE, (HERE, HERE, STREAMS_HERE)),
        (HERE + "/", (HERE, HERE, STREAMS_HERE)),
        ({"public": HERE, "private": HERE}, (HERE, HERE, STREAMS_HERE)),
        ({"public": HERE, "private": HERE, "ws": STREAMS_HERE}, (HERE, HERE, STREAMS_HERE)),
        ({"public": HERE, "private": HERE, "ws": {"public": STREAMS_HERE}}, (HERE, HERE, STREAMS_HERE)),
        (VENUE, (VENUE, VENUE, STREAMS)),
        ("https://api.eu.backpack.exchange", ("https://api.eu.backpack.exchange",) * 2 + (STREAMS,)),
        ("https://mirror.example", ("https://mirror.example",) * 2 + ("wss://mirror.example",)),
    ],
)
def test_one_address_leads_requests_and_streams(urls: Any, addresses: tuple[str, str, str]) -> None:
    assert addresses_of(urls) == addresses


@pytest.mark.parametrize("public", [VENUE, HERE, "http://localhost:1", "http://[::1]:1", "http://127.3.2.1"])
@pytest.mark.parametrize("private", [VENUE, HERE])
@pytest.mark.parametrize("streams", [STREAMS, STREAMS_HERE])
def test_a_sandbox_and_the_venue_are_never_mixed(public: str, private: str, streams: str) -> None:
    addresses = addresses_of({"public": public, "private": private, "ws": streams})
    if (public == VENUE) == (private == VENUE) == (streams == STREAMS):
        refuse_mixture("bpx", addresses, has_streams=True)
        return
    if len({public == VENUE, private == VENUE, streams == STREAMS}) > 1:
        with pytest.raises(BadRequest, match=r'Write \{"urls": \{"api": "http://'):
            refuse_mixture("bpx", addresses, has_streams=True)


MIXED = {
    "streams of the venue": {"public": HERE, "private": HERE},
    "requests to the venue": {"ws": {"public": STREAMS_HERE, "private": STREAMS_HERE}},
    "orders to the venue": {"public": HERE, "ws": {"public": STREAMS_HERE, "private": STREAMS_HERE}},
}


@pytest.mark.parametrize("mixed", MIXED)
async def test_the_first_use_of_a_mixture_says_the_line_to_write(mixed: str) -> None:
    exchange = bpx_connector.pro.bpx({"urls": {"api": MIXED[mixed]}})
    exchange.timeout_on_exit = 0
    with pytest.raises(BadRequest, match=LINE):
        await exchange.fetch_time()
    exchange.markets = {}
    exchange.set_markets([])
    with pytest.raises(BadRequest, match=LINE):
        await exchange.watch_balance()
    await exchange.close()


@EVERY_CLASS
def test_orders_never_leave_for_the_venue_while_prices_come_from_a_sandbox(kind: Any) -> None:
    exchange = kind({"urls": {"api": {"public": HERE}}})
    with pytest.raises(BadRequest, match=LINE):
        refuse_mixture("bpx", addresses_of(exchange.urls["api"]), has_streams=False)


def test_a_class_without_streams_needs_no_address_for_them() -> None:
    exchange = bpx_connector.bpx({"urls": {"api": {"public": HERE, "private": HERE}}})
    refuse_mixture("bpx", addresses_of(exchange.urls["api"]), has_streams=False)
    assert exchange.sign("api/v1/time")["url"] == HERE + "/api/v1/time"


@EVERY_CLASS
def test_sandbox_mode_and_a_plain_address_lead_everything(kind: Any) -> None:
    sandboxed = kind({"sandbox": True})
    plain = kind({"urls": {"api": HERE}})
    other = kind({"urls": {"test": HERE + "0"}, "sandbox": True})
    for exchange, port in ((sandboxed, "8787"), (plain, "8787"), (other, "87870")):
        addresses = addresses_of(exchange.urls["api"])
        assert addresses == (f"http://127.0.0.1:{port}",) * 2 + (f"ws://127.0.0.1:{port}",)


@pytest.mark.parametrize("urls", [{}, {"ws": STREAMS_HERE}])
def test_an_address_that_is_missing_is_said_to_be_missing(urls: Any) -> None:
    with pytest.raises(BadRequest, match="it takes an address"):
        addresses_of(urls)


@EVERY_CLASS
def test_a_region_has_its_own_host_and_the_streams_of_all(kind: Any) -> None:
    exchange = kind({"options": {"region": "eu"}})
    europe = "https://api.eu.backpack.exchange"
    assert addresses_of(exchange.urls["api"]) == (europe, europe, STREAMS)
    own = kind({"options": {"region": "eu"}, "urls": {"api": HERE}})
    assert addresses_of(own.urls["api"]).public == HERE
    with pytest.raises(BadRequest, match="region"):
        kind({"options": {"region": "us"}})


@EVERY_CLASS
@pytest.mark.parametrize("urls", [VENUE, {"public": VENUE, "private": VENUE, "ws": {"public": STREAMS}}])
def test_a_program_that_is_told_to_rehearse_does_not_reach_the_venue_by_its_own_addresses(
    kind: Any, urls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BPX_SANDBOX", HERE)
    assert addresses_of(kind({"urls": {"api": urls}}).urls["api"]) == (HERE, HERE, STREAMS_HERE)


@EVERY_CLASS
def test_another_local_exchange_that_a_program_names_is_used(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BPX_SANDBOX", HERE)
    other = "http://127.0.0.1:9999"
    assert addresses_of(kind({"urls": {"api": other}}).urls["api"]).private == other


@EVERY_CLASS
def test_no_region_leads_off_the_sandbox(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BPX_SANDBOX", HERE)
    assert addresses_of(kind({"options": {"region": "eu"}}).urls["api"]).private == HERE
