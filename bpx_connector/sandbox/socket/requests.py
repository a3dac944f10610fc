"""What a client may ask for on the socket: names of streams and the frames that ask for them. Pure.

Names and frames are those of the Backpack OpenAPI, tag Streams; which errors answer wrong ones was seen on
the venue.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from bpx_connector.sandbox.market.candles import INTERVALS, MONTH
from bpx_connector.sandbox.socket.payloads import INVALID_DEPTH_WINDOW, INVALID_STREAM
from bpx_connector.sandbox.socket.repeated import REPEATED

__all__ = ["BALANCES", "WINDOWS", "Request", "Stream", "request_of", "stream_of"]

WINDOWS: Final = {"200ms": 200_000, "600ms": 600_000, "1000ms": 1_000_000}
"""The periods over which depth can be merged, in microseconds."""
BALANCES: Final = "account.balanceUpdate"


class Stream(NamedTuple):
    """A stream's name, taken apart. `variant` is a candle's interval or a depth's window."""

    name: str
    kind: str
    symbol: str | None = None
    variant: str | None = None

    @property
    def is_private(self) -> bool:
        """Whether a signature is asked for."""
        return self.kind.startswith("account.")


_BY_SYMBOL: Final = frozenset({"bookTicker", "trade", "liquidation", *REPEATED})
_SCOPABLE: Final = frozenset({"account.orderUpdate", "account.positionUpdate", "account.rfqUpdate"})
_WINDOW: Final = re.compile(r"\d+ms")


def stream_of(name: str) -> Stream | str:
    """The stream of that name, or the error frame that answers it.

    An unknown symbol is no error, and neither is `depth.5.SOL_USDC`, whose symbol nobody has: they stay
    silent.
    """
    if name == "liquidation":
        return Stream(name, name)
    if name.startswith("account."):
        return _account_stream(name)
    kind, _, rest = name.partition(".")
    if not rest:
        return INVALID_STREAM
    if kind == "depth":
        return _depth_stream(name, rest)
    if kind == "kline":
        interval, _, symbol = rest.partition(".")
        is_known = symbol and (interval in INTERVALS or interval == MONTH)
        return Stream(name, kind, symbol, interval) if is_known else INVALID_STREAM
    if kind in _BY_SYMBOL:
        return Stream(name, kind, rest)
    return INVALID_STREAM


def _depth_stream(name: str, rest: str) -> Stream | str:
    window, _, symbol = rest.partition(".")
    if not _WINDOW.fullmatch(window):
        return Stream(name, "depth", rest)
    if window not in WINDOWS:
        return INVALID_DEPTH_WINDOW
    return Stream(name, "depth", symbol, window) if symbol else INVALID_STREAM


def _account_stream(name: str) -> Stream | str:
    if name in _SCOPABLE or name == BALANCES:
        return Stream(name, name)
    kind, symbol = ".".join(name.split(".")[:2]), ".".join(name.split(".")[2:])
    return Stream(name, kind, symbol) if kind in _SCOPABLE and symbol else INVALID_STREAM


@dataclass(frozen=True, slots=True)
class Request:
    """A frame of a client: streams to begin or to end. An `id` is tolerated and never echoed."""

    subscribes: bool
    names: list[str]
    signature: Any


_METHODS: Final = {"SUBSCRIBE": True, "UNSUBSCRIBE": False}


def request_of(text: str | bytes) -> Request | None:
    """What a client asks for; None if it cannot be understood."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    method, names = message.get("method"), message.get("params")
    if not isinstance(method, str) or method not in _METHODS or not isinstance(names, list):
        return None
    if not all(isinstance(name, str) for name in names):
        return None
    return Request(_METHODS[method], names, message.get("signature"))
