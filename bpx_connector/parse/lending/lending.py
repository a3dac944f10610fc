"""Borrowing and lending become ccxt's structures.

A rate is the venue's own, of a year; interest is paid on the hour, amount x rate / 365 / 24.
Sources: Backpack OpenAPI, schemas BorrowLendMarket, BorrowLendHistory, InterestPayment, BorrowLendMovement,
BorrowLendPositionWithMargin and BorrowLendPositionRow; the venue's page on lending (FACTS, section 22).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ccxt.base.types import Market

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.account.state import CROSS
from bpx_connector.parse.border import legible
from bpx_connector.parse.numbers import iso8601, milliseconds_at, milliseconds_of, number_or_none, plain

if TYPE_CHECKING:
    from bpx_connector.venue import payloads

__all__ = ["YEAR", "ParseLending", "zoned_moment"]

YEAR = 365 * 86_400_000
"""Milliseconds over which a rate is paid."""

LENT_OR_OWED = {1: "lend", -1: "borrow", 0: None}


def zoned_moment(text: str | None) -> int | None:
    """Milliseconds of a time that names its zone, as borrow and lend markets and vaults write it."""
    return None if text is None else milliseconds_at(datetime.fromisoformat(text))


class ParseLending(Ccxt):
    """Rates, interest, loans and lending positions."""

    @legible
    def parse_borrow_rate(self, info: Any, currency: Any = None) -> Any:
        """ccxt's borrow rate, of a row of the lending markets or of their history: the part of a year."""
        said: payloads.BorrowLendMarket = info
        timestamp = zoned_moment(said["timestamp"])
        code = self.safe_currency_code(said["symbol"]) if currency is None else currency["code"]
        return {
            "info": said,
            "currency": code,
            "rate": number_or_none(self.number, said["borrowInterestRate"]),
            "period": YEAR,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_borrow_interest(self, info: Any, market: Market = None) -> Any:
        """ccxt's interest on borrowed money, of a payment. On how much it was paid the venue does not say."""
        said: payloads.InterestPayment = info
        timestamp = milliseconds_of(said["timestamp"])
        return {
            "info": said,
            "symbol": self.safe_symbol(said.get("marketSymbol"), market),
            "currency": self.safe_currency_code(said["symbol"]),
            "interest": self.number(said["quantity"].lstrip("-")),
            "interestRate": number_or_none(self.number, said.get("interestRate")),
            "amountBorrowed": None,
            "marginMode": CROSS,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_margin_loan(self, info: Any, currency: Any = None) -> Any:
        """ccxt's margin loan, of what was asked for: the venue answers nothing, not even an id."""
        said: payloads.BorrowLendExecutePayload = info
        return {
            "info": said,
            "id": None,
            "currency": self.safe_currency_code(said["symbol"], currency),
            "amount": self.number(said["quantity"]),
            "symbol": None,
            "timestamp": None,
            "datetime": None,
        }

    @legible
    def parse_lending_position(self, row: Any) -> Payload:
        """What is lent (`side` lend) or owed (`side` borrow) of a currency, with its interest so far."""
        said: payloads.BorrowLendPositionWithMargin = row
        number = self.number
        net = Decimal(said["netQuantity"])
        liquidation = said.get("estLiquidationPrice")
        return {
            "info": said,
            "id": said["id"],
            "currency": self.safe_currency_code(said["symbol"]),
            "side": LENT_OR_OWED[int(net > 0) - int(net < 0)],
            "amount": number(plain(abs(net))),
            "interest": number_or_none(number, said.get("cumulativeInterest")),
            "markPrice": number_or_none(number, said.get("markPrice")),
            "notional": number_or_none(number, said.get("netExposureNotional")),
            "initialMarginPercentage": number_or_none(number, said.get("imf")),
            "maintenanceMarginPercentage": number_or_none(number, said.get("mmf")),
            # "0" says that no price would liquidate the account.
            "liquidationPrice": number(liquidation) if liquidation and Decimal(liquidation) else None,
        }

    @legible
    def parse_past_lending_position(self, row: Any) -> Payload:
        """A lending position of the history, open or closed."""
        said: payloads.BorrowLendPositionRow = row
        timestamp = milliseconds_of(said["createdAt"])
        return {
            "info": said,
            "id": said["positionId"],
            "currency": self.safe_currency_code(said["symbol"]),
            "side": said["side"].lower(),
            "amount": self.number(said["quantity"].lstrip("-")),
            "interest": number_or_none(self.number, said.get("cumulativeInterest")),
            "rate": number_or_none(self.number, said.get("avgInterestRate")),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_lending_movement(self, row: Payload) -> Payload:
        """One movement of a lending position; `type` is borrow, borrowRepay, lend or lendRedeem."""
        timestamp = milliseconds_of(row["timestamp"])
        kind = row["eventType"]
        return {
            "info": row,
            "positionId": row["positionId"],
            "currency": self.safe_currency_code(row["symbol"]),
            "type": kind[:1].lower() + kind[1:],
            "amount": self.number(row["quantity"].lstrip("-")),
            "source": row["source"],
            "order": row.get("spotMarginOrderId"),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_lending_market(self, row: Payload) -> Payload:
        """The conditions on which a currency is lent and borrowed; rates are parts of a year."""
        number = self.number
        timestamp = zoned_moment(row["timestamp"])
        return {
            "info": row,
            "currency": self.safe_currency_code(row["symbol"]),
            "active": row["state"] == "Open",
            "borrowRate": number(row["borrowInterestRate"]),
            "lendRate": number(row["lendInterestRate"]),
            "borrowed": number(row["borrowedQuantity"]),
            "lent": number(row["lentQuantity"]),
            "utilization": number(row["utilization"]),
            "fee": number(row["fee"]),
            "precision": {"amount": number(row["stepSize"])},
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }
