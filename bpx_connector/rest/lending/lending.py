"""Unified methods: money is borrowed, repaid, lent and taken back, and what that costs and earns.

The venue knows one order for all four, Borrow or Lend of an asset, and nets: what is lent while something is
owed repays it, what is borrowed while something is lent takes it back. So whoever repays or takes back more
than there is would come out on the other side; these methods look first and refuse it.
"""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import msgspec
from ccxt.base.errors import BadRequest
from ccxt.base.types import BorrowInterest, CrossBorrowRate, CrossBorrowRates, MarginLoan

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import legible_steps, listed, structures
from bpx_connector.parse.lending.lending import ParseLending, zoned_moment
from bpx_connector.parse.numbers import figure_text, in_own_context, milliseconds_of, number_or_none, plain
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import object_of
from bpx_connector.rest.asking.arguments import asked_currency, checked_amount, checked_word
from bpx_connector.rest.asking.histories import NEWEST, Span, asked_span, history_rows

__all__ = ["Lending"]

BORROW, LEND = "Borrow", "Lend"
PAID_INTEREST = frozenset({"Borrow", "EntryFee"})
"""PaymentType: what is paid on borrowed money."""

DAY = 86_400_000
LENGTHS = {"1d": DAY, "1w": 7 * DAY, "1month": 30 * DAY, "1year": 365 * DAY}
"""BorrowLendMarketHistoryInterval: how far back the venue's history of rates goes."""

USUAL_ROWS = 100


