"""Backpack Exchange for every program that speaks ccxt.

`bpx` is the blocking exchange; `bpx_connector.async_support.bpx` the asyncio one; `bpx_connector.pro.bpx` the
asyncio one with streams. `register()` puts all three into ccxt by name.

`bpx` is loaded when it is asked for (PEP 562), and ccxt with it: the local exchange in `sandbox` starts
without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpx_connector.plugin import register, unregister

if TYPE_CHECKING:
    from bpx_connector.blocking import bpx

__all__ = ["bpx", "register", "unregister"]

__version__ = "0.1.0"


if not TYPE_CHECKING:  # a checker would take every name for one of the package's

    def __getattr__(name: str) -> Any:
        if name != "bpx":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from bpx_connector.blocking import bpx

        globals()[name] = bpx  # asked for once; from here on it is an attribute like any other
        return bpx


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
