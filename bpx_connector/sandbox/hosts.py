"""Who may come in where only this machine and its own pages may: by a name that leads nowhere else.

A page of any other site may neither look nor act: its requests carry an Origin of their own, and a name that
was bent to lead here (DNS rebinding) shows in the Host. Programs without an Origin are served. Whoever starts
the sandbox may name hosts by which browsers of other machines come as well, as where it runs in a container.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Final

from aiohttp import web

__all__ = ["Hosts", "checked_host"]

NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
HOST: Final = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
PORT: Final = re.compile(r":[0-9]+$")
SAME: Final = ("same-origin", "none")


def checked_host(text: str) -> str:
    """The host and perhaps the port of a page's address; ValueError if it is none."""
    if not HOST.fullmatch(text):
        raise ValueError(
            f"{text!r} is no host of an address: name it as a browser does, such as box.lan:8787"
        )
    return text.lower()


class Hosts:
    """The names of one port: this machine's and those in `named`, which have this port if they say none."""

    def __init__(self, port: Callable[[], int], named: Iterable[str] = ()) -> None:
        self._port: Final = port
        self._named: Final = [checked_host(host) for host in named]

    def is_here(self, request: web.Request) -> bool:
        """Whether it comes from this machine by a name that leads nowhere else, or by an allowed one."""
        host = request.headers.get("Host", "").lower()
        return host in self._allowed() or (_is_loopback(request.remote) and host in self._own())

    def is_of_another_site(self, request: web.Request) -> bool:
        """Whether a browser says that a page asks which does not come from this port."""
        origin = request.headers.get("Origin")
        ours = [f"http://{host}" for host in (*self._own(), *self._allowed())]
        is_other = origin is not None and origin not in ours
        return is_other or request.headers.get("Sec-Fetch-Site", "none") not in SAME

    def _own(self) -> list[str]:
        return [f"{name}:{self._port()}" for name in NAMES]

    def _allowed(self) -> list[str]:
        return [host if PORT.search(host) else f"{host}:{self._port()}" for host in self._named]


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False
