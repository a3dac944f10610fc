"""Every request that is no read passes here: where `options["guards"]` is set, its rules are asked first.

One gate for unified methods, batches, edits and the implicit methods alike. What the rules measure against is
read before the order goes: the best prices, the position, the open orders, each only if a rule needs it.
Whatever cannot be measured is not sent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from ccxt.base.errors import BaseError, ExchangeError, OperationFailed, OperationRejected

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.flow import Flow, flow, is_ours, ours
from bpx_connector.parse.numbers import EXACT, in_own_context
from bpx_connector.parse.rows import Row
from bpx_connector.rest.guards.guards import (
    ZERO,
    Asked,
    Held,
    Known,
    Pace,
    asked_of,
    checked_rules,
    needs_book,
    needs_position,
    quantity_of,
    refusal,
    switched_off,
)
from bpx_connector.venue.endpoints import Endpoint
from bpx_connector.venue.errors import error_class

__all__ = ["GuardedOrders", "is_refused"]

_has_passed: ContextVar[bool] = ContextVar("has_passed", default=False)
"""Whether what is being sent has come through the gate already."""

ONE_LEVEL = 5
"""The least that the venue's depth gives."""


class GuardedOrders(Ccxt):
    """Orders that break a rule of the caller's own stay here."""

    _guard_pace: Pace | None = None
    _guard_held: Held | None = None
    _placed_here: dict[str, tuple[Payload, str]] | None = None

    @property
    def _orders_placed_here(self) -> dict[str, tuple[Payload, str]]:
        """Every order this instance has placed, or may have, while `options["cancelOnClose"]` is set."""
        if self._placed_here is None:
            self._placed_here = {}
        return self._placed_here

    @ours
    def request(
        self,
        path: str,
        api: Any = "public",
        method: str = "GET",
        params: Any = {},
        *rest: Any,
        **more: Any,
    ) -> Any:
        """One operation, as ccxt's implicit methods ask for it."""
        if method == "GET" or not self._has_gate():
            return super().request(path, api, method, params, *rest, **more)
        return self._guarded_request(path, api, method, params, *rest, **more)

    def _answer_of(self, endpoint: Endpoint, params: Payload) -> Flow[Any]:
        """The answer of an operation, as its implicit method would give it; `params` are in order already.

        The way by that method, `request` and `fetch2` is gone around where no rule is to be asked and nobody
        has put other methods in their places: it costs 7 of 120 µs.
        """
        if not self._goes_directly(endpoint):
            implicit = getattr(self, str(endpoint.name))
            return (yield implicit(params))
        return (yield from self._called(endpoint.path, endpoint.api, endpoint.method, params))

    def _goes_directly(self, endpoint: Endpoint) -> bool:
        """Whether no rule is to be asked, and nobody has put other methods in the place of ours."""
        if self._has_gate():
            return False
        named = getattr(self, str(endpoint.name))
        is_known = getattr(named, "__func__", None) is endpoint.unbound_method
        return is_known and is_ours(self, "request", "fetch2")

    def _let_through(self, path: str, method: str, params: Any, answering: Flow[Any]) -> Flow[Any]:
        """The answer to what `fetch2` is asked for; what has not come by `request` meets the gate here."""
        if method == "GET" or _has_passed.get() or not self._has_gate():
            return (yield from answering)
        return (yield from self._gated(path, method, params, answering))

    def _has_gate(self) -> bool:
        return bool(self.options.get("guards") or self.options.get("cancelOnClose"))

    @flow
    def _guarded_request(
        self, path: str, api: Any, method: str, params: Any, *rest: Any, **more: Any
    ) -> Flow[Any]:
        ask = super().request

        def answering() -> Flow[Any]:
            return (yield ask(path, api, method, params, *rest, **more))

        return (yield from self._gated(path, method, params, answering()))

    def _gated(self, path: str, method: str, params: Any, answering: Flow[Any]) -> Flow[Any]:
        """The answer to something that acts, if it breaks no rule."""
        on_their_way = yield from self._let_pass(method, path, params)
        answer: Any = None
        _has_passed.set(True)
        try:
            answer = yield from answering
            return answer
        except ExchangeError:
            answer = []  # certainly refused: nothing was placed
            raise
        finally:
            _has_passed.set(False)
            self._note_answer(on_their_way, method, answer)
            if method == "POST" and self.options.get("cancelOnClose"):
                self._orders_placed_here.update(placed_by(path, params, answer))

    def _note_answer(self, on_their_way: Mapping[int, object], method: str, answer: Any) -> None:
        """What has become of the orders that are counted; `answer` is [] of a refusal, None if it is lost."""
        held, now = self._orders_on_their_way(), time.monotonic()
        rows = answer if isinstance(answer, list) else [answer]
        if method == "DELETE":
            for row in rows:
                held.cancelled(row)
        for place, key in on_their_way.items():
            if answer == [] or (place < len(rows) and is_refused(rows[place])):
                held.forget(key)
            else:
                held.answered(key, rows[place] if place < len(rows) else None, now)

    def _let_pass(self, method: str, path: str, body: Any) -> Flow[dict[int, object]]:
        """The orders of a request by place, counted as on their way from now on; or a refusal."""
        if not self.options.get("guards"):
            return {}
        guards, asked, known = yield from self._measured(method, path, body)
        now, held, pace = time.monotonic(), self._orders_on_their_way(), self._order_pace()
        self._refuse(pace.refusal(guards, len(asked), now))
        counted: dict[int, object] = {}
        try:
            for place, order in enumerate(asked):
                self._refuse(refusal(guards, order, self._with_held(known[order.market_id], order, now)))
                quantity = quantity_of(order, known[order.market_id])
                if not order.is_reduce_only and quantity is not None:
                    counted[place] = held.add(order.market_id, order.is_buy, quantity)
        except BaseError:
            for key in counted.values():
                held.forget(key)
            raise
        pace.count(len(asked), now)
        return counted

    def _refuse_by_guards(self, path: str, body: Any, *, instead_of: Payload) -> Flow[None]:
        """Raise what sending this would raise, without sending it: an edit must not cancel for nothing.

        The order that it takes the place of (by its orderId or clientId) does not count beside it.
        """
        if self.options.get("guards"):
            guards, asked, known = yield from self._measured("POST", path, body, instead_of)
            now = time.monotonic()
            self._refuse(self._order_pace().refusal(guards, len(asked), now))
            for order in asked:
                self._refuse(refusal(guards, order, self._with_held(known[order.market_id], order, now)))

    def _measured(
        self, method: str, path: str, body: Any, instead_of: Payload = {}
    ) -> Flow[tuple[Mapping[str, Any], list[Asked], dict[str, Known]]]:
        """The rules, the orders of a request, and what is known of their markets."""
        guards = checked_rules(self.options["guards"])
        self._refuse(switched_off(guards, method, path))
        asked = asked_of(path, body) if method == "POST" else []
        try:
            if asked and self.markets is None:
                yield self.load_markets()
            known = yield from self._known_of(guards, asked, instead_of)
        except OperationFailed as error:
            # Not a NetworkError: nothing was sent, so nothing is uncertain.
            raise OperationRejected(
                f"{self.id} guards: not sent, what it is measured by could not be read: {error}"
            ) from error
        return guards, asked, known

    def _refuse(self, error: BaseError | None) -> None:
        if error is not None:
            raise error.__class__(f"{self.id} {error}")

    def _order_pace(self) -> Pace:
        if self._guard_pace is None:
            self._guard_pace = Pace()
        return self._guard_pace

    def _orders_on_their_way(self) -> Held:
        if self._guard_held is None:
            self._guard_held = Held()
        return self._guard_held

    def _with_held(self, known: Known, order: Asked, now: float) -> Known:
        held = self._orders_on_their_way()
        return known._replace(
            buys=EXACT.add(known.buys, held.on_side(order.market_id, True, now, known.listed)),
            sells=EXACT.add(known.sells, held.on_side(order.market_id, False, now, known.listed)),
        )

    # --- what is read first ------------------------------------------------------------------------------

    def _known_of(
        self, guards: Mapping[str, Any], asked: list[Asked], instead_of: Payload
    ) -> Flow[dict[str, Known]]:
        known: dict[str, Known] = {}
        positions: list[Payload] | None = None
        for order in asked:
            market = self.safe_market(order.market_id)
            symbol = market["symbol"]
            row = known.get(order.market_id, Known(symbol, is_contract=bool(market["contract"])))
            if row.bid is None and row.ask is None and needs_book(guards, order, symbol):
                row = yield from self._with_best_prices(row, order.market_id)
            if positions is None and needs_position(guards, order, symbol):
                positions = yield self.private_get_api_v1_position()
            if positions is not None and order.market_id not in known:
                open_orders = yield self.private_get_api_v1_orders({"symbol": order.market_id})
                row = _with_position(row, order.market_id, positions, open_orders, instead_of)
            known[order.market_id] = row
        return known

    def _with_best_prices(self, known: Known, market_id: str) -> Flow[Known]:
        # Bids come in ascending order, the best one last (FACTS section 10).
        depth = yield self.public_get_api_v1_depth({"symbol": market_id, "limit": ONE_LEVEL})
        bids = [Decimal(level[0]) for level in depth["bids"]]
        asks = [Decimal(level[0]) for level in depth["asks"]]
        return known._replace(bid=max(bids, default=None), ask=min(asks, default=None))


