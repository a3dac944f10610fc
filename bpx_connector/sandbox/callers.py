"""Exchange objects of the connector that lead to a sandbox: the one place where it knows of its callers.

The connector, and ccxt with it, is loaded when such an object is asked for and not before.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.clock import Clock, RealClock
from bpx_connector.sandbox.records.nearest import nearest
from bpx_connector.sandbox.records.times import MILLISECOND

__all__ = ["exchange_on", "is_blocking", "running_loop"]

HOMES: Final = {
    "blocking": "bpx_connector",
    "async": "bpx_connector.async_support",
    "pro": "bpx_connector.pro",
}
"""The three classes by their kinds, and where they live."""


def is_blocking(kind: Any) -> bool:
    """Whether the methods of that kind of exchange wait for their answers in their caller's thread."""
    return kind == "blocking" or (
        isinstance(kind, type) and not inspect.iscoroutinefunction(getattr(kind, "fetch", None))
    )


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that this thread runs, if it runs one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def exchange_on(urls: Mapping[str, Any], clock: Clock, kind: Any, config: Mapping[str, Any]) -> Any:
    """An exchange of that kind or class at these addresses; on a clock that is driven it goes by that."""
    own: dict[str, Any] = {"urls": dict(urls), **generated_keys().config}
    is_driven = type(clock) is not RealClock  # or faster than the machine's
    if is_driven:
        own["enableRateLimit"] = False
    exchange = _class_of(kind)({**own, **config})
    if is_driven:
        exchange.milliseconds = lambda: clock.now() // MILLISECOND
    return exchange


def _class_of(kind: Any) -> Any:
    if isinstance(kind, type):
        return kind
    home = HOMES.get(kind)
    if home is None:
        raise ValueError(
            f"kind={kind!r} is none of {', '.join(HOMES)} and no class{nearest(str(kind), HOMES)}"
        )
    return import_module(home).bpx