class Lending(ParseLending):
    """Borrowing and lending."""

    # --- rates -------------------------------------------------------------------------------------------

    @flow
    @legible_steps
    def fetch_cross_borrow_rates(self, params: Params = {}) -> Flow[CrossBorrowRates]:
        """What borrowing costs by currency: `rate` is the part of a year, `period`.

        https://docs.backpack.exchange/#tag/Borrow-Lend-Markets/operation/get_borrow_lend_markets
        """
        yield self.load_markets()
        answer = yield self.public_get_api_v1_borrowlend_markets(params)
        rates: Any = {rate["currency"]: rate for rate in structures(answer, self.parse_borrow_rate)}
        found: CrossBorrowRates = rates
        return found

    @flow
    @legible_steps
    def fetch_cross_borrow_rate(self, code: str, params: Params = {}) -> Flow[CrossBorrowRate]:
        """What borrowing one currency costs.

        https://docs.backpack.exchange/#tag/Borrow-Lend-Markets/operation/get_borrow_lend_markets
        """
        yield self.load_markets()
        currency = asked_currency(self, f"{self.id} fetchCrossBorrowRate()", code)
        rates = yield self.fetch_cross_borrow_rates(params)
        if currency["code"] not in rates:
            raise BadRequest(f"{self.id} fetchCrossBorrowRate() {code} cannot be borrowed")
        rate: CrossBorrowRate = rates[currency["code"]]
        return rate

    @flow
    @legible_steps
    def fetch_borrow_rate_history(
        self, code: str, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[CrossBorrowRate]]:
        """What borrowing a currency cost, oldest first: with `since` the first `limit`, else the latest.

        https://docs.backpack.exchange/#tag/Borrow-Lend-Markets/operation/get_borrow_lend_markets_history

        The venue keeps a day, a week, a month and a year, each in steps of its own; the shortest that reaches
        back to `since` is asked for, without it a month. params: `interval` 1d, 1w, 1month or 1year; `until`.
        """
        call = f"{self.id} fetchBorrowRateHistory()"
        span, rest = asked_span(call, since, limit, params)
        interval = rest.get("interval")
        if interval is not None:
            checked_word(call, "interval", interval, LENGTHS)
        yield self.load_markets()
        currency = asked_currency(self, call, code)
        request = {"interval": interval or self._reach_of(span), "symbol": currency["id"], **rest}
        rows = listed((yield self.public_get_api_v1_borrowlend_markets_history(request)))
        oldest_first = sorted(rows, key=lambda row: _zoned(row) or 0)

        def rate_of(row: Payload) -> Any:
            return self.parse_borrow_rate(row, currency)

        return structures(span.cut(oldest_first, _zoned), rate_of)

    @flow
    @legible_steps
    def fetch_borrow_rate_histories(
        self,
        codes: Any = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[dict[str, list[CrossBorrowRate]]]:
        """What borrowing these currencies cost, by currency, or any that can be borrowed; one call each.

        https://docs.backpack.exchange/#tag/Borrow-Lend-Markets/operation/get_borrow_lend_markets_history
        """
        if isinstance(codes, str):
            raise BadRequest(f"{self.id} fetchBorrowRateHistories() codes has to be a list, not {codes!r}")
        wanted = list(codes or [])
        if not wanted:
            wanted = list((yield self.fetch_cross_borrow_rates()))
        histories: dict[str, Any] = {}
        for code in wanted:
            histories[code] = yield self.fetch_borrow_rate_history(code, since, limit, params)
        return histories

    def _reach_of(self, span: Span) -> str:
        if span.since is None:
            return "1month"
        age = int(self.nonce()) - span.since
        return next((name for name, length in LENGTHS.items() if length >= age), "1year")

    @flow
    @legible_steps
    def fetch_lending_markets(self, params: Params = {}) -> Flow[dict[str, Payload]]:
        """The conditions of lending and borrowing by currency: rates of a year, pools, steps.

        https://docs.backpack.exchange/#tag/Borrow-Lend-Markets/operation/get_borrow_lend_markets
        """
        yield self.load_markets()
        answer = yield self.public_get_api_v1_borrowlend_markets(params)
        markets = structures(answer, self.parse_lending_market)
        return {market["currency"]: market for market in markets}

    @flow
    @legible_steps
    def fetch_lending_rates(self, params: Params = {}) -> Flow[dict[str, Payload]]:
        """What lending earns and borrowing costs by currency, for a tier of customers: parts of a year.

        https://docs.backpack.exchange/#tag/Borrow-Lend-Markets/operation/get_apy_rates

        params: `tierId`. Rates of staking are in no currency's entry; the venue's answer has them.
        """
        yield self.load_markets()
        answer = yield self.public_get_api_v1_borrowlend_apy(params)
        rates = structures(
            object_of(answer, f"{self.id} fetchLendingRates()").get("borrowLend"), self.parse_lending_rate
        )
        return {rate["currency"]: rate for rate in rates}

    # --- interest and positions --------------------------------------------------------------------------

    @flow
    @legible_steps
    def fetch_borrow_interest(
        self,
        code: str | None = None,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[BorrowInterest]]:
        """The interest that was paid on borrowed money, oldest first, with the fees of beginning to borrow.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/get_interest_history

        With `since` the first `limit` from then on, without it the latest (100 unless a limit is set). What
        lending earned is in fetch_lending_interest. params: `positionId`, `source`; `until`, `paginate`,
        `offset`.
        """
        call = f"{self.id} fetchBorrowInterest()"
        rows = yield from self._interest(call, code, symbol, since, limit, params, PAID_INTEREST)
        if is_overridden(self, "parse_borrow_interests"):
            interests: list[BorrowInterest] = self.parse_borrow_interests(rows)
            return interests
        return structures(rows, self.parse_borrow_interest)

    @flow
    @legible_steps
    def fetch_lending_interest(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Payload]]:
        """The interest that lending earned, oldest first.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/get_interest_history
        """
        call = f"{self.id} fetchLendingInterest()"
        rows = yield from self._interest(call, code, None, since, limit, params, frozenset({LEND}))
        return structures(rows, self.parse_borrow_interest)

    def _interest(
        self,
        call: str,
        code: str | None,
        symbol: str | None,
        since: int | None,
        limit: int | None,
        params: Params,
        kinds: frozenset[str],
    ) -> Flow[list[Payload]]:
        span, rest = asked_span(call, since, limit, params, usual=USUAL_ROWS)
        yield self.load_markets()
        request: Params = {**NEWEST, **rest}
        if code is not None:
            request["asset"] = asked_currency(self, call, code)["id"]
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]
        return (
            yield from history_rows(
                self.private_get_wapi_v1_history_interest,
                request,
                span,
                _moment,
                is_wanted=lambda row: row["paymentType"] in kinds,
            )
        )

    @flow
    @legible_steps
    def fetch_lending_positions(self, codes: Any = None, params: Params = {}) -> Flow[list[Payload]]:
        """What is lent and what is owed now, of these currencies or of all.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/get_borrow_lend_positions
        """
        call = f"{self.id} fetchLendingPositions()"
        yield self.load_markets()
        wanted = {asked_currency(self, call, code)["id"] for code in codes or []}
        rows = listed((yield self.private_get_api_v1_borrowlend_positions(params)))
        asked_for = [row for row in rows if not wanted or row.get("symbol") in wanted]
        return structures(asked_for, self.parse_lending_position)

    @flow
    @legible_steps
    def fetch_lending_positions_history(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Payload]]:
        """Lending positions, open and closed, in the order in which they were opened.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/get_borrow_lend_position_history

        params: `side` Borrow or Lend, `state` Open or Closed; `until`, `paginate`, `offset`.
        """
        call = f"{self.id} fetchLendingPositionsHistory()"
        rows = yield from self._lending_history(
            call, self.private_get_wapi_v1_history_borrowlend_positions, code, since, limit, params
        )
        return structures(rows, self.parse_past_lending_position)

    @flow
    @legible_steps
    def fetch_lending_history(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Payload]]:
        """Every movement of lent and borrowed money, oldest first.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/get_borrow_lend_history

        params: `type` Borrow, BorrowRepay, Lend or LendRedeem, `sources`, `positionId`; `until`, `paginate`,
        `offset`.
        """
        call = f"{self.id} fetchLendingHistory()"
        rows = yield from self._lending_history(
            call, self.private_get_wapi_v1_history_borrowlend, code, since, limit, params
        )
        return structures(rows, self.parse_lending_movement)

    def _lending_history(
        self, call: str, endpoint: Any, code: str | None, since: Any, limit: Any, params: Params
    ) -> Flow[list[Payload]]:
        span, rest = asked_span(call, since, limit, params, usual=USUAL_ROWS)
        yield self.load_markets()
        request: Params = {**NEWEST, **rest}
        if code is not None:
            request["symbol"] = asked_currency(self, call, code)["id"]
        return (yield from history_rows(endpoint, request, span, _moment))

    # --- acting ------------------------------------------------------------------------------------------

    @flow
    @legible_steps
    def borrow_cross_margin(self, code: str, amount: Any, params: Params = {}) -> Flow[MarginLoan]:
        """The loan that was taken: the venue confirms it and says no more.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/execute_borrow_lend

        The first running hour's interest is paid at once. What is lent of the same currency would be taken
        back instead: where something is, it is a BadRequest and nothing is sent.
        """
        call = f"{self.id} borrowCrossMargin()"
        return (yield from self._act(call, BORROW, code, amount, params, must_not_have=1))

    @flow
    @legible_steps
    def repay_cross_margin(self, code: str, amount: Any, params: Params = {}) -> Flow[MarginLoan]:
        """What was repaid of a loan; an amount of None repays all that is owed.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/execute_borrow_lend

        More than is owed would be lent: that is a BadRequest, and nothing is sent.
        """
        call = f"{self.id} repayCrossMargin()"
        return (yield from self._act(call, LEND, code, amount, params, must_have=-1))

    @flow
    @legible_steps
    def lend(self, code: str, amount: Any, params: Params = {}) -> Flow[Any]:
        """What was lent.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/execute_borrow_lend

        What is owed of the same currency would be repaid instead: that is a BadRequest, and nothing is sent.
        """
        return (yield from self._act(f"{self.id} lend()", LEND, code, amount, params, must_not_have=-1))

    @flow
    @legible_steps
    def redeem_lent(self, code: str, amount: Any, params: Params = {}) -> Flow[Any]:
        """What was taken back of what is lent; an amount of None takes all of it.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/execute_borrow_lend

        More than is lent would be borrowed: that is a BadRequest, and nothing is sent.
        """
        return (yield from self._act(f"{self.id} redeemLent()", BORROW, code, amount, params, must_have=1))

    def _act(
        self,
        call: str,
        side: str,
        code: str,
        amount: Any,
        params: Params,
        *,
        must_have: int = 0,
        must_not_have: int = 0,
    ) -> Flow[MarginLoan]:
        """One Borrow or Lend, after a look at the position on whose side (lent 1, owed -1) it has to act."""
        exact = None if amount is None and must_have else checked_amount(call, "amount", amount)
        yield self.load_markets()
        currency = asked_currency(self, call, code)
        rows = listed((yield self.private_get_api_v1_borrowlend_positions()))
        exact = _within(
            call, currency["code"], exact, _net_of(rows, currency["id"]), must_have, must_not_have
        )
        request = {"symbol": currency["id"], "side": side, "quantity": plain(exact)}
        yield self.private_post_api_v1_borrowlend({**request, **params})
        loan: MarginLoan = self.parse_margin_loan(request)
        return loan

    @flow
    @legible_steps
    def fetch_borrow_liquidation_price(
        self, code: str, amount: Any, side: str = "borrow", params: Params = {}
    ) -> Flow[Payload]:
        """At which price of the currency the account would be liquidated, if it borrowed (or lent) that much.

        https://docs.backpack.exchange/#tag/Borrow-Lend/operation/get_borrow_lend_estimated_liquidation_price

        None where no price would. params: `subaccountId`.
        """
        call = f"{self.id} fetchBorrowLiquidationPrice()"
        word = {"borrow": BORROW, "lend": LEND}[checked_word(call, "side", side, ("borrow", "lend"))]
        exact = checked_amount(call, "amount", amount)
        yield self.load_markets()
        currency = asked_currency(self, call, code)
        planned = {"quantity": plain(exact), "side": word, "symbol": currency["id"]}
        borrow = base64.b64encode(msgspec.json.encode(planned)).decode()
        row = yield self.private_get_api_v1_borrowlend_position_liquidationprice({"borrow": borrow, **params})
        price = figure_text(row["liquidationPrice"])
        return {
            "info": row,
            "currency": currency["code"],
            # "0" says that no price would liquidate the account.
            "liquidationPrice": self.number(price) if price and Decimal(price) else None,
            "markPrice": number_or_none(self.number, row.get("markPrice")),
        }


