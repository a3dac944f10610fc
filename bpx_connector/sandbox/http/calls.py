"""A request that has passed all checks, and what is answered to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.context import Context
from bpx_connector.sandbox.http.schema import Operation, PlainRefusal

__all__ = ["Call", "paged"]

USUAL_ROWS: Final = 100
"""Rows a page unless a number is asked for."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class Call:
    """One checked request: typed parameters, and the account that signed it if the operation is signed."""

    context: Context
    operation: Operation
    query: Mapping[str, Any]
    bodies: Sequence[Mapping[str, Any]]
    now: int
    signer: Account | None = None

    @property
    def account(self) -> Account:
        """The account that signed; only signed operations ask for it."""
        assert self.signer is not None, "an operation without a signature has no account"
        return self.signer

    def limit(self, most: int) -> int:
        """How many rows are asked for; what becomes of more than there may be is a switch."""
        limit: int = self.query.get("limit", USUAL_ROWS)
        if limit <= most or self.context.exchange.switches.large_limits == "cut":
            return min(limit, most)
        raise PlainRefusal(
            400, f"failed to parse parameter `limit`: verification failed. maximum({most}, exclusive: false)"
        )

    def cancelled(self, body: Any) -> Answer:
        """What cancelling answers: what was cancelled, or "accepted but not done"."""
        is_told = self.context.exchange.switches.cancel_answers == "200"
        return Answer(body) if is_told else Answer(status=202)

    @property
    def body(self) -> Mapping[str, Any]:
        """The one payload of an operation that takes one."""
        return self.bodies[0]


def paged(rows: Sequence[Row], limit: int, offset: int, shape: Callable[[Row], dict[str, Any]]) -> Answer:
    """One page of rows with the venue's paging headers; a page count of 1 even for no rows, as captured."""
    size = max(limit, 1)
    headers = {
        "Access-Control-Expose-Headers": "X-Page-Count, X-Current-Page, X-Page-Size, X-Total",
        "Cache-Control": "no-store",
        "X-Current-Page": str(offset // size + 1),
        "X-Page-Count": str(max(1, -(-len(rows) // size))),
        "X-Page-Size": str(limit),
        "X-Total": str(len(rows)),
    }
    return Answer([shape(row) for row in rows[offset : offset + limit]], headers=headers)
