"""What is asked: an operation, its parameters, the type of its answer, and the facts that it can break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bpx_connector.venue import payloads

__all__ = ["SIGNATURES", "STRANGERS", "TWICE", "Question", "private_questions", "public_questions"]

NOBODY = "NO_SUCH_MARKET"
DAY = 86_400
ABOVE = 1_001
"""One more than the documented maximum of most lists."""


class Question(NamedTuple):
    """One request that changes nothing. `shape` is None where it is asked to be refused."""

    name: str
    operation: str
    params: Mapping[str, Any]
    shape: Any
    facts: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    altered: str = ""
    """How the request is altered before it goes, where that is in question: a name in `asking.ALTERED`."""


def public_questions(spot: str, perp: str, now: int) -> Iterator[Question]:
    """What anybody may ask; `now` is the venue's time in seconds."""
    yield Question("time", "GET /api/v1/time", {}, None)
    yield Question("status", "GET /api/v1/status", {}, payloads.StatusAndMessage)
    yield Question(
        "markets", "GET /api/v1/markets", {}, list[payloads.Market], ("symbols", "powers", "usdc", "old")
    )
    yield Question("market", "GET /api/v1/market", {"symbol": perp}, payloads.Market)
    yield Question("assets", "GET /api/v1/assets", {}, list[payloads.MarketAsset])
    yield Question("collateral", "GET /api/v1/collateral", {}, list[payloads.CollateralSummary])
    yield Question("lending markets", "GET /api/v1/borrowLend/markets", {}, list[payloads.BorrowLendMarket])
    for symbol in (spot, perp):
        yield from _of_market(symbol, now)
    yield from _of_perpetual(perp)
    yield Question("tickers", "GET /api/v1/tickers", {}, list[payloads.Ticker])
    yield Question("vaults", "GET /api/v1/vaults", {}, list[payloads.Vault])
    yield Question("countries", "GET /wapi/v1/country/permissions", {}, list[dict[str, Any]], ("countries",))
    stock = {"symbol": "AAPL.US", "side": "Bid", "quantity": "1"}
    yield Question(
        "quote of a stock", "GET /api/v1/stockIndicativeQuote", stock, dict[str, Any], ("stock hours",)
    )
    yield Question(
        "more than 10,000 candles",
        "GET /api/v1/klines",
        {"symbol": spot, "interval": "1m", "startTime": now - 8 * DAY},
        None,
        ("long",),
    )
    yield from _refusals(spot)


def _of_market(symbol: str, now: int) -> Iterator[Question]:
    of = {"symbol": symbol}
    yield Question(
        f"book of {symbol}",
        "GET /api/v1/depth",
        {**of, "limit": "100"},
        payloads.Depth,
        ("asks", "bids", "trimmed", "depth time"),
    )
    yield Question(
        f"ticker of {symbol}", "GET /api/v1/ticker", of, payloads.Ticker, ("fraction",), (200, 204)
    )
    yield Question(
        f"trades of {symbol}",
        "GET /api/v1/trades",
        {**of, "limit": 100},
        list[payloads.Trade],
        ("trades", "trade time"),
    )
    yield Question(
        f"old trades of {symbol}",
        "GET /api/v1/trades/history",
        {**of, "limit": 100},
        list[payloads.Trade],
        ("trades",),
    )
    yield Question(
        f"limit above the maximum, {symbol}", "GET /api/v1/trades", {**of, "limit": ABOVE}, None, ("limit",)
    )
    candles = ("candles", "candle time", "candle end", "running")
    for interval, span in (("1m", 3600), ("1h", DAY)):
        yield Question(
            f"{interval} candles of {symbol}",
            "GET /api/v1/klines",
            {**of, "interval": interval, "startTime": now - span},
            list[payloads.Kline],
            candles,
        )
    yield Question(
        f"1s candles of {symbol}",
        "GET /api/v1/klines",
        {**of, "interval": "1s", "startTime": now - 120},
        list[payloads.Kline],
        ("candles", "candle end", "blank"),
    )


def _of_perpetual(perp: str) -> Iterator[Question]:
    of = {"symbol": perp}
    yield Question("mark price", "GET /api/v1/markPrices", of, list[payloads.MarkPrice], ("marks",))
    yield Question("mark prices", "GET /api/v1/markPrices", {}, list[payloads.MarkPrice], ("marks", "old"))
    yield Question(
        "open interest", "GET /api/v1/openInterest", of, list[payloads.OpenInterest], ("interest time",)
    )
    yield Question(
        "funding rates",
        "GET /api/v1/fundingRates",
        {**of, "limit": 100},
        list[payloads.FundingIntervalRate],
        ("rates", "rate time", "hourly", "pages"),
    )


