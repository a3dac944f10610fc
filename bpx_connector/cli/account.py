"""`balance`, `positions`, `orders`: what an account has, and what it has asked for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bpx_connector.cli import access
from bpx_connector.cli.shown import AsJson, show, show_json

__all__ = ["ORDER_COLUMNS", "add_to"]

BALANCE_COLUMNS = {"asset": "asset", "free": "free", "used": "used", "total": "total"}
POSITION_COLUMNS = {
    "market": "symbol",
    "side": "side",
    "amount": "contracts",
    "entry": "entryPrice",
    "mark": "markPrice",
    "unrealised": "unrealizedPnl",
    "liquidation": "liquidationPrice",
}
ORDER_COLUMNS = {
    "time": "timestamp",
    "id": "id",
    "market": "symbol",
    "type": "type",
    "side": "side",
    "amount": "amount",
    "price": "price",
    "filled": "filled",
    "average": "average",
    "status": "status",
}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (balance, positions, orders):
        app.command()(command)


def balance(as_json: AsJson = False) -> None:
    """Show what the account holds."""
    with access.exchange(access.needed_keys()) as made:
        found = made.fetch_balance()
    if as_json:
        show_json({asset: found[asset] for asset in found["total"]})
        return
    rows = [{"asset": asset, **found[asset]} for asset in sorted(found["total"])]
    show([row for row in rows if not _is_nothing(row["total"])], BALANCE_COLUMNS, as_json=False)


def positions(as_json: AsJson = False) -> None:
    """Show the open positions."""
    with access.exchange(access.needed_keys()) as made:
        found = made.fetch_positions()
    show(found, POSITION_COLUMNS, as_json)


def orders(
    word: Annotated[str | None, typer.Argument(metavar="[MARKET]")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Those that have ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="With --closed: how many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the open orders, or those that have ended."""
    with access.exchange(access.needed_keys()) as made:
        symbol = access.market(made, word)["symbol"] if word else None
        ended = made.fetch_canceled_and_closed_orders
        found = ended(symbol, None, limit) if closed else made.fetch_open_orders(symbol)
    show(found, ORDER_COLUMNS, as_json)


def _is_nothing(text: Any) -> bool:
    return text is None or not str(text).strip("0.")
