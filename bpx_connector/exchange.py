"""What the three exchange classes share: what they are composed of, and how they describe themselves."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from typing import Any

from bpx_connector._ccxt import AliasedOnce, Ccxt
from bpx_connector.call.addresses import addresses_from, in_region, kept_here
from bpx_connector.call.answers import Answers
from bpx_connector.call.calls import Calls
from bpx_connector.call.masking import masking_logger
from bpx_connector.call.time_difference import TimeDifference
from bpx_connector.flow import settle_flows
from bpx_connector.given import settle_short_ways
from bpx_connector.rest.account import Account
from bpx_connector.rest.asking.params import UnderstoodParams
from bpx_connector.rest.convert.conversions import Conversions
from bpx_connector.rest.lending.lending import Lending
from bpx_connector.rest.lending.vaults import Vaults
from bpx_connector.rest.markets import Markets
from bpx_connector.rest.trading import Trading
from bpx_connector.rest.watched import WatchedArguments
from bpx_connector.tapes import Tapes
from bpx_connector.venue.description import DESCRIPTION

__all__ = ["Backpack"]

_DESCRIPTION = pickle.dumps(DESCRIPTION)
"""Every instance has one of its own: read from this in a fifth of the time that `deepcopy` takes."""


class Backpack(
    WatchedArguments,
    Markets,
    Trading,
    Account,
    Lending,
    Conversions,
    Tapes,
    Vaults,
    UnderstoodParams,
    Calls,
    Answers,
    TimeDifference,
    AliasedOnce,
    Ccxt,
):
    """Backpack Exchange in ccxt's unified words. Mixed into ccxt's blocking and asyncio bases."""

    _made_anew: frozenset[str] = frozenset(
        {"_client_ids", "_signer", "_signed_for", "_pacing", "_pacing_of", "_spacing", "_unsettled"}
    )

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "synchronous"):  # ccxt's base is among the bases
            settle_flows(cls)
            settle_short_ways(cls)

    def describe(self) -> Any:
        own = pickle.loads(_DESCRIPTION)  # noqa: S301  it is our own
        return self.deep_extend(super().describe(), own, addresses_from(os.environ))

    def __init__(self, config: Mapping[str, Any] = {}) -> None:
        super().__init__(config)
        self.logger = masking_logger(self.logger)
        region = self.options.get("region")
        if region is not None and "urls" not in config:
            self.urls["api"] = in_region(self.id, self.urls["api"], region)
        if os.environ.get("BPX_SANDBOX"):
            self.urls["api"] = kept_here(self.urls["api"], os.environ)

    def __getstate__(self) -> dict[str, Any]:
        """What `pickle` and `copy.deepcopy` take along: all but what is made anew when it is needed."""
        return {name: value for name, value in vars(self).items() if name not in self._made_anew}

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} {self.id}>"
