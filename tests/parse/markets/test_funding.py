"""Funding rates and open interest."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.test.exchange.base.test_funding_rate_history import test_funding_rate_history as check_funding_rate
from ccxt.test.exchange.base.test_open_interest import test_open_interest as check_open_interest

from bpx_connector.parse.markets.funding import interval_name
from tests.support.parsing import Offline, Sample


def test_a_funding_rate_has_every_field_to_its_28_digits(offline: Offline, sample: Sample) -> None:
    exchange = offline({"number": str})
    payload = {**sample("get_api_v1_markPrices")[0], "symbol": "SOL_USDC_PERP"}
    assert exchange.parse_funding_rate(payload) == {
        "info": payload,
        "symbol": "SOL/USDC:USDC",
        "markPrice": "0.02346",
        "indexPrice": "0.02351565",
        "interestRate": None,
        "estimatedSettlePrice": None,
        "timestamp": None,
        "datetime": None,
        "fundingRate": "-0.0001703677559048204097085472",
        "fundingTimestamp": 1788285600000,
        "fundingDatetime": "2026-09-01T18:00:00.000Z",
        "nextFundingRate": None,
        "nextFundingTimestamp": None,
        "nextFundingDatetime": None,
        "previousFundingRate": None,
        "previousFundingTimestamp": None,
        "previousFundingDatetime": None,
        "interval": "1h",
    }


def test_a_settled_funding_rate_has_every_field(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    payload = sample("get_api_v1_fundingRates")[1]
    parsed = exchange.parse_funding_rate_history(payload)
    assert parsed == {
        "info": payload,
        "symbol": "BTC/USDC:USDC",
        "fundingRate": 0.000008311,
        "timestamp": 1789336800000,
        "datetime": "2026-09-13T22:00:00.000Z",
    }
    check_funding_rate(exchange, {}, "fetchFundingRateHistory", parsed, "BTC/USDC:USDC")


@pytest.mark.parametrize(
    ("milliseconds", "name"),
    [(3600000, "1h"), ("28800000", "8h"), (1800000, "30m"), (5400000, "90m"), (None, None)],
)
def test_a_funding_interval_is_named_as_ccxt_names_it(milliseconds: Any, name: str | None) -> None:
    assert interval_name(milliseconds) == name


def test_an_open_interest_has_every_field(offline: Offline, sample: Sample) -> None:
    exchange = offline()
    payload = sample("rest/get_api_v1_openInterest")[0]
    parsed = exchange.parse_open_interest(payload)
    assert parsed == {
        "symbol": "SOL/USDC:USDC",
        "baseVolume": None,
        "quoteVolume": None,
        "openInterestAmount": 206529.68,
        "openInterestValue": None,
        "timestamp": 1788285149338,
        "datetime": "2026-09-01T17:52:29.338Z",
        "info": payload,
    }
    check_open_interest(exchange, {}, "fetchOpenInterest", parsed)


def test_an_open_interest_that_is_not_said_is_none(offline: Offline) -> None:
    parsed = offline().parse_open_interest({"symbol": "SOL_USDC_PERP", "timestamp": 1})
    assert parsed["openInterestAmount"] is None
