"""The control port: doors for programs in any language, as JSON over HTTP.

It is open only if a port is asked for, on the loopback address whatever the sandbox listens on, and to no
page in a browser but its own (`hosts.py`). `GET /` lists the doors; what they do is in `doors.py`. All that
is answered is JSON, a refusal too.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from aiohttp import web

from bpx_connector.sandbox.doors import DOORS, FAULTS, ControlError, Door, House, NotThereError, Visit
from bpx_connector.sandbox.hosts import Hosts
from bpx_connector.sandbox.http.complaints import in_one_line
from bpx_connector.sandbox.records.nearest import nearest
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = ["DOORS", "Control", "visited"]

LOOPBACK: Final = "127.0.0.1"
PATHS: Final = tuple(dict.fromkeys(door.path for door in DOORS))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The control port of one sandbox; `hosts` are names that it is asked by beside this machine's."""

    def __init__(self, house: House, port: int = 0, hosts: Iterable[str] = ()) -> None:
        self.port = port
        self._house: Final = house
        self._hosts: Final = Hosts(lambda: self.port, hosts)
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """The address of all doors; a GET lists them."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """The address of the faults."""
        return self.address + FAULTS

    async def start(self) -> None:
        """Listen; `port` is the real one from here on."""
        application = web.Application(middlewares=[self._guard])
        application.router.add_get("/", self._list)
        for door in DOORS:
            application.router.add_route(door.method, door.path, self._open(door))
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0, logger=in_one_line)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _list(self, request: web.Request) -> web.Response:
        rows = [
            {"method": door.method, "path": door.path, "body": door.takes, "effect": door.effect}
            for door in DOORS
        ]
        return web.json_response({"doors": rows}, dumps=lambda value: json.dumps(value, indent=1))

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in whom the doors are for, and say in JSON what aiohttp refuses in plain text."""
        if not self._hosts.is_here(request):
            return _no(403, f"this port is asked as {self.address}, by no other Host; --page-host names more")
        if self._hosts.is_of_another_site(request):
            return _no(403, "these doors are not for pages in a browser")
        try:
            return await handler(request)
        except web.HTTPNotFound:
            meant = nearest(request.path, PATHS)
            return _no(404, f"there is no door {request.path}{meant} (GET / lists them)")
        except web.HTTPMethodNotAllowed as error:
            allowed = error.headers["Allow"]
            return _no(405, f"{request.path} takes {allowed}, and no {request.method}", Allow=allowed)
        except web.HTTPException as error:
            return _no(error.status, error.text or error.reason)

    def _open(self, door: Door) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            return await visited(self._house, door, request)

        return handle


async def visited(house: House, door: Door, request: web.Request) -> web.Response:
    """What a door answers to a request that may come in."""
    try:
        body = _body(await _text(request), door)
        _only(request.query, door.asks, "parameter")
        answer = door.act(Visit(house, body, request.match_info, request.query))
        return _answered(await answer if isinstance(answer, Awaitable) else answer)
    except Refusal as refusal:
        return _no(400, f"{refusal.message} ({refusal.code})")
    except (ValueError, ArithmeticError, RecursionError) as error:
        return _no(404 if isinstance(error, NotThereError) else 400, str(error))


async def _text(request: web.Request) -> str:
    try:
        return await request.text()
    except (LookupError, UnicodeError, web.RequestPayloadError) as error:  # as of a charset that there is not
        raise ControlError(f"the body cannot be read ({error}); send JSON in UTF-8") from error


def _body(text: str, door: Door) -> Mapping[str, Any]:
    """What is sent, if the door takes it: a word that nobody reads would be taken for one that was done."""
    example = "nothing" if door.takes is None else json.dumps(door.takes)
    if door.takes is None and not text.strip():
        return {}
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the body is not JSON; send {example}") from error
    if not isinstance(body, dict):
        raise ControlError(f"the body has to be an object; send {example}")
    if not door.reads_any_word:
        _only(body, door.takes or (), "word")
    return body


def _only(given: Iterable[str], known: Iterable[str], kind: str) -> None:
    """Raise ControlError if anything is given that nobody knows."""
    words = list(known)
    for word in given:
        if word not in words:
            those = f"{kind}s here: {', '.join(words)}" if words else "this door takes none"
            raise ControlError(f"there is no {kind} {word!r}{nearest(word, words)} ({those})")


def _answered(answer: Any) -> web.Response:
    if answer is None:
        return web.Response(status=204)
    status, body = answer if isinstance(answer, tuple) else (200, answer)
    return web.json_response(body, status=status)


def _no(status: int, message: str, **headers: str) -> web.Response:
    return web.json_response({"message": message}, status=status, headers=headers)
