"""A file that one program at a time writes: whoever comes second is told so, and touches nothing.

The lock is the operating system's and belongs to the open file: it ends when that is closed, whatever becomes
of the program. Where a system or a file system knows no locks, nothing is locked.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

__all__ = ["TakenError", "alone", "replaced"]

HELD = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})
"""What a system answers when somebody else has the lock; by anything else it says that it has none."""
FAR = 0x7FFF_FFFE
"""The byte that is locked on Windows, where a locked byte cannot be read: behind all that is written."""


class TakenError(OSError):
    """Somebody else is writing the file."""


def alone(path: Path) -> IO[bytes]:
    """The file, opened to be added to, for as long as nobody else has it so; made if it is not there."""
    while True:
        file = path.open("ab")
        try:
            _lock(file.fileno())
        except OSError as error:
            if error.errno in HELD:
                file.close()
                raise TakenError(error.errno, "another program is writing it", str(path)) from error
        if _is_at(path, file):
            return file
        file.close()  # it was replaced or removed meanwhile: what is there now is another file


def replaced(file: IO[bytes], path: Path, parts: Iterable[bytes]) -> IO[bytes]:
    """The file with another content, which takes its place in one step; nobody else writes meanwhile."""
    whole = path.with_name(path.name + ".new")
    whole.unlink(missing_ok=True)
    written = alone(whole)
    written.writelines(parts)
    written.flush()
    if sys.platform == "win32":  # where no file is replaced that is open
        written.close()
        file.close()
        whole.replace(path)
        return alone(path)
    whole.replace(path)
    file.close()
    return written


def _is_at(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        import msvcrt

        os.lseek(descriptor, FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:

    def _lock(descriptor: int) -> None:
        try:
            import fcntl
        except ModuleNotFoundError:  # WebAssembly
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
