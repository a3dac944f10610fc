"""What requests and streams are answered from: the exchange, its clock, and what only the outside knows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.clock import Clock
from bpx_connector.sandbox.crowd.history import History
from bpx_connector.sandbox.crowd.listings import Listing, stocks
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.exchange.predictions import Prediction
from bpx_connector.sandbox.exchange.rfqs import Rfqs
from bpx_connector.sandbox.exchange.stock_hours import StockHours
from bpx_connector.sandbox.exchange.strategies import Strategies
from bpx_connector.sandbox.exchange.vaults import Vault
from bpx_connector.sandbox.http.cached import CachedAnswers
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.switches import Switches
from bpx_connector.sandbox.records.times import MINUTE

__all__ = ["Context", "opened_exchange", "wallet_address"]


def opened_exchange(listings: Iterable[Listing], now: int, switches: Switches | None = None) -> Exchange:
    """An exchange with these markets, each at its start price."""
    rows = list(listings)
    return Exchange(
        [listing.rules for listing in rows],
        now=now,
        prices={listing.symbol: listing.start for listing in rows},
        switches=switches,
    )


@dataclass
class WithdrawalDelay:
    """How many hours withdrawals wait, and from when on how many."""

    hours: int | None = None
    pending: int | None = None
    enabled_at: int = 0


@dataclass
class Status:
    """What the venue says of itself: Ok or Maintenance, and why."""

    status: str = "Ok"
    message: str | None = None


KEPT: Final = ("rfqs", "strategies", "vault", "prediction", "delay", "status", "shut")
"""The parts of a context that survive a restart."""


class Context:
    """One exchange and all that its answers are made of."""

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        listings: Iterable[Listing],
        *,
        seed: int,
        born: int,
        closed: bool = False,
    ) -> None:
        """`born` is the time of the first trade: the invented past ends with the minute before it."""
        self._signatures: Final[dict[str, int]] = {}
        self.asked: Final[Counter[tuple[str, int]]] = Counter()
        """How often each operation was answered with each status."""
        self.exchange = exchange
        self.clock = clock
        self.closed = closed
        self.cached: Final = CachedAnswers()
        self.stocks = stocks()
        rows = (self.stocks[name] for name in ("securities", "marketSessions", "holidays"))
        self.rfqs = Rfqs(exchange, StockHours(*rows))
        self.strategies = Strategies(exchange, seed)
        self.vault = Vault(exchange, born)
        self.prediction = Prediction(exchange)
        self.delay = WithdrawalDelay()
        self.status = Status()
        self.owner: Final = f"the exchange {seed}"
        self.shut: set[tuple[str, str]] = set()
        """Assets and blockchains that nothing is deposited or withdrawn by."""
        self.history = History(exchange, listings, seed=seed, beginning=born // MINUTE)

    @property
    def kept(self) -> dict[str, Any]:
        """What is to survive a restart, beside the exchange."""
        return {name: getattr(self, name) for name in KEPT}

    def take_over(self, kept: Mapping[str, Any]) -> None:
        """Go on with what was kept."""
        for name in KEPT:
            setattr(self, name, kept[name])

    def account(self, key: str) -> Account:
        """The account of a key that has proved itself; a new one is opened unless the sandbox is closed."""
        known = self.exchange.account(key)
        if known is not None:
            return known
        if self.closed:
            raise Refusal(401, "UNAUTHORIZED", "Unauthorized")
        return self.exchange.open_account(key, self.clock.now())

    def knows_not(self, key: str) -> bool:
        """Whether a key has no account and will not get one."""
        return self.closed and self.exchange.account(key) is None

    def has_seen(self, signature: str) -> bool:
        """Whether this signature has been used within the longest window; from now on it has."""
        now, used = self.clock.now(), self._signatures
        while used and next(iter(used.values())) < now - 2 * MINUTE:
            del used[next(iter(used))]
        seen = signature in used
        used.setdefault(signature, now)
        return seen

    def is_listed(self, symbol: str) -> bool:
        """Whether there is such a market."""
        return symbol in self.exchange.rules

    def state(self, symbol: str) -> str:
        """The state of a market's book at this moment."""
        return self.exchange.markets[symbol].state


_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_EVM: Final = frozenset(
    [
        *("0G", "Arbitrum", "Avalanche", "Base", "Berachain", "Bsc", "Ethereum", "HyperEVM", "Hyperliquid"),
        *("Linea", "Monad", "Optimism", "Plasma", "Polygon", "Sei", "Stable", "Story"),
    ]
)
"""Blockchains whose addresses are twenty bytes in hexadecimal."""


def wallet_address(owner: str, blockchain: str) -> str:
    """A made-up address that looks like one of its network and is always the same for its owner."""
    digest = hashlib.sha256(f"{owner} {blockchain}".encode()).digest()
    if blockchain in _EVM:
        return "0x" + digest[:20].hex()
    number, letters = int.from_bytes(digest), []
    while number:
        number, rest = divmod(number, 58)
        letters.append(_BASE58[rest])
    return "".join(letters)
