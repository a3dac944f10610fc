"""Amounts, prices and costs as the venue takes them: plain decimal text at the market's step and tick.

The results are those of ccxt's amount_to_precision, price_to_precision and cost_to_precision. What is nothing
at that precision, or outside the market's limits, is an InvalidOrder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from functools import lru_cache
from numbers import Real
from typing import Any

from ccxt.base.errors import InvalidOrder

from bpx_connector.parse.numbers import plain
from bpx_connector.rest.asking.arguments import flag_of

__all__ = ["Market", "amount_text", "cost_text", "figure_of", "not_sent", "price_text"]

Market = Mapping[str, Any]

# Room for more digits than any figure of the venue has, so that nothing is rounded but by a step or a tick.
_EXACT = Context(prec=200)
MOST_DIGITS = 50
IS_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?").fullmatch
IS_PLAIN_FLOAT = re.compile(r"([0-9]+)\.(?:0|([0-9]+))").fullmatch
"""A float as Python writes it, without sign and exponent: its whole part, and its fraction if it has one."""

NOT_FINITE = frozenset({"nan", "inf", "infinity"})


def not_sent(market: Market, sentence: str) -> InvalidOrder:
    """The refusal of an order that stays here."""
    return InvalidOrder(f"order in {market['symbol']} not sent: {sentence}")


@lru_cache(maxsize=4096)
def _rule(value: Any) -> Decimal:
    """A step, tick or limit of a market. They come in ccxt's number type, where a float shows its digits."""
    return Decimal(str(value))


def figure_of(market: Market, name: str, value: Any) -> Decimal:
    """A positive number of the caller's, whatever type it came in."""
    figure = value if isinstance(value, Decimal) else _decimal(value)
    if figure is None:
        raise not_sent(market, f"{name} {value!r} is not a number")
    if not figure.is_finite():
        raise not_sent(market, f"{name} {value!r} is not a finite number")
    if figure <= 0:
        raise not_sent(market, f"{name} {value!r} is not above zero")
    if abs(figure.adjusted()) > MOST_DIGITS:
        raise not_sent(market, f"{name} {value!r} is out of all proportion")
    return figure


def _decimal(value: Any) -> Decimal | None:
    """A number as it is written, in whichever kind it comes; of text what is a number in any language."""
    text = str(value)
    is_number = isinstance(value, str | Real) and flag_of(value) is None
    if not is_number or not (IS_NUMBER(text) or text.strip("+-").lower() in NOT_FINITE):
        return None
    return _EXACT.create_decimal(text)


def _truncated(value: Decimal, step: Decimal) -> Decimal:
    return _EXACT.subtract(value, _EXACT.remainder(value, step))


def _rounded(value: Decimal, tick: Decimal) -> Decimal:
    """To the nearest tick, and from the middle upwards, as ccxt does."""
    missing = _EXACT.remainder(value, tick)
    down = _EXACT.subtract(value, missing)
    return down if _EXACT.add(missing, missing) < tick else _EXACT.add(down, tick)


def _within(market: Market, name: str, given: Any, figure: Decimal, limits: Mapping[str, Any]) -> None:
    least, most = limits.get("min"), limits.get("max")
    if least is not None and figure < _rule(least):
        raise not_sent(market, f"{name} {given!r} is below the minimum of {plain(_rule(least))}")
    if most is not None and figure > _rule(most):
        raise not_sent(market, f"{name} {given!r} is above the maximum of {plain(_rule(most))}")


@lru_cache(maxsize=4096)
def _places(step: float) -> int:
    """The decimals that a step leaves if it is a power of ten; -1 if it is not, or above one."""
    _, digits, exponent = _rule(step).normalize().as_tuple()
    return -int(exponent) if digits == (1,) and int(exponent) <= 0 else -1


def _text_as_it_is(figure: Any, step: Any, limits: Mapping[str, Any]) -> str | None:
    """The text of a float that is at its step and within its limits already, as most are; else None."""
    if type(figure) is not float or type(step) is not float:
        return None
    found = IS_PLAIN_FLOAT(repr(figure))
    if found is None or not figure:
        return None
    whole, fraction = found.groups("")
    if len(fraction) > _places(step):
        return None
    least, most = limits.get("min"), limits.get("max")
    is_within = (least is None or figure >= least) and (most is None or figure <= most)
    if not is_within:
        return None
    return f"{whole}.{fraction}" if fraction else whole


def _known_rule(market: Market, name: str, word: str) -> Decimal:
    """The market's step or tick, without which nobody knows what an order may say."""
    rule = market["precision"].get(name)
    if not rule:
        raise not_sent(market, f"the venue gives no {word} for this market; load_markets(True) asks again")
    return _rule(rule)


def amount_text(market: Market, amount: Any, name: str = "amount") -> str:
    """The amount cut off at the market's step, as decimal text."""
    text = _text_as_it_is(amount, market["precision"]["amount"], market["limits"]["amount"])
    if text is not None:
        return text
    step = _known_rule(market, "amount", "step")
    figure = _truncated(figure_of(market, name, amount), step)
    if not figure:
        raise not_sent(market, f"{name} {amount!r} is nothing at the market's step of {plain(step)}")
    _within(market, name, amount, figure, market["limits"]["amount"])
    return plain(figure)


def price_text(market: Market, price: Any, name: str = "price") -> str:
    """The price rounded to the market's tick, as decimal text."""
    text = _text_as_it_is(price, market["precision"]["price"], market["limits"]["price"])
    if text is not None:
        return text
    tick = _known_rule(market, "price", "tick")
    figure = _rounded(figure_of(market, name, price), tick)
    if not figure:
        raise not_sent(market, f"{name} {price!r} is nothing at the market's tick of {plain(tick)}")
    _within(market, name, price, figure, market["limits"]["price"])
    return plain(figure)


def cost_text(market: Market, cost: Any) -> str:
    """A cost cut off at the market's cost precision, or at its tick where it has none, as ccxt does."""
    precision = market["precision"]
    step = _rule(precision["cost"]) if precision.get("cost") else _known_rule(market, "price", "tick")
    figure = _truncated(figure_of(market, "cost", cost), step)
    if not figure:
        raise not_sent(market, f"cost {cost!r} is nothing at the precision of {plain(step)}")
    _within(market, "cost", cost, figure, market["limits"].get("cost") or {})
    return plain(figure)
