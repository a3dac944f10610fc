"""An account to ask with, and a sandbox that lives in real time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from bpx_connector.sandbox.server import SandboxThread
from tests.support.callers import Caller
from tests.support.keys import key_pair
from tests.support.sandboxes import RunningSandbox


@pytest.fixture(scope="module", params=["blocking", "asyncio"])
def venue(request: pytest.FixtureRequest) -> Iterator[tuple[bool, RunningSandbox, Iterator[int], Caller]]:
    """A sandbox for all tests with one of the classes, where some time has passed."""
    is_asyncio = request.param == "asyncio"
    with RunningSandbox() as sandbox:
        first = Caller(is_asyncio=is_asyncio, sandbox=sandbox)
        first.advance(20)
        yield is_asyncio, sandbox, itertools.count(2), first
        first.close()


@pytest.fixture
def trader(venue: Any) -> Iterator[Caller]:
    """A new account on it."""
    is_asyncio, sandbox, numbers, first = venue
    caller = Caller(is_asyncio=is_asyncio, sandbox=sandbox, keys=key_pair(next(numbers)), clock=first.clock)
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxThread]:
    """A sandbox that lives in real time, quickly."""
    with SandboxThread(symbols=["SOL_USDC", "SOL_USDC_PERP"], seed=1, speed=5) as sandbox:
        yield sandbox
