"""`gateway`: one feed and one request budget for many programs; the words are the gateway's own."""

from __future__ import annotations

from collections.abc import Sequence

from bpx_connector.cli.access import keys
from bpx_connector.cli.words import Refusal

__all__ = ["gateway"]


def gateway(words: Sequence[str]) -> None:
    """Serve until it is interrupted, with the keys that every command takes."""
    try:
        from bpx_connector.gateway.__main__ import main
    except ModuleNotFoundError as error:
        if error.name != "nats":
            raise
        raise Refusal(str(error)) from error
    main(words, "bpx gateway", keys())
