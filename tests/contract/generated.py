"""Requests that schemathesis makes of the venue's OpenAPI, signed and sent to a sandbox, and what is wrong.

The document is what the venue publishes but for three things. It leaves out that absent values come as null
(as all captures show), that stocks are assets too (as captured) and that an order can be Triggered (as the
venue's own client has it), and what its formats mean: a uint32 has
bounds, a decimal is digits, a symbol is one of the markets. The latter decides only what is sent: where
anything else would be sent, too, nearly all of it ends at the parser.
"""

from __future__ import annotations

import base64
import copy
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from nacl.signing import SigningKey
from schemathesis.checks import CHECKS

from bpx_connector.sandbox.http.schema import OPERATIONS
from bpx_connector.sandbox.server import SandboxThread
from tests.support.openapi import document

__all__ = ["Report", "tried"]

KEY: Final = SigningKey(bytes(range(32)))
INTEGERS: Final = {
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**53), 2**53),
}
DECIMAL: Final = r"^[1-9][0-9]{0,3}(\.[0-9]{1,2})?$"
SYMBOLS: Final = ("SOL_USDC", "SOL_USDC_PERP", "BTC_USDC")
ASSETS: Final = ("SOL", "USDC", "BTC")
CHECKED: Final = ("not_a_server_error", "status_code_conformance", "response_schema_conformance")
ABOUT_ASSETS: Final = ("account/limits/borrow", "account/limits/withdrawal", "vault/mint")
STOCKS: Final = ("QNDX.US", "AAPL.US", "NVDA.US")

Schema = dict[str, Any]


class Report(NamedTuple):
    """How many requests were sent, with which statuses, and every kind of failure with an example."""

    statuses: dict[str, Counter[int]]
    failures: dict[tuple[str, str, int], str]

    @property
    def sent(self) -> int:
        """How many requests there were."""
        return sum(counter.total() for counter in self.statuses.values())

    @property
    def succeeded(self) -> list[str]:
        """The operations that have done at least once what they were asked."""
        return [label for label, counter in self.statuses.items() if any(status < 300 for status in counter)]


def tried(examples: int) -> Report:
    """The outcome of so many requests an operation."""
    report = Report({}, {})
    schema = schemathesis.openapi.from_dict(adjusted(document()))
    switches = {"withdraw_to": "any", "stock_hours": "always"}
    with SandboxThread(symbols=SYMBOLS, speed=0, switches=switches) as sandbox:
        for found in schema.get_all_operations():
            operation: Any = found
            _try_operation(operation.ok(), sandbox.url, examples, report)
    return report


def _try_operation(operation: Any, url: str, examples: int, report: Report) -> None:
    checks = CHECKS.get_by_names(list(CHECKED))
    statuses = report.statuses.setdefault(operation.label, Counter())

    @given(case=operation.as_strategy())
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        headers = signed_headers(case)
        response = case.call(base_url=url, headers=headers)
        statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=checks, headers=headers)
        except BaseExceptionGroup as failures:
            for failure in failures.exceptions:
                kind = (operation.label, type(failure).__name__, response.status_code)
                report.failures.setdefault(kind, f"{failure}\n{response.text[:300]}")

    run()


# --- signing, by the venue's text --------------------------------------------------------------------------


def signed_headers(case: Any) -> dict[str, str]:
    """The four headers, for operations that have an instruction."""
    operation = OPERATIONS[case.operation.path][case.operation.method.upper()]
    if operation.instruction is None:
        return {}
    payloads = case.body if operation.takes_list else [case.body if operation.body else case.query or {}]
    timestamp = str(time.time_ns() // 1_000_000)
    pieces = [piece for payload in payloads or [{}] for piece in _signed(operation.instruction, payload)]
    text = "&".join([*pieces, f"timestamp={timestamp}", "window=5000"])
    return {
        "X-API-KEY": base64.b64encode(bytes(KEY.verify_key)).decode(),
        "X-TIMESTAMP": timestamp,
        "X-WINDOW": "5000",
        "X-SIGNATURE": base64.b64encode(KEY.sign(text.encode()).signature).decode(),
    }


def _signed(instruction: str, payload: Any) -> Iterator[str]:
    yield f"instruction={instruction}"
    given_fields = payload if isinstance(payload, Mapping) else {}
    yield from (f"{name}={_text(given_fields[name])}" for name in sorted(given_fields))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return _text(value[-1]) if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)


