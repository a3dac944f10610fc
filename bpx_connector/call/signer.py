"""Who we are to the venue: Ed25519 signatures over its canonical strings. Pure: no clock, no I/O.

The string is `instruction=<name>`, then `&key=value` of every parameter in byte order of the keys, then
`&timestamp=<ms>&window=<ms>`. Values are raw, booleans lower-case, nulls left out. A batch repeats the
instruction before each order.

Source: Backpack documentation, "Authentication / Signing requests".
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any

from ccxt.base.errors import AuthenticationError, BadRequest
from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_seed_keypair

from bpx_connector.call.masking import Hidden, Masked
from bpx_connector.call.wire import Wire

__all__ = ["DEFAULT_WINDOW", "MAXIMUM_WINDOW", "Signer", "checked_window", "signing_string"]

DEFAULT_WINDOW = 5000
IS_WHOLE = re.compile(r"[0-9]{1,9}").fullmatch
MAXIMUM_WINDOW = 60000
"""Milliseconds a request stays valid: the venue's default and its limit."""

SEED_LENGTH = 32
KEY_PAIR_LENGTH = 64
SUBSCRIBE = "subscribe"


def signing_string(
    instruction: str,
    params: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    timestamp: int,
    window: int = DEFAULT_WINDOW,
) -> str:
    """The text that the venue verifies for one request, or for a batch of orders."""
    return stamped(Wire(params).signed(instruction), timestamp, window)


def stamped(signed: str, timestamp: int, window: int) -> str:
    """A signed text with its time and window, in milliseconds."""
    return f"{signed}&timestamp={timestamp}&window={window}"


def _whole_up_to(most: int, value: Any) -> int:
    """A number, or its digits, up to `most`; 0 of anything else, however large it would be."""
    if isinstance(value, str):
        return _whole_up_to(most, int(value)) if IS_WHOLE(value) is not None else 0
    try:
        return int(value) if not isinstance(value, bool) and 0 < value <= most else 0
    except (ArithmeticError, TypeError, ValueError):  # no number, or Decimal's NaN
        return 0


def checked_window(window: Any) -> int:
    """The window in milliseconds, refused here if the venue would refuse it."""
    milliseconds = _whole_up_to(MAXIMUM_WINDOW, window)
    if milliseconds <= 0:
        raise BadRequest(
            f"recvWindow is {window!r}; allowed are 1 to {MAXIMUM_WINDOW} milliseconds, "
            f"{DEFAULT_WINDOW} by default"
        )
    return milliseconds


class Signer:
    """One key pair, checked once, ready to sign.

    `api_key` is the base64 public key, `secret` the base64 seed (32 bytes) or seed and public key (64);
    blanks and line ends around them do not count. Raises AuthenticationError that names what is wrong with
    them and never shows them: not in its text, and not in the variables of its traceback's frames.
    """

    __slots__ = ("_signing_key", "api_key")

    def __init__(self, api_key: str, secret: str) -> None:
        pair = _key_pair(Hidden(api_key), Hidden(secret))
        del api_key, secret
        if isinstance(pair, str):
            raise AuthenticationError(pair)
        self.api_key, self._signing_key = pair

    def __repr__(self) -> str:
        return "<Signer of one key pair>"

    def __reduce__(self) -> Any:
        raise TypeError("a Signer holds a secret and is not pickled")

    def signature(self, text: str) -> str:
        """The base64 signature of a text."""
        signed = crypto_sign(text.encode(), self._signing_key.shown)
        return Masked(b2a_base64(signed[:crypto_sign_BYTES], newline=False).decode())

    def headers(
        self,
        instruction: str,
        params: Wire | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        timestamp: int,
        window: int = DEFAULT_WINDOW,
    ) -> dict[str, str]:
        """The four headers of a signed request. `timestamp` and `window` are in milliseconds."""
        wire = params if isinstance(params, Wire) else Wire(params)
        return {
            "X-API-Key": self.api_key,
            "X-Signature": self.signature(stamped(wire.signed(instruction), timestamp, window)),
            "X-Timestamp": str(timestamp),
            "X-Window": str(window),
        }

    def subscription(self, timestamp: int, window: int = DEFAULT_WINDOW) -> list[str]:
        """The `signature` member of a SUBSCRIBE frame: public key, signature, time and window."""
        text = signing_string(SUBSCRIBE, {}, timestamp, window)
        return [str(self.api_key), str(self.signature(text)), str(timestamp), str(window)]


def _key_pair(api_key: Hidden[Any], secret: Hidden[Any]) -> tuple[Masked, Hidden[bytes]] | str:
    """The public key as text and the signing key, or what is wrong with them."""
    seed = _seed(secret)
    if isinstance(seed, str):
        return seed
    public, signing_key = crypto_sign_seed_keypair(seed.shown)
    given = _decoded(api_key, "apiKey")
    if isinstance(given, str):
        return given
    if len(given.shown) != len(public):
        return f"apiKey decodes to {len(given.shown)} bytes; a public key has {len(public)}"
    if given.shown != public:
        return "apiKey and secret are not a pair: apiKey is not the public key of secret"
    return Masked(api_key.shown.strip()), Hidden(signing_key)


def _seed(secret: Hidden[Any]) -> Hidden[bytes] | str:
    raw = _decoded(secret, "secret")
    if isinstance(raw, str):
        return raw
    if len(raw.shown) not in (SEED_LENGTH, KEY_PAIR_LENGTH):
        return (
            f"secret decodes to {len(raw.shown)} bytes; expected is a seed of {SEED_LENGTH}, "
            f"or the seed and the public key, {KEY_PAIR_LENGTH}"
        )
    seed, public_half = raw.shown[:SEED_LENGTH], raw.shown[SEED_LENGTH:]
    if public_half and crypto_sign_seed_keypair(seed)[0] != public_half:
        return "secret has 64 bytes, but its second half is not the public key of its first"
    return Hidden(seed)


def _decoded(text: Hidden[Any], name: str) -> Hidden[bytes] | str:
    try:
        return Hidden(b64decode(text.shown.strip(), validate=True))
    except (NotBase64, AttributeError, TypeError, ValueError):
        return f"{name} is not base64; Backpack shows keys as base64 text"
