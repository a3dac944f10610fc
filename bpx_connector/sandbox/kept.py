"""State that survives a restart: the exchange and its traders in a file, as they were when last saved.

The file is SQLite's. What is in it is read back by names of this package and of the standard library's
containers only: a file that names anything else is refused, whoever made it. While a sandbox runs on it no
other may: of two that save by turns, one would lose all that it did.
"""

from __future__ import annotations

import io
import logging
import pickle
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from bpx_connector.sandbox.exchange.exchange import Exchange

log = logging.getLogger(__name__)

__all__ = ["Kept", "LostError", "StateError", "StateFile"]

FORMAT: Final = 2
OURS: Final = "bpx_connector.sandbox."
SIZE: Final = 0
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
    """A file that is no state of this sandbox, or cannot be written; the message says why."""


class LostError(StateError):
    """What a sandbox did could not be written when it ended."""


class StateFile:
    """The file of one sandbox's state."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._lock: sqlite3.Connection | None = None
        self._found: tuple[int, ...] | None = None
        self._is_failing = False

    def read(self, symbols: Iterable[str]) -> tuple[int, Kept] | None:
        """The time and what was kept; None where there is no such file yet."""
        self._found = self._stamp()
        if self._found is None or not self._found[SIZE]:
            return None
        return _read(self._path, symbols)

    def hold(self) -> None:
        """Keep other sandboxes away from now on; StateError if one has it, or it cannot be written."""
        beside = self._path.resolve()
        try:
            beside.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(beside.with_name(beside.name + ".lock"))
        except (OSError, sqlite3.Error) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise StateError(f"another sandbox runs on {self._path}: take another file") from error
            raise _unwritable(self._path, error) from error
        if self._stamp() != self._found:
            self.let_go()
            raise StateError(f"another sandbox has just written {self._path}: start again")

    def let_go(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def write(self, symbols: Iterable[str], now: int, kept: Kept) -> None:
        """Save what is kept, all of it or nothing."""
        try:
            _write(self._path, symbols, now, kept)
        except (OSError, sqlite3.Error) as error:
            raise _unwritable(self._path, error) from error

    def try_to_write(self, symbols: Iterable[str], now: int, kept: Kept) -> None:
        """The same for one that comes again: where it fails that is said once, and once when it is over."""
        try:
            self.write(symbols, now, kept)
        except Exception as error:
            if not self._is_failing:
                trace = None if isinstance(error, StateError) else error
                log.warning("the state is not kept: %s; it is tried again", error, exc_info=trace)
            self._is_failing = True
        else:
            if self._is_failing:
                log.warning("the state is kept again in %s", self._path)
            self._is_failing = False

    def _stamp(self) -> tuple[int, ...] | None:
        """What stays the same while nobody writes the file: its size first."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_size, found.st_ino, found.st_mtime_ns


def _locked(path: Path) -> sqlite3.Connection:
    """A lock that ends with this process at the latest. SQLite's own are there on every system.

    The file stays: whoever waits for it would lock one that is gone.
    """
    lock = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        lock.close()
        raise
    return lock


def _unwritable(path: Path, error: Exception) -> StateError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    if isinstance(error, FileExistsError):  # of mkdir
        reason = f"{path.parent} is no folder"
    return StateError(f"{path} cannot be written ({reason})")


def _write(path: Path, symbols: Iterable[str], now: int, kept: Kept) -> None:
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


def _read(path: Path, symbols: Iterable[str]) -> tuple[int, Kept]:
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
