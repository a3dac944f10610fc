"""What perpetuals pay: the funding rates as they change, by the year, with a word when one is far from zero.

    python examples/funding_monitor.py --above 20

No keys are needed. With `--updates 5` it ends after so many; on the sandbox.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from bpx_connector.pro import bpx

YEAR = Decimal(365 * 24)
HOURS = {"1h": 1, "8h": 8}


def by_the_year(rate: Any) -> Decimal | None:
    """A rate in percent by the year, not compounded; None if it is not known."""
    if rate["fundingRate"] is None:
        return None
    return Decimal(str(rate["fundingRate"])) * YEAR / HOURS.get(rate["interval"] or "1h", 1) * 100


def figure(text: str) -> Decimal:
    """A number, for argparse: it does not know how Decimal refuses a word."""
    with suppress(InvalidOperation):
        if (number := Decimal(text)).is_finite():
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is no number")


async def main() -> None:
    """Watch, and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--above", type=figure, default=Decimal(15), help="percent a year, either way")
    parser.add_argument("--updates", type=int, default=0, help="end after so many; 0 for never")
    wish = parser.parse_args()
    async with bpx() as exchange:
        exchange.set_sandbox_mode(True)
        markets = await exchange.load_markets()
        symbols = [symbol for symbol, market in markets.items() if market["swap"] and market["active"]]
        count = 0
        while not wish.updates or count < wish.updates:
            rates = await exchange.watch_funding_rates(symbols)
            count += 1
            for symbol, rate in sorted(rates.items()):
                yearly = by_the_year(rate)
                if yearly is not None:
                    flag = "  <-- far from zero" if abs(yearly) > wish.above else ""
                    print(f"{rate['datetime']}  {symbol:<16}{yearly:9.3f} % a year{flag}")


if __name__ == "__main__":
    asyncio.run(main())
