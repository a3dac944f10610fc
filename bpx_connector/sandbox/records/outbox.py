"""What a command has changed, and who is told of it once the command is over.

Engine parts put events in as they happen and report which books and balances they have touched; nobody is
called in the middle of a trade. The exchange empties the outbox when its books are balanced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from bpx_connector.sandbox.records.events import Event

__all__ = ["Done", "Outbox", "Touched"]

Result = TypeVar("Result")


class Done(NamedTuple, Generic[Result]):
    """What a command did: its result, and everything that happened, in engine order."""

    result: Result
    events: list[Event]


class Touched:
    """Which books and which balances have changed and have not been told of yet, in order."""

    def __init__(self) -> None:
        self.books: dict[str, None] = {}
        self.balances: dict[tuple[int, str], None] = {}
        """Account and asset."""

    def take_books(self) -> list[str]:
        """The symbols of the books that changed since the last call."""
        taken, self.books = self.books, {}
        return list(taken)

    def take_balances(self) -> list[tuple[int, str]]:
        """The balances that changed since the last call."""
        taken, self.balances = self.balances, {}
        return list(taken)


class Outbox:
    """The events of the command that is under way, and those who hear them when it is over."""

    def __init__(self) -> None:
        self.listeners: Final[list[Callable[[Event], None]]] = []
        self.waiting: list[Event] = []
        """Append to it what has happened."""

    def publish(self) -> list[Event]:
        """Tell everybody what has happened since the last call, and answer it."""
        events, self.waiting = self.waiting, []
        for event in events:
            for listener in self.listeners:
                listener(event)
        return events
