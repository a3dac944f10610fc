"""`python -m bpx_connector.gateway`, which is `bpx gateway`: a gateway until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web

from bpx_connector.gateway.bus.connection import Access
from bpx_connector.gateway.command_line import (
    WrongWordsError,
    access_of,
    arguments,
    printed_config,
    settings_of,
)
from bpx_connector.gateway.publisher.metrics import serve_metrics
from bpx_connector.gateway.publisher.service import Gateway
from bpx_connector.gateway.publisher.settings import Settings
from bpx_connector.gateway.publisher.venue import Venue

__all__ = ["main"]

PROGRAM: Final = "python -m bpx_connector.gateway"
FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130
ENDED_WITHIN: Final = 0.5
PR_SET_PDEATHSIG: Final = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""
NAMES: Final = {"apiKey": "BPX_API_KEY", "secret": "BPX_SECRET"}
log = logging.getLogger("bpx_connector.gateway")


class CannotStartError(RuntimeError):
    """Something that the gateway needs is not to be had; the message is one sentence."""


async def started_server(port: int) -> asyncio.subprocess.Process:
    """A nats-server of our own, on loopback, with a store in a folder that stays."""
    program = shutil.which("nats-server") or shutil.which(
        "nats-server", path=str(Path(sys.executable).parent)
    )
    if program is None:
        raise CannotStartError(
            "nats-server is not on PATH: install it from upstream, or name a server with --nats"
        )
    folder = Path(tempfile.gettempdir()) / f"bpx-gateway-{os.getuid()}-{port}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.glob("*.ports"):
        old.unlink()
    config = folder / "nats.conf"
    config.write_text(f'max_payload: 8388608\njetstream {{ store_dir: "{folder}", sync_interval: always }}\n')
    words = ["-c", str(config), "-a", "127.0.0.1", "-p", str(port), "--ports_file_dir", str(folder)]
    process = await asyncio.create_subprocess_exec(
        program, *words, stderr=asyncio.subprocess.DEVNULL, preexec_fn=ending_with_us()
    )
    for _ in range(200):
        if any(folder.glob("*.ports")):
            return process
        if process.returncode is not None:
            break
        await asyncio.sleep(0.05)
    raise CannotStartError(
        f"nats-server did not start: is port {port} taken, perhaps by one that an earlier gateway has left "
        "running? Then name it with --nats instead"
    )


def ending_with_us() -> Callable[[], object] | None:
    """What a child does first so that it ends when we do, also when we are killed; only Linux has it."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # loaded here: little is safe between fork and exec
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Reports:
    """What goes wrong, a line for each: the same one again and again is one line."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, message: str, error: BaseException | None) -> None:
        line = message if error is None else f"{message}: {error!r}"
        if line != self._last:
            log.warning("%s", line)
        self._last = line


async def _metrics(gateway: Gateway, options: argparse.Namespace) -> web.AppRunner | None:
    if options.metrics is None:
        return None
    host, port = options.metrics
    try:
        return await serve_metrics(gateway, host, port)
    except OSError as error:
        raise CannotStartError(f"--metrics {host}:{port} cannot be listened on: {error.strerror}") from error


async def serve(
    options: argparse.Namespace, access: Access, settings: Settings, keys: Mapping[str, str]
) -> None:
    """Serve until a signal comes."""
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    server = await started_server(options.server_port) if options.with_server else None
    gateway = Gateway(access, Venue(keys, options.url, options.socket_url), settings, report=Reports())
    runner = None
    try:
        runner = await _metrics(gateway, options)
        task = asyncio.create_task(gateway.run())
        print(
            f"gateway {settings.name} serves {', '.join(settings.desks)} at {access.servers[0]}", flush=True
        )
        ends = {task, asyncio.create_task(interrupted.wait())}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        while not task.done():  # the client of the bus may take a cancellation for a timeout
            task.cancel()
            await asyncio.wait([task], timeout=ENDED_WITHIN)
        outcomes = await asyncio.gather(task, return_exceptions=True)
        if isinstance(outcomes[0], Exception):
            raise outcomes[0]
    finally:
        if runner is not None:
            await runner.cleanup()
        if server is not None:
            server.terminate()
            await server.wait()


def keys_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The account's pair of keys; nothing if there is none."""
    found = {ccxts: environment[ours] for ccxts, ours in NAMES.items() if environment.get(ours)}
    if len(found) == 1:
        missing = next(ours for ccxts, ours in NAMES.items() if ccxts not in found)
        raise WrongWordsError(f"{missing} is not set, and one of the pair alone signs nothing")
    return found


def main(
    words: Sequence[str] | None = None, program: str = PROGRAM, keys: Mapping[str, str] | None = None
) -> None:
    """Run the command; without `keys` those of the environment."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    try:
        options = arguments(sys.argv[1:] if words is None else words, program)
        if options.print_nats_config:
            sys.stdout.write(printed_config(options))
            return
        settings, access = settings_of(options), access_of(options)
        asyncio.run(serve(options, access, settings, keys_of(os.environ) if keys is None else keys))
    except WrongWordsError as error:
        sys.stderr.write(f"{program}: {error}\n")
        sys.exit(WRONG_USAGE)
    except CannotStartError as error:
        sys.stderr.write(f"{program}: {error}\n")
        sys.exit(FAILED)
    except KeyboardInterrupt:  # before the handler was there
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
