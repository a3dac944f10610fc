"""Where requests and streams go, and that they go to one place.

`urls["api"]` is ccxt's: one address for all, or `public`, `private` and, for streams, `ws`. Orders that go to
a sandbox while prices come from the venue, or the reverse, are a mistake that costs money: it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ccxt.base.errors import BadRequest

from bpx_connector.venue.description import REGION_HOST, STREAMS

__all__ = [
    "Addresses",
    "addresses_from",
    "addresses_of",
    "in_region",
    "is_address",
    "kept_here",
    "refuse_mixture",
    "refuse_unverified",
]

VENUE = "backpack.exchange"


class Addresses(NamedTuple):
    """Base addresses, without a slash at the end."""

    public: str
    private: str
    streams: str


def addresses_of(urls: Any) -> Addresses:
    """The addresses that ccxt's `urls["api"]` means. One address alone leads requests and streams."""
    if isinstance(urls, str):
        return _addresses(urls, None, None)
    streams = urls.get("ws")
    if isinstance(streams, dict):
        streams = streams.get("public") or streams.get("private")
    return _addresses(urls.get("public"), urls.get("private"), streams)


@lru_cache(maxsize=64)
def _addresses(public: str | None, private: str | None, streams: str | None) -> Addresses:
    public = public or private
    if not public:
        raise BadRequest('urls["api"] names no place; it takes an address, or `public`, `private` and `ws`')
    private, streams = private or public, streams or _streams_beside(public)
    return Addresses(public.rstrip("/"), private.rstrip("/"), streams.rstrip("/"))


def in_region(exchange_id: str, urls: Any, region: Any) -> Any:
    """ccxt's `urls["api"]` with the hosts of a region; the streams of all regions come from one."""
    if region not in REGION_HOST:
        regions = ", ".join(map(repr, REGION_HOST))
        raise BadRequest(
            f"{exchange_id} options['region'] has to be one of {regions}, or None, not {region!r}"
        )
    return {**urls, "public": REGION_HOST[region], "private": REGION_HOST[region]}


def refuse_mixture(exchange_id: str, addresses: Addresses, *, has_streams: bool) -> None:
    """BadRequest if some addresses are this machine's and some are not."""
    if not _is_mixture(addresses, has_streams):
        return
    asked = addresses if has_streams else addresses[:2]
    here = next(url for url in asked if _is_local(url))
    sandbox = "http" + here.removeprefix("ws") if here.startswith("ws") else here
    raise BadRequest(
        f"{exchange_id} would mix a sandbox with the venue: public requests go to {addresses.public}, signed "
        f"ones to {addresses.private}"
        + (f", streams come from {addresses.streams}" if has_streams else "")
        + f'; nothing was sent. Write {{"urls": {{"api": "{sandbox}"}}}} to use the sandbox for all of it, '
        'or leave `urls["api"]` out to use the venue'
    )


def refuse_unverified(exchange_id: str, url: str, settings: Mapping[str, Any]) -> None:
    """BadRequest if certificates would not be verified, and nobody has said so by False.

    ccxt turns verification off where `verify` is anything empty: a file's name that was not set, say.
    """
    off = next((name for name, value in settings.items() if not value and value is not False), None)
    if off is not None and not _is_local(url):
        raise BadRequest(
            f"{exchange_id} {off} is {settings[off]!r}: certificates would not be verified, and anybody on "
            f"the way to {url} could answer; nothing was sent. It takes True, and `verify` a file of "
            "certificates; False where it is meant"
        )


def addresses_from(environment: Mapping[str, str]) -> dict[str, Any]:
    """The part of a description that leads to `BPX_SANDBOX`, if the environment names one.

    For programs that have no place for a configuration: the class goes there, whoever made the object.
    """
    address = environment.get("BPX_SANDBOX")
    if not address:
        return {}
    if not is_address(address):
        raise BadRequest(
            f"BPX_SANDBOX is {address!r}; it takes the address of a sandbox, such as http://127.0.0.1:8787"
        )
    url = address.rstrip("/")
    streams = "ws" + url.removeprefix("http")
    all_there = {"public": url, "private": url, "ws": {"public": streams, "private": streams}}
    return {"urls": {"api": all_there, "test": all_there}}


def is_address(text: str) -> bool:
    """Whether somebody could be reached by it over HTTP."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its port is no number up to 65535
        return False


def kept_here(urls: Any, environment: Mapping[str, str]) -> Any:
    """`urls["api"]`, or the sandbox's where the environment names one and these lead off this machine.

    A program that is told to rehearse does not trade for real because its own configuration names the venue.
    """
    there = addresses_from(environment)
    if not there or all(map(_is_local, addresses_of(urls))):
        return urls
    return there["urls"]["api"]


def _streams_beside(url: str) -> str:
    """The address of streams where one address was given for everything."""
    host = urlsplit(url).hostname or ""
    if host == VENUE or host.endswith("." + VENUE):
        return STREAMS
    return "ws" + url.removeprefix("http")


@lru_cache(maxsize=64)
def _is_mixture(addresses: Addresses, has_streams: bool) -> bool:
    return len({_is_local(url) for url in (addresses if has_streams else addresses[:2])}) > 1


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
