"""What may be shown: every log line of ours passes here, and secrets do not.

A key, a signature or a two-factor code is worth money for as long as it is valid, so none of them reaches a
log, `verbose` output included.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

__all__ = ["MASK", "Hidden", "Masked", "hiding", "masked", "masking_logger"]

MASK = "***"
SECRET_NAMES = frozenset(
    {"x-api-key", "x-signature", "x-broker-key", "cookie", "authorization", "twofactortoken", "signature"}
)
_SECRET_IN_JSON = re.compile(r'("(?:twoFactorToken|signature)"\s*:\s*)(?:"[^"]*"|\[[^\]]*\])')


T = TypeVar("T")


class Hidden(Generic[T]):
    """Something that is not shown: neither by `repr` nor where a tool prints the variables of a traceback."""

    __slots__ = ("shown",)

    def __init__(self, shown: T) -> None:
        self.shown = shown

    def __repr__(self) -> str:
        return MASK


class Masked(str):
    """A key or signature on its way into a header: the text itself, but not where it is printed by `repr`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)

    def __reduce__(self) -> Any:
        return str, (str(self),)


def hiding(headers: Mapping[str, Any]) -> dict[str, Any]:
    """The headers themselves, whose secrets `repr` does not print."""
    return {
        name: Masked(value) if isinstance(value, str) and str(name).lower() in SECRET_NAMES else value
        for name, value in headers.items()
    }


def masked(value: Any) -> Any:
    """The same thing to look at, with every secret replaced."""
    if isinstance(value, str):
        return _SECRET_IN_JSON.sub(_name_and_mask, value)
    if isinstance(value, Mapping):
        return {
            key: MASK if str(key).lower() in SECRET_NAMES else masked(item) for key, item in value.items()
        }
    return value


def _name_and_mask(secret: re.Match[str]) -> str:
    """A function, not a template: to read one `re` imports, which Python that is shutting down cannot."""
    return f'{secret[1]}"{MASK}"'


class _Masking(logging.LoggerAdapter[logging.Logger]):
    """Passes records on with their arguments masked."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if self.isEnabledFor(level):
            super().log(level, masked(msg), *(masked(arg) for arg in args), **kwargs)


def masking_logger(logger: logging.Logger | _Masking) -> _Masking:
    """A logger that masks what passes through it; made once a logger."""
    return logger if isinstance(logger, _Masking) else _Masking(logger, {})
