"""For the tests of those who use this package: a local exchange of their own, keys for it, and recordings.

pytest finds this module by itself once the package is installed; there is nothing to write into a
conftest.py. Until a test asks for a fixture nothing else is loaded.

`bpx_sandbox` is a running local exchange on a free port, in a thread of its own, so that blocking and
asyncio tests use it alike; `bpx_session_sandbox` is one for all tests of the session. `bpx_keys` is a pair of
API keys nobody has used before, and opens a funded account there. A test that wants to say when time passes
takes `bpx_driven_sandbox` and advances its clock; the exchange objects that it hands out go by that clock:

    def test_a_minute_later(bpx_driven_sandbox):
        exchange = bpx_driven_sandbox.exchange(bpx)
        bpx_driven_sandbox.advance(60)

Override the fixture `bpx_sandbox_options` (and `bpx_session_sandbox_options`) to start the sandboxes with
other arguments.

Users of pytest-recording find a matcher for requests whose times differ, `bpx_request`, and what else a
cassette of REST needs in `vcr_settings()`; a `StandingClock` makes the times the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

import pytest

from bpx_connector.keys import Keys, generated_keys

if TYPE_CHECKING:
    from bpx_connector.sandbox.records.switches import Switches
    from bpx_connector.sandbox.server import Sandbox, SandboxThread

__all__ = [
    "Keys",
    "RunningSandbox",
    "StandingClock",
    "bpx_driven_sandbox",
    "bpx_keys",
    "bpx_sandbox",
    "bpx_sandbox_options",
    "bpx_session_sandbox",
    "bpx_session_sandbox_options",
    "generated_keys",
    "same_request",
    "vcr_settings",
]

AnExchange = TypeVar("AnExchange")
Result = TypeVar("Result")


class _Time:
    """What time it is for an exchange object: the three readings that ccxt takes."""

    def now(self) -> int:
        """The time in microseconds."""
        raise NotImplementedError

    @property
    def config(self) -> dict[str, Callable[[], int]]:
        """The part of a configuration that makes an exchange object go by this clock."""
        return {
            "microseconds": self.now,
            "milliseconds": lambda: self.now() // 1_000,
            "seconds": lambda: self.now() // 1_000_000,
        }


class StandingClock(_Time):
    """A time that stands still until it is advanced, for tests that play a recording.

    clock = StandingClock(1_767_225_600_000)
    exchange = bpx({**clock.config})
    """

    def __init__(self, milliseconds: int) -> None:
        self._microseconds = milliseconds * 1_000

    def now(self) -> int:
        """The time that was last arrived at, in microseconds."""
        return self._microseconds

    def advance(self, seconds: float) -> None:
        """Let this much time pass."""
        self._microseconds += round(seconds * 1_000_000)


class _SandboxTime(_Time):
    def __init__(self, thread: SandboxThread) -> None:
        self._clock = thread.sandbox.clock

    def now(self) -> int:
        return self._clock.now()


class RunningSandbox:
    """A sandbox that runs in another thread, seen from a test."""

    def __init__(self, thread: SandboxThread) -> None:
        self.thread = thread
        self.url = thread.url
        self.socket_url = thread.socket_url

    @property
    def switches(self) -> Switches:
        """What this sandbox does where the venue might do one thing or another, to look at and to set."""
        return self.thread.sandbox.switches

    @property
    def urls(self) -> dict[str, Any]:
        """What to put under `urls` in an exchange's config."""
        return {
            "api": {
                "public": self.url,
                "private": self.url,
                "ws": {"public": self.socket_url, "private": self.socket_url},
            }
        }

    @property
    def config(self) -> dict[str, Any]:
        """The configuration of an exchange object for this sandbox: its addresses, its clock, no budgets.

        Keys are not in it: add those of `bpx_keys.config` to trade.
        """
        return {"urls": self.urls, "enableRateLimit": False, **_SandboxTime(self.thread).config}

    def exchange(
        self, kind: Callable[[Any], AnExchange], keys: Keys | None = None, config: Mapping[str, Any] = {}
    ) -> AnExchange:
        """An object of one of the exchange classes, on this sandbox and its clock, with a funded account.

        Without `keys` it has an account of its own. What is in `config` comes last.
        """
        return kind({**self.config, **(keys or generated_keys()).config, **config})

    def run(self, action: Callable[[Sandbox], Result]) -> Result:
        """What `action` returns when it is called with the sandbox itself, in the sandbox's thread.

        bpx_sandbox.run(lambda inner: inner.faults.add("lose depth.* every=50"))
        """
        return self.thread.run(action)

    def advance(self, seconds: float) -> None:
        """Let time pass on a sandbox whose clock is driven."""
        from bpx_connector.sandbox.clock import DrivenClock

        clock = self.thread.sandbox.clock
        if not isinstance(clock, DrivenClock):
            raise TypeError("This sandbox keeps the machine's time: take bpx_driven_sandbox to drive it.")
        self.thread.run(lambda _: clock.advance(seconds))


