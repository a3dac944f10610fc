"""An exchange whose venue answers from a script: for what no healthy venue does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tests.support.keys import FIRST
from tests.support.samples import OfflineExchange, offline_exchange

__all__ = ["NOT_FOUND", "Asked", "ScriptedExchange", "scripted_exchange"]

NOT_FOUND = (404, {"code": "RESOURCE_NOT_FOUND", "message": "Not Found"})


class Asked(NamedTuple):
    """One request as it went out: 'GET /api/v1/order' and its parameters, from the query or the body."""

    call: str
    params: Any


class ScriptedExchange(OfflineExchange):
    """Each answer is a payload, an exception to raise, or (status, body)."""

    def _prepare(self, answers: Iterable[Any]) -> None:
        self._answers = list(answers)
        self._asked: list[Asked] = []

    def asked_for(self) -> list[Asked]:
        """All requests so far."""
        return self._asked

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The next answer of the script."""
        parts = urlsplit(url)
        params = json.loads(body) if body else dict(parse_qsl(parts.query))
        self._asked.append(Asked(f"{method} {parts.path}", params))
        assert self._answers, f"the script has no answer to {self._asked[-1]}"
        answer = self._answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, tuple):
            status, payload = answer
            self.handle_errors(status, "", url, method, {}, json.dumps(payload), payload, headers, body)
        return answer

    def sleep(self, milliseconds: float) -> None:
        """No time passes in a script."""


def scripted_exchange(answers: Iterable[Any], config: Mapping[str, Any] = {}) -> ScriptedExchange:
    """A blocking exchange with the captured markets that gets these answers, in this order."""
    listed = offline_exchange(config)
    exchange = ScriptedExchange({"enableRateLimit": False, **FIRST.credentials, **config})
    exchange.set_markets(list(listed.markets.values()), listed.currencies)
    exchange._prepare(answers)
    return exchange
