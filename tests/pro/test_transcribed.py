"""What the venue itself has said, as others captured or documented it, through the watch methods.

Every field of the results is looked at. Each cassette names its source and what had to be constructed to play
it, in its first line.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ccxt.base.errors import AuthenticationError, BadRequest

from tests.support.listeners import until
from tests.support.samples import sample
from tests.support.streaming import soon
from tests.support.transcribed import transcribed

pytestmark = pytest.mark.records_streams

SPOT, PERP, BTC = "SOL/USDC", "SOL/USDC:USDC", "BTC/USDC:USDC"
STOCK = "AAPL.US/USDC:USDC"


def payloads(name: str) -> list[Any]:
    """The payloads of a sample, which is what `info` has to be."""
    captured = sample(name)
    rows = captured if isinstance(captured, list) else [captured]
    return [row.get("data", row) for row in rows]


def as_sent(payload: Any) -> Any:
    """A payload whose times were turned into text on the way, as it was on the wire."""
    return {**payload, "E": int(payload["E"]), "T": int(payload["T"])}


# Books ------------------------------------------------------------------------------------------------------


def book(symbol: str, nonce: int, time: int, moment: str, bids: Any, asks: Any) -> Any:
    """A book, with its levels in ccxt's form."""
    return {
        "symbol": symbol,
        "nonce": nonce,
        "timestamp": time,
        "datetime": moment,
        "bids": bids,
        "asks": asks,
    }


async def test_eight_consecutive_updates_of_a_book() -> None:
    async with transcribed("depth") as playback:
        books = [dict(book) for book in await playback.all("watch_order_book", SPOT)]
        assert [book["nonce"] for book in books] == list(range(4330361289, 4330361298))
        times = [435000, 435054, 435054, 435054, 435055, 435062, 435070, 435070, 435071]
        assert [book["timestamp"] - 1788367000000 for book in books] == times
        assert [book["bids"][0] for book in books] == [
            *[[98.96, 3.0]] * 3,
            *[[98.96, 231.72]] * 3,
            *[[98.97, 257.1]] * 3,
        ]
        assert books[-1] == book(
            SPOT,
            4330361297,
            1788367435071,
            "2026-09-02T16:43:55.071Z",
            [[98.97, 257.1], [98.96, 231.72], [98.95, 141.52], [98.94, 80.89], [98.92, 58.03]],
            [[99.02, 142.65], [99.03, 101.64], [99.04, 103.54], [99.05, 5.0]],
        )
        await playback.ends("watch_order_book", SPOT)


async def test_a_merged_update_sets_and_deletes_levels_in_one() -> None:
    async with transcribed("depth.200ms") as playback:
        _, after = await playback.all("watch_order_book", "ETH/USDC:USDC", params={"interval": "200ms"})
        assert dict(after) == book(
            "ETH/USDC:USDC",
            7501116464,
            1790134357900,
            "2026-09-23T03:32:37.900Z",
            [[2763.1, 0.1579], [2754.43, 45.0537]],
            [[2766.95, 6.9498], [2766.98, 22.8939], [2766.99, 0.271], [2767.0, 3.0]],
        )


async def test_a_size_of_zero_deletes_the_level() -> None:
    async with transcribed("depth.deletion") as playback:
        before, after = await playback.all("watch_order_book", STOCK)
        assert before["bids"] == [[340.32, 1.0], [340.31, 2.0]]
        moment = "2026-09-23T03:32:50.874Z"
        assert dict(after) == book(STOCK, 6789929, 1790134370874, moment, [[340.31, 2.0]], [[340.5, 3.0]])


async def test_an_update_without_levels_moves_the_book_on() -> None:
    async with transcribed("depth.empty_levels") as playback:
        _, after = await playback.all("watch_order_book", "ETH/USDC")
        moment = "2025-08-11T09:04:17.554Z"
        levels = [[3600.0, 1.0]], [[3601.0, 2.0]]
        assert dict(after) == book("ETH/USDC", 1345937436, 1754903057554, moment, *levels)


