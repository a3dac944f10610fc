"""Whatever the network does, what a caller reads is in step with the exchange or marked as not yet known.

Every book that is handed out is compared with the engine's own book at that update, every fill with the
engine's fills. Seeds are fixed and the exchange's time is driven; sockets, pauses and time-outs are real.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from ccxt.base.errors import AuthenticationError, BaseError

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.records.orders import BID, IOC, LIMIT, OrderRequest
from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import FIRST
from tests.support.streaming import sandbox_with, soon
from tests.support.watchers import Watchers, comes_true, in_step, run_for
from tests.support.witnesses import Witness

SPOT, OTHER, THIRD = "SOL/USDC", "BTC/USDC", "ETH/USDC"
PERP, QUIET = "SOL/USDC:USDC", "BTC/USDC:USDC"
FEW = ("SOL_USDC", "BTC_USDC", "SOL_USDC_PERP")
MANY = (*FEW, "ETH_USDC", "BTC_USDC_PERP")


class Stage(NamedTuple):
    """Everything that a rehearsal needs."""

    sandbox: Sandbox
    account: Account
    exchange: Any
    watchers: Watchers
    witness: Witness

    async def run(self, seconds: float) -> None:
        """Let the exchange live, and look at every book after each step."""
        for _ in range(round(seconds * 10)):
            await run_for(self.sandbox, 0.1)
            self.watchers.look_at_books()

    async def catch_up(self) -> None:
        """Run until every watched book is as far as the exchange's is now."""
        nonces, newest = self.watchers.nonces, self.witness.newest
        marks = {key: newest(self.exchange.market(key[0])["id"]) for key in nonces}
        for _ in range(600):
            if all(nonces[key] >= mark for key, mark in marks.items()):
                return
            await self.run(0.1)
            await asyncio.sleep(0.005)
        late = {key: (nonces[key], mark) for key, mark in marks.items() if nonces[key] < mark}
        raise AssertionError(f"books that stay behind: {late}")

    async def follow_account(self) -> None:
        """Watch everything of the account, from the moment on at which what was before is known."""
        self.watchers.account()
        await comes_true(
            lambda: (
                self.watchers.counts["balances"]
                and self.counters("account.orderUpdate")["refetches"]
                and self.counters("account.positionUpdate")["refetches"]
            )
        )
        await asyncio.sleep(0.05)

    def counters(self, stream: str) -> dict[str, Any]:
        """The exchange object's own figures of a stream."""
        counters: dict[str, Any] = self.exchange.stream_counters()["streams"][stream]
        return counters

    def reconnects(self) -> list[int]:
        """How often each socket has been opened again."""
        return [socket["reconnects"] for socket in self.exchange.stream_counters()["sockets"]]

    async def trade(self, symbols: Iterable[str], amount: float = 0.5) -> None:
        """Buy or sell at the market, one after the other."""
        for number, symbol in enumerate(symbols):
            await self.exchange.create_order(symbol, "market", ("buy", "sell", "sell")[number % 3], amount)
            await run_for(self.sandbox, 0.1)

    async def account_is_told_truly(self) -> None:
        """Wait until all that was told of the account is how the exchange has it."""
        watchers = self.watchers
        await comes_true(
            lambda: [
                *watchers.missing_fills(),
                *watchers.wrong_orders(),
                *watchers.wrong_balances(),
                *watchers.wrong_positions(),
            ],
            False,
        )


@pytest.fixture
async def stage(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Stage]:
    """A sandbox with lively traders, an exchange object, and somebody to compare the two."""
    caplog.set_level(logging.ERROR)  # reconnects are warned of, here by the dozen
    async with sandbox_with(*getattr(request, "param", FEW), speed=10) as sandbox:
        account = sandbox.venue.open_account(FIRST.api_key, sandbox.clock.now())
        witness = Witness(sandbox, account)
        async with in_step(sandbox) as exchange:
            watchers = Watchers(exchange, witness)
            yield Stage(sandbox, account, exchange, watchers, witness)
            await watchers.end()
        assert watchers.objections == []


