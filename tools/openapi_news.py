"""What a newer OpenAPI of the venue changes, and what of this package each change touches.

    make news FILE=newer.json

Compared with tests/data/openapi.json. For every operation that came, went or changed it names the row that
calls it, the methods that reach it, the sandbox's answer, and the tests that speak of it; for every schema
the operations that are made of it. Take the file over once all of it is dealt with.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bpx_connector.sandbox.http.answering import HANDLERS
from tools.operations import callers, camel, endpoints

__all__ = ["news"]

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "tests" / "data" / "openapi.json"
Document = dict[str, Any]


def news(old: Document, new: Document) -> list[str]:
    """The lines that are printed: first the operations, then the schemas."""
    before, after = operations(old), operations(new)
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    lines = [
        *_section("added", sorted(after.keys() - before.keys()), before, after),
        *_section("removed", sorted(before.keys() - after.keys()), before, after),
        *_section("changed", sorted(changed), before, after),
        *_schemas(old, new),
    ]
    return lines or ["nothing has changed"]


def operations(document: Document) -> dict[str, dict[str, str]]:
    """Each operation as facts by name: parameters, body, answers."""
    return {
        f"{method.upper()} {path}": dict(_facts(row))
        for path, methods in document["paths"].items()
        for method, row in methods.items()
    }


def _facts(operation: Document) -> Iterator[tuple[str, str]]:
    for parameter in operation.get("parameters", []):
        kind = _kind(parameter["schema"]) + (", required" if parameter.get("required") else "")
        yield f"{parameter['in']} {parameter['name']}", kind
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield "body", _kind(content["schema"])
    for status, response in operation["responses"].items():
        kinds = [_kind(content["schema"]) for content in response.get("content", {}).values()]
        yield f"answer {status}", kinds[0] if kinds else "empty"


def _kind(schema: Document) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "allOf" in schema:
        return _kind(schema["allOf"][0])
    if schema.get("type") == "array":
        return f"[{_kind(schema['items'])}]"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    return " ".join(str(schema[key]) for key in ("type", "format") if key in schema)


def _section(
    word: str, names: list[str], before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]
) -> Iterator[str]:
    for name in names:
        yield f"{word}: {name}"
        if word == "changed":
            yield from (f"    {line}" for line in _differences(before[name], after[name]))
        yield from (f"    {line}" for line in touched(name))


def _differences(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    yield from (f"+ {key}: {after[key]}" for key in sorted(after.keys() - before.keys()))
    yield from (f"- {key}: {before[key]}" for key in sorted(before.keys() - after.keys()))
    for key in sorted(before.keys() & after.keys()):
        if before[key] != after[key]:
            yield f"~ {key}: {before[key]} -> {after[key]}"


def touched(name: str) -> Iterator[str]:
    """The row, methods, answer and tests of an operation; what is to be written where there are none."""
    method, path = name.split(" ")
    rows = [row for row, each in endpoints().items() if (each.method, f"/{each.path}") == (method, path)]
    yield f"row: {', '.join(camel(row) for row in rows) or 'none yet, in bpx_connector/venue/endpoints.py'}"
    methods = sorted({camel(each) for row in rows for each in callers().get(row, ())})
    yield f"methods: {', '.join(methods) or 'none'}"
    handler = HANDLERS.get(name)
    answer = "none yet" if handler is None else f"{handler.__module__}.{handler.__name__}"
    yield f"sandbox: {answer}"
    yield f"tests: {', '.join(_tests(path)) or 'none name its path'}"


def _tests(path: str) -> list[str]:
    return [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "tests").rglob("*.py"))
        if f"{path}" in file.read_text(encoding="utf-8")
    ]


def _schemas(old: Document, new: Document) -> Iterator[str]:
    before, after = old["components"]["schemas"], new["components"]["schemas"]
    for name in sorted(before.keys() | after.keys()):
        was, now = _fields(before.get(name)), _fields(after.get(name))
        if was == now:
            continue
        word = "removed" if name not in after else "added" if name not in before else "changed"
        yield f"schema {word}: {name}"
        yield from (f"    {line}" for line in _differences(was, now))
        users = sorted(_users(new if name in after else old, name))
        yield f"    used by: {', '.join(users) or 'none'}"


def _fields(schema: Document | None) -> dict[str, str]:
    if schema is None:
        return {}
    required = schema.get("required", [])
    fields = {
        name: _kind(part) + (", required" if name in required else "")
        for name, part in schema.get("properties", {}).items()
    }
    return {**fields, **{f"word {word}": "" for word in schema.get("enum", [])}}


def _users(document: Document, name: str) -> set[str]:
    """The operations that are made of a schema, through others too."""
    return {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if name in _mentioned(document, operation, set())
    }


def _mentioned(document: Document, part: Any, seen: set[str]) -> set[str]:
    if isinstance(part, list):
        for each in part:
            _mentioned(document, each, seen)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            _mentioned(document, document["components"]["schemas"].get(name), seen)
        for each in part.values():
            _mentioned(document, each, seen)
    return seen


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("name the newer file: make news FILE=newer.json")
    known, newer = (json.loads(Path(each).read_text(encoding="utf-8")) for each in (KNOWN, sys.argv[1]))
    print("\n".join(news(known, newer)))