# --- the document ------------------------------------------------------------------------------------------


def adjusted(published: Schema) -> Schema:
    """The venue's document with what it leaves out."""
    made = copy.deepcopy(published)
    schemas = made["components"]["schemas"]
    answered = set(_answered(made))
    for name, schema in schemas.items():
        (_told if name in answered else _asked)(schema)
    schemas["CustodyAsset"]["enum"] += STOCKS
    schemas["OrderStatus"]["enum"].append("Triggered")
    for path, methods in made["paths"].items():
        for operation in methods.values():
            _adjust_operation(path, operation)
    _only_known_assets(made)
    return made


def _adjust_operation(path: str, operation: Schema) -> None:
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        _asked(schema)
        if parameter["in"] == "query" and parameter["name"] == "symbol" and schema.get("type") == "string":
            schema["enum"] = list(ASSETS if path.endswith(ABOUT_ASSETS) else SYMBOLS)
    # The four headers are made by whoever sends the request.
    operation["parameters"] = [row for row in operation.get("parameters", []) if row["in"] != "header"]
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            _told(content["schema"])


def _answered(made: Schema) -> Iterator[str]:
    """The names of all schemas that answers are made of, and nothing that is sent."""
    sent: set[str] = set()
    for methods in made["paths"].values():
        for operation in methods.values():
            sent |= set(_named(made, operation.get("requestBody", {})))
            sent |= set(_named(made, operation.get("parameters", [])))
    return (name for name in made["components"]["schemas"] if name not in sent)


def _named(made: Schema, part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str):
            name = reference.rpartition("/")[2]
            yield name
            yield from _named(made, made["components"]["schemas"][name])
        for value in part.values():
            yield from _named(made, value)
    elif isinstance(part, list):
        for value in part:
            yield from _named(made, value)


def _told(schema: Any) -> None:
    """Whatever is not required may be null."""
    if isinstance(schema, list):
        for part in schema:
            _told(part)
    if not isinstance(schema, dict):
        return
    required = schema.get("required", [])
    for name, part in schema.get("properties", {}).items():
        _told(part)
        if name not in required:
            schema["properties"][name] = {"anyOf": [part, {"enum": [None]}]}
    for key in ("items", "allOf", "anyOf", "oneOf", "additionalProperties"):
        _told(schema.get(key))


def _asked(schema: Any) -> None:
    """What the formats mean, and that a symbol is one of the markets."""
    if isinstance(schema, list):
        for part in schema:
            _asked(part)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "integer" and schema.get("format") in INTEGERS:
        lowest, highest = INTEGERS[schema["format"]]
        schema["minimum"] = max(lowest, schema.get("minimum", lowest))
        schema["maximum"] = min(highest, schema.get("maximum", highest))
    if schema.get("format") == "decimal":
        schema["pattern"] = DECIMAL
    for name, part in schema.get("properties", {}).items():
        if name == "symbol" and part.get("type") == "string":
            part["enum"] = list(SYMBOLS)
        _asked(part)
    for key in ("items", "allOf", "anyOf", "oneOf"):
        _asked(schema.get(key))
    if "properties" in schema:
        schema["additionalProperties"] = False


def _only_known_assets(made: Schema) -> None:
    """Bodies name assets that are there: the enum of all assets is left to the answers."""
    schemas = made["components"]["schemas"]
    schemas["KnownAsset"] = {"type": "string", "enum": list(ASSETS)}
    for name in ("BorrowLendExecutePayload", "AccountWithdrawalPayload", "ConvertDustRequest"):
        symbol = schemas.get(name, {}).get("properties", {}).get("symbol")
        if symbol is not None:
            schemas[name]["properties"]["symbol"] = {"$ref": "#/components/schemas/KnownAsset"}