# Prices -----------------------------------------------------------------------------------------------------


def ticker(symbol: str, time: int, moment: str, info: Any, **known: Any) -> Any:
    """A ticker of which all else is unknown."""
    fields = (
        "high low bid bidVolume ask askVolume vwap open close last previousClose change percentage average "
        "baseVolume quoteVolume indexPrice markPrice"
    )
    return {
        "symbol": symbol,
        "timestamp": time,
        "datetime": moment,
        **dict.fromkeys(fields.split()),
        **known,
        "info": info,
    }


async def test_best_prices() -> None:
    first, second, third = payloads("bookTicker")
    async with transcribed("bookTicker") as playback:
        assert await playback.all("watch_bids_asks", [SPOT, BTC]) == [
            {
                SPOT: ticker(
                    SPOT,
                    1788367430247,
                    "2026-09-02T16:43:50.247Z",
                    first,
                    bid=98.96,
                    bidVolume=288.77,
                    ask=98.97,
                    askVolume=22.39,
                )
            },
            {
                SPOT: ticker(
                    SPOT,
                    1788367437886,
                    "2026-09-02T16:43:57.886Z",
                    second,
                    bid=98.98,
                    bidVolume=299.04,
                    ask=99.0,
                    askVolume=15.61,
                )
            },
            {
                BTC: ticker(
                    BTC,
                    1790134357267,
                    "2026-09-23T03:32:37.267Z",
                    third,
                    bid=86655.9,
                    bidVolume=1.9423,
                    ask=86656.0,
                    askVolume=2.01178,
                )
            },
        ]
        await playback.ends("watch_bids_asks", [SPOT, BTC])


async def test_tickers() -> None:
    first, second, third = payloads("ws/ticker")
    async with transcribed("ticker") as playback:
        assert await playback.all("watch_tickers", [SPOT, BTC]) == [
            {
                SPOT: ticker(
                    SPOT,
                    1788367430549,
                    "2026-09-02T16:43:50.549Z",
                    first,
                    high=101.19,
                    low=97.38,
                    vwap=99.28155117843065,
                    open=100.87,
                    close=98.98,
                    last=98.98,
                    change=-1.89,
                    percentage=-1.8736988202637057,
                    average=99.92,
                    baseVolume=15089.56,
                    quoteVolume=1498114.9234,
                )
            },
            {
                SPOT: ticker(
                    SPOT,
                    1788367511548,
                    "2026-09-02T16:45:11.548Z",
                    second,
                    high=101.19,
                    low=97.38,
                    vwap=99.28135733697633,
                    open=100.95,
                    close=98.98,
                    last=98.98,
                    change=-1.97,
                    percentage=-1.9514611193660227,
                    average=99.96,
                    baseVolume=15093.82,
                    quoteVolume=1498534.937,
                )
            },
            {
                BTC: ticker(
                    BTC,
                    1790134358087,
                    "2026-09-23T03:32:38.087Z",
                    third,
                    high=86812.4,
                    low=85075.4,
                    vwap=85982.94698819591,
                    open=85486.3,
                    close=86625.0,
                    last=86625.0,
                    change=1138.7,
                    percentage=1.3320263012903821,
                    average=86055.6,
                    baseVolume=1801.83549,
                    quoteVolume=154927125.41812,
                )
            },
        ]
        await playback.ends("watch_tickers", [SPOT, BTC])


async def test_one_ticker() -> None:
    async with transcribed("ticker") as playback:
        rows = await playback.all("watch_ticker", SPOT)
        assert [row["info"] for row in rows] == payloads("ws/ticker")[:2]
        assert [row["open"] for row in rows] == [100.87, 100.95]
        await playback.ends("watch_ticker", SPOT)


MARKS = [
    (PERP, 1788367430422, "2026-09-02T16:43:50.422Z", 98.94, 98.94998504),
    (BTC, 1791043256641, "2026-10-03T16:00:56.641Z", 84827.2, 84856.2053036),
    (STOCK, 1790134357847, "2026-09-23T03:32:37.847Z", 340.43, 340.52),
]


