"""Client ids that nobody else uses: what an order carries so that it can be found whatever happens."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from bpx_connector.aliases import Payload
from bpx_connector.forks import tell_when_forked
from bpx_connector.orders.stops import MARKING, MARKS, REST_OF
from bpx_connector.venue.words import CLIENT_ID_MAX

__all__ = ["ClientIds"]


def _anywhere() -> int:
    return secrets.randbelow(CLIENT_ID_MAX + 1)


class ClientIds:
    """Numbers of 32 bits, one after the other from a random place on: none comes twice in a day.

    At the 2,000 requests a minute that the venue allows, with 50 orders each, they come around after a month.
    A random beginning keeps instances apart that trade for one account, and processes that were forked.
    """

    def __init__(self, start: Callable[[], int] = _anywhere) -> None:
        self._start = start
        self.begin_anew()
        tell_when_forked(self)

    def begin_anew(self) -> None:
        """Go on from another place."""
        self._next = self._start()
        self._next_marked = self._start() // MARKING

    def next(self, asked: tuple[str, ...] = ()) -> int:
        """The next one; of a stop one that tells what its trigger price was called (`stops.told_by`)."""
        rest = REST_OF.get(asked)
        if rest is not None:
            self._next_marked = (self._next_marked + 1) % (CLIENT_ID_MAX // MARKING)
            return self._next_marked * MARKING + rest
        given = self._next
        self._next = given + 1 if given < CLIENT_ID_MAX else 0
        return self.next() if given % MARKING in MARKS else given

    def named(self, request: Payload, asked: tuple[str, ...] = ()) -> Payload:
        """The request of an order, with a client id if the caller has given none."""
        return request if "clientId" in request else {**request, "clientId": self.next(asked)}
