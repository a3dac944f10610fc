"""The connection by aiohttp, byte by byte: what is handed on at once, what waits, and how it all ends."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMessage, WSMsgType

from bpx_connector.stream.aiohttp_link import PRIVATE_PARTS, AiohttpLink, inbox_of
from bpx_connector.stream.coalescing import Coalescing
from bpx_connector.stream.link import Ended, Ping

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
DEFLATED = 0x40
LARGEST = 2 * 1024 * 1024
SOON = 5.0


def frame(payload: bytes | str, opcode: int = TEXT) -> bytes:
    """One unmasked frame, as servers send them."""
    data = payload.encode() if isinstance(payload, str) else payload
    first = 0x80 | opcode
    if len(data) < 126:
        return struct.pack("!BB", first, len(data)) + data
    if len(data) < 65536:
        return struct.pack("!BBH", first, 126, len(data)) + data
    return struct.pack("!BBQ", first, 127, len(data)) + data


class RawVenue:
    """A server that says exactly these bytes: with its handshake, and afterwards."""

    def __init__(self, with_handshake: bytes = b"", extensions: str = "") -> None:
        self._with_handshake = with_handshake
        self._extensions = extensions
        self._is_connected = asyncio.Event()
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in request.split("\r\n") if "websocket-key" in line.lower())
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + (f"Sec-WebSocket-Extensions: {self._extensions}\r\n".encode() if self._extensions else b"")
            + b"Sec-WebSocket-Accept: "
            + base64.b64encode(accept)
            + b"\r\n\r\n"
            + self._with_handshake
        )
        self.reader, self.writer = reader, writer
        self._is_connected.set()

    async def say(self, *data: bytes) -> None:
        """Each in a write of its own, with time to arrive."""
        await self._is_connected.wait()
        for part in data:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0.01)

    async def heard(self) -> tuple[int, bytes]:
        """The next short frame of the client: its opcode and what is in it."""
        first, second = await asyncio.wait_for(self.reader.readexactly(2), SOON)
        mask = await self.reader.readexactly(4)
        masked = await self.reader.readexactly(second & 0x7F)
        return first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked))


class Taken:
    """What has been handed on: the batches, in which all were texts."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> None:
        assert all(isinstance(text, str) for text in texts)
        self.batches.append(list(texts))

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