async def test_mark_prices() -> None:
    async with transcribed("markPrice") as playback:
        assert await playback.all("watch_mark_prices", [PERP, BTC, STOCK]) == [
            {symbol: ticker(symbol, time, moment, info, markPrice=mark, indexPrice=index)}
            for (symbol, time, moment, mark, index), info in zip(MARKS, payloads("markPrice"), strict=True)
        ]
        await playback.ends("watch_mark_prices", [PERP, BTC, STOCK])


async def test_one_mark_price() -> None:
    async with transcribed("markPrice") as playback:
        [row] = await playback.all("watch_mark_price", PERP)
        symbol, time, moment, mark, index = MARKS[0]
        assert row == ticker(symbol, time, moment, payloads("markPrice")[0], markPrice=mark, indexPrice=index)
        await playback.ends("watch_mark_price", PERP)


def funding(symbol: str, mark: float, index: float, rate: float, *moments: Any, info: Any) -> Any:
    """A funding rate: now, and when it is paid."""
    time, moment, paid, paid_moment = moments
    unknown = (
        "interestRate estimatedSettlePrice nextFundingRate nextFundingTimestamp nextFundingDatetime "
        "previousFundingRate previousFundingTimestamp previousFundingDatetime"
    )
    return {
        "info": info,
        "symbol": symbol,
        "markPrice": mark,
        "indexPrice": index,
        **dict.fromkeys(unknown.split()),
        "timestamp": time,
        "datetime": moment,
        "fundingRate": rate,
        "fundingTimestamp": paid,
        "fundingDatetime": paid_moment,
        "interval": "1h",
    }


async def test_funding_rates() -> None:
    rates = (
        (0.0000125, 1788368400000, "2026-09-02T17:00:00.000Z"),
        (0.0000125, 1791046800000, "2026-10-03T17:00:00.000Z"),
        (0.00000625, 1790136000000, "2026-09-23T04:00:00.000Z"),
    )
    async with transcribed("markPrice") as playback:
        assert await playback.all("watch_funding_rates", [PERP, BTC, STOCK]) == [
            {symbol: funding(symbol, mark, index, rate, time, moment, *paid, info=info)}
            for (symbol, time, moment, mark, index), (rate, *paid), info in zip(
                MARKS, rates, payloads("markPrice"), strict=True
            )
        ]
        await playback.ends("watch_funding_rates", [PERP, BTC, STOCK])


async def test_a_funding_rate_with_more_digits_than_a_float_has() -> None:
    [info] = payloads("markPrice.2025")
    moments = 1747291031914, "2025-05-15T06:37:11.914Z", 1747296000000, "2025-05-15T08:00:00.000Z"
    async with transcribed("markPrice.2025") as playback:
        rate = float("-0.0000039641039274236048482914")
        expected = funding(PERP, 173.35998175, 173.44031179, rate, *moments, info=info)
        assert await playback.all("watch_funding_rate", PERP) == [expected]
        await playback.ends("watch_funding_rate", PERP)


async def test_open_interest_of_the_documents() -> None:
    async with transcribed("openInterest") as playback:
        assert await playback.all("watch_open_interest", PERP) == [
            {
                "symbol": PERP,
                "baseVolume": None,
                "quoteVolume": None,
                "openInterestAmount": 100.0,
                "openInterestValue": None,
                "timestamp": 1694687965941,
                "datetime": "2023-09-14T10:39:25.941Z",
                "info": payloads("ws/openInterest")[0],
            }
        ]
        await playback.ends("watch_open_interest", PERP)


# Trades, candles, liquidations ------------------------------------------------------------------------------


def trade(info: Any, symbol: str, identity: str, time: int, moment: str, *figures: Any, **own: Any) -> Any:
    """A trade in which the taker bought."""
    price, amount, cost = figures
    return {
        "info": info,
        "id": identity,
        "timestamp": time,
        "datetime": moment,
        "symbol": symbol,
        "order": None,
        "type": None,
        "side": "buy",
        "takerOrMaker": "taker",
        "price": price,
        "amount": amount,
        "cost": cost,
        "fee": {"cost": None, "currency": None},
        "fees": [],
        **own,
    }


