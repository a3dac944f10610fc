"""Answers about the delay of withdrawals.

The venue serves them to a browser session and asks for a two-factor token. No session says here whose delay
it is: there is one for the whole sandbox, and any token will do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call
from bpx_connector.sandbox.http.payloads import naive_time
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.times import HOUR

__all__ = ["DELAYS"]

MOST_HOURS: Final = 24 * 365
"""The longest delay; not documented."""
PATH: Final = "/wapi/v1/capital/withdrawals/delay"


def _row(call: Call) -> dict[str, Any]:
    delay = call.context.delay
    is_pending = delay.pending is not None and delay.enabled_at > call.now
    hours = delay.hours if is_pending or delay.pending is None else delay.pending
    return {
        "currentWithdrawalDelayHours": hours,
        "pendingWithdrawalDelayHours": delay.pending if is_pending else None,
        "pendingWithdrawalDelayHoursEnabledAt": naive_time(delay.enabled_at) if is_pending else None,
    }


def _delay(call: Call) -> Answer:
    return Answer(status=204) if call.context.delay.hours is None else Answer(_row(call))


def _create(call: Call) -> Answer:
    if call.context.delay.hours is not None:
        raise Refusal(409, "PRECONDITION_FAILED", "Withdrawal delay already set")
    call.context.delay.hours = _hours(call)
    return Answer()


def _hours(call: Call) -> int:
    hours: int = call.body["withdrawalDelayHours"]
    if hours > MOST_HOURS:
        raise Refusal(400, "INVALID_CLIENT_REQUEST", f"Withdrawal delay is limited to {MOST_HOURS} hours")
    return hours


def _update(call: Call) -> Answer:
    """A shorter delay is in force only when the longer one is over."""
    delay = call.context.delay
    if delay.hours is None:
        raise refusals.not_found()
    current = _row(call)["currentWithdrawalDelayHours"]
    delay.hours, delay.pending = current, _hours(call)
    delay.enabled_at = call.now + (current * HOUR if delay.pending < current else 0)
    return Answer(_row(call))


DELAYS: dict[str, Callable[[Call], Answer]] = {
    f"GET {PATH}": _delay,
    f"POST {PATH}": _create,
    f"PATCH {PATH}": _update,
}
"""Operation -> its answer."""
