"""Prediction markets: the events they are about. Their markets are loaded when asked for by type.

`fetch_markets({"type": "prediction"})`, or `options['fetchMarkets'] = {"types": ["spot", "swap",
"prediction"]}` for load_markets; they are traded like any other. Source: Backpack OpenAPI, GET /prediction.
"""

from __future__ import annotations

from typing import Any

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import legible, legible_steps, listed, structures
from bpx_connector.parse.numbers import milliseconds_of, number_or_none
from bpx_connector.parse.rows import Row
from bpx_connector.rest.asking.arguments import checked_limit
from bpx_connector.venue.description import HISTORY_LIMIT

__all__ = ["Predictions"]


class Predictions(Ccxt):
    """Events and their tags."""

    @flow
    @legible_steps
    def fetch_prediction_events(self, limit: int | None = None, params: Params = {}) -> Flow[list[Payload]]:
        """The events that prediction markets are about, each with its markets, one an outcome.

        https://docs.backpack.exchange/#tag/Markets/operation/get_prediction_events

        All that fit, or `limit` of them. params: `symbol`, `tagSlug`, `eventSlug`, `seriesSlug`, `resolved`
        True or False; `offset` for a page of one's own.
        """
        count = checked_limit(f"{self.id} fetchPredictionEvents()", limit)
        yield self.load_markets()
        size = min(count or HISTORY_LIMIT, HISTORY_LIMIT)
        rows: list[Payload] = []
        if "offset" in params:
            answer = yield self.public_get_api_v1_prediction({"limit": size, **params})
            return structures(answer, self.parse_prediction_event)
        offset = 0
        while True:
            answer = yield self.public_get_api_v1_prediction({**params, "limit": size, "offset": offset})
            page = listed(answer)
            offset += len(answer)
            known = {str(row.get("slug")) for row in rows}
            rows += [row for row in page if str(row.get("slug")) not in known]
            if len(answer) < size or (count is not None and len(rows) >= count):
                return structures(rows, self.parse_prediction_event)[:count]

    @flow
    @legible_steps
    def fetch_prediction_tags(self, params: Params = {}) -> Flow[list[Payload]]:
        """The tags by which events are found: `slug` and `title`.

        https://docs.backpack.exchange/#tag/Markets/operation/get_prediction_tags
        """
        tags: list[Payload] = yield self.public_get_api_v1_prediction_tags(params)
        return tags

    @legible
    def parse_prediction_event(self, row: Payload) -> Payload:
        """An event; of its markets `price` is what the outcome is traded at, from 0 to 1."""
        event = Row(row)
        resolution = event.part("resolution").info
        return {
            "info": row,
            "id": event.needed("slug"),
            "title": event.word("title"),
            "description": event.word("description"),
            "resolved": event.flag("resolved"),
            "start": milliseconds_of(resolution.get("startDate")),
            "end": milliseconds_of(resolution.get("endDate")),
            "quoteVolume": number_or_none(self.number, row.get("quoteVolume")),
            "tags": [tag.word("slug") for tag in event.parts("tags")],
            "series": [series.word("slug") for series in event.parts("series")],
            "markets": structures(row["predictionMarkets"], self.parse_prediction_market),
        }

    def parse_prediction_market(self, row: Payload) -> Payload:
        """One outcome of an event."""
        market_id = Row(row).needed("marketSymbol")
        market: Any = (self.markets_by_id or {}).get(market_id)
        return {
            "info": row,
            "id": market_id,
            "symbol": market[0]["symbol"] if market else None,
            "question": Row(row).word("question"),
            "yes": Row(row).word("yesOutcomeLabel"),
            "no": Row(row).word("noOutcomeLabel"),
            "price": number_or_none(self.number, row.get("activePrice")),
            "resolutionPrice": number_or_none(self.number, row.get("resolutionPrice")),
            "resolved": milliseconds_of(row.get("resolvedAt")),
        }
