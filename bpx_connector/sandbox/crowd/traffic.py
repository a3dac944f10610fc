"""The seeded traders: makers who keep books around a wandering price, takers who trade against them.

Each market has its own stream of random numbers, drawn from the seed and the symbol (the steps of the price
from the seed and what is priced, so that spot and perpetual stay together), and acts a number of times that
depends on the time that has passed and nothing else. Whole numbers and decimals only: with one
seed and a driven clock the same orders are placed at the same moments every time.

A market's true price is kept in millionths of a tick. Once a second it takes a step, leaning back towards the
market's start so that long runs stay near it, and becomes the index price.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.crowd.listings import Listing
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.records.orders import ASK, BID, IOC, LIMIT, Order, OrderRequest
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.times import SECOND

__all__ = ["OPENING", "Traffic"]

OPENING: Final = 30 * SECOND
"""The trading before the doors open: there are trades and marks from the first request on."""

MILLION: Final = 1_000_000
MOST_ACTIONS: Final = 2_000
"""What all markets together do in one step; whatever more would be due, at great speed, is left out."""
LEAN: Final = 20_000
"""Each second takes back one part in so many of the distance from the start price."""
LONGEST_GAP: Final = SECOND
"""Time beyond this between two steps (a machine asleep) passes without traffic."""
HALF_SPREAD_PPM: Final = 40
"""The distance of the best quotes from the true price."""
BOOK_REACH_PPM: Final = 8_000
"""How far from the true price the farthest level lies; less on calm markets."""
TAKE_SHARE: Final = 30
"""Of a hundred actions, how many are trades; the others renew quotes."""
MOST_SWEEPS: Final = 1_000
"""How many levels of others' orders one new price fills at most."""
HOUSE_FUNDS: Final = Decimal(10) ** 12


class Traffic:
    """All traders of an exchange."""

    def __init__(
        self, exchange: Exchange, listings: Iterable[Listing], *, seed: int, born: int, speed: float = 1
    ) -> None:
        rows = [listing for listing in listings if listing.is_lively]
        most = MOST_ACTIONS // max(1, len(rows))
        assets = {"USDC", *(listing.rules.base for listing in rows if not listing.rules.is_perp)}
        funds = dict.fromkeys(sorted(assets), HOUSE_FUNDS)
        maker = exchange.open_account("house maker", born, funds=funds, house=True)
        taker = exchange.open_account("house taker", born, funds=funds, house=True)
        self._born = born
        self._markets = {
            listing.symbol: _MarketTraders(exchange, listing, maker, taker, seed, speed, most)
            for listing in rows
        }
        self._exchange = exchange

    def open(self) -> None:
        """Fill the books and trade for the half minute before the doors open."""
        for market in self._markets.values():
            market.open(self._born)
        for time in range(self._born + SECOND, self._born + OPENING, SECOND):
            for market in self._markets.values():
                market.trade_once(time)
            self._exchange.tick(time)

    def move(self, symbol: str, price: Decimal) -> None:
        """Have the traders of a market believe in another price; they requote bit by bit."""
        if symbol in self._markets:
            self._markets[symbol].move(price)

    def settle_at(self, symbol: str, price: Decimal, now: int) -> None:
        """Have the traders of a market quote around another price at once, and trade there."""
        if symbol in self._markets:
            self._markets[symbol].settle_at(price, now)

    def lead(self, symbol: str) -> None:
        """Have the price of a market come from elsewhere: its traders walk no more by themselves."""
        if symbol in self._markets:
            self._markets[symbol].is_led = True

    def step(self, now: int) -> None:
        """Do what is due by now in every market."""
        for market in self._markets.values():
            market.step(now)