# --- everything at once --------------------------------------------------------------------------------

EVERYTHING = (
    "lose depth.* chance=0.02",
    "lose account.* chance=0.05",
    "repeat chance=0.03",
    "swap depth.* chance=0.02",
    "swap trade.* chance=0.02",
    "swap account.orderUpdate chance=0.05",
    "delay chance=0.02 seconds=300ms",
    "cut every=3s",
    "cut every=7s code=1012",
    "freeze account.* every=11s times=1",
    "stale chance=0.3 seconds=2",
    "refuse /api/v1/depth chance=0.1",
    "refuse /api/v1/depth chance=0.1 status=429",
    "refuse /api/v1/depth chance=0.1 body=html",
    "refuse /wapi/* chance=0.1 body=empty",
    "drop /api/v1/* chance=0.05",
    "late /api/v1/* chance=0.05 seconds=50ms",
    "hold /api/v1/* chance=0.05 seconds=50ms",
    "lost /api/v1/order chance=0.05",
)


@pytest.mark.parametrize("stage", [MANY], indirect=True, ids=["many markets"])
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_with_all_faults_at_once_no_book_is_wrong_and_no_fill_is_lost_or_told_twice(
    stage: Stage, seed: int
) -> None:
    sandbox, watchers = stage.sandbox, stage.watchers
    for symbol in (SPOT, OTHER, PERP):
        watchers.book(symbol)
    watchers.book(THIRD, 5)
    watchers.book(QUIET, params={"interval": "200ms"})
    watchers.books([SPOT, THIRD], params={"interval": "600ms"})
    watchers.public_trades(SPOT)
    watchers.public_trades(OTHER)
    await stage.follow_account()
    for line in EVERYTHING:
        sandbox.faults.add(line)

    trader = asyncio.ensure_future(_trade_at_random(stage, random.Random(seed)))
    await stage.run(25)
    trader.cancel()
    await asyncio.gather(trader, return_exceptions=True)

    struck = set(sandbox.faults.counts)
    sandbox.faults.clear()
    for symbol in MANY:
        sandbox.venue.cancel_all(stage.account, symbol, None, sandbox.clock.now())
    await stage.catch_up()
    await stage.account_is_told_truly()
    assert watchers.objections == []
    assert watchers.errors == {}
    assert struck >= {"lose", "repeat", "swap", "delay", "cut", "stale", "refuse", "drop", "late"}
    assert len(stage.witness.fills) > 20, "too little has happened for this to mean anything"


async def _trade_at_random(stage: Stage, dice: random.Random) -> None:
    """Resting orders for others to fill, market orders, cancellations; whether REST answers is no matter."""
    exchange, venue = stage.exchange, stage.sandbox.venue
    exchange.options["outcome"] = False  # what became of an order is asked for elsewhere, and takes seconds
    while True:
        symbol = dice.choice([SPOT, OTHER, PERP, QUIET])
        market = exchange.market(symbol)
        side = dice.choice(["buy", "sell"])
        amount = market["limits"]["amount"]["min"] * dice.choice([10, 20, 50])
        best = venue.depth(market["id"], 1)
        price = best.bids[0][0] if side == "buy" else best.asks[0][0]
        try:
            if dice.random() < 0.35:
                await exchange.create_order(symbol, "market", side, amount)
            else:
                await exchange.create_order(symbol, "limit", side, amount, float(price), {"postOnly": True})
            resting = venue.open_orders(stage.account)
            if dice.random() < 0.1 and resting:
                order = dice.choice(resting)
                await exchange.cancel_order(str(order.id), exchange.safe_symbol(order.request.symbol))
        except BaseError:
            pass  # what became of it, the streams say
        await asyncio.sleep(0.005)


