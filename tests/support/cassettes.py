"""How HTTP cassettes are recorded and found again: under the venue's host name, without anything secret.

A cassette is recorded once, by the blocking class against the sandbox, and replayed to both classes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

__all__ = ["CASSETTES", "LIVE", "RECORDING", "cassette_settings", "missing_cassette"]

CASSETTES = Path(__file__).parent.parent.parent / "cassettes" / "http"
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
        "match_on": ["method", "scheme", "host", "path", "query", "body"],
        "decode_compressed_response": True,
        "before_record_request": _as_sent_to_the_venue,
        "before_record_response": _without_the_moment,
    }


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