async def test_trades() -> None:
    first, second = payloads("ws/trade")
    spot = trade(first, SPOT, "381737933", 1788367469345, "2026-09-02T16:44:29.345Z", 98.98, 5.14, 508.7572)
    perp = trade(
        second, BTC, "99419870", 1790915531025, "2026-10-02T04:32:11.025Z", 86642.9, 0.07206, 6243.487374
    )
    async with transcribed("trade") as playback:
        assert await playback.all("watch_trades_for_symbols", [SPOT, BTC]) == [[spot], [perp]]
        await playback.ends("watch_trades_for_symbols", [SPOT, BTC])
    async with transcribed("trade") as playback:
        assert await playback.all("watch_trades", SPOT) == [[spot]]
        await playback.ends("watch_trades", SPOT)


async def test_a_minute_without_trades_has_no_candle() -> None:
    candle = [1788367440000, 98.98, 98.98, 98.98, 98.98, 5.14]
    async with transcribed("kline.1m") as playback:
        assert len(playback.player.frames["kline.1m.SOL_USDC"]) == 3
        assert await playback.all("watch_ohlcv", SPOT, "1m") == [[candle], [candle]]
        await playback.ends("watch_ohlcv", SPOT, "1m")
    async with transcribed("kline.1m") as playback:
        pairs = [[SPOT, "1m"]]
        assert await playback.all("watch_ohlcv_for_symbols", pairs) == [{SPOT: {"1m": [candle]}}] * 2
        await playback.ends("watch_ohlcv_for_symbols", pairs)


async def test_a_candle_of_two_hours() -> None:
    async with transcribed("kline.2h") as playback:
        candle = [1754517600000, 3670.15, 3681.37, 3667.65, 3680.52, 62.2621]
        assert await playback.all("watch_ohlcv", "ETH/USDC", "2h") == [[candle]]


async def test_the_liquidation_of_the_documents() -> None:
    expected = {
        "info": payloads("ws/liquidation")[0],
        "symbol": SPOT,
        "contracts": 10.0,
        "contractSize": None,
        "price": 18.7,
        "side": "buy",
        "baseValue": 10.0,
        "quoteValue": 187.0,
        "timestamp": 1694688638091,
        "datetime": "2023-09-14T10:50:38.091Z",
    }
    async with transcribed("liquidation") as playback:
        assert await playback.all("watch_liquidations", SPOT) == [[expected]]
        await playback.ends("watch_liquidations", SPOT)
    async with transcribed("liquidation") as playback:
        assert await playback.all("watch_liquidations_for_symbols", [SPOT, PERP]) == [[expected]]


# The account ------------------------------------------------------------------------------------------------


def order(info: Any, identity: str, symbol: str, **known: Any) -> Any:
    """An order that rests and has not been touched, but for what is said."""
    unknown = (
        "clientOrderId timestamp datetime lastTradeTimestamp lastUpdateTimestamp stopPrice triggerPrice "
        "stopLossPrice takeProfitPrice average price fee"
    )
    return {
        **dict.fromkeys(unknown.split()),
        "info": info,
        "id": identity,
        "symbol": symbol,
        "type": "limit",
        "timeInForce": "GTC",
        "postOnly": None,
        "reduceOnly": False,
        "side": "sell",
        "cost": 0.0,
        "filled": 0.0,
        "status": "open",
        "fees": [],
        "trades": [],
        **known,
    }


def usdt(free: float, used: float, time: int | None, moment: str | None) -> Any:
    """All that the account has, in ccxt's form."""
    figures = {"free": free, "used": used, "total": free + used}
    return {
        "info": {"USDT": {"available": f"{free:.0f}", "locked": f"{used:.0f}", "staked": "0"}},
        "timestamp": time,
        "datetime": moment,
        "USDT": figures,
        **{name: {"USDT": figure} for name, figure in figures.items()},
    }


