"""What callers of streams may say: understood as over REST, dropped where it says nothing new, or refused.

A stream takes no parameters but its name, so nothing that is said here is ever sent.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bpx_connector.aliases import Params
from bpx_connector.given import plain_params
from bpx_connector.rest.account.state import AccountState, of_contracts
from bpx_connector.rest.asking.arguments import checked_limit, checked_time, checked_word
from bpx_connector.rest.asking.params import UnderstoodParams, trigger_of
from bpx_connector.rest.markets.prices import Prices
from bpx_connector.venue.words import PRICE_SOURCES

__all__ = ["WatchedArguments"]


class WatchedArguments(AccountState, Prices, UnderstoodParams):
    """The arguments of watch_* and un_watch_*."""

    def _check_watched(self, method: str, params: Params, known: Collection[str] = ()) -> None:
        """Refuse what a stream cannot be asked for, by name."""
        self._understood(f"{self.id} {method}()", plain_params(self.id, method, params), known)

    def _watched_span(self, method: str, since: Any, limit: Any) -> tuple[int | None, int | None]:
        """`since` and `limit`, checked. Nearly every call has neither, or a plain limit: that is fast."""
        if since is None and (limit is None or (type(limit) is int and limit > 0)):
            return None, limit
        call = f"{self.id} {method}()"
        return checked_time(call, "since", since), checked_limit(call, limit)

    def _watched_source(self, method: str, params: Params) -> str | None:
        """Where a ticker's prices are to be from: Venue, External, or (None) what the market has."""
        if type(params) is dict and not params:
            return None
        source = plain_params(self.id, method, params).get("source")
        if source is None:
            return None
        return checked_word(f"{self.id} {method}()", "source", source, PRICE_SOURCES)

    def _watched_symbols(
        self, method: str, symbols: Any, params: Params, *, is_open: bool, known: Collection[str] = ()
    ) -> Any:
        """The symbols that are meant: ccxt's `type` leaves the other kinds of market out.

        Markets have to be loaded. With `is_open` markets are left out that are closed and not named.
        """
        wanted, rest = self._wanted(method, symbols, plain_params(self.id, method, params))
        self._check_watched(method, rest, known)
        if symbols or not is_open or wanted is None:
            return wanted
        return [symbol for symbol in wanted if self.markets[symbol]["active"]]

    def _watched_triggers(self, method: str, params: Params) -> tuple[bool | None, Params]:
        """Whether only trigger orders are wanted, or only the others; None for both."""
        if type(params) is dict and not params:
            return None, {}
        return trigger_of(f"{self.id} {method}()", plain_params(self.id, method, params))

    def _watched_contracts(self, method: str, params: Params) -> None:
        """Refuse what positions cannot be asked for."""
        params = plain_params(self.id, method, params)
        self._check_watched(method, of_contracts(f"{self.id} {method}()", params))

    def _watched_balance(self, method: str, params: Params) -> str:
        """Which of the account's balances is meant, by `type` and the like; as fetch_balance reads it."""
        kind, rest = self._balance_kind(method, plain_params(self.id, method, params))
        self._check_watched(method, rest)
        return kind
