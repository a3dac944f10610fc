"""Who is calling, proved by a signature: the venue's rules, read from its own text and from no client's code.

"instruction=<name>", then every parameter by name in byte order, then timestamp and window. The string is
built from the parameters as the exchange parsed them, never from the raw request: "the server appears to
verify against the parameters it parsed". So a parameter that an operation does not have makes the signature
wrong.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from bpx_connector.sandbox.http.schema import PlainRefusal
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = [
    "DEFAULT_WINDOW",
    "LONGEST_WINDOW",
    "Credentials",
    "credentials",
    "signing_text",
    "subscriber",
    "verify",
]

DEFAULT_WINDOW = 5_000
"""Milliseconds; signed even when the header is left out."""
LONGEST_WINDOW = 60_000
FARTHEST_TIMESTAMP = 600_000
"""Ten minutes: beyond that the venue speaks of an invalid timestamp and not of an expired request."""

_HEADERS = ("X-API-KEY", "X-SIGNATURE", "X-TIMESTAMP")


@dataclass(frozen=True)
class Credentials:
    """What the four headers of a signed request say."""

    key: str
    signature: str
    timestamp: int
    window: int


def _invalid(message: str) -> Refusal:
    return Refusal(400, "INVALID_CLIENT_REQUEST", message)


def _header_integer(name: str, kind: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    reason = "invalid digit found in string" if text else "cannot parse integer from empty string"
    raise PlainRefusal(400, f'failed to parse parameter `{name}`: failed to parse "{kind}": {reason}')


def credentials(headers: Mapping[str, str], *, or_session: bool) -> Credentials:
    """The credentials in a request's headers.

    Where the headers are optional the alternative is a browser session, which nobody has here: 401.
    """
    missing = [name for name in _HEADERS if name not in headers]
    if missing and or_session:
        raise Refusal(401, "UNAUTHORIZED", "Unauthorized")
    if missing:
        kind = "integer_int64" if missing[0] == "X-TIMESTAMP" else "string"
        raise PlainRefusal(
            400, f'failed to parse parameter `{missing[0]}`: Type "{kind}" expects an input value.'
        )
    timestamp = _header_integer("X-TIMESTAMP", "integer_int64", headers["X-TIMESTAMP"])
    window = DEFAULT_WINDOW
    if "X-WINDOW" in headers:
        window = _header_integer("X-WINDOW", "integer_uint64", headers["X-WINDOW"])
    return Credentials(headers["X-API-KEY"], headers["X-SIGNATURE"], timestamp, window)


def signing_text(instruction: str, payloads: Sequence[Mapping[str, str]], timestamp: int, window: int) -> str:
    """The string that a caller had to sign; a batch repeats the instruction before each of its orders."""
    pieces: list[str] = []
    for payload in payloads or ({},):
        pieces.append(f"instruction={instruction}")
        pieces.extend(f"{name}={payload[name]}" for name in sorted(payload, key=str.encode))
    return "&".join([*pieces, f"timestamp={timestamp}", f"window={window}"])


def as_signed(texts: Mapping[str, str]) -> Mapping[str, str]:
    """The parameters that count for the signature: of two order ids only `orderId` is read.

    "Sending both orderId and clientId makes orderId win and signed requests then fail verification."
    """
    if "orderId" in texts and "clientId" in texts:
        return {name: text for name, text in texts.items() if name != "clientId"}
    return texts


def verify(
    given: Credentials,
    instruction: str,
    payloads: Sequence[Mapping[str, str]],
    moments: Collection[int],
    *,
    cuts_windows: bool = False,
) -> str:
    """The public key that signed these parameters; refused as the venue does if it did not.

    `moments` are the milliseconds that count as now: one, or two when the market's clock is driven by hand.
    A window above the maximum is refused, or cut to it.
    """
    _check_time(given, moments, cuts_windows)
    text = signing_text(
        instruction, [as_signed(payload) for payload in payloads], given.timestamp, given.window
    )
    verifying_key = _verifying_key(given.key)
    if verifying_key is None:
        raise _invalid("Invalid X-API-Key header")
    signature = _bytes(given.signature, 64)
    if signature is None:
        raise _invalid("Invalid X-Signature header")
    if not _is_signed(verifying_key, text, signature):
        raise _invalid("Invalid signature")
    return given.key


def _check_time(given: Credentials, moments: Collection[int], cuts_windows: bool) -> None:
    if given.window > LONGEST_WINDOW and not cuts_windows:
        raise _invalid(f"Invalid X-Window header: the maximum is {LONGEST_WINDOW}")
    nearest = min(abs(moment - given.timestamp) for moment in moments)
    if nearest > FARTHEST_TIMESTAMP:
        raise _invalid("Invalid timestamp: must be within 10 minutes of current time")
    if nearest > min(given.window, LONGEST_WINDOW):
        raise _invalid("Request has expired")


def subscriber(signature: object, moments: Collection[int]) -> str | None:
    """The public key behind a SUBSCRIBE frame's `signature` (four strings), or None if it proves nothing.

    The socket has one error for all that can be wrong: 4003 Invalid signature.
    """
    if not isinstance(signature, list) or len(signature) != 4:
        return None
    if not all(isinstance(part, str) for part in signature):
        return None
    key, signed, timestamp, window = signature
    if not (timestamp.isascii() and timestamp.isdigit() and window.isascii() and window.isdigit()):
        return None
    given = Credentials(key, signed, int(timestamp[:20]), int(window[:20]))
    try:
        return verify(given, "subscribe", [], moments)
    except Refusal:
        return None


def _bytes(text: str, length: int) -> bytes | None:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if len(decoded) == length else None


@lru_cache(maxsize=1024)
def _verifying_key(text: str) -> VerifyKey | None:
    decoded = _bytes(text, 32)
    return VerifyKey(decoded) if decoded is not None else None


def _is_signed(key: VerifyKey, text: str, signature: bytes) -> bool:
    try:
        key.verify(text.encode(), signature)
    except (BadSignatureError, ValueError):
        return False
    return True
