"""WebSocket cassettes of tests: recorded from a sandbox whose time a session drives, played without network.

A session says what happens while a cassette is recorded. With one seed and a driven clock it is the same
every time, down to the byte: lines of one instant are put into one order whichever of them arrived first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from ccxt.base.errors import UnsubscribeError

from bpx_connector.orders.client_ids import ClientIds
from bpx_connector.pro import bpx
from bpx_connector.sandbox.clock import DRIVEN_START
from bpx_connector.sandbox.crowd.listings import assets, listings
from bpx_connector.sandbox.server import Sandbox
from bpx_connector.stream.followers import CandleFollower
from bpx_connector.stream.link import Pong
from bpx_connector.stream.recording import Player
from tests.support.cassettes import CASSETTES, RECORDING
from tests.support.keys import FIRST, KeyPair
from tests.support.listeners import until
from tests.support.samples import captured_markets, offline_exchange
from tests.support.streaming import sandbox_with, soon

__all__ = ["STREAM_CASSETTES", "Playback", "Recording", "played", "record", "settled"]

STREAM_CASSETTES = CASSETTES.parent / "ws"
SYMBOLS = ("SOL_USDC", "SOL_USDC_PERP", "BTC_USDC")
SOURCE = (
    "the sandbox of this package, not the live venue: seed 1, a clock driven from 2026-01-01T00:00:00Z, "
    "test keys; by `make record`"
)
FIRST_CLIENT_ID = 4_000_000
BARRIER = b"everything before this has been read"
TURNS = 60

Session = Callable[["Recording"], Awaitable[None]]


class Recording:
    """A session on the way to a cassette: the exchange being recorded and the sandbox's time.

    `trader` is another exchange object of the same account: what it asks for is on no cassette.
    """

    def __init__(self, exchange: Any, trader: Any, sandbox: Sandbox) -> None:
        self.exchange = exchange
        self.trader = trader
        self.sandbox = sandbox
        self._watching: list[asyncio.Task[None]] = []

    async def watch(self, name: str, *args: Any) -> None:
        """Begin to watch something, and let everything that belongs to its beginning happen."""
        self._watching.append(asyncio.ensure_future(_without_end(getattr(self.exchange, name), *args)))
        await self.settle()

    async def advance(self, seconds: float, step: float = 0.1) -> None:
        """Let time pass, step by step; what was said before a step is recorded before it."""
        await self.settle()
        for _ in range(round(seconds / step)):
            self.sandbox.clock.advance(step)  # type: ignore[attr-defined]
            await self.settle()

    async def settle(self) -> None:
        """Wait until what the sandbox has said so far is recorded and nothing is being asked."""
        await settled(self.exchange, self.sandbox)

    async def end(self) -> None:
        """Watch no longer."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)


class Playback:
    """A cassette being played to the exchange."""

    def __init__(self, exchange: Any, player: Player) -> None:
        self.exchange = exchange
        self.player = player

    async def all(self, name: str, *args: Any, **kwargs: Any) -> list[Any]:
        """What a watch method gives, call after call, until the cassette has ended; copies of it."""
        results: list[Any] = []

        async def collect() -> None:
            watch = getattr(self.exchange, name)
            while True:
                results.append(deepcopy(await watch(*args, **kwargs)))

        collecting = asyncio.ensure_future(collect())
        try:
            await soon(self._ended(collecting))
        finally:
            collecting.cancel()
            await asyncio.gather(collecting, return_exceptions=True)
        return results

    async def ends(self, watch: str, *args: Any) -> None:
        """The twin of a watch method ends it: whoever waits is told, the stream is given up."""
        waiting = asyncio.ensure_future(_without_end(getattr(self.exchange, watch), *args))
        await _turns()
        assert not waiting.done(), waiting.exception()
        assert self.exchange.stream_counters()["streams"]
        assert await getattr(self.exchange, f"un_{watch}")(*args) is True
        with pytest.raises(UnsubscribeError):
            await soon(waiting)
        assert self.exchange.stream_counters()["streams"] == {}
        await _turns()
        assert self.exchange.stream_counters()["sockets"] == []

    @property
    def _is_being_played(self) -> bool:
        streams = self.exchange.stream_counters()["streams"]
        return any(self.player.frames.get(stream) for stream in streams)

    async def _ended(self, collecting: asyncio.Task[None]) -> None:
        while self._is_being_played or not _is_quiet(self.exchange):
            if collecting.done():
                collecting.result()
            await asyncio.sleep(0.001)
        await _turns()


async def settled(exchange: Any, sandbox: Sandbox) -> None:
    """Wait until every frame that the sandbox has sent is read, and no answer over REST is missing."""

    async def wait() -> None:
        await until(lambda: _is_quiet(exchange) and _wanted(exchange) <= _heard(sandbox))
        for link in getattr(exchange, "_links_recorded", ()):
            await link.barrier()
        await _turns()

    await soon(wait())


