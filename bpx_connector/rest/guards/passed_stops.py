"""A stop loss or take profit whose trigger the market has passed stays here.

The venue has one trigger price and no word for the direction: what the market has to do is told by where the
price stands when the order is placed. A stop loss at 103 of a position that has fallen to 100 would lie there
while the market falls on, and sell when it is back at 103. Other exchanges refuse it, so it is refused here,
for a question more; `options["createOrder"]["checkStops"] = False` leaves that out. What is called
`triggerPrice` says nothing of a direction, unless `triggerDirection` does, and is sent as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ccxt.base.errors import BadRequest, BaseError, OrderImmediatelyFillable

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow
from bpx_connector.orders.life import figure_of
from bpx_connector.orders.stops import fires_upward, is_passed
from bpx_connector.parse.numbers import plain
from bpx_connector.rest.asking.arguments import flag_of
from bpx_connector.venue.errors import NOTHING_SENT
from bpx_connector.venue.words import SIDE

__all__ = ["PassedStops"]

USUAL_TRIGGER_BY = "LastPrice"
"""The venue's support page on take profit and stop loss: the last traded price unless another is chosen."""

TRIGGERING = {
    "LastPrice": ("api/v1/ticker", "lastPrice"),
    "MarkPrice": ("api/v1/markPrices", "markPrice"),
    "IndexPrice": ("api/v1/markPrices", "indexPrice"),
}
"""Where the venue tells what it compares a trigger price with."""


class PassedStops(Ccxt):
    """Stops on the wrong side of the market are not sent."""

    def _refuse_passed(self, requests: Sequence[Payload], said: Sequence[Params]) -> Flow[None]:
        """OrderImmediatelyFillable of the first of these orders whose trigger has been passed.

        `said` are the params that each was asked with. A price that cannot be read refuses nothing: a
        position without its stop is worse.
        """
        meant = [fires_upward(params, one["side"]) for one, params in zip(requests, said, strict=True)]
        if all(is_upward is None for is_upward in meant) or not self._checks_stops():
            return
        prices: dict[tuple[str, str], Decimal | None] = {}
        for request, is_upward in zip(requests, meant, strict=True):
            if is_upward is None or request.get("triggerPrice") is None:
                continue
            where = str(request["symbol"]), str(request.get("triggerBy") or USUAL_TRIGGER_BY)
            if where not in prices:
                prices[where] = yield from self._price_that_triggers(*where)
            price = prices[where]
            if price is not None and is_passed(request, is_upward, price):
                raise OrderImmediatelyFillable(f"{self.id} {self._words_of(request, is_upward, price)}")

    def _words_of(self, request: Payload, is_upward: bool, price: Decimal) -> str:
        side, symbol = SIDE[request["side"]], self.safe_symbol(request["symbol"])
        where = "above" if is_upward else "below"
        return (
            f"the trigger price {request['triggerPrice']} of a {side} order in {symbol} is on the wrong side "
            f"of the market, which is {where} it at {plain(price)}: the venue would wait for it to come back"
            f"; {NOTHING_SENT}"
        )

    def _checks_stops(self) -> bool:
        asked = self.options.get("createOrder")
        wanted = flag_of(asked.get("checkStops", True)) if isinstance(asked, dict) else True
        if wanted is None:
            raise BadRequest(
                f"{self.id} options['createOrder']['checkStops'] has to be True or False; {NOTHING_SENT}"
            )
        return wanted

    def _price_that_triggers(self, market_id: str, source: str) -> Flow[Decimal | None]:
        """What the venue compares a trigger price with now; None where it does not say."""
        path, name = TRIGGERING[source]
        try:
            answer: Any = yield self.fetch2(path, ["public"], "GET", {"symbol": market_id})
            row = answer[0] if isinstance(answer, list) else answer
            return figure_of(row[name]) or None
        except (BaseError, LookupError, TypeError, ValueError) as trouble:
            self.logger.debug("%s no price to measure a stop by: %s", self.id, trouble)
            return None
