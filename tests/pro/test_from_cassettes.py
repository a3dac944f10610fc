"""Every watch method and its twin, answered from a cassette: no network, and figures that are known.

The cassettes are recorded from the sandbox (`make record`); what the venue itself has said is in
test_transcribed.py.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.keys import FIRST
from tests.support.stream_cassettes import Recording, played, record

pytestmark = pytest.mark.records_streams

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"
START = 1767225600000


def watching(name: str, *args: Any, seconds: float) -> Any:
    """A session in which something is watched for a while."""

    async def session(recording: Recording) -> None:
        await recording.watch(name, *args)
        await recording.advance(seconds)

    return session


# Prices -----------------------------------------------------------------------------------------------------

TICKER = {
    "symbol": SPOT,
    "timestamp": START + 500,
    "datetime": "2026-01-01T00:00:00.500Z",
    "high": 102.24,
    "low": 100.15,
    "bid": None,
    "bidVolume": None,
    "ask": None,
    "askVolume": None,
    "vwap": 101.41330695524628,
    "open": 101.11,
    "close": 100.62,
    "last": 100.62,
    "previousClose": None,
    "change": -0.49,
    "percentage": -0.4846207101176936,
    "average": 100.86,
    "baseVolume": 559431.52,
    "quoteVolume": 56733800.4582,
    "indexPrice": None,
    "markPrice": None,
    "info": {
        "E": 1767225600500000,
        "V": "56733800.4582",
        "c": "100.62",
        "e": "ticker",
        "h": "102.24",
        "l": "100.15",
        "n": 69248,
        "o": "101.11",
        "s": "SOL_USDC",
        "v": "559431.52",
    },
}


async def test_tickers_come_once_a_second() -> None:
    session = watching("watch_ticker", SPOT, seconds=3)
    async with played("watch_ticker", session) as playback:
        first, second, third = await playback.all("watch_ticker", SPOT)
        assert first == TICKER
        assert [ticker["timestamp"] - START for ticker in (first, second, third)] == [500, 1500, 2500]
        assert [(ticker["last"], ticker["baseVolume"]) for ticker in (second, third)] == [
            (100.68, 559457.35),
            (100.68, 559466.09),
        ]
        await playback.ends("watch_ticker", SPOT)
        assert playback.exchange.tickers == {}


async def test_tickers_of_several_markets_come_as_each_changes() -> None:
    session = watching("watch_tickers", [SPOT, PERP], seconds=2)
    async with played("watch_tickers", session) as playback:
        results = await playback.all("watch_tickers", [SPOT, PERP])
        changes = [
            (symbol, ticker["last"], ticker["change"])
            for tickers in results
            for symbol, ticker in tickers.items()
        ]
        assert changes == [
            (SPOT, 100.62, -0.49),
            (PERP, 100.61, -0.46),
            (SPOT, 100.68, -0.43),
            (PERP, 100.6, -0.47),
        ]
        assert results[0][SPOT] == TICKER
        await playback.ends("watch_tickers", [SPOT, PERP])
        assert playback.exchange.tickers == {}


async def test_best_prices_are_the_best_of_each_market() -> None:
    session = watching("watch_bids_asks", [SPOT, PERP], seconds=1.5)
    async with played("watch_bids_asks", session) as playback:
        results = await playback.all("watch_bids_asks", [SPOT, PERP])
        best = [
            (symbol, row["bid"], row["bidVolume"], row["ask"], row["askVolume"])
            for rows in results
            for symbol, row in rows.items()
        ]
        assert best == [
            (PERP, 100.56, 76.95, 100.61, 25.05),
            (PERP, 100.56, 76.95, 100.61, 20.58),
            (SPOT, 100.62, 41.74, 100.67, 14.7),
            (PERP, 100.56, 76.95, 100.6, 138.68),
            (SPOT, 100.62, 41.74, 100.68, 101.34),
            (PERP, 100.56, 76.95, 100.6, 136.0),
            (PERP, 100.56, 76.95, 100.6, 127.95),
        ]
        await playback.ends("watch_bids_asks", [SPOT, PERP])
        assert playback.exchange.bidsasks == {}


MARKS = [(400, 100.59, 100.5933), (1400, 100.6, 100.5967), (2400, 100.58, 100.5833)]


async def test_mark_prices_stand_beside_the_index() -> None:
    session = watching("watch_mark_price", PERP, seconds=3)
    async with played("watch_mark_price", session) as playback:
        rows = await playback.all("watch_mark_price", PERP)
        assert [(row["timestamp"] - START, row["markPrice"], row["indexPrice"]) for row in rows] == MARKS
        assert {row["symbol"] for row in rows} == {PERP}
        await playback.ends("watch_mark_price", PERP)
        assert playback.exchange._watching.own.mark_prices == {}


async def test_a_session_recorded_anew_is_the_same_to_the_byte(tmp_path: Path) -> None:
    async def session(recording: Recording) -> None:
        await recording.watch("watch_mark_prices", [PERP, "BTC/USDC:USDC"])
        await recording.watch("watch_orders", PERP)
        await recording.trader.create_order(PERP, "market", "buy", 1)
        await recording.advance(1)

    symbols = ("SOL_USDC_PERP", "BTC_USDC_PERP")
    once, again = tmp_path / "once.jsonl", tmp_path / "again.jsonl"
    for path in (once, again):
        await record(path, session, symbols)
    assert once.read_text() == again.read_text()
    assert "orderFill" in once.read_text()


async def test_mark_prices_of_several_markets_come_by_symbol() -> None:
    session = watching("watch_mark_prices", [PERP, "BTC/USDC:USDC"], seconds=1)
    symbols = ("SOL_USDC_PERP", "BTC_USDC_PERP")
    async with played("watch_mark_prices", session, symbols=symbols) as playback:
        results = await playback.all("watch_mark_prices", [PERP, "BTC/USDC:USDC"])
        assert [(symbol, row["markPrice"]) for rows in results for symbol, row in rows.items()] == [
            (PERP, 100.59),
            ("BTC/USDC:USDC", 77353.1),
        ]
        await playback.ends("watch_mark_prices", [PERP, "BTC/USDC:USDC"])


FUNDING = {
    "symbol": PERP,
    "markPrice": 100.59,
    "indexPrice": 100.5933,
    "interestRate": None,
    "estimatedSettlePrice": None,
    "timestamp": START + 400,
    "datetime": "2026-01-01T00:00:00.400Z",
    "fundingRate": 0.0000125,
    "fundingTimestamp": START + 3_600_000,
    "fundingDatetime": "2026-01-01T01:00:00.000Z",
    "nextFundingRate": None,
    "nextFundingTimestamp": None,
    "nextFundingDatetime": None,
    "previousFundingRate": None,
    "previousFundingTimestamp": None,
    "previousFundingDatetime": None,
    "interval": "1h",
    "info": {
        "E": 1767225600400000,
        "T": 1767225600400000,
        "e": "markPrice",
        "f": "0.0000125",
        "i": "100.5933",
        "n": 1767229200000,
        "p": "100.59",
        "s": "SOL_USDC_PERP",
    },
}


async def test_funding_rates_are_those_of_the_running_interval() -> None:
    session = watching("watch_funding_rate", PERP, seconds=2)
    async with played("watch_funding_rate", session) as playback:
        first, second = await playback.all("watch_funding_rate", PERP)
        assert first == FUNDING
        assert (second["timestamp"], second["fundingRate"]) == (START + 1400, 0.0000125)
        await playback.ends("watch_funding_rate", PERP)
        assert playback.exchange.fundingRates == {}


async def test_funding_rates_of_all_perpetuals_come_by_symbol() -> None:
    session = watching("watch_funding_rates", seconds=1)
    async with played("watch_funding_rates", session) as playback:
        assert await playback.all("watch_funding_rates") == [{PERP: FUNDING}]
        await playback.ends("watch_funding_rates")
        assert playback.exchange.fundingRates == {}


async def test_open_interest_comes_once_a_minute() -> None:
    session = watching("watch_open_interest", PERP, seconds=61)
    async with played("watch_open_interest", session) as playback:
        [interest] = await playback.all("watch_open_interest", PERP)
        assert (interest["symbol"], interest["openInterestAmount"]) == (PERP, 37.42)
        assert (interest["timestamp"], interest["openInterestValue"]) == (START + 60_000, None)
        await playback.ends("watch_open_interest", PERP)


# Books ------------------------------------------------------------------------------------------------------


async def test_a_book_begins_with_its_snapshot_and_moves_by_each_update() -> None:
    session = watching("watch_order_book", SPOT, seconds=2)
    async with played("watch_order_book", session) as playback:
        books = await playback.all("watch_order_book", SPOT)
        first, last = books[0], books[-1]
        assert (first["symbol"], first["nonce"], first["timestamp"]) == (SPOT, 1000000170, START)
        assert first["bids"][:3] == [[100.62, 52.47], [100.61, 55.26], [100.6, 54.84]]
        assert first["asks"][:3] == [[100.67, 14.7], [100.68, 101.74], [100.69, 64.77]]
        assert (len(first["bids"]), len(first["asks"])) == (32, 30)
        assert [book["nonce"] for book in books] == list(range(1000000170, 1000000183))
        assert last["bids"][:2] == [[100.62, 41.74], [100.61, 55.26]]
        assert last["asks"][:2] == [[100.68, 92.6], [100.69, 108.89]]
        assert last["datetime"] == "2026-01-01T00:00:02.000Z"
        counters = playback.exchange.stream_counters()["streams"]["depth.SOL_USDC"]
        assert (counters["frames"], counters["gaps"], counters["refetches"]) == (12, 0, 1)
        await playback.ends("watch_order_book", SPOT)
        assert playback.exchange.orderbooks == {}


async def test_books_of_several_markets_move_each_by_itself() -> None:
    session = watching("watch_order_book_for_symbols", [SPOT, PERP], seconds=1)
    async with played("watch_order_book_for_symbols", session) as playback:
        books = await playback.all("watch_order_book_for_symbols", [SPOT, PERP], 2)
        by_symbol = {symbol: [book for book in books if book["symbol"] == symbol] for symbol in (SPOT, PERP)}
        for symbol, nonces in ((SPOT, (1000000170, 1000000177)), (PERP, (1000000194, 1000000204))):
            its = by_symbol[symbol]
            assert (its[0]["nonce"], its[-1]["nonce"]) == nonces
            assert all(after["nonce"] > before["nonce"] for before, after in pairwise(its))
        assert by_symbol[SPOT][-1]["bids"] == [[100.62, 41.74], [100.61, 55.26]]
        assert by_symbol[PERP][-1]["asks"] == [[100.61, 20.58], [100.64, 60.89]]
        await playback.ends("watch_order_book_for_symbols", [SPOT, PERP])
        assert playback.exchange.orderbooks == {}


# Trades and candles -----------------------------------------------------------------------------------------

TRADES = [
    ("10000034", "sell", 100.62, 10.73, 1079.6526),
    ("10000035", "buy", 100.67, 14.7, 1479.849),
    ("10000036", "buy", 100.68, 0.4, 40.272),
    ("10000037", "buy", 100.68, 8.74, 879.9432),
]


def told(trade: Any) -> tuple[Any, ...]:
    """What a trade is about."""
    return trade["id"], trade["side"], trade["price"], trade["amount"], trade["cost"]


async def test_trades_come_one_after_the_other() -> None:
    session = watching("watch_trades", SPOT, seconds=2)
    async with played("watch_trades", session) as playback:
        results = await playback.all("watch_trades", SPOT)
        trades = [trade for trades in results for trade in trades]
        assert [told(trade) for trade in trades] == TRADES
        assert trades[1] == {
            "info": {
                "E": 1767225601300000,
                "T": 1767225601300000,
                "a": "60000000423",
                "b": "60000000462",
                "e": "trade",
                "m": False,
                "p": "100.67",
                "q": "14.7",
                "s": "SOL_USDC",
                "t": 10000035,
            },
            "id": "10000035",
            "timestamp": START + 1300,
            "datetime": "2026-01-01T00:00:01.300Z",
            "symbol": SPOT,
            "order": None,
            "type": None,
            "side": "buy",
            "takerOrMaker": "taker",
            "price": 100.67,
            "amount": 14.7,
            "cost": 1479.849,
            "fee": {"cost": None, "currency": None},
            "fees": [],
        }
        await playback.ends("watch_trades", SPOT)
        assert playback.exchange.trades == {}


async def test_trades_of_several_markets_come_market_by_market() -> None:
    session = watching("watch_trades_for_symbols", [SPOT, PERP], seconds=2)
    async with played("watch_trades_for_symbols", session) as playback:
        results = await playback.all("watch_trades_for_symbols", [SPOT, PERP])
        assert all(len({trade["symbol"] for trade in trades}) == 1 for trades in results)
        of: dict[str, list[Any]] = {SPOT: [], PERP: []}
        for trades in results:
            of[trades[0]["symbol"]] += [told(trade) for trade in trades]
        assert of[SPOT] == TRADES
        assert of[PERP] == [
            ("10000035", "buy", 100.61, 16.1, 1619.821),
            ("10000036", "buy", 100.61, 4.47, 449.7267),
            ("10000037", "buy", 100.6, 2.68, 269.608),
            ("10000038", "buy", 100.6, 8.05, 809.83),
        ]
        await playback.ends("watch_trades_for_symbols", [SPOT, PERP])
        assert playback.exchange.trades == {}


async def test_a_candle_grows_is_closed_and_followed_by_the_next() -> None:
    session = watching("watch_ohlcv", SPOT, "1m", seconds=62)
    async with played("watch_ohlcv", session) as playback:
        results = await playback.all("watch_ohlcv", SPOT, "1m")
        assert results[0] == [[START, 100.67, 100.68, 100.62, 100.68, 44.11]]
        assert results[-2][-1] == [START, 100.67, 100.74, 100.58, 100.66, 480.5]
        assert results[-1][-1] == [START + 60_000, 100.71, 100.71, 100.71, 100.71, 9.93]
        volumes = [rows[-1][5] for rows in results[:-1]]
        assert volumes == sorted(volumes)
        await playback.ends("watch_ohlcv", SPOT, "1m")
        assert playback.exchange.ohlcvs == {SPOT: {}}


async def test_candles_of_several_lengths_come_by_symbol_and_timeframe() -> None:
    pairs = [[SPOT, "1m"], [SPOT, "5m"]]
    session = watching("watch_ohlcv_for_symbols", pairs, seconds=3)
    async with played("watch_ohlcv_for_symbols", session) as playback:
        results = await playback.all("watch_ohlcv_for_symbols", pairs)
        figures = [100.67, 100.68, 100.62, 100.68]
        assert results == [
            {SPOT: {"1m": [[START, *figures, 44.11]]}},
            {SPOT: {"5m": [[START, *figures, 44.11]]}},
            {SPOT: {"1m": [[START, *figures, 52.85]]}},
            {SPOT: {"5m": [[START, *figures, 52.85]]}},
        ]
        await playback.ends("watch_ohlcv_for_symbols", pairs)
        assert playback.exchange.ohlcvs == {SPOT: {}}


def liquidated(name: str, *args: Any) -> Any:
    """A session in which a position of 10 SOL on 150 USDC is wiped out by a fall of the index."""

    async def session(recording: Recording) -> None:
        venue, clock = recording.sandbox.venue, recording.sandbox.clock
        venue.open_account(FIRST.api_key, clock.now(), funds={"USDC": Decimal(150)})
        await recording.watch(name, *args)
        await recording.trader.create_order(PERP, "market", "buy", 10)
        venue.set_index("SOL_USDC_PERP", Decimal(86), clock.now())
        await recording.advance(1)

    return session


LIQUIDATION = {
    "info": {
        "E": 1767225600100000,
        "S": "Ask",
        "T": 1767225600100000,
        "e": "liquidation",
        "p": "100.55",
        "q": "1",
        "s": "SOL_USDC_PERP",
    },
    "symbol": PERP,
    "contracts": 1.0,
    "contractSize": 1.0,
    "price": 100.55,
    "side": "sell",
    "baseValue": 1.0,
    "quoteValue": 100.55,
    "timestamp": START + 100,
    "datetime": "2026-01-01T00:00:00.100Z",
}


async def test_a_liquidation_is_told_once_though_two_streams_carry_it() -> None:
    session = liquidated("watch_liquidations", PERP)
    async with played("watch_liquidations", session, speed=0) as playback:
        assert set(playback.player.frames) == {"liquidation", "liquidation.SOL_USDC_PERP"}
        assert await playback.all("watch_liquidations", PERP) == [[LIQUIDATION]]
        await playback.ends("watch_liquidations", PERP)


async def test_liquidations_of_several_markets_come_together() -> None:
    session = liquidated("watch_liquidations_for_symbols", [PERP, SPOT])
    async with played("watch_liquidations_for_symbols", session, speed=0) as playback:
        assert await playback.all("watch_liquidations_for_symbols", [PERP, SPOT]) == [[LIQUIDATION]]
        await playback.ends("watch_liquidations_for_symbols", [PERP, SPOT])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("watch_my_liquidations", PERP), ("watch_my_liquidations_for_symbols", [PERP])],
)
async def test_the_accounts_own_liquidations_are_its_fills_of_the_venues_making(
    name: str, wanted: Any
) -> None:
    async with played(name, liquidated(name, wanted), speed=0) as playback:
        [[told]] = await playback.all(name, wanted)
        info = told.pop("info")
        assert info["systemOrderType"] == "LiquidatePositionOnBook"
        assert told == {
            **{key: value for key, value in LIQUIDATION.items() if key != "info"},
            "timestamp": told["timestamp"],
            "datetime": playback.exchange.iso8601(told["timestamp"]),
        }
        await playback.ends(name, wanted)


# The account ------------------------------------------------------------------------------------------------


async def ordering(recording: Recording) -> None:
    """A resting order, one that is filled in two parts, and the resting one cancelled."""
    await recording.watch("watch_orders", SPOT)
    params = {"clientOrderId": 7, "postOnly": True}
    resting = await recording.trader.create_order(SPOT, "limit", "buy", 1, 99.5, params)
    await recording.advance(0.5)
    await recording.trader.create_order(SPOT, "market", "sell", 60)
    await recording.advance(0.5)
    await recording.trader.cancel_order(resting["id"], SPOT)


async def test_orders_are_told_from_their_acceptance_to_their_end() -> None:
    async with played("watch_orders", ordering) as playback:
        results = await playback.all("watch_orders", SPOT)
        orders = [order for orders in results for order in orders]
        assert [(order["id"], order["status"], order["filled"], order["cost"]) for order in orders] == [
            ("60000000448", "open", 0.0, 0.0),
            ("60000000455", "open", 0.0, 0.0),
            ("60000000455", "open", 52.47, 5279.5314),
            ("60000000455", "closed", 60.0, 6037.1247),
            ("60000000448", "canceled", 0.0, 0.0),
        ]
        resting, filled = orders[0], orders[3]
        assert {**resting, "info": None} == {
            "info": None,
            "id": "60000000448",
            "clientOrderId": "7",
            "timestamp": START,
            "datetime": "2026-01-01T00:00:00.000Z",
            "lastTradeTimestamp": None,
            "lastUpdateTimestamp": START,
            "symbol": SPOT,
            "type": "limit",
            "timeInForce": "GTC",
            "postOnly": True,
            "reduceOnly": False,
            "side": "buy",
            "price": 99.5,
            "stopPrice": None,
            "triggerPrice": None,
            "stopLossPrice": None,
            "takeProfitPrice": None,
            "amount": 1.0,
            "cost": 0.0,
            "average": None,
            "filled": 0.0,
            "remaining": 1.0,
            "status": "open",
            "fee": None,
            "fees": [],
            "trades": [],
        }
        assert (filled["average"], filled["remaining"], filled["type"]) == (100.618745, 0.0, "market")
        assert filled["fee"] == {"currency": "USDC", "cost": 6.0371247}
        assert [told(trade) for trade in filled["trades"]] == FILLS
        assert orders[4]["lastUpdateTimestamp"] == START + 1000
        await playback.ends("watch_orders", SPOT)


FILLS = [
    ("10000034", "sell", 100.62, 52.47, 5279.5314),
    ("10000035", "sell", 100.61, 7.53, 757.5933),
]


async def filling(recording: Recording) -> None:
    """A market order that is filled in two parts."""
    await recording.watch("watch_my_trades", SPOT)
    await recording.trader.create_order(SPOT, "market", "sell", 60)


async def test_own_trades_come_with_their_fees() -> None:
    async with played("watch_my_trades", filling) as playback:
        results = await playback.all("watch_my_trades", SPOT)
        trades = [trade for trades in results for trade in trades]
        assert [told(trade) for trade in trades] == FILLS
        assert [trade["fee"] for trade in trades] == [
            {"currency": "USDC", "cost": 5.2795314},
            {"currency": "USDC", "cost": 0.7575933},
        ]
        assert {trade["order"] for trade in trades} == {"60000000448"}
        assert {trade["takerOrMaker"] for trade in trades} == {"taker"}
        assert {trade["timestamp"] for trade in trades} == {START}
        await playback.ends("watch_my_trades", SPOT)


async def turning(recording: Recording) -> None:
    """A short position, there before anybody watched, turned into a long one and closed."""
    await recording.trader.create_order(PERP, "market", "sell", 2)
    await recording.watch("watch_positions")
    await recording.advance(0.5)
    await recording.trader.create_order(PERP, "market", "buy", 3)
    await recording.advance(0.5)
    await recording.trader.create_order(PERP, "market", "sell", 1)


async def test_positions_begin_with_what_is_open_and_end_flat() -> None:
    async with played("watch_positions", turning) as playback:
        results = await playback.all("watch_positions")
        positions = [position for positions in results for position in positions]
        keys = ("side", "contracts", "entryPrice", "markPrice", "notional", "realizedPnl", "unrealizedPnl")
        seen = list(dict.fromkeys(tuple(position[key] for key in keys) for position in positions))
        assert seen == [
            ("short", 2.0, 100.56, 100.59, 201.18, 0.0, -0.06),
            (None, 0.0, 0.0, 100.59, 0.0, -0.1, 0.0),
            ("long", 1.0, 100.61, 100.59, 100.59, 0.0, -0.02),
            (None, 0.0, 0.0, 100.6, 0.0, -0.05, 0.0),
        ]
        long = next(position for position in positions if position["side"] == "long")
        assert (long["symbol"], long["leverage"], long["marginMode"]) == (PERP, 10.0, "cross")
        assert (long["initialMargin"], long["maintenanceMargin"]) == (10.059, 1.357965)
        assert long["percentage"] == -0.19882692116512576
        await playback.ends("watch_positions")


async def spending(recording: Recording) -> None:
    """An order that holds money, one that spends, and the first one cancelled."""
    await recording.watch("watch_balance")
    resting = await recording.trader.create_order(SPOT, "limit", "buy", 1, 99.5)
    await recording.advance(0.5)
    await recording.trader.create_order(SPOT, "market", "sell", 2)
    await recording.advance(0.5)
    await recording.trader.cancel_order(resting["id"], SPOT)


async def test_balances_begin_with_all_and_follow_each_change() -> None:
    async with played("watch_balance", spending) as playback:
        balances = await playback.all("watch_balance")
        money = [(row["USDC"]["free"], row["USDC"]["used"], row["SOL"]["total"]) for row in balances]
        assert money == [
            (1000000.0, 0.0, 1000.0),
            (999900.5, 99.5, 1000.0),
            (999900.5, 99.5, 998.0),
            (1000101.53876, 99.5, 998.0),
            (1000201.03876, 0.0, 998.0),
        ]
        assert [row["timestamp"] for row in balances] == [None, START, START + 500, START + 500, START + 1000]
        assert balances[-1]["total"] == {"USDC": 1000201.03876, "BTC": 10.0, "SOL": 998.0}
        await playback.ends("watch_balance")


async def test_where_no_quotes_are_asked_for_nothing_is_told_of_them() -> None:
    """The sandbox has no requests for quotes; test_transcribed.py plays those of the venue's documents."""
    session = watching("watch_rfq_updates", seconds=0.5)
    async with played("watch_rfq_updates", session) as playback:
        assert await playback.all("watch_rfq_updates") == []
        await playback.ends("watch_rfq_updates")


