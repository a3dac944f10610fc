"""How programs for many exchanges make an exchange object, and what they do to it from outside."""

from __future__ import annotations

import asyncio
import inspect
import json
from copy import deepcopy
from typing import Any

import pytest
from ccxt.base.errors import OrderNotFound
from ccxt.base.exchange import Exchange
from ccxt.base.types import Entry

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from bpx_connector.sandbox.server import SandboxThread
from tests.support.callers import Caller
from tests.support.clients import CLASSES, EVERY_CLASS, PERP, SPOT, bought, close, resting, streaming_exchange
from tests.support.samples import offline_exchange
from tests.support.sandboxes import SYMBOLS

CREDENTIALS = ("apiKey", "secret", "password", "uid", "accountId", "walletAddress", "privateKey")


# --- constructed ------------------------------------------------------------------------------------------


@EVERY_CLASS
def test_a_class_is_made_without_arguments_and_without_a_running_loop_and_thrown_away(kind: Any) -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    exchange = kind()
    if kind is not bpx_connector.bpx:
        assert (exchange.session, exchange.asyncio_loop) == (None, None), (
            "nothing is opened before it is used"
        )
    del exchange  # a warning about something left open would be an error here


@EVERY_CLASS
def test_credentials_may_be_none(kind: Any) -> None:
    exchange = kind(dict.fromkeys(CREDENTIALS))
    assert [getattr(exchange, name) for name in CREDENTIALS] == [None] * len(CREDENTIALS)


@EVERY_CLASS
def test_keys_that_the_class_does_not_know_are_accepted(kind: Any) -> None:
    assert kind({"ccxt_config": {}, "rateLimiter": 3, "verbose_level": None}).rateLimiter == 3


def test_the_three_classes_have_one_id() -> None:
    assert {kind().id for kind in CLASSES} == {"bpx"}


def test_markets_are_handed_from_the_asyncio_object_to_the_blocking_one() -> None:
    loaded = offline_exchange()
    asyncio_object: Any = bpx_connector.pro.bpx()
    asyncio_object.set_markets(deepcopy(list(loaded.markets.values())), deepcopy(loaded.currencies))
    blocking: Any = bpx_connector.bpx()
    blocking.set_markets_from_exchange(asyncio_object)
    assert blocking.symbols == loaded.symbols
    assert blocking.market(PERP)["id"] == "SOL_USDC_PERP"
    assert blocking.currencies == loaded.currencies != {}
    assert blocking.load_markets() == blocking.markets


def test_no_call_leaves_anything_in_the_options_that_objects_share(trader: Caller) -> None:
    shared = trader.exchange.options
    before = deepcopy(shared)
    for name, *arguments in (
        ("load_markets", True),
        ("fetch_ticker", SPOT),
        ("fetch_ohlcv", SPOT, "1m", None, 3),
        ("fetch_balance",),
        ("set_leverage", 5, PERP),
        ("fetch_order", resting(trader)["id"], SPOT),
        ("fetch_order", bought(trader, PERP)["id"], PERP),
        ("fetch_my_trades", SPOT),
        ("fetch_positions",),
    ):
        trader.call(name, *arguments)
    assert shared == before


async def test_no_stream_leaves_anything_in_the_options_that_objects_share() -> None:
    with SandboxThread(symbols=["SOL_USDC"], seed=1) as sandbox:
        exchange = streaming_exchange(sandbox)
        before = deepcopy(exchange.options)
        await exchange.watch_ticker(SPOT)
        await exchange.watch_balance()
        assert exchange.options == before
        await exchange.close()


def test_objects_that_share_one_options_dict_keep_their_own_accounts(trader: Caller) -> None:
    other = trader.second()
    other.exchange.options = trader.exchange.options
    order = resting(trader)
    assert trader.call("fetch_order", order["id"], SPOT)["id"] == order["id"]
    with pytest.raises(OrderNotFound):
        other.call("fetch_order", order["id"], SPOT)


@EVERY_CLASS
def test_sandbox_mode_can_be_switched_on(kind: Any) -> None:
    exchange = kind()
    exchange.set_sandbox_mode(True)
    assert exchange.urls["api"] == kind().urls["test"]


def test_sandbox_mode_leads_to_a_sandbox_that_answers(trader: Caller) -> None:
    assert trader.sandbox is not None
    url = trader.sandbox.url
    exchange = type(trader.exchange)({"urls": {"test": {"public": url, "private": url}}})
    exchange.timeout_on_exit = 0
    exchange.set_sandbox_mode(True)
    assert trader.result(exchange.fetch_status())["status"] == "ok"
    close(trader, exchange)


def test_a_sign_wrapped_on_the_object_is_the_one_that_is_used(trader: Caller) -> None:
    sign, seen = trader.exchange.sign, []

    def wrapped(*arguments: Any, **named: Any) -> Any:
        request = sign(*arguments, **named)
        seen.append((request["method"], request["url"].rpartition("/api/")[2]))
        return request

    trader.exchange.sign = wrapped
    trader.call("fetch_balance")
    assert ("GET", "v1/capital") in seen


@EVERY_CLASS
def test_markets_and_currencies_can_be_set_from_outside(kind: Any) -> None:
    loaded, exchange = offline_exchange(), kind()
    exchange.set_markets(deepcopy(loaded.markets), deepcopy(loaded.currencies))
    assert (exchange.symbols, exchange.market_id(PERP)) == (loaded.symbols, "SOL_USDC_PERP")


