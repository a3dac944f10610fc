"""A request against the venue's published schema: what fails here never reaches the exchange.

The schema is data/schema.json, made from the venue's OpenAPI. The venue's texts for such failures are those
of the poem-openapi framework, as plain text ("failed to parse parameter ...", "parse request payload error:
..."). Where a text was not captured, the framework's own wording is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from importlib.resources import files
from typing import Any

__all__ = [
    "ACCOUNT_READS",
    "ENUMS",
    "ERROR_CODES",
    "OBJECTS",
    "OPERATIONS",
    "Fields",
    "Operation",
    "PlainRefusal",
    "body_fields",
    "operation_for",
    "query_fields",
]

MAXIMUM_DECIMAL_DIGITS = 28
"""A decimal of the venue's language (Rust) has a mantissa of 96 bits: 28 digits always fit."""

_INTEGER_BOUNDS = {
    "integer_uint16": (0, 2**16 - 1),
    "integer_uint32": (0, 2**32 - 1),
    "integer_uint64": (0, 2**64 - 1),
    "integer_int32": (-(2**31), 2**31 - 1),
    "integer_int64": (-(2**63), 2**63 - 1),
}
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_INTEGER = re.compile(r"[+-]?\d+")


class PlainRefusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """A refusal that the venue gives as bare text, before any code of its error enum applies."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True)
class Operation:
    """One operation of the venue: where it is, who may call it, what it takes."""

    method: str
    path: str
    access: str
    instruction: str | None = None
    query: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    body: str | None = None
    is_historical: bool = False
    """Whether it counts in the smaller of the two request budgets."""

    @property
    def takes_list(self) -> bool:
        """Whether the body is an array of payloads."""
        return self.body is not None and self.body.startswith("[")


@dataclass
class Fields:
    """Parameters as the venue understood them: typed values, and the text each one is signed as."""

    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    firsts: dict[str, str] = field(default_factory=dict)
    """Of parameters that came more than once, the first text; `texts` has the last one."""
    nulls: dict[str, str] = field(default_factory=dict)
    """What came as null, which counts as not given."""

    def add(self, name: str, value: Any, text: str) -> None:
        """Keep one parameter."""
        self.values[name] = value
        self.texts[name] = text


class _Unfit(Exception):  # noqa: N818 - it is an answer, not a fault
    """A value does not fit its type; the text is the framework's."""


class _Number(str):
    """A JSON number, kept as it was written: that is what is signed."""

    __slots__ = ()


_SCHEMA: dict[str, Any] = json.loads(
    files("bpx_connector.sandbox").joinpath("data/schema.json").read_text(encoding="utf-8")
)
ENUMS: dict[str, frozenset[str]] = {name: frozenset(words) for name, words in _SCHEMA["enums"].items()}
"""The words of each enum."""
OBJECTS: dict[str, dict[str, tuple[str, bool]]] = {
    name: {key: (kind, required) for key, (kind, required) in keys.items()}
    for name, keys in _SCHEMA["objects"].items()
}
"""The fields of each payload: name -> kind, and whether it is required."""
# Elsewhere a `symbol` is an asset: declared as CustodyAsset, or by its description in VaultMintRequest.
_LISTED_ELSEWHERE = ("VaultMintRequest", "RequestForQuotePayload")
"""Their symbol is an asset, or a market for requests for quotes, which no list of markets has."""

_ABOUT_MARKETS = frozenset(
    name
    for name, keys in OBJECTS.items()
    if keys.get("symbol", ("", False))[0] == "string" and name not in _LISTED_ELSEWHERE
)
ERROR_CODES = frozenset(_SCHEMA["error_codes"])
"""Every code that an error of the venue can carry."""


def _operation(name: str, row: dict[str, Any]) -> Operation:
    method, path = name.split(" ")
    query = {key: (kind, required) for key, (kind, required) in row.get("query", {}).items()}
    return Operation(
        method,
        path,
        row["access"],
        row.get("instruction"),
        query,
        row.get("body"),
        row.get("historical", False),
    )


OPERATIONS: dict[str, dict[str, Operation]] = {}
"""Path -> method -> operation: the 81 of the OpenAPI, and those that it lacks."""
for _name, _row in _SCHEMA["operations"].items():
    _made = _operation(_name, _row)
    OPERATIONS.setdefault(_made.path, {})[_made.method] = _made
