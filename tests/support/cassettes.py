"""How HTTP cassettes are recorded and found again: under the venue's host name, without anything secret.

A cassette is recorded once, by the blocking class against the sandbox, and replayed to both classes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

__all__ = [
    "CASSETTES",
    "LIVE",
    "RECORDING",
    "cassette_settings",
    "missing_cassette",
    "register_matchers",
]

CASSETTES = Path(__file__).parent.parent.parent / "cassettes" / "http"
SAME_BODY = "body, but for made up client ids"
VENUE = "api.backpack.exchange"
RECORDING = os.environ.get("BPX_RECORD") == "1"
"""`make record` sets it: write cassettes instead of playing them."""
LIVE = RECORDING and os.environ.get("BPX_LIVE") == "1"
"""Record from the venue itself, with one's own keys; see cassettes/README.md."""

KEPT_REQUEST_HEADERS = frozenset({"content-type"})
# Everything else in an answer is of the server program and the moment.
KEPT_ANSWER_HEADERS = frozenset(
    {
        "content-type",
        "content-length",
        "content-encoding",
        "x-page-count",
        "x-current-page",
        "x-page-size",
        "x-total",
    }
)


def cassette_settings() -> dict[str, Any]:
    """What pytest-recording passes on to vcrpy."""
    return {
        "record_mode": "rewrite" if RECORDING else "none",
        "match_on": ["method", "scheme", "host", "path", "query", SAME_BODY],
        "decode_compressed_response": True,
        "before_record_request": _as_sent_to_the_venue,
        "before_record_response": _without_the_moment,
    }


def register_matchers(vcr: Any) -> None:
    """Make known to vcrpy what `cassette_settings` matches on."""
    vcr.register_matcher(SAME_BODY, _has_same_body)


def _has_same_body(asked: Any, recorded: Any) -> None:
    """Orders carry client ids: where none was recorded, as in older cassettes, none is compared."""
    ours, theirs = _rows(asked.body), _rows(recorded.body)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        made_up = {"clientId"} - set(other)
        assert {name: value for name, value in one.items() if name not in made_up} == other


def _rows(body: Any) -> list[dict[str, Any]]:
    decoded = json.loads(body) if body else []
    return decoded if isinstance(decoded, list) else [decoded]


def missing_cassette(path: Path) -> str | None:
    """What to tell a test that sends a request while its cassette is not there."""
    if path.exists():
        return None
    return f"there is no cassette {path.relative_to(CASSETTES.parent.parent)}: run `make record` to record it"


def _as_sent_to_the_venue(request: Any) -> Any:
    """The request under the venue's name. Signature, key, time and window go with all other headers."""
    parts = urlsplit(request.uri)
    request.uri = urlunsplit(("https", VENUE, parts.path, parts.query, ""))
    request.headers = {
        name: value for name, value in request.headers.items() if name.lower() in KEPT_REQUEST_HEADERS
    }
    return request


def _without_the_moment(response: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in response["headers"].items() if name.lower() in KEPT_ANSWER_HEADERS}
    return {**response, "headers": kept}
