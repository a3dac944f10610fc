"""What a caller may ask for: arguments are checked here before anything is sent, refused in a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from numbers import Real
from operator import index
from typing import Any

from ccxt.base.errors import BadRequest, InvalidOrder, NotSupported

from bpx_connector.aliases import Params
from bpx_connector.parse.rows import figure_text
from bpx_connector.venue.words import CLIENT_ID_MAX, EXTERNAL, RFQ_SUFFIX

__all__ = [
    "asked_currency",
    "asked_symbols",
    "checked_amount",
    "checked_flag",
    "checked_limit",
    "checked_time",
    "checked_word",
    "client_id_of",
    "flag_of",
    "prices_of",
    "real_of",
    "refuse_without_book",
    "until_of",
    "whole_number_of",
    "whole_of",
]

MOST_DIGITS = 50
LATEST_ASKED = 10**14
"""Milliseconds of the year 5138: what is later was meant in another unit."""


def checked_limit(call: str, limit: Any) -> int | None:
    """`limit` as a whole number of rows, or None if the caller set none."""
    if limit is None:
        return None
    rows = whole_number_of(limit)
    if rows is None or rows < 1:
        raise BadRequest(f"{call} limit has to be a whole number of rows from 1 on, or None, not {limit!r}")
    return rows


def checked_time(call: str, name: str, time: Any) -> int | None:
    """A time in whole milliseconds since 1970, or None if the caller set none. 0 is a time."""
    if time is None:
        return None
    moment = real_of(time)
    if moment is None or not 0 <= moment < LATEST_ASKED:
        raise BadRequest(f"{call} {name} has to be milliseconds since 1970, or None, not {time!r}")
    return int(moment)


def checked_flag(call: str, name: str, flag: Any) -> bool:
    """True or False, also as numpy has them."""
    wanted = flag_of(flag)
    if wanted is None:
        raise BadRequest(f"{call} {name} has to be True or False, not {flag!r}")
    return wanted


def checked_word(call: str, name: str, word: Any, allowed: Iterable[str]) -> str:
    """`word`, if it is one of the allowed ones."""
    words = list(allowed)
    if not isinstance(word, str) or word not in words:
        raise BadRequest(f"{call} {name} has to be one of {', '.join(words)}, not {word!r}")
    return str(word)


def checked_amount(call: str, name: str, amount: Any) -> Decimal:
    """An amount above zero, exactly as the caller wrote it."""
    text = None if flag_of(amount) is not None else figure_text(_plain_number(amount))
    exact = Decimal(text or 0)
    if exact <= 0:
        raise BadRequest(f"{call} {name} has to be a number above zero, not {amount!r}")
    return exact


def _plain_number(amount: Any) -> Any:
    """A number of any library in Python's own kinds; text as it is."""
    return amount if isinstance(amount, str | Decimal) else real_of(amount)


def until_of(call: str, params: Params, since: int | None = None) -> tuple[int | None, Params]:
    """ccxt's `until` taken out of params, and the params that are left."""
    if "until" not in params:
        return None, params
    rest = {name: value for name, value in params.items() if name != "until"}
    until = checked_time(call, "until", params["until"])
    if until is not None and since is not None and until < since:
        raise BadRequest(f"{call} until has to be at or after since, but {until} is before {since}")
    return until, rest


def whole_of(params: Params) -> tuple[bool, Params]:
    """Whether ccxt's `paginate` asks for all there is, and the params that are left."""
    if "paginate" not in params and "paginationCalls" not in params:
        return False, params
    rest = {name: value for name, value in params.items() if name not in ("paginate", "paginationCalls")}
    return bool(params.get("paginate")), rest


def flag_of(value: Any) -> bool | None:
    """True or False, also as numpy has them; None of anything else."""
    if isinstance(value, bool):
        return value
    return (
        bool(value) if str(getattr(value, "dtype", "")) == "bool" and not getattr(value, "ndim", 1) else None
    )


def real_of(value: Any) -> int | float | None:
    """A finite number, also as numpy and pandas have them; None of anything else, of text and flags too."""
    if flag_of(value) is not None or isinstance(value, str):
        return None
    if isinstance(value, int):
        return value
    try:
        return index(value)
    except TypeError:
        pass
    if not isinstance(value, Real | Decimal):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):  # too large for a float, or Decimal's signalling NaN
        return None
    return number if math.isfinite(number) else None


def whole_number_of(value: Any) -> int | None:
    """A whole number, also as numpy and pandas have them; None of anything else."""
    number = real_of(value)
    return int(number) if number is not None and number == int(number) else None


def asked_symbols(exchange: Any, call: str, symbols: Any, kind: str | None = None) -> list[str] | None:
    """ccxt's symbols of the markets asked for, each of which has to exist; None if the caller set none."""
    if isinstance(symbols, str) or not (symbols is None or isinstance(symbols, Iterable)):
        raise BadRequest(f"{call} symbols has to be a list such as [{symbols!r}], or None, not {symbols!r}")
    if not symbols:
        return None
    found: list[str] = []
    for symbol in symbols:
        if not isinstance(symbol, str):
            raise BadRequest(f"{call} symbols has to be a list of symbols, and {symbol!r} is none")
        market = exchange.market(symbol)
        if kind is not None and market["type"] != kind:
            raise BadRequest(f"{call} takes {kind} markets here, and {symbol} is a {market['type']} market")
        found.append(market["symbol"])
    return found


def asked_currency(exchange: Any, call: str, code: Any) -> Any:
    """The currency of that code, which has to exist."""
    if not isinstance(code, str) or (
        code not in exchange.currencies and code not in (exchange.currencies_by_id or {})
    ):
        raise BadRequest(f"{call} knows no currency {code!r}; the venue's are the keys of `currencies`")
    return exchange.currency(code)


def client_id_of(value: Any) -> int:
    """A client id as the venue takes it, or InvalidOrder."""
    is_digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS
    client_id = int(value) if is_digits else None if isinstance(value, float) else whole_number_of(value)
    if client_id is not None and 0 <= client_id <= CLIENT_ID_MAX:
        return client_id
    raise InvalidOrder(
        f"clientOrderId {value!r} cannot be used: the venue takes whole numbers from 0 to {CLIENT_ID_MAX}"
    )


def refuse_without_book(call: str, market: Any) -> None:
    """Refuse to ask for the book or the trades of a market for requests for quotes: it has neither."""
    if market.get("executionModel") is not None:
        raise NotSupported(
            f"{call} {market['symbol']} has no book: fetchStockIndicativeQuote tells what a size would cost, "
            "fetchMyTrades what one's own requests traded"
        )


def prices_of(market: Any) -> Params:
    """What names a market where its prices are asked for.

    A market for requests for quotes has none of its own; the venue has a feed of fair prices of all stocks
    instead (`source` External), by the symbol that their spot market would have.
    """
    market_id = market["id"]
    if not market_id.endswith(RFQ_SUFFIX):
        return {"symbol": market_id}
    return {"symbol": market_id.removesuffix(RFQ_SUFFIX), "source": EXTERNAL}
