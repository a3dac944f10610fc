"""Sessions that send a request once, and to the address it was made for.

Left to themselves both libraries do more. aiohttp sends a GET or DELETE again when a kept connection breaks:
a cancellation that worked then comes back as "not found". Both follow a redirect, and so would carry a signed
order, key included, wherever the answer points.
"""

from __future__ import annotations

from typing import Any

from aiohttp import (
    ClientConnectionError,
    ClientConnectorError,
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ConnectionTimeoutError,
    ServerDisconnectedError,
)
from requests.adapters import HTTPAdapter

from bpx_connector.call.aiohttp_bytes import Route, route_of
from bpx_connector.call.deadlines import Deadlines
from bpx_connector.call.urllib3_pool import Pools
from bpx_connector.forks import tell_when_forked

__all__ = ["AsyncioSession", "BlockingSession"]


async def _sent_once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """The answer to one sending. aiohttp sends again after two kinds of error, so they get another name."""
    try:
        return await handler(request)
    except (ClientConnectorError, ConnectionTimeoutError):
        raise  # no connection was made: aiohttp does not try again
    except (ClientOSError, ServerDisconnectedError) as error:
        raise ClientConnectionError(str(error) or type(error).__name__) from error


_inherited: list[Any] = []


class _Session:
    """A session of either library; all that is not said here is the session's own."""

    _session: Any

    def __init__(self, session: Any) -> None:
        vars(self)["_session"] = session

    def __getattr__(self, name: str) -> Any:
        if name == "_session":  # half made, as by copy and pickle
            raise AttributeError(name)
        return getattr(self._session, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._session, name, value)

    @property
    def headers(self) -> Any:
        """What goes with every request; ccxt asks for it each time."""
        return self._session.headers

    @property
    def inner(self) -> Any:
        """The library's own."""
        return self._session

    def __reduce__(self) -> Any:
        return type(self), (self._session,)


class BlockingSession(_Session):
    """A session of requests that follows no redirect."""

    pools: Pools
    """urllib3's pools that requests have gone over."""

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        vars(self)["pools"] = {}
        tell_when_forked(self)

    def begin_anew(self) -> None:
        """Leave every connection to the process that has made it."""
        self.pools.clear()
        adapters: list[Any] = [one for one in self._session.adapters.values() if isinstance(one, HTTPAdapter)]
        for adapter in adapters:
            adapter.__setstate__(adapter.__getstate__())  # what pickle does to take one elsewhere

    def request(self, method: str, url: Any, **how: Any) -> Any:
        """The answer to one request."""
        return self._session.request(method, url, **{**how, "allow_redirects": False})


class AsyncioSession(_Session):
    """A session of aiohttp that follows no redirect and sends nothing again."""

    routes: dict[str, Route]
    """The ways that requests have taken, by the beginning of their addresses."""

    deadlines: Deadlines
    """Until when answers have to have come."""

    is_inherited: bool
    """Whether it was made in the process from which this one was forked."""

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        vars(self)["routes"] = {}
        vars(self)["deadlines"] = Deadlines()
        vars(self)["is_inherited"] = False
        tell_when_forked(self)

    def begin_anew(self) -> None:
        """Be left alone: these connections, and the loop that reads them, are another process's.

        It is kept for good, as its end would take them out of what that loop listens to: the processes share
        that as well.
        """
        vars(self)["is_inherited"] = True
        _inherited.append(self)

    async def _sent(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """The answer to one sending; the way that it took is remembered."""
        response = await _sent_once(request, handler)
        taken = route_of(request)
        if taken is not None:
            self.routes[taken[0]] = taken[1]
        return response

    def request(self, method: str, url: Any, **how: Any) -> Any:
        """The answer to one request, to be awaited or entered."""
        return self._session.request(method, url, **how, allow_redirects=False, middlewares=(self._sent,))

    def get(self, url: Any, **how: Any) -> Any:
        """The answer to a question."""
        return self.request("GET", url, **how)

    def post(self, url: Any, **how: Any) -> Any:
        """The answer to an order."""
        return self.request("POST", url, **how)

    def delete(self, url: Any, **how: Any) -> Any:
        """The answer to a cancellation."""
        return self.request("DELETE", url, **how)

    def patch(self, url: Any, **how: Any) -> Any:
        """The answer to a change."""
        return self.request("PATCH", url, **how)
