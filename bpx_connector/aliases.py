"""What dictionaries are called that have no fixed keys of their own: the caller's, the venue's and ccxt's."""

from __future__ import annotations

from typing import Any

__all__ = ["Decoded", "Params", "Payload", "Structure"]

Params = dict[str, Any]
"""Extra parameters of one call, as ccxt users pass them."""

Payload = dict[str, Any]
"""One JSON object as the venue sent it."""

Decoded = Any
"""A stream's event as it came: what reads it says by a type of `venue.events` which it has to be."""

Structure = dict[str, Any]
"""One of ccxt's structures."""
