"""What lists cost and how far they look: bounds, pages of one's own, what is asked for beside them."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import ArgumentsRequired, BadRequest

from tests.support.canned_rows import deposit
from tests.support.made_up import BEGINNING, DAY, EXCHANGE, HOUR, PERPETUAL, SPOT, text
from tests.support.scripted import scripted_exchange
from tests.support.scripted_orders import FILLED, SOL, ended


def pages_of_orders(count: int) -> list[list[Any]]:
    rows = [ended(number) for number in range(count, 0, -1)]
    return [rows[place : place + 1000] for place in range(0, count, 1000)]


def test_closed_orders_are_looked_for_in_ten_pages_and_no_further(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    exchange = scripted_exchange(pages_of_orders(12_000))
    assert exchange.fetch_closed_orders(SOL, None, 10) == []
    assert len(exchange.asked_for()) == 10
    assert "the newest 10000 rows of a history hold 0 of those asked for" in caplog.text


@pytest.mark.parametrize("how", ["params", "options"])
def test_the_pages_that_closed_orders_are_looked_for_in_can_be_fewer(how: str) -> None:
    config = {"options": {"fetchClosedOrders": {"maxPages": 3}}} if how == "options" else {}
    exchange = scripted_exchange(pages_of_orders(12_000), config)
    exchange.fetch_closed_orders(SOL, None, 10, {"maxPages": 3} if how == "params" else {})
    assert len(exchange.asked_for()) == 3


def test_paginate_reads_closed_orders_to_the_end() -> None:
    pages = [*pages_of_orders(12_000), [ended(0, **FILLED)]]
    exchange = scripted_exchange(pages)
    assert [order["id"] for order in exchange.fetch_closed_orders(SOL, None, 1, {"paginate": True})] == ["0"]
    assert len(exchange.asked_for()) == 13


def ended_funding(now: int, rows: int) -> Any:
    last = now - 400 * DAY

    def answer(path: str, query: dict[str, Any]) -> Any:
        assert path.endswith("fundingRates")
        offset, limit = int(query.get("offset", 0)), int(query["limit"])
        ends = [last - place * HOUR for place in range(rows)][offset : offset + limit]
        return [
            {
                "symbol": "SOL_USDC_PERP",
                "fundingRate": "0.1",
                "intervalEndTimestamp": text(end).replace(" ", "T"),
            }
            for end in ends
        ]

    return answer


@pytest.mark.parametrize("drift", [-500 * DAY, 0, 500 * DAY])
def test_the_newest_funding_rates_of_a_market_that_ended_come_whatever_the_clock_says(drift: int) -> None:
    now = BEGINNING + 600 * DAY
    exchange = EXCHANGE.answered_by(ended_funding(now, 50))
    setattr(exchange, "milliseconds", lambda: now + max(drift, -390 * DAY))  # noqa: B010
    found = exchange.fetch_funding_rate_history(PERPETUAL, None, 3)
    assert [one["timestamp"] for one in found] == [now - 400 * DAY - place * HOUR for place in (2, 1, 0)]


class Trades:
    """A history of so many trades, and the newest of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, path: str, query: dict[str, Any]) -> Any:
        self.asked.append((path, query))
        offset, limit = int(query.get("offset", 0)), int(query["limit"])
        ids = range(self.count - offset, max(0, self.count - offset - limit), -1)
        words = {"price": "1", "quantity": "1", "quoteQuantity": "1", "isBuyerMaker": False}
        return [{"id": one, "timestamp": BEGINNING + one, **words} for one in ids]


def test_a_caller_who_turns_the_pages_of_trades_gets_one_page() -> None:
    trades = Trades(5_000)
    found = EXCHANGE.answered_by(trades).fetch_trades(SPOT, None, 100, {"offset": 1_000})
    assert [int(one["id"] or 0) for one in found] == list(range(3_901, 4_001))
    [(path, query)] = trades.asked
    assert path.endswith("/trades/history")
    assert (query["offset"], query["limit"]) == ("1000", "100")


