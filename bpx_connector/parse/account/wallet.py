"""Parsing of the wallet: deposits, withdrawals, deposit addresses."""

from __future__ import annotations

from typing import Any

from ccxt.base.types import Currency, DepositAddress, Transaction

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.markets.currencies import network_code
from bpx_connector.parse.numbers import iso8601
from bpx_connector.parse.rows import Row, object_of
from bpx_connector.venue.words import DEPOSIT_SOURCE, TRANSACTION_STATUS

__all__ = ["ParseWallet"]

INTERNAL = "internal"
"""The source of a deposit that came from another account of the venue."""


class ParseWallet(Ccxt):
    """ccxt's parsers of transactions and addresses."""

    def parse_transaction(self, transaction: Payload, currency: Currency = None) -> Transaction:
        """A deposit or a withdrawal: only the latter names a blockchain, the former its source."""
        row = Row(object_of(transaction, f"{self.id} a transaction"))
        return self._withdrawal(row) if "blockchain" in row.info else self._deposit(row)

    def _deposit(self, row: Row) -> Transaction:
        source = row.word("source")
        return self._transaction(
            row,
            kind="deposit",
            network=DEPOSIT_SOURCE.get(source) if source else None,
            internal=source == INTERNAL,
            comment=row.word("platformMemo"),
            fee={"currency": None, "cost": None},
            transaction_hash=row.word("transactionHash"),
        )

    def _withdrawal(self, row: Row) -> Transaction:
        return self._transaction(
            row,
            kind="withdrawal",
            network=network_code(row.word("blockchain")),
            internal=row.flag("isInternal"),
            comment=None,
            fee={
                "currency": self.safe_currency_code(row.word("symbol")),
                "cost": row.number("fee", self.number),
            },
            transaction_hash=row.word("transactionHash") or row.word("identifier"),
        )

    def _transaction(
        self,
        row: Row,
        *,
        kind: str,
        network: str | None,
        internal: bool | None,
        comment: str | None,
        fee: Any,
        transaction_hash: str | None,
    ) -> Transaction:
        timestamp, status = row.moment("createdAt"), row.word("status")
        info: Any = row.info
        return {
            "info": info,
            "id": row.word("id"),
            "txid": transaction_hash,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "network": network,
            "address": row.word("toAddress"),
            "addressTo": row.word("toAddress"),
            "addressFrom": row.word("fromAddress"),
            "tag": None,
            "tagTo": None,
            "tagFrom": None,
            "type": kind,
            "amount": row.number("quantity", self.number),
            "currency": self.safe_currency_code(row.word("symbol")),
            # A state that is not in the venue's list is passed on as it came.
            "status": TRANSACTION_STATUS.get(status, status) if status else None,
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
        """An address to send to; which currency and network it was asked for, the caller adds.

        BadResponse where the answer has none: money is sent there.
        """
        row = Row(object_of(depositAddress, f"{self.id} the deposit address"))
        address: Any = {
            "info": depositAddress,
            "currency": currency["code"] if currency else None,
            "network": None,
            "address": row.needed("address"),
            "tag": None,  # the venue gives every account an address of its own, without a memo
        }
        parsed: DepositAddress = address
        return parsed
