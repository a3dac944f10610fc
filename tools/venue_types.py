"""Makes bpx_connector/venue/payloads.py and events.py: the venue's answers, bodies and events as TypedDicts.

Fields come from the venue's documents in tests/data, and what was captured from the wire (tests/data/samples)
corrects them: a field that came as another kind of value has that kind, one that came as null may be null,
one that was missing may be missing. Run it after replacing a document or adding a capture:

    make types            writes both files, and the stubs of the three classes
    make types-check      fails when they differ from what is made
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
TARGETS = ROOT / "bpx_connector" / "venue"
REFERENCE = "#/components/schemas/"

# One row of 2025 whose keys the venue has since spelt right.
NO_LONGER_SENT = frozenset({"get_api_v1_markets.older_shape"})

# Documented in October 2026 and captured since, but only as null or not at all.
NEWER_FIELDS: dict[str, dict[str, dict[str, str]]] = {
    "Market": {"rwaMarketType": {"type": "string", "description": "STOCK, INDEX, COMMODITY or FX"}},
    "OrderType": {"systemOrderType": {"$ref": "#/components/schemas/SystemOrderType"}},
    "PriceFilter": {
        "discoveryBoundBand": {"type": "object", "description": "stocks: against the outside oracle"}
    },
}

# The venue's words: "fields are null when the side is empty". No frame with an empty side was captured.
NULL_WITHOUT_CAPTURE: dict[str, frozenset[str]] = {"BookTickerEvent": frozenset("aAbB")}

# The venue's words for a field that some events lack.
CONDITIONAL = re.compile(r"\b[Oo]nly (present|on)\b|[Nn]ot present|\b[Pp]resent when\b|\bOmitted\b")

# The document leaves the price of a take profit or stop loss, and what triggers it, without a condition.
CONDITIONAL_FIELDS: dict[str, frozenset[str]] = {"OrderUpdateEvent": frozenset("jkdg")}

SENTENCE_END = re.compile(r"(?<!e\.g)\. ")

EVENT_OF_STREAM = {
    "bookTicker": "BookTickerEvent",
    "depth": "DepthEvent",
    "kline": "KlineEvent",
    "trade": "TradeEvent",
    "ticker": "TickerEvent",
    "markPrice": "MarkPriceEvent",
    "openInterest": "OpenInterestEvent",
    "liquidation": "LiquidationEvent",
    "account.orderUpdate": "OrderUpdateEvent",
    "account.positionUpdate": "PositionUpdateEvent",
    "account.balanceUpdate": "BalanceUpdateEvent",
    "account.rfqUpdate": "RfqUpdateEvent",
}
"""The stream a captured frame came from -> its type."""

KIND_OF_VALUE = {str: "str", bool: "bool", int: "int", float: "float"}
KIND_OF_SCHEMA = {"string": "str", "boolean": "bool", "integer": "int", "number": "float"}
LINE = 110
MOST_WORDS = 40


@dataclass
class Seen:
    """What captures say about one object."""

    times: int = 0
    present: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, set[str]] = field(default_factory=dict)
    null: set[str] = field(default_factory=set)

    def add(self, row: dict[str, Any]) -> None:
        self.times += 1
        for name, value in row.items():
            self.present[name] = self.present.get(name, 0) + 1
            if value is None:
                self.null.add(name)
            else:
                self.kinds.setdefault(name, set()).add(KIND_OF_VALUE.get(type(value), "object"))

    def missing(self, name: str) -> bool:
        return self.present.get(name, 0) < self.times


# --- the documents ------------------------------------------------------------------------------------------


def documented(file: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DATA / file).read_text(encoding="utf-8"))
    return document


def samples(folder: str) -> Iterator[tuple[str, Any]]:
    """Every capture of a folder: its name and what the venue sent."""
    for path in sorted((DATA / "samples" / folder).glob("*.json")):
        if not path.name.startswith("_") and path.stem not in NO_LONGER_SENT:
            yield path.stem, json.loads(path.read_text(encoding="utf-8"))["payload"]


def reference(schema: dict[str, Any]) -> str | None:
    """The name of the schema that this one stands for."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REFERENCE)
    parts = schema.get("allOf", ())
    # The document writes {"allOf": [{"$ref": ...}, {"description": ...}]} where it has something to say.
    if not parts or any("properties" in part for part in parts[1:]):
        return None
    return reference(parts[0])


