"""Order books."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.test.exchange.base.test_order_book import test_order_book as check_order_book

from bpx_connector.parse.markets.books import order_book
from tests.support.parsing import NUMBERS, Offline, Sample, row


@pytest.mark.parametrize(
    ("identity", "symbol", "active"),
    [
        ("MU.US_USDC_PERP", "MU.US/USDC:USDC", True),
        ("kPEPE_USDC_PERP", "kPEPE/USDC:USDC", True),
        ("IP_USDC_PERP", "IP/USDC:USDC", False),  # Closed
        ("AMZN.US_USDC_PERP", "AMZN.US/USDC:USDC", False),  # PostOnly: nothing can be traded there
    ],
)
def test_names_keep_their_case_and_suffix_and_a_market_is_active_while_its_book_is_open(
    offline: Offline, sample: Sample, identity: str, symbol: str, active: bool
) -> None:
    market = offline().parse_market(row(sample, identity))
    assert (market["symbol"], market["active"]) == (symbol, active)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"marketType": "IPERP", "symbol": "SOL_USDC_IPERP"},
            {
                "symbol": "SOL/USDC:SOL",
                "type": "swap",
                "swap": True,
                "linear": False,
                "inverse": True,
                "settle": "SOL",
            },
        ),
        (
            {"marketType": "DATED", "symbol": "SOL_USDC_270326"},
            {
                "symbol": "SOL/USDC:USDC-270326",
                "type": "future",
                "future": True,
                "linear": True,
                "swap": False,
            },
        ),
        (
            {"marketType": "PREDICTION", "symbol": "SOL_USDC_PREDICTION"},
            {
                "symbol": "SOL/USDC",
                "type": "prediction",
                "spot": False,
                "contract": False,
                "contractSize": None,
            },
        ),
    ],
)
def test_every_other_type_with_a_book_has_a_market(
    offline: Offline, sample: Sample, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    (market,) = offline().parse_markets([{**row(sample, "SOL_USDC"), **change}])
    assert {name: market[name] for name in expected} == expected


def test_a_book_has_every_field_and_the_best_price_first(sample: Sample) -> None:
    book = order_book(sample("get_api_v1_depth.BTC_USDC_PERP_limit5"), "BTC/USDC:USDC", str)
    assert book == {
        "symbol": "BTC/USDC:USDC",
        "bids": [
            ["86781.4", "2.20229"],
            ["86779.8", "0.00115"],
            ["86779.7", "0.23172"],
            ["86779.6", "0.16803"],
            ["86777.7", "0.03571"],
        ],
        "asks": [
            ["86781.5", "5.54115"],
            ["86783.3", "1.22656"],
            ["86786", "0.00237"],
            ["86786.1", "0.00081"],
            ["86786.2", "2.09075"],
        ],
        "timestamp": 1790915412979,
        "datetime": "2026-10-02T04:30:12.979Z",
        "nonce": 6904864764,
    }


@NUMBERS
def test_a_book_is_sorted_by_value_and_cut_from_the_best(number: Any) -> None:
    depth = {
        "asks": [["10", "1"], ["9.5", "2"], ["100", "3"]],
        "bids": [["9", "1"], ["10.5", "2"], ["8.75", "3"]],
        "lastUpdateId": "7",
        "timestamp": 1,
    }
    book: Any = order_book(depth, "X/Y", number, 2)
    assert book["asks"] == [[number("9.5"), number("2")], [number("10"), number("1")]]
    assert book["bids"] == [[number("10.5"), number("2")], [number("9"), number("1")]]


def test_a_book_passes_ccxts_own_test(offline: Offline, sample: Sample) -> None:
    book = order_book(sample("rest/get_api_v1_depth"), "SOL/USDC", float)
    check_order_book(offline(), {}, "fetchOrderBook", book, "SOL/USDC")
    assert len(book["bids"]) == len(book["asks"]) == 20
