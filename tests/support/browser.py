"""A headless Chromium that is driven by its own protocol: no package, no download."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAITS = 20.0


class Browser:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            else:
                self.events.append(said)

    async def send(self, method: str, **params: Any) -> Any:
        """What the browser answers to a command."""
        self._numbers += 1
        answer = self._answers[self._numbers] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._numbers, "method": method, "params": params})
        said = await asyncio.wait_for(answer, WAITS)
        assert "error" not in said, said
        return said["result"]

    async def open(self, url: str) -> None:
        """Go there."""
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            await self.send(f"{domain}.enable")
        await self.send("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        said = await self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def until(self, script: str, fits: Callable[[Any], bool] = bool) -> Any:
        """The value of an expression as soon as it fits."""
        async with asyncio.timeout(WAITS):
            while not fits(value := await self.run(script)):  # noqa: ASYNC110  # another process's state
                await asyncio.sleep(0.05)
        return value

    async def press(self, key: str, text: str = "") -> None:
        """A key, pressed and let go."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "ArrowRight": 39}
        about = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        await self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    async def size(self, width: int, height: int) -> None:
        """A window of this size, a phone's if it is narrow."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    async def scheme(self, name: str) -> None:
        """Light or dark."""
        await self.send(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}]
        )

    def complaints(self) -> list[str]:
        """Errors in the console, and exceptions."""
        entries = [each["params"] for each in self.events if each["method"] == "Log.entryAdded"]
        thrown = [each["params"] for each in self.events if each["method"] == "Runtime.exceptionThrown"]
        return [entry["entry"]["text"] for entry in entries if entry["entry"]["level"] == "error"] + [
            str(each) for each in thrown
        ]

    def asked(self) -> set[str]:
        """Every address that was asked for anything."""
        return {
            each["params"]["request"]["url"]
            for each in self.events
            if each["method"] == "Network.requestWillBeSent"
        }


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser with one empty tab, and gone afterwards."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *FLAGS,
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port = await _port(Path(folder) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    tabs = await answer.json()
                url = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(url, max_msg_size=0) as socket:
                    tab = Browser(socket)
                    try:
                        yield tab
                    finally:
                        tab.reading.cancel()
                        await asyncio.gather(tab.reading, return_exceptions=True)
        finally:
            process.kill()
            await process.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(WAITS):
        while not (text := _text(file)):  # noqa: ASYNC110  # another process writes it
            await asyncio.sleep(0.05)
    return int(text.splitlines()[0])


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""
