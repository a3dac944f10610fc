"""An order in slices: each rests at the best price first, and takes what is left at the end of its time.

    eval "$(bpx keys)" && python examples/twap.py buy 10 SOL/USDC --seconds 60 --slices 6

The venue has TWAP orders of its own (`exchange.create_twap_order`), which take with each slice. This one is
paid for patience, and shows how to find out what an order has done. It runs on the sandbox.
"""

from __future__ import annotations

import argparse
import os
import time
from decimal import Decimal

from ccxt.base.errors import OrderNotFound

from bpx_connector import bpx


def slice_of(exchange: bpx, symbol: str, side: str, amount: Decimal, seconds: float) -> Decimal:
    """What was filled of a slice: it rests for its time, and the rest is taken at the market."""
    best = exchange.fetch_order_book(symbol, 5)["bids" if side == "buy" else "asks"][0][0]
    identity = str(exchange.create_order(symbol, "limit", side, amount, best)["id"])
    time.sleep(seconds)
    try:
        order = exchange.cancel_order(identity, symbol)
    except OrderNotFound:  # it has been filled meanwhile
        order = exchange.fetch_order(identity, symbol)
    filled = Decimal(str(order["filled"]))
    print(f"{filled} of {amount} at {order['average']}, patiently")
    rest = amount - filled
    if rest > 0:
        taken = exchange.create_order(symbol, "market", side, rest)
        print(f"{taken['filled']} at {taken['average']}, at the market")
        filled += Decimal(str(taken["filled"]))
    return filled


def main() -> None:
    """Trade the amount, slice by slice, and say at which price it came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("buy", "sell"))
    parser.add_argument("amount", type=Decimal)
    parser.add_argument("symbol", nargs="?", default="SOL/USDC")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--slices", type=int, default=6)
    wish = parser.parse_args()
    exchange = bpx({"apiKey": os.environ["BPX_API_KEY"], "secret": os.environ["BPX_SECRET"]})
    exchange.set_sandbox_mode(True)
    exchange.load_markets()
    began, done = exchange.milliseconds(), Decimal(0)
    for number in range(wish.slices):
        share = (
            Decimal(exchange.amount_to_precision(wish.symbol, wish.amount * (number + 1) / wish.slices))
            - done
        )
        done += slice_of(exchange, wish.symbol, wish.side, share, wish.seconds / wish.slices)
    trades = [trade for trade in exchange.fetch_my_trades(wish.symbol, began) if trade["side"] == wish.side]
    cost = sum((Decimal(str(trade["cost"])) for trade in trades), Decimal(0))
    amount = sum((Decimal(str(trade["amount"])) for trade in trades), Decimal(0))
    print(f"done: {amount} for {cost}, {cost / amount:.4f} on average")


if __name__ == "__main__":
    main()
