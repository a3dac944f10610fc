"""Puts the three exchange classes into ccxt by name, and takes them out again.

Programs find an exchange as `ccxt.<name>`, `ccxt.async_support.<name>` and `ccxt.pro.<name>`, and in the
three lists `exchanges`. Nothing here runs on import: `register()` does it all. A module of ccxt that is
loaded again gets the name again; one that is not loaded yet gets it when it is (`register_when_imported`).
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from bpx_connector.after_import import call_after_import, stop_calling

__all__ = ["OUR_NAME", "class_called", "register", "register_when_imported", "unregister"]

OUR_NAME = "bpx"
HOMES = {
    "ccxt": "bpx_connector",
    "ccxt.async_support": "bpx_connector.async_support",
    "ccxt.pro": "bpx_connector.pro",
}
"""Each module of ccxt, and where the class that belongs into it lives."""

_NOTHING: Any = object()


@dataclass
class _Place:
    """What a module of ccxt held under a name before us, and what we put there."""

    module: ModuleType
    previous: Any
    added_to: list[list[str]]
    ours: Any = _NOTHING


_registered: dict[str, dict[str, _Place]] = {}
"""Every name that is ours now, and its places by the module of ccxt."""


def register(name: str = OUR_NAME, *, replace: bool = False) -> None:
    """Make `ccxt.<name>`, `ccxt.async_support.<name>` and `ccxt.pro.<name>` our classes, with that id.

    Calling it again is harmless. A name that ccxt already uses is refused with a ValueError unless
    `replace` is given; `unregister(name)` puts everything back.
    """
    modules = {home: import_module(home) for home in HOMES}
    if name not in _registered:
        _refuse_if_impossible(name)
        taken = [home for home, module in modules.items() if hasattr(module, name)]
        if taken and not replace:
            raise ValueError(
                f"{' and '.join(taken)} already has {name!r}; register({name!r}, replace=True) takes its "
                f"place, register() uses {OUR_NAME!r}"
            )
    classes = {home: class_called(name, ours) for home, ours in HOMES.items()}
    _registered.setdefault(name, {})
    call_after_import(HOMES, _put_back)
    for home, exchange in classes.items():
        _put(modules[home], name).ours = exchange
        setattr(modules[home], name, exchange)


def register_when_imported(name: str = OUR_NAME) -> None:
    """Have the name registered, in place of any other class, as soon as a program imports ccxt; no sooner.

    The classes themselves are loaded when somebody asks for them. A program that never imports ccxt pays
    nothing.
    """
    _refuse_if_impossible(name)
    _registered.setdefault(name, {})
    call_after_import(HOMES, _put_back)
    for home in HOMES:
        if home in sys.modules:
            _promise(sys.modules[home], name)


def unregister(name: str = OUR_NAME) -> None:
    """Undo `register(name)`. A name that was not registered is left alone."""
    for place in _registered.pop(name, {}).values():
        _clear(place, name)
    if not _registered:
        stop_calling(_put_back)


def class_called(name: str, ours: str) -> type:
    """The exchange class of one of our modules, or a subclass of it whose name and id are `name`."""
    exchange = import_module(ours).bpx
    return exchange if name == OUR_NAME else _renamed(name, exchange)


def _refuse_if_impossible(name: str) -> None:
    if not name.isidentifier() or name != name.lower():
        raise ValueError(
            f"{name!r} cannot name an exchange: ccxt's ids are lower-case identifiers, like {OUR_NAME!r}"
        )


# --- a class of another name --------------------------------------------------------------------------------


class _RenamedType(type):
    """The type of renamed classes: pickle finds them by their origin, in processes that never registered."""


@cache
def _renamed(name: str, ours: Any) -> type:
    class Renamed(ours, metaclass=_RenamedType):  # type: ignore[misc]  # which of the three is known at run time
        __doc__ = ours.__doc__

        def describe(self) -> Any:
            return {**super().describe(), "id": name}

    Renamed.__name__ = Renamed.__qualname__ = name
    Renamed.__module__ = ours.__module__
    _renamed_types.add(Renamed)
    return Renamed


_renamed_types: set[type] = set()


def _origin(kind: type) -> str | tuple[Callable[[str, str], type], tuple[str, str]]:
    if kind not in _renamed_types:
        return kind.__qualname__  # a user's subclass: found where it was written, like any class
    return class_called, (kind.__name__, kind.__module__)


copyreg.pickle(_RenamedType, _origin)  # type: ignore[arg-type]  # typeshed knows reducers of instances only


# --- into a module of ccxt and out again --------------------------------------------------------------------


def _put_back(module: ModuleType) -> None:
    """A module of ccxt has just been executed, for the first time or again: all names belong into it."""
    for name in _registered:
        _promise(module, name)


def _put(module: ModuleType, name: str) -> _Place:
    """Name the class in the module's lists, and remember what stood there."""
    places, found = _registered[name], vars(module).get(name, _NOTHING)
    place = places.setdefault(module.__name__, _Place(module, found, []))
    if found is not place.ours:  # the module was executed again, and has its own once more
        place.previous = found
    for names in (module.exchanges, getattr(module, "__all__", None)):
        if names is not None and name not in names:
            names.append(name)
            place.added_to.append(names)
    return place


def _promise(module: ModuleType, name: str) -> None:
    """Name the class, and load it when it is first asked for.

    It cannot be loaded at once: perhaps it is our own class's module that imports ccxt just now.
    """
    place = _put(module, name)
    vars(module).pop(name, None)
    place.ours = _NOTHING
    if not isinstance(vars(module).get("__getattr__"), _Promises):
        module.__getattr__ = _Promises(module)  # type: ignore[method-assign]  # PEP 562


class _Promises:
    """A module's `__getattr__`: our classes by their names, and whatever the module itself knows."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.theirs: Callable[[str], Any] | None = vars(module).get("__getattr__")

    def __call__(self, name: str) -> Any:
        home = self.module.__name__
        place = _registered.get(name, {}).get(home)
        if place is not None:
            place.ours = class_called(name, HOMES[home])
            setattr(self.module, name, place.ours)
            return place.ours
        if self.theirs is not None:
            return self.theirs(name)
        raise AttributeError(f"module {home!r} has no attribute {name!r}")


def _clear(place: _Place, name: str) -> None:
    module = place.module
    vars(module).pop(name, None)
    if place.previous is not _NOTHING:
        setattr(module, name, place.previous)
    for names in place.added_to:
        if name in names:
            names.remove(name)
    promises = vars(module).get("__getattr__")
    if isinstance(promises, _Promises) and not _registered:
        del module.__getattr__
        if promises.theirs is not None:
            module.__getattr__ = promises.theirs  # type: ignore[method-assign]  # PEP 562
