"""Funding rates and open interest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.callers import Caller
from tests.support.made_up import BEGINNING, EXCHANGE, HOUR, PERPETUAL, made_up, text


def test_the_running_funding_rate_is_paid_at_the_full_hour(bpx: Caller) -> None:
    rate = bpx.call("fetch_funding_rate", PERPETUAL)
    assert rate["fundingTimestamp"] % HOUR == 0
    assert 0 < rate["fundingTimestamp"] - bpx.exchange.milliseconds() <= HOUR
    assert rate["interval"] == "1h"
    rates = bpx.call("fetch_funding_rates")
    assert rates[PERPETUAL] == rate
    assert bpx.call("fetch_funding_rates", [PERPETUAL]) == {PERPETUAL: rate}


def test_settled_funding_rates_are_hourly_and_leave_out_the_running_one(bpx: Caller) -> None:
    now = bpx.exchange.milliseconds()
    rates = bpx.call("fetch_funding_rate_history", PERPETUAL, None, 5)
    assert [one["timestamp"] for one in rates] == [
        now - now % HOUR - hours * HOUR for hours in (4, 3, 2, 1, 0)
    ]
    since = rates[1]["timestamp"]
    assert bpx.call("fetch_funding_rate_history", PERPETUAL, since, 2) == rates[1:3]
    assert bpx.call("fetch_funding_rate_history", PERPETUAL, since) == rates[1:]
    until = {"until": rates[3]["timestamp"]}
    assert bpx.call("fetch_funding_rate_history", PERPETUAL, None, 2, until) == rates[2:4]


def test_funding_intervals_are_the_venues_own(bpx: Caller) -> None:
    one = bpx.call("fetch_funding_interval", PERPETUAL)
    assert one["interval"] == "1h"
    intervals = bpx.call("fetch_funding_intervals")
    assert intervals[PERPETUAL] == one
    assert bpx.call("fetch_funding_intervals", [PERPETUAL]) == {PERPETUAL: one}


def test_open_interest_is_in_base_units(bpx: Caller) -> None:
    one = bpx.call("fetch_open_interest", PERPETUAL)
    assert one["openInterestAmount"] >= 0
    everything = bpx.call("fetch_open_interests")
    assert everything[PERPETUAL] == one
    assert bpx.call("fetch_open_interests", [PERPETUAL]) == {PERPETUAL: one}


def test_captured_funding_rates_are_settled_but_for_the_running_hour(sample: Any) -> None:
    exchange = made_up(lambda *_: sample("get_api_v1_fundingRates"), 1_789_338_480_000)
    rates = exchange.fetch_funding_rate_history("BTC/USDC:USDC")
    assert [one["fundingRate"] for one in rates] == [1.213e-05, 7.819e-06, 8.029e-06, 9.713e-06, 8.311e-06]


def rates(count: int, now: int) -> Callable[[str, dict[str, Any]], list[dict[str, Any]]]:
    """A perpetual that is `count` hours old, the running one included."""
    running = now - now % HOUR + HOUR

    def answer(path: str, query: dict[str, Any]) -> list[dict[str, Any]]:
        offset, limit = int(query["offset"]), int(query["limit"])
        assert limit <= 10_000
        ends = [running - hours * HOUR for hours in range(count)][offset : offset + limit]
        return [
            {
                "symbol": "SOL_USDC_PERP",
                "fundingRate": "0.0001",
                "intervalEndTimestamp": text(end).replace(" ", "T"),
            }
            for end in ends
        ]

    return answer


@pytest.mark.parametrize("count", [1, 2, 50, 10_001, 15_000])
@pytest.mark.parametrize(
    ("hours_back", "limit"), [(None, None), (None, 3), (5, None), (5, 2), (12_000, 4), (12_000, None)]
)
def test_funding_rates_are_read_back_to_since_over_as_many_pages_as_it_takes(
    count: int, hours_back: int | None, limit: int | None
) -> None:
    now = BEGINNING + 123_456
    exchange = EXCHANGE.answered_by(rates(count, now))
    setattr(exchange, "milliseconds", lambda: now)  # noqa: B010  mypy allows no assignment to a method
    since = None if hours_back is None else now - hours_back * HOUR
    found = [one["timestamp"] for one in exchange.fetch_funding_rate_history(PERPETUAL, since, limit)]
    settled = [now - now % HOUR - hours * HOUR for hours in range(count - 1)][::-1]
    if since is None:
        assert found == settled[-(limit or 100) :]
    else:
        assert found == [end for end in settled if end >= since][:limit]
