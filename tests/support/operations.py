"""The operations and error codes that the venue's own document names, read for comparison with our tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.support.openapi import document

__all__ = ["Operation", "error_codes", "operations"]

# POST /api/v1/orders names its instruction in the chapter on signing, not at the operation.
_NAMED_ELSEWHERE = {("POST", "api/v1/orders"): "orderExecute"}


@dataclass(frozen=True)
class Operation:
    """One operation as the document describes it; `path` without the leading slash."""

    method: str
    path: str
    instruction: str | None
    parameters: frozenset[str]
    required: frozenset[str]
    empty: int | None
    is_text: bool
    takes_signature: bool

    def __str__(self) -> str:
        return f"{self.method} /{self.path}"


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return found


def _body(described: dict[str, Any]) -> dict[str, Any]:
    for content in described.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(content["schema"])
        return _resolved(schema["items"]) if schema.get("type") == "array" else schema
    return {"properties": {}}


def _operation(method: str, path: str, described: dict[str, Any]) -> Operation:
    query = [row for row in described.get("parameters", []) if row["in"] == "query"]
    headers = {row["name"].upper() for row in described.get("parameters", []) if row["in"] == "header"}
    body = _body(described)
    named = re.search(r"\*\*Instruction:\*\* `([^`]+)`", described.get("description", ""))
    successes = {status: row for status, row in described["responses"].items() if status.startswith("2")}
    kinds = {kind for row in successes.values() for kind in row.get("content", {})}
    return Operation(
        method=method,
        path=path,
        instruction=named[1] if named else _NAMED_ELSEWHERE.get((method, path)),
        parameters=frozenset(row["name"] for row in query) | frozenset(body["properties"]),
        required=frozenset(row["name"] for row in query if row.get("required"))
        | frozenset(body.get("required", [])),
        empty=next((int(status) for status, row in successes.items() if not row.get("content")), None),
        is_text=any(kind.startswith("text/plain") for kind in kinds),
        takes_signature="X-SIGNATURE" in headers,
    )


def operations() -> list[Operation]:
    """Every operation of the document."""
    return [
        _operation(method.upper(), path.removeprefix("/"), described)
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
    ]


def error_codes() -> list[str]:
    """The enum ApiErrorCode."""
    codes: list[str] = document()["components"]["schemas"]["ApiErrorCode"]["enum"]
    return codes
