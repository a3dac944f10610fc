"""The methods that a program calls, each once: they have to work, and their answers go on the tape.

A question asks as the documents say, a method in its own way, with the parameters that it finds best. With
its answers on the tape the same method is answered when the tape is played.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ccxt.base.errors import BaseError, NetworkError

from bpx_connector.verify.asking import CONTRADICTION, TROUBLE, Finding

__all__ = ["Call", "private_calls", "public_calls", "tried", "trouble"]

METHODS = "this package's methods"


class Call(NamedTuple):
    """One method and what it is given."""

    method: str
    arguments: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The call as one would write it."""
        return f"{self.method}({', '.join(map(str, self.arguments))})"


def public_calls(spot: str, perp: str) -> list[Call]:
    """What anybody may call; the markets come first, as every program loads them."""
    return [
        Call("load_markets", (True,)),
        Call("fetch_currencies"),
        Call("fetch_time"),
        Call("fetch_status"),
        Call("fetch_tickers"),
        *(
            Call(method, (symbol,))
            for symbol in (spot, perp)
            for method in ("fetch_ticker", "fetch_order_book")
        ),
        *(Call("fetch_trades", (symbol, None, 50)) for symbol in (spot, perp)),
        *(Call("fetch_ohlcv", (symbol, "1m", None, 50)) for symbol in (spot, perp)),
        Call("fetch_funding_rate", (perp,)),
        Call("fetch_funding_rate_history", (perp, None, 50)),
        Call("fetch_open_interest", (perp,)),
    ]


def private_calls(spot: str, perp: str) -> list[Call]:
    """What an account may be asked for; nothing of it changes anything."""
    return [
        Call("fetch_balance"),
        Call("fetch_open_orders"),
        Call("fetch_positions"),
        Call("fetch_trading_fee", (spot,)),
        Call("fetch_leverage", (perp,)),
        Call("fetch_my_trades", (spot, None, 50)),
        Call("fetch_orders", (spot, None, 50)),
        Call("fetch_funding_history", (perp, None, 50)),
        Call("fetch_deposits", (None, None, 50)),
        Call("fetch_withdrawals", (None, None, 50)),
    ]


def tried(exchange: Any, calls: Iterable[Call]) -> Iterator[Finding]:
    """Which of these calls fail."""
    for call in calls:
        try:
            getattr(exchange, call.method)(*call.arguments)
        except BaseError as error:
            yield trouble(call.name, error)


def trouble(name: str, error: BaseError) -> Finding:
    """A call that failed: because nobody answered, or because what came is otherwise."""
    kind = TROUBLE if isinstance(error, NetworkError) else CONTRADICTION
    found = f"{type(error).__name__}: {str(error)[:160]}"
    return Finding(kind, name, "", found, "a method that is called rightly answers", METHODS)
