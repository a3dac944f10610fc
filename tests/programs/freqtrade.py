"""`python -m tests.programs.freqtrade PYTHON [SECONDS]`: freqtrade, unchanged, from lists to orders.

PYTHON has freqtrade and this package. What it does, on a sandbox of its own: list, download (spot, futures,
mark prices, funding), backtest, a dry run, and live trading on spot and on futures for SECONDS each, with
stops on the exchange. Afterwards every order that freqtrade knows has to be one of the sandbox's, and the
reverse, with the same side, amount, price and end, and what is open has to be the account's position. In
either mode a stop has to have fired.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from bpx_connector.keys import Keys, generated_keys
from bpx_connector.sandbox.server import Sandbox, SandboxThread

EXAMPLES = Path(__file__).parents[2] / "examples" / "freqtrade"
NAMED = "127.0.0.1:8787"
"""Where the example's configuration looks for the sandbox; the one that is started here has another port."""
MODES = {"spot": ("SOL/USDC", "Often"), "futures": ("SOL/USDC:USDC", "OftenBothWays")}
"""Trading mode -> a pair to download, and the strategy."""
BEYOND = Decimal("0.002")
"""How far past the trigger price of a stop its market is moved."""
STOPS_THAT_FIRE = 3
LOOKS_EVERY = 2.0
DRY_RUN = 45
ENDS_WITHIN = 60
AGREES_WITHIN = 60
"""Seconds that freqtrade may take to hear of what has happened, before it is interrupted."""
INTERRUPTED = 130
CLOSE = Decimal("1e-9")
"""How far figures may differ: freqtrade keeps binary fractions."""


class Trouble(Exception):  # noqa: N818  # told to a person
    """freqtrade did something that it should not."""


class Freqtrade:
    """One user of freqtrade: a folder, keys, and the address of the sandbox."""

    def __init__(self, python: str, folder: Path, url: str) -> None:
        self.folder = folder
        self.place = url.removeprefix("http://")
        self.command = [python, "-m", "bpx_connector", "run", f"--sandbox={url}", "-m", "freqtrade"]
        self.keys = generated_keys()

    def run(self, *words: str) -> str:
        """What a command printed; it has to end well."""
        done = subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self._environment(self.keys),
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        told = done.stdout + done.stderr
        (self.folder / f"{words[0]}.log").write_text(told)
        if done.returncode or "Traceback" in told:
            raise Trouble(f"freqtrade {' '.join(words)} ended with {done.returncode}:\n{told[-4000:]}")
        return told

    def trade(
        self,
        mode: str,
        seconds: float,
        *overlays: str,
        keys: Keys | None = None,
        is_settled: Callable[[Path], bool] = lambda database: True,
    ) -> tuple[Path, str]:
        """Trade for a while, then be interrupted as by Ctrl-C: the database, and what was said.

        It is not interrupted before it is settled, unless that takes too long.
        """
        name = f"{mode}-{'live' if keys else 'dry'}"
        database, log = self.folder / f"{name}.sqlite", self.folder / f"{name}.log"
        words = [
            *self.config(mode, *overlays),
            "-s",
            MODES[mode][1],
            "--strategy-path",
            str(EXAMPLES / "strategies"),
        ]
        with log.open("w") as told:
            process = subprocess.Popen(
                [*self.command, "trade", *words, "--db-url", f"sqlite:///{database}"],
                cwd=self.folder,
                env=self._environment(keys or self.keys),
                stdout=told,
                stderr=subprocess.STDOUT,
            )
            try:
                code: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                until = time.monotonic() + AGREES_WITHIN
                while not is_settled(database) and time.monotonic() < until:
                    time.sleep(0.2)
                process.send_signal(signal.SIGINT)
                code = process.wait(ENDS_WITHIN)
        said = log.read_text()
        if code not in (0, INTERRUPTED) or errors_in(said):
            raise Trouble(f"trading {name} ended with {code}:\n{said[-4000:]}")
        return database, said

    def config(self, mode: str, *overlays: str) -> list[str]:
        """The words that name the configurations of a mode, as they are in the examples but for the port."""
        words = []
        for name in (f"{mode}.json", *overlays):
            copy = self.folder / name
            copy.write_text((EXAMPLES / name).read_text().replace(NAMED, self.place))
            words += ["-c", str(copy)]
        return words

    def _environment(self, keys: Keys) -> dict[str, str]:
        own = {"FREQTRADE__EXCHANGE__KEY": keys.api_key, "FREQTRADE__EXCHANGE__SECRET": keys.secret}
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **own}


