"""The sandbox without a wire: requests and answers are lost and held back, and nobody waits.

What goes wrong is written as for the sandbox; a pause, a timeout and a held request only move the time on. So
a thousand orders under faults take seconds, and with one seed they always go the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from ccxt.base.errors import ExchangeNotAvailable, RequestTimeout

import bpx_connector
import bpx_connector.async_support
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.faults.kinds import Fault
from bpx_connector.sandbox.http.answering import Request, answer, encoded
from bpx_connector.sandbox.server import Sandbox

__all__ = ["LossyVenue", "lossy_exchange"]

Told = tuple[int, str]
"""Status and body of an answer."""

ROUND_TRIP = 0.005
BODIES = {"empty": "", "object": "{}", "list": "[]", "html": "<html>bad gateway</html>"}


class LossyVenue:
    """One sandbox and its time, in seconds."""

    def __init__(self, seed: int, symbols: Iterable[str], faults: Iterable[str] = ()) -> None:
        self.clock = DrivenClock()
        self.sandbox = Sandbox(seed=seed, symbols=symbols, speed=0, clock=self.clock, faults=faults)
        self.sandbox.open_trading()
        self._began = self.clock.now()
        self._held: list[tuple[float, Callable[[], Told]]] = []
        self._dead_until = 0.0
        self._acts = {
            "refuse": self._refuse,
            "drop": self._drop,
            "hold": self._hold,
            "late": self._late,
            "lost": self._lost,
            "die": self._die,
        }

    def monotonic(self) -> float:
        """The time since the beginning."""
        return (self.clock.now() - self._began) / 1_000_000

    def advance(self, seconds: float) -> None:
        """Let time pass; what was held back for so long reaches the exchange on the way."""
        end = self.monotonic() + seconds
        for held in sorted(self._held, key=lambda one: one[0]):
            if held[0] > end:
                break
            self._held.remove(held)
            self.clock.advance(max(held[0] - self.monotonic(), 0))
            held[1]()
        self.clock.advance(max(end - self.monotonic(), 0))

    def told(self, request: Request, timeout: float) -> Told:
        """What comes back for a request, or ccxt's exception where nothing does."""
        self.advance(ROUND_TRIP)
        if self.monotonic() < self._dead_until:
            raise _broken()
        fault = self.sandbox.faults.for_request(request.method, request.path)
        act = partial(self._answered, request)
        return act() if fault is None else self._acts[fault.kind](fault, act, timeout)

    def _answered(self, request: Request) -> Told:
        given = answer(self.sandbox.context, request)
        text = given.body if given.is_text else "" if given.body is None else encoded(given.body)
        return given.status, text.decode() if isinstance(text, bytes) else str(text)

    def _refuse(self, fault: Fault, act: Callable[[], Told], timeout: float) -> Told:
        status, says = fault.options["status"], fault.options.get("says") or "SERVER_ERROR"
        refusal = msgspec.json.encode({"code": says, "message": "not found"}).decode()
        return status, BODIES.get(fault.options["body"], refusal)

    def _drop(self, fault: Fault, act: Callable[[], Told], timeout: float) -> Told:
        raise _broken()

    def _hold(self, fault: Fault, act: Callable[[], Told], timeout: float) -> Told:
        seconds = fault.options["seconds"]
        if seconds < timeout:
            self.advance(seconds)
            return act()
        self._held.append((self.monotonic() + seconds, act))
        self.advance(timeout)
        raise _timed_out()

    def _late(self, fault: Fault, act: Callable[[], Told], timeout: float) -> Told:
        seconds, told = fault.options["seconds"], act()
        self.advance(min(seconds, timeout))
        if seconds >= timeout:
            raise _timed_out()
        return told

    def _lost(self, fault: Fault, act: Callable[[], Told], timeout: float) -> Told:
        act()
        if fault.options["status"] is None:
            raise _broken()
        return self._refuse(fault, act, timeout)

    def _die(self, fault: Fault, act: Callable[[], Told], timeout: float) -> Told:
        if fault.happened % 2:
            act()
        self._dead_until = self.monotonic() + fault.options["seconds"]
        raise _broken()


def _broken() -> ExchangeNotAvailable:
    return ExchangeNotAvailable("the connection broke; whether the venue acted on it is not known")


def _timed_out() -> RequestTimeout:
    return RequestTimeout("no answer in time; whether the venue acted on it is not known")


def lossy_exchange(venue: LossyVenue, *, is_asyncio: bool, **config: Any) -> Any:
    """An exchange object of either class whose requests go to that venue, and whose time is its own."""
    kind: Any = bpx_connector.async_support.bpx if is_asyncio else bpx_connector.bpx
    exchange = kind(config)
    exchange.timeout_on_exit = 0

    def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        parts = urlsplit(url)
        request = Request(
            method, parts.path, parse_qsl(parts.query, True), headers or {}, (body or "").encode(), "test"
        )
        status, text = venue.told(request, exchange.timeout / 1000)
        read = exchange.on_rest_response(status, "", url, method, {}, text, headers, body)
        decoded = exchange.parse_json(read)
        exchange.handle_errors(status, "", url, method, {}, text, decoded, headers, body)
        return text if decoded is None else decoded

    async def fetched(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        return fetch(url, method, headers, body)

    async def slept(milliseconds: float) -> None:
        venue.advance(milliseconds / 1000)

    exchange.fetch = fetched if is_asyncio else fetch
    exchange.sleep = slept if is_asyncio else lambda milliseconds: venue.advance(milliseconds / 1000)
    exchange.milliseconds = lambda: venue.clock.now() // 1000
    return exchange
