"""Puts the stubs of the exchange classes beside their modules in a wheel.

An editable installation goes without: there the modules themselves are read, and checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StubsHook(BuildHookInterface[Any]):
    """stubs/bpx_connector/x.pyi -> bpx_connector/x.pyi"""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            stubs = sorted(Path(self.root, "stubs", "bpx_connector").glob("*.pyi"))
            build_data["force_include"].update({str(stub): f"bpx_connector/{stub.name}" for stub in stubs})