# --- one for one --------------------------------------------------------------------------------------------


def orders_of_freqtrade(database: Path) -> dict[str, dict[str, Any]]:
    """Every order that freqtrade has placed, by its id."""
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM orders").fetchall()
    return {row["order_id"]: dict(row) for row in rows}


def differences(theirs: dict[str, dict[str, Any]], exchange: Any, said: str) -> list[str]:
    """Where freqtrade's orders and those of its account differ.

    What a stop has placed when it fired goes by the stop's client id, and is the stop to freqtrade. An entry
    that the exchange has expired at once, with nothing filled, freqtrade forgets, and says so in its log.
    """
    ours = {order["id"]: order for order in exchange.fetch_orders(None, None, 1000)}
    named = {ours[key]["clientOrderId"] for key in theirs if key in ours}
    fired = {key for key, order in ours.items() if key not in theirs and order["clientOrderId"] in named}
    found = [f"{key} is freqtrade's alone" for key in theirs if key not in ours]
    alone = [key for key in ours if key not in theirs and key not in fired]
    expired = [key for key in alone if ours[key]["status"] == "expired" and not ours[key]["filled"]]
    if len(expired) == said.count("zero amount is fulfilled"):
        alone = [key for key in alone if key not in expired]
    found += [f"{key} is the sandbox's alone" for key in alone]
    for key, order in theirs.items():
        found += _difference(key, order, exchange.fetch_order(key, order["ft_pair"]))
    return found


def _difference(key: str, theirs: dict[str, Any], ours: Any) -> list[str]:
    pairs = {
        "side": (theirs["side"], ours["side"]),
        "filled": (theirs["filled"] or 0, ours["filled"]),
        "average": (theirs["average"] if ours["filled"] else None, ours["average"]),
        "status": (theirs["status"], ours["status"]),
    }
    return [
        f"{key}: {name} is {one} with freqtrade, {other} in the sandbox"
        for name, (one, other) in pairs.items()
        if not _same(one, other)
    ]


