"""The dead man's switch: a process of its own that cancels all orders when its starter falls silent.

`cancel_all_orders_after` (rest/trading/leaving.py) starts it and writes to it, one JSON object a line: first
the settings of the exchange and the timeout, then a timeout each time it is renewed, 0 to end it. It cancels
when a timeout has passed without a line, and at once when the pipe ends, which is when the other process has
ended in whatever way. Then it looks again, until no order can arrive any more that was under way.

What it cannot do: act when the machine, its network or the venue fails, or when both processes are killed.
Where the starter has forked, the pipe ends with the last of them; until then the timeout counts.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, Queue
from typing import Any, TextIO

from ccxt.base.errors import BaseError

__all__ = ["FIRED", "READY", "main", "sweep", "watch"]

READY = "ready"
"""What it says once it has proved, by a signed read, that it could act."""
FIRED = "fired"
"""What it says when it begins to cancel."""

Line = str | None
"""What was read: None is the end of the pipe."""

LONGEST_TRYING = 600.0
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts; the last one is repeated."""


def watch(next_line: Callable[[float], Line], clock: Callable[[], float], timeout: float) -> str | None:
    """Why to cancel, or None when the switch was disarmed. `next_line(seconds)` raises Empty if none came."""
    deadline = clock() + timeout
    while True:
        try:
            line = next_line(max(0.0, deadline - clock()))
        except Empty:
            if clock() >= deadline:
                return f"nothing was heard for {timeout:g} s"
            continue
        if line is None:
            return "the process that started it has ended"
        timeout = json.loads(line)["timeout"] / 1000
        if timeout <= 0:
            return None
        deadline = clock() + timeout


def sweep(
    exchange: Any,
    symbols: list[str] | None,
    clock: Callable[[], float],
    pause: Callable[[float], bool],
    say: Callable[[str], None],
) -> bool:
    """Cancel all orders until none has been open for as long as one may arrive; whether that was reached.

    An order that was sent before the end can reach the venue until its `recvWindow` has passed. `pause` waits
    and says whether its starter is back: then one look that finds nothing open is enough, for the orders that
    come after it are meant.
    """
    end, calm_since, attempt, is_back = clock() + LONGEST_TRYING, None, 0, False
    window = float(exchange.options.get("recvWindow") or 5000) / 1000
    while clock() < end:
        try:
            is_calm = _swept_once(exchange, symbols)
        except BaseError as error:
            say(f"could not cancel, trying again: {type(error).__name__}: {error}")
            is_calm = False
        calm_since = (calm_since if calm_since is not None else clock()) if is_calm else None
        if calm_since is not None and (is_back or clock() - calm_since >= window):
            return True
        is_back |= pause(PAUSES[min(attempt, len(PAUSES) - 1)] if calm_since is None else min(1.0, window))
        attempt += 1
    return False


def _swept_once(exchange: Any, symbols: list[str] | None) -> bool:
    """Cancel what is open; whether nothing was."""
    if symbols is None:
        if not exchange.fetch_open_orders():
            return True
        exchange.cancel_all_orders()
        return False
    open_in = [symbol for symbol in symbols if exchange.fetch_open_orders(symbol)]
    for symbol in open_in:
        exchange.cancel_all_orders(symbol)
    return not open_in


def _lines_of(stream: TextIO) -> Callable[[float], Line]:
    """Lines with a time limit: a thread reads, since a pipe cannot be asked for long everywhere."""
    lines: Queue[Line] = Queue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lambda seconds: lines.get(timeout=seconds)


def _pauses_of(next_line: Callable[[float], Line]) -> Callable[[float], bool]:
    """Pauses in which its starter may be heard again."""

    def pause(seconds: float) -> bool:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                if next_line(left) is not None:
                    return True
            except Empty:
                return False
        return False

    return pause


def _exchange_of(settings: Mapping[str, Any]) -> Any:
    from bpx_connector.blocking import bpx

    exchange = bpx(settings["config"])
    exchange.load_markets()
    exchange.fetch_open_orders()  # a switch that cannot sign or reach the venue is none
    return exchange


def _say(line: str) -> None:
    sys.stderr.write(f"bpx dead man's switch: {line}\n")
    sys.stderr.flush()


def main(stdin: TextIO, stdout: TextIO) -> int:
    """The life of the process."""
    next_line = _lines_of(stdin)
    first = next_line(60.0)
    if first is None:
        return 0
    settings = json.loads(first)
    try:
        exchange = _exchange_of(settings)
    except BaseError as error:
        _answer(stdout, f"{type(error).__name__}: {error}")
        return 1
    _answer(stdout, READY)
    reason = watch(next_line, time.monotonic, settings["timeout"] / 1000)
    if reason is None:
        return 0
    _answer(stdout, FIRED)
    _say(f"{reason}, cancelling all orders")
    is_done = sweep(exchange, settings["symbols"], time.monotonic, _pauses_of(next_line), _say)
    _say("no order is open" if is_done else "orders may still be open")
    return 0


def _answer(stdout: TextIO, line: str) -> None:
    """One line to its starter, who may be gone."""
    with suppress(OSError):
        stdout.write(f"{line}\n")
        stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
