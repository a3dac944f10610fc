"""What the venue says of an account, without what tells whose account it is: the form stays.

Figures become ones of the same length. Ids become running numbers, the same one wherever the same id stands
on a tape, so that an order and its fills still belong together. Times are cut to the hour and moved by a
secret number of hours. Words stay where the venue has a list of them, such as an order's status, and so do
names of markets and assets; of all other text only the length is left.

Each tape has its own numbers and its own hours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import randbelow
from typing import Any

__all__ = ["Scrubber", "sentence"]

FIGURE = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?%?")
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:([T ])(\d\d)(:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[-+]\d\d:?\d\d)?)?")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z_]{0,39}")
WITH_DIGITS = re.compile(r"[\w.:+-]*\d[\w.:+-]*")
SHORT = re.compile(r"v?\d{1,4}")
"""A status or a count, such as 404, or a version in an address."""

IDS = re.compile(r"^id$|Ids?$|_id$")
TIMES = re.compile(r"(At|Time|Timestamp|Date)$|^(timestamp|time|date)$")
NAMES = frozenset(
    {
        *("symbol", "asset", "feeSymbol", "quoteSymbol", "baseSymbol", "marketSymbol", "collateralAsset"),
        *("fiatSymbol", "fiatCurrency"),
    }
)
"""Fields that name a market or an asset."""
SENTENCES = frozenset({"message"})
LISTED = frozenset(
    {
        *("blockchain", "cancelReason", "code", "eventType", "executionMode", "expiryReason", "fiatState"),
        *("marketType", "operation", "orderType", "paymentType", "selfTradePrevention", "side", "source"),
        *("slippageToleranceType", "state", "status", "stopLossTriggerBy", "strategyType", "systemOrderType"),
        *("takeProfitTriggerBy", "timeInForce", "triggerBy", "type"),
    }
)
"""Fields whose words the venue lists."""

EVENT_IDS = frozenset({"i", "t", "I", "H", "c", "C", "u"})
EVENT_TIMES = frozenset({"E", "T", "w", "W"})
EVENT_NAMES = frozenset({"s", "N"})
EVENT_WORDS = frozenset({"e", "S", "o", "f", "B", "d", "g", "X", "R", "V", "O"})
"""Fields of an event whose words the venue lists."""

HOUR = 3600
UNITS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3), (10**9, 1))
"""A number from here on is a time in so many parts of a second."""
LEAST_HOURS, MORE_HOURS = 30 * 24, 300 * 24
"""How far back times are moved: by a month at least, by eleven at most."""
LONG_ID = 7
"""Digits from which on an id is so long that its running number is given the same length."""


class Scrubber:
    """One tape's worth of ids and times."""

    def __init__(self, hours: int | None = None) -> None:
        self._hours = LEAST_HOURS + randbelow(MORE_HOURS) if hours is None else hours
        self._numbers: dict[str, str] = {}

    def answer(self, value: Any, name: str = "") -> Any:
        """An answer: the same fields, kinds and forms."""
        if isinstance(value, Mapping):
            return {self._key(key): self.answer(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.answer(item, name) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if IDS.search(name):
            return self._identity(value)
        if TIMES.search(name):
            return self._time(value)
        return self._plain(value, is_name=name in NAMES, is_word=name in LISTED, is_said=name in SENTENCES)

    def event(self, event: Any) -> Any:
        """An event of one of the account's streams, whose fields are single letters."""
        if not isinstance(event, Mapping):
            return self.answer(event)
        return {name: self._of_event(name, value) for name, value in event.items()}

    def body(self, text: str) -> str:
        """An answer as it is written."""
        try:
            return json.dumps(self.answer(json.loads(text)))
        except ValueError:
            return sentence(text)

    def frame(self, text: str) -> str:
        """A frame as it is written: scrubbed if it is one of the account's."""
        try:
            frame = json.loads(text)
        except ValueError:
            return text
        if not isinstance(frame, dict) or not str(frame.get("stream")).startswith("account."):
            return text
        said = {"data": self.event(frame.get("data")), "stream": frame["stream"]}
        return json.dumps(said, separators=(",", ":"))

    def wish(self, text: str) -> str:
        """What was sent to subscribe, whose signature has a time."""
        return re.sub(r"\b\d{13}\b", lambda found: str(self.time(found[0])), text)

    def time(self, value: Any) -> Any:
        """A time, cut to the hour and moved."""
        return self._time(value)

    def url(self, url: str) -> str:
        """An address: ids and times of its query are those of the answers."""
        path, mark, query = url.partition("?")
        return path + mark + "&".join(self._pair(*pair.partition("=")) for pair in query.split("&"))

    def _pair(self, name: str, mark: str, value: str) -> str:
        if value and IDS.search(name):
            value = str(self._identity(value))
        elif value and (TIMES.search(name) or name in ("from", "to")):
            value = str(self._time(value))
        return name + mark + value

    def _key(self, key: str) -> str:
        return str(self._identity(key)) if key.isdigit() else key

    def _of_event(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Mapping | list) or len(name) > 1:
            return self.answer(value, name)
        if name in EVENT_IDS or (name == "R" and isinstance(value, int)):
            return self._identity(value)
        if name in EVENT_TIMES:
            return self._time(value)
        is_asset = name == "a" and not FIGURE.fullmatch(str(value))  # of a balance; of an order it is a price
        return self._plain(value, is_name=is_asset or name in EVENT_NAMES, is_word=name in EVENT_WORDS)

    def _plain(
        self, value: Any, *, is_name: bool = False, is_word: bool = False, is_said: bool = False
    ) -> Any:
        if not isinstance(value, str):
            return _as(value, _ones(str(value)))
        if is_name or (is_word and WORD.fullmatch(value) and not value.isdigit()):
            return value
        if is_said:
            return sentence(value)
        if FIGURE.fullmatch(value):
            return _ones(value)
        return self._time(value) if MOMENT.fullmatch(value) else re.sub(r"[^\W_]", "x", value)

    def _identity(self, value: Any) -> Any:
        text = str(value)
        if text not in self._numbers:
            number = len(self._numbers) + 1
            is_long = text.isdigit() and len(text) >= LONG_ID
            self._numbers[text] = str(10 ** (len(text) - 1) + number if is_long else number)
        return _as(value, self._numbers[text])

    def _time(self, value: Any) -> Any:
        text = str(value)
        if found := MOMENT.fullmatch(text):
            return self._moment(*found.groups(default=""))
        if not text.isdigit():
            return _as(value, re.sub(r"[^\W_]", "x", text)) if isinstance(value, str) else 1
        for least, parts in UNITS:
            if int(text) >= least:
                hour = HOUR * parts
                return _as(value, str((int(text) // hour - self._hours) * hour))
        return _as(value, _ones(text))

    def _moment(self, date: str, between: str, hour: str, rest: str, zone: str) -> str:
        moment = datetime.fromisoformat(f"{date}T{hour or '00'}:00:00") - timedelta(hours=self._hours)
        if not hour:
            return f"{moment:%Y-%m-%d}"
        return f"{moment:%Y-%m-%d}{between}{moment:%H}" + re.sub(r"\d", "0", rest) + zone


def sentence(text: str) -> str:
    """What is said to somebody, without figures, ids and times: whatever has a digit keeps its form only."""

    def form(found: re.Match[str]) -> str:
        word = found[0].rstrip(".:")
        kept = word if SHORT.fullmatch(word) else re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "1", word))
        return kept + found[0][len(word) :]

    return WITH_DIGITS.sub(form, text)


def _ones(figure: str) -> str:
    """A figure of the same length; nothing stays nothing."""
    return figure if not figure.strip("-+0.%") else re.sub(r"\d", "1", figure)


def _as(value: Any, text: str) -> Any:
    """A text as the kind that a value is of."""
    return text if isinstance(value, str) else type(value)(text)
