"""Makes constraints.txt: the release of every package that checks and tests are run with.

CI installs these, so that what passes there today passes tomorrow. Run it in an environment that has the
newest releases allowed, and run the tests, before it is committed:

    make clean constraints
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "constraints.txt"
OWN = "bpx-connector"
TOOLS_OF_THE_ENVIRONMENT = {"pip", "setuptools", "wheel", OWN}
HEAD = """\
# Made by tools/constraints.py: the release of every package that checks and tests are run with.
# A user's program is bound by pyproject.toml alone; this file is for CI and for whoever wants the same.
"""


def normal(name: str) -> str:
    """A package's name as PyPA normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, str]:
    """Each package of this environment and its release."""
    found = {normal(found.metadata["Name"]): found.version for found in distributions()}
    return {name: found[name] for name in sorted(found.keys() - TOOLS_OF_THE_ENVIRONMENT)}


def text() -> str:
    return HEAD + "".join(f"{name}=={release}\n" for name, release in installed().items())


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    sys.exit(0)