BALANCES = [
    usdt(30.0, 0.0, None, None),
    usdt(10.0, 20.0, 1788368290063, "2026-09-02T16:58:10.063Z"),
    usdt(30.0, 0.0, 1788368293114, "2026-09-02T16:58:13.114Z"),
]


async def test_a_post_only_order_placed_and_cancelled() -> None:
    accepted, _, cancelled, _ = payloads("account.session.post_only_placed_then_cancelled")
    placed = {
        "timestamp": 1788368290062,
        "datetime": "2026-09-02T16:58:10.062Z",
        "postOnly": True,
        "price": 1.0076,
        "amount": 20.0,
        "remaining": 20.0,
    }
    async with transcribed("account.session") as playback:
        orders, balances = await asyncio.gather(playback.all("watch_orders"), playback.all("watch_balance"))
        assert orders == [
            [order(accepted, "59887375336", "USDT/USDC", **placed, lastUpdateTimestamp=1788368290062)],
            [
                order(
                    cancelled,
                    "59887375336",
                    "USDT/USDC",
                    **placed,
                    lastUpdateTimestamp=1788368293113,
                    status="canceled",
                )
            ],
        ]
        assert balances == BALANCES
        await playback.exchange.un_watch_balance()
        await playback.ends("watch_orders")


async def test_balances() -> None:
    async with transcribed("account.balanceUpdate") as playback:
        assert await playback.all("watch_balance") == BALANCES
        await playback.ends("watch_balance")


def position(info: Any, identity: str, symbol: str, **known: Any) -> Any:
    """A long position with cross margin at fifty times."""
    unknown = (
        "lastUpdateTimestamp lastPrice collateral liquidationPrice marginRatio stopLossPrice takeProfitPrice "
        "positionMargin"
    )
    return {
        **dict.fromkeys(unknown.split()),
        "info": info,
        "id": identity,
        "symbol": symbol,
        "hedged": False,
        "side": "long",
        "contractSize": 1.0,
        "leverage": 50.0,
        "initialMarginPercentage": 0.02,
        "realizedPnl": 0.0,
        "marginMode": "cross",
        **known,
    }


async def test_a_position_that_was_opened_and_one_that_was_there() -> None:
    opened = position(
        as_sent(payloads("account.positionUpdate.positionOpened")[0]),
        "5411399049",
        "ETH/USDC:USDC",
        timestamp=1754943862040,
        datetime="2025-08-11T20:24:22.040Z",
        contracts=0.001,
        entryPrice=4236.36,
        markPrice=4235.88650933,
        notional=4.23588650933,
        initialMargin=0.0847177301866,
        maintenanceMargin=0.052948581366625,
        maintenanceMarginPercentage=0.0125,
        unrealizedPnl=-0.000473,
        percentage=-0.558324684759809,
    )
    initial = position(
        payloads("account.positionUpdate.initial")[0],
        "28375996537",
        PERP,
        timestamp=1769133221470,
        datetime="2026-01-23T01:53:41.470Z",
        contracts=0.01,
        entryPrice=128.61,
        markPrice=128.59,
        notional=1.2859,
        initialMargin=0.025718,
        maintenanceMargin=0.01735965,
        maintenanceMarginPercentage=0.0135,
        unrealizedPnl=-0.0002,
        percentage=-0.777665448324131,
    )
    async with transcribed("account.positionUpdate") as playback:
        assert await playback.all("watch_positions") == [[], [opened], [initial]]
        await playback.ends("watch_positions")