@asynccontextmanager
async def connected(
    venue: RawVenue, compress: int = 0, coalescing: Coalescing | None = None
) -> AsyncIterator[AiohttpLink]:
    server = await asyncio.start_server(venue.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession() as session:
            websocket = await session.ws_connect(
                f"ws://127.0.0.1:{port}",
                autoping=False,
                autoclose=False,
                compress=compress,
                max_msg_size=LARGEST,
                timeout=aiohttp.ClientWSTimeout(ws_close=0.1),
            )
            link = AiohttpLink(websocket, coalescing)
            yield link
            await link.close()
    finally:
        venue.writer.close()
        server.close()
        await asyncio.sleep(0)


async def read(link: AiohttpLink, taken: Any) -> Any:
    return await asyncio.wait_for(link.read(taken), SOON)


async def test_frames_that_came_with_the_handshake_are_handed_on_first() -> None:
    venue, taken = RawVenue(frame("one") + frame("two")), Taken()
    async with connected(venue) as link:
        reading = asyncio.ensure_future(read(link, taken))
        await venue.say(frame("three"), frame(b"", CLOSE))
        assert (await reading) == Ended("CLOSE")
    assert taken.texts == ["one", "two", "three"]


async def test_a_close_frame_is_read_after_the_texts_that_came_before_it() -> None:
    venue, taken = RawVenue(), Taken()
    async with connected(venue) as link:
        await venue.say(frame("one") + frame("two") + frame(struct.pack("!H", 1001) + b"bye", CLOSE))
        message = await read(link, taken)
        assert message == Ended("CLOSE")
    assert taken.batches == [["one", "two"]]


async def test_a_connection_cut_in_the_middle_of_a_frame_has_ended() -> None:
    venue, taken = RawVenue(), Taken()
    async with connected(venue) as link:
        reading = asyncio.ensure_future(read(link, taken))
        await venue.say(frame("whole") + frame("cut in two")[:5])
        venue.writer.transport.abort()
        assert (await reading) == Ended("CLOSED")
    assert taken.texts == ["whole"]


async def test_a_connection_that_has_ended_before_it_is_read_gives_its_texts_and_its_end() -> None:
    venue, taken = RawVenue(), Taken()
    async with connected(venue) as link:
        await venue.say(frame("last words"))
        venue.writer.close()
        await asyncio.sleep(0.01)
        assert (await read(link, taken)) == Ended("CLOSED")
    assert taken.texts == ["last words"]


async def test_a_ping_is_read_in_its_turn_and_can_be_answered() -> None:
    venue, taken = RawVenue(), Taken()
    async with connected(venue) as link:
        await venue.say(frame("before") + frame(b"are you there", PING) + frame("behind"))
        message = await read(link, taken)
        assert message == Ping(b"are you there")
        assert taken.texts == ["before"]
        await link.pong(b"are you there")
        assert await venue.heard() == (PONG, b"are you there")
        await venue.say(frame(b"", CLOSE))
        assert (await read(link, taken)) == Ended("CLOSE")
    assert taken.texts == ["before", "behind"]


async def test_what_is_no_frame_at_all_is_an_error_behind_the_texts_before_it() -> None:
    venue, taken = RawVenue(), Taken()
    async with connected(venue) as link:
        reading = asyncio.ensure_future(read(link, taken))
        await venue.say(frame("sound") + b"\xff\x00 nonsense")
        assert (await reading) == Ended("ERROR")
    assert taken.texts == ["sound"]


async def test_deflated_frames_are_handed_on_inflated() -> None:
    venue, taken = RawVenue(extensions="permessage-deflate"), Taken()
    deflate = zlib.compressobj(wbits=-15)

    def deflated(text: str) -> bytes:
        data = deflate.compress(text.encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)
        return frame(data[:-4], TEXT | DEFLATED)

    async with connected(venue, compress=15) as link:
        await venue.say(deflated("again " * 100), deflated("and " * 100) + frame("plain"), frame(b"", CLOSE))
        assert (await read(link, taken)) == Ended("CLOSE")
    assert taken.texts == ["again " * 100, "and " * 100, "plain"]


async def test_a_huge_frame_comes_whole_out_of_many_reads() -> None:
    venue, taken = RawVenue(), Taken()
    huge = "0123456789abcdef" * 100_000
    async with connected(venue) as link:
        reading = asyncio.ensure_future(read(link, taken))
        await venue.say(frame("small") + frame(huge) + frame("after"), frame(b"", CLOSE))
        assert (await reading) == Ended("CLOSE")
    assert taken.texts == ["small", huge, "after"]


async def test_a_frame_above_the_limit_is_an_error() -> None:
    venue, taken = RawVenue(), Taken()
    async with connected(venue) as link:
        reading = asyncio.ensure_future(read(link, taken))
        await venue.say(frame("small") + frame(b"x" * (LARGEST + 1))[:1000])
        assert (await reading) == Ended("ERROR")
    assert taken.texts == ["small"]


async def test_more_than_aiohttp_wants_to_hold_is_all_handed_on_in_order() -> None:
    venue, taken = RawVenue(), Taken()
    said = [f"{number} {'x' * 200}" for number in range(5000)]
    async with connected(venue) as link:
        saying = asyncio.ensure_future(venue.say(b"".join(map(frame, said)), frame(b"", CLOSE)))
        await asyncio.sleep(0.05)  # nobody reads: the connection is held up
        assert (await read(link, taken)) == Ended("CLOSE")
        await saying
    assert taken.texts == said
    assert len(taken.batches) < len(said)


async def test_nothing_is_handed_on_to_a_reader_that_has_been_cancelled() -> None:
    venue, gone, taken = RawVenue(), Taken(), Taken()
    async with connected(venue) as link:
        reading = asyncio.ensure_future(link.read(gone))
        await venue.say(frame("one"))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await venue.say(frame("two"), frame(b"", CLOSE))
        assert (await read(link, taken)) == Ended("CLOSE")
    assert (gone.texts, taken.texts) == (["one"], ["two"])


async def test_a_failure_to_take_is_raised_to_the_reader() -> None:
    venue = RawVenue()

    def fail(texts: Sequence[str]) -> None:
        raise ZeroDivisionError(texts[0])

    async with connected(venue) as link:
        await venue.say(frame("one"))
        with pytest.raises(ZeroDivisionError, match="one"):
            await read(link, fail)


class Always(Coalescing):
    """Has each read wait, and notes what it has brought."""

    def __init__(self) -> None:
        super().__init__()
        self.brought: list[int] = []

    def pause_after(self, frames: int, now: float) -> float:
        self.brought.append(frames)
        return 0.02


async def test_where_reads_wait_nothing_is_lost_and_each_brings_more() -> None:
    venue, taken, always = RawVenue(), Taken(), Always()
    async with connected(venue, coalescing=always) as link:
        reading = asyncio.ensure_future(read(link, taken))
        await venue.say(frame("0"))
        for number in range(1, 30):
            venue.writer.write(frame(str(number)))
            await asyncio.sleep(0)
        await venue.say(frame(b"", CLOSE))
        assert await reading == Ended("CLOSE")
    assert taken.texts == [str(number) for number in range(30)]
    assert len(taken.batches) < 30


async def test_a_connection_that_ends_while_the_next_read_waits_is_left_alone() -> None:
    venue, taken = RawVenue(), Taken()
    async with connected(venue, coalescing=Always()) as link:
        reading = asyncio.ensure_future(read(link, taken))
        await venue.say(frame("0"))
        link.websocket._conn.close()  # type: ignore[union-attr]
        await asyncio.sleep(0.03)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert taken.texts == ["0"]


class UnknownWebSocket:
    """A connection of an aiohttp that is built in another way: it can only be received from."""

    def __init__(self, *messages: WSMessage) -> None:
        self._messages = list(messages)

    async def receive(self) -> WSMessage:
        return self._messages.pop(0)


async def test_a_connection_built_in_another_way_is_read_frame_by_frame() -> None:
    one, two = (WSMessage(WSMsgType.TEXT, text, None) for text in ("one", "two"))
    websocket: Any = UnknownWebSocket(one, two, WSMessage(WSMsgType.PING, b"", None))
    taken = Taken()
    assert await read(AiohttpLink(websocket), taken) == Ping(b"")
    assert taken.batches == [["one"], ["two"]]


async def test_the_installed_aiohttp_has_the_private_parts_that_we_reach_into() -> None:
    venue = RawVenue()
    async with connected(venue) as link:
        websocket: Any = link.websocket
        protocol = websocket._conn.protocol
        found = {"websocket": websocket, "protocol": protocol, "queue": websocket._reader}
        for part, names in PRIVATE_PARTS.items():
            assert [name for name in names if not hasattr(found[part], name)] == [], part
        assert inbox_of(websocket, Coalescing()) is not None
        await venue.say(frame(b"", CLOSE))
        assert await read(link, Taken()) == Ended("CLOSE")
