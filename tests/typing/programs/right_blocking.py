"""A correct program on the blocking class."""

from decimal import Decimal
from typing import Any

import bpx_connector
from bpx_connector import bpx

exchange = bpx({"apiKey": "key", "secret": "secret", "options": {"recvWindow": 5000}, "timeout": 10_000})
exchange.options["defaultType"] = "swap"
exchange.enableRateLimit = True
exchange.number = Decimal
exchange.set_sandbox_mode(True)

markets = exchange.load_markets()
print(len(markets), markets["SOL/USDC"]["precision"]["price"], exchange.symbols[0].lower())
market = exchange.market("SOL/USDC:USDC")
print(market["id"].lower(), market["limits"], exchange.markets["SOL/USDC"]["active"])

ticker = exchange.fetch_ticker("SOL/USDC")
print(ticker["last"] * 2, ticker["symbol"].upper(), ticker["info"]["lastPrice"])
spread = ticker["ask"] - ticker["bid"]
for symbol, each in exchange.fetch_tickers(["SOL/USDC"]).items():
    print(symbol.lower(), each["last"])

book = exchange.fetch_order_book("SOL/USDC", limit=5)
best, size = book["bids"][0][0], book["asks"][0][1]
candles = exchange.fetch_ohlcv("SOL/USDC", "1m", since=exchange.milliseconds() - 60_000, limit=10)
closes = [row[4] for row in candles]
for trade in exchange.fetch_trades("SOL/USDC"):
    print(trade["price"], trade["amount"], trade["side"].upper())

side = "buy" if spread > 1 else "sell"
order = exchange.create_order("SOL/USDC", "limit", side, 0.1, 90, {"postOnly": True})
print(order["id"].lower(), order["status"], order["filled"], order["fee"]["cost"])
exchange.create_order("SOL/USDC", "market", side, Decimal("0.1"))
same = exchange.fetch_order(order["id"], "SOL/USDC")
edited = exchange.edit_order(order["id"], "SOL/USDC", "limit", "buy", 0.1, 91)
exchange.cancel_order(order["id"], "SOL/USDC")
for open_order in exchange.fetch_open_orders("SOL/USDC"):
    exchange.cancel_order(open_order["id"], open_order["symbol"])
batch = [{"symbol": "SOL/USDC", "type": "limit", "side": "buy", "amount": 1, "price": 2}]
placed = exchange.create_orders(batch)
print(placed[0]["id"])
exchange.cancel_all_orders("SOL/USDC")

balance = exchange.fetch_balance()
print(balance["USDC"]["free"], balance["free"]["USDC"], balance["info"], balance["timestamp"])
positions = exchange.fetch_positions(["SOL/USDC:USDC"])
print(sum(position["contracts"] for position in positions))
print(exchange.price_to_precision("SOL/USDC", 1.234).rjust(10), exchange.iso8601(exchange.milliseconds()))
mine = exchange.fetch_my_trades("SOL/USDC", params={"paginate": True})
fees = sum(trade["fee"]["cost"] for trade in mine)

raw = exchange.public_get_api_v1_ticker({"symbol": "SOL_USDC"})
print(raw["lastPrice"].rjust(10), exchange.publicGetApiV1Depth({"symbol": "SOL_USDC"})["lastUpdateId"])
print(exchange.fetchTicker("SOL/USDC")["last"], exchange.has["fetchTicker"], exchange.timeframes["1m"])


def newest(client: bpx, symbol: str) -> float | None:
    """The last price."""
    price: float | None = client.fetch_ticker(symbol)["last"]
    return price


class Quiet(bpx):
    """A user's own class."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.calls = 0

    def fetch_ticker(self, symbol: str, params: dict[str, Any] = {}) -> Any:
        self.calls += 1
        return super().fetch_ticker(symbol, params)


print(newest(exchange, "SOL/USDC"), Quiet({}).calls)
bpx_connector.register()
bpx_connector.unregister()
