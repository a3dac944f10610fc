"""No key, secret or signature in anything that a call leaves behind: every method, both classes.

Looked through are what `verbose` prints, the log at its lowest level, exceptions with what caused them,
their pickles, the variables of their frames (as rich and sentry take them), and a recording.
"""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from ccxt.base.errors import BaseError

from tests.fuzz.calls import CALLS, Asked
from tests.support.callers import Caller
from tests.support.keys import FIRST, SECOND
from tests.support.scripted_venue import BREAKS_OFF, HANGS_UP, Answer, ScriptedVenue

TROUBLES = {
    "a refusal": Answer('{"code":"INVALID_CLIENT_REQUEST","message":"Invalid signature"}', 400),
    "a page": Answer("<html>bad gateway</html>", 502, "text/html"),
    "an odd answer": Answer('{"a":[null]}'),
    "an early end": BREAKS_OFF,
    "silence": HANGS_UP,
}
TOKEN = "918273"
"""A two-factor code as a caller gives it."""


@pytest.fixture(scope="module")
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue() as running:
        yield running


def caller_on(venue: ScriptedVenue, is_asyncio: bool, config: dict[str, Any]) -> Caller:
    """A caller of that venue that waits for nothing."""
    caller = Caller(is_asyncio=is_asyncio, sandbox=None, config=config, url=venue.url)

    async def awaited(milliseconds: float) -> None:
        pass

    caller.exchange.sleep = awaited if is_asyncio else lambda milliseconds: None
    return caller


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and whatever led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def told(error: BaseException) -> Iterator[str]:
    """What it says, and what is written where it is sent to another process."""
    yield from (str(error), repr(error), repr(vars(error)))
    if isinstance(error, BaseError):
        yield pickle.dumps(error).decode("latin-1")


def variables(error: BaseException) -> Iterator[str]:
    """The variables of its frames, but those of the tests."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if "/tests/" not in frame.f_code.co_filename:
            yield from _shown(frame.f_locals)


def _shown(variables: dict[str, Any]) -> Iterator[str]:
    for value in variables.values():
        yield repr(value)
        if isinstance(value, dict | list | tuple):  # as trackers do, which show what is in containers
            yield from map(repr, value.values() if isinstance(value, dict) else value)


def called(caller: Caller, asked: Asked) -> tuple[list[str], list[str]]:
    """What the call's exception tells, and the variables of its frames, if it ends in one."""
    args = tuple(TOKEN if value == "123456" else value for value in deepcopy(asked.args))
    try:
        caller.call(asked.name, *args)
    except BaseError as error:
        errors = list(chain(error))
        return [text for one in errors for text in told(one)], [
            text for one in errors for text in variables(one)
        ]
    return [], []


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("is_asyncio", [False, True], ids=["blocking", "asyncio"])
def test_no_call_leaves_a_secret_behind(
    is_asyncio: bool,
    trouble: str,
    venue: ScriptedVenue,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    venue.answers = [TROUBLES[trouble]]
    venue.requests.clear()
    config = {"verbose": True, "options": {"outcome": False}, "headers": {"Cookie": "session=c00k1e"}}
    caller = caller_on(venue, is_asyncio, config)
    shown, held = [], []
    with caplog.at_level(logging.DEBUG), caller.exchange.record(tmp_path / "session.jsonl"):
        for asked in CALLS:
            if asked.name not in ("load_time_difference", "fetch_time"):
                texts, values = called(caller, asked)
                shown += texts
                held += values
    caller.close()
    shown += [*capsys.readouterr(), caplog.text, repr(caller.exchange)]
    shown += [path.read_text() for path in tmp_path.iterdir()]
    signatures = {
        request.headers["X-Signature"] for request in venue.requests if "X-Signature" in request.headers
    }
    assert len(signatures) > len(CALLS) / 4
    everything = "\n".join([*shown, *held])
    for secret in (FIRST.secret, FIRST.api_key, "c00k1e", *signatures):
        assert secret not in everything, everything[max(everything.index(secret) - 200, 0) :][:300]
    assert TOKEN not in "\n".join(shown)  # as an argument it is the caller's own variable


@pytest.mark.parametrize("is_asyncio", [False, True], ids=["blocking", "asyncio"])
def test_no_call_with_a_wrong_pair_of_keys_leaves_them_behind(
    is_asyncio: bool,
    venue: ScriptedVenue,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = {"apiKey": SECOND.api_key, "verbose": True}
    caller = caller_on(venue, is_asyncio, config)
    venue.answers = [Answer()]
    with caplog.at_level(logging.DEBUG):
        shown = [text for asked in CALLS for texts in called(caller, asked) for text in texts]
    caller.close()
    everything = "\n".join([*shown, *capsys.readouterr(), caplog.text])
    for secret in (FIRST.secret, SECOND.api_key):
        assert secret not in everything
