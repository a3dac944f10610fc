"""backpack_exchange_sdk against a sandbox: python backpack_exchange_sdk_client.py URL API_KEY SECRET"""

from __future__ import annotations

import sys
from importlib.metadata import version

from backpack_exchange_sdk.authenticated import AuthenticationClient
from backpack_exchange_sdk.public import PublicClient

SYMBOL = "SOL_USDC"


def main(url: str, api_key: str, secret: str) -> None:
    """Read, place, query, cancel; the first thing that is not as the venue has it ends the program."""
    public = PublicClient(base_url=url + "/")
    account = AuthenticationClient(api_key, secret, base_url=url + "/")

    markets = public.get_markets()
    market = next(row for row in markets if row["symbol"] == SYMBOL)
    assert market["filters"]["price"]["tickSize"] == "0.01"
    assert public.get_status()["status"] == "Ok"
    depth = public.get_depth(SYMBOL)
    best_bid, best_ask = float(depth["bids"][-1][0]), float(depth["asks"][0][0])
    assert best_bid < best_ask
    assert float(public.get_ticker(SYMBOL)["lastPrice"]) > 0
    assert public.get_recent_trades(SYMBOL)

    balances = account.get_balances()
    assert float(balances["USDC"]["available"]) == 1_000_000
    assert account.get_open_orders(SYMBOL) == []

    price = f"{best_bid * 0.9:.2f}"
    placed = account.execute_order(
        "Limit", "Bid", SYMBOL, postOnly=True, clientId=17, price=price, quantity="1.5", timeInForce="GTC"
    )
    assert (placed["status"], placed["side"], placed["quantity"]) == ("New", "Bid", "1.5")
    found = account.get_users_open_orders(SYMBOL, orderId=placed["id"])
    assert (found["id"], found["clientId"], found["price"]) == (placed["id"], 17, placed["price"])
    assert [order["id"] for order in account.get_open_orders(SYMBOL)] == [placed["id"]]
    assert float(account.get_balances()["USDC"]["locked"]) > 0
    cancelled = account.cancel_open_order(SYMBOL, orderId=placed["id"])
    assert (cancelled["id"], cancelled["status"]) == (placed["id"], "Cancelled")
    assert account.get_open_orders(SYMBOL) == []

    bought = account.execute_order("Market", "Bid", SYMBOL, quantity="0.5")
    assert (bought["status"], bought["executedQuantity"]) == ("Filled", "0.5")
    fills = account.get_fill_history(symbol=SYMBOL)
    assert {fill["orderId"] for fill in fills} == {bought["id"]}
    history = account.get_order_history(symbol=SYMBOL)
    assert {order["id"] for order in history} >= {placed["id"], bought["id"]}
    print(
        f"backpack_exchange_sdk {version('backpack_exchange_sdk')}: read {len(markets)} markets, "
        f"{len(balances)} balances; order {placed['id']} placed, found, cancelled; {bought['id']} filled"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
