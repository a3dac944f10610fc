"""`python -m tests.interop OTHER_PYTHON`: starts a sandbox and runs every client against it.

OTHER_PYTHON belongs to an environment with requirements.txt installed; ccxt's own class runs in this one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bpx_connector.sandbox.server import SandboxThread
from tests.support.keys import key_pair

HERE = Path(__file__).parent


def main() -> int:
    """How many clients failed."""
    other_python = sys.argv[1]
    clients = [
        (sys.executable, "ccxt_backpack.py"),
        (sys.executable, "ccxt_backpack_asyncio.py"),
        (other_python, "backpack_exchange_sdk_client.py"),
        (other_python, "bpx_py_client.py"),
    ]
    with SandboxThread(switches={"withdraw_to": "any"}) as sandbox:
        failures = [
            script
            for number, (python, script) in enumerate(clients, 1)
            if subprocess.run(
                [python, HERE / script, sandbox.url, *key_pair(number)], check=False, timeout=120
            ).returncode
        ]
    for script in failures:
        print(f"tests/interop/{script} FAILED", file=sys.stderr)
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