@EVERY_CLASS
def test_markets_can_be_set_from_a_generator(kind: Any) -> None:
    loaded, exchange = offline_exchange(), kind()
    exchange.set_markets(market for market in deepcopy(loaded.markets).values())
    assert exchange.symbols == loaded.symbols


@EVERY_CLASS
def test_every_string_inside_the_described_urls_can_be_rewritten(kind: Any) -> None:
    def rewritten(urls: Any) -> Any:
        if isinstance(urls, str):
            return urls.replace("backpack.exchange", "mirror.example")
        if isinstance(urls, dict):
            return {name: rewritten(url) for name, url in urls.items()}
        if isinstance(urls, list):
            return [rewritten(url) for url in urls]
        assert urls is None, f"{urls!r} is neither a string nor holds any"
        return None

    exchange = kind()
    exchange.urls = rewritten(exchange.describe()["urls"])
    assert exchange.sign("api/v1/time")["url"] == "https://api.mirror.example/api/v1/time"
    assert "mirror" not in str(kind().urls)


def test_fetch_markets_can_be_replaced_on_an_object(trader: Caller) -> None:
    kept = [trader.exchange.market(SPOT)]

    async def awaited(params: Any = {}) -> Any:
        return kept

    trader.exchange.fetch_markets = awaited if trader.is_asyncio else lambda params={}: kept
    assert list(trader.call("load_markets", True)) == [SPOT]


@EVERY_CLASS
def test_every_ability_that_ccxt_knows_can_be_read_off_has(kind: Any) -> None:
    assert set(Exchange().has) - set(kind().has) == set()


@EVERY_CLASS
def test_an_empty_position_is_parsed_for_its_market(kind: Any) -> None:
    loaded, exchange = offline_exchange(), kind()
    exchange.set_markets(loaded.markets, loaded.currencies)
    position = exchange.parse_position({}, market=exchange.market(PERP))
    assert (position["symbol"], position["contracts"], position["side"]) == (PERP, None, None)


# --- a class outside ccxt's repository --------------------------------------------------------------------


@EVERY_CLASS
def test_implicit_methods_are_entries_in_a_class_body_under_both_spellings(kind: Any) -> None:
    entry = inspect.getattr_static(kind, "public_get_api_v1_markets")
    assert isinstance(entry, Entry)
    exchange = kind()
    assert callable(exchange.public_get_api_v1_markets)
    assert callable(exchange.publicGetApiV1Markets)


def test_an_implicit_method_asks_the_venue(trader: Caller) -> None:
    rows = trader.call("publicGetApiV1Markets")
    assert {row["symbol"] for row in rows} == set(SYMBOLS)


@EVERY_CLASS
def test_base_addresses_can_be_configured(kind: Any) -> None:
    urls = {"public": "https://mirror.example", "private": "https://mirror.example"}
    exchange = kind({"urls": {"api": urls}})
    assert exchange.sign("api/v1/time")["url"] == "https://mirror.example/api/v1/time"
    assert exchange.urls["api"]["ws"] == kind().urls["api"]["ws"]


def test_the_class_with_streams_is_the_asyncio_class_and_more() -> None:
    assert issubclass(bpx_connector.pro.bpx, bpx_connector.async_support.bpx)
    assert not issubclass(bpx_connector.pro.bpx, bpx_connector.bpx)
    ours = {name for name in vars(bpx_connector.pro.bpx) if name.startswith("watch_")}
    assert {"watch_order_book", "watch_orders"} <= ours


@EVERY_CLASS
def test_sign_takes_the_access_as_a_string_or_in_a_list_and_headers_and_body_with_it(kind: Any) -> None:
    exchange = kind()
    for access in ("public", ["public"]):
        request = exchange.sign("api/v1/time", access, "GET", {}, {"X-Mine": "1"}, None)
        assert request["url"] == "https://api.backpack.exchange/api/v1/time"
        assert request["headers"]["X-Mine"] == "1"


def test_an_answer_that_is_a_bare_number_is_read_as_one(trader: Caller) -> None:
    assert type(trader.call("fetch_time")) is int


async def test_the_loop_is_bound_when_the_object_is_first_used(running: SandboxThread) -> None:
    exchange = streaming_exchange(running)
    loops = [exchange.asyncio_loop]
    await exchange.fetch_time()
    loops.append(exchange.asyncio_loop)
    assert loops == [None, asyncio.get_running_loop()]
    await exchange.close()


def test_a_program_with_a_fetch_of_its_own_sees_answers_as_they_are(trader: Caller) -> None:
    exchange, seen = trader.exchange, []
    fetch, errors = exchange.fetch, exchange.handle_errors

    def kept(answer: Any) -> Any:
        seen.append(json.dumps(answer))
        return answer

    async def awaited(*args: Any) -> Any:
        return kept(await fetch(*args))

    asked: list[Any] = [("fetch_ohlcv", SPOT, "1m", None, 3), ("fetch_order_book", SPOT, 5)]
    plain = [trader.call(*call) for call in asked]
    exchange.fetch = awaited if trader.is_asyncio else lambda *args: kept(fetch(*args))
    assert [trader.call(*call) for call in asked] == plain
    exchange.fetch = fetch
    exchange.handle_errors = lambda *args: (kept(args[6]), errors(*args))[1]
    assert [trader.call(*call) for call in asked] == plain
    assert [text[:9] for text in seen] == ['[{"close"', '{"asks": '] * 2
