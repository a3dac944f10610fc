"""What the HTTP server has to say about its clients, one line each.

Clients send what is no HTTP, bodies that end early, headers without end. The server answers them or hangs up;
where that happened in its code helps nobody. A fault of the sandbox's own is logged with its traceback
elsewhere.
"""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["in_one_line"]

LONGEST: Final = 200


class _OneLine(logging.Filter):
    """Turns a record with a traceback into one line that names the error."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info:
            error = record.exc_info[1]
            said = " ".join(f"{record.getMessage()}: {type(error).__name__}: {error}".split())
            record.msg, record.args = said[:LONGEST], ()
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


in_one_line: Final = logging.getLogger(__name__)
"""The logger of the HTTP server."""
in_one_line.addFilter(_OneLine())
