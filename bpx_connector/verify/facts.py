"""What has to be true of the venue's answers beyond their types: one function a fact, with its authority.

A fact sees an answer and says what is otherwise, if anything is. Its sentence and its source go into the
report, so that whoever reads it knows what to doubt: the venue's document, a capture of others, or ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

__all__ = ["Answer", "Fact", "is_news"]


class Answer(NamedTuple):
    """What came for a question; `body` is text where it is no JSON."""

    name: str
    params: Mapping[str, Any]
    status: int
    headers: Mapping[str, str]
    body: Any
    text: str
    asked_at: int
    """Milliseconds of this machine."""
    milliseconds: float


class Fact(NamedTuple):
    """A fact: its sentence, where it comes from, and what looks whether it holds.

    `is_open` marks what no document says: the sandbox has chosen one way, and another is no contradiction
    but an answer to an open question. `switch` is the sandbox's switch for it.
    """

    sentence: str
    source: str
    broken: Callable[[Answer], Iterator[str]]
    is_open: bool = False
    switch: str = ""


def is_news(fact: Fact) -> bool:
    """Whether another answer contradicts nobody."""
    return fact.is_open


Rows = list[dict[str, Any]]
MICROSECONDS = 10**15
MILLISECONDS = 10**12
NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$")
SPACED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
SYMBOL = re.compile(r"[A-Za-z0-9.]+_[A-Z0-9]+(_PERP|_RFQ|_PREDICTION|_IPERP|_DATED)?$")
REGULAR, FRIDAY = "US_EQUITIES_REGULAR", 4
OPEN_FAQ = "the venue's FAQ; its list of errors has another code"
OPEN, LAG = "no document; the sandbox's choice", 2_000


def _rows(answer: Answer) -> Rows:
    body = answer.body
    return [row for row in body if isinstance(row, dict)] if isinstance(body, list) else []


def _object(answer: Answer) -> dict[str, Any]:
    return answer.body if isinstance(answer.body, dict) else {}


def _decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None


def _sorted(values: list[Any], what: str, *, down: bool = False) -> Iterator[str]:
    for number, (one, other) in enumerate(pairwise(values)):
        if one is not None and other is not None and (one < other if down else one > other):
            yield f"{what} {number + 2} is {other} after {one}"
            return


# --- markets and prices -------------------------------------------------------------------------------------


def _symbols(answer: Answer) -> Iterator[str]:
    for row in _rows(answer):
        if not SYMBOL.match(str(row.get("symbol"))):
            yield f"there is a market {row.get('symbol')}"


def _powers_of_ten(answer: Answer) -> Iterator[str]:
    for row in _rows(answer):
        filters = row.get("filters") or {}
        for part, name in (("price", "tickSize"), ("quantity", "stepSize")):
            step = _decimal((filters.get(part) or {}).get(name))
            if step is not None and (step <= 0 or step.normalize().as_tuple().digits != (1,)):
                yield f"{row.get('symbol')} has a {name} of {step}"


def _quoted_in_usdc(answer: Answer) -> Iterator[str]:
    for row in _rows(answer):
        if row.get("quoteSymbol") != "USDC":
            yield f"{row.get('symbol')} is quoted in {row.get('quoteSymbol')}"


def _asks_ascend(answer: Answer) -> Iterator[str]:
    yield from _sorted([_decimal(level[0]) for level in _object(answer).get("asks") or []], "ask")


def _bids_ascend(answer: Answer) -> Iterator[str]:
    yield from _sorted([_decimal(level[0]) for level in _object(answer).get("bids") or []], "bid")


def _trimmed(answer: Answer) -> Iterator[str]:
    levels = [*(_object(answer).get("bids") or []), *(_object(answer).get("asks") or [])]
    for figure in (figure for level in levels for figure in level):
        if isinstance(figure, str) and "." in figure and figure.endswith("0"):
            yield f"a figure is {figure}"
            return


def _depth_in_microseconds(answer: Answer) -> Iterator[str]:
    time = _object(answer).get("timestamp")
    if not isinstance(time, int) or time < MICROSECONDS:
        yield f"timestamp is {time!r}"


def _fraction(answer: Answer) -> Iterator[str]:
    row = _object(answer)
    change, first, share = (
        _decimal(row.get(name)) for name in ("priceChange", "firstPrice", "priceChangePercent")
    )
    if change is not None and first and share is not None and abs(change / first - share) > Decimal("0.001"):
        yield f"priceChange {change} of firstPrice {first} is given as {share}"


def _newest_first(field: str) -> Callable[[Answer], Iterator[str]]:
    return lambda answer: _sorted([row.get(field) for row in _rows(answer)], f"{field} of row", down=True)


def _in_milliseconds(field: str) -> Callable[[Answer], Iterator[str]]:
    def broken(answer: Answer) -> Iterator[str]:
        for row in _rows(answer)[:1]:
            time = row.get(field)
            if time is not None and not (isinstance(time, int) and MILLISECONDS < time < MICROSECONDS):
                yield f"{field} is {time!r}"

    return broken


def _naive(field: str) -> Callable[[Answer], Iterator[str]]:
    def broken(answer: Answer) -> Iterator[str]:
        for row in _rows(answer)[:1]:
            if row.get(field) is not None and not NAIVE.match(str(row[field])):
                yield f"{field} is {row[field]!r}"

    return broken


def _is_list(answer: Answer) -> Iterator[str]:
    if not isinstance(answer.body, list):
        yield f"the answer is {type(answer.body).__name__}"


def _hourly(answer: Answer) -> Iterator[str]:
    moments = [_moment(row.get("intervalEndTimestamp")) for row in _rows(answer)]
    for one, other in pairwise(moments):
        if one is not None and other is not None and one - other != timedelta(hours=1):
            yield f"{one} comes after {other}"
            return


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return None


# --- candles ------------------------------------------------------------------------------------------------

STEPS = {"1s": 1, "1m": 60, "5m": 300, "1h": 3600}


def _ascending_candles(answer: Answer) -> Iterator[str]:
    yield from _sorted([row.get("start") for row in _rows(answer)], "start of row")


def _candle_times(answer: Answer) -> Iterator[str]:
    for row in _rows(answer)[:1]:
        for name in ("start", "end"):
            if not SPACED.match(str(row.get(name))):
                yield f"{name} is {row.get(name)!r}"


def _ends_meet(answer: Answer) -> Iterator[str]:
    step = timedelta(seconds=STEPS[answer.params["interval"]])
    for row in _rows(answer):
        start, end = _moment(row.get("start")), _moment(row.get("end"))
        if start is not None and end is not None and end - start != step:
            yield f"the candle of {start} ends at {end}"
            return


def _no_running_candle(answer: Answer) -> Iterator[str]:
    for row in _rows(answer)[-1:]:
        end = _moment(row.get("end"))
        if end is not None and end.timestamp() * 1000 > answer.asked_at + LAG:
            yield f"the last one ends at {end:%H:%M:%S}, later than it was asked for"


def _blank_candles(answer: Answer) -> Iterator[str]:
    step = timedelta(seconds=STEPS[answer.params["interval"]])
    for one, other in pairwise(_moment(row.get("start")) for row in _rows(answer)):
        if one is not None and other is not None and other - one > step:
            yield f"there is none between {one:%H:%M:%S} and {other:%H:%M:%S}"
            return


# --- refusals and headers -----------------------------------------------------------------------------------


def _refused(status: int, code: str, message: str) -> Callable[[Answer], Iterator[str]]:
    def broken(answer: Answer) -> Iterator[str]:
        body = _object(answer)
        found = (answer.status, body.get("code"), body.get("message"))
        if found != (status, code, message):
            yield f"it is {' '.join(map(str, found)) if body else f'{answer.status} {answer.text[:80]!r}'}"

    return broken


def _plain_refusal(beginning: str) -> Callable[[Answer], Iterator[str]]:
    def broken(answer: Answer) -> Iterator[str]:
        if answer.status != 400 or not answer.text.startswith(beginning):
            yield f"it is {answer.status} {answer.text[:100]!r}"

    return broken


def _nothing(answer: Answer) -> Iterator[str]:
    if (answer.status, answer.body) != (200, []):
        yield f"it is {answer.status} {answer.text[:80]!r}"


def _cut_limit(answer: Answer) -> Iterator[str]:
    if answer.status != 200:
        yield f"it is refused: {answer.status} {answer.text[:80]!r}"


def _paged(answer: Answer) -> Iterator[str]:
    headers = {name.lower() for name in answer.headers}
    for name in ("x-page-count", "x-current-page", "x-page-size", "x-total"):
        if name not in headers:
            yield f"there is no {name}"


def _unknown_key(answer: Answer) -> Iterator[str]:
    if answer.status != 200:  # a sandbox that is open makes an account of it
        yield f"it is {answer.status} {answer.text[:80]!r}"


def _old_answer(answer: Answer) -> Iterator[str]:
    age = next((value for name, value in answer.headers.items() if name.lower() == "age"), None)
    if age is not None and age != "0":
        yield f"the answer was {age} s old"


def _flat(answer: Answer) -> Iterator[str]:
    if answer.body == []:
        yield "it is []"


def _missed(answer: Answer) -> Iterator[str]:
    if (answer.status, _object(answer).get("code")) != (404, "RESOURCE_NOT_FOUND"):
        yield f"it is {answer.status} {answer.text[:80]!r}"


def _replayed(answer: Answer) -> Iterator[str]:
    if answer.status != 200:
        yield f"it is {answer.status} {answer.text[:80]!r}"


def _long_window(answer: Answer) -> Iterator[str]:
    if answer.status == 200:
        yield "it is answered"


def _damaged(answer: Answer) -> Iterator[str]:
    if (answer.status, _object(answer).get("code")) != (400, "INVALID_CLIENT_REQUEST"):
        yield f"it is {answer.status} {answer.text[:80]!r}"


def _signature_counts(answer: Answer) -> Iterator[str]:
    if "signature" in answer.text.lower():
        yield f"it is {answer.status} {answer.text[:80]!r}"


def _too_long(answer: Answer) -> Iterator[str]:
    if answer.status == 200:
        yield f"{len(_rows(answer))} are told"


def _countries(answer: Answer) -> Iterator[str]:
    rows = [(row.get("isPerpEnabled"), row.get("leverageLimit")) for row in _rows(answer)]
    for (has_perps, limit), count in Counter(rows).most_common(1):
        if (has_perps, str(limit)) != (True, "75"):
            said = f"at most {limit} times" if has_perps else "no perpetuals"
            yield f"it is {said} in {count} of {len(rows)}"


def _stock_hours(answer: Answer) -> Iterator[str]:
    quote = _object(answer)
    if quote.get("session") != REGULAR or not quote.get("available"):
        return
    local = datetime.fromtimestamp(answer.asked_at / 1000, ZoneInfo("America/New_York"))
    opens, closes = (local.replace(hour=hour, minute=minute) for hour, minute in ((9, 29), (16, 1)))
    if local.weekday() > FRIDAY or not opens <= local <= closes:
        yield f"the regular session is on at {local:%A, %H:%M} in New York"


def _not_signed(answer: Answer) -> Iterator[str]:
    if answer.status != 401 or _object(answer).get("code") != "UNAUTHORIZED":
        yield f"it is {answer.status} {answer.text[:80]!r}"


# --- the account --------------------------------------------------------------------------------------------


def _fired(answer: Answer) -> Iterator[str]:
    for row in _rows(answer):
        if row.get("triggerPrice") is not None and row.get("status") in (
            "Filled",
            "PartiallyFilled",
            "Expired",
        ):
            yield f"a trigger order has fired as itself, and is {row['status']} (fired_orders=same_id)"
            return


def _fired_are_linked(answer: Answer) -> Iterator[str]:
    rows = _rows(answer)
    named = {str(row.get("relatedOrderId")) for row in rows}
    client_ids = Counter(row.get("clientId") for row in rows)
    for row in rows:
        is_linked = str(row.get("id")) in named or client_ids[row.get("clientId")] > 1
        if row.get("status") == "Triggered" and not is_linked:
            yield "one has fired, and no order names it or has its client id (fired_orders=unlinked)"
            return


def _ids_are_text(answer: Answer) -> Iterator[str]:
    for row in _rows(answer)[:1]:
        if not (isinstance(row.get("id"), str) and row["id"].isdigit()):
            yield f"id is {type(row.get('id')).__name__}"


FACTS: dict[str, Fact] = {
    "symbols": Fact("BASE_QUOTE is spot, BASE_QUOTE_PERP a perpetual", "FACTS 6, captures", _symbols),
    "powers": Fact("ticks and steps are powers of ten", "FACTS 6, every row seen", _powers_of_ten),
    "usdc": Fact("everything is quoted and settled in USDC", "FACTS 6, live probe", _quoted_in_usdc),
    "asks": Fact("asks ascend, the best one first", "FACTS 10, captures", _asks_ascend),
    "bids": Fact("bids ascend, the best one last", "FACTS 10, captures", _bids_ascend),
    "trimmed": Fact("REST writes decimals without trailing zeros", "FACTS 9, captures", _trimmed),
    "depth time": Fact("depth.timestamp is in microseconds", "FACTS 9, captures", _depth_in_microseconds),
    "fraction": Fact("priceChangePercent is a fraction", "FACTS 12, captures", _fraction),
    "trades": Fact("trades come newest first", "FACTS 12, captures", _newest_first("timestamp")),
    "trade time": Fact(
        "a trade's timestamp is in milliseconds", "FACTS 9, captures", _in_milliseconds("timestamp")
    ),
    "marks": Fact("markPrices is a list, with a symbol too", "FACTS 12, live probe", _is_list),
    "interest time": Fact(
        "openInterest's timestamp is in milliseconds", "FACTS 19, capture", _in_milliseconds("timestamp")
    ),
    "rates": Fact(
        "funding rates come newest first", "FACTS 13, captures", _newest_first("intervalEndTimestamp")
    ),
    "rate time": Fact(
        "intervalEndTimestamp is ISO without a zone", "FACTS 9, captures", _naive("intervalEndTimestamp")
    ),
    "hourly": Fact("funding is hourly", "FACTS 13, since 2025-08-20", _hourly),
    "candles": Fact("klines come oldest first", "FACTS 8 and 11, captures", _ascending_candles),
    "candle time": Fact("kline times are 'YYYY-MM-DD HH:MM:SS'", "FACTS 9, captures", _candle_times),
    "candle end": Fact("a kline's end is the next one's start", "FACTS 11, captures", _ends_meet),
    "running": Fact(
        "klines lack the interval that is running",
        "FACTS 11, capture",
        _no_running_candle,
        switch="running_kline",
    ),
    "blank": Fact(
        "klines have a row for an interval without trades", OPEN, _blank_candles, True, "blank_klines"
    ),
    "limit": Fact("a limit above the maximum counts as the maximum", OPEN, _cut_limit, True, "large_limits"),
    "old": Fact("an answer is fresh", OPEN, _old_answer, True, "cached_answers"),
    "bad symbol": Fact(
        "an unknown symbol is 400 INVALID_CLIENT_REQUEST Invalid market symbol",
        "FACTS 4, live probe",
        _refused(400, "INVALID_CLIENT_REQUEST", "Invalid market symbol"),
    ),
    "bad mark": Fact(
        "an unknown symbol at /markPrices is 400 INVALID_CLIENT_REQUEST Symbol not found",
        "FACTS 4, live probe",
        _refused(400, "INVALID_CLIENT_REQUEST", "Symbol not found"),
    ),
    "bad word": Fact(
        "a word that is none of an enumeration is refused in plain text",
        "FACTS 4, live probe",
        _plain_refusal("failed to parse parameter"),
    ),
    "no rates": Fact("an unknown symbol has no funding rates: []", "FACTS 4, live GET", _nothing),
    "unsigned": Fact(
        "an account call without credentials is 401 UNAUTHORIZED", "FACTS 22, live test", _not_signed
    ),
    "unknown key": Fact(
        "a key that nobody knows gets {} on account calls",
        "FACTS 22, live test",
        _unknown_key,
        switch="unknown_key",
    ),
    "flat": Fact(
        "a market without a position is 404 at /position",
        "FACTS 19, reports differ",
        _flat,
        True,
        "flat_position",
    ),
    "missed": Fact(
        "an order that is not open is 404 RESOURCE_NOT_FOUND",
        "FACTS 19, builds differ",
        _missed,
        True,
        "order_not_found",
    ),
    "replayed": Fact("a signature counts again in its window", OPEN, _replayed, True, "repeated_signatures"),
    "long window": Fact(
        "a signature for longer than 60 s is refused", OPEN, _long_window, True, "long_windows"
    ),
    "damaged": Fact(
        "a wrong signature is 400 INVALID_CLIENT_REQUEST", OPEN_FAQ, _damaged, True, "bad_signature"
    ),
    "repeated": Fact(
        "of a parameter that comes twice the last value is signed",
        "no document; the venue's own client",
        _signature_counts,
        True,
        "repeated_parameters",
    ),
    "null": Fact("a null in a body is not signed", OPEN, _signature_counts, True, "signed_nulls"),
    "long": Fact("more than 10,000 candles are refused", OPEN, _too_long, True, "long_klines"),
    "countries": Fact(
        "most countries may trade perpetuals, at up to 75 times",
        "FACTS 22, probe",
        _countries,
        True,
        "country",
    ),
    "stock hours": Fact(
        "a stock is quoted in the session that is on by New York's time",
        "FACTS 22, live GET",
        _stock_hours,
        switch="stock_hours",
    ),
    "pages": Fact("a history has the four page headers", "FACTS 8, captures", _paged),
    "order ids": Fact("an order's id is a decimal text", "FACTS 9, captures", _ids_are_text),
    "order time": Fact(
        "createdAt of an open order is in milliseconds", "FACTS 9, captures", _in_milliseconds("createdAt")
    ),
    "history time": Fact(
        "createdAt in a history is ISO without a zone", "FACTS 9, captures", _naive("createdAt")
    ),
    "fill time": Fact("a fill's timestamp is ISO without a zone", "FACTS 9, captures", _naive("timestamp")),
    "newest": Fact("a history comes newest first", "FACTS 8, captures", _newest_first("createdAt")),
    "fired": Fact(
        "a fired order has another id than its trigger order",
        "FACTS 7, capture",
        _fired,
        switch="fired_orders",
    ),
    "linked": Fact(
        "a history links a fired order to its trigger order by relatedOrderId or the client id",
        OPEN,
        _fired_are_linked,
        True,
        "fired_orders",
    ),
}