@pytest.mark.parametrize(
    ("since", "limit", "wanted"), [(1, None, 5_000), (2_001, 1_500, 1_500), (2_001, 3, 3)]
)
def test_paginate_reads_all_trades_from_since_on(since: int, limit: int | None, wanted: int) -> None:
    trades = Trades(5_000)
    params = {"paginate": True}
    found = EXCHANGE.answered_by(trades).fetch_trades(SPOT, BEGINNING + since, limit, params)
    assert [int(one["id"] or 0) for one in found] == list(range(since, since + wanted))


def test_paginate_without_a_since_gives_the_newest_trades_up_to_the_limit() -> None:
    found = EXCHANGE.answered_by(Trades(5_000)).fetch_trades(SPOT, None, 2_500, {"paginate": True})
    assert [int(one["id"] or 0) for one in found] == list(range(2_501, 5_001))


def test_bid_and_ask_of_a_ticker_cost_one_request_more_where_they_are_asked_for() -> None:
    row = {
        **dict.fromkeys(("firstPrice", "high", "lastPrice", "low", "priceChange", "quoteVolume"), "1"),
        **{"priceChangePercent": "0", "trades": "1", "volume": "1", "symbol": "SOL_USDC"},
    }
    book = {"asks": [["11", "2"]], "bids": [["8", "1"], ["9", "3"]], "lastUpdateId": "5", "timestamp": None}
    plain = scripted_exchange([row])
    assert (plain.fetch_ticker(SOL)["bid"], len(plain.asked_for())) == (None, 1)
    for exchange, params in (
        (scripted_exchange([row, book]), {"bidAsk": True}),
        (scripted_exchange([row, book], {"options": {"fetchTicker": {"bidAsk": True}}}), {}),
    ):
        ticker = exchange.fetch_ticker(SOL, params)
        assert [ticker[name] for name in ("bid", "bidVolume", "ask", "askVolume")] == [9, 3, 11, 2]
        assert len(exchange.asked_for()) == 2
    many = scripted_exchange([[row], book])
    assert many.fetch_tickers([SOL], {"bidAsk": True})[SOL]["ask"] == 11
    with pytest.raises(ArgumentsRequired, match="needs symbols with bidAsk"):
        scripted_exchange([[row]]).fetch_tickers(None, {"bidAsk": True})
    with pytest.raises(BadRequest, match="bidAsk has to be True or False"):
        scripted_exchange([row]).fetch_ticker(SOL, {"bidAsk": "yes"})


def test_what_margin_takes_is_not_free() -> None:
    held = {
        "symbol": "USDC",
        **{"totalQuantity": "1000", "availableQuantity": "1000", "lendQuantity": "0"},
        **{"openOrderQuantity": "0", "collateralWeight": "1", "assetMarkPrice": "1"},
    }
    sol = {**held, "symbol": "SOL", "totalQuantity": "5", "availableQuantity": "5"}
    answer = {"netEquityLocked": "250.5", "netEquity": "1000", "collateral": [held, sol]}
    balance = scripted_exchange([answer]).fetch_balance({"type": "swap"})
    assert (balance["USDC"]["free"], balance["USDC"]["used"], balance["USDC"]["total"]) == (
        749.5,
        250.5,
        1000,
    )
    assert (balance["SOL"]["free"], balance["SOL"]["used"]) == (5, 0)


def test_deposits_are_of_the_network_that_was_named() -> None:
    rows = [
        deposit("2026-01-01T00:00:00", "1", id=1, source="solana"),
        deposit("2026-01-02T00:00:00", "2", id=2, source="ethereum"),
    ]
    every = scripted_exchange([rows]).fetch_deposits()
    assert {one["id"]: one["network"] for one in every} == {"1": "SOL", "2": "ERC20"}
    for network, wanted in (("SOL", ["1"]), ("Solana", ["1"]), ("ERC20", ["2"])):
        exchange = scripted_exchange([rows])
        found = exchange.fetch_deposits(None, None, None, {"network": network})
        assert [one["id"] for one in found] == wanted
        assert "network" not in exchange.asked_for()[0].params
