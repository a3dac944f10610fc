"""`python -m bpx_connector.gateway`: a gateway until it is interrupted. Run it twice for failover.

The account's keys are read from BPX_API_KEY and BPX_SECRET; without them only public data is served. Keys and
signatures never leave this process but to the venue.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bpx_connector.gateway.bus.connection import Access
from bpx_connector.gateway.bus.permissions import ROLES, User, nats_config
from bpx_connector.gateway.bus.subjects import Subjects
from bpx_connector.gateway.publisher.metrics import serve_metrics
from bpx_connector.gateway.publisher.service import Gateway, Settings
from bpx_connector.gateway.publisher.venue import Venue
from bpx_connector.gateway.rules.limits import limits_of

LIVE = "live"
log = logging.getLogger("bpx_connector.gateway")


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bpx_connector.gateway", description=__doc__)
    add = parser.add_argument
    add("--nats", action="append", metavar="URL", help="nats://127.0.0.1:4222 or tls://host:4222; repeatable")
    add("--with-server", action="store_true", help="start a nats-server found on PATH, on this machine only")
    add("--server-port", type=int, default=4222, help="where that server listens")
    add("--user", default=None, help="our name on the bus (default: gw- and the gateway's name)")
    add("--seed", metavar="FILE", help="the file with the nkey seed of that user")
    add("--ca", metavar="FILE", help="the authority that signed the server's certificate")
    add("--insecure", action="store_true", help="speak to another machine without TLS")
    add("--net", default=LIVE, help="live, or the name of a rehearsal; the two never mix")
    add("--name", default="a", help="the gateway's name, another one for each")
    add("--account", default="main", help="the account's name on the bus")
    add("--public-only", action="store_true", help="serve no account")
    add("--shard", default="0/1", metavar="K/N", help="the K-th of N parts of the markets, from 0")
    add("--account-only", action="store_true", help="serve no markets, only the account")
    add("--stream", action="append", default=[], metavar="NAME", help="follow it always, as depth.SOL_USDC")
    add(
        "--gather",
        type=float,
        default=1.0,
        metavar="MS",
        help="milliseconds for which frames are gathered and then said together, which spares readers and "
        "server half of their CPU; 0 says each at once (default: %(default)s)",
    )
    add("--limits", metavar="FILE", help="JSON: what users without keys may send, by user")
    add("--metrics", metavar="HOST:PORT", help="answer GET /metrics there")
    add("--url", help="another venue than the live one: the sandbox's address")
    add("--socket-url", help="its streams, if they are elsewhere")
    add("--print-nats-config", action="store_true", help="write a server's configuration and end")
    add(
        "--bus-user",
        action="append",
        default=[],
        metavar="NAME:ROLE[:NKEY]",
        help=f"roles: {', '.join(ROLES)}",
    )
    add("--tls", nargs=2, metavar=("CERT", "KEY"), help="for the printed configuration")
    return parser.parse_args(words)


def settings_of(options: argparse.Namespace) -> Settings:
    """What the gateway is for."""
    elsewhere = options.url or os.environ.get("BPX_SANDBOX")
    if elsewhere and options.net == LIVE:
        raise SystemExit(f"{elsewhere} is another venue than the live one: give it a --net of its own")
    shard, _, shards = options.shard.partition("/")
    rows = json.loads(Path(options.limits).read_text(encoding="utf-8")) if options.limits else {}
    return Settings(
        net=options.net,
        name=options.name,
        account=None if options.public_only else options.account,
        shard=0 if options.account_only else int(shard),
        shards=0 if options.account_only else int(shards or 1),
        streams=tuple(options.stream),
        users=limits_of(rows),
        gather=options.gather / 1000,
    )


def users_of(options: argparse.Namespace) -> list[User]:
    """The users of the configuration to be printed; by default one of each role."""
    rows = options.bus_user or ["gw-a:gateway", "gw-b:gateway", "r1:reader", "a1:account-reader", "t1:trader"]
    users = []
    for row in rows:
        name, _, rest = row.partition(":")
        role, _, nkey = rest.partition(":")
        users.append(User(name, role, options.account, nkey or None))
    return users


def printed_config(options: argparse.Namespace) -> str:
    """The configuration of a nats-server for these users."""
    shards = int(options.shard.partition("/")[2] or 1)
    return nats_config(
        users_of(options), Subjects(options.net), shards, tuple(options.tls) if options.tls else None
    )


async def started_server(port: int) -> tuple[asyncio.subprocess.Process, str]:
    """A nats-server of our own, on loopback, with a store in a folder that stays."""
    program = shutil.which("nats-server") or shutil.which(
        "nats-server", path=str(Path(sys.executable).parent)
    )
    if program is None:
        raise SystemExit("nats-server is not on PATH: install it from upstream, or name a server with --nats")
    folder = Path(tempfile.gettempdir()) / f"bpx-gateway-{os.getuid()}-{port}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.glob("*.ports"):
        old.unlink()
    config = folder / "nats.conf"
    config.write_text(f'max_payload: 8388608\njetstream {{ store_dir: "{folder}", sync_interval: always }}\n')
    words = ["-c", str(config), "-a", "127.0.0.1", "-p", str(port), "--ports_file_dir", str(folder)]
    process = await asyncio.create_subprocess_exec(program, *words, stderr=asyncio.subprocess.DEVNULL)
    for _ in range(200):
        if any(folder.glob("*.ports")):
            return process, f"nats://127.0.0.1:{port}"
        if process.returncode is not None:
            break
        await asyncio.sleep(0.05)
    raise SystemExit(f"nats-server did not start: is port {port} taken? Then name it with --nats instead")


def _report(message: str, error: BaseException | None) -> None:
    log.warning("%s%s", message, "" if error is None else f": {error!r}")


async def serve(options: argparse.Namespace) -> None:
    """Serve until a signal comes."""
    server, servers = None, tuple(options.nats or ())
    if options.with_server:
        server, url = await started_server(options.server_port)
        servers = (url,)
    access = Access(
        servers or ("nats://127.0.0.1:4222",),
        options.user or f"gw-{options.name}",
        options.seed,
        options.ca,
        options.insecure,
    )
    keys = {"apiKey": os.environ.get("BPX_API_KEY", ""), "secret": os.environ.get("BPX_SECRET", "")}
    venue = Venue(keys if all(keys.values()) else {}, options.url, options.socket_url)
    gateway = Gateway(access, venue, settings_of(options), report=_report)
    runner = None
    if options.metrics:
        host, _, port = options.metrics.rpartition(":")
        runner = await serve_metrics(gateway, host or "127.0.0.1", int(port))
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    task = asyncio.create_task(gateway.run())
    print(
        f"gateway {options.name} serves {', '.join(gateway.settings.desks)} at {access.servers[0]}",
        flush=True,
    )
    await asyncio.wait([task, asyncio.create_task(interrupted.wait())], return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    outcomes = await asyncio.gather(task, return_exceptions=True)
    if runner is not None:
        await runner.cleanup()
    if server is not None:
        server.terminate()
        await server.wait()
    if isinstance(outcomes[0], Exception):
        raise outcomes[0]


def main(words: Sequence[str] | None = None) -> None:
    """Run the command."""
    options = arguments(words)
    if options.print_nats_config:
        sys.stdout.write(printed_config(options))
        return
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
