"""Conversions: of stocks at a bound, of other currencies by quotes, of dust; and what was converted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest, InvalidOrder, NullResponse

from tests.support.canned import CannedVenue
from tests.support.canned_rows import dust_conversion, indicative_quote, quote, rfq, rfq_fill

Canned = Callable[..., CannedVenue]

INDICATIVE, SUBMIT, OPEN = "GET /api/v1/stockIndicativeQuote", "POST /api/v1/rfq", "GET /api/v1/rfqs"
ACCEPT, CANCEL = "POST /api/v1/rfq/accept", "POST /api/v1/rfq/cancel"
FILLS, DUST = "GET /wapi/v1/history/rfq/fill", "GET /wapi/v1/history/dust"
STOCK = "QNDX.US"
EXACT = {"number": Decimal}


def bodies(venue: CannedVenue, operation: str) -> list[Any]:
    return [asked.params for asked in venue.asked if asked.call == operation]


def stock_venue(canned: Canned, price: str | None = "40.01") -> CannedVenue:
    def submitted(asked: dict[str, Any]) -> dict[str, Any]:
        return rfq(**{name: asked.get(name) for name in ("symbol", "side", "quantity", "price", "clientId")},
                   executionMode=asked["executionMode"], status="Filled")  # fmt: skip

    venue = canned(
        {INDICATIVE: lambda asked: indicative_quote(asked["side"], price), SUBMIT: submitted}, EXACT
    )
    venue.caller.exchange.currencies[STOCK] = {"id": STOCK, "code": STOCK}
    return venue


# --- stocks ------------------------------------------------------------------------------------------------


def test_a_stock_is_sold_at_its_indicative_price(canned: Canned) -> None:
    venue = stock_venue(canned)
    found = venue.call("fetch_convert_quote", STOCK, "USDC", 2)
    assert (found["fromAmount"], found["toAmount"], found["price"]) == (2, Decimal("80.02"), Decimal("40.01"))
    assert (found["id"], found["fromCurrency"], found["toCurrency"]) == (None, STOCK, "USDC")
    assert bodies(venue, SUBMIT) == []


def test_money_buys_as_many_shares_as_it_pays_for_on_the_step(canned: Canned) -> None:
    found = stock_venue(canned).call("fetch_convert_quote", "USDC", STOCK, 100)
    assert found["toAmount"] == Decimal("2.49")
    assert found["fromAmount"] == Decimal("2.49") * Decimal("40.01") <= 100


def test_a_stock_is_traded_immediately_at_a_bound(canned: Canned) -> None:
    venue = stock_venue(canned)
    done = venue.call("create_convert_trade", "7", "USDC", STOCK, 100, {"price": "41"})
    [body] = bodies(venue, SUBMIT)
    assert body == {
        "symbol": "QNDX.US_USDC_RFQ",
        "side": "Bid",
        "quantity": "2.43",
        "price": "41",
        "executionMode": "Immediate",
        "clientId": 7,
    }
    assert (done["toAmount"], done["fromAmount"], done["price"]) == (Decimal("2.43"), None, None)


def test_without_a_bound_the_indicative_price_is_the_bound(canned: Canned) -> None:
    venue = stock_venue(canned)
    venue.call("create_convert_trade", None, STOCK, "USDC", "3")
    [body] = bodies(venue, SUBMIT)
    assert (body["side"], body["quantity"], body["price"]) == ("Ask", "3", "40.01")
    assert "clientId" not in body


def test_shares_that_cost_more_than_is_to_be_spent_are_refused(canned: Canned) -> None:
    venue = stock_venue(canned)
    with pytest.raises(InvalidOrder, match="would cost more than 100"):
        venue.call("create_convert_trade", None, "USDC", STOCK, 100, {"baseAmount": 3, "price": 40})
    with pytest.raises(InvalidOrder, match="buys less than"):
        venue.call("create_convert_trade", None, "USDC", STOCK, "0.1")
    with pytest.raises(ArgumentsRequired, match="needs an amount"):
        venue.call("create_convert_trade", None, "USDC", STOCK)
    assert bodies(venue, SUBMIT) == []


def test_outside_its_sessions_a_stock_has_no_price(canned: Canned) -> None:
    venue = stock_venue(canned, None)
    for arguments in ((STOCK, "USDC", 1), ("USDC", STOCK, 100)):
        with pytest.raises(InvalidOrder, match="MarketClosed"):
            venue.call("fetch_convert_quote", *arguments)
        with pytest.raises(InvalidOrder, match="MarketClosed"):
            venue.call("create_convert_trade", None, *arguments)
    assert bodies(venue, SUBMIT) == []


# --- other currencies --------------------------------------------------------------------------------------


def quoted(side: str, *quotes: Any, **changes: Any) -> list[Any]:
    return [{"rfq": rfq(side=side, **changes), "quotes": list(quotes)}]


def asking(canned: Canned, answers: list[Any]) -> CannedVenue:
    """A venue whose open requests change from look to look, the last stays."""
    venue = canned(
        {
            SUBMIT: rfq(),
            OPEN: lambda _: answers.pop(0) if len(answers) > 1 else answers[0],
            ACCEPT: rfq(status="Filled"),
            CANCEL: rfq(status="Cancelled"),
        },
        EXACT,
    )
    sleep = venue.caller.exchange

    def slept(milliseconds: float) -> None:
        venue.caller.clock.advance(milliseconds / 1000)

    async def awaited(milliseconds: float) -> None:
        slept(milliseconds)

    sleep.sleep = awaited if venue.caller.is_asyncio else slept
    return venue


def test_the_quote_of_a_request_is_the_best_that_came(canned: Canned) -> None:
    venue = asking(canned, [[], quoted("Bid"), quoted("Bid", quote("98", "102"), quote("99", "101.5"))])
    found = venue.call("fetch_convert_quote", "USDC", "SOL", 1000)
    assert bodies(venue, SUBMIT)[0]["quoteQuantity"] == "1000"
    assert (found["id"], found["price"]) == ("113392053149171712", Decimal("101.5"))
    assert (found["toAmount"], found["fromAmount"]) == (10, Decimal(1015))
    assert bodies(venue, CANCEL) == []


def test_a_request_that_nobody_quotes_is_cancelled(canned: Canned) -> None:
    venue = asking(canned, [quoted("Ask")])
    with pytest.raises(InvalidOrder, match="nobody quoted within 1000 ms; the request was cancelled"):
        venue.call("fetch_convert_quote", "SOL", "USDC", 10, {"wait": 1000})
    assert len(bodies(venue, OPEN)) == 4
    assert bodies(venue, CANCEL) == [{"rfqId": "113392053149171712"}]


def test_the_best_quote_is_accepted_by_the_requests_id(canned: Canned) -> None:
    venue = asking(canned, [quoted("Ask", quote("98", "102", quoteId="5"), quote("99", "103", quoteId="6"))])
    done = venue.call("create_convert_trade", "113392053149171712", "SOL", "USDC", 10, {"price": 99})
    assert bodies(venue, ACCEPT) == [{"rfqId": "113392053149171712", "quoteId": "6"}]
    assert (done["fromAmount"], done["toAmount"], done["price"]) == (10, 990, 99)


def test_a_quote_worse_than_the_bound_or_of_another_request_is_not_accepted(canned: Canned) -> None:
    venue = asking(canned, [quoted("Ask", quote("98", "102"))])
    with pytest.raises(InvalidOrder, match="the best quote is 98, worse than 99"):
        venue.call("create_convert_trade", "113392053149171712", "SOL", "USDC", 10, {"price": 99})
    with pytest.raises(BadRequest, match="is Ask SOL_USDC_RFQ, not buy SOL"):
        venue.call("create_convert_trade", "113392053149171712", "USDC", "SOL", 10)
    with pytest.raises(BadRequest, match="not sell BTC"):
        venue.call("create_convert_trade", "113392053149171712", "BTC", "USDC", 10)
    nothing = asking(canned, [[]])
    with pytest.raises(InvalidOrder, match="has no quote that could be accepted"):
        nothing.call("create_convert_trade", "5", "SOL", "USDC", 10)
    assert bodies(venue, ACCEPT) + bodies(nothing, ACCEPT) == []


def test_another_quote_can_be_named(canned: Canned) -> None:
    venue = asking(canned, [quoted("Ask", quote("98", "102", quoteId="5"))])
    done = venue.call("create_convert_trade", "113392053149171712", "SOL", "USDC", 10, {"quoteId": "9"})
    assert bodies(venue, ACCEPT) == [{"rfqId": "113392053149171712", "quoteId": "9"}]
    assert (done["fromAmount"], done["price"]) == (None, None)


@pytest.mark.parametrize(
    "arguments",
    [("SOL", "BTC", 1), ("USDC", "USDC", 1), ("SOL", "XYZ", 1), ("SOL", "USDC", 0), ("SOL", "USDC")],
)
def test_what_cannot_be_converted_is_refused_before_anything_is_sent(
    canned: Canned, arguments: tuple[Any, ...]
) -> None:
    venue = canned({})
    with pytest.raises(BadRequest):
        venue.call("fetch_convert_quote", *arguments)
    assert venue.asked == []


# --- what was converted ------------------------------------------------------------------------------------


def test_conversions_are_found_oldest_first_and_one_by_one(canned: Canned) -> None:
    venue = canned(
        {
            FILLS: [
                rfq_fill("2026-01-01T00:00:03", "Ask", "100", "2", rfqId="12"),
                rfq_fill("2026-01-01T00:00:01", "Bid", "50000", "0.1", rfqId="11", symbol="BTC_USDC_RFQ"),
            ],
            DUST: [dust_conversion("2026-01-01T00:00:02", "0.001", "0.1")],
        },
        EXACT,
    )
    bought, dust, sold = venue.call("fetch_convert_trade_history")
    assert (bought["fromCurrency"], bought["fromAmount"], bought["toAmount"]) == (
        "USDC",
        5000,
        Decimal("0.1"),
    )
    assert (dust["id"], dust["fromCurrency"], dust["toAmount"]) == ("dust:7", "SOL", Decimal("0.1"))
    assert (sold["id"], sold["fromCurrency"], sold["toAmount"], sold["price"]) == ("12", "SOL", 200, 100)
    assert venue.call("fetch_convert_trade_history", "SOL") == [dust, sold]
    assert venue.call("fetch_convert_trade_history", None, 1767225602500) == [sold]
    for conversion in (bought, dust, sold):
        assert venue.call("fetch_convert_trade", conversion["id"]) == conversion
    for unknown in ("77", "dust:77"):
        with pytest.raises(NullResponse, match="has no conversion"):
            venue.call("fetch_convert_trade", unknown)
    with pytest.raises(BadRequest, match="has to be the venue's digits"):
        venue.call("fetch_convert_trade", "x")


def test_dust_is_converted_of_one_currency_or_of_all(canned: Canned) -> None:
    venue = canned({"POST /api/v1/account/convertDust": None})
    venue.call("convert_dust", "SOL")
    venue.call("convert_dust")
    assert [asked.params for asked in venue.asked] == [{"symbol": "SOL"}, {}]
    with pytest.raises(BadRequest, match="knows no currency"):
        venue.call("convert_dust", "XYZ")
