"""A market that closes while it is watched is named soon, once; the others of a group go on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ccxt.base.errors import BadSymbol, NetworkError

from bpx_connector.stream.followers import Follower
from bpx_connector.stream.topics import Topic, Topics
from bpx_connector.venue.streams import market_of_stream
from bpx_connector.watch.closures import LONGEST, Closures, Quiet
from bpx_connector.watch.kinds import TRADES
from tests.support.streaming import driven, exchange_on, sandbox_with, soon

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"
HASTY = {"streams": {"shortestPause": 5, "longestPause": 50, "closedAfter": 40}}
WATCHED: dict[str, tuple[Any, ...]] = {
    "watch_order_book": (PERP,),
    "watch_order_book_for_symbols": ([SPOT, PERP],),
    "watch_trades": (PERP,),
    "watch_trades_for_symbols": ([SPOT, PERP],),
    "watch_ticker": (PERP,),
    "watch_tickers": ([SPOT, PERP],),
    "watch_bids_asks": ([SPOT, PERP],),
    "watch_ohlcv": (PERP,),
    "watch_ohlcv_for_symbols": ([[SPOT, "1m"], [PERP, "1m"]],),
    "watch_funding_rate": (PERP,),
    "watch_mark_prices": ([PERP],),
}


@pytest.mark.parametrize("method", WATCHED)
async def test_a_market_that_closes_is_named_once_and_the_others_go_on(method: str) -> None:
    async with (
        sandbox_with("SOL_USDC", "SOL_USDC_PERP") as sandbox,
        driven(sandbox),
        exchange_on(sandbox, options=HASTY) as exchange,
    ):
        watch = getattr(exchange, method)
        await soon(watch(*WATCHED[method]))
        sandbox.venue.set_book_state("SOL_USDC_PERP", "Closed")
        with pytest.raises(BadSymbol, match="SOL/USDC:USDC has closed"):
            for _ in range(100_000):
                await soon(watch(*WATCHED[method]))
        if repr(SPOT) in str(WATCHED[method]):
            for _ in range(3):
                assert await soon(watch(*WATCHED[method]))


class Streams:
    """What a client follows, as far as it matters here."""

    def __init__(self, *streams: str) -> None:
        self.is_closed = False
        self.topics = Topics()
        self.topics.add(Topic(TRADES, streams, streams))
        self.followers = {stream: Follower(stream) for stream in streams}

    def follower(self, stream: str) -> Follower | None:
        return self.followers.get(stream)


async def test_a_quiet_market_that_is_open_is_asked_about_ever_more_rarely() -> None:
    now, asked = 0.0, []

    async def ask(market_id: str) -> Any:
        asked.append((market_id, now))
        if len(asked) == 2:
            raise NetworkError("no answer")
        return {"orderBookState": "Open"}

    streams = Streams("trade.SOL_USDC", "kline.1m.A.US_USDC", "account.orderUpdate")
    closures = Closures("bpx", streams, ask, str, 5.0, lambda: now)
    for second in range(3_600):
        now = float(second)
        streams.followers["kline.1m.A.US_USDC"].last_frame = now
        for market_id in closures.due():
            await closures._look(market_id)
    assert {market_id for market_id, _ in asked} == {"SOL_USDC"}
    assert [moment for _, moment in asked][:4] == [5, 10, 20, 40]
    assert len(asked) <= 3_600 / LONGEST + 8


async def test_a_market_that_closes_again_is_named_again() -> None:
    now = 0.0

    async def ask(market_id: str) -> Any:
        return {"orderBookState": "Open" if now >= 40 and now < 60 else "Closed"}

    streams = Streams("trade.SOL_USDC")
    closures = Closures("bpx", streams, ask, lambda market_id: SPOT, 5.0, lambda: now)
    [topic] = streams.topics
    named = []
    for second in range(100):
        now = float(second)
        if second in range(40, 60):
            streams.followers["trade.SOL_USDC"].last_frame = now
        for market_id in closures.due():
            await closures._look(market_id)
        waiting = asyncio.ensure_future(topic.wait())
        await asyncio.sleep(0)
        if waiting.done():
            named.append((second, str(waiting.exception())))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert [second for second, _ in named] == [5, 64]
    assert named[0][1] == "bpx SOL/USDC has closed: there is no trades until it opens"


def test_quiet_begins_anew_with_each_frame() -> None:
    quiet = Quiet(5.0, 100.0)
    assert quiet.next == 105
    quiet.heard(103.0)
    assert quiet.next == 108
    quiet.asked(108.0)
    assert quiet.next == 113
    quiet.asked(113.0)
    assert quiet.next == 123
    quiet.is_told = True
    quiet.heard(114.0)
    assert quiet.next == 114, "a late frame, or it is open again"


@pytest.mark.parametrize(
    ("stream", "market_id"),
    [
        ("trade.SOL_USDC", "SOL_USDC"),
        ("depth.SOL_USDC", "SOL_USDC"),
        ("depth.200ms.AAPL.US_USDC", "AAPL.US_USDC"),
        ("kline.1m.AMZN.US_USDC_PERP", "AMZN.US_USDC_PERP"),
        ("depth.AMZN.US_USDC_PERP", "AMZN.US_USDC_PERP"),
        ("liquidation", None),
        ("account.orderUpdate.SOL_USDC", None),
    ],
)
def test_a_stream_says_which_market_it_is_about(stream: str, market_id: str | None) -> None:
    assert market_of_stream(stream) == market_id
