"""What programs for many exchanges decide by the class of an exception: try again, give up, or look again."""

from __future__ import annotations

import pytest
from ccxt.base.errors import (
    BadSymbol,
    DDoSProtection,
    ExchangeError,
    InsufficientFunds,
    InvalidOrder,
    NetworkError,
    OrderNotFound,
    RateLimitExceeded,
)

from bpx_connector.venue.errors import CODES, error_class
from tests.support.callers import Caller
from tests.support.clients import SPOT, failing, resting


def test_an_order_that_is_not_there_is_worth_another_look(trader: Caller) -> None:
    for name in ("fetch_order", "cancel_order"):
        with pytest.raises(OrderNotFound):
            trader.call(name, "123456789", SPOT)


def test_an_order_that_is_too_dear_is_final(trader: Caller) -> None:
    with pytest.raises(InsufficientFunds) as refusal:
        trader.call("create_order", SPOT, "limit", "buy", 100_000_000, 90)
    assert not isinstance(refusal.value, NetworkError)


def test_an_order_that_the_venue_would_not_take_is_final(trader: Caller) -> None:
    with pytest.raises(InvalidOrder) as refusal:
        trader.call("create_order", SPOT, "limit", "buy", 0.0000001, 90)
    assert not isinstance(refusal.value, NetworkError)


def test_too_many_requests_satisfy_those_who_wait_for_either_exception(trader: Caller) -> None:
    with failing(trader, "refuse /api/v1/ticker status=429"), pytest.raises(DDoSProtection) as refusal:
        trader.call("fetch_ticker", SPOT)
    assert isinstance(refusal.value, RateLimitExceeded)


@pytest.mark.parametrize("fault", ["refuse /api/v1/order status=503", "drop /api/v1/order"])
def test_an_order_whose_outcome_is_unknown_is_a_network_error(trader: Caller, fault: str) -> None:
    with failing(trader, fault), pytest.raises(NetworkError) as trouble:
        resting(trader)
    assert not isinstance(trouble.value, ExchangeError)


def test_a_symbol_that_is_not_there_makes_programs_load_the_markets_again(trader: Caller) -> None:
    with pytest.raises(BadSymbol):
        trader.call("fetch_tickers", ["NOTHING/USDC"])


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_no_refusal_of_the_venue_reads_as_network_trouble(status: int) -> None:
    certain = {code: error_class(status, code, "no") for code in ("SOMETHING_NEW", *CODES)}
    unsure = {code for code, error in certain.items() if not issubclass(error, ExchangeError)}
    assert unsure == {code for code, error in CODES.items() if not issubclass(error, ExchangeError)}
    assert "SOMETHING_NEW" not in unsure
    assert issubclass(error_class(status, None, "no"), ExchangeError)
