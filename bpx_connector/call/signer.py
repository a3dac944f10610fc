"""Who we are to the venue: Ed25519 signatures over its canonical strings. Pure: no clock, no I/O.

The string is `instruction=<name>`, then `&key=value` of every parameter in byte order of the keys, then
`&timestamp=<ms>&window=<ms>`. Values are raw, booleans lower-case, nulls left out. A batch repeats the
instruction before each order.

Source: Backpack documentation, "Authentication / Signing requests".
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from ccxt.base.errors import AuthenticationError, BadRequest
from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_seed_keypair

__all__ = ["DEFAULT_WINDOW", "MAXIMUM_WINDOW", "Signer", "signing_string", "value_text"]

DEFAULT_WINDOW = 5000
MAXIMUM_WINDOW = 60000
"""Milliseconds a request stays valid: the venue's default and its limit."""

SEED_LENGTH = 32
KEY_PAIR_LENGTH = 64
SUBSCRIBE = "subscribe"


def value_text(value: Any) -> str:
    """One value as it stands in the signed string: raw text, lower-case booleans, no exponents."""
    if type(value) is str:
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, Decimal | float):
        return format(Decimal(repr(value)) if isinstance(value, float) else value, "f")
    # How nested objects are signed is not documented; their JSON text is what the venue parses.
    return msgspec.json.encode(value).decode()


def _pairs(instruction: str, params: Mapping[str, Any]) -> str:
    text = "instruction=" + instruction
    for key in sorted(params):
        value = params[key]
        if value is not None:
            text += f"&{key}={value if type(value) is str else value_text(value)}"
    return text


def signing_string(
    instruction: str,
    params: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    timestamp: int,
    window: int = DEFAULT_WINDOW,
) -> str:
    """The text that the venue verifies for one request, or for a batch of orders."""
    if isinstance(params, Mapping):
        signed = _pairs(instruction, params)
    else:
        signed = "&".join(_pairs(instruction, order) for order in params)
    return f"{signed}&timestamp={timestamp}&window={window}"


def checked_window(window: Any) -> int:
    """The window in milliseconds, refused here if the venue would refuse it."""
    try:
        milliseconds = int(window)
    except (TypeError, ValueError):
        milliseconds = 0
    if not 0 < milliseconds <= MAXIMUM_WINDOW:
        raise BadRequest(
            f"recvWindow is {window!r}; allowed are 1 to {MAXIMUM_WINDOW} milliseconds, "
            f"{DEFAULT_WINDOW} by default"
        )
    return milliseconds


def _decoded(text: Any, name: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, TypeError, ValueError):
        raise AuthenticationError(f"{name} is not base64; Backpack shows keys as base64 text") from None


def _seed(secret: Any) -> bytes:
    raw = _decoded(secret, "secret")
    if len(raw) not in (SEED_LENGTH, KEY_PAIR_LENGTH):
        raise AuthenticationError(
            f"secret decodes to {len(raw)} bytes; expected is a seed of {SEED_LENGTH}, "
            f"or the seed and the public key, {KEY_PAIR_LENGTH}"
        )
    seed, public_half = raw[:SEED_LENGTH], raw[SEED_LENGTH:]
    if public_half and crypto_sign_seed_keypair(seed)[0] != public_half:
        raise AuthenticationError(
            "secret has 64 bytes, but its second half is not the public key of its first"
        )
    return seed


class Signer:
    """One key pair, checked once, ready to sign.

    `api_key` is the base64 public key, `secret` the base64 seed (32 bytes) or seed and public key (64).
    Raises AuthenticationError that names what is wrong with them and never shows them.
    """

    __slots__ = ("_signing_key", "api_key")

    def __init__(self, api_key: str, secret: str) -> None:
        public, signing_key = crypto_sign_seed_keypair(_seed(secret))
        given = _decoded(api_key, "apiKey")
        if len(given) != len(public):
            raise AuthenticationError(f"apiKey decodes to {len(given)} bytes; a public key has {len(public)}")
        if given != public:
            raise AuthenticationError(
                "apiKey and secret are not a pair: apiKey is not the public key of secret"
            )
        self.api_key = api_key
        self._signing_key = signing_key

    def __repr__(self) -> str:
        return "<Signer of one key pair>"

    def __reduce__(self) -> Any:
        raise TypeError("a Signer holds a secret and is not pickled")

    def signature(self, text: str) -> str:
        """The base64 signature of a text."""
        signed = crypto_sign(text.encode(), self._signing_key)
        return b2a_base64(signed[:crypto_sign_BYTES], newline=False).decode()

    def headers(
        self,
        instruction: str,
        params: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        timestamp: int,
        window: int = DEFAULT_WINDOW,
    ) -> dict[str, str]:
        """The four headers of a signed request. `timestamp` and `window` are in milliseconds."""
        return {
            "X-API-Key": self.api_key,
            "X-Signature": self.signature(signing_string(instruction, params, timestamp, window)),
            "X-Timestamp": str(timestamp),
            "X-Window": str(window),
        }

    def subscription(self, timestamp: int, window: int = DEFAULT_WINDOW) -> list[str]:
        """The `signature` member of a SUBSCRIBE frame: public key, signature, time and window."""
        text = signing_string(SUBSCRIBE, {}, timestamp, window)
        return [self.api_key, self.signature(text), str(timestamp), str(window)]
