"""`markets`, `ticker`, `book`, `trades`, `candles`: what is traded, and at what price."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bpx_connector.cli import access
from bpx_connector.cli.ending import closed
from bpx_connector.cli.pictures import draw_candles, picture_path
from bpx_connector.cli.shown import AsJson, line, show, show_json, table, time_of
from bpx_connector.cli.words import Refusal

__all__ = ["add_to"]

MarketWord = Annotated[str, typer.Argument(metavar="MARKET", help="SOL/USDC, or SOL_USDC.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest.")]
Live = Annotated[bool, typer.Option("--live", help="Go on as they change, until interrupted.")]
Updates = Annotated[int | None, typer.Option(min=1, help="With --live: end after so many.")]
MARKET_COLUMNS = {
    "symbol": "symbol",
    "id": "id",
    "type": "type",
    "active": "active",
    "tick": "precision.price",
    "step": "precision.amount",
    "least amount": "limits.amount.min",
}
TICKER_COLUMNS = {
    "symbol": "symbol",
    "last": "last",
    "24 h %": "percentage",
    "high": "high",
    "low": "low",
    "volume": "baseVolume",
    "in quote": "quoteVolume",
}
TRADE_COLUMNS = {"time": "timestamp", "side": "side", "amount": "amount", "price": "price", "id": "id"}
CANDLE_HEADS = ["time", "open", "high", "low", "close", "volume"]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (markets, ticker, book, trades, candles):
        app.command()(command)


def markets(
    kind: Annotated[str | None, typer.Option("--type", help="spot or swap.")] = None, as_json: AsJson = False
) -> None:
    """List the markets."""
    if kind not in (None, "spot", "swap"):
        raise Refusal(f"--type is spot or swap, not {kind}")
    with access.exchange({}) as made:
        rows = [row for row in made.load_markets().values() if kind in (None, row["type"])]
    show(rows, MARKET_COLUMNS, as_json)


def ticker(
    words: Annotated[list[str] | None, typer.Argument(metavar="[MARKET]...")] = None, as_json: AsJson = False
) -> None:
    """Show the last 24 hours of some markets, or of all."""
    with access.exchange({}) as made:
        symbols = [access.market(made, word)["symbol"] for word in words or []]
        found = made.fetch_tickers(symbols or None)
    show(sorted(found.values(), key=lambda row: row["symbol"]), TICKER_COLUMNS, as_json)


def book(
    word: MarketWord,
    depth: Annotated[int, typer.Option(min=1, max=1000, help="Levels a side.")] = 10,
    live: Live = False,
    updates: Updates = None,
    as_json: AsJson = False,
) -> None:
    """Show a book; with --live its best prices at every change, or with --json the book each time."""
    with access.exchange({}) as made:
        symbol = access.market(made, word)["symbol"]
        if not live:
            found = made.fetch_order_book(symbol, depth)
    if live:
        _watch(lambda pro: pro.watch_order_book(symbol, depth), _show_book if not as_json else line, updates)
    elif as_json:
        show_json(found)
    else:
        levels = [("ask", *level) for level in reversed(found["asks"])]
        levels += [("bid", *level) for level in found["bids"]]
        table([list(map(str, level)) for level in levels], ["side", "price", "amount"])


def trades(
    word: MarketWord, limit: Limit = 20, live: Live = False, updates: Updates = None, as_json: AsJson = False
) -> None:
    """Show the newest trades of a market; with --live a line each as they happen."""
    with access.exchange({}) as made:
        symbol = access.market(made, word)["symbol"]
        found = [] if live else made.fetch_trades(symbol, None, limit)
    if live:
        _watch(lambda pro: pro.watch_trades(symbol), _each(line if as_json else _show_trade), updates)
    else:
        show(found, TRADE_COLUMNS, as_json)


def candles(
    word: MarketWord,
    timeframe: Annotated[str, typer.Option("--timeframe", "-t", help="1m, 1h, 1d, ...")] = "1h",
    limit: Limit = 20,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw them into a PNG or SVG.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest candles of a market; --plot draws candlesticks and volume."""
    picture_path(plot)
    with access.exchange({}) as made:
        if timeframe not in made.timeframes:
            raise Refusal(f"there are no candles of {timeframe}; there are {', '.join(made.timeframes)}")
        symbol = access.market(made, word)["symbol"]
        rows = made.fetch_ohlcv(symbol, timeframe, None, limit)
    if plot is not None:
        draw_candles(plot, f"{symbol}, {timeframe}", rows)
    if as_json:
        show_json(rows)
    else:
        table([[time_of(row[0]), *map(str, row[1:])] for row in rows], CANDLE_HEADS)


# --- as they change ----------------------------------------------------------------------------------------


def _watch(watch: Callable[[Any], Awaitable[Any]], shown: Callable[[Any], None], updates: int | None) -> None:
    """Show each update until there have been so many, or somebody interrupts."""

    async def watching() -> None:
        from bpx_connector.pro import bpx

        async with closed(bpx({"number": str})) as pro:
            count = 0
            while updates is None or count < updates:
                shown(await watch(pro))
                count += 1

    asyncio.run(watching())


def _each(shown: Callable[[Any], None]) -> Callable[[Any], None]:
    def each(rows: Any) -> None:
        for row in rows:
            shown(row)

    return each


def _show_book(book: Any) -> None:
    if book["bids"] and book["asks"]:
        (bid, bid_size), (ask, ask_size) = book["bids"][0][:2], book["asks"][0][:2]
        typer.echo(f"{bid_size:>14} at {bid:<12} | {ask:>12} for {ask_size}")


def _show_trade(trade: Any) -> None:
    typer.echo(f"{time_of(trade['timestamp'])}  {trade['side']:<5}{trade['amount']:>14} at {trade['price']}")
