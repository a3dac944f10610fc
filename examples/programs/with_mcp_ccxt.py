"""mcp-ccxt: an assistant's tools for exchanges, over MCP; here a client asks them for a ticker and an order.

The order rests far from the market, and is cancelled at once.

    pip install mcp-ccxt '.[cli]'
    bpx run --sandbox examples/programs/with_mcp_ccxt.py

An assistant's own configuration names the command `bpx run --sandbox mcp-ccxt run --config accounts.json`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

ACCOUNT = {
    "name": "rehearsal",
    "exchange_id": "bpx",
    "api_key": os.environ["BPX_API_KEY"],
    "secret": os.environ["BPX_SECRET"],
    "sandbox": True,
    "default_type": "spot",
}
CALLS = {
    "fetch_ticker": {"symbol": "SOL/USDC"},
    "fetch_balance": {},
}
ORDER = {"symbol": "SOL/USDC", "side": "buy", "type": "limit", "amount": 1, "price": 60}


async def call(session: ClientSession, name: str, asked: dict[str, object]) -> str:
    """What a tool answers."""
    answer = await session.call_tool(name, {"exchange": "rehearsal", **asked})
    text = str(answer.content[0].text)
    print(name, text[:160])
    assert "error" not in text.lower(), text
    return text


async def main(config: Path) -> None:
    """Ask through the server, as an assistant would."""
    program = str(Path(sys.executable).with_name("mcp-ccxt"))
    server = StdioServerParameters(
        command=sys.executable, args=[program, "run", "--config", str(config)], env=dict(os.environ)
    )
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        for name, asked in CALLS.items():
            await call(session, name, asked)
        order = json.loads(await call(session, "create_order", ORDER))
        await call(session, "cancel_order", {"order_id": order["order_id"], "symbol": ORDER["symbol"]})


with tempfile.TemporaryDirectory() as folder:
    accounts = Path(folder) / "accounts.json"
    accounts.write_text(json.dumps({"accounts": [ACCOUNT]}), encoding="utf-8")
    asyncio.run(main(accounts))
print("fine")
