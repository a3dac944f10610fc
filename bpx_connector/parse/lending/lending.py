"""Borrowing and lending become ccxt's structures.

A rate is the venue's own, of a year; interest is paid on the hour, amount x rate / 365 / 24.
Sources: Backpack OpenAPI, schemas BorrowLendMarket, BorrowLendHistory, InterestPayment, BorrowLendMovement,
BorrowLendPositionWithMargin and BorrowLendPositionRow; the venue's page on lending (FACTS, section 22).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.account.state import CROSS
from bpx_connector.parse.border import legible
from bpx_connector.parse.numbers import iso8601, milliseconds_at, milliseconds_of, number_or_none, plain

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
        timestamp = zoned_moment(info["timestamp"])
        code = self.safe_currency_code(info["symbol"]) if currency is None else currency["code"]
        return {
            "info": info,
            "currency": code,
            "rate": number_or_none(self.number, info["borrowInterestRate"]),
            "period": YEAR,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_borrow_interest(self, info: Any, market: Any = None) -> Any:
        """ccxt's interest on borrowed money, of a payment. On how much it was paid the venue does not say."""
        timestamp = milliseconds_of(info["timestamp"])
        return {
            "info": info,
            "symbol": self.safe_symbol(info.get("marketSymbol"), market),
            "currency": self.safe_currency_code(info["symbol"]),
            "interest": self.number(info["quantity"].lstrip("-")),
            "interestRate": number_or_none(self.number, info.get("interestRate")),
            "amountBorrowed": None,
            "marginMode": CROSS,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_margin_loan(self, info: Any, currency: Any = None) -> Any:
        """ccxt's margin loan, of what was asked for: the venue answers nothing, not even an id."""
        return {
            "info": info,
            "id": None,
            "currency": self.safe_currency_code(info["symbol"], currency),
            "amount": self.number(info["quantity"]),
            "symbol": None,
            "timestamp": None,
            "datetime": None,
        }

    @legible
    def parse_lending_position(self, row: Payload) -> Payload:
        """What is lent (`side` lend) or owed (`side` borrow) of a currency, with its interest so far."""
        number = self.number
        net = Decimal(row["netQuantity"])
        liquidation = row.get("estLiquidationPrice")
        return {
            "info": row,
            "id": row["id"],
            "currency": self.safe_currency_code(row["symbol"]),
            "side": LENT_OR_OWED[int(net > 0) - int(net < 0)],
            "amount": number(plain(abs(net))),
            "interest": number_or_none(number, row.get("cumulativeInterest")),
            "markPrice": number_or_none(number, row.get("markPrice")),
            "notional": number_or_none(number, row.get("netExposureNotional")),
            "initialMarginPercentage": number_or_none(number, row.get("imf")),
            "maintenanceMarginPercentage": number_or_none(number, row.get("mmf")),
            # "0" says that no price would liquidate the account.
            "liquidationPrice": number(liquidation) if liquidation and Decimal(liquidation) else None,
        }

    @legible
    def parse_past_lending_position(self, row: Payload) -> Payload:
        """A lending position of the history, open or closed."""
        timestamp = milliseconds_of(row["createdAt"])
        return {
            "info": row,
            "id": row["positionId"],
            "currency": self.safe_currency_code(row["symbol"]),
            "side": row["side"].lower(),
            "amount": self.number(row["quantity"].lstrip("-")),
            "interest": number_or_none(self.number, row.get("cumulativeInterest")),
            "rate": number_or_none(self.number, row.get("avgInterestRate")),
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
