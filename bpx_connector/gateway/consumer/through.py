"""What takes the place of ccxt's `fetch2` in an exchange object that is on the bus, in both ways of waiting.

It is put on the instance: an exchange without a gateway takes no step more for there being one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpx_connector.gateway.consumer.attached import Attached
from bpx_connector.gateway.consumer.blocking import BusThread

__all__ = ["awaited", "blocking"]


def blocking(gateway: Attached, bus: BusThread, directly: Callable[..., Any]) -> Callable[..., Any]:
    """Answers over the bus, waited for; what is not the gateway's to send goes the direct way."""

    def fetched(
        path: str, api: Any = "public", method: str = "GET", params: Any = {}, *rest: Any, config: Any = {}
    ) -> Any:
        answer = bus.result(gateway.answered(path, _access(api), method, params))
        if answer is not None:
            return gateway.understood(method, path, answer)
        return directly(path, api, method, params, *rest, config=config)

    return fetched


def awaited(gateway: Attached, directly: Callable[..., Any]) -> Callable[..., Any]:
    """The same as a coroutine function."""

    async def fetched(
        path: str, api: Any = "public", method: str = "GET", params: Any = {}, *rest: Any, config: Any = {}
    ) -> Any:
        answer = await gateway.answered(path, _access(api), method, params)
        if answer is not None:
            return gateway.understood(method, path, answer)
        return await directly(path, api, method, params, *rest, config=config)

    return fetched


def _access(api: Any) -> str:
    """Whether an operation is public or private: alone, or first of what ccxt puts in a list."""
    return str(api if isinstance(api, str) else api[0])
