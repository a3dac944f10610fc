"""Fixtures for the tests of those who use this package: a local exchange of their own, and keys for it.

In a conftest.py:

    pytest_plugins = ["bpx_connector.testing"]

`bpx_sandbox` is a running local exchange on a free port, in a thread of its own, so that blocking and
asyncio tests use it alike; `bpx_keys` is a pair of API keys nobody has used before, and opens a funded
account there. A test that wants to say when time passes takes `bpx_driven_sandbox` and advances its clock:

    def test_a_minute_later(bpx_driven_sandbox, bpx_keys):
        exchange = bpx(bpx_keys.config | {"urls": bpx_driven_sandbox.urls})
        bpx_driven_sandbox.advance(60)

Override the fixture `bpx_sandbox_options` to start the sandboxes with other arguments.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bpx_connector.sandbox.server import SandboxThread

__all__ = [
    "Keys",
    "RunningSandbox",
    "bpx_driven_sandbox",
    "bpx_keys",
    "bpx_sandbox",
    "bpx_sandbox_options",
    "generated_keys",
]


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


class RunningSandbox:
    """A sandbox that runs in another thread, seen from a test."""

    def __init__(self, thread: SandboxThread) -> None:
        self.thread = thread
        self.url = thread.url
        self.socket_url = thread.socket_url

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

    def advance(self, seconds: float) -> None:
        """Let time pass on a sandbox whose clock is driven."""
        from bpx_connector.sandbox.clock import DrivenClock

        clock = self.thread.sandbox.clock
        if not isinstance(clock, DrivenClock):
            raise TypeError("This sandbox keeps the machine's time: take bpx_driven_sandbox to drive it.")
        self.thread.run(lambda _: clock.advance(seconds))


@pytest.fixture
def bpx_sandbox_options() -> dict[str, Any]:
    """Arguments of the sandboxes: those of `bpx_connector.sandbox.server.Sandbox`."""
    return {"seed": 7}


@pytest.fixture
def bpx_sandbox(bpx_sandbox_options: dict[str, Any]) -> Iterator[RunningSandbox]:
    """A running local exchange that keeps the machine's time."""
    from bpx_connector.sandbox.server import SandboxThread

    with SandboxThread(**bpx_sandbox_options) as thread:
        yield RunningSandbox(thread)


@pytest.fixture
def bpx_driven_sandbox(bpx_sandbox_options: dict[str, Any]) -> Iterator[RunningSandbox]:
    """A running local exchange on which time passes only when the test says so."""
    from bpx_connector.sandbox.clock import DrivenClock
    from bpx_connector.sandbox.server import SandboxThread

    with SandboxThread(clock=DrivenClock(), **bpx_sandbox_options) as thread:
        yield RunningSandbox(thread)


@pytest.fixture
def bpx_keys() -> Keys:
    """A new pair of API keys."""
    return generated_keys()
