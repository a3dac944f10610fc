"""Every field of every captured answer, spoilt in turn: what comes of it is a result or ccxt's exception.

And nothing spoilt is remembered: the same object answers rightly to the next, good answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from ccxt.base.errors import BaseError

from bpx_connector.parse.numbers import EARLIEST, LATEST
from tests.fuzz.spoilt_answers import MISSING, spoil
from tests.support.keys import FIRST
from tests.support.samples import OfflineExchange, offline_exchange, sample

SPOT, SWAP = "SOL/USDC", "SOL/USDC:USDC"

SPOILT: list[Any] = [
    None, "", " ", "N/A", "NaN", "Infinity", "1e400", "-1", "0E-8", "1E-7", 0, -1, 1, 7.5, 10**27, "2026",
    True,
    [], {}, [None], {"a": 1}, "x" * 300,
]  # fmt: skip

CAPTURED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "GET /api/v1/markets": ("rest/get_api_v1_markets", lambda ex: ex.load_markets(True)),
    "GET /api/v1/assets": ("rest/get_api_v1_assets", lambda ex: ex.fetch_currencies()),
    "GET /api/v1/ticker": ("get_api_v1_ticker.SOL_USDC", lambda ex: ex.fetch_ticker(SPOT)),
    "GET /api/v1/tickers": ("get_api_v1_tickers", lambda ex: (ex.fetch_tickers(), ex.fetch_last_prices())),
    "GET /api/v1/depth": ("rest/get_api_v1_depth", lambda ex: ex.fetch_order_book(SPOT)),
    "GET /api/v1/markPrices": (
        "get_api_v1_markPrices",
        lambda ex: (ex.fetch_mark_prices(), ex.fetch_funding_rates()),
    ),
    "GET /api/v1/openInterest": ("get_api_v1_openInterest", lambda ex: ex.fetch_open_interests()),
    "GET /api/v1/fundingRates": ("get_api_v1_fundingRates", lambda ex: ex.fetch_funding_rate_history(SWAP)),
    "GET /api/v1/klines": ("get_api_v1_klines", lambda ex: ex.fetch_ohlcv(SPOT)),
    "GET /api/v1/trades": ("get_api_v1_trades", lambda ex: ex.fetch_trades(SPOT)),
    "GET /api/v1/status": ("get_api_v1_status", lambda ex: ex.fetch_status()),
    "GET /api/v1/capital": ("get_api_v1_capital", lambda ex: ex.fetch_balance()),
    "GET /api/v1/capital/collateral": (
        "get_api_v1_capital_collateral",
        lambda ex: ex.fetch_balance({"type": "swap"}),
    ),
    "GET /api/v1/position": ("get_api_v1_position.short", lambda ex: ex.fetch_positions()),
    "GET /api/v1/order": ("get_api_v1_order", lambda ex: ex.fetch_order("59669287267", "USDT/USDC")),
    "GET /api/v1/orders": (
        "get_api_v1_orders",
        lambda ex: (ex.fetch_open_orders(), ex.fetch_open_orders(None, None, None, {"trigger": False})),
    ),
    "POST /api/v1/order": (
        "post_api_v1_order.limit_post_only",
        lambda ex: ex.create_order("USDT/USDC", "limit", "sell", 20, 1.0077),
    ),
    "DELETE /api/v1/order": ("delete_api_v1_order", lambda ex: ex.cancel_order("59669287267", "USDT/USDC")),
    "GET /wapi/v1/history/orders": (
        "get_wapi_v1_history_orders",
        lambda ex: (ex.fetch_closed_orders(), ex.fetch_canceled_orders()),
    ),
    "GET /wapi/v1/history/fills": ("get_wapi_v1_history_fills", lambda ex: ex.fetch_my_trades()),
    "GET /wapi/v1/history/funding": ("get_wapi_v1_history_funding", lambda ex: ex.fetch_funding_history()),
    "GET /wapi/v1/capital/deposits": ("get_wapi_v1_capital_deposits", lambda ex: ex.fetch_deposits()),
    "GET /wapi/v1/capital/withdrawals": (
        "get_wapi_v1_capital_withdrawals",
        lambda ex: ex.fetch_withdrawals(),
    ),
    "GET /wapi/v1/capital/deposit/address": (
        "get_wapi_v1_capital_deposit_address",
        lambda ex: ex.fetch_deposit_address("JTO", {"network": "SOL"}),
    ),
}
"""The operation, a captured answer to it, and what programs call."""

LISTS = frozenset(
    operation
    for operation, (name, _) in CAPTURED.items()
    if operation.startswith("GET") and not name.endswith(("address", "status", "capital", "collateral"))
)


def answer_of(operation: str) -> Any:
    """The captured answer, in the venue's shape."""
    captured = sample(CAPTURED[operation][0])
    single = ("/ticker", "/order", "/depth")
    is_list = operation in LISTS and not operation.endswith(single)
    return captured if isinstance(captured, list) or not is_list else [captured]


