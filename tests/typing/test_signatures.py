"""What `inspect` and `typing` say of the methods of the three classes: what a caller gives and gets."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

from bpx_connector import async_support, bpx, pro

UNIFIED = ("fetch_", "create_", "cancel_", "edit_", "watch_")
CLASSES = {"blocking": bpx, "asyncio": async_support.bpx, "pro": pro.bpx}


def own_methods(kind: type) -> dict[str, Callable[..., Any]]:
    """The public methods of a class that are written here, by ccxt's name for them."""
    names = (name for name in dir(kind) if not name.startswith("_"))
    found = {name: inspect.getattr_static(kind, name) for name in names}
    return {
        name: method
        for name, method in found.items()
        if inspect.isfunction(method) and method.__module__.partition(".")[0] == "bpx_connector"
    }


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
def test_no_signature_shows_how_a_method_is_written(kind: type) -> None:
    methods = own_methods(kind)
    assert len(methods) > 100
    shown = {name: str(inspect.signature(method)) for name, method in methods.items()}
    assert [name for name, text in shown.items() if "Flow" in text or "Generator" in text] == []


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
def test_the_types_of_every_unified_method_can_be_read_at_run_time(kind: type) -> None:
    methods = own_methods(kind)
    unified = [
        name for name in methods if name.startswith(("fetch_", "create_", "cancel_", "edit_", "watch_"))
    ]
    assert len(unified) > 40
    for name in unified:
        assert "return" in get_type_hints(methods[name]), name


def test_the_same_method_is_plain_on_one_class_and_a_coroutine_function_on_the_others() -> None:
    for kind in (bpx, async_support.bpx, pro.bpx):
        method = own_methods(kind)["fetch_ticker"]
        assert inspect.iscoroutinefunction(method) == (kind is not bpx)
        assert inspect.signature(method).return_annotation == "Ticker"
