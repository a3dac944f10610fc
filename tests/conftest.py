"""The fixtures that all tests share. What they are made of lives in tests/support/."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.support import samples
from tests.support.callers import FIRST_CLIENT_ID, Caller
from tests.support.canned import CannedVenue, canned_venue
from tests.support.cassettes import (
    CASSETTES,
    LIVE,
    RECORDING,
    cassette_settings,
    missing_cassette,
    register_matchers,
)
from tests.support.keys import FIRST, own_key_pair
from tests.support.sandboxes import RunningSandbox
from tests.support.variants import (
    VARIANTS,
    Variant,
    cassette_path,
    pytest_collection_modifyitems,  # noqa: F401  hooks that pytest finds here
    pytest_configure,  # noqa: F401
    subject,
)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """A fresh seeded sandbox with a driven clock."""
    with RunningSandbox() as running:
        yield running


@pytest.fixture(params=VARIANTS)
def bpx(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """A caller of the exchange: each class, from the test's cassette and against a sandbox."""
    variant: Variant = request.param
    needs_sandbox = not LIVE and (RECORDING or not variant.from_cassette)
    caller = Caller(
        is_asyncio=variant.is_asyncio,
        is_live=LIVE,
        keys=own_key_pair() if LIVE else FIRST,
        sandbox=request.getfixturevalue("sandbox") if needs_sandbox else None,
        refusal=None if needs_sandbox or LIVE else missing_cassette(cassette_path(request.node)),
        numbered_from=FIRST_CLIENT_ID if variant.from_cassette and not LIVE else None,
    )
    try:
        yield caller
    finally:
        caller.close()


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def canned(request: pytest.FixtureRequest) -> Iterator[Callable[..., CannedVenue]]:
    """`canned(answers, config={})`: a caller of each class whose requests get these answers."""
    made: list[CannedVenue] = []

    def canned(answers: Mapping[str, Any], config: Mapping[str, Any] = {}) -> CannedVenue:
        made.append(canned_venue(is_asyncio=request.param, answers=answers, config=config))
        return made[-1]

    yield canned
    for venue in made:
        venue.caller.close()


@pytest.fixture
def sample() -> Callable[[str], Any]:
    """`sample(name)`: a captured payload, from tests/data/samples/."""
    return samples.sample


@pytest.fixture
def offline() -> Callable[..., samples.OfflineExchange]:
    """`offline(config={})`: a blocking exchange with the captured markets and no network."""

    def offline(config: Mapping[str, Any] = {}) -> samples.OfflineExchange:
        return samples.offline_exchange(config)

    return offline


def pytest_recording_configure(config: pytest.Config, vcr: Any) -> None:
    """pytest-recording's hook."""
    register_matchers(vcr)


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    """How cassettes are written and matched."""
    return cassette_settings()


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """cassettes/http/<subject>, which is called as the folder of tests/rest/ that the test stands in."""
    return str(CASSETTES / subject(request.node.path))


@pytest.fixture
def default_cassette_name(request: pytest.FixtureRequest) -> str:
    """The test's name; all of its runs share the cassette."""
    return cassette_path(request.node).stem
