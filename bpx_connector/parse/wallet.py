"""Parsing of the wallet: deposits, withdrawals, deposit addresses."""

from __future__ import annotations

from typing import Any

from ccxt.base.types import Currency, DepositAddress, Transaction

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.markets.currencies import network_code
from bpx_connector.parse.numbers import iso8601, milliseconds_of, number_or_none
from bpx_connector.venue.words import DEPOSIT_SOURCE, TRANSACTION_STATUS

__all__ = ["ParseWallet"]

INTERNAL = "internal"
"""The source of a deposit that came from another account of the venue."""


class ParseWallet(Ccxt):
    """ccxt's parsers of transactions and addresses."""

    def parse_transaction(self, transaction: Payload, currency: Currency = None) -> Transaction:
        """A deposit or a withdrawal: only the latter names a blockchain, the former its source."""
        if "blockchain" in transaction:
            return self._withdrawal(transaction)
        return self._deposit(transaction)

    def _deposit(self, row: Payload) -> Transaction:
        source = row["source"]
        return self._transaction(
            row,
            kind="deposit",
            network=DEPOSIT_SOURCE.get(source),
            internal=source == INTERNAL,
            comment=row.get("platformMemo"),
            fee={"currency": None, "cost": None},
            transaction_hash=row.get("transactionHash"),
        )

    def _withdrawal(self, row: Payload) -> Transaction:
        return self._transaction(
            row,
            kind="withdrawal",
            network=network_code(row["blockchain"]),
            internal=row["isInternal"],
            comment=None,
            fee={
                "currency": self.safe_currency_code(row["symbol"]),
                "cost": number_or_none(self.number, row["fee"]),
            },
            transaction_hash=row.get("transactionHash") or row.get("identifier"),
        )

    def _transaction(
        self,
        row: Payload,
        *,
        kind: str,
        network: str | None,
        internal: bool,
        comment: str | None,
        fee: Any,
        transaction_hash: str | None,
    ) -> Transaction:
        timestamp = milliseconds_of(row["createdAt"])
        return {
            "info": row,
            "id": str(row["id"]),
            "txid": transaction_hash,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "network": network,
            "address": row.get("toAddress"),
            "addressTo": row.get("toAddress"),
            "addressFrom": row.get("fromAddress"),
            "tag": None,
            "tagTo": None,
            "tagFrom": None,
            "type": kind,
            "amount": number_or_none(self.number, row["quantity"]),
            "currency": self.safe_currency_code(row["symbol"]),
            # A state that is not in the venue's list is passed on as it came.
            "status": TRANSACTION_STATUS.get(row["status"], row["status"]),
            "updated": None,
            "fee": fee,
            "comment": comment,
            "internal": internal,
        }

    def parse_deposit_address(
        self,
        depositAddress: Payload,  # noqa: N803  ccxt's name
        currency: Currency = None,
    ) -> DepositAddress:
        """An address to send to; which currency and network it was asked for, the caller adds."""
        address: Any = {
            "info": depositAddress,
            "currency": currency["code"] if currency else None,
            "network": None,
            "address": depositAddress["address"],
            "tag": None,  # the venue gives every account an address of its own, without a memo
        }
        parsed: DepositAddress = address
        return parsed
