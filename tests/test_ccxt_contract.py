"""`has` is the truth: what it lists works, with ccxt's own signature, and what it denies is refused."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccxt
import pytest
from ccxt.async_support.base.exchange import Exchange as AsyncioExchange
from ccxt.base.decimal_to_precision import TICK_SIZE
from ccxt.base.errors import BadRequest, NotSupported
from ccxt.base.exchange import Exchange

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from bpx_connector.venue.description import HISTORY_LIMIT, ORDERS_PER_BATCH
from bpx_connector.venue.words import TIMEFRAME
from tests.support.callers import Caller
from tests.support.samples import offline_exchange

CLASSES: list[Any] = [bpx_connector.bpx, bpx_connector.async_support.bpx, bpx_connector.pro.bpx]
BASES: dict[Any, Any] = {
    bpx_connector.bpx: Exchange,
    bpx_connector.async_support.bpx: AsyncioExchange,
    bpx_connector.pro.bpx: AsyncioExchange,
}
EVERY_CLASS = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__module__)

NO_METHODS = {
    "spot",
    "margin",
    "swap",
    "future",
    "option",
    "sandbox",
    "CORS",
    "publicAPI",
    "privateAPI",
    "ws",
}
"""Entries of `has` that speak of the exchange and not of a method."""
ANY: Any = bpx_connector.bpx()

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"
NOTHING = inspect.Parameter.empty


def snake_case(entry: str) -> str:
    return str(ANY.un_camel_case(entry)).replace("ohlcvfor", "ohlcv_for")  # as ccxt spells it in Python


def method_of(kind: Any, entry: str) -> Any:
    return getattr(kind, snake_case(entry), None) or getattr(kind, entry, None)


def shape(method: Any) -> list[tuple[Any, ...]]:
    """Names, kinds and defaults of the parameters: what a call can go wrong on."""
    parameters = inspect.signature(method).parameters.values()
    return [(parameter.name, parameter.kind, parameter.default) for parameter in parameters]


def listed(kind: Any, *, value: bool) -> list[str]:
    has = kind().has
    return sorted(entry for entry in has if entry not in NO_METHODS and bool(has[entry]) == value)


# --- what is listed -------------------------------------------------------------------------------------


@EVERY_CLASS
def test_has_says_true_and_nothing_like_it(kind: Any) -> None:
    assert {entry: value for entry, value in kind().has.items() if value not in (True, False, None)} == {}


@EVERY_CLASS
def test_every_entry_that_is_true_is_a_method_in_both_spellings(kind: Any) -> None:
    exchange = kind()
    for entry in listed(kind, value=True):
        assert callable(getattr(exchange, entry, None)), entry
        assert callable(getattr(exchange, snake_case(entry), None)), snake_case(entry)


IS_OLDER = tuple(map(int, ccxt.__version__.split(".")[:3])) < (4, 5, 87)
"""Until then ccxt's withdraw had a `tag` before its params, and createMarketOrderWs was listed everywhere."""


@EVERY_CLASS
def test_every_method_has_ccxts_own_signature(kind: Any) -> None:
    different = {
        entry: (str(inspect.signature(method_of(kind, entry))), str(inspect.signature(theirs)))
        for entry in listed(kind, value=True)
        if (theirs := method_of(BASES[kind], entry)) is not None
        if shape(method_of(kind, entry)) != shape(theirs)
    }
    assert different.keys() <= ({"withdraw"} if IS_OLDER else set()), different


@EVERY_CLASS
def test_a_method_is_awaited_on_the_asyncio_classes_only(kind: Any) -> None:
    is_asyncio = kind is not bpx_connector.bpx
    for entry in listed(kind, value=True):
        assert inspect.iscoroutinefunction(method_of(kind, entry)) == is_asyncio, entry


@EVERY_CLASS
def test_every_unified_method_that_we_wrote_is_listed(kind: Any) -> None:
    entries = {snake_case(entry) for entry in listed(kind, value=True)}
    ours = {
        name for part in kind.__mro__ if part.__module__.startswith("bpx_connector") for name in vars(part)
    }
    known = {snake_case(entry) for entry in kind().has if entry not in NO_METHODS}
    assert (ours & known) - entries == set()


@EVERY_CLASS
def test_the_documentation_of_a_method_says_what_the_caller_gets(kind: Any) -> None:
    for entry in listed(kind, value=True):
        method = method_of(kind, entry)
        if method.__module__.startswith("bpx_connector"):
            assert (method.__doc__ or "").strip(), entry


# --- what is denied ---------------------------------------------------------------------------------------


def dummies(method: Any) -> list[Any]:
    """Something for every parameter, as far as a caller would have to give one."""
    filled_in = {"symbol": PERP, "amount": 1, "price": 90, "takeProfit": 130, "stopLoss": 80}
    return [
        filled_in.get(name, 1 if "Price" in name or "trailing" in name or name == "since" else "x")
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.default is NOTHING or name in filled_in or "Price" in name or "trailing" in name
    ]