_NEWER: dict[str, dict[str, tuple[str, bool]]] = {
    # The documentation of October 2026; stockSessions and stockHolidays are new names of older paths.
    "/api/v1/stockSessions": {},
    "/api/v1/stockHolidays": {},
    "/api/v1/market-holidays": {},
    "/api/v1/stockIndicativeQuote": {
        "symbol": ("string", True),
        "side": ("Side", True),
        "quantity": ("decimal", True),
    },
    # Not documented, but answered without a signature (seen 2026-09).
    "/wapi/v1/feeTiers": {},
    "/wapi/v1/country/permissions": {},
    "/wapi/v1/country": {},
}
for _path, _query in _NEWER.items():
    OPERATIONS[_path] = {"GET": Operation("GET", _path, "public", query=_query)}
# In the venue's own client for Rust, with these instructions and parameters.
for _path, _instruction in (
    ("/wapi/v1/history/vault/mint", "vaultMintHistoryQueryAll"),
    ("/wapi/v1/history/vault/redeem", "vaultRedeemHistoryQueryAll"),
):
    _query = {
        "subaccountId": ("integer_int32", False),
        "vaultId": ("integer_uint32", False),
        "limit": ("integer_uint64", False),
        "offset": ("integer_uint64", False),
    }
    OPERATIONS[_path] = {
        "GET": Operation("GET", _path, "signed", _instruction, query=_query, is_historical=True)
    }

# Parameters that the documentation of October 2026 adds to older operations.
ENUMS["PriceSource"] = frozenset({"Venue", "External"})
ENUMS["AssetClass"] = frozenset({"STOCK", "CRYPTO"})
_HISTORIES = ("borrowLend", "fills", "funding", "interest", "orders", "position", "settlement")
_NEWER_PARAMETERS: dict[str, dict[str, tuple[str, bool]]] = {
    **{f"/api/v1/{name}": {"source": ("PriceSource", False)} for name in ("klines", "ticker", "tickers")},
    **{f"/wapi/v1/history/{name}": {"assetClass": ("AssetClass", False)} for name in _HISTORIES},
    "/wapi/v1/capital/deposits": {"transactionHash": ("string", False)},
}
for _path, _query in _NEWER_PARAMETERS.items():
    _older = OPERATIONS[_path]["GET"]
    OPERATIONS[_path]["GET"] = replace(_older, query={**_older.query, **_query})


# "GET account/capital/collateral/position/order/orders list the headers as optional" since then, and without
# them they answer 401 UNAUTHORIZED (seen 2026-09-14).
ACCOUNT_READS = frozenset(
    f"/api/v1/{name}" for name in ("account", "capital", "capital/collateral", "position", "order", "orders")
)
"""What an account is read by; somebody may be asking for whom there is none."""
for _path in ACCOUNT_READS:
    OPERATIONS[_path]["GET"] = replace(OPERATIONS[_path]["GET"], access="signed or session")


def operation_for(method: str, path: str) -> Operation:
    """The operation of a method and path; refused as the venue does if there is none."""
    methods = OPERATIONS.get(path)
    if methods is None:
        raise PlainRefusal(404, "not found")
    # A HEAD is answered by whatever answers the GET, without its body.
    operation = methods.get("GET" if method == "HEAD" else method)
    if operation is None:
        raise PlainRefusal(405, "method not allowed")
    return operation


# --- values --------------------------------------------------------------------------------------------


def _decimal(text: str) -> Decimal:
    if not text:
        raise _Unfit('failed to parse "decimal": Invalid decimal: empty')
    if not _DECIMAL.fullmatch(text):
        raise _Unfit('failed to parse "decimal": Invalid decimal: unknown character')
    if len(text.replace(".", "").lstrip("+-0")) > MAXIMUM_DECIMAL_DIGITS:
        raise _Unfit('failed to parse "decimal": Invalid decimal: overflow from too many digits')
    return Decimal(text)


def _integer(kind: str, text: str) -> int:
    low, high = _INTEGER_BOUNDS[kind]
    if not _INTEGER.fullmatch(text):
        reason = "invalid digit found in string" if text else "cannot parse integer from empty string"
        raise _Unfit(f'failed to parse "{kind}": {reason}')
    value = int(text[:25])
    if not low <= value <= high:
        size = "large" if value > high else "small"
        raise _Unfit(f'failed to parse "{kind}": number too {size} to fit in target type')
    return value


def _word(kind: str, text: str) -> str:
    if text not in ENUMS[kind]:
        raise _Unfit(f'failed to parse "{kind}": Expect a valid enumeration value.')
    return text


def _string(kind: str, text: str) -> str:
    longest = kind.partition("<=")[2]
    if longest and len(text) > int(longest):
        raise _Unfit(f'failed to parse "string": verification failed. maxLength({longest})')
    return text


def _from_text(kind: str, text: str) -> Any:
    if kind.startswith("string"):
        return _string(kind, text)
    if kind == "decimal":
        return _decimal(text)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise _Unfit('failed to parse "boolean": provided string was not `true` or `false`')
        return text == "true"
    if kind in _INTEGER_BOUNDS:
        return _integer(kind, text)
    return _word(kind, text)


