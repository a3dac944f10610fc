"""What the words after `bpx gateway` mean, and one sentence for each that means nothing.

Nothing is started or asked here: all that can be known to be wrong is refused before.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn
from urllib.parse import urlsplit

from bpx_connector.gateway.bus.connection import Access
from bpx_connector.gateway.bus.permissions import ROLES, User, nats_config
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.settings import Settings
from bpx_connector.gateway.rules.limits import UserLimits, limits_of

__all__ = ["ABOUT", "WrongWordsError", "access_of", "arguments", "printed_config", "settings_of"]

ABOUT: Final = """\
A gateway until it is interrupted: one feed, one request budget and one view of an account for any number of
programs, over NATS. Run it twice, with another --name, for failover.

The account's keys are read from BPX_API_KEY and BPX_SECRET; without them only public data is served. Keys and
signatures never leave this process but to the venue."""

LIVE: Final = "live"
REHEARSAL: Final = "sandbox"
"""The net of a gateway that is led to a sandbox, if no other is named."""

USUAL_SERVER: Final = "nats://127.0.0.1:4222"
SANDBOX: Final = "http://127.0.0.1:8787"
"""Where the sandbox listens unless it is told otherwise."""

PORTS: Final = 65_535


class WrongWordsError(ValueError):
    """The command line asks for what cannot be; the message is one sentence."""


class _Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong, and which option was meant."""

    def error(self, message: str) -> NoReturn:
        for word in message.removeprefix("unrecognized arguments: ").split():
            if message.startswith("unrecognized"):
                options = [option for option in self._option_string_actions if option.startswith("--")]
                message = f"there is no option {word}{_nearest(word.partition('=')[0], options)}"
                break
        raise WrongWordsError(f"{message} ({self.prog} --help lists all options)")


def _nearest(word: str, known: Sequence[str]) -> str:
    found = get_close_matches(word, known, n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")) or not urlsplit(text).hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as http://127.0.0.1:8787")
    return text.rstrip("/")


def _socket_address(text: str) -> str:
    if not text.startswith(("ws://", "wss://")) or not urlsplit(text).hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as ws://127.0.0.1:8787")
    return text.rstrip("/")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= PORTS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: from 1 to {PORTS}")


def _milliseconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if 0 <= found <= LONGEST_GATHER:
        return found
    raise argparse.ArgumentTypeError(f"{text!r} is no number of milliseconds from 0 to {LONGEST_GATHER}")


def _shard(text: str) -> tuple[int, int]:
    first, _, second = text.partition("/")
    if first.isdigit() and second.isdigit() and int(first) < int(second):
        return int(first), int(second)
    raise argparse.ArgumentTypeError(f"{text!r} is no part of the markets: K/N, such as 0/2 and 1/2")


def _listening(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host or "127.0.0.1", _port(port)


LONGEST_GATHER: Final = 1_000
OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "--nats": {
        "action": "append",
        "metavar": "URL",
        "help": f"{USUAL_SERVER} (the default) or tls://host:4222; may be given several times",
    },
    "--with-server": {
        "action": "store_true",
        "help": "start a nats-server found on PATH, which listens on this machine only",
    },
    "--server-port": {"type": _port, "default": 4222, "help": "where that server listens"},
    "--user": {"help": "our name on the bus (default: gw- and the gateway's name)"},
    "--seed": {"metavar": "FILE", "help": "the file with the nkey seed of that user"},
    "--ca": {"metavar": "FILE", "help": "the authority that signed the server's certificate"},
    "--insecure": {"action": "store_true", "help": "speak to another machine without TLS"},
    "--net": {
        "help": f"the name of a rehearsal, which never mixes with the venue (default: {LIVE}, and "
        f"{REHEARSAL} where --sandbox or --url leads elsewhere)",
    },
    "--name": {"default": "a", "help": "the gateway's name, another one for each (default: %(default)s)"},
    "--account": {"default": "main", "help": "the account's name on the bus (default: %(default)s)"},
    "--public-only": {"action": "store_true", "help": "serve no account"},
    "--account-only": {"action": "store_true", "help": "serve no markets, only the account"},
    "--shard": {
        "type": _shard,
        "default": (0, 1),
        "metavar": "K/N",
        "help": "the K-th of N parts of the markets, from 0",
    },
    "--stream": {
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": "follow it always, as depth.SOL_USDC; may be given several times",
    },
    "--gather": {
        "type": _milliseconds,
        "default": 1.0,
        "metavar": "MS",
        "help": "milliseconds for which frames are gathered and then said together, which spares readers and "
        "server half of their CPU; 0 says each at once (default: %(default)s)",
    },
    "--always": {
        "action": "store_true",
        "help": "say what is heard while the other gateway leads, too: books have no pause when it dies, and "
        "readers get every frame twice; for both gateways of a pair",
    },
    "--limits": {"metavar": "FILE", "help": "JSON: what users without keys may send, by user"},
    "--metrics": {"type": _listening, "metavar": "HOST:PORT", "help": "answer GET /metrics there"},
    "--sandbox": {
        "nargs": "?",
        "type": _address,
        "const": SANDBOX,
        "metavar": "URL",
        "help": f"serve the local exchange, at {SANDBOX} unless an address follows",
    },
    "--url": {"type": _address, "help": "another venue than the live one: the sandbox's address"},
    "--socket-url": {"type": _socket_address, "help": "its streams, if they are elsewhere"},
    "--print-nats-config": {"action": "store_true", "help": "write a server's configuration and end"},
    "--bus-user": {
        "action": "append",
        "default": [],
        "metavar": "NAME:ROLE[:NKEY]",
        "help": f"for the printed configuration; roles: {', '.join(ROLES)}",
    },
    "--tls": {"nargs": 2, "metavar": ("CERT", "KEY"), "help": "for the printed configuration"},
}
"""Everything that can be asked for on the command line."""


