"""What became of an order whose answer was lost: asked for until it is known, before the caller is answered.

"After a timeout, a TIMEOUT code, or a 5xx on POST order the order may still have reached the engine; a 404
from GET order does not prove it was never accepted, since filled and expired orders answer 404 too" (the
venue's documentation). So an order is looked for by its client id in what the streams have told, on the
book, in the history and among the fills. It is certainly absent when it is nowhere although its recvWindow
has passed: until then the venue may still take it. Nothing is ever sent a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ccxt.base.errors import BaseError, OrderNotFound

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.orders.client_ids import ClientIds
from bpx_connector.orders.life import is_open
from bpx_connector.orders.stops import has_fired
from bpx_connector.parse.trading.orders import orders_in, understood_order
from bpx_connector.rest.asking.arguments import client_id_of
from bpx_connector.rest.asking.enquiries import ABSENT, Enquiries, Enquiry, Sent, now_in_ms, with_words
from bpx_connector.rest.asking.histories import NEWEST
from bpx_connector.rest.asking.wanted import Before, Seen, Wanted
from bpx_connector.rest.trading.answers import answered_order, answered_orders
from bpx_connector.rest.trading.find import FoundOrders, Meant, is_meant, text_of
from bpx_connector.venue.description import HISTORY_LIMIT
from bpx_connector.venue.errors import OutcomeUnknown
from bpx_connector.venue.words import CANCEL_ORDER_TYPE, ORDER_STATUS

__all__ = ["Outcomes"]

MOST_UNSETTLED = 1000


class Outcomes(Enquiries, FoundOrders):
    """Finding out what became of orders."""

    _client_ids: ClientIds | None = None
    _unsettled: dict[int, Wanted] | None = None

    def _named(self, request: Payload, asked: tuple[str, ...] = ()) -> Payload:
        """The request of an order, which carries a client id from here on."""
        if self._client_ids is None:
            self._client_ids = ClientIds()
        return self._client_ids.named(request, asked)

    def _ids_known(self, requests: Iterable[Payload]) -> Before:
        """For each client id that the caller has given the orders that carry it already."""
        of_client = self._known_orders().all_of_client
        given = [one["clientId"] for one in requests if "clientId" in one]
        return {each: frozenset([record.order["id"] for record in of_client(each)]) for each in given}

    # --- looking -----------------------------------------------------------------------------------------

    def _sights(self, wanted: Wanted, *, is_last: bool, patience: float) -> Flow[tuple[Seen, Wanted]]:
        """What is there of what is looked for, and what is still missing."""
        records = [record for one in wanted.client_ids for record in self._known_orders().all_of_client(one)]
        seen, wanted = yield from self._among(wanted, [{**record.order} for record in records], patience)
        found, doubtful = seen
        sources: tuple[tuple[str, Params], ...] = (
            ("api/v1/orders", {}),
            ("wapi/v1/history/orders", {**NEWEST, "limit": HISTORY_LIMIT}),
        )
        for path, more in sources:
            wanted = wanted.without(found)
            if not wanted.client_ids:
                return Seen(found, frozenset()), wanted
            rows = yield from self._look(path, {"symbol": wanted.market_id, **more}, patience)
            seen, wanted = yield from self._among(wanted, rows, patience)
            found, doubtful = found | seen.orders, doubtful | seen.doubtful
        wanted = wanted.without(found)
        if is_last and wanted.client_ids:
            request = {"symbol": wanted.market_id, **NEWEST, "limit": HISTORY_LIMIT}
            fills = yield from self._look("wapi/v1/history/fills", request, patience)
            seen, wanted = yield from self._among(wanted, fills, patience)
            doubtful |= seen.orders.keys() | seen.doubtful
        return Seen(found, doubtful & wanted.client_ids), wanted

    def _among(self, wanted: Wanted, rows: Any, patience: float) -> Flow[tuple[Seen, Wanted]]:
        """What these rows show of what is looked for, by the venue's clock where only that tells."""
        meant = wanted.rows_in(rows)
        if wanted.needs_clock(meant):
            asked_at, how = now_in_ms(), {"patience": max(patience, 0.0)}
            clock = yield self.fetch2("api/v1/time", ["public"], "GET", {}, how)
            wanted = wanted.by_clock(int(clock), asked_at, now_in_ms())
            meant = wanted.rows_in(meant)
        return wanted.among(meant), wanted

    def _found_out(self, wanted: Wanted, enquiry: Enquiry) -> Flow[tuple[dict[int, Payload], frozenset[int]]]:
        """The orders that were placed, and the client ids of those that certainly were not."""
        found: dict[int, Payload] = {}
        while True:
            is_last = enquiry.has_window_passed
            try:
                seen, wanted = yield from self._sights(wanted, is_last=is_last, patience=enquiry.left)
                found |= seen.orders
                if is_last and not seen.doubtful:
                    return found, wanted.client_ids
            except BaseError as trouble:
                self._note_trouble(trouble)
            if not wanted.client_ids:
                return found, frozenset()
            pause = enquiry.next_pause()
            if not pause:
                return found, frozenset()
            yield self.sleep(pause)

    def _all_found_out(self, wanted: list[Wanted]) -> Flow[tuple[dict[int, Payload], frozenset[int]]]:
        """The same for orders of several markets."""
        found: dict[int, Payload] = {}
        absent: frozenset[int] = frozenset()
        sent = self._as_signed(wanted[0].sent)
        wanted, enquiry = [one._replace(sent=sent) for one in wanted], Enquiry(sent, self._longest_enquiry())
        for one in wanted:
            seen, missing = yield from self._found_out(one, enquiry)
            found, absent = found | seen, absent | missing
            self._keep_unsettled(one.without([*seen, *missing]))
        return found, absent

    # --- one order ---------------------------------------------------------------------------------------

    def _outcome(self, call: str, error: BaseError, wanted: Wanted) -> Flow[Payload]:
        """The order as the venue has it, although its answer was lost."""
        [client_id] = wanted.client_ids
        wanted = wanted._replace(sent=self._as_signed(wanted.sent))
        enquiry = Enquiry(wanted.sent, self._longest_enquiry())
        found, absent = yield from self._found_out(wanted, enquiry)
        if found:
            return understood_order(found[client_id])
        if absent:
            raise with_words(error, _absent_words(wanted.sent, client_id), outcome=ABSENT) from error
        self._keep_unsettled(wanted)
        symbol = self.safe_symbol(wanted.market_id)
        raise OutcomeUnknown(
            f"{error}; {call} the outcome is not known: the order with client id {client_id} may have been "
            f"placed. resolve_order({client_id}, {symbol!r}) asks again",
            client_id,
            symbol,
        ) from error

    def _keep_unsettled(self, wanted: Wanted) -> None:
        """Remember when orders were sent of which nothing is known, for whoever asks later."""
        kept = self._unsettled = self._unsettled or {}
        for client_id in wanted.client_ids:
            kept[client_id] = wanted._replace(asked={client_id: wanted.asked[client_id]})
            if len(kept) > MOST_UNSETTLED:
                del kept[next(iter(kept))]

    def _unsettled_one(self, market_id: str, client_id: int, params: Params) -> Wanted:
        """What is known of the sending of this order; of one sent elsewhere, that it was before now."""
        kept = (self._unsettled or {}).get(client_id)
        if kept is None or kept.market_id != market_id:
            sent = Sent(now_in_ms(), 0, self._sent_now(params).recv_window)
            kept = Wanted(market_id, {client_id: {}}, sent, frozenset(), sent.at)
            self._keep_unsettled(kept)
        return kept

    @flow
    def resolve_order(self, client_id: Any, symbol: str, params: Params = {}) -> Flow[Any]:
        """The order that carries this client id, when the answer to its placement was lost.

        https://docs.backpack.exchange/#tag/Order/operation/get_open_orders
        https://docs.backpack.exchange/#tag/History/operation/get_order_history

        OrderNotFound if it was certainly never placed: it is neither on the book nor in the history nor among
        the fills, and the time in which the venue would have taken it has passed. Until that is known it is
        an OutcomeUnknown again.
        """
        yield self.load_markets()
        market, number = self.market(symbol), client_id_of(client_id)
        wanted = self._unsettled_one(str(market["id"]), number, params)
        enquiry = Enquiry(wanted.sent, self._longest_enquiry() or self.timeout)
        found, absent = yield from self._found_out(wanted, enquiry)
        if found:
            return self.parse_order(self._remembered(understood_order(found[number])), market)
        if absent:
            raise OrderNotFound(f"{self.id} resolveOrder() {_absent_words(wanted.sent, number)}")
        raise OutcomeUnknown(
            f"{self.id} resolveOrder() it is still not known whether client id {number} was placed",
            number,
            symbol,
        )

    # --- cancellations -----------------------------------------------------------------------------------

    def _view(self, meant: Meant, patience: float) -> Flow[Payload | None]:
        """The order as it is on the book or has ended; None where neither is known yet."""
        reference, market_id, before = meant
        records = [one for one in self._records_of(reference, market_id) if one.order["id"] not in before]
        record = next((one for one in records if one.is_open), None)
        ended = None if record is not None or not records else {**records[0].order}
        is_by_client = "orderId" not in reference  # another order may have been given that id since
        if ended is not None and not is_by_client:
            return ended
        by_id = reference if record is None else {"orderId": record.order["id"]}
        try:
            resting = yield from self._look("api/v1/order", {**by_id, "symbol": market_id}, patience)
            return understood_order(answered_order("a look at the book", resting))
        except OrderNotFound:
            pass
        if ended is not None:
            return ended
        request = {**NEWEST, "symbol": market_id, "limit": HISTORY_LIMIT}
        if "orderId" in by_id:
            request["orderId"] = by_id["orderId"]
        rows = orders_in((yield from self._look("wapi/v1/history/orders", request, patience)), "the history")
        past = next((row for row in rows if is_meant(row, by_id) and row["id"] not in before), None)
        return None if past is None or is_open(past) else past  # a history that lags shows it open

    def _ended(self, meant: Meant, enquiry: Enquiry) -> Flow[Payload | None]:
        """The order as it ended; as it is open if its cancellation can no longer arrive; None: not known."""
        while True:
            has_passed = enquiry.has_window_passed
            try:
                order = yield from self._view(meant, enquiry.left)
                if order is not None and (has_passed or not is_open(order)):
                    return order
            except BaseError as trouble:
                self._note_trouble(trouble)
            pause = enquiry.next_pause()
            if not pause:
                return None
            yield self.sleep(pause)

    def _end_after(self, call: str, error: BaseError, meant: Meant, sent: Sent) -> Flow[Payload]:
        """The order as it ended, although the answer to its cancellation was lost.

        OrderNotFound of one that had ended before, as the venue would have said.
        """
        reference = meant.reference
        if reference.get("orderId") in meant.ended_before:
            raise OrderNotFound(f"{call} {text_of(reference)} had ended before it could be cancelled")
        ended = yield from self._ended(meant, Enquiry(self._as_signed(sent), self._longest_enquiry()))
        if ended is None:
            client_id = reference.get("clientId")
            raise OutcomeUnknown(
                f"{error}; {call} it is not known whether {text_of(reference)} was cancelled; "
                "fetch_order tells",
                client_id,
                self.safe_symbol(meant.market_id),
            ) from error
        if is_open(ended):
            raise with_words(error, f"order {ended['id']} is still open: it was not cancelled") from error
        return ended

    def _all_cancelled_after(
        self, error: BaseError, request: Payload, known: Mapping[str, Payload], sent: Sent
    ) -> Flow[list[Payload]]:
        """The orders that were cancelled, of those this object knew, although the answer was lost."""
        enquiry = Enquiry(self._as_signed(sent), self._longest_enquiry())
        market_id, kind = request["symbol"], request.get("orderType")
        left: list[str] | None = None
        while left is None or left:
            has_passed = enquiry.has_window_passed
            try:
                rows = yield from self._look("api/v1/orders", {"symbol": market_id}, enquiry.left)
                left = [row["id"] for row in answered_orders("a look", rows) if _is_kind(row, kind)]
            except BaseError as trouble:
                self._note_trouble(trouble)
            if left and has_passed:
                raise with_words(
                    error, f"in {self.safe_symbol(market_id)} these orders are still open: {', '.join(left)}"
                ) from error
            pause = enquiry.next_pause() if left is None or left else 0
            if left is None and not pause:
                raise OutcomeUnknown(
                    f"{error}; {self.id} cancelAllOrders() it is not known what was cancelled; "
                    "fetch_open_orders tells what is open"
                ) from error
            if left and not pause:
                raise with_words(error, f"still open: {', '.join(left)}") from error
            if pause:
                yield self.sleep(pause)
        ended: list[Payload] = []
        for identity, order in known.items():
            view = yield from self._ended(Meant({"orderId": identity}, market_id), enquiry)
            ended.append((yield from self._as_it_came_out(order if view is None else view)))
        return [
            order for order in ended if ORDER_STATUS.get(order.get("status") or "") in ("canceled", "open")
        ]

    def _as_it_came_out(self, order: Payload) -> Flow[Payload]:
        """An order; a stop that has fired with what became of the order that it placed, if that is known."""
        try:
            return (yield from self._with_outcome(order, {})) if has_fired(order) else order
        except BaseError as trouble:
            self._note_trouble(trouble)
            return order


def _is_kind(row: Payload, kind: str | None) -> bool:
    """Whether an open order is of the kind that was to be cancelled."""
    return kind is None or (kind == CANCEL_ORDER_TYPE[True]) == (row.get("status") == "TriggerPending")


def _absent_words(sent: Sent, client_id: int) -> str:
    return (
        f"the order was not placed: client id {client_id} is neither on the book nor in the history nor "
        f"among the fills, and its recvWindow of {sent.window} ms has passed"
    )
