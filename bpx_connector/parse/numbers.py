"""Exact figures and exact times, quickly: decimal text in, decimal text out, nothing rounded on the way.

A figure stays text until it is handed to the caller, where ccxt's `number` makes it a float, a str or a
Decimal, rounding once. Products and sums are exact; a quotient has ccxt's 18 decimals, cut off, so that it
equals what ccxt's own arithmetic gives to the last digit.

Every operation has a context of its own: what a program sets by `decimal.getcontext()` changes nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Context, Decimal
from functools import lru_cache

__all__ = [
    "EARLIEST",
    "EXACT",
    "LATEST",
    "Number",
    "absolute",
    "difference",
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


def number_or_none(number: Number, value: str | None) -> Figure | None:
    """The caller's figure, or None if the venue said nothing."""
    return None if value is None or value == "" else number(value)


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
