"""`options["gateway"]`, read once and refused with a sentence where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ccxt.base.errors import ArgumentsRequired, BadRequest

from bpx_connector.gateway.bus.connection import Access
from bpx_connector.gateway.bus.subjects import Subjects, checked_token

__all__ = ["Reader", "reader_of"]

KNOWN: Final = frozenset(
    {
        *("servers", "account", "user", "seed", "ca", "insecure", "net"),
        *("orders", "resume", "shards", "patience", "fallback"),
    }
)
WAYS: Final = ("direct", "through")


@dataclass(frozen=True)
class Reader:
    """How one exchange object uses a gateway."""

    access: Access
    subjects: Subjects
    account: str
    orders: str
    shards: int
    patience: float
    """Seconds for which a question waits for a gateway that leads."""
    fallback: float | None
    """The share of the account's budget with which orders and cancels go on when no gateway answers."""
    resume: str | None
    """The name under which it is remembered how far the account's fills were read."""

    @property
    def resume_orders(self) -> str | None:
        """The same for orders: s7-orders beside s7-fills."""
        return None if self.resume is None else f"{self.resume.removesuffix('-fills')}-orders"


def reader_of(options: Mapping[str, Any], has_keys: bool) -> Reader:
    """The settings in `options["gateway"]`."""
    unknown = sorted(options.keys() - KNOWN)
    if unknown:
        raise BadRequest(
            f"unknown in options['gateway']: {', '.join(unknown)}; known: {', '.join(sorted(KNOWN))}"
        )
    for name in ("servers", "user"):
        if not options.get(name):
            raise ArgumentsRequired(f"options['gateway'] needs {name}")
    orders = options.get("orders") or ("direct" if has_keys else "through")
    if orders not in WAYS:
        raise BadRequest(f"orders in options['gateway'] go 'direct' or 'through', not {orders!r}")
    servers = options["servers"]
    try:
        access = Access(
            (servers,) if isinstance(servers, str) else tuple(servers),
            options["user"],
            options.get("seed"),
            options.get("ca"),
            options.get("insecure") is True,
        )
        return Reader(
            access,
            Subjects(options.get("net") or "live"),
            checked_token("the account", options.get("account") or "main"),
            orders,
            int(options.get("shards") or 1),
            float(options.get("patience") or 5000) / 1000,
            _share_of(options.get("fallback")),
            None if options.get("resume") is None else checked_token("resume", options["resume"]),
        )
    except (ValueError, TypeError) as error:
        raise BadRequest(f"options['gateway']: {error}") from error


def _share_of(fallback: Any) -> float | None:
    if fallback is None:
        return None
    share = float(fallback["share"]) if isinstance(fallback, Mapping) and "share" in fallback else -1.0
    if not 0 < share <= LARGEST_SHARE:
        raise ValueError(
            f"fallback has to be {{'share': part}}, above 0 and at most {LARGEST_SHARE}: the gateway leaves "
            "a tenth of the budget unspent, and the shares of all programs have to fit into it"
        )
    return share


LARGEST_SHARE: Final = 0.1
