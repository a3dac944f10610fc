"""What Python runs at the start of every child of `run`: the exchange's name is waiting for ccxt there too.

`run` puts this folder at the head of PYTHONPATH, and Python imports `sitecustomize` at every start. Whatever
module of that name would have been found without us is run as well. A child that never imports ccxt pays the
import of one small module; one that cannot import this package is left alone.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path


def _run_the_next() -> None:
    """Run the `sitecustomize` that stands behind this one on the path, if there is one."""
    here = str(Path(__file__).parent)
    kept, ours = list(sys.path), sys.modules.pop("sitecustomize", None)
    sys.path[:] = [folder for folder in kept if folder != here]
    try:
        import_module("sitecustomize")
    except ImportError:
        if ours is not None:
            sys.modules["sitecustomize"] = ours
    finally:
        sys.path[:] = kept


_run_the_next()
with suppress(ImportError):
    from bpx_connector.plugin import register_when_imported
    from bpx_connector.programs import furnish_when_imported

    register_when_imported(os.environ.get("BPX_REGISTER", "bpx"))
    furnish_when_imported(os.environ.get("BPX_REGISTER", "bpx"))