@asynccontextmanager
async def played(
    name: str,
    session: Session | None = None,
    *,
    source: str = SOURCE,
    symbols: Iterable[str] = SYMBOLS,
    keys: KeyPair = FIRST,
    **sandbox: Any,
) -> AsyncIterator[Playback]:
    """The cassette of that name, played; `make record` first records the session anew.

    Without a session it is one that was transcribed: see tests/support/transcribed.py.
    """
    path = STREAM_CASSETTES / f"{name}.jsonl"
    if RECORDING and session is not None:
        await record(path, session, symbols, source, keys, **sandbox)
    if not path.exists():
        shown = path.relative_to(STREAM_CASSETTES.parent.parent)
        pytest.fail(f"there is no cassette {shown}: run `make record` to record it", pytrace=False)
    exchange = _exchange(keys, _listed(symbols) if session is not None else _captured())
    exchange.milliseconds = lambda: DRIVEN_START // 1000
    try:
        with exchange.play_streams(path) as player:
            yield Playback(exchange, player)
            await exchange.close()
    finally:
        await exchange.close()


async def record(
    path: Path,
    session: Session,
    symbols: Iterable[str] = SYMBOLS,
    source: str = SOURCE,
    keys: KeyPair = FIRST,
    **options: Any,
) -> None:
    """Record a session, with all that is made up in it the same every time."""
    unfinished = path.with_suffix(".unfinished")
    async with sandbox_with(*symbols, **options) as sandbox:
        socket = {"public": sandbox.socket_url, "private": sandbox.socket_url}
        exchange, trader = (_exchange(keys, _listed(symbols)) for _ in range(2))
        for one in (exchange, trader):
            one.milliseconds = lambda: sandbox.clock.now() // 1000
            one.urls["api"] = {"public": sandbox.url, "private": sandbox.url, "ws": socket}
            one._client_ids = ClientIds(lambda: FIRST_CLIENT_ID)
        barriers = _Barriers(exchange.source)
        exchange._links_recorded = barriers.links
        recording = Recording(exchange, trader, sandbox)
        try:
            with (
                exchange.use_source(barriers),
                exchange.record_streams(unfinished, source, lambda: sandbox.clock.now() / 1_000_000),
            ):
                await session(recording)
                await recording.settle()
                await recording.end()
        finally:
            await exchange.close()
            await trader.close()
    _finish(unfinished, path)


def _finish(unfinished: Path, path: Path) -> None:
    path.write_text(_in_order(unfinished.read_text(encoding="utf-8")), encoding="utf-8")
    unfinished.unlink()


def _in_order(text: str) -> str:
    """Lines of one instant: what the client says, answers by their request, then the venue by its sockets."""
    first, *lines = text.splitlines()

    def rank(line: str) -> tuple[float, int, str]:
        said = json.loads(line)
        kind = 0 if "client" in said else 1 if "request" in said else 2
        return said["at"], kind, str(said.get("request", said.get("socket")))

    return "\n".join([first, *sorted(lines, key=rank)]) + "\n"


class _BarrierLink:
    """A connection that can wait until all that was sent to it has been read."""

    def __init__(self, link: Any) -> None:
        self._link = link
        self._passed = asyncio.Event()
        self._is_over = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)

    async def read(self, take: Any) -> Any:
        try:
            message = await self._link.read(take)
        except BaseException:
            self._end()
            raise
        if message == Pong(BARRIER):
            self._passed.set()
        return message

    async def barrier(self) -> None:
        if not self._is_over:
            self._passed.clear()
            await self._link.ping(BARRIER)
            await self._passed.wait()

    async def close(self) -> None:
        self._end()
        await self._link.close()

    def _end(self) -> None:
        self._is_over = True
        self._passed.set()


class _Barriers:
    """A source whose connections can be waited for."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.links: list[_BarrierLink] = []

    async def connect(self) -> Any:
        self.links.append(_BarrierLink(await self._source.connect()))
        return self.links[-1]

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        return await self._source.fetch(url, method, headers, body)


def _exchange(keys: KeyPair, listed: Any) -> Any:
    exchange: Any = bpx({"enableRateLimit": False, **keys.credentials})
    exchange.timeout_on_exit = 0
    exchange.set_markets(deepcopy(list(listed.markets.values())), deepcopy(listed.currencies))
    return exchange


def _listed(symbols: Iterable[str]) -> Any:
    """The sandbox's markets: known beforehand, or each cassette would carry them."""
    return offline_exchange(
        markets=[dict(listing.rules.row) for listing in listings(tuple(symbols))], assets=assets()
    )


def _captured() -> Any:
    """The captured markets, and the two of which only frames were captured."""
    rows = {row["symbol"]: row for row in captured_markets()}
    for symbol, like in (("ETH_USDC", "SOL_USDC"), ("AAPL.US_USDC_PERP", "AMZN.US_USDC_PERP")):
        base = symbol.partition("_")[0]
        rows.setdefault(symbol, {**deepcopy(rows[like]), "symbol": symbol, "baseSymbol": base})
    return offline_exchange(markets=list(rows.values()))


def _wanted(exchange: Any) -> set[str]:
    return set(exchange.stream_counters()["streams"])


def _heard(sandbox: Sandbox) -> set[str]:
    return {key.name for connection in sandbox.feed.connections for key in connection.keys}


def _is_quiet(exchange: Any) -> bool:
    """Whether every stream is on and nothing is being restored."""
    client = exchange._watching.client
    if client is None:
        return False
    followers = [client.follower(stream) for stream in exchange.stream_counters()["streams"]]
    return bool(followers) and all(
        follower.fetch is None
        or isinstance(follower, CandleFollower)
        or (follower.refetches and not follower.needs_restoring)
        for follower in followers
    )


async def _without_end(watch: Any, *args: Any) -> None:
    """Watch again and again."""
    while True:
        await watch(*args)


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
