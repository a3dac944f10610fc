"""`bpx COMMAND ...`: hands the command line to the command it names, and says in a sentence what is wrong.

`run`, `sandbox`, `gateway` and `record-streams` read their own words; the others are read by typer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from bpx_connector.cli.words import WRONG_USAGE, Refusal, with_sandbox

__all__ = ["main"]

INTERRUPTED = 130
PIPE_CLOSED = 141


def main() -> None:
    """Run the command that `sys.argv` names, and exit with its code."""
    try:
        words, url = with_sandbox(sys.argv[1:])
        if url is not None:
            os.environ["BPX_SANDBOX"] = url
        _command(words)()
    except Refusal as refusal:
        sys.stderr.write(f"bpx: {refusal}\n")
        sys.exit(WRONG_USAGE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # of `bpx trades | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(PIPE_CLOSED)


def _command(words: Sequence[str]) -> Callable[[], None]:
    first, rest = (words[0] if words else ""), list(words[1:])
    if first == "run":
        from bpx_connector.cli.run import run

        return lambda: run(rest)
    if first == "record-streams":
        from bpx_connector.cli.record_streams import record_streams

        return lambda: record_streams(rest)
    if first == "gateway":
        from bpx_connector.cli.gateway import gateway

        return lambda: gateway(rest)
    if first == "sandbox":
        from bpx_connector.sandbox.__main__ import main as sandbox

        return lambda: sandbox(rest)
    return lambda: _of_typer(list(words))


def _of_typer(words: list[str]) -> None:
    try:
        from bpx_connector.cli.app import answered
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        raise Refusal(
            "python -m bpx_connector COMMAND needs typer: pip install 'bpx-connector[cli]' (in the "
            "repository: pip install '.[cli]'). The commands run, sandbox, gateway and record-streams do "
            "without"
        ) from error
    answered(words)
