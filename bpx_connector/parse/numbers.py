"""Exact figures and exact times, quickly: decimal text in, decimal text out, nothing rounded on the way.

A figure stays text until it is handed to the caller, where ccxt's `number` makes it a float, a str or a
Decimal, rounding once. Products and sums are exact; a quotient has ccxt's 18 decimals, cut off, so that it
equals what ccxt's own arithmetic gives to the last digit.

Every operation has a context of its own: what a program sets by `decimal.getcontext()` changes nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Context, Decimal, localcontext
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

__all__ = [
    "EARLIEST",
    "EXACT",
    "IS_FIGURE",
    "IS_PLAIN",
    "LATEST",
    "MOST_DIGITS",
    "Number",
    "absolute",
    "difference",
    "exactly",
    "figure_text",
    "in_own_context",
    "iso8601",
    "iso8601_each",
    "milliseconds_at",
    "milliseconds_of",
    "number_or_none",
    "plain",
    "product",
    "quotient",
    "rounded_down",
    "total",
]

Figure = str | float | Decimal
"""A figure as the caller wants it: a float, a str or a Decimal, by ccxt's `number`."""

Number = Callable[[str], Figure]
"""ccxt's `number`: what turns decimal text into the caller's figures."""

# Wide enough that no product or sum of the venue's figures (at most 28 digits each) is rounded.
P = ParamSpec("P")
R = TypeVar("R")

EXACT = Context(prec=200)
_QUOTIENT_STEP = Decimal("1e-18")


def plain(value: Decimal) -> str:
    """Decimal text without exponent and without trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def absolute(figure: str) -> str:
    """A figure without its sign."""
    return figure.removeprefix("-")


def in_own_context(reckon: Callable[P, R]) -> Callable[P, R]:
    """A function of Decimals that reckons exactly, whatever context and traps the program has set.

    For pure functions: in a generator the context would reach whoever is asked in between.
    """

    @wraps(reckon)
    def reckoned(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(EXACT):
            return reckon(*args, **kwargs)

    return reckoned


def exactly(figure: Figure) -> Decimal:
    """What a caller's figure says, for comparing it with others.

    A program may have set a trap for floats that become Decimals (`decimal.FloatOperation`).
    """
    return Decimal(str(figure))


def rounded_down(figure: Decimal) -> int:
    """The whole number at or below a figure that is not negative."""
    return int(figure.to_integral_value(ROUND_DOWN, EXACT))


def product(one: str | None, other: str | None) -> str | None:
    """one x other, or None if either is unknown."""
    if one is None or other is None:
        return None
    return plain(EXACT.multiply(Decimal(one), Decimal(other)))


def total(one: str | None, other: str | None) -> str | None:
    """one + other, or None if either is unknown."""
    if one is None or other is None:
        return None
    return plain(EXACT.add(Decimal(one), Decimal(other)))


def difference(one: str | None, other: str | None) -> str | None:
    """one - other, or None if either is unknown."""
    if one is None or other is None:
        return None
    return plain(EXACT.subtract(Decimal(one), Decimal(other)))


def quotient(one: str | None, other: str | None) -> str | None:
    """one / other to 18 decimals, or None if either is unknown or there is nothing to divide by."""
    if one is None or other is None:
        return None
    divisor = Decimal(other)
    if not divisor:
        return None
    exact = EXACT.divide(Decimal(one), divisor)
    return plain(exact.quantize(_QUOTIENT_STEP, rounding=ROUND_DOWN, context=EXACT))


IS_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?").fullmatch
"""As JSON has numbers, without exponent: msgspec reads such a text as one, and none with zeros before it."""
IS_FIGURE = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?").fullmatch
MOST_CHARACTERS = 80
"""The venue's longest figures have 28 digits. What is longer than this is none."""

MOST_DIGITS = 29
"""Digits before the point. More are out of all proportion; what is left is below 1e30 as a float as well."""

MOST_PLACES = 40
"""Places after the point beyond which a figure is none."""


def figure_text(value: object) -> str | None:
    """A figure as plain decimal text, without exponent; None of what is no figure, or no finite one."""
    if type(value) is str and len(value) <= MOST_DIGITS and IS_PLAIN(value) is not None:
        return value  # as the venue writes them: too short to be out of proportion
    if isinstance(value, str):
        text = value
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        text = str(value)
    else:
        return None
    if len(text) > MOST_CHARACTERS or IS_FIGURE(text) is None:
        return None
    figure = EXACT.create_decimal(text)
    if not figure.is_finite() or (figure and not -MOST_PLACES <= figure.adjusted() < MOST_DIGITS):
        return None
    return text if IS_PLAIN(text) is not None else plain(figure)


def number_or_none(number: Number, value: object) -> Figure | None:
    """The caller's figure; None if the venue said nothing, or what is no figure."""
    text = figure_text(value)
    return None if text is None else number(text)


EARLIEST, LATEST = 1_230_940_800_000, 2_147_483_648_000
"""What ccxt's own tests take for a time: from 2009 on, and before 2038. Anything else is none."""

_ENDINGS = tuple(f"{milliseconds:03d}Z" for milliseconds in range(1000))


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.")


def iso8601(milliseconds: int | None) -> str | None:
    """ccxt's `datetime` of a timestamp in milliseconds; None of what no calendar knows."""
    if milliseconds is None:
        return None
    try:
        return _second(milliseconds // 1000) + _ENDINGS[milliseconds % 1000]
    except (OverflowError, OSError, ValueError):
        return None


def iso8601_each(times: Iterable[int | None]) -> list[str | None]:
    """`iso8601` of each time: those of one second that follow one another share its text."""
    texts: list[str | None] = []
    start, second = 0, _second(0)
    for time in times:
        if time is None:
            texts.append(None)
            continue
        past = time - start
        if not 0 <= past < 1000:
            past = time % 1000
            start, second = time - past, _second(time // 1000)
        texts.append(second + _ENDINGS[past])
    return texts


_ZONED_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH = _ZONED_EPOCH.replace(tzinfo=None)


def milliseconds_at(moment: datetime) -> int:
    """Milliseconds of a moment that msgspec has read; the venue's are in UTC and do not say so."""
    since = moment - (_EPOCH if moment.tzinfo is None else _ZONED_EPOCH)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


@lru_cache(maxsize=4096)
def _seconds_of(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def milliseconds_of(written: object) -> int | None:
    """Milliseconds of a time as the venue writes it, None of what is no time.

    That is a whole number of milliseconds, also as text, or zoneless UTC: '2026-09-01T17:54:04.094', also
    with a blank, also without a fraction; of microseconds the whole milliseconds.
    """
    try:
        if isinstance(written, str):
            time = _milliseconds_in(written)
        elif isinstance(written, int | float) and not isinstance(written, bool):
            time = int(written)
        else:
            return None
    except (OverflowError, ValueError):
        return None
    return time if EARLIEST <= time < LATEST else None


def _milliseconds_in(text: str) -> int:
    if text.isdigit():
        return int(text[:20])
    whole = _seconds_of(text[:19].replace(" ", "T")) * 1000
    fraction = text[20:23]
    return whole + int(fraction.ljust(3, "0")) if fraction.isdigit() else whole
