"""The blocking exchange: every unified method answers when it is done."""

from __future__ import annotations

from ccxt.base.exchange import Exchange

from bpx_connector.exchange import Backpack

__all__ = ["bpx"]


class bpx(Backpack, Exchange):
    """Backpack Exchange, blocking: ccxt's unified methods over HTTP."""


# Its address is the package's, as its users import it: in pickles and in `repr`.
bpx.__module__ = "bpx_connector"