def _running(options: Mapping[str, Any]) -> Iterator[RunningSandbox]:
    from bpx_connector.sandbox.server import SandboxThread

    with SandboxThread(**options) as thread:
        yield RunningSandbox(thread)


@pytest.fixture
def bpx_sandbox_options() -> dict[str, Any]:
    """Arguments of the sandboxes: those of `bpx_connector.sandbox.server.Sandbox`."""
    return {"seed": 7}


@pytest.fixture(scope="session")
def bpx_session_sandbox_options() -> dict[str, Any]:
    """Arguments of the sandbox that all tests share."""
    return {"seed": 7}


@pytest.fixture
def bpx_sandbox(bpx_sandbox_options: dict[str, Any]) -> Iterator[RunningSandbox]:
    """A running local exchange that keeps the machine's time."""
    yield from _running(bpx_sandbox_options)


@pytest.fixture(scope="session")
def bpx_session_sandbox(bpx_session_sandbox_options: dict[str, Any]) -> Iterator[RunningSandbox]:
    """One running local exchange for all tests; each with keys of its own has an account of its own."""
    yield from _running(bpx_session_sandbox_options)


@pytest.fixture
def bpx_driven_sandbox(bpx_sandbox_options: dict[str, Any]) -> Iterator[RunningSandbox]:
    """A running local exchange on which time passes only when the test says so."""
    from bpx_connector.sandbox.clock import DrivenClock

    yield from _running({"clock": DrivenClock(), **bpx_sandbox_options})


@pytest.fixture
def bpx_keys() -> Keys:
    """A new pair of API keys."""
    return generated_keys()


# --- cassettes of pytest-recording and vcrpy ----------------------------------------------------------------

SECRET_HEADERS = ("X-API-Key", "X-Signature", "X-Broker-Key", "Cookie", "Authorization")
HEADERS_OF_THE_MOMENT = ("X-Timestamp", "X-Window", "User-Agent")
TIMES = frozenset({"from", "to", "startTime", "endTime"})
"""Parameters that differ each time a request is made, because they are reckoned from now."""


def vcr_settings() -> dict[str, Any]:
    """What a fixture `vcr_config` returns: nothing secret is written, requests match by `bpx_request`."""
    return {
        "match_on": ["bpx_request"],
        "filter_headers": [*SECRET_HEADERS, *HEADERS_OF_THE_MOMENT],
        "decode_compressed_response": True,
    }


def same_request(one: Any, other: Any) -> bool:
    """Whether two requests of vcrpy ask the same thing; times and signatures may differ."""
    return _essence(one) == _essence(other)


def _essence(request: Any) -> tuple[str, str, list[tuple[str, str]], Any]:
    query = [pair for pair in parse_qsl(_query(request.uri)) if pair[0] not in TIMES]
    return request.method, request.uri.partition("?")[0], sorted(query), _without_made_up(request.body)


def _without_made_up(body: Any) -> Any:
    """A body without client ids, which are made up anew for each order that names none."""
    try:
        decoded = json.loads(body)
    except (TypeError, ValueError):
        return body or None
    rows = decoded if isinstance(decoded, list) else [decoded]
    return [
        {name: value for name, value in row.items() if name != "clientId"} if isinstance(row, dict) else row
        for row in rows
    ]


def _query(uri: str) -> str:
    return uri.partition("?")[2]


@pytest.hookimpl(optionalhook=True)
def pytest_recording_configure(config: Any, vcr: Any) -> None:
    """Make `bpx_request` known to pytest-recording, where that is installed."""
    vcr.register_matcher("bpx_request", same_request)