LED_ELSEWHERE: set[str] = set()
"""Deprecated names that ccxt's own base leads to a method that we have."""


@pytest.mark.parametrize("entry", listed(bpx_connector.bpx, value=False))
def test_what_is_denied_is_refused_or_not_there(entry: str) -> None:
    exchange = offline_exchange()
    method = method_of(exchange, entry)
    if method is None or entry in LED_ELSEWHERE:
        return
    with pytest.raises((NotSupported, BadRequest), match=r"not support|deprecated"):
        method(*dummies(method))


@pytest.mark.parametrize("entry", listed(bpx_connector.async_support.bpx, value=False))
async def test_what_is_denied_is_refused_on_asyncio_too(entry: str) -> None:
    exchange: Any = bpx_connector.async_support.bpx()
    exchange.markets_loading = asyncio.get_running_loop().create_future()
    exchange.markets_loading.set_result({})
    exchange.timeout_on_exit = 0
    method = method_of(exchange, entry)
    if method is not None and entry not in LED_ELSEWHERE:
        with pytest.raises((NotSupported, BadRequest), match=r"not support|deprecated"):
            await method(*dummies(method))
    await exchange.close()


# --- what is listed works -----------------------------------------------------------------------------------


def resting(bpx: Caller, symbol: str = SPOT, **params: Any) -> Any:
    """An order that nobody takes."""
    return bpx.call("create_order", symbol, "limit", "buy", 1, 90, params)


def bought(bpx: Caller, symbol: str = PERP) -> Any:
    """An order that was filled."""
    return bpx.call("create_order", symbol, "market", "buy", 1)


def position(bpx: Caller) -> str:
    bought(bpx)
    return PERP


def closed(bpx: Caller) -> str:
    """The market of a position that was closed."""
    bpx.call("close_position", position(bpx))
    return PERP


def borrowed(bpx: Caller) -> str:
    """A currency of which something is owed."""
    bpx.call("borrow_cross_margin", "SOL", 5)
    return "SOL"


def quoted(bpx: Caller) -> str:
    """The id of a quote for a conversion."""
    return str(bpx.call("fetch_convert_quote", "SOL", "USDC", 1)["id"])


def converted(bpx: Caller) -> str:
    """The id of a conversion."""
    return str(bpx.call("create_convert_trade", quoted(bpx), "SOL", "USDC")["id"])


def edited(order: Any) -> dict[str, Any]:
    """What edit_orders is told of an order that is to get another price."""
    return {"id": order["id"], "symbol": SPOT, "type": "limit", "side": "buy", "amount": 1, "price": 89}


ADDRESS = "2Yf5xqe2Tz8d9jSVpTzGkZrV3PCpP4Ah5bJdY1uUhFvS"
Arguments = Callable[[Caller], tuple[Any, ...]]


def given(*arguments: Any) -> Arguments:
    return lambda _: arguments


