"""What the class with streams says of itself is so, exactly."""

from __future__ import annotations

import inspect
import re
from typing import Any

from bpx_connector.pro import WATCHED, bpx


def test_every_watch_method_has_a_twin_that_ends_it() -> None:
    methods = {name for name, _ in inspect.getmembers(bpx, inspect.iscoroutinefunction)}
    exchange: Any = bpx()
    for name in WATCHED:
        for prefix in ("watch", "un_watch"):
            method = f"{prefix}_{_snake(name)}"
            assert method in methods
            assert bpx.__dict__[method].__doc__
        assert exchange.has[f"watch{name}"] is True
        assert exchange.has[f"unWatch{name}"] is True
        assert callable(getattr(exchange, f"watch{name}"))


def test_no_watch_method_is_kept_secret() -> None:
    defined = {name for name in bpx.__dict__ if name.startswith(("watch_", "un_watch_"))}
    assert defined == {f"{prefix}_{_snake(name)}" for name in WATCHED for prefix in ("watch", "un_watch")}


def test_an_instance_is_made_without_a_running_loop() -> None:
    exchange: Any = bpx({"unknown": 1})
    assert exchange.stream_counters() == {"sockets": [], "streams": {}, "unreadable": 0}
    assert exchange.describe()["urls"]["api"]["ws"]["public"].startswith("wss://")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("OHLCVFor", "OHLCV_For").lower()
