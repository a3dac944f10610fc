"""The blocking exchange: every unified method answers when it is done."""

from __future__ import annotations

from typing import Any

from ccxt.base.exchange import Exchange

from bpx_connector.call.sessions import BlockingSession
from bpx_connector.exchange import Backpack

__all__ = ["bpx"]


class bpx(Backpack, Exchange):
    """Backpack Exchange, blocking: ccxt's unified methods over HTTP."""

    session: Any

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The decoded answer, over ccxt's own session: sent once, and to this address only."""
        if not isinstance(self.session, BlockingSession):
            self.session = BlockingSession(self.session)
        return super().fetch(url, method, headers, body)


# Its address is the package's, as its users import it: in pickles and in `repr`.
bpx.__module__ = "bpx_connector"
