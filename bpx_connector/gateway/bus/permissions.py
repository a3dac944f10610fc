"""Who may say and hear what, and the server's configuration that enforces it. Facts and their writing.

Roles: a `gateway` publishes everything; a `reader` has public data; an `account-reader` private events and
answers as well; a `trader` may ask for permits and have orders sent. Nobody but a gateway can publish a
frame, an event, a beat or a lease, and nobody can speak under another's name or read another's answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bpx_connector.gateway.bus.subjects import Subjects, checked_token, public_desks

__all__ = ["ROLES", "Permissions", "User", "inbox_of", "nats_config", "permissions_of"]

ROLES: Final = ("gateway", "reader", "account-reader", "trader")

LARGEST_MESSAGE: Final = 8 * 1024 * 1024
"""Bytes. A batch of orders and a book are far below it, an answer with every market is the largest."""


@dataclass(frozen=True)
class User:
    """One user of the bus: its token, its role, the account it belongs to, and the public half of its key."""

    name: str
    role: str
    account: str = "main"
    nkey: str | None = None
    durables: tuple[str, ...] = ()
    """Names under which it may read stored events on after a restart; by default its own with -fills and
    -orders."""

    def __post_init__(self) -> None:
        checked_token("the user", self.name)
        checked_token("the account", self.account)
        if self.role not in ROLES:
            raise ValueError(f"the role has to be one of {', '.join(ROLES)}, not {self.role!r}")


@dataclass(frozen=True)
class Permissions:
    """Subjects that a user may publish to, but for those denied, and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    deny_publish: tuple[str, ...] = ()


def permissions_of(user: User, subjects: Subjects, shards: int = 1) -> Permissions:
    """What a user of this role may do."""
    root, name, account = subjects.root, user.name, user.account
    inbox = f"{inbox_of(name)}.>"
    if user.role == "gateway":
        return Permissions((f"{root}.>", "$JS.API.>", "_INBOX.>"), (f"{root}.>", inbox))
    public = tuple(f"{root}.rest.{desk}.{name}.GET.api.v1.>" for desk in public_desks(shards))
    said: tuple[str, ...] = (f"{root}.want.*.{name}", *public)
    heard: tuple[str, ...] = (f"{root}.md.>", f"{root}.gw.*.beat", f"{root}.gw.*.control", inbox)
    if user.role != "reader":
        events = f"{root}.acct.{account}.>"
        said += _account_calls(root, account, name)
        for durable in user.durables or (f"{name}-fills", f"{name}-orders"):
            said += _own_durable(subjects.log(account), durable, events)
        heard += (events,)
    if user.role == "trader":
        orders = tuple(f"{root}.rest.{account}.{name}.{method}.api.v1.{path}" for method, path in TRADES)
        said += (f"{root}.permit.{account}.{name}", *orders)
    return Permissions(said, heard, (f"{root}.rest.*.*.POST.wapi.v1.capital.>",))


def inbox_of(user: str) -> str:
    """The prefix under which a user gets its answers; only that user may listen there."""
    return f"_INBOX.{user}"


def _account_calls(root: str, account: str, name: str) -> tuple[str, ...]:
    return tuple(f"{root}.rest.{account}.{name}.GET.{part}.v1.>" for part in ("api", "wapi"))


def _own_durable(log: str, name: str, events: str) -> tuple[str, ...]:
    """What it takes to read stored events under a name of one's own, and nothing that changes the store."""
    own = f"{log}.{name}"
    return (
        f"$JS.API.CONSUMER.CREATE.{own}.{events}",
        f"$JS.API.CONSUMER.INFO.{own}",
        f"$JS.API.CONSUMER.MSG.NEXT.{own}",
        f"$JS.ACK.{own}.>",
    )


TRADES: Final = (("POST", "order"), ("POST", "orders"), ("DELETE", "order"), ("DELETE", "orders"))


def nats_config(
    users: Sequence[User], subjects: Subjects, shards: int = 1, tls: tuple[str, str] | None = None
) -> str:
    """The configuration of a nats-server (2.10 or newer) that enforces the roles of these users.

    A user without an nkey gets a place to put one: there are no passwords to be copied about.
    """
    lines = [
        "# Users, roles and permissions for bpx_connector's gateway. Needs nats-server 2.10 or newer.",
        f"max_payload: {LARGEST_MESSAGE}",
        "jetstream {",
        '  store_dir: "/var/lib/nats"',
        "  sync_interval: always  # an event is on disk before it is acknowledged",
        "}",
    ]
    if tls is not None:
        lines += ["tls {", f'  cert_file: "{tls[0]}"', f'  key_file: "{tls[1]}"', "}"]
    lines += ["authorization {", "  users: ["]
    for user in users:
        lines += _user_lines(user, permissions_of(user, subjects, shards))
    return "\n".join([*lines, "  ]", "}", ""])


def _user_lines(user: User, allowed: Permissions) -> list[str]:
    deny = f", deny: {_list(allowed.deny_publish)}" if allowed.deny_publish else ""
    return [
        f"    # {user.name}: {user.role} of {user.account}",
        f"    {{ nkey: {user.nkey or f'NKEY_OF_{user.name}'}",
        "      permissions: {",
        f"        publish: {{ allow: {_list(allowed.publish)}{deny} }}",
        f"        subscribe: {{ allow: {_list(allowed.subscribe)} }}",
        "      }",
        "    }",
    ]


def _list(subjects: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{subject}"' for subject in subjects) + "]"
