"""`demo`: the whole way on one machine: a local exchange, our classes in ccxt by name, orders filled.

Nothing here leaves the machine, and no key of anybody's is needed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bpx_connector.keys import generated_keys

if TYPE_CHECKING:
    import typer

__all__ = ["add_to", "main"]

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo() -> None:
    """Start a local exchange, trade on spot and perpetuals, watch it live, and stop it."""
    main()


def main() -> None:
    """Start the exchange, trade, stop it."""
    import bpx_connector
    from bpx_connector.sandbox.server import SandboxThread

    bpx_connector.register()
    with SandboxThread() as sandbox:
        say(f"local exchange on {sandbox.url}")
        config = {**generated_keys().config, **addresses(sandbox.url, sandbox.socket_url)}
        trade(config)
        asyncio.run(watch(config))
    say("done")
    say("what next")
    print("  make sandbox                 such an exchange on port 8787, for as long as you like")
    print("  README.md, 'Quick start'     twelve lines for each class, with keys")
    print("  README.md, 'Your own tests'  your strategy on this exchange, its clock in your hand")


def trade(config: dict[str, Any]) -> None:
    """Markets, prices, orders and positions through `ccxt.bpx`, the blocking class."""
    import ccxt

    kind: Any = ccxt.bpx  # type: ignore[attr-defined]  # put there by register()
    exchange = kind(config)
    markets = exchange.load_markets()
    spot = [symbol for symbol, market in markets.items() if market["spot"]]
    say(f"{len(markets)} markets, {len(spot)} of them spot")
    show_tickers(exchange)
    show_book(exchange, SPOT)
    for symbol in (SPOT, PERP):
        place_find_cancel(exchange, symbol)
        fill(exchange, symbol)
    show_balances(exchange)
    show_positions(exchange)
    show_fills(exchange)


def place_find_cancel(exchange: Any, symbol: str) -> None:
    """A limit order far from the market: placed, found, cancelled."""
    say(f"{symbol}: a limit order that rests")
    price = exchange.price_to_precision(symbol, exchange.fetch_ticker(symbol)["last"] * 0.9)
    order = exchange.create_order(symbol, "limit", "buy", 2, price, {"postOnly": True})
    show_order("placed", order, exchange)
    show_order("found", exchange.fetch_order(order["id"], symbol), exchange)
    show_order("cancelled", exchange.cancel_order(order["id"], symbol), exchange)


def fill(exchange: Any, symbol: str) -> None:
    """A market order and a limit order at the market, both filled."""
    say(f"{symbol}: orders that are filled")
    bought = exchange.create_order(symbol, "market", "buy", 3)
    show_order("bought", bought, exchange)
    best_bid = exchange.fetch_order_book(symbol, 5)["bids"][0][0]
    sold = exchange.create_order(symbol, "limit", "sell", 1, best_bid, {"timeInForce": "IOC"})
    show_order("sold", exchange.fetch_order(sold["id"], symbol), exchange)


def show_order(what: str, order: Any, exchange: Any) -> None:
    """One order in one line."""
    price = exchange.number_to_string(order["average"] or order["price"])
    print(
        f"  {what:<11}{order['id']}  {order['type']} {order['side']} {order['amount']:g} at {price}: "
        f"{order['status']}, {order['filled']:g} filled"
    )


def show_tickers(exchange: Any) -> None:
    """A table of last prices."""
    say("tickers")
    print(f"  {'symbol':<20}{'last':>14}{'24 h':>9}{'volume, USDC':>16}")
    for symbol, ticker in sorted(exchange.fetch_tickers().items()):
        if ticker["last"] is not None:
            last, volume = exchange.number_to_string(ticker["last"]), ticker["quoteVolume"]
            print(f"  {symbol:<20}{last:>14}{ticker['percentage']:>+8.2f}%{volume:>16,.0f}")


def show_book(exchange: Any, symbol: str) -> None:
    """The top of a book, best prices in the middle."""
    say(f"book of {symbol}")
    book = exchange.fetch_order_book(symbol, 5)
    for side, levels in (("ask", reversed(book["asks"])), ("bid", book["bids"])):
        for price, amount in levels:
            print(f"  {side}{price:>12.2f}{amount:>12.2f}")


def show_balances(exchange: Any) -> None:
    """What the account holds."""
    say("balances")
    balance = exchange.fetch_balance()
    for code in ("USDC", "SOL", "BTC", "ETH"):
        print(f"  {code:<6}{balance[code]['free']:>18,.6f} free{balance[code]['used']:>12,.2f} in orders")


def show_positions(exchange: Any) -> None:
    """What is open on perpetuals."""
    say("positions")
    for position in exchange.fetch_positions():
        print(
            f"  {position['symbol']}  {position['side']} {position['contracts']:g} "
            f"at {position['entryPrice']:g}, mark {position['markPrice']:g}, "
            f"unrealised {position['unrealizedPnl']:+.4f} USDC"
        )


def show_fills(exchange: Any) -> None:
    """What was traded, and what it cost."""
    say("fills")
    for trade_ in exchange.fetch_my_trades():
        fee = trade_["fee"]
        print(
            f"  {trade_['datetime']}  {trade_['symbol']:<15}{trade_['side']:<5}{trade_['amount']:>5g} at "
            f"{trade_['price']:<9g}{trade_['takerOrMaker']}, fee {fee['cost']:.6f} {fee['currency']}"
        )


async def watch(config: dict[str, Any]) -> None:
    """A live book, live trades and an order of our own, through `ccxt.pro.bpx`."""
    import ccxt.pro

    kind: Any = ccxt.pro.bpx  # type: ignore[attr-defined]  # put there by register()
    exchange = kind(config)
    try:
        say("live, over one socket")
        book = await exchange.watch_order_book(SPOT, 5)
        for _ in range(3):
            show_top(book)
            book = await exchange.watch_order_book(SPOT, 5)
        for trade_ in await exchange.watch_trades(SPOT):
            print(f"  trade   {trade_['side']:<5}{trade_['amount']:g} at {trade_['price']:g}")
        await watch_own_order(exchange)
    finally:
        await exchange.close()


async def watch_own_order(exchange: Any) -> None:
    """An order of our own, from its acceptance to its fill, as the private stream tells it."""
    watching = asyncio.ensure_future(exchange.watch_orders(SPOT))
    await asyncio.sleep(0.2)  # the venue does not say when a subscription has begun
    placed = await exchange.create_order(SPOT, "market", "buy", 1)
    while True:
        for order in await watching:
            print(f"  order   {order['id']}  {order['status']}, {order['filled']:g} of {order['amount']:g}")
            if order["id"] == placed["id"] and order["status"] == "closed":
                return
        watching = asyncio.ensure_future(exchange.watch_orders(SPOT))


def show_top(book: Any) -> None:
    """The best prices of a live book."""
    (bid, bid_size), (ask, ask_size) = book["bids"][0], book["asks"][0]
    print(f"  book    {bid_size:>8.2f} at {bid:.2f}  |  {ask_size:.2f} at {ask:.2f}")


def addresses(url: str, socket_url: str) -> dict[str, Any]:
    """The part of a configuration that leads to the sandbox instead of the venue."""
    return {
        "urls": {"api": {"public": url, "private": url, "ws": {"public": socket_url, "private": socket_url}}}
    }


def say(what: str) -> None:
    """A heading."""
    print(f"\n{what}")