WITH_CLIENT_ID = {"clientOrderId": "7"}
TWO_ORDERS: list[dict[str, Any]] = [
    {"symbol": SPOT, "type": "limit", "side": "buy", "amount": 1, "price": price, "params": {}}
    for price in (90, 91)
]
CALLS: dict[str, Arguments] = {
    "cancelAllOrders": lambda bpx: (resting(bpx)["symbol"],),
    "cancelAllOrdersAfter": given(0),  # armed in test_dead_man.py, with processes
    "cancelOrder": lambda bpx: (resting(bpx)["id"], SPOT),
    "cancelOrderWithClientOrderId": lambda bpx: (resting(bpx, clientOrderId="7")["clientOrderId"], SPOT),
    "cancelOrders": lambda bpx: ([resting(bpx)["id"], resting(bpx)["id"]], SPOT),
    "cancelOrdersWithClientOrderId": lambda bpx: ([resting(bpx, clientOrderId="7")["clientOrderId"]], SPOT),
    "closePosition": lambda bpx: (position(bpx),),
    "createLimitBuyOrder": given(SPOT, 1, 90),
    "createLimitOrder": given(SPOT, "sell", 1, 120),
    "createLimitSellOrder": given(SPOT, 1, 120),
    "createMarketBuyOrder": given(SPOT, 1),
    "createMarketBuyOrderWithCost": given(SPOT, 50),
    "createMarketOrder": given(PERP, "sell", 1),
    "createMarketOrderWithCost": given(SPOT, "sell", 50),
    "createMarketSellOrder": given(SPOT, 1),
    "createMarketSellOrderWithCost": given(SPOT, 50),
    "createOrder": given(SPOT, "limit", "buy", 1, 90),
    "createOrderWithTakeProfitAndStopLoss": given(PERP, "limit", "buy", 1, 90, 130, 80),
    "createOrders": given(TWO_ORDERS),
    "createPostOnlyOrder": given(SPOT, "limit", "buy", 1, 90),
    "createReduceOnlyOrder": lambda bpx: (position(bpx), "limit", "sell", 1, 120),
    "createStopLimitOrder": given(SPOT, "sell", 1, 80, 81),
    "createStopLossOrder": given(SPOT, "limit", "sell", 1, 80, 81),
    "createStopMarketOrder": given(SPOT, "sell", 1, 81),
    "createStopOrder": given(SPOT, "limit", "sell", 1, 80, 81),
    "createTakeProfitOrder": given(SPOT, "limit", "sell", 1, 130, 129),
    "createTriggerOrder": given(SPOT, "limit", "sell", 1, 80, 81),
    "editOrder": lambda bpx: (resting(bpx)["id"], SPOT, "limit", "buy", 1, 89),
    "editOrderWithClientOrderId": lambda bpx: (
        resting(bpx, clientOrderId="7")["clientOrderId"],
        SPOT,
        "limit",
        "buy",
        1,
        89,
    ),
    "fetchBalance": given(),
    "fetchCanceledAndClosedOrders": given(SPOT),
    "fetchCanceledOrders": given(SPOT),
    "fetchClosedOrder": lambda bpx: (bought(bpx)["id"], PERP),
    "fetchClosedOrders": given(SPOT),
    "fetchCurrencies": given(),
    "fetchDepositAddress": given("SOL", {"network": "SOL"}),
    "fetchDepositWithdrawFee": given("SOL"),
    "fetchDepositWithdrawFees": given(["SOL", "BTC"]),
    "fetchDeposits": given(),
    "fetchDepositsWithdrawals": given(),
    "fetchFundingHistory": given(PERP),
    "fetchFundingInterval": given(PERP),
    "fetchFundingIntervals": given([PERP]),
    "fetchFundingRate": given(PERP),
    "fetchFundingRateHistory": given(PERP, None, 5),
    "fetchFundingRates": given([PERP]),
    "fetchIndexOHLCV": given(PERP, "1h", None, 5),
    "fetchL2OrderBook": given(SPOT, 5),
    "fetchLastPrices": given([SPOT]),
    "fetchLeverage": given(PERP),
    "fetchLeverageTiers": given([PERP]),
    "fetchMarginMode": given(PERP),
    "fetchMarkOHLCV": given(PERP, "1h", None, 5),
    "fetchMarkPrice": given(PERP),
    "fetchMarkPrices": given([PERP]),
    "fetchMarketLeverageTiers": given(PERP),
    "fetchMarkets": given(),
    "fetchMyTrades": given(SPOT),
    "fetchOHLCV": given(SPOT, "1h", None, 5),
    "fetchOpenInterest": given(PERP),
    "fetchOpenInterests": given([PERP]),
    "fetchOpenOrder": lambda bpx: (resting(bpx)["id"], SPOT),
    "fetchOpenOrders": given(SPOT),
    "fetchOrder": lambda bpx: (resting(bpx)["id"], SPOT),
    "fetchOrderBook": given(SPOT, 5),
    "fetchOrderTrades": lambda bpx: (bought(bpx)["id"], PERP),
    "fetchOrderWithClientOrderId": lambda bpx: (resting(bpx, clientOrderId="7")["clientOrderId"], SPOT),
    "fetchOrders": given(SPOT),
    "fetchPosition": lambda bpx: (position(bpx),),
    "fetchPositions": given(),
    "fetchPositionsForSymbol": lambda bpx: (position(bpx),),
    "fetchStatus": given(),
    "fetchTicker": given(SPOT),
    "fetchTickers": given([SPOT, PERP]),
    "fetchTime": given(),
    "fetchTrades": given(SPOT, None, 5),
    "fetchTradingFee": given(SPOT),
    "fetchTradingFees": given(),
    "fetchWithdrawals": given(),
    "setLeverage": given(5, PERP),
    "setMarginMode": given("cross", PERP),
    "closeAllPositions": lambda bpx: (position(bpx) and {},),
    "editOrders": lambda bpx: ([edited(resting(bpx))],),
    "fetchBidsAsks": given([SPOT, PERP]),
    "fetchDeposit": lambda bpx: (bpx.call("fetch_deposits")[0]["id"],),
    "fetchDepositAddressesByNetwork": given("SOL"),
    "fetchLeverages": given([PERP]),
    "fetchMarginModes": given([PERP]),
    "fetchMyLiquidations": given(PERP),
    "fetchOrderBooks": given([SPOT, PERP], 5),
    "fetchPositionHistory": lambda bpx: (closed(bpx),),
    "fetchPositionMode": given(PERP),
    "fetchPositionsHistory": lambda bpx: ([closed(bpx)],),
    "fetchPremiumIndexOHLCV": given(PERP, "1h", None, 5),
    "fetchTradingLimits": given([SPOT]),
    "fetchTransactionFee": given("SOL"),
    "fetchTransactionFees": given(["SOL"]),
    "fetchTransactions": given(),
    "fetchWithdrawal": lambda bpx: (bpx.call("withdraw", "SOL", 1, ADDRESS, {"network": "SOL"})["id"],),
    "borrowCrossMargin": given("USDC", 5),
    "createConvertTrade": lambda bpx: (
        bpx.call("fetch_convert_quote", "SOL", "USDC", 1)["id"],
        "SOL",
        "USDC",
    ),
    "createTwapOrder": given(SPOT, "buy", 1, 600_000),
    "fetchAccounts": given(),
    "fetchBorrowInterest": given("USDC"),
    "fetchBorrowRateHistories": given(["USDC"]),
    "fetchBorrowRateHistory": given("USDC"),
    "fetchConvertQuote": given("USDC", "SOL", 1000),
    "fetchConvertTrade": lambda bpx: (converted(bpx),),
    "fetchConvertTradeHistory": given(),
    "fetchCrossBorrowRate": given("USDC"),
    "fetchCrossBorrowRates": given(),
    "fetchLedger": given(),
    "fetchLedgerEntry": lambda bpx: (bpx.call("fetch_ledger")[0]["id"],),
    "repayCrossMargin": lambda bpx: (borrowed(bpx), 2),
    "withdraw": given("SOL", 1, ADDRESS, {"network": "SOL"}),
}
"""Entries of the blocking class, and a call that a fresh account can make."""