class _MarketTraders:
    """The traders of one market."""

    def __init__(
        self,
        exchange: Exchange,
        listing: Listing,
        maker: Account,
        taker: Account,
        seed: int,
        speed: float,
        most_actions: int,
    ) -> None:
        self._exchange = exchange
        self._listing = listing
        self._rules = listing.rules
        self._maker = maker
        self._taker = taker
        self._random = random.Random(f"{seed} {listing.symbol}")
        # Markets with one underlying walk in step, each from its own start.
        self._steps = random.Random(f"{seed} {listing.underlying}")
        self._start = int(listing.start / listing.rules.tick) * MILLION
        self._true = self._start
        # Millionths of an action that one microsecond is worth.
        self._pace = int(listing.pace * MILLION) * int(speed * 1000) // 1000
        self._most_owed = most_actions * MILLION * SECOND
        self.is_led = False
        """Whether somebody else moves the price."""
        self._owed = 0
        self._latest = 0
        self._walked = 0
        self._reach = min(BOOK_REACH_PPM, max(100, listing.volatility * 10))

    # --- time ----------------------------------------------------------------------------------------

    def open(self, now: int) -> None:
        """Place the opening quotes."""
        self._latest = self._walked = now
        for place in range(self._listing.levels):
            for side in (BID, ASK):
                self._quote(side, self._offset_of(place), now)

    def step(self, now: int) -> None:
        """Walk once a second; act as often as the time that has passed allows."""
        if self._pace <= 0:
            return
        if now - self._walked >= SECOND:
            self._walked += (now - self._walked) // SECOND * SECOND
            self._walk(now)
        owed = self._owed + self._pace * min(now - self._latest, LONGEST_GAP)
        self._owed = min(owed, self._most_owed)
        self._latest = now
        while self._owed >= MILLION * SECOND:
            self._owed -= MILLION * SECOND
            self._act(now)

    def move(self, price: Decimal) -> None:
        """Believe in another price from now on."""
        self._true = max(int(price / self._rules.tick * MILLION), MILLION)

    def settle_at(self, price: Decimal, now: int) -> None:
        """Take all quotes back, fill what others have beyond the price, trade at it, quote around it anew."""
        self.move(price)
        for order in list(self._maker.open_orders.get(self._listing.symbol, {}).values()):
            self._cancel(order, now)
        for side in (BID, ASK):
            self._sweep(side, price, now)
        self._trade_at(self._rules.round_to_tick(price), now)
        for place in range(self._listing.levels):
            for side in (BID, ASK):
                self._quote(side, self._offset_of(place), now)

    def trade_once(self, now: int) -> None:
        """One trade and one new quote."""
        self._latest = self._walked = now
        self._walk(now)
        self._renew(now)
        self._take(now)

    # --- decisions -----------------------------------------------------------------------------------

    def _walk(self, now: int) -> None:
        if self.is_led:
            return
        # A uniform step of this width has the standard deviation of the volatility over a sixtieth of a
        # minute.
        width = max(1, self._listing.volatility * 224 // 1000)
        step = self._steps.randint(-width, width)
        self._true += self._true * step // MILLION + (self._start - self._true) // LEAN
        self._true = max(self._true, self._start // 4, MILLION)
        self._exchange.set_index(self._listing.symbol, self._index(), now)

    def _index(self) -> Decimal:
        """The true price to a hundredth of a tick."""
        return Decimal(self._true * 100 // MILLION) * self._rules.tick / 100

    def _act(self, now: int) -> None:
        if self._random.randrange(100) < TAKE_SHARE:
            self._take(now)
        else:
            self._renew(now)

    def _renew(self, now: int) -> None:
        """Keep one side at its depth: move a quote that the price has run into, or an arbitrary one."""
        side = self._random.choice((BID, ASK))
        quotes = self._quotes(side)
        if len(quotes) >= self._listing.levels:
            self._cancel(self._stale(side, quotes) or self._random.choice(quotes), now)
        # Most new quotes go near the touch, where most are taken.
        place = min(
            self._random.randrange(self._listing.levels), self._random.randrange(self._listing.levels)
        )
        self._quote(side, self._offset_of(place), now)

    def _quotes(self, side: str) -> list[Order]:
        """What rests of this side, oldest first."""
        resting = self._maker.open_orders.get(self._listing.symbol, {})
        return [order for order in resting.values() if order.request.side == side]

    def _stale(self, side: str, quotes: Sequence[Order]) -> Order | None:
        """A quote on the wrong side of the true price, or one left far behind by it."""
        ticks = self._true // MILLION
        true = ticks * self._rules.tick
        widest = (ticks * self._reach * 2 // MILLION + 8 + self._listing.levels) * self._rules.tick
        for order in quotes:
            price = order.request.price or true
            behind = true - price if side == BID else price - true
            if behind <= 0 or behind > widest:
                return order
        return None

    def _offset_of(self, place: int) -> int:
        """How many ticks the level at this place lies away from the true price."""
        ticks = self._true // MILLION
        half_spread = max(1, ticks * HALF_SPREAD_PPM // MILLION)
        gap = max(1, ticks * self._reach // MILLION // self._listing.levels)
        return half_spread + place * gap + self._random.randrange(gap)

    # --- orders --------------------------------------------------------------------------------------

    def _quantity(self, low: int, high: int) -> Decimal:
        """A quantity worth so many per cent of a level, in whole steps."""
        worth = Decimal(self._listing.notional * self._random.randint(low, high)) / 100
        price = self._true // MILLION * self._rules.tick
        return max(self._rules.floor_to_step(worth / price), self._rules.min_quantity)

    def _quote(self, side: str, offset: int, now: int) -> None:
        ticks = self._true // MILLION + (-offset if side == BID else offset)
        quantity = self._quantity(20, 180)
        if ticks <= 0:
            return
        self._place(
            self._maker,
            OrderRequest(
                symbol=self._listing.symbol,
                side=side,
                order_type=LIMIT,
                price=ticks * self._rules.tick,
                quantity=quantity,
                post_only=True,
            ),
            now,
        )

    def _take(self, now: int) -> None:
        """Trade against the best price, whoever's it is, with a limit a little beyond it."""
        side = self._random.choice((BID, ASK))
        quantity = self._quantity(2, 40)
        best = self._best_of(ASK if side == BID else BID)
        if best is None or self._exchange.markets[self._listing.symbol].state == "PostOnly":
            return
        slack = max(2, self._true // MILLION * HALF_SPREAD_PPM // MILLION) * self._rules.tick
        self._place(
            self._taker,
            OrderRequest(
                symbol=self._listing.symbol,
                side=side,
                order_type=LIMIT,
                price=best + slack if side == BID else max(best - slack, self._rules.tick),
                quantity=quantity,
                time_in_force=IOC,
            ),
            now,
        )

    def _sweep(self, side: str, price: Decimal, now: int) -> None:
        """Fill every order of others that is better than the price."""
        for _ in range(MOST_SWEEPS):
            best = self._best_of(ASK if side == BID else BID)
            if best is None or (best >= price if side == BID else best <= price):
                return
            self._take_all(side, best, now)

    def _take_all(self, side: str, price: Decimal, now: int) -> None:
        book = self._exchange.depth(self._listing.symbol)
        levels = book.asks if side == BID else book.bids
        self._place(
            self._taker,
            OrderRequest(
                symbol=self._listing.symbol,
                side=side,
                order_type=LIMIT,
                price=price,
                quantity=levels[0][1],
                time_in_force=IOC,
            ),
            now,
        )

    def _trade_at(self, price: Decimal, now: int) -> None:
        """One trade among the traders at this price, so that it is the last one."""
        for account, side in ((self._maker, BID), (self._taker, ASK)):
            request = OrderRequest(
                symbol=self._listing.symbol,
                side=side,
                order_type=LIMIT,
                price=price,
                quantity=self._rules.min_quantity,
            )
            self._place(account, request, now)

    def _best_of(self, side: str) -> Decimal | None:
        book = self._exchange.depth(self._listing.symbol, 1)
        levels = book.asks if side == ASK else book.bids
        return levels[0][0] if levels else None

    def _place(self, account: Account, request: OrderRequest, now: int) -> None:
        """A refusal is no matter to the traders."""
        with suppress(Refusal):
            self._exchange.execute(account, request, now)

    def _cancel(self, order: Order, now: int) -> None:
        self._exchange.cancel(self._maker, self._listing.symbol, order_id=order.id, now=now)
