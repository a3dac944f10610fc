"""What callers say beside the arguments is understood, dropped if it says nothing new, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt.base.errors import BadRequest, BadSymbol, NotSupported

from tests.support.samples import OfflineExchange, offline_exchange
from tests.support.scripted import scripted_exchange

SOL = "SOL/USDC"


@pytest.mark.parametrize(
    "params",
    [
        {"stop": False},
        {"marginMode": "cross"},
        {"subType": "linear"},
        {"type": "swap"},
        {"hedged": False},
        {"maxRetries": 3, "maxEntriesPerRequest": 100, "paginationDirection": "forward"},
    ],
)
def test_a_word_that_says_nothing_new_is_not_sent(params: dict[str, Any]) -> None:
    exchange = scripted_exchange([[]])
    assert exchange.fetch_positions(None, params) == []
    assert exchange.asked_for()[0].params == {}


@pytest.mark.parametrize(
    ("params", "error", "sentence"),
    [
        ({"marginMode": "isolated"}, NotSupported, "can only be 'cross'"),
        ({"subType": "inverse"}, NotSupported, "can only be 'linear'"),
        ({"portfolioMargin": True}, NotSupported, "portfolioMargin"),
        ({"method": "privateGetX"}, NotSupported, "method"),
        ({"foo": 1}, BadRequest, "does not take params\\['foo'\\]; it takes marketType, symbol"),
        ({"symbl": 1}, BadRequest, "did you mean 'symbol'"),
        (5, BadRequest, "params has to be a dict"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name_before_anything_is_sent(
    params: Any, error: type[Exception], sentence: str
) -> None:
    exchange = scripted_exchange([])
    with pytest.raises(error, match=sentence):
        exchange.fetch_positions(None, params)
    assert exchange.asked_for() == []


def test_a_kind_of_market_is_not_the_venues_own_type_of_event() -> None:
    exchange = scripted_exchange([[], []])
    exchange.fetch_lending_history(None, None, None, {"type": "swap"})
    exchange.fetch_lending_history(None, None, None, {"type": "BorrowRepay"})
    assert [one.params.get("type") for one in exchange.asked_for()] == [None, "BorrowRepay"]


@pytest.mark.parametrize("method", ["fetch_ohlcv", "fetch_trades"])
def test_pages_from_a_time_on_have_no_last_ones(method: str) -> None:
    params = {"paginate": True, "paginationCalls": 2, "paginationDirection": "backward"}
    arguments = (SOL, "1m", 0, None, params) if method == "fetch_ohlcv" else (SOL, 0, None, params)
    with pytest.raises(NotSupported, match="has no last pages"):
        getattr(scripted_exchange([]), method)(*arguments)


def test_no_params_are_none_too_and_newer_ones_go_out_if_the_user_wishes() -> None:
    none: Any = None
    assert scripted_exchange([[]]).fetch_positions(None, none) == []
    exchange = scripted_exchange([[]], {"options": {"unknownParams": True}})
    exchange.fetch_positions(None, {"newest": "x"})
    assert exchange.asked_for()[0].params == {"newest": "x"}


def test_an_implicit_method_sends_what_it_is_given() -> None:
    exchange = scripted_exchange([[]])
    exchange.private_get_api_v1_orders({"foo": "bar"})
    assert exchange.asked_for()[0].params == {"foo": "bar"}


def test_stop_is_trigger_where_orders_are_cancelled() -> None:
    exchange = scripted_exchange([[]])
    exchange.cancel_all_orders(SOL, {"stop": True})
    assert exchange.asked_for()[0].params == {"orderType": "ConditionalOrder", "symbol": "SOL_USDC"}


@pytest.mark.parametrize("symbol", [-1, None, [], 1.5])
def test_a_symbol_that_is_no_text_is_a_bad_symbol(symbol: Any) -> None:
    with pytest.raises(BadSymbol):
        scripted_exchange([]).fetch_ticker(symbol)


def test_symbols_have_to_be_a_list() -> None:
    text: Any = SOL
    with pytest.raises(BadRequest, match="symbols has to be a list"):
        scripted_exchange([]).fetch_positions(text)


class Index:
    """A whole number of another library."""

    def __index__(self) -> int:
        return 3


def test_whole_numbers_of_other_libraries_are_taken() -> None:
    exchange = scripted_exchange([[]])
    limit: Any = Index()
    exchange.fetch_my_trades(SOL, None, limit)
    assert exchange.asked_for()[0].params["limit"] == "3"


def test_ccxts_capitals_and_every_base_are_known(sample: Any) -> None:
    row = next(one for one in sample("rest/get_api_v1_markets") if one["symbol"] == "kPEPE_USDC_PERP")
    exchange: OfflineExchange = offline_exchange({}, markets=[row])
    assert exchange.market("KPEPE/USDC:USDC")["symbol"] == "kPEPE/USDC:USDC"
    assert exchange.currency("kPEPE")["id"] == "kPEPE"


def test_parsers_of_single_rows_that_were_replaced_are_called_by_the_lists(sample: Any) -> None:
    exchange = offline_exchange()
    own = exchange.parse_order
    setattr(exchange, "parse_order", lambda order, market=None: {**own(order, market), "mine": True})  # noqa: B010
    assert [order["mine"] for order in exchange.parse_orders(sample("get_api_v1_orders"))] == [True]
