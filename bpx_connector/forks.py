"""What two processes must not share is made anew in the one that was forked from the other.

`multiprocessing` forks on Linux, and a function that it runs finds every object of the program as it stood:
with the sockets of its parent, over which answers would come to whoever reads first, and with the same next
number for an order.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet

__all__ = ["Forked", "tell_when_forked"]


class Forked(Protocol):
    """Something that must not be the same in two processes."""

    def begin_anew(self) -> None:
        """Called in the new process, before anything else happens in it."""


_alive: WeakSet[Forked] = WeakSet()


def tell_when_forked(one: Forked) -> None:
    """Have `begin_anew` called whenever this process has been forked, for as long as the object lives."""
    _alive.add(one)


def _tell() -> None:
    for one in list(_alive):
        one.begin_anew()


if hasattr(os, "register_at_fork"):  # where there are forks
    os.register_at_fork(after_in_child=_tell)
