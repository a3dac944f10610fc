"""`run`, `sandbox`, `gateway` and `record-streams` as typer lists them; `main` answers them without it."""

from __future__ import annotations

import typer

__all__ = ["add_to"]

LISTED = {
    "sandbox": "Run the local exchange until it is interrupted; sandbox --help has its switches.",
    "run": "Run any Python program, unchanged, with the exchange as ccxt.bpx; run --help has more.",
    "gateway": "Serve one feed and one request budget to many programs; gateway --help has its switches.",
    "record-streams": "Write what the venue says on some streams to a cassette.",
}


def add_to(app: typer.Typer) -> None:
    """List the commands."""
    for name, about in LISTED.items():
        app.command(name, help=about, context_settings={"ignore_unknown_options": True})(_answered_before)


def _answered_before() -> None:
    raise typer.Exit(2)
