"""Answers that a fuzzer makes up, guided by which lines they reach, where atheris can be installed."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

from ccxt.base.errors import BaseError

from tests.fuzz.calls import CALLS
from tests.fuzz.spoilt_answers import oddities
from tests.fuzz.venue import answered_exchange, outcome_of, result_of

__all__ = ["guided", "tried"]


def tried(data: bytes) -> None:
    """One method answered with these bytes: a result without oddities, or ccxt's exception."""
    asked = CALLS[data[0] % len(CALLS)] if data else CALLS[0]
    exchange = answered_exchange()
    outcome_of(exchange, asked)
    operations = list(exchange.asked)
    if len(data) < 3 or not operations:
        return
    exchange.begin({operations[data[1] % len(operations)]: (200, data[2:].decode(errors="replace"))})
    try:
        found = list(oddities(result_of(exchange, asked)))
    except BaseError:
        return
    assert found == [], (asked, data, found)


def guided(seconds: int) -> int:
    """Run atheris for that long; it ends the process itself where something is wrong."""
    if find_spec("atheris") is None:
        print("atheris is not installed here: pip install atheris. The sweep without it is exhaustive.")
        return 1
    atheris = import_module("atheris")
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}"], tried)
    atheris.Fuzz()
    return 0
