"""What is answered to a request: a status with a body, before it becomes bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """A status with a JSON body, with bare text, or with nothing (`body` is None)."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_text: bool = False

    @classmethod
    def of_text(cls, text: str, status: int = 200) -> Answer:
        """Bare text, as `/time` and the errors of parsing are answered."""
        return cls(text, status, is_text=True)