class Spoilable(OfflineExchange):
    """An exchange whose venue gives one answer to one operation, and nothing at all to the others."""

    def answered(self, operation: str, answer: Any) -> Spoilable:
        """The same object, to be answered so from now on."""
        self._operation, self._answer = operation, answer
        return self

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        path = urlsplit(url).path
        if f"{method} {path}" == self._operation:
            return deepcopy(self._answer)
        if path.endswith(("/markets", "/assets")):
            return deepcopy(self._lists[path])
        return []

    def sleep(self, milliseconds: float) -> None:
        """Nobody waits for what a spoilt answer leaves open."""


def spoilable(number: Any = float) -> Spoilable:
    """A new object with the captured markets."""
    known = offline_exchange({"number": number})
    exchange = Spoilable({"enableRateLimit": False, "number": number, **FIRST.credentials})
    exchange._lists = known._lists
    exchange.set_markets(list(known.markets.values()), known.currencies)
    return exchange


def places(answer: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be spoilt: the answer itself, its rows and their fields; of lists the first."""
    yield path
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield from places(value, (*path, name))
    elif isinstance(answer, list):
        for place, value in enumerate(answer[:1]):
            yield from places(value, (*path, place))


def oddities(result: Any, name: str = "") -> Iterator[str]:
    """What no result may hold: figures that are none, times that cannot be. `info` is the venue's own."""
    if isinstance(result, dict):
        for key, value in result.items():
            if key != "info":
                yield from oddities(value, str(key))
    elif isinstance(result, list | tuple):
        for value in result:
            yield from oddities(value, name)
    elif (isinstance(result, float | Decimal) and not math.isfinite(result)) or (
        name.lower().endswith("timestamp") and result is not None and not EARLIEST <= result < LATEST
    ):
        yield f"{name} is {result}"


@pytest.mark.parametrize("number", [float, str])
@pytest.mark.parametrize("operation", CAPTURED)
def test_a_spoilt_answer_is_a_result_or_ccxts_exception_and_leaves_no_mark(
    operation: str, number: Any
) -> None:
    good, (_, call) = answer_of(operation), CAPTURED[operation]
    right = call(spoilable(number).answered(operation, good))
    exchange = spoilable(number)
    wrong = []
    values = SPOILT if number is float else ["", "NaN", "1E-7", None, 7.5]
    for path in places(good):
        for value in [*values, MISSING] if path else values:
            try:
                result = call(exchange.answered(operation, spoil(good, path, value)))
                wrong += [f"{path} = {value!r}: {oddity}" for oddity in oddities(result)]
            except BaseError:
                pass
            except Exception as error:
                wrong.append(f"{path} = {value!r}: {type(error).__name__}: {error}")
    assert wrong[:20] == []
    again = call(exchange.answered(operation, good))
    if operation.endswith("/order"):  # what looks right is believed: that more was filled, say
        assert (again["id"], again["status"]) == (right["id"], right["status"])
    else:
        assert str(again) == str(right)
