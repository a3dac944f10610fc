"""ccxt's own blocking `backpack` class against a sandbox: python ccxt_backpack.py URL API_KEY SECRET"""

from __future__ import annotations

import sys
from typing import Any

import ccxt

SPOT, PERP = "SOL/USDC", "SOL/USDC:USDC"


def main(url: str, api_key: str, secret: str) -> None:
    """Read, place, query, cancel; the first thing that is not as the venue has it ends the program."""
    kind: Any = ccxt.backpack  # type: ignore[attr-defined]  # ccxt lists its classes in no __all__
    exchange = kind({"apiKey": api_key, "secret": secret, "rateLimit": 1})
    exchange.urls["api"] = {"public": url, "private": url}

    markets = exchange.load_markets()
    precision = markets[SPOT]["precision"]
    assert (precision["amount"], precision["price"]) == (0.01, 0.01)
    assert markets[PERP]["swap"] is True
    book = exchange.fetch_order_book(SPOT)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert exchange.fetch_ticker(SPOT)["last"] > 0
    assert exchange.fetch_trades(SPOT)
    assert exchange.fetch_ohlcv(PERP, "1m")

    balances = exchange.fetch_balance()
    assert balances["USDC"]["free"] == 1_000_000
    assert exchange.fetch_open_orders(SPOT) == []

    price = exchange.price_to_precision(SPOT, book["bids"][0][0] * 0.9)
    placed = exchange.create_order(SPOT, "limit", "buy", 1.5, float(price))
    assert (placed["status"], placed["amount"], placed["price"]) == ("open", 1.5, float(price))
    found = exchange.fetch_open_order(placed["id"], SPOT)
    assert (found["id"], found["side"]) == (placed["id"], "buy")
    assert [order["id"] for order in exchange.fetch_open_orders(SPOT)] == [placed["id"]]
    assert exchange.cancel_order(placed["id"], SPOT)["status"] == "canceled"
    assert exchange.fetch_open_orders(SPOT) == []

    bought = exchange.create_order(PERP, "market", "buy", 1)
    assert (bought["status"], bought["filled"]) == ("closed", 1)
    (position,) = exchange.fetch_positions()
    assert (position["symbol"], position["side"], float(position["contracts"])) == (PERP, "long", 1)
    assert exchange.fetch_my_trades(PERP)[-1]["order"] == bought["id"]
    print(
        f"ccxt {ccxt.__version__} backpack: read {len(markets)} markets, {len(balances['total'])} balances; "
        f"order {placed['id']} placed, found, cancelled; order {bought['id']} filled, 1 position"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