async def test_a_market_order_is_filled() -> None:
    [accepted] = payloads("account.orderUpdate.orderAccepted.market")
    [filled] = payloads("account.orderUpdate.orderFill.market")
    fee = {"currency": "ETH", "cost": 0.000001}
    fill = trade(
        {
            "clientId": None,
            "fee": "0.000001",
            "feeSymbol": "ETH",
            "isMaker": False,
            "orderId": "5406825793",
            "price": "4299.16",
            "quantity": "0.0010",
            "side": "Bid",
            "symbol": "ETH_USDC",
            "systemOrderType": None,
            "timestamp": "2025-08-11T19:05:10.174",
            "tradeId": 2888471,
        },
        "ETH/USDC",
        "2888471",
        1754939110174,
        "2025-08-11T19:05:10.174Z",
        4299.16,
        0.001,
        4.29916,
        order="5406825793",
        fee=fee,
        fees=[fee],
    )
    known = {
        "timestamp": 1754939110174,
        "datetime": "2025-08-11T19:05:10.174Z",
        "lastUpdateTimestamp": 1754939110174,
        "type": "market",
        "side": "buy",
        "postOnly": False,
        "amount": 0.001,
    }
    async with transcribed("account.orderUpdate.market") as playback:
        orders, fills = await asyncio.gather(
            playback.all("watch_orders"), playback.all("watch_my_trades", "ETH/USDC")
        )
        assert orders == [
            [order(as_sent(accepted), "5406825793", "ETH/USDC", **known, remaining=0.001)],
            [
                order(
                    as_sent(filled),
                    "5406825793",
                    "ETH/USDC",
                    **known,
                    lastTradeTimestamp=1754939110174,
                    price=4299.16,
                    average=4299.16,
                    cost=4.29916,
                    filled=0.001,
                    remaining=0.0,
                    status="closed",
                    fee=fee,
                    fees=[fee],
                    trades=[fill],
                )
            ],
        ]
        assert fills == [[fill]]
        await playback.exchange.un_watch_orders()
        await playback.ends("watch_my_trades", "ETH/USDC")


async def test_trigger_orders() -> None:
    pending, triggered, cancelled = (
        payloads(f"account.orderUpdate.{name}")[0]
        for name in ("triggerPlaced", "orderAccepted.after_trigger", "orderCancelled.trigger")
    )
    async with transcribed("account.orderUpdate.trigger") as playback:
        told = await playback.all("watch_orders")
        own = [[order for order in orders if "firedOrder" not in order["info"]] for orders in told]
        assert [orders for orders in own if orders] == [
            [
                order(
                    pending,
                    "114575813313101824",
                    SPOT,
                    timestamp=1748288167009,
                    datetime="2025-05-26T19:36:07.009Z",
                    lastUpdateTimestamp=1748288167009,
                    price=178.15,
                    stopPrice=178.05,
                    triggerPrice=178.05,
                    amount=20.03,
                    remaining=20.03,
                )
            ],
            [
                order(
                    triggered,
                    "114575842681290753",
                    SPOT,
                    timestamp=1748288615133,
                    datetime="2025-05-26T19:43:35.133Z",
                    lastUpdateTimestamp=1748288615133,
                    price=178.15,
                    amount=20.03,
                    remaining=20.03,
                )
            ],
            [
                order(
                    cancelled,
                    "114575904705282048",
                    SPOT,
                    lastUpdateTimestamp=1748289564404,
                    type="market",
                    postOnly=False,
                    stopPrice=178.55,
                    triggerPrice=178.55,
                    amount=None,  # "80%" of a position
                    remaining=None,
                    status="canceled",
                )
            ],
        ]
        [stop] = [order for orders in told for order in orders if "firedOrder" in order["info"]]
        assert (stop["id"], stop["info"]["firedOrder"]["id"]) == ("114575813313101824", "114575842681290753")
        assert (stop["status"], stop["amount"], stop["filled"]) == ("open", 20.03, 0)


async def test_every_documented_field_of_an_order() -> None:
    [info] = payloads("account.orderUpdate.all_fields")
    async with transcribed("account.orderUpdate.all_fields") as playback:
        assert await playback.all("watch_orders") == [
            [
                order(
                    info,
                    "1111343026172067",
                    "SOL_USD",
                    clientOrderId="123",
                    timestamp=1694687692989,
                    datetime="2023-09-14T10:34:52.989Z",
                    lastUpdateTimestamp=1694687692989,
                    postOnly=True,
                    reduceOnly=None,
                    side="buy",
                    price=20.0,
                    stopPrice=21.0,
                    triggerPrice=21.0,
                    stopLossPrice=10.0,
                    takeProfitPrice=30.0,
                    amount=32123.0,
                    cost=123.0,
                    average=0.38317757009345793,
                    filled=321.0,
                    remaining=31802.0,
                )
            ]
        ]


