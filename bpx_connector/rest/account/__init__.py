"""Unified methods: the account. What it holds, on which conditions, its history, deposits, withdrawals."""

from __future__ import annotations

from bpx_connector.rest.account.closing import ClosingAll
from bpx_connector.rest.account.conditions import Conditions
from bpx_connector.rest.account.ledger import LedgerHistory
from bpx_connector.rest.account.past_positions import PastPositions
from bpx_connector.rest.account.state import AccountState
from bpx_connector.rest.account.transfers import Transfers
from bpx_connector.rest.account.wallet import Wallet

__all__ = ["Account"]


class Account(AccountState, Conditions, PastPositions, ClosingAll, Wallet, Transfers, LedgerHistory):
    """ccxt's methods for the account, and those that the venue's histories allow."""
