"""ccxt's own structure tests, from its wheel, on all three classes against the sandbox.

Every one of them runs whose method we have, for a spot market and for a perpetual. What a property is skipped
for stands beside it, and a skip that is not needed fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import ccxt
import pytest
from ccxt.base.errors import ExchangeError
from ccxt.test.exchange.base.test_market import test_market as check_market

import bpx_connector.pro
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.records.orders import BID, MARKET, OrderRequest
from bpx_connector.sandbox.server import Sandbox
from tests.support.callers import Caller
from tests.support.ccxt_structures import (
    ASYNCIO,
    BLOCKING,
    READ_WITH,
    STREAMS,
    parameters_of,
    shipped,
    snake_case,
    structure_test,
    subscriptable,
    told_time,
)
from tests.support.keys import FIRST
from tests.support.sandboxes import RunningSandbox

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"
FILLED = {"emptyResponse": True}
"""With this word ccxt's tests refuse an empty list, whatever the word sounds like."""

NO_ASSET = "a perpetual on a stock or on thousands of a coin has a base that is no asset of the venue"
OPENED_WHEN = "a position does not say when it was opened"
READ_WHEN = "what REST says of the first positions has no time, only the events after it have"
CROSS = "margin is the account's: no part of the collateral is a position's own"
NO_HASH = "an internal transfer has no transaction"
NO_NETWORK = "an internal transfer goes over no network"
PART_OF_A_LEDGER = "what was there before is known of a whole ledger only"
FEE_ELSEWHERE = "a fee is an entry of its own, but that of a withdrawal"
UPDATED_WHEN = "a transfer does not say when its state changed"

SKIPPED: dict[str, dict[str, str]] = {
    "loadMarkets": {"currencyIdAndCode": NO_ASSET},
    "fetchMarkets": {"currencyIdAndCode": NO_ASSET},
    "fetchPositions": {"timestamp": OPENED_WHEN, "datetime": OPENED_WHEN, "collateral": CROSS},
    "fetchLedger": {"before": PART_OF_A_LEDGER, "after": PART_OF_A_LEDGER, "fee": FEE_ELSEWHERE},
    "fetchLedgerEntry": {"before": PART_OF_A_LEDGER, "after": PART_OF_A_LEDGER, "fee": FEE_ELSEWHERE},
    "fetchDeposits": {"txid": NO_HASH, "network": NO_NETWORK, "updated": UPDATED_WHEN},
    "fetchDepositWithdrawals": {"txid": NO_HASH, "network": NO_NETWORK, "updated": UPDATED_WHEN},
    "fetchWithdrawals": {"updated": UPDATED_WHEN},
    "watchPositions": {"timestamp": READ_WHEN, "datetime": READ_WHEN, "collateral": CROSS},
}

ON_NO_MARKET = (
    "afterConstruct",
    "fetchAccounts",
    "features",
    "fetchBalance",
    "fetchCurrencies",
    "fetchMarkets",
    "fetchOrderBooks",
    "fetchStatus",
    "fetchTradingFees",
    "fetchTransactionFees",
    "loadMarkets",
)
ON_ANY_MARKET = (
    "fetchClosedOrders",
    "fetchL2OrderBook",
    "fetchLastPrices",
    "fetchMyTrades",
    "fetchOHLCV",
    "fetchOpenOrders",
    "fetchOrderBook",
    "fetchOrders",
    "fetchTicker",
    "fetchTickers",
    "fetchTrades",
    "fetchTradingFee",
)
ON_PERPETUALS = (
    "fetchFundingRateHistory",
    "fetchLeverageTiers",
    "fetchMarginMode",
    "fetchMarketLeverageTiers",
    "fetchMyLiquidations",
    "fetchPositions",
)
OF_AN_ASSET = (
    "fetchDepositWithdrawals",
    "fetchDeposits",
    "fetchLedger",
    "fetchLedgerEntry",
    "fetchWithdrawals",
)

CASES = [
    *((method, None) for method in ON_NO_MARKET),
    *((method, symbol) for method in ON_ANY_MARKET for symbol in (SPOT, PERP)),
    *((method, PERP) for method in ON_PERPETUALS),
    *((method, "USDC") for method in OF_AN_ASSET),
]

NOT_RUN = {
    "proxies": "it asks a server on the internet through a proxy",
    "fetch_borrow_interest": "it reads an `account`, which ccxt's own structure has not",
    "fetch_margin_modes": "it wants a dictionary that is a list as well",
}


