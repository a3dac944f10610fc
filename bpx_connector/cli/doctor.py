"""`doctor`: what stands between this machine and the venue, one line each, with what to do."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, NamedTuple

import typer

from bpx_connector.cli import access
from bpx_connector.cli.shown import AsJson, show_json, table
from bpx_connector.cli.words import FAILED, Refusal

__all__ = ["add_to"]

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CLOCK_MAY_BE_OFF = 1.0
"""Seconds; a request is valid for five unless told otherwise."""


class Finding(NamedTuple):
    """One thing that was looked at: what was found, whether it is well, what to do."""

    subject: str
    is_well: bool
    found: str
    advice: str = ""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Look at versions, proxies, the way to the venue, the clock, the keys and what they may do."""
    findings = list(_findings())
    if as_json:
        show_json([finding._asdict() for finding in findings])
    else:
        marks = {True: "well", False: "TROUBLE"}
        table(
            [[found.subject, marks[found.is_well], found.found] for found in findings],
            ["", "", "what was found"],
        )
        for found in findings:
            if found.advice:
                typer.echo(f"{found.subject}: {found.advice}")
    if not all(found.is_well for found in findings):
        raise typer.Exit(FAILED)


def _findings() -> Iterator[Finding]:
    yield Finding("versions", True, _versions())
    yield _proxies()
    with access.exchange({}) as made:
        reached = _tried("reached", lambda: _reached(made))
        yield reached
        if not reached.is_well:
            return
        yield _tried("clock", lambda: _clock(made))
    yield from _of_keys()


def _versions() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("bpx-connector", "ccxt", "aiohttp"))
    return f"{libraries}, Python {platform.python_version()} on {sys.platform}"


def _proxies() -> Finding:
    found = [name for name in PROXIES if os.environ.get(name)]
    told = "none in the environment" if not found else f"{', '.join(found)} in the environment"
    advice = "ccxt heeds none of itself: set `httpsProxy` and `wssProxy`, or requests_trust_env and such"
    return Finding("proxies", True, told, advice if found else "")


def _reached(made: Any) -> Finding:
    before = time.perf_counter()
    made.fetch_time()
    milliseconds = (time.perf_counter() - before) * 1000
    return Finding("reached", True, f"{access.address(made)} in {milliseconds:.0f} ms")


def _clock(made: Any) -> Finding:
    """The machine's time beside the venue's, give or take half of the way there and back."""
    before = made.milliseconds()
    there = made.fetch_time()
    after = made.milliseconds()
    offset = (there - (before + after) / 2) / 1000
    is_well = abs(offset) < CLOCK_MAY_BE_OFF
    advice = "set the machine's clock, or options['adjustForTimeDifference'] = True"
    return Finding("clock", is_well, f"{offset:+.2f} s from the venue's", "" if is_well else advice)


def _of_keys() -> Iterator[Finding]:
    try:
        pair = access.keys()
    except Refusal as refusal:
        yield Finding("keys", False, str(refusal))
        return
    if not pair:
        yield Finding("keys", True, "none: public data only", access.NO_KEYS)
        return
    with access.exchange(pair) as made:
        yield _tried("keys", lambda: _signed(made))


def _signed(made: Any) -> Finding:
    made.fetch_balance()
    return Finding("keys", True, f"{made.apiKey[:6]}... signs, and may read the account")


def _tried(subject: str, look: Callable[[], Finding]) -> Finding:
    from ccxt.base.errors import BaseError

    try:
        return look()
    except BaseError as error:
        return Finding(
            subject, False, f"{type(error).__name__}: {error}", ADVICE.get(type(error).__name__, "")
        )


ADVICE = {
    "AuthenticationError": "the pair does not match, or the venue does not know the public key: add it there",
    "PermissionDenied": "the venue knows the key, and does not let it do this",
    "InvalidNonce": "set the machine's clock, or options['adjustForTimeDifference'] = True",
    "ExchangeNotAvailable": "nobody answers there: is the network up, or the sandbox running (bpx sandbox)?",
    "NetworkError": "nobody answers there: is the network up, or the sandbox running (bpx sandbox)?",
    "RequestTimeout": "no answer came in time: is there a firewall or a proxy in between?",
}
