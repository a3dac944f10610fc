"""`buy`, `sell`, `cancel`: an order is shown as it will be sent, and sent when that is agreed to."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from bpx_connector.cli import access
from bpx_connector.cli.account import ORDER_COLUMNS
from bpx_connector.cli.shown import AsJson, show, show_json
from bpx_connector.cli.words import Refusal

__all__ = ["add_to", "agreed"]

MarketWord = Annotated[str, typer.Argument(metavar="MARKET", help="SOL/USDC, or SOL_USDC.")]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="In the base asset.")]
Price = Annotated[str | None, typer.Option("--price", "-p", help="A limit; without it at the market.")]
Trigger = Annotated[str | None, typer.Option("--trigger", help="Wait until the price gets here.")]
PostOnly = Annotated[bool, typer.Option("--post-only", help="Never take, only rest.")]
ReduceOnly = Annotated[bool, typer.Option("--reduce-only", help="Never open or turn a position.")]
ClientId = Annotated[str | None, typer.Option("--client-id", help="A number of your own.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (buy, sell, cancel):
        app.command()(command)


def buy(
    word: MarketWord,
    amount: Amount,
    price: Price = None,
    trigger: Trigger = None,
    post_only: PostOnly = False,
    reduce_only: ReduceOnly = False,
    client_id: ClientId = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Buy, at the market or at a limit."""
    params = _params(trigger, post_only, reduce_only, client_id)
    _place("buy", word, _figure("AMOUNT", amount), _figure("--price", price), params, yes, as_json)


def sell(
    word: MarketWord,
    amount: Amount,
    price: Price = None,
    trigger: Trigger = None,
    post_only: PostOnly = False,
    reduce_only: ReduceOnly = False,
    client_id: ClientId = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Sell, at the market or at a limit."""
    params = _params(trigger, post_only, reduce_only, client_id)
    _place("sell", word, _figure("AMOUNT", amount), _figure("--price", price), params, yes, as_json)


def cancel(
    identity: Annotated[str | None, typer.Argument(metavar="[ID]", help="The order's id.")] = None,
    word: Annotated[str | None, typer.Argument(metavar="[MARKET]")] = None,
    every: Annotated[str | None, typer.Option("--all", metavar="MARKET", help="All of a market.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Cancel an order of a market, or all of one: bpx cancel 123 SOL/USDC, bpx cancel --all SOL/USDC."""
    if every is not None and every.startswith("-"):
        raise Refusal("--all takes a market; `bpx call cancel_all_orders` cancels all there are")
    if (every is None) == (identity is None) or (identity is not None and word is None):
        raise Refusal("name an order and its market (bpx cancel ID MARKET), or --all MARKET")
    with access.exchange(access.needed_keys()) as made:
        symbol = access.market(made, every or word or "")["symbol"]
        what = f"all open orders of {symbol}" if every else f"order {identity} of {symbol}"
        agreed(f"cancel {what} at {access.address(made)}", yes)
        ended = made.cancel_all_orders(symbol) if every else [made.cancel_order(identity, symbol)]
    show(ended, ORDER_COLUMNS, as_json)


def agreed(what: str, yes: bool) -> None:
    """Go on if somebody says so; end otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refusal(f"would {what}: say --yes where nobody can be asked")
    typer.echo(f"will {what}", err=True)
    if not typer.confirm("Send it?", err=True):
        raise typer.Exit(1)


def _place(
    side: str,
    word: str,
    amount: str | None,
    price: str | None,
    params: dict[str, Any],
    yes: bool,
    as_json: bool,
) -> None:
    with access.exchange(access.needed_keys()) as made:
        symbol = access.market(made, word)["symbol"]
        kind = "market" if price is None else "limit"
        agreed(_sentence(made, side, symbol, amount, price, params), yes)
        order = made.create_order(symbol, kind, side, amount, price, params)
    if as_json:
        show_json(order)
    else:
        show([order], ORDER_COLUMNS, as_json=False)


def _sentence(made: Any, side: str, symbol: str, amount: Any, price: Any, params: dict[str, Any]) -> str:
    how = "at the market" if price is None else f"at {price}, {Decimal(amount) * Decimal(price):f} in all"
    also = "".join(f", {name} {value}" for name, value in params.items())
    return f"{side} {amount} {symbol} {how}{also}, at {access.address(made)} with key {made.apiKey[:6]}..."


def _params(trigger: Any, post_only: bool, reduce_only: bool, client_id: Any) -> dict[str, Any]:
    params = {
        "triggerPrice": _figure("--trigger", trigger),
        "postOnly": post_only or None,
        "reduceOnly": reduce_only or None,
        "clientOrderId": client_id,
    }
    return {name: value for name, value in params.items() if value is not None}


def _figure(name: str, text: str | None) -> str | None:
    """A figure above zero, as it was typed."""
    if text is None:
        return None
    try:
        is_right = Decimal(text).is_finite() and Decimal(text) > 0
    except InvalidOperation:
        is_right = False
    if not is_right:
        raise Refusal(f"{name} is {text}; it takes a figure above zero, such as 1.5")
    return text
