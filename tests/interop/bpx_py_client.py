"""bpx-py, blocking and asyncio, against a sandbox: python bpx_py_client.py URL API_KEY SECRET"""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import version

from bpx.account import Account
from bpx.async_.account import Account as AsyncioAccount
from bpx.base.base_account import BaseAccount
from bpx.base.base_public import BasePublic
from bpx.public import Public

SYMBOL = "SOL_USDC_PERP"


def main(url: str, api_key: str, secret: str) -> None:
    """Read, place, query, cancel; the first thing that is not as the venue has it ends the program."""
    BaseAccount.BPX_API_URL = url + "/"
    BasePublic.BASE_URL = url + "/"
    public, account = Public(), Account(api_key, secret)

    markets = public.get_markets()
    market = next(row for row in markets if row["symbol"] == SYMBOL)
    assert market["marketType"] == "PERP"
    depth = public.get_depth(SYMBOL)
    best_bid, best_ask = float(depth["bids"][-1][0]), float(depth["asks"][0][0])
    assert best_bid < best_ask
    assert public.get_ping() == "pong"
    assert float(public.get_ticker(SYMBOL)["lastPrice"]) > 0

    balances = account.get_balances()
    assert float(balances["USDC"]["available"]) == 1_000_000
    assert float(account.get_collateral()["netEquity"]) > 0
    assert account.get_open_orders(symbol=SYMBOL) == []
    assert account.get_open_positions() == []

    price = f"{best_bid * 0.9:.2f}"
    placed = account.execute_order(
        SYMBOL, "Bid", "Limit", time_in_force="GTC", quantity="2", price=price, client_id=23, post_only=True
    )
    assert (placed["status"], placed["clientId"], placed["postOnly"]) == ("New", 23, True)
    found = account.get_open_order(SYMBOL, order_id=placed["id"])
    assert (found["id"], found["price"]) == (placed["id"], placed["price"])
    assert [order["id"] for order in account.get_open_orders(symbol=SYMBOL)] == [placed["id"]]
    cancelled = account.cancel_order(SYMBOL, order_id=placed["id"])
    assert (cancelled["id"], cancelled["status"]) == (placed["id"], "Cancelled")
    refused = account.get_open_order(SYMBOL, order_id=placed["id"])
    assert refused["code"] == "RESOURCE_NOT_FOUND"

    bought = account.execute_order(SYMBOL, "Bid", "Market", quantity="1")
    assert (bought["status"], bought["executedQuantity"]) == ("Filled", "1")
    (position,) = account.get_open_positions()
    assert (position["symbol"], float(position["netQuantity"])) == (SYMBOL, 1)
    assert account.get_fill_history(SYMBOL)[0]["orderId"] == bought["id"]
    awaited = asyncio.run(AsyncioAccount(api_key, secret).get_open_positions())
    assert awaited[0]["symbol"] == SYMBOL
    print(
        f"bpx-py {version('bpx-py')}: read {len(markets)} markets, {len(balances)} balances; "
        f"order {placed['id']} placed, found, cancelled; order {bought['id']} filled, 1 position"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
