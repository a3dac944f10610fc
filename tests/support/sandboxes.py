"""Sandboxes for tests: in this process, on a free port, with a seed and a clock that a test drives."""

from __future__ import annotations

from typing import Any

from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.server import SandboxThread

__all__ = ["SYMBOLS", "RunningSandbox"]

SEED = 1
SYMBOLS = (
    "SOL_USDC",
    "BTC_USDC",
    "ETH_USDC",
    "USDT_USDC",
    "BONK_USDC",
    "HNT_USDC",
    "SOL_USDC_PERP",
    "BTC_USDC_PERP",
    "ETH_USDC_PERP",
    "kBONK_USDC_PERP",
    "AMZN.US_USDC_PERP",
    "IP_USDC_PERP",
)
"""One market of every kind: steps above 1, closed, post-only. All of them would double each test's time."""


class RunningSandbox(SandboxThread):
    """A sandbox at work, seen from a test's thread; the same settings give the same history every time."""

    def __init__(self, **settings: Any) -> None:
        self.clock = DrivenClock()
        # What is withdrawn here goes anywhere, but for the tests of where it may go.
        switches = {"withdraw_to": "any", **settings.pop("switches", {})}
        given = {"seed": SEED, "symbols": SYMBOLS, "clock": self.clock, "switches": switches, **settings}
        super().__init__(**given)

    @property
    def venue(self) -> Exchange:
        """The engine behind the sandbox, to look at while nobody is calling."""
        return self.sandbox.venue

    def advance(self, seconds: float) -> None:
        """Let that much time pass in the sandbox, with all that happens meanwhile."""
        self.run(lambda _: self.clock.advance(seconds))
