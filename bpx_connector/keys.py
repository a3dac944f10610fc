"""Key pairs in the venue's format: base64 of an Ed25519 public key and of its seed."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

__all__ = ["Keys", "generated_keys"]


@dataclass(frozen=True)
class Keys:
    """A pair of API keys as the venue hands them out: base64 of the public key and of the seed."""

    api_key: str
    secret: str = field(repr=False)

    @property
    def config(self) -> dict[str, str]:
        """The keys under the names that ccxt gives them."""
        return {"apiKey": self.api_key, "secret": self.secret}


def generated_keys(seed: bytes | None = None) -> Keys:
    """A new pair of keys, or the one that belongs to a seed of 32 bytes."""
    from nacl.signing import SigningKey

    signing_key = SigningKey(seed) if seed is not None else SigningKey.generate()
    return Keys(
        base64.b64encode(bytes(signing_key.verify_key)).decode(),
        base64.b64encode(bytes(signing_key)).decode(),
    )
