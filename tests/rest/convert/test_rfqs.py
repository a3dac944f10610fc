"""Requests for quotes from both sides, with ids that no float can hold."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, InvalidOrder, OrderNotFound

from tests.support.canned import CannedVenue
from tests.support.canned_rows import past_quote, past_rfq, quote, quote_fill, rfq, rfq_fill

Canned = Callable[..., CannedVenue]

RFQ_ID, QUOTE_ID = "113392053149171713", "113392054083780609"
ANSWERS: dict[str, Any] = {
    "POST /api/v1/rfq": rfq(rfqId=RFQ_ID),
    "POST /api/v1/rfq/accept": rfq(rfqId=RFQ_ID, status="Filled"),
    "POST /api/v1/rfq/refresh": rfq(rfqId=RFQ_ID, submissionTime=1767225710000),
    "POST /api/v1/rfq/cancel": rfq(rfqId=RFQ_ID, status="Cancelled"),
    "POST /api/v1/rfq/quote": quote("99", "101", rfqId=RFQ_ID, quoteId=QUOTE_ID),
    "GET /api/v1/rfqs": [],
    "GET /wapi/v1/history/rfq": [],
}


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (("buy", 10), {"side": "Bid", "quantity": "10", "executionMode": "AwaitAccept"}),
        (("sell", None, None, {"cost": "150.50"}), {"side": "Ask", "quoteQuantity": "150.5",
                                                    "executionMode": "AwaitAccept"}),
        (("buy", 1e-7, Decimal("99.10")), {"side": "Bid", "quantity": "0.0000001", "price": "99.1",
                                           "executionMode": "Immediate"}),
        (("buy", 1, None, {"clientOrderId": "7", "autoLendRedeem": True}),
         {"side": "Bid", "quantity": "1", "executionMode": "AwaitAccept", "clientId": 7,
          "autoLendRedeem": True}),
    ],
)  # fmt: skip
def test_a_request_says_how_much_and_how_it_is_taken(
    canned: Canned, arguments: tuple[Any, ...], body: dict[str, Any]
) -> None:
    venue = canned(ANSWERS)
    found = venue.call("create_rfq", "SOL/USDC", *arguments)
    assert venue.asked[0].params == {"symbol": "SOL_USDC_RFQ", **body}
    assert (found["id"], found["symbol"], found["status"]) == (RFQ_ID, "SOL.RFQ/USDC", "open")


@pytest.mark.parametrize("symbol", ["SOL/USDC", "SOL.RFQ/USDC", "SOL_USDC", "SOL_USDC_RFQ", "SOL/USDC:USDC"])
def test_a_market_for_requests_is_known_by_any_of_its_names(canned: Canned, symbol: str) -> None:
    assert canned({}).caller.exchange.rfq_market_id(symbol) == "SOL_USDC_RFQ"


def test_stocks_and_thousands_have_markets_for_requests_too(canned: Canned) -> None:
    exchange = canned({}).caller.exchange
    for market_id in ("AAPL.US_USDC_RFQ", "kPEPE_USDC_RFQ", "0G_USDC_RFQ"):
        symbol = exchange.rfq_symbol(market_id)
        assert exchange.rfq_market_id(symbol) == market_id
    assert exchange.rfq_symbol("AAPL.US_USDC_RFQ") == "AAPL.US.RFQ/USDC"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("buy",), ArgumentsRequired),
        (("buy", 1, None, {"cost": 5}), ArgumentsRequired),
        (("long", 1), BadRequest),
        (("buy", 0), BadRequest),
        (("buy", -1), BadRequest),
        (("buy", 1, 0), BadRequest),
        (("buy", 1, 90, {"executionMode": "AwaitAccept"}), InvalidOrder),
        (("buy", 1, None, {"executionMode": "Immediate"}), InvalidOrder),
        (("buy", 1, None, {"executionMode": "Later"}), BadRequest),
        (("buy", 1, None, {"clientOrderId": 2**32}), InvalidOrder),
    ],
)
def test_a_request_that_is_none_is_refused_before_it_is_sent(
    canned: Canned, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    venue = canned(ANSWERS)
    with pytest.raises(error):
        venue.call("create_rfq", "SOL/USDC", *arguments)
    assert venue.asked == []


def test_ids_go_out_as_they_came_in(canned: Canned) -> None:
    venue = canned(ANSWERS)
    assert venue.call("accept_rfq_quote", RFQ_ID, QUOTE_ID)["status"] == "closed"
    assert venue.call("accept_rfq_quote", int(RFQ_ID), int(QUOTE_ID), "SOL.RFQ/USDC")["id"] == RFQ_ID
    assert venue.call("refresh_rfq", RFQ_ID)["submissionTimestamp"] == 1767225710000
    assert venue.call("cancel_rfq", RFQ_ID)["status"] == "canceled"
    venue.call("cancel_rfq", "", {"clientOrderId": 7})
    assert [asked.params for asked in venue.asked] == [
        {"rfqId": RFQ_ID, "quoteId": QUOTE_ID},
        {"rfqId": RFQ_ID, "quoteId": QUOTE_ID},
        {"rfqId": RFQ_ID},
        {"rfqId": RFQ_ID},
        {"clientId": 7},
    ]


@pytest.mark.parametrize("identity", [float(RFQ_ID), 1.5, True, "x", "-1", "1e17", [RFQ_ID]])
def test_an_id_that_was_a_float_on_the_way_is_refused(canned: Canned, identity: Any) -> None:
    venue = canned(ANSWERS)
    for method, arguments in (
        ("cancel_rfq", (identity,)),
        ("refresh_rfq", (identity,)),
        ("fetch_rfq", (identity,)),
        ("accept_rfq_quote", (RFQ_ID, identity)),
        ("create_rfq_quote", (identity, 1, 2)),
    ):
        with pytest.raises(BadRequest, match="has to be the venue's digits"):
            venue.call(method, *arguments)
    assert venue.asked == []


def test_a_request_without_any_id_is_none(canned: Canned) -> None:
    with pytest.raises(ArgumentsRequired, match="needs an id or params"):
        canned({}).call("cancel_rfq", None)


def test_the_best_quote_is_the_cheapest_for_who_buys_and_the_dearest_for_who_sells(canned: Canned) -> None:
    quotes = [
        quote("98", "102", quoteId="1"),
        quote("99", "101.5", quoteId="2"),
        quote("97", "101", quoteId="3"),
        quote("100", "100", quoteId="4", status="Cancelled"),
    ]
    rows = [
        {"rfq": rfq(rfqId="8", side="Bid"), "quotes": quotes},
        {"rfq": rfq(rfqId="9", side="Ask", createdAt=1767225600001), "quotes": quotes},
        {"rfq": rfq(rfqId="10", createdAt=1767225600002), "quotes": []},
    ]
    venue = canned({**ANSWERS, "GET /api/v1/rfqs": rows})
    buying, selling, alone = venue.call("fetch_open_rfqs", "SOL/USDC")
    assert (buying["bestQuote"]["id"], selling["bestQuote"]["id"], alone["bestQuote"]) == ("3", "2", None)
    assert [one["id"] for one in buying["quotes"]] == ["1", "2", "3", "4"]
    assert venue.asked[0].params == {"symbol": "SOL_USDC_RFQ"}
    assert venue.call("fetch_rfq", "9") == selling


def test_a_request_that_is_over_is_in_the_history(canned: Canned) -> None:
    history = [past_rfq("2026-01-01T00:00:00.250", rfqId=RFQ_ID)]
    venue = canned({**ANSWERS, "GET /wapi/v1/history/rfq": history})
    found = venue.call("fetch_rfq", RFQ_ID)
    assert (found["id"], found["status"], found["timestamp"]) == (RFQ_ID, "closed", 1767225600250)
    assert venue.call("fetch_rfq_history", "SOL/USDC") == [found]
    with pytest.raises(OrderNotFound, match="knows no RFQ 5"):
        venue.call("fetch_rfq", "5")


def test_a_maker_quotes_both_prices(canned: Canned) -> None:
    venue = canned(ANSWERS)
    made = venue.call("create_rfq_quote", RFQ_ID, "99.00", 101, {"clientOrderId": 3})
    assert venue.asked[0].params == {"rfqId": RFQ_ID, "bidPrice": "99", "askPrice": "101", "clientId": 3}
    assert (made["id"], made["rfqId"], made["bid"], made["ask"]) == (QUOTE_ID, RFQ_ID, 99.0, 101.0)
    with pytest.raises(InvalidOrder, match="is above the ask"):
        venue.call("create_rfq_quote", RFQ_ID, 102, 101)
    assert len(venue.asked) == 1


def test_fills_are_trades_of_either_side(canned: Canned) -> None:
    venue = canned(
        {
            "GET /wapi/v1/history/rfq/fill": [rfq_fill("2026-01-01T00:00:01", "Bid", "100.5", "2")],
            "GET /wapi/v1/history/quote/fill": [
                quote_fill("2026-01-01T00:00:01", "Bid", "100", "2", fee="0.1", feeSymbol="USDC")
            ],
            "GET /wapi/v1/history/quote": [past_quote("2026-01-01T00:00:00", "99", "100")],
        }
    )
    [taken] = venue.call("fetch_rfq_fills")
    assert (taken["side"], taken["amount"], taken["cost"], taken["fee"]) == ("buy", 2.0, 201.0, None)
    assert (taken["symbol"], taken["takerOrMaker"]) == ("SOL.RFQ/USDC", "taker")
    [made] = venue.call("fetch_quote_fills", "SOL/USDC")
    assert (made["side"], made["takerOrMaker"], made["fee"]) == (
        "sell",
        "maker",
        {"currency": "USDC", "cost": 0.1},
    )
    [quoted] = venue.call("fetch_quote_history")
    assert (quoted["bid"], quoted["ask"], quoted["timestamp"]) == (99.0, 100.0, 1767225600000)


def test_what_was_asked_in_the_quote_currency_has_an_amount_all_the_same(canned: Canned) -> None:
    row = {**rfq_fill("2026-01-01T00:00:01", "Bid", "100", "2"), "quantity": None, "quoteQuantity": "150"}
    [trade] = canned({"GET /wapi/v1/history/rfq/fill": [row]}).call("fetch_rfq_fills")
    assert (trade["amount"], trade["cost"]) == (1.5, 150.0)
