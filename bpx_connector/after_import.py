"""Calls somebody as soon as a module has been executed: imported for the first time, or loaded again.

Python's own way for this is a finder at the head of `sys.meta_path`. This one finds nothing by itself: it
asks the others, and adds to what they found that one step more is to be taken.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["call_after_import", "stop_calling"]

Action = Callable[[ModuleType], None]


class _Finder(MetaPathFinder):
    def __init__(self, names: Iterable[str], action: Action) -> None:
        self.names = frozenset(names)
        self.action = action

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self.names:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            _add_step(spec, self.action)
        return spec


def _add_step(spec: ModuleSpec, action: Action) -> None:
    """Let the spec's own loader execute the module, and the action follow."""
    assert spec.loader is not None
    execute = spec.loader.exec_module

    def executed(module: ModuleType) -> None:
        execute(module)
        action(module)

    spec.loader.exec_module = executed  # type: ignore[method-assign]  # of this one loader, made for this spec


def call_after_import(names: Iterable[str], action: Action) -> None:
    """Have `action` called with each of these modules whenever it is executed; asked twice is asked once."""
    if not any(isinstance(finder, _Finder) and finder.action is action for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(names, action))


def stop_calling(action: Action) -> None:
    """Undo `call_after_import`."""
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not (isinstance(finder, _Finder) and finder.action is action)
    ]
