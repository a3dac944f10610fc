"""The base of every mixin: the venue's operations, and to a type checker ccxt's Exchange as well.

The mixins are composed with ccxt's blocking or asyncio base in `__init__.py` and `async_support.py`; if they
inherited from either, they could not be used with the other. ccxt leaves the types of many attributes open;
those that we use are named here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpx_connector.venue.endpoints import Endpoints, NewerEndpoints

if TYPE_CHECKING:
    from ccxt.base.exchange import Exchange

    class Ccxt(Endpoints, NewerEndpoints, Exchange):
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
        number: Any
        rateLimit: Any
        verbose: Any
else:

    class Ccxt(Endpoints, NewerEndpoints):
        pass


__all__ = ["Ccxt"]
