"""Which word was meant by one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest"]


def nearest(word: str, words: Iterable[str]) -> str:
    """The end of a sentence about a word that is not there: what was meant, if anything there is like it."""
    found = get_close_matches(word, list(words), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
