"""`python -m bpx_connector COMMAND ...`, which is `bpx COMMAND ...`."""

from __future__ import annotations

from bpx_connector.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
