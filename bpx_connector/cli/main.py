"""`bpx COMMAND ...`: hands the command line to the command it names, and says in a sentence what is wrong.

`run`, `sandbox`, `gateway` and `record-streams` read their own words; the others are read by typer.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence

from bpx_connector.cli.words import FAILED, WRONG_USAGE, Refusal, with_sandbox

__all__ = ["main"]

INTERRUPTED = 130
PIPE_CLOSED = 141
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What is wrong where something cannot be written any more."""


def main() -> None:
    """Run the command that `sys.argv` names, and exit with its code."""
    _open_streams()
    words: list[str] = []
    try:
        try:
            words, url = with_sandbox(sys.argv[1:])
            if url is not None:
                os.environ["BPX_SANDBOX"] = url
            _command(words)()
        finally:
            sys.stdout.flush()  # not at the very end, where nobody could say what is wrong
    except Refusal as refusal:
        sys.stderr.write(f"bpx: {refusal}\n")
        sys.exit(WRONG_USAGE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # of `bpx trades | head`
        _write_to_nobody()
        sys.exit(PIPE_CLOSED)
    except OSError as error:
        if error.errno not in NO_ROOM or words[:1] == ["run"]:  # whose program may say it in its own way
            raise
        _write_to_nobody()
        where = (
            f"{error.filename} cannot be written"
            if error.filename
            else "what was to be said cannot be written"
        )
        sys.stderr.write(f"bpx: {where}: {error.strerror}\n")
        sys.exit(FAILED)


def _open_streams() -> None:
    """Streams that were closed before it began (`<&-`) are ones on which nobody says or reads anything.

    Python has None in their place, and the next file that is opened would get their number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  # until the end


def _write_to_nobody() -> None:
    """What is left to be written goes nowhere, so that the interpreter does not fail at its end once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
