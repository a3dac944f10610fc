"""What stands between requests and the exchange: the venue, its clock, and what only the outside knows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.clock import Clock
from bpx_connector.sandbox.crowd.klines import History
from bpx_connector.sandbox.crowd.listings import Listing
from bpx_connector.sandbox.crowd.past import Past
from bpx_connector.sandbox.exchange.exchange import Venue
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = ["FrontDesk", "opened_venue", "wallet_address"]


def opened_venue(listings: Iterable[Listing], now: int) -> Venue:
    """A venue with these markets, each at its start price."""
    rows = list(listings)
    return Venue(
        [listing.rules for listing in rows],
        now=now,
        prices={listing.symbol: listing.start for listing in rows},
    )


class FrontDesk:
    """One venue and all that its REST answers are made of."""

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        listings: Iterable[Listing],
        *,
        seed: int,
        born: int,
        closed: bool = False,
    ) -> None:
        """`born` is the time of the venue's first trade: the invented past ends with the minute before it."""
        self.venue = venue
        self.clock = clock
        self.closed = closed
        self.beginning = born // 60_000_000
        self.pasts = {listing.symbol: Past(seed, listing, self.beginning) for listing in listings}
        self.history = History(venue, self.pasts)

    def account(self, key: str) -> Account:
        """The account of a key that has proved itself; a new one is opened unless the sandbox is closed."""
        known = self.venue.account(key)
        if known is not None:
            return known
        if self.closed:
            raise Refusal(401, "UNAUTHORIZED", "Unauthorized")
        return self.venue.open_account(key, self.clock.now())

    def is_listed(self, symbol: str) -> bool:
        """Whether there is such a market."""
        return symbol in self.venue.rules

    def state(self, symbol: str) -> str:
        """The state of a market's book at this moment."""
        return self.venue.markets[symbol].state


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
