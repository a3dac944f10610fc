"""Puts the three exchange classes into ccxt by name, and takes them out again.

Programs find an exchange as `ccxt.<name>`, `ccxt.async_support.<name>` and `ccxt.pro.<name>`, and in the
three lists `exchanges`. Nothing here runs on import: `register()` does it all.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple, cast

__all__ = ["register", "unregister"]

OUR_NAME = "bpx"
HOMES = {
    "ccxt": "bpx_connector",
    "ccxt.async_support": "bpx_connector.async_support",
    "ccxt.pro": "bpx_connector.pro",
}
"""Each module of ccxt, and where the class that belongs into it lives."""


class _Place(NamedTuple):
    """What a module of ccxt held under a name before us."""

    module: ModuleType
    previous: Any
    added_to_exchanges: bool
    added_to_all: bool


_registered: dict[str, list[_Place]] = {}


def register(name: str = OUR_NAME, *, replace: bool = False) -> None:
    """Make `ccxt.<name>`, `ccxt.async_support.<name>` and `ccxt.pro.<name>` our classes, with that id.

    Calling it again is harmless. A name that ccxt already uses is refused with a ValueError unless
    `replace` is given; `unregister(name)` puts everything back.
    """
    if name in _registered:
        return
    if not name.isidentifier() or name != name.lower():
        raise ValueError(
            f"{name!r} cannot name an exchange: ccxt's ids are lower-case identifiers, like {OUR_NAME!r}"
        )
    modules = {home: import_module(home) for home in HOMES}
    taken = [home for home, module in modules.items() if hasattr(module, name)]
    if taken and not replace:
        raise ValueError(
            f"{' and '.join(taken)} already has {name!r}; register({name!r}, replace=True) takes its place, "
            f"register() uses {OUR_NAME!r}"
        )
    classes = {home: _class_called(name, import_module(ours).bpx) for home, ours in HOMES.items()}
    _registered[name] = [_put(modules[home], name, exchange) for home, exchange in classes.items()]


def unregister(name: str = OUR_NAME) -> None:
    """Undo `register(name)`. A name that was not registered is left alone."""
    for place in _registered.pop(name, []):
        if place.previous is None:
            delattr(place.module, name)
        else:
            setattr(place.module, name, place.previous)
        if place.added_to_exchanges:
            place.module.exchanges.remove(name)
        if place.added_to_all:
            place.module.__all__.remove(name)


def _class_called(name: str, ours: Any) -> type:
    """Our class itself, or a subclass whose name and id are `name`."""
    if name == OUR_NAME:
        return cast("type", ours)

    class Renamed(ours):  # type: ignore[misc]  # one of our three classes, which one is known at run time
        __doc__ = ours.__doc__

        def describe(self) -> Any:
            return {**super().describe(), "id": name}

    Renamed.__name__ = Renamed.__qualname__ = name
    Renamed.__module__ = ours.__module__
    return cast("type", Renamed)


def _put(module: ModuleType, name: str, exchange: type) -> _Place:
    previous = getattr(module, name, None)
    setattr(module, name, exchange)
    return _Place(
        module,
        previous,
        added_to_exchanges=_added(module.exchanges, name),
        added_to_all=_added(getattr(module, "__all__", None), name),
    )


def _added(names: list[str] | None, name: str) -> bool:
    if names is None or name in names:
        return False
    names.append(name)
    return True
