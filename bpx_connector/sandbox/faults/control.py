"""A door for a second program to set faults by: JSON over HTTP, on this machine only, and only if asked for.

GET    /sandbox/faults       what is set, and how often each kind has happened
POST   /sandbox/faults       set one: {"fault": "lose depth.* every=50"}, or {"kind": "lose", "pattern": ...}
DELETE /sandbox/faults       end all
DELETE /sandbox/faults/1     end one
"""

from __future__ import annotations

import json
from typing import Any, Final

from aiohttp import web

from bpx_connector.sandbox.faults.faults import Faults
from bpx_connector.sandbox.faults.kinds import Fault, FaultError, made_fault

__all__ = ["Control"]

LOOPBACK: Final = "127.0.0.1"
PATH: Final = "/sandbox/faults"


class Control:
    """The control endpoint of one sandbox; on the loopback address, whatever the sandbox listens on."""

    def __init__(self, faults: Faults, port: int = 0) -> None:
        self.port = port
        self._faults: Final = faults
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The address of the faults."""
        return f"http://{LOOPBACK}:{self.port}{PATH}"

    async def start(self) -> None:
        """Listen; `port` is the real one from here on."""
        application = web.Application()
        application.router.add_get(PATH, self._list)
        application.router.add_post(PATH, self._add)
        application.router.add_delete(PATH, self._clear)
        application.router.add_delete(PATH + "/{id:[0-9]+}", self._remove)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _list(self, request: web.Request) -> web.Response:
        rows = [fault.row() for fault in self._faults.all]
        return web.json_response({"faults": rows, "counts": dict(self._faults.counts)})

    async def _add(self, request: web.Request) -> web.Response:
        try:
            fault = self._faults.add(_described(await request.text()))
        except FaultError as error:
            return _no(400, str(error))
        return web.json_response(fault.row(), status=201)

    async def _clear(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return web.Response(status=204)

    async def _remove(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        return (
            web.Response(status=204)
            if self._faults.remove(number)
            else _no(404, f"there is no fault {number}")
        )


def _described(text: str) -> Fault | str:
    try:
        described: Any = json.loads(text)
    except ValueError as error:
        raise FaultError('the body is not JSON; send {"fault": "lose depth.* every=50"}') from error
    if isinstance(described, dict) and isinstance(described.get("fault"), str) and len(described) == 1:
        line: str = described["fault"]
        return line
    if isinstance(described, dict) and isinstance(described.get("kind"), str):
        options = {name: value for name, value in described.items() if name != "kind"}
        return made_fault(described["kind"], options)
    raise FaultError(
        'send {"fault": "lose depth.* every=50"} or {"kind": "lose", "pattern": "depth.*", "every": 50}'
    )


def _no(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
