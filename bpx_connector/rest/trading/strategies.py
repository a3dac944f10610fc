"""Orders that the venue spreads evenly over time (TWAP): placed, found, cancelled.

It slices them into market orders, one an interval; a slice beyond the slippage tolerance ends the whole.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadRequest, BadResponse, InvalidOrder, OrderNotFound
from ccxt.base.types import Order, Trade

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import done_as, legible_steps, listed, structures
from bpx_connector.parse.rows import quoted
from bpx_connector.parse.trading.strategies import ParseStrategies, strategy_moment
from bpx_connector.rest.asking.arguments import checked_amount, checked_word, client_id_of
from bpx_connector.rest.asking.histories import NEWEST, asked_span, history_rows
from bpx_connector.rest.trading.answers import NOTHING_SAID
from bpx_connector.rest.trading.figures import amount_text
from bpx_connector.venue.words import SELF_TRADE_PREVENTION_ID, SIDE_ID, SLIPPAGE_TOLERANCE_TYPES

__all__ = ["Strategies"]

SCHEDULED = "Scheduled"
USUAL_INTERVAL = 30_000
"""Milliseconds between two slices, where the caller sets no interval."""

SLIPPAGE_RANGE = {"Percent": (Decimal("0.01"), Decimal("9.99")), "TickSize": (Decimal(1), Decimal(10_000))}
"""FACTS 22, the venue's page on TWAP: slippage 0.01-9.99 % or 1-10,000 ticks."""

USUAL_ROWS = 100


class Strategies(ParseStrategies):
    """TWAP orders."""

    @flow
    @legible_steps
    def create_twap_order(
        self, symbol: str, side: Any, amount: Any, duration: Any, params: Params = {}
    ) -> Flow[Order]:
        """The order that will be spread evenly over `duration` milliseconds.

        https://docs.backpack.exchange/#tag/Strategy/operation/strategy_create

        The amount is cut off at the market's step. params: `interval`, milliseconds between two slices
        (30000), which has to divide into the duration at least once; `randomize` True varies the slices;
        `clientOrderId`, `reduceOnly`, `selfTradePrevention`, `slippageTolerance` with `slippageToleranceType`
        TickSize or Percent, `autoLend`, `autoLendRedeem`, `autoBorrow`, `autoBorrowRepay`.
        """
        yield self.load_markets()
        market = self.market(symbol)
        request = _twap_request(f"{self.id} createTwapOrder()", market, side, amount, duration, params)
        answer = yield self.private_post_api_v1_strategy(request)
        return done_as(partial(self.parse_strategy, market=market), answer)

    @flow
    @legible_steps
    def fetch_twap_order(self, id: str, symbol: str, params: Params = {}) -> Flow[Order]:
        """One TWAP order, running or ended; with an empty id `clientOrderId` names a running one.

        https://docs.backpack.exchange/#tag/Strategy/operation/get_strategy
        https://docs.backpack.exchange/#tag/Strategy/operation/get_strategies_history
        """
        yield self.load_markets()
        reference, rest = _strategy_reference(f"{self.id} fetchTwapOrder()", id, params)
        request = {**reference, "symbol": self.market(symbol)["id"]}
        try:
            return self.parse_strategy((yield self.private_get_api_v1_strategy({**request, **rest})))
        except OrderNotFound:
            if "strategyId" not in reference:
                raise
        for row in listed((yield self.private_get_wapi_v1_history_strategies({**request, **rest}))):
            if row.get("id") == reference["strategyId"]:
                return self.parse_strategy(row)
        raise OrderNotFound(f"{self.id} fetchTwapOrder() the venue knows no strategy {id} in {symbol}")

    @flow
    @legible_steps
    def fetch_open_twap_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Order]]:
        """The TWAP orders that are running, oldest first, of one market or of all.

        https://docs.backpack.exchange/#tag/Strategy/operation/get_open_strategies

        params: `marketType` SPOT or PERP; `until`.
        """
        span, rest = asked_span(f"{self.id} fetchOpenTwapOrders()", since, limit, params)
        yield self.load_markets()
        request: Params = {} if symbol is None else {"symbol": self.market(symbol)["id"]}
        rows = listed((yield self.private_get_api_v1_strategies({**request, **rest})))
        oldest_first = sorted(rows, key=lambda row: strategy_moment(row) or 0)
        return structures(span.cut(oldest_first, strategy_moment), self.parse_strategy)

    @flow
    @legible_steps
    def fetch_twap_orders(
        self,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Order]]:
        """TWAP orders of the history, oldest first: with `since` the first `limit`, else the latest (100).

        https://docs.backpack.exchange/#tag/Strategy/operation/get_strategies_history

        params: `strategyId`, `marketType` SPOT or PERP; `until`, `paginate`, `offset`.
        """
        span, rest = asked_span(f"{self.id} fetchTwapOrders()", since, limit, params, usual=USUAL_ROWS)
        yield self.load_markets()
        request: Params = {**NEWEST, **rest}
        if symbol is not None:
            request["symbol"] = self.market(symbol)["id"]
        rows = yield from history_rows(
            self.private_get_wapi_v1_history_strategies,
            request,
            span,
            strategy_moment,
            identity_of=lambda row: row["id"],
        )
        return structures(rows, self.parse_strategy)

    @flow
    @legible_steps
    def fetch_twap_order_trades(
        self,
        id: str,
        symbol: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Trade]]:
        """The fills of a TWAP order's slices, with their fees.

        https://docs.backpack.exchange/#tag/Order/operation/get_fills
        """
        reference, rest = _strategy_reference(f"{self.id} fetchTwapOrderTrades()", id, params)
        if "strategyId" not in reference:
            raise BadRequest(f"{self.id} fetchTwapOrderTrades() needs the id: fills name no client id")
        trades: list[Any] = yield self.fetch_my_trades(symbol, since, limit, {**rest, **reference})
        return trades

    @flow
    @legible_steps
    def cancel_twap_order(self, id: str, symbol: str, params: Params = {}) -> Flow[Order]:
        """The TWAP order as it was cancelled; what it has traded stays.

        https://docs.backpack.exchange/#tag/Strategy/operation/cancel_strategy

        With an empty id `clientOrderId` names it. Where the venue has only accepted the cancellation its
        status is 'open': it can still trade.
        """
        yield self.load_markets()
        market = self.market(symbol)
        reference, rest = _strategy_reference(f"{self.id} cancelTwapOrder()", id, params)
        request = {**rest, **reference, "symbol": market["id"]}
        row = yield self.private_delete_api_v1_strategy(request)
        if row in NOTHING_SAID:
            return self._being_cancelled(reference, market)
        return done_as(partial(self.parse_strategy, market=market), row)

    def _being_cancelled(self, reference: Payload, market: Any) -> Order:
        told = {
            "id": reference.get("strategyId"),
            "clientStrategyId": reference.get("clientStrategyId"),
            "symbol": market["id"],
            "createdAt": None,
            "side": None,
            "status": "Running",
        }
        found: Any = {**self.parse_strategy(told, market), "info": {}}
        cancelled: Order = found
        return cancelled

    @flow
    @legible_steps
    def cancel_all_twap_orders(self, symbol: str | None = None, params: Params = {}) -> Flow[list[Order]]:
        """The TWAP orders that were cancelled: all of one market, or without a symbol of every market.

        https://docs.backpack.exchange/#tag/Strategy/operation/cancel_open_strategies

        The venue cancels by market: without a symbol there is one call for each in which one is running.
        """
        yield self.load_markets()
        if symbol is not None:
            market_ids: list[Any] = [self.market(symbol)["id"]]
        else:
            running = listed((yield self.private_get_api_v1_strategies()))
            market_ids = sorted({str(row["symbol"]) for row in running if row.get("symbol")})
        cancelled: list[Any] = []
        for market_id in market_ids:
            rows = yield self.private_delete_api_v1_strategies({"symbol": market_id, **params})
            cancelled += [] if rows in NOTHING_SAID else done_as(self._each_strategy, rows)
        return cancelled

    def _each_strategy(self, answer: Any) -> list[Order]:
        """Every strategy that an answer names; BadResponse if one cannot be read."""
        if not isinstance(answer, list):
            raise BadResponse(f"{quoted(answer)} came instead of a list")
        return [self.parse_strategy(row) for row in answer]


