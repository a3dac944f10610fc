"""An order in slices: each rests at the best price first, and takes what is left at the end of its time.

    eval "$(bpx keys)" && python examples/twap.py buy 10 SOL/USDC --seconds 60 --slices 6

The venue has TWAP orders of its own (`exchange.create_twap_order`), which take with each slice. This one is
paid for patience, and shows how to find out what an order has done. It runs on the sandbox.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from ccxt.base.errors import OrderNotFound

from bpx_connector import bpx


def ended(exchange: bpx, own: str, symbol: str) -> Any:
    """The order as it was when it was cancelled, or when it had been filled before."""
    try:
        return exchange.cancel_order_with_client_order_id(own, symbol)
    except OrderNotFound:
        return exchange.fetch_order_with_client_order_id(own, symbol)


def slice_of(exchange: bpx, symbol: str, side: str, amount: Decimal, seconds: float) -> Decimal:
    """What was filled of a slice: it rests for its time, and the rest is taken at the market."""
    best = exchange.fetch_order_book(symbol, 5)["bids" if side == "buy" else "asks"][0][0]
    # An id of one's own: an interruption may come before the answer that would bring the venue's.
    own = str(exchange.milliseconds() % 2**32)
    try:
        exchange.create_order(symbol, "limit", side, amount, best, {"clientOrderId": own})
        print(f"{amount} at {best}", flush=True)
        time.sleep(seconds)
    finally:  # interrupted or not: nothing stays behind
        order = ended(exchange, own, symbol)
    filled = Decimal(str(order["filled"]))
    print(f"{filled} of {amount} at {order['average']}, patiently")
    rest = amount - filled
    if rest > 0:
        taken = exchange.create_order(symbol, "market", side, rest)
        print(f"{taken['filled']} at {taken['average']}, at the market")
        filled += Decimal(str(taken["filled"]))
    return filled


def targets(amount: Decimal, slices: int, step: Decimal) -> list[Decimal]:
    """How much is to be done after each slice, at the market's step."""
    return [amount * (number + 1) / slices // step * step for number in range(slices)]


def positive(text: str) -> Decimal:
    """A number above zero, for argparse: it does not know how Decimal refuses a word."""
    with suppress(InvalidOperation):
        if (number := Decimal(text)).is_finite() and number > 0:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is no number above zero")


def count(text: str) -> int:
    """A whole number from one on, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def main() -> None:
    """Trade the amount, slice by slice, and say at which price it came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("buy", "sell"))
    parser.add_argument("amount", type=positive)
    parser.add_argument("symbol", nargs="?", default="SOL/USDC")
    parser.add_argument("--seconds", type=positive, default=Decimal(60))
    parser.add_argument("--slices", type=count, default=6)
    wish = parser.parse_args()
    exchange = bpx({"apiKey": os.environ["BPX_API_KEY"], "secret": os.environ["BPX_SECRET"]})
    exchange.set_sandbox_mode(True)
    if wish.symbol not in exchange.load_markets():
        parser.error(f"there is no market {wish.symbol}")
    market = exchange.market(wish.symbol)
    plan = targets(wish.amount, wish.slices, Decimal(str(market["precision"]["amount"])))
    least = Decimal(str(market["limits"]["amount"]["min"]))
    if plan[0] < least:
        parser.error(f"{wish.amount} in {wish.slices} slices is too little: one has to be {least} at least")
    began, done = exchange.milliseconds(), Decimal(0)
    for target in plan:
        seconds = float(wish.seconds / wish.slices)
        done += slice_of(exchange, wish.symbol, wish.side, target - done, seconds)
    trades = [trade for trade in exchange.fetch_my_trades(wish.symbol, began) if trade["side"] == wish.side]
    cost = sum((Decimal(str(trade["cost"])) for trade in trades), Decimal(0))
    amount = sum((Decimal(str(trade["amount"])) for trade in trades), Decimal(0))
    average = f", {cost / amount:.4f} on average" if amount else ""
    print(f"done: {amount} for {cost}{average}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
