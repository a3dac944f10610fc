"""Where REST answers go wrong: one step before every answer, which asks the faults and acts on what they say.

Waiting is done in real time, since the client's own time-outs are; the sandbox's clock may stand still
meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from bpx_connector.sandbox.faults.faults import Faults
from bpx_connector.sandbox.faults.kinds import Fault
from bpx_connector.sandbox.faults.old_books import OldBooks

__all__ = ["SpoiledAnswers"]

Answered = Callable[[web.Request], Awaitable[web.Response]]

REFUSALS: Final = {
    400: ("INVALID_CLIENT_REQUEST", "Invalid request"),
    401: ("UNAUTHORIZED", "Unauthorized"),
    403: ("FORBIDDEN", "Forbidden"),
    404: ("RESOURCE_NOT_FOUND", "Not Found"),
    429: ("TOO_MANY_REQUESTS", "Too many requests"),
    500: ("SERVER_ERROR", "Internal server error"),
    503: ("MAINTENANCE", "Under maintenance"),
    504: ("TIMEOUT", "Timeout"),
}
"""Status to the venue's code and words; only those of 429 are published. Others are SERVER_ERROR."""
INVALID_SIGNATURE: Final = ("INVALID_CLIENT_REQUEST", "Invalid signature")
MESSAGES: Final = dict(REFUSALS.values()) | {
    "INVALID_ORDER": "Invalid order",
    "INSUFFICIENT_FUNDS": "Insufficient funds",
}
PAGE: Final = "<html>\n<head><title>{0}</title></head>\n<body><center><h1>{0}</h1></center></body>\n</html>\n"
"""What an outage in front of the exchange looks like: a page of the proxy, not an answer of the exchange."""


class SpoiledAnswers:
    """An interceptor for the server. `answered` gives the exchange's real answer to a request."""

    def __init__(self, faults: Faults, answered: Answered, old_books: OldBooks) -> None:
        self._faults: Final = faults
        self._answered: Final = answered
        self._old_books: Final = old_books
        self._closing: Final = asyncio.Event()
        self._death: tuple[Fault, float] | None = None
        """What the exchange has died of, and until when."""
        self._acts: Final[dict[str, Callable[[Fault, web.Request], Awaitable[web.Response]]]] = {
            "refuse": self._refuse,
            "drop": self._drop,
            "hold": self._hold,
            "late": self._late,
            "lost": self._lost,
            "die": self._die,
            "stale": self._stale,
        }

    async def __call__(self, request: web.Request) -> web.Response | None:
        """A spoiled answer, or None if this request is to be answered as always."""
        if "upgrade" in request.headers:
            return None
        if self._is_dead():
            return _cut(request)
        if "X-Signature" in request.headers and self._faults.refuses_signature(request.path):
            return _refusal(400, *INVALID_SIGNATURE)
        fault = self._faults.for_request(request.method, request.path, request.query.get("symbol", ""))
        return None if fault is None else await self._acts[fault.kind](fault, request)

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._closing.set()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _refuse(self, fault: Fault, request: web.Request) -> web.Response:
        return _instead(fault.options["status"], fault.options["body"], fault.options.get("says"))

    async def _drop(self, fault: Fault, request: web.Request) -> web.Response:
        return _cut(request)

    async def _hold(self, fault: Fault, request: web.Request) -> web.Response:
        # The body is read first: a client that gives up meanwhile has sent its order all the same.
        await request.read()
        await self._wait(fault.options["seconds"])
        return await self._answered(request)

    async def _late(self, fault: Fault, request: web.Request) -> web.Response:
        response = await self._answered(request)
        await self._wait(fault.options["seconds"])
        return response

    async def _lost(self, fault: Fault, request: web.Request) -> web.Response:
        await self._answered(request)
        return _cut(request) if fault.options["status"] is None else await self._refuse(fault, request)

    async def _die(self, fault: Fault, request: web.Request) -> web.Response:
        if fault.happened % 2:
            await self._answered(request)
        self._death = fault, time.monotonic() + fault.options["seconds"]
        return _cut(request)

    def _is_dead(self) -> bool:
        """Whether nobody is answered; a fault that has been ended kills no longer."""
        if self._death is None:
            return False
        fault, until = self._death
        return fault in self._faults.all and time.monotonic() < until

    async def _stale(self, fault: Fault, request: web.Request) -> web.Response:
        response = await self._answered(request)
        if response.status != web.HTTPOk.status_code:
            return response
        limit = request.query.get("limit")
        older = self._old_books.body(
            request.query["symbol"], fault.options["seconds"], None if limit is None else int(limit)
        )
        return response if older is None else web.json_response(older)


def _instead(status: int, body: str, says: str | None) -> web.Response:
    if body in ("object", "list"):
        return web.json_response({} if body == "object" else [], status=status)
    if body == "empty":
        return web.Response(status=status)
    if body == "html":
        title = f"{status} {web.Response(status=status).reason}"
        return web.Response(text=PAGE.format(title), status=status, content_type="text/html")
    code, message = REFUSALS.get(status, REFUSALS[500])
    return _refusal(status, says or code, MESSAGES.get(says, "") if says else message)


def _refusal(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
