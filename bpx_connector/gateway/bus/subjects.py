"""The names under which everything is said on the bus. Facts and their writing; nothing else builds a
subject.

    bpx.NET.md.<stream>                       the venue's public text frames, as they are
    bpx.NET.acct.ACCOUNT.<kind>.<symbol>      private ones, stored as well
    bpx.NET.gw.DESK.beat|control|lease        the gateway of a desk: alive, what it has missed, who leads
    bpx.NET.want.DESK.USER                    which streams a reader needs
    bpx.NET.rest.DESK.USER.METHOD.<path>      a request without a signature
    bpx.NET.permit.ACCOUNT.USER               leave to send a request oneself

NET is `live` or the name of a rehearsal, so that the two can never mix. A DESK is a part of public data
(`md`, or `md0of2` where the markets are shared out) or an account. USER is a token that the server lets
only that user speak under.
"""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

from bpx_connector.venue.streams import is_private

__all__ = ["Subjects", "checked_token", "desk_of_market", "is_sayable", "market_of", "public_desks"]

ROOT: Final = "bpx"
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
STREAM: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")


def checked_token(what: str, name: object) -> str:
    """The name, if it is one token of a subject; ValueError for anything else, which could mean another
    subject."""
    if isinstance(name, str) and TOKEN.match(name):
        return name
    raise ValueError(f"{what} has to be 1 to 64 letters, digits, '_' or '-', not {name!r}")


def is_sayable(stream: str) -> bool:
    """Whether a stream's name can be a part of a subject: without blanks, wildcards or empty tokens."""
    return bool(STREAM.match(stream)) and all(stream.split("."))


def public_desks(shards: int) -> tuple[str, ...]:
    """The desks of public data where the markets are shared out among so many."""
    return ("md",) if shards == 1 else tuple(f"md{shard}of{shards}" for shard in range(shards))


def desk_of_market(market: str | None, shards: int) -> str:
    """The desk that has a market; what is about no market is at the first one."""
    desks = public_desks(shards)
    return desks[0 if market is None else crc32(market.encode()) % shards]


def market_of(stream: str) -> str | None:
    """The market in a stream's name; None if it is about all of them."""
    kind, _, rest = stream.partition(".")
    if kind in ("depth", "kline"):
        first, _, second = rest.partition(".")
        if kind == "kline" or first in ("200ms", "600ms", "1000ms"):
            rest = second
    return rest or None


class Subjects:
    """The subjects of one net."""

    def __init__(self, net: str) -> None:
        self.net = checked_token("the net", net)
        self.root = f"{ROOT}.{net}"
        self.public = f"{self.root}.md."

    def frame(self, stream: str) -> str:
        """Where a public stream's frames are published."""
        if is_private(stream) or not is_sayable(stream):
            raise ValueError(f"{stream!r} is not the name of a public stream")
        return self.public + stream

    def account(self, account: str, kind: str, symbol: str) -> str:
        """Where a private event is published; `kind` is the stream's, such as orderUpdate."""
        symbol = symbol if is_sayable(symbol) else "none"
        return f"{self.root}.acct.{checked_token('the account', account)}.{kind}.{symbol}"

    def accounts(self, account: str, kind: str = "*", symbol: str = ">") -> str:
        """The private events of an account that a reader listens to."""
        return f"{self.root}.acct.{checked_token('the account', account)}.{kind}.{symbol}"

    def log(self, account: str) -> str:
        """The name of the stream in which an account's events are stored: one each, so that none reads
        another's."""
        return f"{ROOT}_{self.net}_ACCOUNT_{checked_token('the account', account)}"

    def beat(self, desk: str) -> str:
        """A sign of life, four times a second."""
        return f"{self.root}.gw.{desk}.beat"

    def control(self, desk: str) -> str:
        """What the gateway has missed."""
        return f"{self.root}.gw.{desk}.control"

    def lease(self, desk: str) -> str:
        """The one message that says who leads."""
        return f"{self.root}.gw.{desk}.lease"

    def lease_log(self, desk: str) -> str:
        """The name of the stream that holds that message."""
        return f"{ROOT}_{self.net}_LEASE_{desk}"

    def led(self, desk: str) -> str:
        """The last sign of a leader that has let requests go."""
        return f"{self.root}.gw.{desk}.led"

    def led_log(self, desk: str) -> str:
        """The name of the stream that holds that message, on disk."""
        return f"{ROOT}_{self.net}_LED_{desk}"

    def owner(self, account: str) -> str:
        """Whose an order is that was sent through the gateway: one gateway tells the other."""
        return f"{self.root}.gw.{checked_token('the account', account)}.owner"

    def mark(self, account: str) -> str:
        """Until when every fill of an account is known to be stored."""
        return f"{self.root}.gw.{checked_token('the account', account)}.mark"

    def mark_log(self, account: str) -> str:
        """The name of the stream that holds that message."""
        return f"{ROOT}_{self.net}_MARK_{account}"

    def want(self, desk: str, user: str) -> str:
        """A reader's streams."""
        return f"{self.root}.want.{desk}.{user}"

    def request(self, desk: str, user: str, method: str, path: str) -> str:
        """A request; the path's slashes become dots."""
        return f"{self.root}.rest.{desk}.{user}.{method}.{path.strip('/').replace('/', '.')}"

    def read_request(self, subject: str) -> tuple[str, str, str]:
        """User, method and path of a request's subject."""
        user, method, path = subject.removeprefix(f"{self.root}.rest.").split(".", 3)[1:]
        return user, method, path.replace(".", "/")

    def permit(self, account: str, user: str) -> str:
        """Leave to send requests oneself."""
        return f"{self.root}.permit.{checked_token('the account', account)}.{user}"
