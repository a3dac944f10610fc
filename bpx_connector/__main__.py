"""`python -m bpx_connector COMMAND ...`"""

from __future__ import annotations

import sys

from bpx_connector.cli import record_streams, run

COMMANDS = {"run": run.run, "record-streams": record_streams.record_streams}
USAGE = "python -m bpx_connector COMMAND ...\n\n" + run.USAGE + "\n" + record_streams.USAGE


def main() -> None:
    """Hand the rest of the command line to the command that it names."""
    words = sys.argv[1:]
    if words and words[0] in COMMANDS:
        COMMANDS[words[0]](words[1:])
        return
    wants_help = bool(words) and words[0] in ("-h", "--help")
    (sys.stdout if wants_help else sys.stderr).write(USAGE)
    sys.exit(0 if wants_help else run.WRONG_USAGE)


if __name__ == "__main__":
    main()