def test_the_calls_cover_every_entry() -> None:
    entries = set(listed(bpx_connector.bpx, value=True))
    assert set(CALLS) == entries - ({"createMarketOrderWs"} if IS_OLDER else set())


@pytest.mark.parametrize("entry", CALLS)
def test_a_listed_method_works(bpx: Caller, entry: str) -> None:
    arguments = CALLS[entry](bpx)
    assert bpx.call(snake_case(entry), *arguments) is not None


# --- the rest of what describe() says -----------------------------------------------------------------------


@EVERY_CLASS
def test_features_speak_of_listed_methods_only(kind: Any) -> None:
    exchange = kind()
    for features in (exchange.features["spot"], exchange.features["swap"]["linear"]):
        methods = {name for name in features if name not in ("sandbox",)}
        assert methods
        assert {name for name in methods if features[name] is not None} <= set(listed(kind, value=True))


@EVERY_CLASS
def test_features_have_every_key_that_programs_read(kind: Any) -> None:
    features = kind().features
    assert set(features) >= {"spot", "swap", "future"}
    assert set(features["swap"]) == {"linear", "inverse"}
    assert set(features["future"]) == {"linear", "inverse"}
    for part in (features["spot"], features["swap"]["linear"]):
        assert part["fetchOHLCV"]["limit"] == 1000
        assert part["fetchMyTrades"]["limit"] == HISTORY_LIMIT
        assert part["createOrders"]["max"] == ORDERS_PER_BATCH


@EVERY_CLASS
def test_timeframes_are_ccxts_words_for_the_venues(kind: Any) -> None:
    timeframes = kind().timeframes
    assert timeframes == TIMEFRAME
    assert all(ANY.parse_timeframe(word) > 0 for word in timeframes)
    assert timeframes["1M"] == "1month"


@EVERY_CLASS
def test_what_programs_read_of_an_exchange_is_there(kind: Any) -> None:
    exchange = kind()
    assert exchange.precisionMode == TICK_SIZE
    assert exchange.options["createMarketBuyOrderRequiresPrice"] is False
    assert exchange.fees["trading"]["taker"] > exchange.fees["trading"]["maker"] > 0
    assert exchange.requiredCredentials["apiKey"] is True
    assert exchange.requiredCredentials["secret"] is True
    assert exchange.requiredCredentials["uid"] is False
    assert exchange.pro is True
    assert exchange.certified is False


@EVERY_CLASS
def test_keys_that_the_exchange_does_not_know_are_taken_and_kept(kind: Any) -> None:
    exchange = kind({"apiKey": None, "secret": None, "password": None, "uid": None, "somethingElse": 5})
    assert exchange.somethingElse == 5
    assert exchange.apiKey is None


def test_the_page_of_methods_lists_every_one() -> None:
    page = (Path(__file__).parent.parent / "docs" / "methods.md").read_text(encoding="utf-8")
    listed_there = {
        word for line in page.splitlines() if line.startswith("| ") for word in line.replace(",", " ").split()
    }
    assert set(CALLS) - listed_there == set()