def arguments(words: Sequence[str], program: str) -> argparse.Namespace:
    """The command line; WrongWordsError if it asks for what cannot be."""
    parser = _Parser(
        prog=program,
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name, option in OPTIONS.items():
        parser.add_argument(name, **option)
    options = parser.parse_args(list(words))
    options.url = options.url or options.sandbox or _of_environment()
    return options


def _of_environment() -> str | None:
    """Where BPX_SANDBOX leads, and so `--sandbox`."""
    address = os.environ.get("BPX_SANDBOX")
    try:
        return _address(address) if address else None
    except argparse.ArgumentTypeError as error:
        raise WrongWordsError(f"--sandbox, or BPX_SANDBOX: {error}") from error


def settings_of(options: argparse.Namespace) -> Settings:
    """What the gateway is for."""
    net = options.net or (REHEARSAL if options.url else LIVE)
    if options.url and net == LIVE:
        raise WrongWordsError(f"{options.url} is another venue than the live one: give it a --net of its own")
    shard, shards = (0, 0) if options.account_only else options.shard
    try:
        return Settings(
            net=Subjects(net).net,
            name=options.name,
            account=None if options.public_only else options.account,
            shard=shard,
            shards=shards,
            streams=tuple(options.stream),
            users=_limits(options.limits),
            gather=options.gather / 1000,
            always=options.always,
        )
    except ValueError as error:
        raise WrongWordsError(str(error)) from error


def _limits(path: str | None) -> dict[str, UserLimits]:
    if path is None:
        return {}
    try:
        return limits_of(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise WrongWordsError(f"--limits names {path}, which cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise WrongWordsError(f"--limits names {path}: {error}") from error


def access_of(options: argparse.Namespace) -> Access:
    """Where the bus is and who the gateway is on it."""
    for name in ("seed", "ca"):
        path = getattr(options, name)
        if path is not None and not os.access(path, os.R_OK):
            raise WrongWordsError(f"--{name} names {path}, which cannot be read")
    own = f"nats://127.0.0.1:{options.server_port}"
    servers = (own,) if options.with_server else tuple(options.nats or (USUAL_SERVER,))
    if options.with_server and options.nats:
        raise WrongWordsError("--with-server starts a server of its own, --nats names another: leave one out")
    try:
        user = options.user or f"gw-{options.name}"
        return Access(servers, user, options.seed, options.ca, options.insecure)
    except ValueError as error:
        raise WrongWordsError(str(error)) from error


class _Names(NamedTuple):
    name: str
    role: str
    nkey: str | None


def _names(row: str) -> _Names:
    name, _, rest = row.partition(":")
    role, _, nkey = rest.partition(":")
    if role not in ROLES:
        raise WrongWordsError(
            f"--bus-user {row}: NAME:ROLE, and roles are {', '.join(ROLES)}{_nearest(role, ROLES)}"
        )
    return _Names(name, role, nkey or None)


def printed_config(options: argparse.Namespace) -> str:
    """The configuration of a nats-server for the users that are named, by default one of each role."""
    rows = options.bus_user or ["gw-a:gateway", "gw-b:gateway", "r1:reader", "a1:account-reader", "t1:trader"]
    try:
        users = [User(name, role, options.account, nkey) for name, role, nkey in map(_names, rows)]
        net = Subjects(options.net or (REHEARSAL if options.url else LIVE))
        return nats_config(users, net, options.shard[1], tuple(options.tls) if options.tls else None)
    except ValueError as error:
        raise WrongWordsError(str(error)) from error
