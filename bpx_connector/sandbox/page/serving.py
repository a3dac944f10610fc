"""Serves the page and the doors behind it at the sandbox's own port, to this machine and to this page only.

Who may come in is decided as at the control port (`hosts.py`). Who may not, as from another machine, finds
what is at the venue: nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from importlib.resources import files
from typing import Any, Final

from aiohttp import web

from bpx_connector.sandbox.control import visited
from bpx_connector.sandbox.doors import DOORS, ControlError, Door, House, Visit
from bpx_connector.sandbox.hosts import Hosts
from bpx_connector.sandbox.http.answering import Request, answer
from bpx_connector.sandbox.page.pushing import Pushing
from bpx_connector.sandbox.page.view import view

__all__ = ["PAGE_DOORS", "Page"]

PUSHED: Final = "/sandbox/page/stream"
KINDS: Final = ("GET", "POST", "PATCH", "DELETE")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _view(visit: Visit) -> Any:
    return view(visit.house, visit.query)


def _call(visit: Visit) -> Any:
    """One of the venue's operations for an account; the page has no secret to sign it with."""
    method, _, path = str(visit.body.get("operation")).partition(" ")
    key = visit.body.get("key")
    if method not in KINDS or not isinstance(key, str) or visit.house.venue.account(key) is None:
        raise ControlError(f"send {json.dumps(CALLED)}, with the key of an account that is there")
    sent = json.dumps(visit.body.get("body") or {}).encode()
    headers = {"Content-Type": "application/json"}
    given = answer(visit.house.context, Request(method, path, (), headers, sent, signer=key))
    return given.status, given.body if given.body is not None else {}


CALLED: Final = {
    "key": "the account's public key",
    "operation": "POST /api/v1/order",
    "body": {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Market", "quantity": "1"},
}
VIEWED: Final = ("symbol", "key")
PAGE_DOORS: Final = (
    Door("GET", "/sandbox/page", None, "what the page shows; ?symbol= and ?key=", _view, asks=VIEWED),
    Door("POST", "/sandbox/page/call", CALLED, "one of the venue's operations for an account", _call),
)
"""What only the page asks for; everything else it does is at the control port as well."""


class Page:
    """The page of one sandbox. Routes are added to the sandbox's own server.

    `hosts` are those under which a browser of any machine may come, as it names them itself; without a port
    it is the sandbox's.
    """

    def __init__(self, house: House, port: Callable[[], int], hosts: Iterable[str] = ()) -> None:
        self._house: Final = house
        self._hosts: Final = Hosts(port, hosts)
        self._pushing: Final = Pushing(house)
        self._text: Final = (files(__package__) / "page.html").read_text(encoding="utf-8")

    def add_to(self, router: web.UrlDispatcher, elsewhere: Handler) -> None:
        """Add the doors; who may not come in is answered by `elsewhere`, as if there were none."""
        for door in (*DOORS, *PAGE_DOORS):
            router.add_route(door.method, door.path, self._open(door, elsewhere))
        router.add_get(PUSHED, self._stream(elsewhere))

    async def close(self) -> None:
        """Send every page away."""
        await self._pushing.close()

    def shown(self, request: web.Request) -> web.Response | None:
        """The page, if that is what a browser of this machine asks for."""
        wants_page = request.path == "/" and request.method == "GET" and "upgrade" not in request.headers
        if (
            not wants_page
            or "text/html" not in request.headers.get("Accept", "")
            or not self._hosts.is_here(request)
        ):
            return None
        headers = {"Content-Security-Policy": _policy(self._text), "X-Content-Type-Options": "nosniff"}
        return web.Response(text=self._text, content_type="text/html", headers=headers | UNKEPT)

    def _open(self, door: Door, elsewhere: Handler) -> Handler:
        return self._guarded(lambda request: visited(self._house, door, request), elsewhere)

    def _stream(self, elsewhere: Handler) -> Handler:
        return self._guarded(self._pushing.handler, elsewhere)

    def _guarded(self, handler: Handler, elsewhere: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if not self._hosts.is_here(request):
                return await elsewhere(request)
            if self._hosts.is_of_another_site(request):
                return web.json_response({"message": "this page is not yours to drive"}, status=403)
            return await handler(request)

        return handle


UNKEPT: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


def _policy(text: str) -> str:
    """Nothing but what is in the page itself, to nowhere but here, in nobody's frame."""
    scripts, styles = (_hashes(text, tag) for tag in ("script", "style"))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hashes(text: str, tag: str) -> str:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    hashed = (base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in found)
    return " ".join(f"'sha256-{each}'" for each in hashed)
