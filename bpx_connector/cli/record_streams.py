"""`record-streams`: what the venue says on some streams, for some seconds, into a WebSocket cassette.

What a cassette needs to be played goes into it as well: the markets, the snapshots of books, and for streams
of the account what REST says of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from ccxt.base.errors import BaseError

from bpx_connector.cli.ending import closed
from bpx_connector.pro import bpx
from bpx_connector.tape import TapeError, read_tape
from bpx_connector.venue.streams import DEPTH_WINDOWS, is_private, stream_kind

__all__ = ["USAGE", "record_streams"]

USAGE = """\
python -m bpx_connector record-streams STREAM... --seconds SECONDS --out FILE [--replace] [--url ADDRESS]
                                       [--json]

Writes the frames of these streams, named as the venue names them, to a WebSocket cassette: depth.SOL_USDC,
trade.BTC_USDC_PERP, account.orderUpdate. Streams of the account need BPX_API_KEY and BPX_SECRET in the
environment; keys and signatures do not get into the file, balances and orders do. A file that is there is
refused; with --replace it is replaced as soon as the venue has answered. --url leads to another address, such
as that of the sandbox:

    python -m bpx_connector record-streams depth.SOL_USDC trade.SOL_USDC --seconds 30 --out sol.jsonl
"""
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
ACCOUNT_WATCHES = {
    "account.orderUpdate": "watch_orders",
    "account.positionUpdate": "watch_positions",
    "account.balanceUpdate": "watch_balance",
}
"""Streams whose cassette can be played only with what REST said of the account."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"bpx_connector record-streams: {message}\n\n{USAGE}")
        sys.exit(WRONG_USAGE)

    def format_help(self) -> str:
        return USAGE


def record_streams(command_line: Sequence[str]) -> None:
    """Record and say what was recorded; exits with 1 if a stream was refused or nothing could be reached."""
    wish = _wish(command_line)
    before = _mark(wish.out)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        code = asyncio.run(_recorded(wish))
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code and before is None:
        _forget_if_empty(wish.out)
    if code == INTERRUPTED:
        how = "was not begun" if _mark(wish.out) == before else "ends here"
        sys.stderr.write(f"bpx_connector record-streams: interrupted; {wish.out} {how}\n")
    sys.exit(code)


def _mark(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written."""
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None


def _forget_if_empty(path: Path) -> None:
    """Take a tape away that was begun, and on which the venue says nothing."""
    with suppress(TapeError):
        _, lines = read_tape(path)
        if path.is_file() and not any(line.is_of_the_venue for line in lines):
            path.unlink()


def _wish(command_line: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="bpx_connector record-streams")
    parser.add_argument("streams", nargs="+", metavar="STREAM")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--replace", action="store_true")
    parser.add_argument("--url")
    parser.add_argument("--json", action="store_true", dest="as_json")
    wish = parser.parse_args(list(command_line))
    if not 0 < wish.seconds < float("inf"):
        parser.error(f"--seconds has to be a positive number, not {wish.seconds:g}")
    if wish.out.is_dir():
        parser.error(f"--out {wish.out} is a directory: name a file in it")
    if wish.out.is_file() and wish.out.stat().st_size and not wish.replace:
        parser.error(f"{wish.out} is there already: name another file, or say --replace")
    keys = [os.environ.get("BPX_API_KEY"), os.environ.get("BPX_SECRET")]
    private = [stream for stream in wish.streams if is_private(stream)]
    if private and not all(keys):
        parser.error(f"{private[0]} is a stream of the account: set BPX_API_KEY and BPX_SECRET")
    wish.keys = dict(zip(("apiKey", "secret"), keys, strict=True)) if private else {}
    wish.streams = list(dict.fromkeys(wish.streams))
    return wish


async def _recorded(wish: argparse.Namespace) -> int:
    urls = {"urls": {"api": wish.url.rstrip("/")}} if wish.url else {}
    async with closed(bpx({**wish.keys, **urls})) as exchange:
        try:
            with exchange.record_streams(wish.out, f"recorded from {_address(wish)}"):
                await exchange.load_markets(True)
                return await _listened(exchange, wish)
        except TapeError as error:
            sys.stderr.write(f"bpx_connector record-streams: {error}\n")
            return WRONG_USAGE
        except (BaseError, OSError) as error:
            sys.stderr.write(f"bpx_connector record-streams: {type(error).__name__}: {error}\n")
            return FAILED


def _address(wish: argparse.Namespace) -> str:
    return wish.url or os.environ.get("BPX_SANDBOX") or "the venue"


async def _listened(exchange: Any, wish: argparse.Namespace) -> int:
    """Follow the streams for a while; what is said of them at the end."""
    for stream in wish.streams:
        await exchange.subscribe_stream(stream, _nothing)
    watches = [watch for stream in wish.streams if (watch := _watch_of(exchange, stream)) is not None]
    watching = [asyncio.ensure_future(_until_refused(watch)) for watch in watches]
    try:
        await asyncio.sleep(wish.seconds)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    counters = exchange.stream_counters()
    if (
        not any(socket["isOpen"] or socket["frames"] for socket in counters["sockets"])
        and counters["streams"]
    ):
        sys.stderr.write("bpx_connector record-streams: there was no connection to the streams\n")
        return FAILED
    return _told(wish, counters["streams"])


def _told(wish: argparse.Namespace, streams: dict[str, Any]) -> int:
    """Say how many frames each stream had; None is one that was refused."""
    frames = {stream: streams[stream]["frames"] if stream in streams else None for stream in wish.streams}
    if wish.as_json:
        sys.stdout.write(json.dumps({"streams": frames, "written": str(wish.out)}) + "\n")
    else:
        lines = [f"{stream}: {_words(count)}" for stream, count in frames.items()]
        sys.stdout.write("\n".join([*lines, f"written to {wish.out}"]) + "\n")
    return FAILED if None in frames.values() else 0


def _words(frames: int | None) -> str:
    if frames is None:
        return "refused"
    return f"{frames} frames" if frames else "nothing (it is quiet, or there is no such market)"


def _watch_of(exchange: Any, stream: str) -> Callable[[], Awaitable[Any]] | None:
    """The watch that makes the exchange ask REST for what belongs to a stream, if anything does."""
    name = ACCOUNT_WATCHES.get(stream)
    if name is not None:
        watch: Callable[[], Awaitable[Any]] = getattr(exchange, name)
        return watch
    if stream_kind(stream) != "depth":
        return None
    name_within = stream.removeprefix("depth.")
    window, _, rest = name_within.partition(".")
    is_merged = window in DEPTH_WINDOWS
    market_id, params = (rest, {"interval": window}) if is_merged else (name_within, {})
    if market_id not in exchange.markets_by_id:
        return None
    symbol = exchange.safe_symbol(market_id)
    return lambda: exchange.watch_order_book(symbol, None, params)


async def _until_refused(watch: Callable[[], Awaitable[Any]]) -> None:
    with suppress(BaseError):
        while True:
            await watch()


def _nothing(payload: Any) -> None:
    """The frames go to the cassette; nobody else needs them."""
