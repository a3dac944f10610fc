"""`python -m tests.programs.freqtrade_gateway PYTHON [SECONDS]`: three freqtrades, one account, one gateway.

PYTHON has freqtrade and this package with its extra `gateway`. Each process trades ten pairs for SECONDS and
has no keys: candles, orders and all else go over the gateway, to a sandbox that enforces the venue's budgets.
Afterwards every order that one of them knows has to be one of the sandbox's, and the reverse, and nobody may
have met the 30 requests a minute for candles.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bpx_connector.keys import Keys, generated_keys
from bpx_connector.sandbox.server import SandboxThread
from tests.programs.freqtrade import Freqtrade, Trouble, differences, orders_of_freqtrade, say
from tests.support.nats_servers import NatsServer

PROJECT = Path(__file__).parents[2]
USERS = ("f1", "f2", "f3")
PAIRS = 10
METRICS = 9_108
WALL = re.compile(
    r"^.*(?:\b429\b|RateLimitExceeded|DDosProtection|too many requests).*$", re.IGNORECASE | re.MULTILINE
)


@contextmanager
def gateway(server: NatsServer, url: str, folder: Path, keys: Keys) -> Iterator[None]:
    """A gateway that may trade for each of the programs."""
    limits = folder / "limits.json"
    limits.write_text(json.dumps({user: {} for user in USERS}))
    words = ["gateway", "--nats", server.url, "--sandbox", url, "--limits", str(limits)]
    process = subprocess.Popen(
        [sys.executable, "-m", "bpx_connector", *words, "--metrics", f"127.0.0.1:{METRICS}"],
        cwd=PROJECT,
        env={**os.environ, "BPX_API_KEY": keys.api_key, "BPX_SECRET": keys.secret},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None and process.stdout.readline().startswith("gateway")
        yield
    finally:
        process.terminate()
        process.wait()


def figures() -> dict[str, float]:
    """What the gateway says of itself."""
    with urlopen(f"http://127.0.0.1:{METRICS}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return {
        name.replace('gateway="a",', "").replace('{gateway="a"}', ""): float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }


def overlay(server: NatsServer, user: str, pairs: list[str]) -> dict[str, Any]:
    """What is different of one program: where it reads, under which name, and what it trades."""
    reads = {"servers": [server.url], "user": user, "net": "sandbox", "orders": "through"}
    both = {"options": {"gateway": reads}}
    exchange = {"ccxt_config": both, "ccxt_async_config": both, "pair_whitelist": pairs}
    return {"dry_run": False, "timeframe": "1m", "stake_amount": 500, "bot_name": user, "exchange": exchange}


class Keyless(Freqtrade):
    """One of the programs, with a configuration of its own laid over the example."""

    def config(self, mode: str, *overlays: str) -> list[str]:
        return [*super().config(mode), "-c", str(self.folder / "gateway.json")]


def traded(user: Freqtrade, name: str, seconds: float, results: dict[str, tuple[Path, str]]) -> None:
    """One program's run; what it knows, and what it said."""
    try:
        results[name] = user.trade("spot", seconds, keys=Keys("", ""))
    except Trouble as trouble:
        say(f"{name}: {trouble}")


def main() -> int:
    """0 if all went as it should."""
    python, seconds = str(Path(sys.argv[1]).absolute()), float(sys.argv[2]) if len(sys.argv) > 2 else 120
    keys, found = generated_keys(), []
    results: dict[str, tuple[Path, str]] = {}
    with (
        tempfile.TemporaryDirectory() as place,
        SandboxThread(seed=5, speed=5, budgets=True) as sandbox,
        NatsServer(Path(place) / "nats") as server,
    ):
        folder = Path(place)
        markets = sandbox.exchange(**keys.config).load_markets()
        pairs = [name for name, market in markets.items() if market["spot"] and market["quote"] == "USDC"]
        with gateway(server, sandbox.url, folder, keys):
            threads = []
            for number, name in enumerate(USERS):
                own = folder / name
                (own / "user_data").mkdir(parents=True)
                user = Keyless(python, own, sandbox.url)
                shown = [pairs[(number * PAIRS + one) % len(pairs)] for one in range(min(PAIRS, len(pairs)))]
                (own / "gateway.json").write_text(json.dumps(overlay(server, name, shown)))
                threads.append(threading.Thread(target=traded, args=(user, name, seconds, results)))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            counted = figures()
        theirs: dict[str, dict[str, Any]] = {}
        for name, (database, said) in results.items():
            orders = orders_of_freqtrade(database)
            theirs |= orders
            walls = WALL.findall(said)
            say(f"{name}: {len(orders)} orders, {len(walls)} times refused for its budget")
            found += [f"{name} has met the budget: {line[:200]}" for line in walls]
        direct = sandbox.exchange(**keys.config)
        found += differences(theirs, direct, "".join(said for _, said in results.values()))
        candles = counted.get('bpx_gateway_desk_total{kind="candles"}', 0)
        asked = counted.get('bpx_gateway_budget_used_total{budget="historical"}', 0)
        say(f"{candles:.0f} questions for candles, {asked:.0f} of the account's budget for history")
        found += [f"{name} did not run to its end" for name in USERS if name not in results]
    for line in found:
        print(line, file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
