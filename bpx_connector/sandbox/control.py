"""The control port: doors for programs in any language, as JSON over HTTP.

It is open only if a port is asked for, on the loopback address whatever the sandbox listens on, and to no
page in a browser but its own. `GET /` lists the doors; what they do is in `doors.py`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from bpx_connector.sandbox.doors import DOORS, FAULTS, ControlError, Door, House, NotThereError, Visit
from bpx_connector.sandbox.http.complaints import in_one_line
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = ["DOORS", "Control", "visited"]

LOOPBACK: Final = "127.0.0.1"


class Control:
    """The control port of one sandbox."""

    def __init__(self, house: House, port: int = 0) -> None:
        self.port = port
        self._house: Final = house
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
        application = web.Application()
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

    def _is_of_another_page(self, request: web.Request) -> bool:
        """Whether a browser says that a page asks which does not come from this port."""
        return request.headers.get("Origin", self.address) not in (
            self.address,
            f"http://localhost:{self.port}",
        )

    def _open(self, door: Door) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            if self._is_of_another_page(request):
                return _no(403, "these doors are not for pages in a browser")
            return await visited(self._house, door, request)

        return handle


async def visited(house: House, door: Door, request: web.Request) -> web.Response:
    """What a door answers to a request that may come in."""
    try:
        body = {} if door.takes is None else _body(await request.text(), door.takes)
        answer = door.act(Visit(house, body, request.match_info, request.query))
        return _answered(await answer if isinstance(answer, Awaitable) else answer)
    except Refusal as refusal:
        return _no(400, f"{refusal.message} ({refusal.code})")
    except (ValueError, ArithmeticError, RecursionError) as error:
        return _no(404 if isinstance(error, NotThereError) else 400, str(error))


def _body(text: str, takes: Mapping[str, Any]) -> Mapping[str, Any]:
    example = json.dumps(takes)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the body is not JSON; send {example}") from error
    if not isinstance(body, dict):
        raise ControlError(f"the body has to be an object; send {example}")
    return body


def _answered(answer: Any) -> web.Response:
    if answer is None:
        return web.Response(status=204)
    status, body = answer if isinstance(answer, tuple) else (200, answer)
    return web.json_response(body, status=status)


def _no(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
