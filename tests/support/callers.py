"""One test, four ways to run it: each class, from a cassette and against a sandbox."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

import bpx_connector
import bpx_connector.async_support
from bpx_connector.orders.client_ids import ClientIds
from bpx_connector.sandbox.clock import DRIVEN_START
from bpx_connector.sandbox.crowd.listings import assets, listings
from tests.support.keys import FIRST, KeyPair, key_pair
from tests.support.samples import OfflineExchange, offline_exchange
from tests.support.sandboxes import SYMBOLS, RunningSandbox

__all__ = ["FIRST_CLIENT_ID", "Caller", "StandingClock"]

FIRST_CLIENT_ID = 10_000_000
FAR_FROM_IT = 1_000_000
"""Between the first client ids of two callers."""


class StandingClock:
    """The time that an exchange object is told: it stands still until a test advances it."""

    def __init__(self) -> None:
        self.microseconds = DRIVEN_START

    def advance(self, seconds: float) -> None:
        """Let that much time pass."""
        self.microseconds += round(seconds * 1_000_000)


class Caller:
    """An exchange object and the way to call it, the same for the blocking and the asyncio class.

    Its markets are loaded; `load_markets(True)` asks for them again.
    """

    def __init__(
        self,
        *,
        is_asyncio: bool,
        sandbox: RunningSandbox | None,
        keys: KeyPair = FIRST,
        config: Mapping[str, Any] = {},
        clock: StandingClock | None = None,
        url: str | None = None,
        refusal: str | None = None,
        is_live: bool = False,
        numbered_from: int | None = None,
    ) -> None:
        """`numbered_from` is its first client id, so that a cassette holds those that are asked with."""
        self.is_asyncio = is_asyncio
        self.sandbox = sandbox
        self.keys = keys
        self.clock = clock or StandingClock()
        self._url = url if sandbox is None else sandbox.url
        self._refusal = refusal
        self._is_live = is_live
        self._numbered_from = numbered_from
        self._others: list[Caller] = []
        self._runner = asyncio.Runner() if is_asyncio else None
        self.exchange: Any = self._exchange(config)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """What the exchange's method of that name returns, awaited if it has to be."""
        return self.result(getattr(self.exchange, name)(*args, **kwargs))

    def result(self, value: Any) -> Any:
        """A value as it is, an awaitable's result. Everything a test awaits runs in one event loop."""
        if not inspect.isawaitable(value):
            return value
        assert self._runner is not None, f"the blocking class answered with {value!r}"
        return self._runner.run(_awaited(value))

    def advance(self, seconds: float) -> None:
        """Let time pass for the exchange object, and for the sandbox where there is one."""
        self.clock.advance(seconds)
        if self.sandbox is not None:
            self.sandbox.advance(seconds)

    def second(self, config: Mapping[str, Any] = {}) -> Caller:
        """Another account's caller, on the same sandbox and clock."""
        return self._another(key_pair(len(self._others) + 2), config)

    def configured(self, config: Mapping[str, Any]) -> Caller:
        """The same account through an exchange object of its own, with this configuration."""
        return self._another(self.keys, config)

    def close(self) -> None:
        """Close every connection that was opened here."""
        for other in self._others:
            other.close()
        if self._runner is None:
            self.exchange.session.close()
            return
        self._runner.run(self.exchange.close())
        self._runner.close()

    def _another(self, keys: KeyPair, config: Mapping[str, Any]) -> Caller:
        other = Caller(
            is_asyncio=self.is_asyncio,
            sandbox=self.sandbox,
            keys=keys,
            config=config,
            clock=self.clock,
            url=self._url,
            refusal=self._refusal,
            is_live=self._is_live,
            numbered_from=self._numbered_from and self._numbered_from + FAR_FROM_IT * (len(self._others) + 1),
        )
        self._others.append(other)
        return other

    def _refuse(self, *_: Any) -> None:
        pytest.fail(self._refusal or "", pytrace=False)

    def _exchange(self, config: Mapping[str, Any]) -> Any:
        kind: Any = bpx_connector.async_support.bpx if self.is_asyncio else bpx_connector.bpx
        exchange = kind({"enableRateLimit": self._is_live, **self.keys.credentials, **config})
        exchange.timeout_on_exit = 0  # milliseconds that the asyncio class sleeps on close()
        if self._numbered_from is not None:
            exchange._client_ids = ClientIds(lambda: self._numbered_from or 0)
        if self._is_live:
            return exchange
        if self._url is not None:
            exchange.urls["api"] = {**exchange.urls["api"], "public": self._url, "private": self._url}
        if self._refusal is not None:
            exchange.fetch = self._refuse
        listed = _listed(exchange.number)
        exchange.set_markets(deepcopy(list(listed.markets.values())), deepcopy(listed.currencies))
        exchange.milliseconds = lambda: self.clock.microseconds // 1000
        exchange.seconds = lambda: self.clock.microseconds // 1_000_000
        exchange.microseconds = lambda: self.clock.microseconds
        return exchange


@cache
def _listed(number: Any) -> OfflineExchange:
    """The sandbox's markets as the parsers see them: loaded beforehand, or each cassette would carry them."""
    rows = [dict(listing.rules.row) for listing in listings(SYMBOLS)]
    return offline_exchange({"number": number}, markets=rows, assets=assets())


async def _awaited(value: Any) -> Any:
    return await value
