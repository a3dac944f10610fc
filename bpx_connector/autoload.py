"""The exchange in every Python program of an environment, without a word in any of them.

Python reads files called *.pth in its folder of packages at each start. Ours holds one line, which has the
name wait for ccxt: a program that never imports ccxt pays the import of two small modules. `bpx autoload on`
writes the file, after a question, `off` removes it; nothing else ever does.
"""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

from bpx_connector.plugin import OUR_NAME, register_when_imported
from bpx_connector.programs import furnish_when_imported

__all__ = ["autoload_file", "named_in", "start", "text_of"]

FILE = "bpx_connector_autoload.pth"
LINE = (
    'import sys; exec("try:\\n from bpx_connector.autoload import start\\n start({name!r})\\n'
    'except ImportError: pass")\n'
)


def start(name: str = OUR_NAME) -> None:
    """Have the name registered as soon as this program imports ccxt."""
    register_when_imported(name)
    furnish_when_imported(name)


def autoload_file() -> Path:
    """Where the file of this environment is, or would be."""
    return Path(sysconfig.get_path("purelib")) / FILE


def text_of(name: str) -> str:
    """What is in the file."""
    return LINE.format(name=name)


def named_in(file: Path) -> str | None:
    """The name that the file registers; None if there is no file."""
    found = re.search(r"start\('(\w+)'\)", file.read_text(encoding="utf-8")) if file.exists() else None
    return found.group(1) if found else None
