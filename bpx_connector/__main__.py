"""`python -m bpx_connector COMMAND ...`"""

from __future__ import annotations

import sys

from bpx_connector.cli import record_streams, run
from bpx_connector.cli.words import WRONG_USAGE, nearest

COMMANDS = {"run": run.run, "record-streams": record_streams.record_streams}
USAGE = "python -m bpx_connector COMMAND ...\n\n" + run.USAGE + "\n" + record_streams.USAGE


def main() -> None:
    """Hand the rest of the command line to the command that it names."""
    words = sys.argv[1:]
    if words and words[0] in COMMANDS:
        COMMANDS[words[0]](words[1:])
        return
    if words and words[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return
    if words:
        sys.stderr.write(f"bpx_connector: there is no command {words[0]}{nearest(words[0], COMMANDS)}\n\n")
    sys.stderr.write(USAGE)
    sys.exit(WRONG_USAGE)


if __name__ == "__main__":
    main()
