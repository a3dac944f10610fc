"""A venue of canned answers, on each class: for operations that nothing behind them could answer yet.

Every answer is held against the venue's OpenAPI before it is given, so that no test agrees with an invention.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.callers import Caller
from tests.support.openapi import problems
from tests.support.scripted import Asked

__all__ = ["CannedVenue", "canned_venue"]

MOST_HELD = 5
"""Rows of a list that are held against the document: the others are made like them."""

LONGEST_PROBLEM = 300
"""Characters: some of the venue's lists of words have thousands."""

Answers = Mapping[str, Any]
"""'GET /api/v1/account' -> its answer, or a function of the parameters that gives it."""


class CannedVenue:
    """A caller and what it has asked."""

    def __init__(self, caller: Caller, answers: Answers, *, is_checked: bool = True) -> None:
        self.caller = caller
        self.is_checked = is_checked
        self.answers = dict(answers)
        self.asked: list[Asked] = []
        caller.exchange.fetch = self._awaited if caller.is_asyncio else self._answer

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """What the exchange's method of that name returns."""
        return self.caller.call(name, *args, **kwargs)

    def _answer(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        parts = urlsplit(url)
        params = json.loads(body) if body else dict(parse_qsl(parts.query))
        operation = f"{method} {parts.path}"
        self.asked.append(Asked(operation, params))
        assert operation in self.answers, f"there is no answer to {self.asked[-1]}"
        answer = self.answers[operation]
        if callable(answer):
            answer = answer(params)
        text = json.dumps(answer)
        if isinstance(answer, tuple):
            status, payload = answer
            self.caller.exchange.handle_errors(
                status, "", url, method, {}, json.dumps(payload), payload, headers, body
            )
        shown = answer[:MOST_HELD] if isinstance(answer, list) else answer
        wrong = _problems(operation, shown) if self.is_checked else []
        assert wrong == [], [problem[:LONGEST_PROBLEM] for problem in wrong]
        return self.caller.exchange.on_json_response(text) if answer is not None else ""

    async def _awaited(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        return self._answer(url, method, headers, body)


def _problems(operation: str, answer: Any) -> list[str]:
    """Where an answer differs from what is documented; of what is newer than the document nobody can say."""
    found: list[str] = []
    for status in (200, 202, 204) if answer is None else (200,):
        try:
            found = problems(operation, status, answer)
        except LookupError:
            continue
        if not found:
            return []
    return found


def canned_venue(*, is_asyncio: bool, answers: Answers, config: Mapping[str, Any] = {}) -> CannedVenue:
    """A caller on the sandbox's markets whose requests get these answers."""
    return CannedVenue(Caller(is_asyncio=is_asyncio, sandbox=None, config=config), answers)