def _json_text(value: Any) -> str:
    """A JSON value as the venue writes it back: strings bare, everything else compact."""
    if isinstance(value, str):
        return str(value)
    return _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _expected(kind: str, value: Any) -> _Unfit:
    return _Unfit(f'Expected input type "{kind.partition("<=")[0]}", found {_compact(value)}.')


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, _Number)


def _from_json(kind: str, value: Any) -> Any:
    if kind in OBJECTS:
        return _object(kind, value, symbols=None).values
    if kind == "boolean":
        if not isinstance(value, bool):
            raise _expected(kind, value)
        return value
    if kind in _INTEGER_BOUNDS:
        if not isinstance(value, _Number) or not _INTEGER.fullmatch(value):
            raise _expected(kind, value)
        low, high = _INTEGER_BOUNDS[kind]
        number = int(value[:25])
        if not low <= number <= high:
            raise _Unfit(f'failed to parse "{kind}": Only integers from {low} to {high} are accepted.')
        return number
    if not _is_text(value):
        raise _expected(kind, value)
    return _from_text(kind, value)


# --- query ---------------------------------------------------------------------------------------------


def query_fields(operation: Operation, pairs: Iterable[tuple[str, str]]) -> Fields:
    """The query parameters the operation knows; others are ignored, as the venue's framework does.

    Of a parameter that is given twice the first counts, except in a list.
    """
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        given.setdefault(name, []).append(text)
    fields = Fields()
    for name, (kind, required) in operation.query.items():
        texts = given.get(name)
        try:
            if texts is None:
                if required:
                    raise _Unfit(f'Type "{kind}" expects an input value.')
            elif kind.startswith("["):
                # How a repeated parameter is signed is not documented; the venue's own client signs the last.
                fields.add(name, [_from_text(kind[1:-1], text) for text in texts], texts[-1])
                fields.firsts[name] = texts[0]
            else:
                fields.add(name, _from_text(kind, texts[0]), texts[0])
        except _Unfit as reason:
            raise PlainRefusal(400, f"failed to parse parameter `{name}`: {reason}") from None
    return fields


# --- body ----------------------------------------------------------------------------------------------


def body_fields(operation: Operation, content_type: str, raw: bytes, symbols: Container[str]) -> list[Fields]:
    """The payloads in a body: one, or as many as the array has. `symbols` are the markets that exist."""
    if operation.body is None:
        return []
    if content_type != "application/json":
        raise PlainRefusal(
            415, f"the `Content-Type` requested by the client is not supported: {content_type}"
        )
    value = _parsed_json(raw)
    try:
        if not operation.takes_list:
            return [_object(operation.body, value, symbols)]
        kind = operation.body[1:-1]
        if not isinstance(value, list):
            raise _expected(f"[{kind}]", value)
        return [_object(kind, item, symbols) for item in value]
    except _Unfit as reason:
        raise PlainRefusal(400, f"parse request payload error: {reason}") from None


def _refused_constant(name: str) -> Any:
    raise ValueError(name)


def _parsed_json(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        value = json.loads(
            raw.decode("utf-8"), parse_int=_Number, parse_float=_Number, parse_constant=_refused_constant
        )
        # An escaped half of a surrogate pair is no text that could be signed or sent back.
        _compact(value).encode("utf-8")
        return value
    except json.JSONDecodeError as error:
        reason = f"expected value at line {error.lineno} column {error.colno}"
    except (ValueError, RecursionError):
        reason = "expected value at line 1 column 1"
    raise PlainRefusal(400, f"parse request payload error: {reason}")


def _object(kind: str, value: Any, symbols: Container[str] | None) -> Fields:
    if not isinstance(value, dict):
        raise _expected(kind, value)
    fields = Fields()
    for name, (inner, required) in OBJECTS[kind].items():
        item = value.get(name)
        try:
            if item is not None:
                typed = _from_json(inner, item)
                if (
                    name == "symbol"
                    and kind in _ABOUT_MARKETS
                    and symbols is not None
                    and typed not in symbols
                ):
                    raise _Unfit('failed to parse "MarketSymbol": Invalid market symbol')
                # A null is a field that was not given: the venue's parser cannot tell them apart.
                fields.add(name, typed, _json_text(item))
            elif required:
                raise _Unfit(f'Type "{inner.partition("<=")[0]}" expects an input value.')
            elif name in value:
                fields.nulls[name] = "null"
        except _Unfit as reason:
            raise _Unfit(f'{reason} (occurred while parsing "{kind}")') from None
    return fields