# Stocks -----------------------------------------------------------------------------------------------------


def watching_a_stock(name: str) -> Any:
    """A session in which a stock is watched while it is traded."""

    async def session(recording: Recording) -> None:
        recording.sandbox.switches.stock_hours = "always"
        await recording.exchange.load_stock_markets()
        await recording.watch(name, "NVDA.US")
        await recording.advance(2)

    return session


async def test_a_stocks_price_is_its_providers() -> None:
    async with played("watch_stock_price", watching_a_stock("watch_stock_price")) as playback:
        await playback.exchange.load_stock_markets()
        rows = await playback.all("watch_stock_price", "NVDA.US")
        assert [row["timestamp"] - START for row in rows] == [500, 1500]
        price = {key: value for key, value in rows[0].items() if key != "info"}
        assert price == {
            "asset": "NVDA.US",
            "bid": 176.36,
            "ask": 176.54,
            "mid": 176.45,
            "session": "US_EQUITIES_REGULAR",
            "timestamp": START + 500,
            "datetime": "2026-01-01T00:00:00.500Z",
        }
        assert rows[0]["info"]["mid"] == "176.45"
        await playback.ends("watch_stock_price", "NVDA.US")


async def test_a_stocks_quote_is_what_it_would_bring_and_cost() -> None:
    name = "watch_stock_indicative_quote"
    async with played(name, watching_a_stock(name)) as playback:
        await playback.exchange.load_stock_markets()
        rows = await playback.all(name, "NVDA.US")
        assert [(row["asset"], row["timestamp"] - START) for row in rows] == [
            ("NVDA.US", 500),
            ("NVDA.US", 1500),
        ]
        assert (rows[0]["bid"], rows[0]["ask"]) == (176.36, 176.54)
        assert rows[0]["info"]["estimatedAsk"] == "176.54"
        await playback.ends(name, "NVDA.US")
