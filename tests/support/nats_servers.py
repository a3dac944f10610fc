"""Real NATS servers for tests: on loopback, on a free port, ended and started again by their process id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["NatsServer"]

STARTED_WITHIN = 10.0


class NatsServer:
    """A nats-server with a store of its own. `text` is put into its configuration."""

    def __init__(self, folder: Path, text: str | None = None) -> None:
        self.port = -1
        self._folder = folder
        self._text = text
        self._scheme = "nats" if text is None or "tls {" not in text else "tls"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process that is running."""
        assert self._process is not None, "started before"
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start, on the same port as before, and wait until it listens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.glob("*.ports"):
            old.unlink()
        config = self._folder / "nats.conf"
        config.write_text(self._text if self._text is not None else DEFAULT % (self._folder / "store"))
        program = str(Path(sys.executable).parent / "nats-server")
        words = ["-c", str(config), "-a", "127.0.0.1", "-p", str(self.port)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, *words, "--ports_file_dir", str(self._folder)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + STARTED_WITHIN
        while not (ports := self._ports()):
            assert time.monotonic() < deadline and self._process.poll() is None, self._log()
            time.sleep(0.01)
        self.port = int(ports.get("nats", ports.get("tls", []))[0].rpartition(":")[2])

    def kill(self) -> None:
        """End it as if the power had gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """Let it stand still."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def _ports(self) -> dict[str, list[str]]:
        for path in self._folder.glob("*.ports"):
            text = path.read_text()
            if text.strip().endswith("}"):
                ports: dict[str, list[str]] = json.loads(text)
                return ports
        return {}

    def _log(self) -> str:
        return (self._folder / "log").read_text()


DEFAULT = 'max_payload: 8388608\njetstream {\n  store_dir: "%s"\n  sync_interval: always\n}\n'
