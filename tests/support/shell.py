"""A shell with the sandbox's address and a key pair: commands run in this process, or in one of their own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from bpx_connector.cli.main import main
from bpx_connector.testing import generated_keys


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


class Shell:
    """A shell with the sandbox's address and a key pair in its environment."""

    def __init__(self, url: str, folder: Path) -> None:
        keys = generated_keys()
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "BPX_SANDBOX": url,
            "BPX_API_KEY": keys.api_key,
            "BPX_SECRET": keys.secret,
        }

    def run(self, *words: str) -> Done:
        """The command in this process; most of what a new one costs is the import of ccxt."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(sys, "argv", ["bpx", *words]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
        return Done(code, out.getvalue(), err.getvalue())

    def starts(self, *words: str) -> Done:
        """The command in a process of its own."""
        command = [sys.executable, "-m", "bpx_connector", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def shows(self, *words: str) -> str:
        done = self.run(*words)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    def gives(self, *words: str) -> Any:
        return json.loads(self.shows(*words, "--json"))

    def refuses(self, code: int, *words: str) -> str:
        done = self.run(*words)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        return done.stderr
