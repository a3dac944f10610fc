"""One real server for all tests of a worker; each test has a net of its own on it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.support.nats_servers import NatsServer

NUMBERS = count()


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def net() -> str:
    """The name of a net that nobody else uses."""
    return f"t{next(NUMBERS)}"