# --- one by one: frames --------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [None, "200ms", "1000ms"])
@pytest.mark.parametrize("kind", ["lose", "repeat", "swap", "delay"])
async def test_no_book_is_wrong_though_frames_are_lost_repeated_swapped_or_late(
    stage: Stage, kind: str, interval: str | None
) -> None:
    stage.watchers.book(SPOT, params={} if interval is None else {"interval": interval})
    await comes_true(lambda: stage.watchers.counts["books"])
    late = {"seconds": 1.7} if kind == "delay" else {}
    stage.sandbox.faults.set(kind, "depth.*", every=3 if interval else 7, **late)

    await stage.run(12)
    stage.sandbox.faults.clear()
    await stage.catch_up()

    stream = "depth.SOL_USDC" if interval is None else f"depth.{interval}.SOL_USDC"
    assert stage.sandbox.faults.counts[kind] > 1
    assert (stage.counters(stream)["gaps"] > 0) is (kind != "repeat")


async def test_a_book_of_which_only_the_best_part_is_known_is_true_as_far_as_it_goes(stage: Stage) -> None:
    stage.exchange.options["watchOrderBook"] = {"depth": 10}
    stage.watchers.book(SPOT, 2)
    venue, clock = stage.sandbox.venue, stage.sandbox.clock
    whale = venue.open_account("whale", clock.now(), funds={"USDC": Decimal(10**9)})
    await comes_true(lambda: stage.watchers.counts["books"])

    for _ in range(5):
        price = venue.depth("SOL_USDC", 9).asks[-1][0]
        buy = OrderRequest(
            symbol="SOL_USDC",
            side=BID,
            order_type=LIMIT,
            price=price,
            quantity=Decimal(10**5),
            time_in_force=IOC,
        )
        venue.execute(whale, buy, clock.now())
        await run_for(stage.sandbox, 1, breath=0.005)
        stage.watchers.counts["books"] = 0
        await comes_true(lambda: stage.watchers.counts["books"], during=lambda: run_for(stage.sandbox, 0.1))

    assert stage.counters("depth.SOL_USDC")["refetches"] > 1
    assert stage.counters("depth.SOL_USDC")["gaps"] == 0


@pytest.mark.parametrize("kind", ["repeat", "swap", "delay"])
async def test_every_trade_comes_once_though_frames_are_repeated_swapped_or_late(
    stage: Stage, kind: str
) -> None:
    stage.exchange.options["tradesLimit"] = 40  # a cache that is full soon
    stage.exchange.options["streams"] |= {"silence": 60_000}  # what a reconnect misses is not asked for
    stage.watchers.public_trades(SPOT)
    await comes_true(lambda: stage.sandbox.feed.streams.keys, during=lambda: run_for(stage.sandbox, 0.1))
    await asyncio.sleep(0.02)
    before = set(stage.witness.trades)
    seen = stage.watchers.trades[SPOT]

    def missing() -> set[str]:
        happened = set(stage.witness.trades) - before
        return {identity for symbol, identity in happened if symbol == "SOL_USDC"} - set(seen)

    stage.sandbox.faults.set(kind, "trade.*", every=3)
    for _ in range(24):
        await run_for(stage.sandbox, 0.5, breath=0.002)
        # Nobody falls behind by more than the cache holds, however slow the machine is.
        await comes_true(lambda: len(missing()) < 15, during=lambda: run_for(stage.sandbox, 0))
    stage.sandbox.faults.clear()
    await run_for(stage.sandbox, 2, breath=0.002)

    await comes_true(missing, False)
    assert len(seen) > 60
    assert (seen == sorted(seen, key=int)) is (kind == "repeat")


@pytest.mark.parametrize("kind", ["lose", "repeat", "swap", "delay"])
async def test_every_fill_comes_once_though_order_frames_are_lost_repeated_swapped_or_late(
    stage: Stage, kind: str
) -> None:
    await stage.follow_account()
    stage.sandbox.faults.set(kind, "account.orderUpdate", every=3)

    await stage.trade([SPOT, PERP, OTHER] * 4, 0.05)
    stage.sandbox.faults.clear()
    await run_for(stage.sandbox, 1.5)

    await stage.account_is_told_truly()
    assert stage.sandbox.faults.counts[kind] >= 4


