"""What moved an account's money, one row a movement, from the histories that the venue keeps of it.

A ledger entry belongs to one of two pockets: `spot`, which is what /capital shows (free, locked and staked),
and `lending`, the net of what is lent (positive) and owed (negative). Money that is lent goes out of the one
and into the other. So the sum of a pocket's entries is what there is in it, to the last digit.

Trades of contracts do not move money by themselves: what they cost and bring arrives by settlements.
Sources: Backpack OpenAPI, schemas Settlement, InterestPayment, BorrowLendMovement, DustConversion, OrderFill,
RequestForQuoteFillHistorical, QuoteFillHistorical, Deposit and Withdrawal; VaultMint and VaultRedeem of the
venue's own client for Rust, which alone names the histories of vault shares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from ccxt.base.errors import NotSupported
from ccxt.base.types import LedgerEntry

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.border import legible
from bpx_connector.parse.numbers import (
    figure_text,
    in_own_context,
    iso8601,
    milliseconds_of,
    number_or_none,
    plain,
    product,
    quotient,
    total,
)
from bpx_connector.parse.rows import word_text
from bpx_connector.venue.words import pair_of

__all__ = [
    "EVERY_SOURCE",
    "LENDING",
    "SOURCES",
    "SPOT",
    "UNKNOWN_SUMS",
    "Moved",
    "MovedRow",
    "Movement",
    "ParseLedger",
    "Source",
    "moved_by",
    "running_sums",
    "source_of",
]

SPOT, LENDING = "spot", "lending"
USDC = "USDC"


class Movement(NamedTuple):
    """A change of one asset in one pocket; `amount` carries its sign. `part` tells those of one row apart."""

    part: str
    account: str
    kind: str
    asset: str
    amount: str
    reference: str | None = None
    status: str = "ok"
    fee: str | None = None


def _negative(figure: str) -> str:
    return plain(-Decimal(figure))


def _times(one: str, other: str) -> str:
    return product(one, other) or "0"


def _signed(figure: str, is_in: bool) -> str:
    """A figure that the venue may write without its sign, with it."""
    return figure if is_in or figure.startswith("-") else _negative(figure)


# --- one function a history --------------------------------------------------------------------------------

SETTLEMENT_KINDS = {
    "FundingPayment": "fee",
    "TradingFees": "fee",
    "TradingFeesSystem": "fee",
    "CulledBorrowInterest": "margin",
    "SystemLiabilityTransfer": "margin",
}
"""ccxt's type of a settlement; all others settle profit and loss, which ccxt calls a trade."""


def _settlement(row: Payload) -> list[Movement]:
    kind = SETTLEMENT_KINDS.get(row["source"], "trade")
    return [Movement("", SPOT, kind, USDC, row["quantity"], row.get("positionId"))]


RECEIVED_INTEREST = frozenset({"Lend", "UnrealizedPositivePnl"})
PNL_INTEREST = frozenset({"UnrealizedPositivePnl", "UnrealizedNegativePnl"})
"""PaymentType: interest on profit and loss that is not yet settled moves USDC,
all else what is lent or owed."""


def _interest(row: Payload) -> list[Movement]:
    kind = row["paymentType"]
    account = SPOT if kind in PNL_INTEREST else LENDING
    amount = _signed(row["quantity"], kind in RECEIVED_INTEREST)
    return [Movement("", account, "margin", row["symbol"], amount, row["positionId"])]


INTO_SPOT = frozenset({"Borrow", "LendRedeem"})
INTEREST = "Interest"
"""BorrowLendSource: what the history of interest has too."""


def _lending(row: Payload) -> list[Movement]:
    if row["source"] == INTEREST:
        return []
    quantity, reference = row["quantity"].lstrip("-"), row["positionId"]
    spot, lending = quantity, _negative(quantity)
    if row["eventType"] not in INTO_SPOT:
        spot, lending = lending, spot
    return [
        Movement("spot", SPOT, "margin", row["symbol"], spot, reference),
        Movement("lending", LENDING, "margin", row["symbol"], lending, reference),
    ]


def _dust(row: Payload) -> list[Movement]:
    reference = str(row["id"])
    return [
        Movement("out", SPOT, "trade", row["symbol"], _negative(row["quantity"]), reference),
        Movement("in", SPOT, "trade", USDC, row["usdcReceived"], reference),
    ]


def _traded(symbol: str, is_bought: bool, quantity: str, cost: str, reference: str) -> list[Movement]:
    base, quote = pair_of(symbol)
    gets, pays = (quantity, _negative(cost)) if is_bought else (_negative(quantity), cost)
    return [
        Movement("base", SPOT, "trade", base, gets, reference),
        Movement("quote", SPOT, "trade", quote, pays, reference),
    ]


