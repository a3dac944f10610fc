"""An exchange object for a command: keys from the environment or a file, markets by what people type."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bpx_connector.cli.words import Refusal, checked_address, nearest

__all__ = ["address", "exchange", "keys", "market", "needed_keys"]

NAMES = {"apiKey": "BPX_API_KEY", "secret": "BPX_SECRET"}
LINE = re.compile(
    r"^\s*(?:export\s+)?(BPX_API_KEY|BPX_SECRET)\s*=\s*[\"']?([^\"'\s]+)[\"']?\s*$", re.MULTILINE
)
NO_KEYS = (
    "this needs keys: set BPX_API_KEY and BPX_SECRET, or BPX_KEYS_FILE to a file that holds them; "
    'for the local exchange, eval "$(bpx keys)" makes a pair'
)


def keys() -> dict[str, str]:
    """The key pair of the environment, or of the file it names; nothing if there is neither."""
    found = {ccxts: os.environ[ours] for ccxts, ours in NAMES.items() if os.environ.get(ours)}
    if len(found) == 1:
        missing = next(ours for ccxts, ours in NAMES.items() if ccxts not in found)
        raise Refusal(f"{missing} is not set, and one of the pair alone signs nothing")
    path = os.environ.get("BPX_KEYS_FILE")
    return found or (_keys_of(Path(path).expanduser()) if path else {})


def needed_keys() -> dict[str, str]:
    """The key pair; a refusal that says where to put one if there is none."""
    found = keys()
    if not found:
        raise Refusal(NO_KEYS)
    return found


def _keys_of(path: Path) -> dict[str, str]:
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refusal(f"BPX_KEYS_FILE names {path}, which cannot be read: {error.strerror}") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refusal(f"{path} may be read by others than you; chmod 600 {path}")
    found = dict(LINE.findall(text))
    if set(found) != set(NAMES.values()):
        raise Refusal(f"{path} does not hold the two lines BPX_API_KEY=... and BPX_SECRET=...")
    return {ccxts: found[ours] for ccxts, ours in NAMES.items()}


@contextmanager
def exchange(config: dict[str, str] | None = None) -> Iterator[Any]:
    """A blocking exchange object whose figures are texts, to the digit; closed afterwards."""
    from bpx_connector.blocking import bpx

    if os.environ.get("BPX_SANDBOX"):
        checked_address(os.environ["BPX_SANDBOX"])
    made: Any = bpx({"number": str, **(keys() if config is None else config)})
    try:
        yield made
    finally:
        made.session.close()


def address(made: Any) -> str:
    """Where an exchange object sends its orders."""
    urls = made.urls["api"]
    return str(urls if isinstance(urls, str) else urls["private"])


def market(made: Any, word: str) -> Any:
    """The market that a word names: ccxt's symbol or the venue's, in letters of any size."""
    made.load_markets()
    known = {name.upper(): name for name in [*made.markets_by_id, *made.markets]}
    name = known.get(word.upper())
    if name is None:
        raise Refusal(f"there is no market {word}{nearest(word.upper(), known)}; `bpx markets` lists them")
    return made.market(name)
