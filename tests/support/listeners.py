"""Clients of the sandbox that know nothing of the connector: a socket and a signature."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMessage, WSMsgType
from nacl.signing import SigningKey

from bpx_connector.sandbox.server import Sandbox
from tests.support.keys import FIRST, KeyPair

__all__ = ["Listener", "listener", "signed_headers", "subscription_signature", "until"]

WINDOW = "5000"


def _signature(pair: KeyPair, text: str) -> str:
    return b64encode(SigningKey(b64decode(pair.secret)).sign(text.encode()).signature).decode()


def subscription_signature(sandbox: Sandbox, pair: KeyPair = FIRST) -> list[str]:
    """The four strings that a SUBSCRIBE frame of private streams carries."""
    timestamp = str(sandbox.clock.now() // 1000)
    signed = _signature(pair, f"instruction=subscribe&timestamp={timestamp}&window={WINDOW}")
    return [pair.api_key, signed, timestamp, WINDOW]


def signed_headers(
    sandbox: Sandbox, instruction: str, parameters: Mapping[str, Any], pair: KeyPair = FIRST
) -> dict[str, str]:
    """The headers of a signed request with these parameters."""
    timestamp = str(sandbox.clock.now() // 1000)
    pieces = [f"instruction={instruction}", *(f"{name}={parameters[name]}" for name in sorted(parameters))]
    text = "&".join([*pieces, f"timestamp={timestamp}", f"window={WINDOW}"])
    return {
        "X-API-Key": pair.api_key,
        "X-Signature": _signature(pair, text),
        "X-Timestamp": timestamp,
        "X-Window": WINDOW,
    }


async def until(condition: Callable[[], Any]) -> None:
    """Let others run until something has happened; it is an error if it never does."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("what was waited for has not happened")


class Listener:
    """One client's socket; `heard` answers with all that has come so far."""

    def __init__(self, sandbox: Sandbox, socket: ClientWebSocketResponse) -> None:
        self.sandbox = sandbox
        self.socket = socket

    async def subscribe(self, *names: str, pair: KeyPair | None = None) -> list[Any]:
        """Subscribe, signed if there is a pair; answers with what came at once."""
        frame: dict[str, Any] = {"method": "SUBSCRIBE", "params": list(names)}
        if pair is not None:
            frame["signature"] = subscription_signature(self.sandbox, pair)
        await self.socket.send_json(frame)
        return await self.heard()

    async def unsubscribe(self, *names: str) -> list[Any]:
        """Unsubscribe; answers with what came until then."""
        await self.socket.send_json({"method": "UNSUBSCRIBE", "params": list(names)})
        return await self.heard()

    async def heard(self) -> list[Any]:
        """All frames until the answer to nonsense, which the exchange sends after everything before it."""
        await self.socket.send_str("nonsense")
        frames: list[Any] = []
        while True:
            frame = json.loads(await self.socket.receive_str())
            if frame.get("error", {}).get("code") == 4002:
                return frames
            frames.append(frame)

    async def payloads(self) -> list[Any]:
        """The data of all frames that have come."""
        return [frame["data"] for frame in await self.heard()]

    async def last_words(self) -> WSMessage:
        """What ends the connection; frames before it are passed over."""
        while True:
            message = await self.socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.PING, WSMsgType.PONG):
                return message


@asynccontextmanager
async def listener(sandbox: Sandbox, **options: Any) -> AsyncIterator[Listener]:
    """A connected client."""
    async with (
        ClientSession() as session,
        session.ws_connect(sandbox.socket_url, **options) as socket,
    ):
        yield Listener(sandbox, socket)