def placed_by(path: str, body: Any, answer: Any) -> dict[str, tuple[Payload, str]]:
    """How each order of a request can be named afterwards, and its market.

    By the venue's id where it has answered with one. Without an answer the outcome is not known: by the
    client's id, if there is one.
    """
    if path not in ("api/v1/order", "api/v1/orders"):
        return {}
    asked = body if isinstance(body, list) else [body]
    answers = answer if isinstance(answer, list) else [answer] * len(asked)
    named = {}
    for order, row in zip(asked, answers, strict=False):
        market_id = order["symbol"]
        if isinstance(row, Mapping) and row.get("id"):
            named[f"orderId {row['id']}"] = ({"orderId": row["id"]}, market_id)
        elif not isinstance(row, Mapping) and order.get("clientId") is not None:
            named[f"clientId {order['clientId']}"] = ({"clientId": order["clientId"]}, market_id)
    return named


def is_refused(row: Any) -> bool:
    """Whether this result of a batch says that its order was certainly not placed."""
    if not isinstance(row, dict) or row.get("operation") != "Err":
        return False
    told = Row(row)
    kind = error_class(400, told.word("code"), told.word("message") or "", "api/v1/orders")
    return issubclass(kind, ExchangeError)


@in_own_context
def _with_position(
    known: Known,
    market_id: str,
    positions: list[Payload],
    open_orders: list[Payload],
    instead_of: Payload,
) -> Known:
    net = sum((Decimal(row["netQuantity"]) for row in positions if row["symbol"] == market_id), ZERO)
    sides = {"Bid": ZERO, "Ask": ZERO}
    for order in open_orders:
        is_replaced = instead_of and instead_of in ({"orderId": order["id"]}, {"clientId": order["clientId"]})
        if not order.get("reduceOnly") and not is_replaced:
            sides[order["side"]] += _left_of(order, net)
    listed = frozenset([str(order["id"]) for order in open_orders])
    return known._replace(net=net, buys=sides["Bid"], sells=sides["Ask"], listed=listed)


def _left_of(order: Payload, net: Decimal) -> Decimal:
    """What an open order can still trade: its rest, or what it is to be when its trigger fires."""
    size = str(order.get("triggerQuantity") or order.get("quantity") or "0")
    if size.endswith("%"):
        return abs(net) * Decimal(size[:-1]) / 100
    return max(ZERO, Decimal(size) - Decimal(order.get("executedQuantity") or "0"))