async def test_balances_and_positions_of_which_frames_were_lost_become_true_again(stage: Stage) -> None:
    await stage.follow_account()
    stage.sandbox.faults.lose("account.balanceUpdate")
    stage.sandbox.faults.lose("account.positionUpdate")

    await stage.trade([SPOT, PERP])

    await stage.account_is_told_truly()


async def test_an_order_of_which_nothing_was_heard_is_told_with_its_fills(stage: Stage) -> None:
    await stage.follow_account()
    stage.sandbox.faults.lose("account.orderUpdate")

    await stage.trade([SPOT, PERP, SPOT, OTHER, SPOT], 0.05)

    await stage.account_is_told_truly()
    assert len(stage.watchers.orders) == 5


# --- one by one: sockets -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [None, 1001, 1012])
async def test_a_cut_socket_is_opened_again_and_every_book_goes_on(stage: Stage, code: int | None) -> None:
    stage.watchers.book(SPOT)
    stage.watchers.books([OTHER, PERP], 3, {"interval": "200ms"})
    await comes_true(lambda: stage.watchers.counts["books"])
    stage.sandbox.faults.cut(every="1s", code=code)

    for _ in range(5):
        await stage.run(1)
        await asyncio.sleep(0.02)
    stage.sandbox.faults.clear()
    await stage.catch_up()

    assert stage.reconnects()[0] >= 2


async def test_a_socket_that_has_gone_silent_is_given_up(stage: Stage) -> None:
    stage.watchers.book(SPOT)
    await stage.follow_account()
    stage.sandbox.faults.freeze()

    await comes_true(lambda: all(stage.reconnects()))
    await stage.trade([SPOT])

    await stage.catch_up()
    await stage.account_is_told_truly()


@pytest.mark.parametrize("seconds", [1, 15])
async def test_fills_of_the_time_without_a_socket_come_once(stage: Stage, seconds: int) -> None:
    await stage.follow_account()
    for side in ("buy", "sell"):
        best = stage.sandbox.venue.depth("SOL_USDC", 1)
        price = best.bids[0][0] if side == "buy" else best.asks[0][0]
        await stage.exchange.create_order(SPOT, "limit", side, 2, float(price))

    stage.sandbox.faults.cut("account.*")
    await asyncio.sleep(0)
    for _ in range(seconds):
        stage.sandbox.clock.advance(1)  # type: ignore[attr-defined]  # a driven clock; nobody is connected

    await stage.account_is_told_truly()
    assert stage.witness.fills


async def test_fills_of_a_gap_are_not_forgotten_when_the_next_gap_comes_before_the_answer(
    stage: Stage,
) -> None:
    await stage.follow_account()
    best = stage.sandbox.venue.depth("SOL_USDC", 1)
    await stage.exchange.create_order(SPOT, "limit", "buy", 2, float(best.bids[0][0]))
    stage.sandbox.faults.late("/wapi/*", seconds=0.2, times=1)

    stage.sandbox.faults.cut("account.*")
    await asyncio.sleep(0)
    for _ in range(20):
        stage.sandbox.clock.advance(1)  # type: ignore[attr-defined]  # nobody is connected
    await comes_true(lambda: stage.sandbox.faults.counts["late"])
    stage.sandbox.faults.cut("account.*")

    await stage.account_is_told_truly()
    assert stage.witness.fills