def _fee(asset: str, fee: str, reference: str) -> list[Movement]:
    return [Movement("fee", SPOT, "fee", asset, _negative(fee), reference)] if Decimal(fee) else []


def _fill(row: Payload) -> list[Movement]:
    cost, reference = _times(row["price"], row["quantity"]), row["orderId"]
    traded = _traded(row["symbol"], row["side"] == "Bid", row["quantity"], cost, reference)
    return traded + _fee(row["feeSymbol"], row["fee"], reference)


def _rfq_fill(row: Payload) -> list[Movement]:
    quantity, cost = row.get("quantity"), row.get("quoteQuantity")
    if quantity is None and cost is not None:
        quantity = quotient(cost, row["fillPrice"])
    if quantity is None:
        return []
    cost = _times(row["fillPrice"], quantity) if cost is None else cost
    return _traded(row["symbol"], row["side"] == "Bid", quantity, cost, row["rfqId"])


def _quote_fill(row: Payload) -> list[Movement]:
    cost, reference = _times(row["fillPrice"], row["quantity"]), row["quoteId"]
    # The side is the RFQ's: who asked to buy was sold to.
    traded = _traded(row["symbol"], row["side"] == "Ask", row["quantity"], cost, reference)
    return traded + _fee(row["feeSymbol"], row["fee"], reference)


ARRIVED = "confirmed"
GIVEN_BACK = frozenset({"cancelled", "declined", "expired", "refunded"})


def _deposit(row: Payload) -> list[Movement]:
    if row["status"] != ARRIVED:
        return []
    return [Movement("", SPOT, "transaction", row["symbol"], row["quantity"], row.get("transactionHash"))]


def _withdrawal(row: Payload) -> list[Movement]:
    if row["status"] in GIVEN_BACK:
        return []
    status = "ok" if row["status"] == ARRIVED else "pending"
    reference = row.get("transactionHash") or row.get("identifier")
    amount = _negative(row["quantity"])
    return [Movement("", SPOT, "transaction", row["symbol"], amount, reference, status, row["fee"])]


def _mint(row: Payload) -> list[Movement]:
    reference = str(row["id"])
    return [
        Movement("out", SPOT, "trade", row["symbol"], _negative(row["quantity"]), reference),
        Movement("in", SPOT, "trade", row["vaultToken"], row["vaultTokensMinted"], reference),
    ]


def _redeem(row: Payload) -> list[Movement]:
    if row["status"] != "Redeemed":
        return []
    reference = str(row["id"])
    return [
        Movement("out", SPOT, "trade", row["vaultToken"], _negative(row["vaultTokenQuantity"]), reference),
        Movement("in", SPOT, "trade", row["symbol"], row["quantity"], reference),
    ]


def _digest(row: Payload) -> str:
    """A name for a row that has none: of all it says, and it never changes."""
    return hashlib.sha256(msgspec.json.encode(row, order="deterministic")).hexdigest()[:20]


def _id(row: Payload) -> str:
    return str(row["id"])


FIGURES = frozenset(
    [
        *("quantity", "price", "fee", "fillPrice", "quoteQuantity", "usdcReceived"),
        *("vaultTokensMinted", "vaultTokenQuantity"),
    ]
)


class Source(NamedTuple):
    """One of the venue's histories, and what its rows moved."""

    endpoint: str
    request: dict[str, str]
    moment: str
    read: Callable[[Payload], list[Movement]]
    identity: Callable[[Payload], str]

    @in_own_context
    def movements(self, row: Payload) -> list[Movement]:
        """What a row moved."""
        return self.read({**row, **{name: figure_text(row[name]) for name in FIGURES & row.keys()}})

    def moment_of(self, row: Payload) -> int | None:
        """When the row's movements happened."""
        return milliseconds_of(row.get(self.moment))


