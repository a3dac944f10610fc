"""A local exchange that speaks the venue's language: a second reading of its rules, not the connector's.

`Sandbox` runs it inside an asyncio program, `SandboxThread` beside a blocking one, and
`python -m bpx_connector.sandbox` on its own. What the venue leaves unsaid is decided in `choices`.

Both are loaded when they are asked for (PEP 562): parts of this package are used without a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bpx_connector.sandbox.server import Sandbox, SandboxThread

__all__ = ["Sandbox", "SandboxThread"]


if not TYPE_CHECKING:  # a checker would take every name for one of the package's

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from bpx_connector.sandbox import server

        found = globals()[name] = getattr(server, name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