def position_differences(database: Path, exchange: Any) -> list[str]:
    """Where what freqtrade holds open and the account's positions differ."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT pair, is_short, amount FROM trades WHERE is_open").fetchall()
    theirs: dict[str, Decimal] = {}
    for pair, is_short, amount in rows:
        theirs[pair] = theirs.get(pair, Decimal(0)) + Decimal(repr(amount)) * (-1 if is_short else 1)
    ours = {
        each["symbol"]: Decimal(repr(each["contracts"])) * (-1 if each["side"] == "short" else 1)
        for each in exchange.fetch_positions()
    }
    return [
        f"{pair}: {theirs.get(pair, 0)} is open with freqtrade, {ours.get(pair, 0)} in the sandbox"
        for pair in sorted({*theirs, *ours})
        if abs(theirs.get(pair, Decimal(0)) - ours.get(pair, Decimal(0))) > CLOSE
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(Decimal(repr(one)) - Decimal(repr(other))) <= CLOSE
    return bool(one == other)


# --- the steps ----------------------------------------------------------------------------------------------


def look(user: Freqtrade) -> None:
    """Lists and history."""
    if "bpx" not in user.run("list-exchanges"):
        raise Trouble("list-exchanges does not list bpx")
    today = datetime.now(UTC).date()
    for mode, (pair, _) in MODES.items():
        listed = user.run("list-pairs", *user.config(mode), "--print-list")
        if pair not in listed:
            raise Trouble(f"list-pairs of {mode} lacks {pair}")
        span = f"{today - timedelta(days=2):%Y%m%d}-{today:%Y%m%d}"
        user.run("download-data", *user.config(mode), "--timerange", span, "-t", "5m", "1h", "-p", pair)
        files = sorted(path.name for path in (user.folder / "user_data/data").rglob("*.feather"))
        say(f"{mode}: listed, downloaded {', '.join(files)}")
        strategy = ["-s", MODES[mode][1], "--strategy-path", str(EXAMPLES / "strategies"), "-i", "5m"]
        told = user.run("backtesting", *user.config(mode), *strategy, "--timerange", span, "-p", pair)
        trades = re.search(r"Total/Daily Avg Trades\s*[│|]\s*(\d+)", told)
        if trades is None or trades.group(1) == "0":
            raise Trouble(f"backtesting {mode} made no trades:\n{told[-3000:]}")
        say(f"{mode}: backtested, {trades.group(1)} trades")


def trade(user: Freqtrade, sandbox: SandboxThread, seconds: float) -> list[str]:
    """Dry, then live; what differs."""
    user.trade("futures", DRY_RUN, keys=None)
    say(f"futures: dry run of {DRY_RUN} s")
    return [found for mode in MODES for found in trade_live(user, sandbox, mode, seconds)]


def trade_live(user: Freqtrade, sandbox: SandboxThread, mode: str, seconds: float) -> list[str]:
    """Trade in a mode while stops fire; what differs between freqtrade and the sandbox afterwards."""
    keys, log = generated_keys(), user.folder / f"{mode}-live.log"
    exchange = sandbox.exchange(**keys.config, enableRateLimit=False)

    def disagreements(database: Path) -> list[str]:
        found = differences(orders_of_freqtrade(database), exchange, log.read_text())
        return found + (position_differences(database, exchange) if mode == "futures" else [])

    with firing(sandbox, keys):
        database, said = user.trade(
            mode,
            seconds,
            "sandbox.json",
            keys=keys,
            is_settled=lambda database: not disagreements(database),
        )
    theirs, found = orders_of_freqtrade(database), disagreements(database)
    stops = [order for order in theirs.values() if order["ft_order_side"] == "stoploss"]
    fired = [order for order in stops if order["status"] == "closed"]
    counts = f"{len(theirs)} orders, {len(stops)} stops, {len(fired)} fired, {len(found)} differ"
    say(f"{mode}: live, {counts}")
    for line in re.findall(r"^.* - (?:WARNING|ERROR) - .*$", said, re.MULTILINE):
        say(f"    {line[:200]}")
    return found if fired else [f"{mode}: no stop on the exchange has fired", *found]


@contextmanager
def firing(sandbox: SandboxThread, keys: Keys) -> Iterator[None]:
    """Have some of the stops of an account fire, each once it has waited for a moment."""
    exchange, is_over = sandbox.exchange(**keys.config, enableRateLimit=False), threading.Event()

    def fire() -> None:
        seen: set[str] = set()
        fired = 0
        while fired < STOPS_THAT_FIRE and not is_over.wait(LOOKS_EVERY):
            waiting = [order for order in exchange.fetch_open_orders() if order["triggerPrice"] is not None]
            for order in waiting:
                if order["id"] in seen and fired < STOPS_THAT_FIRE:
                    sandbox.run(partial(run_through, order))
                    fired += 1
            seen = {order["id"] for order in waiting}

    thread = threading.Thread(target=fire, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def run_through(order: Any, sandbox: Sandbox) -> None:
    """Have the market of a stop trade beyond its trigger price."""
    symbol = order["info"]["symbol"]
    share = 1 - BEYOND if order["side"] == "sell" else 1 + BEYOND
    price, tick = Decimal(repr(order["triggerPrice"])) * share, sandbox.venue.rules[symbol].tick
    sandbox.set_price(symbol, (price / tick).to_integral_value() * tick)


def errors_in(said: str) -> list[str]:
    """What freqtrade calls errors, but for a stop that fired while it was being cancelled."""
    lines = re.findall(r"^.* - ERROR - .*$", said, re.MULTILINE)
    return [line for line in lines if "Could not cancel stoploss order" not in line]


def say(line: str) -> None:
    """One line of progress."""
    print(line, flush=True)


def sandbox_of_its_own() -> SandboxThread:
    """Prices are moved here, which the bands around their means would take for a mistake."""
    return SandboxThread(seed=5, speed=5, switches={"mean_bands": False})


def main() -> int:
    """0 if all went as it should."""
    python = str(Path(sys.argv[1]).absolute())  # freqtrade runs in a folder of its own
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 120
    with tempfile.TemporaryDirectory() as folder, sandbox_of_its_own() as sandbox:
        user = Freqtrade(python, Path(os.environ.get("FREQTRADE_FOLDER", folder)), sandbox.url)
        try:
            user.run("create-userdir", "--userdir", "user_data")
            if "trade" not in sys.argv:
                look(user)
            found = trade(user, sandbox, seconds)
        except Trouble as trouble:
            found = [str(trouble)]
    for line in found:
        print(line, file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
