"""The types of the venue's answers and events: made by a tool, up to date, and true of what was captured."""

from __future__ import annotations

import json
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from bpx_connector.venue import events, payloads
from bpx_connector.venue.streams import STREAMS
from tools import venue_types

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "tests" / "data" / "samples"
WRITTEN_BY_OTHERS = (
    "E and T appear quoted only because"  # a JSON reader of theirs turned large integers to text
)


MADE = venue_types.made()


@pytest.mark.parametrize("path", MADE, ids=lambda path: str(path.name))
def test_the_file_is_what_the_tool_makes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == MADE[path], "run `make types`"


def misfits(kind: Any, value: Any, at: str) -> list[str]:
    """Where a value is not of a type; fields the type does not know are no misfit."""
    origin = get_origin(kind)
    if origin is NotRequired:
        return misfits(get_args(kind)[0], value, at)
    if is_typeddict(kind):
        return of_object(kind, value, at)
    if origin is UnionType:
        found = [misfits(choice, value, at) for choice in get_args(kind)]
        return [] if [] in found else [f"{at}: {value!r} is not {kind}"]
    if origin is list and isinstance(value, list):
        return [
            line for n, item in enumerate(value) for line in misfits(get_args(kind)[0], item, f"{at}[{n}]")
        ]
    if origin is Literal:
        return [] if value in get_args(kind) else [f"{at}: {value!r} is not {kind}"]
    return [] if kind is object or type(value) is kind else [f"{at}: {value!r} is not {kind}"]


def of_object(kind: Any, value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is not {kind.__name__}"]
    hints = get_type_hints(kind, include_extras=True)
    needed = {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}
    found = [f"{at}: lacks {name}" for name in sorted(needed - value.keys())]
    for name in hints.keys() & value.keys():
        found += misfits(hints[name], value[name], f"{at}.{name}")
    return found


def sampled(folder: str) -> list[Path]:
    """The captures of a folder, but for those that the tool leaves out too."""
    paths = sorted((SAMPLES / folder).glob("*.json"))
    return [p for p in paths if not p.name.startswith("_") and p.stem not in venue_types.NO_LONGER_SENT]


def answer_type(stem: str) -> Any:
    """The type of one row of what an operation answers."""
    document = json.loads((ROOT / "tests" / "data" / "openapi.json").read_text(encoding="utf-8"))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if f"{method}{path.replace('/', '_')}" == stem:
                schema = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
                schema = schema.get("items", schema.get("additionalProperties", schema))
                return getattr(payloads, schema.get("$ref", "").rpartition("/")[2], str)
    raise AssertionError(f"no operation for {stem}")


@pytest.mark.parametrize("path", sampled("rest"), ids=lambda path: str(path.stem))
def test_a_captured_answer_is_of_its_type(path: Path) -> None:
    stem = path.stem.partition(".")[0]
    payload = json.loads(path.read_text(encoding="utf-8"))["payload"]
    rows = list(payload.values()) if stem.endswith("v1_capital") else payload
    for row in rows if isinstance(rows, list) else [rows]:
        assert misfits(answer_type(stem), row, stem) == []


@pytest.mark.parametrize("path", sampled("ws"), ids=lambda path: str(path.stem))
def test_a_captured_event_is_of_its_type(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    frames = content["payload"] if isinstance(content["payload"], list) else [content["payload"]]
    for frame in frames:
        event = frame.get("data", frame)
        if WRITTEN_BY_OTHERS in content["source"]:
            event = {name: int(value) if quoted(name, value) else value for name, value in event.items()}
        stream = frame.get("stream", path.stem)
        kind = next(kind for kind in venue_types.EVENT_OF_STREAM if f"{stream}.".startswith(f"{kind}."))
        assert misfits(getattr(events, venue_types.EVENT_OF_STREAM[kind]), event, path.stem) == []


def quoted(name: str, value: Any) -> bool:
    return name in ("E", "T") and isinstance(value, str) and value.isdecimal()


def test_every_stream_that_was_captured_or_described_has_its_type() -> None:
    unknown = {
        "externalTicker",
        "stockPrice",
        "stockIndicativeQuote",
    }  # no frame and no field list is published
    assert set(venue_types.EVENT_OF_STREAM) == set(STREAMS) - unknown


def test_a_wrong_field_would_be_noticed() -> None:
    event = {
        "e": "ticker",
        "E": 1,
        "s": "SOL_USDC",
        "o": 1.5,
        "c": "1",
        "h": "1",
        "l": "1",
        "v": "1",
        "V": "1",
    }
    assert misfits(events.TickerEvent, event, "ticker") == [
        "ticker: lacks n",
        "ticker.o: 1.5 is not <class 'str'>",
    ]
