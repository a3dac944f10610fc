"""Certificates are verified, unless somebody says that it is meant."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from ccxt.base.errors import BadRequest

import bpx_connector
from bpx_connector import async_support, pro
from tests.support.keys import FIRST
from tests.support.samples import offline_exchange
from tests.support.scripted_venue import Answer, ScriptedVenue

CLASSES = pytest.mark.parametrize("kind", [bpx_connector.bpx, async_support.bpx, pro.bpx])


@CLASSES
@pytest.mark.parametrize(
    ("setting", "value"),
    [("verify", None), ("verify", ""), ("verify", 0), ("validateServerSsl", None)],
)
def test_an_empty_setting_does_not_turn_the_check_of_certificates_off(
    kind: Any, setting: str, value: Any
) -> None:
    exchange = kind(FIRST.credentials)
    setattr(exchange, setting, value)
    with pytest.raises(BadRequest, match="certificates would not be verified"):
        exchange.sign("api/v1/time")
    with pytest.raises(BadRequest, match="nothing was sent"):
        exchange.sign("api/v1/order", "private", "POST", {"symbol": "SOL_USDC"})


@CLASSES
@pytest.mark.parametrize("setting", ["verify", "validateServerSsl"])
def test_who_says_false_means_it(kind: Any, setting: str) -> None:
    exchange = kind({setting: False})
    assert exchange.sign("api/v1/time")["url"].startswith("https://")


@CLASSES
@pytest.mark.parametrize("value", [True, "/etc/ssl/certs/desk.pem"])
def test_a_file_of_certificates_is_no_refusal(kind: Any, value: Any) -> None:
    exchange = kind()
    exchange.verify = value
    assert exchange.sign("api/v1/time")["method"] == "GET"


@CLASSES
def test_a_sandbox_on_this_machine_has_no_certificate_to_verify(kind: Any) -> None:
    exchange = kind({"verify": False})
    exchange.set_sandbox_mode(True)
    assert exchange.sign("api/v1/time")["url"].startswith("http://")


@pytest.mark.parametrize("value", [False, None, "", 0])
async def test_an_empty_setting_is_no_matter_for_a_sandbox_on_this_machine(value: Any) -> None:
    with ScriptedVenue([Answer("1767225600000", kind="text/plain")]) as venue:
        for kind in (bpx_connector.bpx, async_support.bpx):
            exchange: Any = kind({"verify": value, "urls": {"api": venue.url}})
            told = exchange.fetch_time()
            assert (await told if inspect.isawaitable(told) else told) == 1767225600000
            ended = exchange.close()
            if inspect.isawaitable(ended):
                await ended


async def test_streams_are_not_connected_without_a_check_of_certificates_either() -> None:
    exchange: Any = pro.bpx({"verify": ""})
    known = offline_exchange()
    exchange.set_markets(list(known.markets.values()), known.currencies)
    with pytest.raises(BadRequest, match="certificates would not be verified"):
        await exchange.watch_ticker("SOL/USDC")
    closed = exchange.close()
    assert inspect.isawaitable(closed)
    await closed
