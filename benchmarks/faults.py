"""`python -m benchmarks.faults`: everything goes wrong at once, to ccxt's class and to ours at the same time.

Both watch one sandbox, each from its own process: the same books, the same lost, repeated, swapped and
delayed frames, the same cut and silent sockets, the same failing and stale snapshots, and each sees the same
orders done for an account of its own. Nothing but loopback is used. The table says what reached the callers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Any

from benchmarks.fault_callers import credentials
from benchmarks.fault_truth import Notes, Shadow, Sight, Verdict, verdict
from benchmarks.report import machine, write
from benchmarks.runner import running
from benchmarks.subjects import OURS, PEER
from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.records.orders import ASK, BID, LIMIT, MARKET, OrderRequest
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.server import Sandbox

SUBJECTS = (PEER, OURS)
MARKETS = ("SOL_USDC", "BTC_USDC", "SOL_USDC_PERP", "ETH_USDC_PERP")
TRADED = ("SOL_USDC", "SOL_USDC_PERP")
SPEED = 5
FAULTS = (
    "lose depth.* every=397",
    "repeat depth.* every=31",
    "swap depth.* every=211",
    "delay depth.* chance=0.003 seconds=0.3",
    "lose account.* every=17",
    "repeat account.* every=13",
    "swap account.orderUpdate every=11",
    "delay account.* every=19 seconds=0.3",
    "refuse /api/v1/depth status=503 every=4",
    "drop /api/v1/depth every=9",
    "late /api/v1/depth every=5 seconds=0.1",
    "stale * every=3 seconds=2",
    "refuse /api/v1/orders status=429 every=5",
    "refuse /wapi/* status=503 body=html every=4",
    "cut * every=3s",
    "cut depth.* every=4.3s code=1001",
    "freeze account.* every=7s",
)
TRADING_ON, QUIET = 3.0, 4.0
"""Seconds for which orders go on after the faults have ended, and for which everything may come to rest."""


def _callers(subject: str, port: int) -> AbstractAsyncContextManager[Process]:
    return running("benchmarks.fault_callers", subject, str(port), *MARKETS, stderr=DEVNULL, limit=1 << 28)


async def _line(process: Process) -> str:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    if not line:
        raise RuntimeError("the callers' process ended; run `python -m benchmarks.fault_callers` by itself")
    return line.decode()


async def _notes(process: Process) -> Notes:
    assert process.stdin is not None
    process.stdin.write(b"enough\n")
    await process.stdin.drain()
    noted: dict[str, Any] = json.loads(await _line(process))
    for name in ("handed", "seen"):
        noted[name] = [Sight(*row) for row in noted[name]]
    fills = noted["fills"]
    noted["fills"] = None if fills is None else [(symbol, trade, order) for symbol, trade, order in fills]
    noted["orders"] = {name: (filled, is_open) for name, (filled, is_open) in noted["orders"].items()}
    return Notes(**noted)


async def _trade(sandbox: Sandbox, accounts: list[Account], dice: random.Random, until: float) -> None:
    """The same orders for each account, some of them cancelled again."""
    while time.monotonic() < until:
        symbol, side = dice.choice(TRADED), dice.choice((BID, ASK))
        quantity, is_limit, is_cancelled = (
            Decimal(dice.randint(10, 90)) / 100,
            dice.random() < 0.5,
            dice.random() < 0.4,
        )
        for account in accounts:
            depth = sandbox.venue.depth(symbol)
            own_side = depth.bids if side == BID else depth.asks
            price = own_side[0][0] if is_limit and own_side else None
            order_type = MARKET if price is None else LIMIT
            request = OrderRequest(
                symbol=symbol, side=side, order_type=order_type, price=price, quantity=quantity
            )
            try:
                order = sandbox.venue.execute(account, request, sandbox.clock.now()).result
                if order.is_open and is_cancelled:
                    await asyncio.sleep(0.01)
                    sandbox.venue.cancel(account, symbol, order_id=order.id, now=sandbox.clock.now())
            except Refusal:
                pass  # out of funds, or filled before it could be cancelled
        await asyncio.sleep(dice.uniform(0.03, 0.15))


async def fault_run(seconds: float, seed: int, faults: Iterable[str] = FAULTS) -> dict[str, Verdict]:
    """How each class fares while these things go wrong for so many seconds."""
    async with Sandbox(symbols=MARKETS, seed=seed, speed=SPEED) as sandbox:
        shadow = Shadow(sandbox.venue, time.monotonic)
        accounts = [sandbox.context.account(credentials(subject)[0]) for subject in SUBJECTS]
        async with _callers(PEER, sandbox.port) as peer, _callers(OURS, sandbox.port) as ours:
            await asyncio.gather(_line(peer), _line(ours))
            begun = time.monotonic()
            for fault in faults:
                sandbox.faults.add(fault)
            trading = asyncio.ensure_future(
                _trade(sandbox, accounts, random.Random(seed), begun + seconds + TRADING_ON)
            )
            await asyncio.sleep(seconds)
            sandbox.faults.clear()
            calm = time.monotonic()
            await trading
            await asyncio.sleep(QUIET)
            noted = await asyncio.gather(_notes(peer), _notes(ours))
        return {
            subject: verdict(notes, shadow, sandbox.venue, account, begun, calm)
            for subject, notes, account in zip(SUBJECTS, noted, accounts, strict=True)
        }


def table(found: dict[str, Verdict]) -> str:
    """Both verdicts side by side, as a markdown table."""
    rows = zip(*(_column(found[subject]) for subject in SUBJECTS), strict=True)
    lines = ["| | ccxt backpack | bpx |", "|---|---:|---:|"]
    return "\n".join(lines + [f"| {title} | {peer} | {ours} |" for (title, peer), (_, ours) in rows])


def _column(one: Verdict) -> list[tuple[str, str]]:
    share = {
        name: f"{100 * one.seconds[name] / (one.market_seconds or 1):.1f} %"
        for name in ("wrong", "late", "unknown")
    }
    errors = ", ".join(f"{count} {name}" for name, count in sorted(one.errors.items())) or "none"
    return [
        ("books handed out", f"{one.handed:,}"),
        ("… of them wrong", f"{one.wrong:,}"),
        ("… of them older than the one before", f"{one.rewound:,}"),
        ("time a book was wrong", share["wrong"]),
        ("time a book was right and over 1 s old", share["late"]),
        ("time a book was not known, and said so", share["unknown"]),
        ("longest time a book stayed wrong", f"{one.longest_wrong:.1f} s"),
        ("longest wait for a book", f"{one.longest_wait:.1f} s"),
        (
            f"books wrong at the end, {TRADING_ON + QUIET:g} s after the last fault",
            f"{one.wrong_at_the_end} of {len(MARKETS)}",
        ),
        ("fills", f"{one.fills}"),
        ("… lost", _or_none(one.lost_fills)),
        ("… told twice", _or_none(one.repeated_fills)),
        ("orders", f"{one.orders}"),
        ("… whose last word is wrong or missing", f"{one.wrong_orders}"),
        ("… told going backwards", f"{one.backwards}"),
        ("callers never answered again", f"{one.unanswered}"),
        ("exceptions", errors),
    ]


def _or_none(number: int | None) -> str:
    return "no watchMyTrades" if number is None else f"{number}"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="how long things go wrong (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="decides what traders and faults do (default: 1)")
    parser.add_argument(
        "--calm", action="store_true", help="nothing goes wrong: what is seen then is no fault's"
    )
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    arguments = parser.parse_args()
    faults = () if arguments.calm else FAULTS
    found = asyncio.run(fault_run(arguments.seconds, arguments.seed, faults))
    print(table(found))
    if arguments.write:
        write("faults", f"{table(found)}\n\n{arguments.seconds:g} s, seed {arguments.seed}. {machine()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
