"""What stood in the way of an answer, in one sentence: nobody listens, no such name, silence."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from ccxt.base.errors import BaseError, ExchangeNotAvailable, NetworkError, RequestTimeout

from bpx_connector.venue.errors import NOTHING_SENT

__all__ = ["network_error", "without_frames"]

UNKNOWN = "whether the venue acted on it is not known"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from, the deepest last; libraries wrap them in each other and in `args`."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [
            one.__cause__,
            one.__context__,
            getattr(one, "os_error", None),
            getattr(one, "reason", None),
        ]
        waiting += [arg for arg in one.args if isinstance(arg, BaseException)]


def _reason(error: BaseException, url: str) -> tuple[type[NetworkError], str]:
    host, causes = urlsplit(url).netloc, list(_causes(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(one, kinds) for one in causes)

    names = {type(one).__name__ for one in causes}
    if has(ssl.SSLError) or any("SSL" in name or "Certificate" in name for name in names):
        return ExchangeNotAvailable, f"TLS: {_text(causes)}; {NOTHING_SENT}"
    if has(socket.gaierror) or "NameResolutionError" in names:
        return ExchangeNotAvailable, f"DNS: the name {urlsplit(url).hostname} is not known; {NOTHING_SENT}"
    if has(ConnectionRefusedError) and any("Proxy" in name for name in names):
        return ExchangeNotAvailable, f"refused: nobody listens where the proxy should be; {NOTHING_SENT}"
    if has(ConnectionRefusedError):
        return ExchangeNotAvailable, f"refused: nobody listens at {host}{_remedy(url)}; {NOTHING_SENT}"
    if has(TimeoutError) or any("Timeout" in name for name in names):
        return RequestTimeout, f"timeout: no answer in time; {UNKNOWN}"
    return ExchangeNotAvailable, f"the connection broke: {_text(causes)}; {UNKNOWN}"


def _text(causes: list[BaseException]) -> str:
    said = next((str(one) for one in reversed(causes) if str(one)), type(causes[-1]).__name__)
    return " ".join(said.split())


def _remedy(url: str) -> str:
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return ""
    return f"; `python -m bpx_connector.sandbox --port {parts.port or 80}` starts a sandbox there"


def network_error(call: str, url: str, error: BaseException) -> NetworkError:
    """The trouble on the way as ccxt's exception, with its reason in words."""
    kind, reason = _reason(error, url)
    if isinstance(error, RequestTimeout) and kind is not RequestTimeout and "broke" in reason:
        kind = RequestTimeout
    return kind(f"{call}: {reason}")


def without_frames(error: BaseError) -> BaseError:
    """An error whose causes keep their words and lose their frames.

    The variables of those frames are the libraries' own: headers with key and signature, as error trackers
    would show them.
    """
    for one in _causes(error):
        one.__traceback__ = None
    return error