# --- one by one: answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "refuse /api/v1/depth",
        "refuse /api/v1/depth status=429",
        "refuse /api/v1/depth body=html",
        "refuse /api/v1/depth body=empty",
        "refuse /api/v1/depth status=200 body=html",
        "refuse /api/v1/depth status=200 body=empty",
        "drop /api/v1/depth",
        "lost /api/v1/depth",
    ],
)
async def test_a_snapshot_is_asked_for_until_one_comes(stage: Stage, line: str) -> None:
    fault = stage.sandbox.faults.add(f"{line} times=3")
    stage.watchers.book(SPOT)

    await comes_true(lambda: stage.watchers.counts["books"], during=lambda: stage.run(0.1))

    assert fault.happened == 3
    assert stage.counters("depth.SOL_USDC")["refetches"] > 1
    assert stage.watchers.errors == {}


@pytest.mark.parametrize("kind", ["late", "hold"])
async def test_what_comes_while_a_snapshot_is_under_way_is_not_lost(stage: Stage, kind: str) -> None:
    stage.sandbox.faults.set(kind, "/api/v1/depth", seconds=0.1)
    stage.watchers.book(SPOT)

    await comes_true(lambda: stage.watchers.counts["books"], during=lambda: stage.run(0.1))

    assert stage.counters("depth.SOL_USDC")["refetches"] == 1
    assert stage.counters("depth.SOL_USDC")["gaps"] == 0


async def test_a_stale_snapshot_takes_no_book_back_in_time(stage: Stage) -> None:
    stage.sandbox.faults.stale(seconds=30, every=2)
    stage.watchers.book(SPOT)
    await comes_true(lambda: stage.watchers.counts["books"], during=lambda: stage.run(0.1))
    await stage.run(3)
    await stage.catch_up()

    for _ in range(4):
        stage.sandbox.faults.cut()
        await comes_true(lambda: stage.exchange.orderbooks[SPOT]["nonce"] is None)
        await comes_true(lambda: stage.exchange.orderbooks[SPOT]["nonce"] is not None)  # time stands still
        assert stage.exchange.orderbooks[SPOT]["nonce"] == stage.witness.newest("SOL_USDC")


async def test_a_refused_signature_is_told_to_watchers_of_the_account_and_to_nobody_else(
    stage: Stage,
) -> None:
    stage.sandbox.faults.refuse_signature()
    stage.watchers.book(SPOT)
    exchange = stage.exchange
    watches = [
        exchange.watch_my_trades,
        exchange.watch_orders,
        exchange.watch_balance,
        exchange.watch_positions,
    ]

    refusals = await asyncio.gather(*(soon(watch(), 5) for watch in watches), return_exceptions=True)
    await stage.catch_up()

    assert [type(refusal) for refusal in refusals] == [AuthenticationError] * 4
    assert stage.watchers.counts["books"] > 0
    assert stage.watchers.errors == {}


async def test_answers_that_come_late_do_not_overrule_events(stage: Stage) -> None:
    await stage.follow_account()
    for path in ("/api/v1/orders", "/api/v1/capital", "/api/v1/position", "/wapi/*"):
        stage.sandbox.faults.late(path, seconds=0.05)

    for _ in range(3):
        stage.sandbox.faults.cut("account.*")
        await stage.trade([SPOT, PERP, OTHER, PERP], 0.05)
    stage.sandbox.faults.clear()

    await stage.account_is_told_truly()


# --- waiting -------------------------------------------------------------------------------------------


async def test_every_waiter_is_answered_when_the_exchange_is_gone(stage: Stage) -> None:
    exchange = stage.exchange
    watches = [
        lambda: exchange.watch_order_book(SPOT),
        lambda: exchange.watch_ticker(SPOT),
        lambda: exchange.watch_trades(SPOT),
        exchange.watch_orders,
        exchange.watch_balance,
    ]
    waiting = [asyncio.ensure_future(_first_error(watch)) for watch in watches]
    await asyncio.sleep(0.1)
    await stage.sandbox.stop()

    assert await soon(asyncio.gather(*waiting), 8) == ["NetworkError"] * 5


async def _first_error(watch: Any) -> str:
    while True:
        try:
            await watch()
        except BaseError as error:
            return type(error).__name__
