"""The four runs of every test that takes `bpx`, and which of them make sense when.

Its two hooks are pytest's, by way of conftest.py. `make record` keeps only the runs that write cassettes; a
test marked `sandbox_only` has no cassette, because what it shows only a running sandbox can do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.cassettes import CASSETTES, LIVE, RECORDING

__all__ = ["VARIANTS", "Variant", "cassette_path", "subject"]


@dataclass(frozen=True)
class Variant:
    """One of the four runs."""

    is_asyncio: bool
    from_cassette: bool

    @property
    def name(self) -> str:
        """As it stands in the test's id."""
        kind = "asyncio" if self.is_asyncio else "blocking"
        return f"{kind}-{'cassette' if self.from_cassette else 'sandbox'}"


_ALL = [Variant(is_asyncio, from_cassette) for is_asyncio in (False, True) for from_cassette in (True, False)]
VARIANTS = [
    pytest.param(variant, id=variant.name, marks=[pytest.mark.vcr] if variant.from_cassette else [])
    for variant in _ALL
]


def variant_of(item: pytest.Item) -> Variant | None:
    """Which run of its test an item is, or None if it is not of this kind."""
    variant = getattr(item, "callspec", None) and item.callspec.params.get("bpx")  # type: ignore[attr-defined]  # only parametrised functions have one
    return variant if isinstance(variant, Variant) else None


def subject(module: Path) -> str:
    """What a test module is about: the folder of tests/rest/ that it stands in, or else its name."""
    in_folder = module.parent.parent.name == "rest"
    return module.parent.name if in_folder else module.stem.removeprefix("test_")


def cassette_path(item: pytest.Item) -> Path:
    """cassettes/http/<subject>/<test>.yaml: the test's own parameters count, those of the run do not."""
    variant = variant_of(item)
    name = item.name
    if variant is not None:
        name = (
            name.replace(f"[{variant.name}]", "")
            .replace(f"{variant.name}-", "")
            .replace(f"-{variant.name}", "")
        )
    return CASSETTES / subject(item.path) / f"{name.replace('/', '_')}.yaml"


def _is_wanted(item: pytest.Item) -> bool:
    variant = variant_of(item)
    if RECORDING:
        records_http = variant is not None and variant.from_cassette and not variant.is_asyncio
        wanted = records_http or (item.get_closest_marker("records_streams") is not None and not LIVE)
    else:
        wanted = True
    if variant is not None and variant.from_cassette and item.get_closest_marker("sandbox_only"):
        return False
    return wanted


def pytest_configure(config: pytest.Config) -> None:
    """Name our own mark, and let properties try the same examples every time, however slow the machine."""
    settings.register_profile(
        "project", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("project")
    config.addinivalue_line(
        "markers", "sandbox_only: what this shows only a running sandbox can do; no cassette."
    )
    config.addinivalue_line("markers", "records_streams: `make record` writes WebSocket cassettes here.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the runs that make no sense now."""
    unwanted = [item for item in items if not _is_wanted(item)]
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if _is_wanted(item)]
