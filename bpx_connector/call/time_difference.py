"""How far this machine's clock is from the venue's."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params
from bpx_connector.call.answers import header_of
from bpx_connector.flow import Flow, flow

__all__ = ["Reading", "TimeDifference", "reading_of"]

SAMPLES = 4
GOOD_ENOUGH = 250
"""Milliseconds of doubt with which one sample suffices."""

SECOND = 1000
LONGEST_IN_A_CACHE = 2 * 3600 * SECOND
"""A Date this much later than the venue's time is no cache's doing: the venue's clock is another one."""


class Reading(NamedTuple):
    """What one question has shown: our clock less the venue's, and how far off that may be; milliseconds."""

    offset: float
    doubt: float


def reading_of(before: float, after: float, told: int, age: str | None, date: str | None) -> Reading:
    """The offset by the venue's time, our time before and after, and the answer's Age and Date headers.

    An answer out of a cache is as old as its Age says; one without an Age is old if its Date is later.
    """
    venue, doubt = float(told), (after - before) / 2
    if age is not None and age.isdigit() and int(age):
        venue, doubt = venue + int(age) * SECOND, doubt + SECOND
    dated = _moment(date)
    if dated is not None and 1.5 * SECOND < dated - venue < LONGEST_IN_A_CACHE:
        venue, doubt = dated + SECOND / 2, doubt + SECOND / 2  # a Date has whole seconds
    return Reading((before + after) / 2 - venue, doubt)


def _moment(date: str | None) -> float | None:
    try:
        return None if date is None else parsedate_to_datetime(date).timestamp() * SECOND
    except ValueError:
        return None


class TimeDifference(Ccxt):
    """Measuring the venue's clock."""

    _headers_of_time: Any = None

    @flow
    def load_time_difference(self, params: Params = {}) -> Flow[int]:
        """Milliseconds by which this clock is ahead of the venue's; kept in `options['timeDifference']`.

        The round trip is halved, an answer out of a cache is corrected by its age, and where the doubt is
        more than a quarter of a second further samples are taken and the best one counts.

        https://docs.backpack.exchange/#tag/System/operation/get_time
        """
        best: Reading | None = None
        for _ in range(SAMPLES):
            self._headers_of_time = None
            before = self.milliseconds()
            told = yield self.fetch_time(params)
            headers = self._headers_of_time
            reading = reading_of(
                before, self.milliseconds(), told, header_of(headers, "Age"), header_of(headers, "Date")
            )
            if best is None or reading.doubt < best.doubt:
                best = reading
            if best.doubt <= GOOD_ENOUGH:
                break
        assert best is not None, "SAMPLES are more than none"
        self.options["timeDifference"] = round(best.offset)
        return round(best.offset)
