"""The venue's OpenAPI as JSON schemas, to hold answers against.

The wire sends null where the document leaves a key out, so every property that is not required may be null.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

__all__ = ["document", "problems", "property_names"]

_KEPT = {"type", "properties", "required", "items", "enum", "allOf", "anyOf", "oneOf", "additionalProperties"}


@cache
def document() -> dict[str, Any]:
    """tests/data/openapi.json."""
    path = Path(__file__).parent.parent / "data" / "openapi.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def _converted(schema: Any) -> Any:
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
    kept = {key: value for key, value in schema.items() if key in _KEPT}
    for key in ("allOf", "anyOf", "oneOf"):
        if key in kept:
            kept[key] = [_converted(part) for part in kept[key]]
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = _converted(kept[key])
    if "properties" in kept:
        required = kept.get("required", [])
        kept["properties"] = {
            name: _converted(part) if name in required else {"anyOf": [_converted(part), {"type": "null"}]}
            for name, part in kept["properties"].items()
        }
    return kept


@cache
def _definitions() -> dict[str, Any]:
    return {name: _converted(schema) for name, schema in document()["components"]["schemas"].items()}


def _response_schema(operation: str, status: int) -> dict[str, Any] | None:
    method, path = operation.split(" ")
    response = document()["paths"][path][method.lower()]["responses"].get(str(status))
    if response is None:
        raise LookupError(f"{operation} documents no answer {status}")
    for content in response.get("content", {}).values():
        schema: dict[str, Any] = _converted(content["schema"])
        return schema
    return None


def problems(operation: str, status: int, body: Any) -> list[str]:
    """Where a body differs from what the operation documents for this status; nothing if it fits."""
    schema = _response_schema(operation, status)
    if schema is None:
        return [] if body is None else ["a body where none is documented"]
    validator = Draft202012Validator({**schema, "$defs": _definitions()})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def property_names(name: str) -> set[str]:
    """All keys that an object of this schema can have, those of its parts included."""
    return _names(document()["components"]["schemas"][name])


def _names(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return property_names(schema["$ref"].rpartition("/")[2])
    names = set(schema.get("properties", {}))
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, []):
            names |= _names(part)
    return names
