"""A payload beside the type that the venue's OpenAPI gives it, field by field; and beside another payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

__all__ = ["Difference", "between", "differences", "kind_of"]

NAMES = {str: "text", int: "a whole number", bool: "true or false", float: "a number", NoneType: "null"}
KINDS = {**NAMES, dict: "an object", list: "a list"}


class Difference(NamedTuple):
    """Where something is otherwise: a path such as `[].price`, and a sentence. `is_news`: it is only more."""

    path: str
    said: str
    is_news: bool = False


def differences(value: Any, expected: Any, path: str = "") -> Iterator[Difference]:
    """Where a payload is not what its type says; each path once."""
    seen = set()
    for found in _differences(value, expected, path):
        if found not in seen:
            seen.add(found)
            yield found


def _differences(value: Any, expected: Any, path: str) -> Iterator[Difference]:
    origin = get_origin(expected)
    if expected is Any:
        return
    if is_typeddict(expected):
        yield from _of_object(value, expected, path)
    elif origin is list:
        yield from _of_list(value, get_args(expected)[0], path)
    elif origin is dict:
        yield from _of_map(value, get_args(expected)[1], path)
    elif origin is UnionType:
        yield from _of_choice(value, get_args(expected), path)
    elif origin is Literal:
        if value not in get_args(expected):
            yield Difference(
                path, f"is {value!r}, the documents have {' or '.join(map(repr, get_args(expected)))}"
            )
    elif not _is_a(value, expected):
        yield Difference(path, f"is {kind_of(value)}, the documents have {NAMES.get(expected, expected)}")


def _of_object(value: Any, expected: Any, path: str) -> Iterator[Difference]:
    if not isinstance(value, Mapping):
        yield Difference(path, f"is {kind_of(value)}, the documents have an object")
        return
    hints = _hints(expected)
    for name, hint in hints.items():
        may_lack = get_origin(hint) is NotRequired
        if name in value:
            kind = get_args(hint)[0] if may_lack else hint
            yield from _differences(value[name], kind, _below(path, name))
        elif not may_lack:
            yield Difference(_below(path, name), "is missing, the documents require it")
    for name in value:
        if name not in hints:
            yield Difference(_below(path, name), "is in no document", is_news=True)


def _of_list(value: Any, item: Any, path: str) -> Iterator[Difference]:
    if not isinstance(value, list):
        yield Difference(path, f"is {kind_of(value)}, the documents have a list")
        return
    for each in value:
        yield from _differences(each, item, f"{path}[]")


def _of_map(value: Any, item: Any, path: str) -> Iterator[Difference]:
    if not isinstance(value, Mapping):
        yield Difference(path, f"is {kind_of(value)}, the documents have an object")
        return
    for each in value.values():
        yield from _differences(each, item, f"{path}.*")


def _of_choice(value: Any, choices: tuple[Any, ...], path: str) -> Iterator[Difference]:
    """The first choice that fits; if none does, what the nearest says: the one of the same kind."""
    found = [list(_differences(value, choice, path)) for choice in choices]
    if all(any(not each.is_news for each in differences) for differences in found):
        yield from min(
            found, key=lambda differences: (any(each.path == path for each in differences), len(differences))
        )


@cache
def _hints(expected: Any) -> dict[str, Any]:
    return get_type_hints(expected, include_extras=True)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_a(value: Any, expected: Any) -> bool:
    if isinstance(value, bool):
        return expected is bool
    if expected is float:
        return isinstance(value, int | float)
    return isinstance(value, expected)


def kind_of(value: Any) -> str:
    """What JSON calls a value."""
    return KINDS.get(type(value), type(value).__name__)


# --- beside another payload ---------------------------------------------------------------------------------


def between(value: Any, other: Any) -> Iterator[Difference]:
    """Fields that only one of two answers has, or that are something else in it; null fits anything."""
    ours, theirs = _tree(value), _tree(other)
    for path in sorted(ours.keys() | theirs.keys()):
        parent = path.rpartition(".")[0]
        if path in ours and path in theirs:
            if not (ours[path] & theirs[path] or {"null"} in (ours[path], theirs[path])):
                said = f"is {_words(ours[path])}, with the sandbox {_words(theirs[path])}"
                yield Difference(path.lstrip("."), said, is_news=True)
        elif _is_object(ours, parent) and _is_object(theirs, parent):
            said = "is not in the sandbox's answer" if path in ours else "is the sandbox's alone"
            yield Difference(path.lstrip("."), said, is_news=True)


def _is_object(tree: Mapping[str, set[str]], path: str) -> bool:
    return tree.get(path) == {"an object"}


def _words(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))


def _tree(value: Any) -> dict[str, set[str]]:
    tree: dict[str, set[str]] = {}
    _grow(tree, value, "")
    return tree


def _grow(tree: dict[str, set[str]], value: Any, path: str) -> None:
    tree.setdefault(path, set()).add(kind_of(value))
    if isinstance(value, Mapping):
        is_map = all(name.isupper() for name in value)  # of assets: USDC, SOL
        for name, item in value.items():
            _grow(tree, item, f"{path}.{'*' if is_map else name}")
    elif isinstance(value, list):
        for item in value:
            _grow(tree, item, f"{path}[]")