RFQ, QUOTE = "113392053149171712", "113392054083780608"
REQUEST = {"submissionTimestamp": 1730225480368, "expiryTimestamp": 1730225540368}
RFQ_EVENTS: list[dict[str, Any]] = [
    {"event": "rfqAccepted", "side": "buy", "amount": 10.0, **REQUEST},
    {"event": "rfqActive", "clientOrderId": None, "amount": 10.0, **REQUEST},
    {"event": "rfqRefreshed", "side": "buy", "amount": 10.0, **REQUEST},
    {"event": "rfqCancelled", "side": "buy", "cost": 150.0, "status": "canceled", **REQUEST},
    {"event": "quoteAccepted", "quoteId": QUOTE},
    {
        "event": "quoteCancelled",
        "id": "113392061354344448",
        "quoteId": "113392062870847488",
        "status": "canceled",
    },
    {
        "event": "rfqCandidate",
        "quoteId": QUOTE,
        "side": "buy",
        "amount": 10.0,
        "cost": 150.0,
        "price": 15.5,
    },
    {
        "event": "rfqFilled",
        "quoteId": QUOTE,
        "side": "buy",
        "cost": 150.0,
        "price": 15.5,
        "status": "closed",
    },
    {"event": "rfqFilled", "quoteId": QUOTE, "price": 15.0, "status": "closed"},
]
RFQ_TIMES = [20.369, 20.369, 50.369, 60.369, 34.631, 183.761, 90.648, 97.648, 97.648]
"""Seconds after 2024-10-29T18:10:00Z."""


async def test_requests_for_quotes() -> None:
    async with transcribed("account.rfqUpdate") as playback:
        results = await playback.all("watch_rfq_updates")
        usual = {
            "id": RFQ,
            "quoteId": None,
            "clientOrderId": "123",
            "symbol": "SOL_USDC_RFQ",
            **dict.fromkeys(("side", "amount", "cost", "price", "submissionTimestamp", "expiryTimestamp")),
            "status": "open",
        }
        for [row], known, info, seconds in zip(
            results, RFQ_EVENTS, payloads("account.rfqUpdate"), RFQ_TIMES, strict=True
        ):
            time = 1730225400000 + round(seconds * 1000)
            assert row.pop("datetime") == playback.exchange.iso8601(time)
            assert row == {**usual, **known, "info": info, "timestamp": time}
        await playback.ends("watch_rfq_updates")


# Refusals ---------------------------------------------------------------------------------------------------


async def test_a_stream_that_does_not_exist_ends_its_callbacks() -> None:
    heard: list[Any] = []
    async with transcribed("refused.stream") as playback:
        await playback.exchange.subscribe_stream("nonsense.SOL_USDC", heard.append)
        await soon(gone(playback.exchange))
        assert heard == []


async def test_a_window_that_does_not_exist_is_refused_by_the_venue_too() -> None:
    heard: list[Any] = []
    async with transcribed("refused.window") as playback:
        await playback.exchange.subscribe_stream("depth.10ms.SOL_USDC", heard.append)
        await soon(gone(playback.exchange))
        assert heard == []


async def test_a_refused_signature_is_raised_in_the_watcher() -> None:
    async with transcribed("refused.signature") as playback:
        with pytest.raises(AuthenticationError, match=r"account\.orderUpdate was refused: 4003 Invalid sig"):
            await soon(playback.exchange.watch_orders())
        with pytest.raises(BadRequest, match="200ms, 600ms, 1000ms"):
            await playback.exchange.watch_order_book(SPOT, None, {"interval": "10ms"})


async def gone(exchange: Any) -> None:
    """Wait until no stream is followed any more."""
    await until(lambda: not exchange.stream_counters()["streams"])
