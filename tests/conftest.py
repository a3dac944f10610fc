"""The fixtures that all tests share. What they are made of lives in tests/support/."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import samples
from tests.support.callers import Caller
from tests.support.cassettes import CASSETTES, RECORDING, cassette_settings, missing_cassette
from tests.support.sandboxes import RunningSandbox
from tests.support.variants import (
    VARIANTS,
    Variant,
    cassette_name,
    pytest_collection_modifyitems,  # noqa: F401  hooks that pytest finds here
    pytest_configure,  # noqa: F401
    variant_of,
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
    needs_sandbox = RECORDING or not variant.from_cassette
    caller = Caller(
        is_asyncio=variant.is_asyncio,
        sandbox=request.getfixturevalue("sandbox") if needs_sandbox else None,
    )
    try:
        yield caller
    finally:
        caller.close()


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


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    """How cassettes are written and matched."""
    return cassette_settings()


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """cassettes/http/<subject>, the subject being the test module's name."""
    return str(CASSETTES / Path(request.node.path).stem.removeprefix("test_"))


@pytest.fixture
def default_cassette_name(request: pytest.FixtureRequest, vcr_cassette_dir: str) -> str:
    """The test's name; all of its runs share the cassette, which has to be there."""
    name = cassette_name(request.node)
    path = Path(vcr_cassette_dir) / f"{name}.yaml"
    if variant_of(request.node) is not None and not RECORDING and not path.exists():
        pytest.fail(missing_cassette(path), pytrace=False)
    return name