# --- over HTTP --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["blocking", "asyncio"])
def traded(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """An account that has traded, on a sandbox of its own."""
    with RunningSandbox() as sandbox:
        caller = Caller(is_asyncio=request.param == "asyncio", sandbox=sandbox)
        caller.advance(5)
        for symbol in (SPOT, PERP):
            caller.call("create_order", symbol, "limit", "buy", 1, 90)
            caller.call("create_order", symbol, "market", "buy", 2)
            resting = caller.call("create_order", symbol, "limit", "sell", 1, 120, {"postOnly": True})
            caller.call("cancel_order", resting["id"], symbol)
            caller.call("create_order", symbol, "limit", "sell", 1, 80, {"stopLossPrice": 81})
        caller.call("withdraw", "USDC", 5, "2Yf5xqe2Tz8d9jSVpTzGkZrV3PCpP4Ah5bJdY1uUhFvS", {"network": "SOL"})
        caller.advance(15)
        caller.exchange.fetch_transactions = caller.exchange.fetch_deposits_withdrawals
        subscriptable(caller.exchange)
        yield caller
        caller.close()


def run(caller: Caller, method: str, argument: str | None, skipped: Mapping[str, Any]) -> Any:
    test = structure_test(ASYNCIO if caller.is_asyncio else BLOCKING, method)
    arguments = [] if argument is None else [argument]
    assert len(parameters_of(test)) == len(arguments)
    return caller.result(test(caller.exchange, {**FILLED, **skipped}, *arguments))


@pytest.fixture
def numbered_markets(traded: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """ccxt's test of fetchMarkets reads its list by place and by `values()`; a dictionary can do both."""
    fetch_markets = traded.exchange.fetch_markets

    async def awaited() -> dict[int, Any]:
        return dict(enumerate(await fetch_markets()))

    def called() -> dict[int, Any]:
        return dict(enumerate(fetch_markets()))

    monkeypatch.setattr(traded.exchange, "fetch_markets", awaited if traded.is_asyncio else called)


@pytest.mark.usefixtures("numbered_markets")
@pytest.mark.parametrize(("method", "argument"), CASES)
def test_the_answer_has_ccxts_structure(traded: Caller, method: str, argument: str | None) -> None:
    assert run(traded, method, argument, SKIPPED.get(method, {})) is not False


@pytest.mark.usefixtures("numbered_markets")
@pytest.mark.parametrize(
    ("method", "argument", "skip"),
    [(method, argument, skip) for method, argument in CASES for skip in SKIPPED.get(method, {})],
)
def test_no_property_is_skipped_that_could_be_checked(
    traded: Caller, method: str, argument: str | None, skip: str
) -> None:
    others = {name: why for name, why in SKIPPED[method].items() if name != skip}
    with pytest.raises((AssertionError, ExchangeError)):
        run(traded, method, argument, others)


def test_a_market_whose_base_is_an_asset_of_the_venue_is_checked_in_full(traded: Caller) -> None:
    exchange = traded.exchange
    checked = [market for market in exchange.markets.values() if market["base"] in exchange.currencies]
    for market in checked:
        check_market(exchange, {}, "loadMarkets", market)
    assert {market["type"] for market in checked} == {"spot", "swap"}
    assert len(checked) > len(exchange.markets) / 2


@pytest.mark.parametrize("method", [*ON_ANY_MARKET, *ON_PERPETUALS])
def test_the_answers_about_every_market_have_ccxts_structure(traded: Caller, method: str) -> None:
    kinds = {"swap"} if method in ON_PERPETUALS else {"spot", "swap"}
    markets = [market for market in traded.exchange.markets.values() if market["type"] in kinds]
    test = structure_test(ASYNCIO if traded.is_asyncio else BLOCKING, method)
    for market in markets:
        if market["active"] or "OrderBook" not in method:  # a closed market has no book
            traded.result(test(traded.exchange, SKIPPED.get(method, {}), market["symbol"]))


@pytest.mark.parametrize("symbol", [SPOT, PERP])
def test_an_order_is_placed_found_cancelled_and_filled_as_ccxt_expects(traded: Caller, symbol: str) -> None:
    caller = traded.second()
    subscriptable(caller.exchange)
    # ccxt's test wants to know the least cost of an order to stay above it; this venue has none.
    caller.exchange.market(symbol)["limits"]["cost"]["min"] = 0
    assert run(caller, "createOrder", symbol, {}) is True


ALL_SHIPPED_ARE_KNOWN = pytest.mark.skipif(
    ccxt.__version__ != READ_WITH, reason=f"which structure tests there are was read with ccxt {READ_WITH}"
)


@ALL_SHIPPED_ARE_KNOWN
@pytest.mark.parametrize("package", [BLOCKING, ASYNCIO])
def test_every_shipped_test_of_a_method_that_we_have_is_run(package: str) -> None:
    has = bpx_connector.bpx().has
    not_ours = {snake_case(entry) for entry, value in has.items() if not value}
    run_here = {snake_case(method) for method, _ in CASES} | {"create_order"}
    assert shipped(package) - not_ours - set(NOT_RUN) == run_here


# --- over the socket --------------------------------------------------------------------------------------

WATCHED = (
    "watchBidsAsks",
    "watchOHLCV",
    "watchOHLCVForSymbols",
    "watchOrderBook",
    "watchOrderBookForSymbols",
    "watchTicker",
    "watchTickers",
    "watchTrades",
    "watchTradesForSymbols",
)
OF_THE_ACCOUNT = ("watchBalance", "watchMyTrades", "watchOrders")
WATCHED_PERPETUALS = (
    "watchLiquidations",
    "watchLiquidationsForSymbols",
    "watchPositions",
    "unWatchPositions",
)
WATCH_CASES = [
    *((method, symbol) for method in (*WATCHED, *OF_THE_ACCOUNT) for symbol in (SPOT, PERP)),
    *((method, PERP) for method in WATCHED_PERPETUALS),
]
STREAMED = ("SOL_USDC", "ETH_USDC", "SOL_USDC_PERP", "ETH_USDC_PERP", "BTC_USDC_PERP")

STEP = 0.5
"""Seconds of the venue's time from one look at the sockets to the next: fifteen seconds, which ccxt's tests
watch for by the exchange's own clock, are over in thirty of them."""


@asynccontextmanager
async def streaming() -> AsyncIterator[tuple[Sandbox, Any]]:
    """A sandbox whose clock nobody drives yet, and an exchange that reads the time there."""
    clock = DrivenClock()
    async with Sandbox(seed=1, symbols=STREAMED, clock=clock) as sandbox:
        exchange: Any = bpx_connector.pro.bpx({"enableRateLimit": False, **FIRST.credentials})
        sockets = {"public": sandbox.socket_url, "private": sandbox.socket_url}
        urls = {"public": sandbox.url, "private": sandbox.url, "ws": sockets}
        exchange.urls["api"], exchange.urls["test"] = urls, {**urls}
        exchange.timeout_on_exit = 0
        exchange.milliseconds = lambda: clock.now() // 1000

        async def sleep(milliseconds: float) -> None:
            end = clock.now() + milliseconds * 1000
            while clock.now() < end:  # noqa: ASYNC110  a clock that is driven announces nothing
                await asyncio.sleep(0)

        exchange.sleep = sleep
        await exchange.load_markets()
        try:
            yield sandbox, subscriptable(exchange)
        finally:
            await exchange.close()


async def time_passes(sandbox: Sandbox, each_step: Callable[[Sandbox, int], None] | None) -> None:
    clock = sandbox.clock
    assert isinstance(clock, DrivenClock)
    step = 0
    while True:
        if each_step is not None:
            each_step(sandbox, step)
        clock.advance(STEP)
        step += 1
        await asyncio.sleep(0.002)


async def the_account_trades(exchange: Any, symbol: str) -> None:
    while True:
        for side in ("buy", "sell"):
            await exchange.create_order(symbol, "market", side, 1)
            resting = await exchange.create_order(symbol, "limit", "buy", 1, 90)
            await exchange.cancel_order(resting["id"], symbol)


def somebody_is_liquidated(sandbox: Sandbox, step: int) -> None:
    """Somebody buys eight times what he has, and loses nearly all of it."""
    venue, now = sandbox.venue, sandbox.clock.now()
    account = venue.open_account(f"trader {step}", now, funds={"USDC": Decimal(60)})
    request = OrderRequest(symbol="SOL_USDC_PERP", side=BID, order_type=MARKET, quantity=Decimal(5))
    venue.execute(account, request, now)
    venue.ledger.credit(account, "USDC", Decimal(-58))


def watched_arguments(test: Callable[..., Any], symbol: str) -> Any:
    """What ccxt's runner gives a test: a market, two of them, or an asset."""
    (name,) = parameters_of(test)
    return {"symbol": symbol, "symbols": [symbol, symbol.replace("SOL", "ETH")], "code": "USDC"}[name]


@pytest.mark.parametrize(("method", "symbol"), WATCH_CASES)
async def test_what_is_watched_has_ccxts_structure(method: str, symbol: str) -> None:
    test = structure_test(STREAMS, method)
    skipped = {**FILLED, **SKIPPED.get(method, {})}
    async with streaming() as (sandbox, exchange):
        is_of_liquidations = "Liquidations" in method
        beside = [time_passes(sandbox, somebody_is_liquidated if is_of_liquidations else None)]
        if method in OF_THE_ACCOUNT or method == "watchPositions":
            await exchange.create_order(PERP, "market", "buy", 5)
            beside.append(the_account_trades(exchange, symbol))
        others = [asyncio.create_task(steps) for steps in beside]
        with told_time(test, exchange.milliseconds):
            watched = asyncio.create_task(test(exchange, skipped, watched_arguments(test, symbol)))
            done, _ = await asyncio.wait([watched, *others], timeout=30, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        assert done, f"{method} was never answered"
        for task in done:
            assert task.result() is not False


@ALL_SHIPPED_ARE_KNOWN
def test_every_shipped_test_of_a_stream_that_we_have_is_run() -> None:
    has = bpx_connector.pro.bpx().has
    not_ours = {snake_case(entry) for entry, value in has.items() if not value}
    assert shipped(STREAMS) - not_ours == {snake_case(method) for method, _ in WATCH_CASES}