NEWEST = {"sortDirection": "Desc"}
SOURCES = {
    "settlement": Source(
        "private_get_wapi_v1_history_settlement",
        NEWEST,
        "timestamp",
        _settlement,
        lambda row: str(row.get("engineSequence") or _digest(row)),
    ),
    "interest": Source("private_get_wapi_v1_history_interest", NEWEST, "timestamp", _interest, _digest),
    "lending": Source("private_get_wapi_v1_history_borrowlend", NEWEST, "timestamp", _lending, _digest),
    "dust": Source("private_get_wapi_v1_history_dust", NEWEST, "timestamp", _dust, _id),
    "fill": Source(
        "private_get_wapi_v1_history_fills",
        {**NEWEST, "marketType": "SPOT"},
        "timestamp",
        _fill,
        lambda row: f"{row['orderId']}.{row.get('tradeId')}",
    ),
    "rfq": Source(
        "private_get_wapi_v1_history_rfq_fill",
        NEWEST,
        "filledAt",
        _rfq_fill,
        lambda row: f"{row['rfqId']}.{row['quoteId']}",
    ),
    "quote": Source(
        "private_get_wapi_v1_history_quote_fill",
        NEWEST,
        "filledAt",
        _quote_fill,
        lambda row: f"{row['quoteId']}.{row['rfqId']}",
    ),
    "deposit": Source("private_get_wapi_v1_capital_deposits", {}, "createdAt", _deposit, _id),
    "withdrawal": Source("private_get_wapi_v1_capital_withdrawals", {}, "createdAt", _withdrawal, _id),
}
"""The histories of which a ledger is made, by the word with which the ids of their entries begin."""
SHARES = {
    "mint": Source("private_get_wapi_v1_history_vault_mint", {}, "timestamp", _mint, _id),
    "redeem": Source("private_get_wapi_v1_history_vault_redeem", {}, "timestamp", _redeem, _id),
}
"""Those of vault shares, which are read where they are asked for: the venue does not document them."""
EVERY_SOURCE = {**SOURCES, **SHARES}


def source_of(entry_id: str) -> tuple[str, str] | None:
    """Which history an entry's id leads to, and the row there; None if it is not an id of ours."""
    name, _, rest = entry_id.partition(":")
    return (name, rest.partition(":")[0]) if name in EVERY_SOURCE and rest else None


class Moved(NamedTuple):
    """A movement with its time, the id it has in the ledger and the row it comes from."""

    id: str
    timestamp: int | None
    movement: Movement
    row: Payload


@legible
def moved_by(name: str, row: Payload) -> list[Moved]:
    """The movements of one row of the history of that name: one for each asset and pocket that it moved."""
    source = EVERY_SOURCE[name]
    timestamp, identity = source.moment_of(row), f"{name}:{source.identity(row)}"
    return [
        Moved(f"{identity}:{movement.part}" if movement.part else identity, timestamp, movement, row)
        for movement in source.movements(row)
    ]


def running_sums(moved: Iterable[Moved]) -> list[tuple[str, str]]:
    """What was in the pocket before and after each movement of a whole ledger, which began with nothing."""
    sums: dict[tuple[str, str], str] = {}
    found = []
    for _, _, movement, _ in moved:
        pocket = movement.account, movement.asset
        before = sums.get(pocket, "0")
        after = sums[pocket] = total(before, movement.amount) or "0"
        found.append((before, after))
    return found


UNKNOWN_SUMS = (None, None)


class MovedRow(dict[str, Any]):
    """A row of one of the histories, which knows the movement that it stands for; a row may move two assets.

    `sums` is what was in the pocket before and after, if that is known.
    """

    def __init__(self, moved: Moved, sums: tuple[str | None, str | None] = UNKNOWN_SUMS) -> None:
        super().__init__(moved.row)
        self.moved = moved
        self.sums = sums


class ParseLedger(Ccxt):
    """ccxt's ledger entries."""

    @legible
    def parse_ledger_entry(self, item: Any, currency: Any = None) -> LedgerEntry:
        """ccxt's ledger entry of a movement, with what was there before and after if that is known.

        It reads the rows that fetch_ledger hands it: of a bare row of a history nobody knows which it is.
        """
        if not isinstance(item, MovedRow):
            raise NotSupported(f"{self.id} parseLedgerEntry() reads the rows that fetchLedger() hands it")
        moved, (before, after) = item.moved, item.sums
        movement, number = moved.movement, self.number
        code = self.safe_currency_code(movement.asset)
        told: Any = {
            "info": moved.row,
            "id": moved.id,
            "timestamp": moved.timestamp,
            "datetime": iso8601(moved.timestamp),
            "direction": "out" if movement.amount.startswith("-") else "in",
            "account": movement.account,
            "referenceId": word_text(movement.reference),
            "referenceAccount": None,
            "type": movement.kind,
            "currency": code,
            "amount": number(movement.amount.removeprefix("-")),
            "before": number_or_none(number, before),
            "after": number_or_none(number, after),
            "status": movement.status,
            "fee": None,
        }
        if movement.fee is not None:
            told["fee"] = {"currency": code, "cost": number_or_none(number, movement.fee)}
        found: LedgerEntry = told
        return found