def _refusals(spot: str) -> Iterator[Question]:
    nobody = {"symbol": NOBODY}
    yield Question("book of no market", "GET /api/v1/depth", nobody, None, ("bad symbol",))
    yield Question("market that is none", "GET /api/v1/market", nobody, None, ("bad symbol",))
    yield Question("mark price of no market", "GET /api/v1/markPrices", nobody, None, ("bad mark",))
    yield Question("funding rates of no market", "GET /api/v1/fundingRates", nobody, None, ("no rates",))
    yield Question(
        "a depth that is none", "GET /api/v1/depth", {"symbol": spot, "limit": "7"}, None, ("bad word",)
    )


def private_questions(perp: str) -> Iterator[Question]:
    """What an account may be asked; nothing of it changes anything."""
    history = ("pages",)
    yield Question("account", "GET /api/v1/account", {}, payloads.AccountSummary)
    yield Question("balances", "GET /api/v1/capital", {}, dict[str, payloads.Balance])
    yield Question(
        "collateral of the account", "GET /api/v1/capital/collateral", {}, payloads.MarginAccountSummary
    )
    yield Question(
        "open orders", "GET /api/v1/orders", {}, list[payloads.OrderType], ("order ids", "order time")
    )
    yield Question("positions", "GET /api/v1/position", {}, list[payloads.FuturePositionWithMargin])
    yield Question("position of one market", "GET /api/v1/position", {"symbol": perp}, None, ("flat",))
    missed = {"symbol": perp, "orderId": "1"}
    yield Question("an order that never was", "GET /api/v1/order", missed, None, ("missed",))
    yield Question(
        "largest order",
        "GET /api/v1/account/limits/order",
        {"symbol": perp, "side": "Bid"},
        payloads.MaxOrderQuantity,
    )
    yield Question(
        "largest withdrawal",
        "GET /api/v1/account/limits/withdrawal",
        {"symbol": "USDC"},
        payloads.MaxWithdrawalQuantity,
    )
    yield Question(
        "lending", "GET /api/v1/borrowLend/positions", {}, list[payloads.BorrowLendPositionWithMargin]
    )
    yield Question(
        "past orders",
        "GET /wapi/v1/history/orders",
        {"limit": 1000},
        list[payloads.Order],
        (*history, "history time", "newest", "fired", "linked"),
    )
    yield Question(
        "fills",
        "GET /wapi/v1/history/fills",
        {"limit": 1000},
        list[payloads.OrderFill],
        (*history, "fill time"),
    )
    for name, path, shape in HISTORIES:
        yield Question(name, f"GET /wapi/v1/history/{path}", {"limit": 100}, shape, history)
    yield Question("deposits", "GET /wapi/v1/capital/deposits", {"limit": 100}, list[payloads.Deposit])
    yield Question(
        "withdrawals", "GET /wapi/v1/capital/withdrawals", {"limit": 100}, list[payloads.Withdrawal]
    )


HISTORIES: tuple[tuple[str, str, Any], ...] = (
    ("funding payments", "funding", list[payloads.FundingPayment]),
    ("settlements", "settlement", list[payloads.Settlement]),
    ("interest", "interest", list[payloads.InterestPayment]),
    ("loans", "borrowLend", list[payloads.BorrowLendMovement]),
)

TWICE = Question("account, by one signature twice", "GET /api/v1/account", {}, None, ("replayed",))
"""To be asked with `repeats`: the very same request again."""
LONG = Question(
    "account, by a signature for 90 s", "GET /api/v1/account", {}, None, ("long window",), altered="window"
)
"""The documents allow 60 s."""
DAMAGED = Question(
    "account, by a wrong signature", "GET /api/v1/account", {}, None, ("damaged",), altered="signature"
)
REPEATED = Question(
    "fills, with a parameter twice",
    "GET /wapi/v1/history/fills",
    {"marketType": "PERP"},
    None,
    ("repeated",),
    altered="repeated",
)
SIGNATURES = (LONG, DAMAGED, REPEATED)
STRANGERS = Question("account of a key that nobody knows", "GET /api/v1/account", {}, None, ("unknown key",))
"""Signed with a pair that was made a moment ago."""