def _twap_request(call: str, market: Any, side: Any, amount: Any, duration: Any, params: Params) -> Payload:
    """The body of POST /strategy for ccxt's arguments, or a refusal."""
    given = dict(params)
    word = SIDE_ID[checked_word(call, "side", str(side).lower(), SIDE_ID)]
    whole = _milliseconds(call, "duration", duration)
    interval = _milliseconds(call, "interval", given.pop("interval", USUAL_INTERVAL))
    if interval > whole:
        raise InvalidOrder(f"{call} an interval of {interval} ms does not fit into a duration of {whole} ms")
    request: Payload = {
        "symbol": market["id"],
        "side": word,
        "strategyType": SCHEDULED,
        "quantity": amount_text(market, amount),
        "duration": whole,
        "interval": interval,
    }
    randomize = given.pop("randomize", None)
    if randomize is not None:
        request["randomizedIntervalQuantity"] = bool(randomize)
    client_id = given.pop("clientOrderId", given.pop("clientStrategyId", None))
    if client_id is not None:
        request["clientStrategyId"] = client_id_of(client_id)
    prevention = given.pop("selfTradePrevention", None)
    if prevention is not None:
        if not isinstance(prevention, str):
            raise BadRequest(f"{call} selfTradePrevention has to be a word, not {prevention!r}")
        request["selfTradePrevention"] = SELF_TRADE_PREVENTION_ID.get(prevention, prevention)
    return {**request, **_slippage(call, given), **given}


def _slippage(call: str, given: Params) -> Payload:
    tolerance, kind = given.pop("slippageTolerance", None), given.pop("slippageToleranceType", None)
    if tolerance is None and kind is None:
        return {}
    if tolerance is None or kind is None:
        raise ArgumentsRequired(f"{call} slippageTolerance and slippageToleranceType go together")
    checked_word(call, "slippageToleranceType", kind, SLIPPAGE_TOLERANCE_TYPES)
    exact, (least, most) = checked_amount(call, "slippageTolerance", tolerance), SLIPPAGE_RANGE[kind]
    if not least <= exact <= most:
        raise InvalidOrder(f"{call} slippageTolerance has to be from {least} to {most}, not {tolerance!r}")
    return {"slippageTolerance": str(exact), "slippageToleranceType": kind}


def _milliseconds(call: str, name: str, value: Any) -> int:
    exact = checked_amount(call, name, value)
    if exact != exact.to_integral_value():
        raise BadRequest(f"{call} {name} has to be whole milliseconds, not {value!r}")
    return int(exact)


def _strategy_reference(call: str, identity: Any, params: Params) -> tuple[Payload, Params]:
    """Which strategy is meant, and the params that are left. The venue takes one of its two ids."""
    own = ("clientOrderId", "clientStrategyId")
    rest = {name: value for name, value in params.items() if name not in own}
    client_id = next((params[name] for name in own if params.get(name) is not None), None)
    if identity not in (None, ""):
        return {"strategyId": str(identity)}, rest
    if client_id is None:
        raise ArgumentsRequired(f"{call} needs an id or params['clientOrderId']")
    return {"clientStrategyId": client_id_of(client_id)}, rest
