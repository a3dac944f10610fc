"""What one gateway is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bpx_connector.gateway.bus.subjects import checked_token, public_desks
from bpx_connector.gateway.publisher.till import USUAL_LIMITS, Limits
from bpx_connector.gateway.rules.limits import UserLimits

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """The desks that one gateway serves, and how."""

    net: str
    name: str
    account: str | None = "main"
    """The account whose keys it has; None for public data only."""
    shard: int = 0
    shards: int = 1
    """Which part of the markets; with `shards` 0 none, for an account only."""
    streams: tuple[str, ...] = ()
    """Public streams that are followed whether or not anybody reads them."""
    limits: Limits = USUAL_LIMITS
    users: Mapping[str, UserLimits] = field(default_factory=dict)
    gather: float = 0.001
    """Seconds for which frames are gathered: readers, server and gateway then take several for one."""
    always: bool = False
    """Whether it says what it hears while the other one leads as well: no pause when that dies, and twice the
    frames for everybody."""
    audit_every: float = 30.0
    """Seconds between comparisons of the account with the venue."""

    def __post_init__(self) -> None:
        checked_token("the gateway's name", self.name)
        if self.account is not None:
            checked_token("the account", self.account)
        if not 0 <= self.shard < max(1, self.shards):
            raise ValueError(f"shard {self.shard} of {self.shards}: from 0 to one less than their number")
        if not self.desks:
            raise ValueError("a gateway needs an account, a part of the markets, or both")

    @property
    def desks(self) -> tuple[str, ...]:
        """The desks it serves, as subjects name them."""
        public = (public_desks(self.shards)[self.shard],) if self.shards else ()
        return public + (() if self.account is None else (self.account,))
