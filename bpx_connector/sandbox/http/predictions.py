"""Answers about predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call, paged
from bpx_connector.sandbox.http.payloads import naive_time
from bpx_connector.sandbox.records.figures import plain

__all__ = ["PREDICTIONS"]

Shape = dict[str, Any]
TAG: Shape = {"slug": "crypto", "title": "Crypto"}
SERIES: Shape = {"slug": "btc-daily", "title": "BTC daily", "recurrence": "daily"}


def _market(call: Call) -> Shape:
    prediction, resolved = call.context.prediction, call.context.prediction.resolved_at
    resolved_at = None if resolved is None else naive_time(resolved)
    volume = _volume(call)
    return {
        "marketSymbol": prediction.symbol,
        "question": "Is BTC dearer after a day?",
        "groupLabel": None,
        "yesOutcomeLabel": "Yes",
        "noOutcomeLabel": "No",
        "rules": "By the mark of BTC_USDC.",
        "resolvedAt": resolved_at,
        "resolutionPrice": None if resolved is None else plain(prediction.price),
        "activePrice": plain(prediction.price),
        "quoteVolume": volume,
        "quoteVolumeLifetime": volume,
        "imgUrl": None,
        "proposedResolution": prediction.is_true,
        "proposedResolutionAt": resolved_at,
        "resolutionDelaySecs": 0,
    }


def _volume(call: Call) -> str:
    """What was traded within a day, which is all its life."""
    symbol = call.context.prediction.symbol
    ticker = call.context.exchange.ticker(symbol, call.now) if call.context.is_listed(symbol) else None
    return "0" if ticker is None else plain(ticker.quote_volume)


def _event(call: Call) -> Shape:
    prediction = call.context.prediction
    is_over, market = prediction.resolved_at is not None, _market(call)
    return {
        "slug": "btc-up-in-a-day",
        "title": "BTC in a day",
        "predictionMarkets": [market],
        "tags": [TAG],
        "series": [SERIES],
        "description": "Made up.",
        "imgUrl": None,
        "quoteVolume": market["quoteVolume"],
        "resolution": {
            "resolved": is_over,
            "startDate": naive_time(call.context.exchange.began),
            "endDate": naive_time(prediction.ends_at),
        },
        "resolved": is_over,
        "resolutionDelaySecs": 0,
    }


def _events(call: Call) -> Answer:
    query, event = call.query, _event(call)
    is_meant = (
        query.get("tagSlug") in (None, TAG["slug"])
        and query.get("eventSlug") in (None, event["slug"])
        and query.get("seriesSlug") in (None, SERIES["slug"])
        and query.get("symbol") in (None, call.context.prediction.symbol)
        and query.get("resolved") in (None, event["resolved"])
    )
    rows = [event] if is_meant else []
    return paged(rows, query.get("limit", 100), query.get("offset", 0), lambda row: row)


def _tags(call: Call) -> Answer:
    return Answer(_event(call)["tags"])


PREDICTIONS: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/prediction": _events,
    "GET /api/v1/prediction/tags": _tags,
}
"""Operation -> its answer."""
