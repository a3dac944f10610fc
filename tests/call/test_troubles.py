"""Trouble on the way says what it was, what to do, and nothing secret. On both classes."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ccxt.base.errors import AuthenticationError, BaseError, ExchangeNotAvailable, NetworkError

from tests.support.callers import Caller
from tests.support.keys import FIRST, SECOND
from tests.support.scripted_venue import BREAKS_OFF, HANGS_UP, Answer, ScriptedVenue

Calling = Callable[..., Caller]
ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "price": "90", "quantity": "1"}


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue() as running:
        yield running


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def calling(request: pytest.FixtureRequest, venue: ScriptedVenue) -> Iterator[Calling]:
    """`calling(config, url)`: a caller of either class that speaks to the scripted venue, or elsewhere."""
    opened: list[Caller] = []

    def calling(config: dict[str, Any] | None = None, url: str | None = None) -> Caller:
        opened.append(
            Caller(is_asyncio=request.param, sandbox=None, config=config or {}, url=url or venue.url)
        )
        return opened[-1]

    yield calling
    for caller in opened:
        caller.close()


@pytest.fixture(params=["quiet", "verbose"])
def config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Both ways that a request can take on the asyncio class."""
    return {"verbose": request.param == "verbose", "logger": logging.getLogger("tests.troubles")}


def test_nobody_listening_names_the_command_that_starts_a_sandbox(
    calling: Calling, config: dict[str, Any]
) -> None:
    with pytest.raises(ExchangeNotAvailable, match=r"refused: nobody listens at 127\.0\.0\.1:9") as failure:
        calling(config, "http://127.0.0.1:9").call("private_post_api_v1_order", ORDER)
    assert "python -m bpx_connector.sandbox --port 9" in str(failure.value)
    assert str(failure.value).endswith("nothing was sent")


def test_a_proxy_that_is_not_there_is_not_taken_for_the_venue(
    calling: Calling, venue: ScriptedVenue, config: dict[str, Any]
) -> None:
    with pytest.raises(ExchangeNotAvailable, match="nobody listens where the proxy should be") as failure:
        calling({**config, "httpProxy": "http://127.0.0.1:9"}).call("private_post_api_v1_order", ORDER)
    assert str(failure.value).endswith("nothing was sent")
    assert venue.requests == []


def test_a_name_that_is_nobodys_is_said_to_be_unknown(calling: Calling, config: dict[str, Any]) -> None:
    with pytest.raises(ExchangeNotAvailable, match=r"DNS: the name nowhere\.invalid is not known"):
        calling(config, "http://nowhere.invalid").call("public_get_api_v1_ping")


@pytest.mark.parametrize("trouble", [HANGS_UP, BREAKS_OFF])
def test_a_broken_connection_leaves_open_what_happened(
    calling: Calling, venue: ScriptedVenue, trouble: Answer, config: dict[str, Any]
) -> None:
    venue.answers = [trouble]
    with pytest.raises(NetworkError, match=r"the connection broke: .* acted on it is not known"):
        calling(config).call("private_post_api_v1_order", ORDER)


def variables(error: BaseException | None) -> Iterator[str]:
    """What a tool shows that prints the variables of every frame, as error trackers do."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "/tests/" not in frame.f_code.co_filename:
                yield from (repr(value) for value in frame.f_locals.values())
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "trouble", [HANGS_UP, BREAKS_OFF, Answer("<html>", 502), Answer('{"code":"INVALID_ORDER"}', 400)]
)
def test_the_variables_of_a_traceback_hold_nothing_secret(
    calling: Calling, venue: ScriptedVenue, trouble: Answer, config: dict[str, Any]
) -> None:
    venue.answers = [trouble]
    with pytest.raises(BaseError) as failure:
        calling(config).call("private_post_api_v1_order", ORDER)
    shown = " ".join(variables(failure.value))
    for secret in (FIRST.secret, FIRST.api_key, venue.requests[0].headers["X-Signature"]):
        assert secret not in shown


@pytest.mark.parametrize("keys", [{"apiKey": SECOND.api_key}, {"secret": FIRST.secret[:-8]}])
def test_the_variables_of_a_refused_key_hold_nothing_secret(calling: Calling, keys: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError) as failure:
        calling(keys).call("private_get_api_v1_capital")
    shown = " ".join(variables(failure.value))
    for secret in (FIRST.secret, FIRST.secret[:-8], SECOND.api_key):
        assert secret not in shown


def test_a_secret_read_from_a_file_may_end_with_its_line(calling: Calling) -> None:
    keys = {"apiKey": FIRST.api_key + "\n", "secret": f" {FIRST.secret}\r\n"}
    assert calling(keys).call("private_get_api_v1_capital") == {}


def test_an_answer_older_than_its_cache_keeps_it_is_reported_once(
    calling: Calling, venue: ScriptedVenue, caplog: pytest.LogCaptureFixture
) -> None:
    old = Answer("[]", headers={"Age": "3400", "Cache-Control": "public, s-maxage=20"})
    fresh = Answer("[]", headers={"Age": "12", "Cache-Control": "public, s-maxage=20"})
    venue.answers = [fresh, old, old, fresh, old]
    caller = calling()
    for _ in range(5):
        caller.call("public_get_api_v1_tickers")
    told = [record.getMessage() for record in caplog.records if "Age header" in record.getMessage()]
    assert len(told) == 2
    assert "/api/v1/tickers is 3400 s old" in told[0]