def flattened(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The fields of a schema and of those it is put together from.

    Of an answer that has one of several shapes, a field that not every shape has is one that may be missing:
    a parser reads them all with the same lines.
    """
    if "$ref" in schema:
        return flattened(schemas[schema["$ref"].removeprefix(REFERENCE)], schemas)
    properties = dict(schema.get("properties", {}))
    required = set(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        inner = flattened(part, schemas)
        properties |= inner["properties"]
        required |= inner["required"]
    shapes = [flattened(shape, schemas) for shape in schema.get("anyOf", schema.get("oneOf", ()))]
    for name in {name: None for shape in shapes for name in shape["properties"]}:
        given = [shape["properties"] for shape in shapes if name in shape["properties"]]
        properties[name] = merged([kinds[name] for kinds in given])
    if shapes:
        required |= set.intersection(*(shape["required"] for shape in shapes))
    return {"properties": properties, "required": required}


def merged(kinds: list[dict[str, Any]]) -> dict[str, Any]:
    """One field of several shapes: the first's, with the words of all."""
    words = [word for kind in kinds for word in kind.get("enum", ())]
    return {**kinds[0], "enum": list(dict.fromkeys(words))} if words else kinds[0]


def shown_words(words: Iterable[str]) -> str:
    """The words of an enum; of a long list (the assets of the day) how it begins."""
    every = list(words)
    more = f", and {len(every) - MOST_WORDS} more" if len(every) > MOST_WORDS else ""
    return ", ".join(every[:MOST_WORDS]) + more


# --- one type -----------------------------------------------------------------------------------------------


class Module:
    """The types of one file, in the order of the alphabet, and what captures say of them."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self.schemas = schemas
        self.seen: dict[str, Seen] = {}
        self.words: dict[str, list[str]] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.bodies: frozenset[str] = frozenset()

    def type_of(self, schema: dict[str, Any]) -> str:
        """A schema as Python writes it. The types it names are kept to be written too."""
        name = reference(schema)
        if name is not None:
            return self.named(name)
        if schema.get("type") == "array":
            return f"list[{self.type_of(schema['items'])}]"
        if "additionalProperties" in schema:
            return f"dict[str, {self.type_of(schema['additionalProperties'])}]"
        if "const" in schema:
            return f'Literal["{schema["const"]}"]'
        return KIND_OF_SCHEMA.get(schema.get("type", ""), "object")

    def named(self, name: str) -> str:
        schema = self.schemas[name]
        if "enum" in schema:
            self.words[name] = schema["enum"]
        elif name not in self.objects:
            shape = flattened(schema, self.schemas)
            shape["properties"] |= NEWER_FIELDS.get(name, {})
            self.objects[name] = shape
            for kind in shape["properties"].values():
                self.type_of(kind)
        return name

    def see(self, schema: dict[str, Any], value: Any) -> None:
        """Take down what a capture shows of an object and those in it."""
        if isinstance(value, list) and schema.get("type") == "array":
            for item in value:
                self.see(schema["items"], item)
        elif isinstance(value, dict) and "additionalProperties" in schema:
            for item in value.values():
                self.see(schema["additionalProperties"], item)
        elif isinstance(value, dict) and (name := reference(schema)) is not None:
            self.seen.setdefault(name, Seen()).add(value)
            self.named(name)
            for key, kind in self.objects[name]["properties"].items():
                self.see(kind, value.get(key))

    def fields(self, name: str) -> Iterator[tuple[str, str, str]]:
        """Of one object: field, annotation, remark."""
        shape, seen = self.objects[name], self.seen.get(name, Seen())
        for key, schema in shape["properties"].items():
            kind = self.type_of(schema)
            came = seen.kinds.get(key, set()) - {"object"}
            if came and kind in KIND_OF_VALUE.values() and kind not in came:
                kind = " | ".join(sorted(came))
            needed = key in shape["required"] and not seen.missing(key)
            may_be_null = name not in self.bodies and not needed
            nullable = may_be_null or key in seen.null or key in NULL_WITHOUT_CAPTURE.get(name, ())
            yield key, annotation(kind, nullable, needed), remark(schema)
        for key in sorted(seen.present.keys() - shape["properties"].keys()):
            kind = " | ".join(sorted(seen.kinds.get(key, {"object"})))
            yield key, annotation(kind, nullable=True, needed=False), "captured, not in the document"

    def text(self) -> Iterator[str]:
        for name in sorted(self.words):
            yield f"{name} = str\n" + docstring(shown_words(self.words[name]), indent="")
        for name in sorted(self.objects):
            lines = [f"class {name}(TypedDict):", *self.body(name)]
            yield "\n".join(lines) + "\n\n"

    def body(self, name: str) -> list[str]:
        rows = list(self.fields(name))
        if not rows:
            return ["    pass"]
        lines = []
        for key, kind, words in rows:
            line = f"    {key}: {kind}"
            noted = f"{line}  # {words}"
            lines.append(noted if words and len(noted) <= LINE else line)
        return lines


def annotation(kind: str, nullable: bool, needed: bool) -> str:
    full = f"{kind} | None" if nullable and kind != "object" else kind
    return full if needed else f"NotRequired[{full}]"


def remark(schema: dict[str, Any]) -> str:
    """What the type does not say: the form of a text, or the document's sentence about a one-letter name."""
    if schema.get("format") in ("decimal", "naive-date-time", "date-time", "naive-time"):
        return str(schema["format"])
    if "$ref" in schema or "allOf" in schema or "enum" in schema:
        return shown_words(schema.get("enum", ()))
    sentence = " ".join(str(schema.get("description", "")).split())
    return SENTENCE_END.split(sentence)[0].rstrip(".") if schema.get("x-event") else ""


def docstring(words: str, indent: str) -> str:
    """Words in quotes, in as many lines as they need."""
    lines, line = [], ""
    for word in words.split(" "):
        if len(indent) + len(line) + len(word) + 8 > LINE:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    text = f"\n{indent}".join([*lines, line])
    return f'{indent}"""{text}"""\n'


# --- the two files ------------------------------------------------------------------------------------------


def answered(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas of an operation's answers."""
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            if content["schema"] and status[0] in "245":
                yield content["schema"]


def payloads() -> str:
    """The text of venue/payloads.py."""
    document = documented("openapi.json")
    module = Module(document["components"]["schemas"])
    operations = {
        f"{method}{path.replace('/', '_')}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    for operation in operations.values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            module.type_of(content["schema"])
    module.bodies = frozenset(module.objects)
    for operation in operations.values():
        for schema in answered(operation):
            module.type_of(schema)
    for stem, payload in samples("rest"):
        schema = next(answered(operations[stem.partition(".")[0]]))
        # A file that holds one row of a list is an object.
        module.see(schema["items"] if isinstance(payload, dict) and "items" in schema else schema, payload)
    return PAYLOADS_HEAD + "\n".join(module.text())


def captured_events() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every captured event with the name of its type; the envelope is taken off."""
    for stem, payload in samples("ws"):
        for frame in payload if isinstance(payload, list) else [payload]:
            stream = frame.get("stream", stem)
            kind = next(kind for kind in EVENT_OF_STREAM if f"{stream}.".startswith(f"{kind}."))
            yield EVENT_OF_STREAM[kind], frame.get("data", frame)


def event_schema(name: str, schema: dict[str, Any] | None, seen: Seen) -> dict[str, Any]:
    """The fields of an event; required are those that every event carries."""
    if schema is None:  # the document does not know the stream: captures are all there is
        kinds = {python: word for word, python in KIND_OF_SCHEMA.items()}
        properties: dict[str, dict[str, Any]] = {
            key: {"type": kinds[min(seen.kinds[key])]} for key in sorted(seen.present)
        }
    else:
        properties = {key: {**kind, "x-event": True} for key, kind in schema["properties"].items()}
    always = {
        key
        for key, kind in properties.items()
        if not seen.missing(key) and not CONDITIONAL.search(kind.get("description", ""))
    }
    return {"properties": properties, "required": always - CONDITIONAL_FIELDS.get(name, frozenset())}


def events() -> str:
    """The text of venue/events.py."""
    schemas = documented("streams.json")["schemas"]
    envelope = schemas.pop("StreamEnvelope")
    seen: dict[str, Seen] = {}
    for name, event in captured_events():
        seen.setdefault(name, Seen()).add(event)
    module = Module({name: event_schema(name, schemas.get(name), seen[name]) for name in seen})
    module.seen = seen
    for name in EVENT_OF_STREAM.values():
        module.named(name)
    union = "\n    | ".join(sorted(EVENT_OF_STREAM.values()))
    assert set(envelope["required"]) == {"stream", "data"}
    return EVENTS_HEAD + "\n".join(module.text()) + EVENTS_TAIL.format(union=union)


PAYLOADS_HEAD = '''\
"""The venue's answers and bodies, field by field. Made by tools/venue_types.py; do not edit.

Source: the venue's OpenAPI (tests/data/openapi.json), corrected by captures (tests/data/samples/rest). A
field of an answer that the document does not require may be missing or null: captures show both. In a body
it is left out. A word is a `str`, with those of the document below its name, since the venue adds to them.
Of an answer that has several shapes (a limit and a market order, the rows of a batch), a field that not
every shape has may be missing. Some names are ccxt's too (Order, Trade, Ticker), so import the module:
`payloads.Order`.

Nothing here runs: import it under TYPE_CHECKING.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

'''

EVENTS_HEAD = '''\
"""The venue's stream events, field by field. Made by tools/venue_types.py; do not edit.

Source: a rendering of the venue's streams chapter (tests/data/streams.json), corrected by captured frames
(tests/data/samples/ws). A field that some events lack may be missing or null.

Nothing here runs: import it under TYPE_CHECKING.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

'''

EVENTS_TAIL = '''

Event = (
    {union}
)
"""What a stream carries."""


class StreamEnvelope(TypedDict):
    data: Event
    stream: str


class StreamError(TypedDict):
    code: int
    message: str


class ErrorFrame(TypedDict):
    """What the venue answers to a frame it does not take; the socket stays open."""

    id: None
    error: StreamError
'''


# --- writing ------------------------------------------------------------------------------------------------


def formatted(text: str, name: str) -> str:
    """As `ruff format` leaves it."""
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--quiet", f"--stdin-filename={name}", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout


def made() -> dict[Path, str]:
    """Each file and its text."""
    return {
        TARGETS / "payloads.py": formatted(payloads(), "bpx_connector/venue/payloads.py"),
        TARGETS / "events.py": formatted(events(), "bpx_connector/venue/events.py"),
    }


def settle(path: Path, text: str, only_check: bool) -> bool:
    """Write a file, or say that it is not what it should be. Whether it was to be said."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    if only_check:
        print(f"{path.relative_to(ROOT)} is not what its tool makes: run `make types`")
    else:
        path.write_text(text, encoding="utf-8")
    return only_check


def settle_all(files: dict[Path, str]) -> int:
    """Write what a tool makes or, with --check, count what differs."""
    parser = argparse.ArgumentParser(description="Write files that are made from others.")
    parser.add_argument("--check", action="store_true", help="only say whether the files are up to date")
    only_check: bool = parser.parse_args().check
    return sum(settle(path, text, only_check) for path, text in files.items())


if __name__ == "__main__":
    raise SystemExit(settle_all(made()))
