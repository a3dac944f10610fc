"""Settings of a call that are none: refused in a sentence before anything is sent, on each class."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import BadRequest, DuplicateOrderId

from bpx_connector.venue.errors import error_class
from tests.support.callers import Caller
from tests.support.sandboxes import RunningSandbox

SOL = "SOL/USDC"
ODD: list[tuple[dict[str, Any], str]] = [
    ({"headers": {"X-Mine": 5}}, r"headers\['X-Mine'\] has to be text, not int"),
    ({"headers": {"X-Mine": None}}, r"headers\['X-Mine'\] has to be text, not NoneType"),
    ({"timeout": "5000"}, "timeout has to be milliseconds, not '5000'"),
    ({"timeout": -1}, "timeout has to be milliseconds"),
    ({"timeout": True}, "timeout has to be milliseconds"),
    ({"timeout": float("nan")}, "timeout has to be milliseconds"),
    ({"timeout": 10**12}, "timeout has to be milliseconds"),
    ({"options": {"timeDifference": "3"}}, r"timeDifference'\] has to be milliseconds, not '3'"),
    ({"options": {"timeDifference": float("nan")}}, "timeDifference"),
    *[
        ({"enableRateLimit": True, "options": {"requestsPerMinute": odd}}, "a dict of numbers above 0")
        for odd in (5, {"standard": 0}, {"standard": -1}, {"standard": None}, {"standard": "9"}, [2000])
    ],
]


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def is_asyncio(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize(("config", "sentence"), ODD)
@pytest.mark.parametrize("is_verbose", [False, True])
def test_a_setting_that_is_none_is_refused(
    is_asyncio: bool, sandbox: RunningSandbox, config: dict[str, Any], sentence: str, is_verbose: bool
) -> None:
    caller = Caller(is_asyncio=is_asyncio, sandbox=sandbox)
    try:
        for name, value in config.items():
            told = caller.exchange.options | value if name == "options" else value
            setattr(caller.exchange, name, told)
        caller.exchange.verbose, caller.exchange.log = is_verbose, lambda *_: None
        with pytest.raises(BadRequest, match=f"{sentence}.*nothing was sent"):
            caller.call("create_order", SOL, "limit", "buy", 1, 50)
        for name in config:
            setattr(caller.exchange, name, Caller(is_asyncio=False, sandbox=sandbox).exchange.__dict__[name])
        assert caller.call("fetch_open_orders", SOL) == []
    finally:
        caller.close()


def test_on_asyncio_a_timeout_of_0_is_for_ever(sandbox: RunningSandbox) -> None:
    caller = Caller(is_asyncio=True, sandbox=sandbox)
    try:
        caller.exchange.timeout = 0
        assert caller.call("fetch_time") > 0
        caller.exchange.timeout = 2500.5
        assert caller.call("fetch_time") > 0
    finally:
        caller.close()


def test_a_client_id_that_the_venue_will_not_have_twice_has_ccxts_name() -> None:
    assert error_class(400, "INVALID_CLIENT_REQUEST", "Client ID is already in use") is DuplicateOrderId
