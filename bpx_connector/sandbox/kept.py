"""State that survives a restart: the exchange and its traders in a file, as they were when last saved.

The file is SQLite's. What is in it is read back by names of this package and of the standard library's
containers only: a file that names anything else is refused, whoever made it.
"""

from __future__ import annotations

import io
import pickle
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from bpx_connector.sandbox.exchange.exchange import Exchange

__all__ = ["Kept", "StateError", "read", "write"]

FORMAT: Final = 2
OURS: Final = "bpx_connector.sandbox."
CONTAINERS: Final = frozenset(
    [
        ("builtins", "set"),
        ("builtins", "frozenset"),
        ("collections", "Counter"),
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("collections", "deque"),
        ("decimal", "Decimal"),
        ("random", "Random"),
    ]
)

Kept = dict[str, Any]
"""What is kept, by name."""


class StateError(OSError):
    """A file that is no state of this sandbox; the message says why."""


def write(path: Path, symbols: Iterable[str], now: int, kept: Kept) -> None:
    """Save what is kept, all of it or nothing."""
    venue: Exchange = kept["venue"]
    listeners = list(venue.listeners)
    venue.listeners.clear()  # sockets; they are not kept
    try:
        value = pickle.dumps(kept, protocol=pickle.HIGHEST_PROTOCOL)
    finally:
        venue.listeners.extend(listeners)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value)")
        rows = {"format": FORMAT, "symbols": " ".join(symbols), "time": now, "kept": value}
        database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", rows.items())


def read(path: Path, symbols: Iterable[str]) -> tuple[int, Kept] | None:
    """The time and what was kept; None where there is no such file yet."""
    if not path.exists() or not path.stat().st_size:
        return None
    try:
        with closing(sqlite3.connect(path)) as database:
            rows = dict(database.execute("SELECT name, value FROM state"))
    except sqlite3.Error as error:
        raise StateError(f"{path} is no state of a sandbox ({error})") from error
    if rows.get("format") != FORMAT:
        raise StateError(f"{path} is of another version of the sandbox: begin with another file")
    if rows["symbols"] != " ".join(symbols):
        raise StateError(f"{path} is of other markets: {rows['symbols']}")
    kept: Kept = _Reader(io.BytesIO(rows["kept"])).load()
    return int(rows["time"]), kept


class _Reader(pickle.Unpickler):
    """Reads names of the sandbox and of containers, and no others."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _method
        if (module, name) in CONTAINERS:
            return super().find_class(module, name)
        if module.startswith(OURS) and "." not in name:
            found = super().find_class(module, name)
            # What a module of ours has merely imported is not ours.
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise StateError(f"the state names {module}.{name}, which no sandbox has written")


def _method(owner: Any, name: str) -> Any:
    """A method of something that was read: the duties of an exchange are such."""
    found = None if name.startswith("_") else getattr(owner, name, None)
    if not type(owner).__module__.startswith(OURS) or not callable(found):
        raise StateError(
            f"the state names {name!r} of a {type(owner).__name__}, which no sandbox has written"
        )
    return found
