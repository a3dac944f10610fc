"""Borrowing and lending become ccxt's structures.

A rate is the venue's own, of a year; interest is paid on the hour, amount x rate / 365 / 24.
Sources: Backpack OpenAPI, schemas BorrowLendMarket, BorrowLendHistory, InterestPayment, BorrowLendMovement,
BorrowLendPositionWithMargin and BorrowLendPositionRow; the venue's page on lending (FACTS, section 22).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ccxt.base.types import Market

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.account.state import CROSS
from bpx_connector.parse.border import legible
from bpx_connector.parse.numbers import (
    EXACT,
    absolute,
    figure_text,
    iso8601,
    milliseconds_at,
    milliseconds_of,
    number_or_none,
    plain,
)
from bpx_connector.parse.rows import Row

if TYPE_CHECKING:
    from bpx_connector.venue import payloads

__all__ = ["YEAR", "ParseLending", "zoned_moment"]

YEAR = 365 * 86_400_000
"""Milliseconds over which a rate is paid."""

LENT_OR_OWED = {1: "lend", -1: "borrow", 0: None}


def zoned_moment(written: object) -> int | None:
    """Milliseconds of a time that names its zone, as borrow and lend markets and vaults write it."""
    try:
        moment = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        moment = None
    return milliseconds_of(written if moment is None else milliseconds_at(moment))


def _unsigned(row: Mapping[str, object]) -> str | None:
    figure = figure_text(row.get("quantity"))
    return None if figure is None else absolute(figure)


class ParseLending(Ccxt):
    """Rates, interest, loans and lending positions."""

    @legible
    def parse_borrow_rate(self, info: Any, currency: Any = None) -> Any:
        """ccxt's borrow rate, of a row of the lending markets or of their history: the part of a year."""
        said: payloads.BorrowLendMarket = info
        timestamp = zoned_moment(said.get("timestamp"))
        code = self.safe_currency_code(Row(said).needed("symbol")) if currency is None else currency["code"]
        return {
            "info": said,
            "currency": code,
            "rate": number_or_none(self.number, said.get("borrowInterestRate")),
            "period": YEAR,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_borrow_interest(self, info: Any, market: Market = None) -> Any:
        """ccxt's interest on borrowed money, of a payment. On how much it was paid the venue does not say."""
        said: payloads.InterestPayment = info
        timestamp = milliseconds_of(said.get("timestamp"))
        return {
            "info": said,
            "symbol": self.safe_symbol(Row(said).word("marketSymbol"), market),
            "currency": self.safe_currency_code(Row(said).needed("symbol")),
            "interest": number_or_none(self.number, _unsigned(said)),
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
            "currency": self.safe_currency_code(Row(said).needed("symbol"), currency),
            "amount": number_or_none(self.number, said["quantity"]),
            "symbol": None,
            "timestamp": None,
            "datetime": None,
        }

    @legible
    def parse_lending_position(self, row: Any) -> Payload:
        """What is lent (`side` lend) or owed (`side` borrow) of a currency, with its interest so far."""
        said: payloads.BorrowLendPositionWithMargin = row
        number = self.number
        net = Decimal(figure_text(said["netQuantity"]) or "unreadable")
        liquidation = figure_text(said.get("estLiquidationPrice"))
        return {
            "info": said,
            "id": Row(said).needed("id"),
            "currency": self.safe_currency_code(Row(said).needed("symbol")),
            "side": LENT_OR_OWED[int(net > 0) - int(net < 0)],
            "amount": number(plain(EXACT.abs(net))),
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
        timestamp = milliseconds_of(said.get("createdAt"))
        return {
            "info": said,
            "id": Row(said).needed("positionId"),
            "currency": self.safe_currency_code(Row(said).needed("symbol")),
            "side": said["side"].lower(),
            "amount": number_or_none(self.number, _unsigned(said)),
            "interest": number_or_none(self.number, said.get("cumulativeInterest")),
            "rate": number_or_none(self.number, said.get("avgInterestRate")),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_lending_movement(self, row: Payload) -> Payload:
        """One movement of a lending position; `type` is borrow, borrowRepay, lend or lendRedeem."""
        timestamp = milliseconds_of(row.get("timestamp"))
        kind = row["eventType"]
        return {
            "info": row,
            "positionId": Row(row).word("positionId"),
            "currency": self.safe_currency_code(Row(row).needed("symbol")),
            "type": kind[:1].lower() + kind[1:],
            "amount": number_or_none(self.number, _unsigned(row)),
            "source": Row(row).word("source"),
            "order": Row(row).word("spotMarginOrderId"),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_lending_rate(self, row: Payload) -> Payload:
        """What lending a currency earns and borrowing it costs: parts of a year."""
        return {
            "info": row,
            "currency": self.safe_currency_code(Row(row).needed("symbol")),
            "lendRate": number_or_none(self.number, row.get("lendRate")),
            "borrowRate": number_or_none(self.number, row.get("borrowRate")),
        }

    @legible
    def parse_lending_market(self, row: Payload) -> Payload:
        """The conditions on which a currency is lent and borrowed; rates are parts of a year."""
        number = self.number
        timestamp = zoned_moment(row.get("timestamp"))
        return {
            "info": row,
            "currency": self.safe_currency_code(Row(row).needed("symbol")),
            "active": row["state"] == "Open",
            "borrowRate": number_or_none(number, row.get("borrowInterestRate")),
            "lendRate": number_or_none(number, row.get("lendInterestRate")),
            "borrowed": number_or_none(number, row.get("borrowedQuantity")),
            "lent": number_or_none(number, row.get("lentQuantity")),
            "utilization": number_or_none(number, row.get("utilization")),
            "fee": number_or_none(number, row.get("fee")),
            "precision": {"amount": number_or_none(number, row.get("stepSize"))},
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }
