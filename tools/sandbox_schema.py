"""Makes bpx_connector/sandbox/data/schema.json: what the sandbox checks a request against.

It keeps, of the venue's OpenAPI, the operations with their parameters, bodies and instructions, and the
enums and objects those name. Run it after replacing tests/data/openapi.json:

    python tools/sandbox_schema.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tests" / "data" / "openapi.json"
TARGET = ROOT / "bpx_connector" / "sandbox" / "data" / "schema.json"

# The file writes this enum out where it is used and gives it no name; FACTS about it are the same everywhere.
INLINE_ENUMS = {("MarkPrice", "LastPrice", "IndexPrice"): "TriggerBy"}

# Three operations of the text name no instruction and take a browser session and a second factor instead.
SESSION_PATH = "/wapi/v1/capital/withdrawals/delay"

# "30 per minute on historical market data (time-range data such as candles and trades)", the venue's FAQ.
# It does not say where funding rates and the account's history belong: they are counted as if in there.
HISTORICAL_PATHS = ("/api/v1/klines", "/api/v1/trades/history", "/api/v1/fundingRates", "/wapi/v1/history/")


class Schemas:
    """Names of types, and the definitions of those named so far."""

    def __init__(self, components: dict[str, Any]) -> None:
        self.components = components
        self.enums: dict[str, list[str]] = {}
        self.objects: dict[str, dict[str, list[Any]]] = {}

    def type_name(self, schema: dict[str, Any]) -> str:
        """The short name of a schema: `decimal`, `integer_uint32`, `Side`, `[MarketType]`."""
        if "allOf" in schema:
            return self.type_name(schema["allOf"][0])
        if "$ref" in schema:
            return self.named(schema["$ref"].rpartition("/")[2])
        if schema["type"] == "array":
            return f"[{self.type_name(schema['items'])}]"
        if "enum" in schema:
            name = INLINE_ENUMS[tuple(schema["enum"])]
            self.enums[name] = schema["enum"]
            return name
        if schema["type"] == "integer":
            return f"integer_{schema['format']}"
        if schema.get("format") == "decimal":
            return "decimal"
        if "maxLength" in schema:
            return f"string<={schema['maxLength']}"
        return str(schema["type"])

    def named(self, name: str) -> str:
        schema = self.components[name]
        if "enum" in schema:
            self.enums[name] = schema["enum"]
        elif name not in self.objects:
            required = schema.get("required", [])
            self.objects[name] = {}
            self.objects[name] = {
                field: [self.type_name(kind), field in required]
                for field, kind in schema["properties"].items()
            }
        return name


def operation_row(method: str, path: str, operation: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    """One operation: access, instruction, query parameters and body."""
    instruction = re.findall(r"nstruction:?\**:? *`?(\w+)", operation.get("description", ""))
    headers = {row["name"]: row for row in operation.get("parameters", []) if row["in"] == "header"}
    row: dict[str, Any] = {"access": "public"}
    if instruction:
        row["access"] = "signed" if headers.get("X-API-KEY", {}).get("required") else "signed or session"
        row["instruction"] = instruction[0]
    elif path == SESSION_PATH:
        row["access"] = "session"
    query = {
        parameter["name"]: [schemas.type_name(parameter["schema"]), parameter.get("required", False)]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    }
    if query:
        row["query"] = query
    if method == "GET" and path.startswith(HISTORICAL_PATHS):
        row["historical"] = True
    if "requestBody" in operation:
        content = next(iter(operation["requestBody"]["content"].values()))
        row["body"] = schemas.type_name(content["schema"])
    return row


def compact_schema(document: dict[str, Any]) -> dict[str, Any]:
    """The part of the venue's OpenAPI that a request can be checked with."""
    schemas = Schemas(document["components"]["schemas"])
    operations = {
        f"{method.upper()} {path}": operation_row(method.upper(), path, operation, schemas)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    return {
        "origin": "made from the venue's OpenAPI by tools/sandbox_schema.py; do not edit",
        "operations": operations,
        "objects": schemas.objects,
        "enums": schemas.enums,
        "error_codes": document["components"]["schemas"]["ApiErrorCode"]["enum"],
    }


def as_text(schema: dict[str, Any]) -> str:
    """The schema as JSON with one entry a line."""
    sections = []
    for name, value in schema.items():
        if isinstance(value, dict):
            rows = ",\n".join(f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in value.items())
            sections.append(f" {json.dumps(name)}: {{\n{rows}\n }}")
        else:
            sections.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(as_text(compact_schema(json.loads(SOURCE.read_text()))))
