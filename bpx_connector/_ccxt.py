"""The base of every mixin: the venue's operations, and to a type checker ccxt's Exchange as well.

The mixins are composed with ccxt's blocking or asyncio base in `__init__.py` and `async_support.py`; if they
inherited from either, they could not be used with the other. ccxt leaves the types of many attributes open;
those that we use are named here.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from bpx_connector.venue.endpoints import Endpoint, Endpoints, NewerEndpoints, UntoldEndpoints

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from ccxt.base.exchange import Exchange
    from ccxt.base.types import CurrencyInterface, MarketInterface

    class Ccxt(Endpoints, NewerEndpoints, UntoldEndpoints, Exchange):
        apiKey: Any
        secret: Any
        headers: Any
        logger: Any
        options: Any
        urls: Any
        markets: Any
        currencies: Any
        markets_by_id: Any
        currencies_by_id: Any
        symbols: Any
        ids: Any
        codes: Any
        number: Callable[[str], str | float | Decimal]  # type: ignore[assignment]  # any that takes text
        rateLimit: Any
        verbose: Any

        def market(self, symbol: Any) -> MarketInterface: ...
        def safe_market(
            self, marketId: Any = None, market: Any = None, delimiter: Any = None, marketType: Any = None
        ) -> MarketInterface: ...
        def safe_symbol(
            self, marketId: Any, market: Any = None, delimiter: Any = None, marketType: Any = None
        ) -> str: ...
        def currency(self, code: str | None) -> CurrencyInterface: ...
        def safe_currency(self, currencyId: Any, currency: Any = None) -> CurrencyInterface: ...
        def safe_currency_code(self, currencyId: Any, currency: Any = None) -> str | None: ...
        @staticmethod
        def milliseconds() -> int: ...

        def _called(
            self, path: str, api: Any, method: str, params: Any, *rest: Any, config: Any = ...
        ) -> Generator[Any, Any, Any]:
            """The steps of `fetch2`; `call.Calls` has them."""

        def _checked_addresses(self) -> Any:
            """Where requests go; `call.Calls` has it."""

        def _turn_of(self, endpoint: Endpoint, patience: float) -> Generator[Any, Any, None]:
            """The wait for the budget's turn; `call.Calls` has it."""
else:

    class Ccxt(Endpoints, NewerEndpoints, UntoldEndpoints):
        pass


class AliasedOnce:
    """Puts ccxt's second names on a class once, and not again for every instance.

    ccxt's constructor goes through `dir(self)` and puts a camelCase name beside every method, on the class.
    Done again for each instance, that throws away the class's method cache some 300 times and is most of what
    constructing costs. So `dir` leaves the methods out while a later instance is made.
    """

    _names_to_skip: frozenset[str] = frozenset()

    def __init__(self, config: Any = {}) -> None:
        self._names_to_skip = _METHODS_WITH_BOTH_NAMES.get(type(self), frozenset())
        super().__init__(config)  # type: ignore[call-arg]  # ccxt's, which is among the bases of every class
        if not self._names_to_skip:
            _METHODS_WITH_BOTH_NAMES[type(self)] = _method_names(type(self))
        self._names_to_skip = frozenset()

    def __dir__(self) -> Iterable[str]:
        """All names; while ccxt's constructor reads them, only those it has not dealt with on this class."""
        if not self._names_to_skip:
            return super().__dir__()
        return [*_names_left(type(self), self._names_to_skip), *vars(self)]


_METHODS_WITH_BOTH_NAMES: dict[type, frozenset[str]] = {}
"""Classes of which an instance exists, and their methods: by then each has its camelCase name too."""


_NAMES_LEFT: dict[type, tuple[int, list[str]]] = {}
"""Of a class, how many names it had when they were listed, and those that are no methods."""


def _names_left(exchange: type, skipped: frozenset[str]) -> list[str]:
    """The names on a class but for those skipped. To list them anew for each instance takes 60 of 600 µs."""
    count = sum(len(vars(part)) for part in exchange.__mro__)
    known = _NAMES_LEFT.get(exchange)
    if known is None or known[0] != count:
        known = _NAMES_LEFT[exchange] = count, [name for name in dir(exchange) if name not in skipped]
    return known[1]


def _method_names(exchange: type) -> frozenset[str]:
    return frozenset(name for name in dir(exchange) if isinstance(getattr(exchange, name), FunctionType))


__all__ = ["AliasedOnce", "Ccxt"]
