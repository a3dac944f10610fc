"""Key pairs of accounts that exist in tests only. Their seeds are readable text: never fund such a key."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import NamedTuple

from nacl.bindings import crypto_sign_seed_keypair

__all__ = ["FIRST", "SECOND", "KeyPair", "key_pair", "own_key_pair"]


class KeyPair(NamedTuple):
    """The two credentials of an account, as a user has them."""

    api_key: str
    secret: str

    @property
    def credentials(self) -> dict[str, str]:
        """The pair as part of an exchange's configuration."""
        return {"apiKey": self.api_key, "secret": self.secret}


def key_pair(number: int) -> KeyPair:
    """The test key pair of that number, the same every time."""
    seed = f"bpx_connector test key number {number:02}".encode()
    public, _ = crypto_sign_seed_keypair(seed)
    return KeyPair(b64encode(public).decode(), b64encode(seed).decode())


def own_key_pair() -> KeyPair:
    """The key pair of whoever records from the live venue, from the environment."""
    return KeyPair(os.environ["BPX_API_KEY"], os.environ["BPX_SECRET"])


FIRST = key_pair(1)
SECOND = key_pair(2)
