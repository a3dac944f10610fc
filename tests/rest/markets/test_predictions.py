"""Events that prediction markets are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ccxt.base.errors import BadRequest

from tests.support.canned import CannedVenue
from tests.support.canned_rows import prediction_event

Canned = Callable[..., CannedVenue]

EVENTS = "GET /api/v1/prediction"


def test_an_event_has_a_market_for_each_outcome(canned: Canned) -> None:
    venue = canned({EVENTS: [prediction_event("fdv")]})
    [event] = venue.call("fetch_prediction_events", None, {"resolved": False, "tagSlug": "crypto"})
    assert (event["id"], event["title"], event["tags"], event["series"]) == (
        "fdv",
        "FDV",
        ["crypto"],
        ["fdv"],
    )
    assert (event["start"], event["end"], event["resolved"]) == (1767225600000, None, False)
    [market] = event["markets"]
    assert (market["id"], market["price"], market["yes"]) == ("FDVEXTD1B_USDC_PREDICTION", 0.42, "Yes")
    assert venue.asked[0].params["resolved"] == "false"


def test_events_are_read_to_the_end_or_to_the_limit(canned: Canned) -> None:
    rows = [prediction_event(f"event-{number}") for number in range(1500)]

    def page(asked: dict[str, Any]) -> list[Any]:
        offset = int(asked["offset"])
        return rows[offset : offset + int(asked["limit"])]

    venue = canned({EVENTS: page})
    assert len(venue.call("fetch_prediction_events")) == 1500
    assert [event["id"] for event in venue.call("fetch_prediction_events", 2)] == ["event-0", "event-1"]
    [third] = venue.call("fetch_prediction_events", 1, {"offset": 2})
    assert third["id"] == "event-2"
    with pytest.raises(BadRequest, match="limit has to be"):
        venue.call("fetch_prediction_events", 0)


def test_tags_are_the_venues(canned: Canned) -> None:
    tags = [{"slug": "crypto", "title": "Crypto"}]
    assert canned({"GET /api/v1/prediction/tags": tags}).call("fetch_prediction_tags") == tags
