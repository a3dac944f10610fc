"""Requests for quotes: submitted, quoted, accepted, refreshed, cancelled, expired.

A maker of the exchange's own answers every request at once, at the mark with a spread, and trades out of the
pools; accounts may quote as well, and the best quote is the one that can be accepted. "Taker price (quote
price + fee)" (OpenAPI, RFQ Update): the taker's fee is in his price.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.ledger import Account, Ledger
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.exchange.outside import outside_price
from bpx_connector.sandbox.exchange.stock_hours import StockHours, is_outside
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.events import (
    QUOTE_ACCEPTED,
    QUOTE_CANCELLED,
    QUOTE_FILLED,
    RFQ_ACCEPTED,
    RFQ_ACTIVE,
    RFQ_CANCELLED,
    RFQ_CANDIDATE,
    RFQ_FILLED,
    RFQ_REFRESHED,
    RfqChanged,
)
from bpx_connector.sandbox.records.figures import BASIS_POINT, ONE, ZERO
from bpx_connector.sandbox.records.orders import BID
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.rfqs import IMMEDIATE, MAKER, Quote, Rfq, RfqFill

__all__ = ["RFQ_SUFFIX", "Rfqs", "rfq_assets"]

RFQ_SUFFIX: Final = "_RFQ"
UNIT: Final = Decimal("0.00000001")
CENT: Final = Decimal("0.01")
REGULAR: Final = "US_EQUITIES_REGULAR"


def rfq_assets(symbol: str) -> tuple[str, str]:
    """The base and the quote asset of a market for requests for quotes."""
    base, _, rest = symbol.removesuffix(RFQ_SUFFIX).partition("_")
    return base, rest


class Rfqs:
    """All requests and quotes."""

    def __init__(self, exchange: Exchange, hours: StockHours) -> None:
        self._exchange: Final = exchange
        self.hours: Final = hours
        self._ledger: Final[Ledger] = exchange.ledger
        self.rfqs: Final[dict[int, Rfq]] = {}
        self.quotes: Final[dict[int, Quote]] = {}
        self.fills: Final[deque[RfqFill]] = deque(maxlen=choices.HISTORY_LENGTH)
        self._open: Final[dict[int, Rfq]] = {}
        self._next_id = choices.FIRST_RFQ_ID
        exchange.duties.append(self.expire)

    # --- commands ----------------------------------------------------------------------------------------

    def submit(
        self,
        account: Account,
        symbol: str,
        side: str,
        now: int,
        *,
        mode: str,
        quantity: Decimal | None = None,
        quote_quantity: Decimal | None = None,
        price: Decimal | None = None,
        client_id: int | None = None,
    ) -> Rfq:
        """A request, with the quote of the exchange's own maker; an Immediate one is filled if that fits."""
        if not symbol.endswith(RFQ_SUFFIX) or not self.price_of(symbol, now):
            raise refusals.invalid_symbol()
        if (quantity is None) == (quote_quantity is None):
            raise refusals.market_without_quantity()
        if min(each for each in (quantity, quote_quantity, price) if each is not None) <= 0:
            raise refusals.quantity_below_minimum()
        if (price is None) == (mode == IMMEDIATE):
            raise refusals.invalid_order()
        self._check_hours(rfq_assets(symbol)[0], quantity, now)
        rfq = Rfq(
            id=self._take_id(),
            account_id=account.id,
            client_id=client_id,
            symbol=symbol,
            side=side,
            mode=mode,
            quantity=quantity,
            quote_quantity=quote_quantity,
            price=price,
            created_at=now,
            submission_time=now + choices.RFQ_SUBMISSION,
            expiry_time=now + choices.RFQ_LIFE,
        )
        self._check_funds(account, rfq)
        self.rfqs[rfq.id] = self._open[rfq.id] = rfq
        self._forget_the_oldest()
        self._tell(RFQ_ACCEPTED, rfq, now)
        self._tell(RFQ_ACTIVE, rfq, now)
        self._quote_as_maker(rfq, now)
        return rfq

    def quote(
        self, account: Account, rfq_id: int, bid: Decimal, ask: Decimal, now: int, client_id: int | None
    ) -> Quote:
        """An account's quote for somebody's request."""
        rfq = self.rfqs.get(rfq_id)
        if rfq is None or rfq.status != "New":
            raise refusals.not_found()
        if now > rfq.submission_time or rfq.account_id == account.id:
            raise refusals.invalid_order()
        if bid <= 0 or ask < bid:
            raise Refusal(400, "INVALID_PRICE", "Invalid price")
        return self._quoted(rfq, account.id, bid, ask, now, client_id)

    def accept(self, account: Account, rfq: Rfq, quote_id: int, now: int) -> Rfq:
        """Trade with the best quote."""
        best = self.best_of(rfq)
        if rfq.status != "New" or best is None or best.id != quote_id:
            raise refusals.not_found()
        self._fill(account, rfq, best, now)
        return rfq

    def refresh(self, rfq: Rfq, now: int) -> Rfq:
        """More time; "refresh cancels existing quotes" (OpenAPI, quoteCancelled)."""
        self._cancel_quotes(rfq, now)
        rfq.submission_time, rfq.expiry_time = now + choices.RFQ_SUBMISSION, now + choices.RFQ_LIFE
        self._tell(RFQ_REFRESHED, rfq, now)
        self._tell(RFQ_ACTIVE, rfq, now)
        self._quote_as_maker(rfq, now)
        return rfq

    def cancel(self, rfq: Rfq, now: int, status: str = "Cancelled") -> Rfq:
        """End a request and its quotes."""
        rfq.status = status
        del self._open[rfq.id]
        self._tell(RFQ_CANCELLED, rfq, now)
        self._cancel_quotes(rfq, now)
        return rfq

    def expire(self, now: int) -> None:
        """End every request whose time is over."""
        for rfq in list(self._open.values()):
            if rfq.expiry_time <= now:
                self.cancel(rfq, now, "Expired")

    # --- queries -----------------------------------------------------------------------------------------

    def price_of(self, symbol: str, now: int) -> Decimal:
        """What one unit of the base is worth, or zero if nobody knows; stocks follow their outside price."""
        base, _ = rfq_assets(symbol)
        if base in self.hours.securities:
            return outside_price(base, now)
        return self._exchange.valuation.price_of(base)

    def indicated(self, asset: str, side: str, now: int) -> tuple[Decimal, Decimal]:
        """The limit at which, or better, a stock would settle, and the price that is expected."""
        sign, middle = ONE if side == BID else -ONE, outside_price(asset, now)
        limit, expected = (
            (middle * (ONE + sign * spread)).quantize(CENT)
            for spread in (choices.INDICATIVE_BOUND, choices.MAKER_SPREAD)
        )
        return limit, expected

    def of(self, account: Account, *, rfq_id: int | None = None, client_id: int | None = None) -> Rfq:
        """One of an account's open requests."""
        for rfq in reversed(self._open.values()):
            is_named = rfq.id == rfq_id or (client_id is not None and rfq.client_id == client_id)
            if is_named and rfq.account_id == account.id:
                return rfq
        raise refusals.not_found()

    def all_of(self, account: Account) -> Iterator[Rfq]:
        """An account's requests, newest first."""
        return (rfq for rfq in reversed(self.rfqs.values()) if rfq.account_id == account.id)

    def best_of(self, rfq: Rfq) -> Quote | None:
        """The quote that can be accepted."""
        alive = [quote for quote in rfq.quotes if quote.status == "New"]
        if not alive:
            return None
        if rfq.side == BID:
            return min(alive, key=lambda quote: quote.ask)
        return max(alive, key=lambda quote: quote.bid)

    # --- inside ------------------------------------------------------------------------------------------

    def _quote_as_maker(self, rfq: Rfq, now: int) -> None:
        if rfq.quantity is None and rfq_assets(rfq.symbol)[0] in self.hours.securities:
            return  # "Base quantity only (quoteQuantity gets no quotes)".
        middle = self.price_of(rfq.symbol, now)
        bid, ask = (
            (middle * (ONE + sign * choices.MAKER_SPREAD)).quantize(UNIT, rounding=ROUND_HALF_UP)
            for sign in (-1, 1)
        )
        self._quoted(rfq, MAKER, bid, ask, now, None)

    def _quoted(
        self, rfq: Rfq, account_id: int, bid: Decimal, ask: Decimal, now: int, client_id: int | None
    ) -> Quote:
        quote = Quote(
            id=self._take_id(),
            rfq_id=rfq.id,
            account_id=account_id,
            client_id=client_id,
            bid=bid,
            ask=ask,
            created_at=now,
        )
        self.quotes[quote.id] = quote
        rfq.quotes.append(quote)
        if account_id != MAKER:
            self._tell(QUOTE_ACCEPTED, rfq, now, quote)
        if self.best_of(rfq) is quote:
            self._tell(RFQ_CANDIDATE, rfq, now, quote, self._taker_price(rfq, quote))
        if rfq.mode == IMMEDIATE and self._is_good_enough(rfq, quote):
            self._fill(self._ledger.accounts[rfq.account_id], rfq, quote, now)
        return quote

    def _forget_the_oldest(self) -> None:
        """Keep no more requests than any history, each with its quotes; none is open for long."""
        oldest = next(iter(self.rfqs.values()))
        if len(self.rfqs) > choices.HISTORY_LENGTH and oldest.id not in self._open:
            del self.rfqs[oldest.id]
            for quote in oldest.quotes:
                del self.quotes[quote.id]

    def _is_good_enough(self, rfq: Rfq, quote: Quote) -> bool:
        if rfq.price is None:
            return False
        price = self._taker_price(rfq, quote)
        return price <= rfq.price if rfq.side == BID else price >= rfq.price

    def _taker_price(self, rfq: Rfq, quote: Quote) -> Decimal:
        rate = self._ledger.accounts[rfq.account_id].fees["spot_taker"] * BASIS_POINT
        price = quote.ask * (ONE + rate) if rfq.side == BID else quote.bid * (ONE - rate)
        return price.quantize(UNIT, rounding=ROUND_HALF_UP)

    def _check_funds(self, account: Account, rfq: Rfq) -> None:
        base, quote = rfq_assets(rfq.symbol)
        price = rfq.price or self.price_of(rfq.symbol, rfq.created_at)
        cost = rfq.quote_quantity if rfq.quantity is None else rfq.quantity * price
        base_quantity = rfq.quantity if rfq.quantity is not None else (cost or ZERO) / price
        asset, needed = (quote, cost or ZERO) if rfq.side == BID else (base, base_quantity)
        if account.balance(asset).available < needed:
            raise refusals.insufficient_funds()

    def _fill(self, account: Account, rfq: Rfq, quote: Quote, now: int) -> None:
        """Exchange the assets: the taker pays his price, the maker gets his, the rest is the fee."""
        base, quote_asset = rfq_assets(rfq.symbol)
        price, maker_price = self._taker_price(rfq, quote), quote.ask if rfq.side == BID else quote.bid
        quantity = rfq.quantity
        if quantity is None:
            quantity = ((rfq.quote_quantity or ZERO) / price).quantize(UNIT, rounding=ROUND_DOWN)
        sign = ONE if rfq.side == BID else -ONE
        paid, got = quantity * price, quantity * maker_price
        short, needed = (quote_asset, paid) if rfq.side == BID else (base, quantity)
        if account.balance(short).available < needed:
            raise refusals.insufficient_funds()
        self._move(account.id, base, sign * quantity)
        self._move(account.id, quote_asset, -sign * paid)
        self._move(quote.account_id, base, -sign * quantity)
        self._move(quote.account_id, quote_asset, sign * got)
        self._ledger.take_fee(quote_asset, sign * (paid - got))
        quote.status = rfq.status = "Filled"
        del self._open[rfq.id]
        self._tell(RFQ_FILLED, rfq, now, quote, price)
        if quote.account_id != MAKER:
            self._tell(QUOTE_FILLED, rfq, now, quote, maker_price)
        self._cancel_quotes(rfq, now)
        self.fills.append(
            RfqFill(rfq=rfq, quote=quote, quantity=quantity, price=price, maker_price=maker_price, time=now)
        )

    def _move(self, account_id: int, asset: str, amount: Decimal) -> None:
        if account_id == MAKER:
            self._ledger.pools[asset] = self._ledger.pools.get(asset, ZERO) + amount
        elif amount > 0:
            self._ledger.credit(self._ledger.accounts[account_id], asset, amount)
        else:
            self._ledger.debit(self._ledger.accounts[account_id], asset, -amount)

    def _cancel_quotes(self, rfq: Rfq, now: int) -> None:
        for quote in rfq.quotes:
            if quote.status == "New":
                quote.status = "Cancelled"
                if quote.account_id != MAKER:
                    self._tell(QUOTE_CANCELLED, rfq, now, quote)

    def _check_hours(self, asset: str, quantity: Decimal | None, now: int) -> None:
        """Refuse a stock outside its sessions, and what a session does not trade."""
        if asset not in self.hours.securities:
            return
        bounds = self.bounds(asset, now)
        if bounds is None:
            raise refusals.market_closed()
        if quantity is not None and is_outside(quantity, bounds):
            raise refusals.invalid_stock_quantity()

    def bounds(self, asset: str, now: int) -> Mapping[str, Any] | None:
        """The quantities that a stock is traded in now; None while it is not."""
        if self._exchange.switches.stock_hours == "always":
            rows = self.hours.securities[asset]["sessions"]
            return next((row for row in rows if row["name"] == REGULAR), None)
        return self.hours.bounds(asset, now)

    def _tell(
        self, kind: str, rfq: Rfq, now: int, quote: Quote | None = None, price: Decimal | None = None
    ) -> None:
        quote = None if quote is None else replace(quote)
        self._exchange.tell(RfqChanged(now, kind, replace(rfq, quotes=[]), quote, price))

    def _take_id(self) -> int:
        number = self._next_id
        self._next_id += 1
        return number