@in_own_context
def _net_of(rows: list[Payload], asset: str) -> Decimal:
    return sum((Decimal(row["netQuantity"]) for row in rows if row.get("symbol") == asset), Decimal(0))


@in_own_context
def _within(
    call: str, code: str, amount: Decimal | None, net: Decimal, must_have: int, must_not_have: int
) -> Decimal:
    """The amount, if it acts on the right side of a position; all of it where none was given."""
    if must_not_have and net * must_not_have > 0:
        word, other = ("lent", "taken back") if net > 0 else ("owed", "repaid")
        raise BadRequest(f"{call} {plain(abs(net))} {code} is {word} and would be {other} instead")
    held = net * must_have if must_have else Decimal(0)
    if must_have and held <= 0:
        raise BadRequest(f"{call} no {code} is {'lent' if must_have > 0 else 'owed'}")
    if amount is None:
        return held
    if must_have and amount > held:
        word, other = ("lent", "borrowed") if must_have > 0 else ("owed", "lent")
        raise BadRequest(
            f"{call} {plain(held)} {code} is {word}, and of {plain(amount)} the rest would be {other}"
        )
    return amount


def _moment(row: Payload) -> int | None:
    return milliseconds_of(row.get("timestamp") or row.get("createdAt"))


def _zoned(row: Payload) -> int | None:
    return zoned_moment(row.get("timestamp"))
