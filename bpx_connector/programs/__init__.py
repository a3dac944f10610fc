"""What other people's programs need beyond an exchange that ccxt knows: one module a program.

`furnish_when_imported` waits for a program to load the module of its own that lists exchanges, and hands it
the class it lacks. A program that never does so pays nothing; none of them is a dependency.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from bpx_connector.after_import import call_after_import, stop_calling

__all__ = ["furnish_when_imported", "leave_as_they_are"]

FURNISHED = {"freqtrade.exchange": "bpx_connector.programs.freqtrade"}
"""A program's module -> ours that has `furnish(module, name)`."""

_names: list[str] = []


def furnish_when_imported(name: str) -> None:
    """Have programs that know exchanges by classes of their own know the one of this name, too."""
    if name not in _names:
        _names.append(name)
    call_after_import(FURNISHED, _furnish)
    for theirs in FURNISHED:
        if theirs in sys.modules:
            _furnish(sys.modules[theirs])


def leave_as_they_are() -> None:
    """Undo `furnish_when_imported` for programs that are not loaded yet."""
    _names.clear()
    stop_calling(_furnish)


def _furnish(module: ModuleType) -> None:
    for name in _names:
        import_module(FURNISHED[module.__name__]).furnish(module, name)
