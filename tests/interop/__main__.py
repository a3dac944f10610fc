"""`python -m tests.interop OTHER_PYTHON [MODULES]`: starts a sandbox and runs every client against it.

OTHER_PYTHON belongs to an environment with requirements.txt installed; ccxt's own class runs in this one.
MODULES is the node_modules of package.json; the clients in JavaScript are skipped, with the reason, where
there is no node or they are not installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bpx_connector.sandbox.server import SandboxThread
from tests.support.keys import key_pair

HERE = Path(__file__).parent


IN_JAVASCRIPT = ("ccxt_backpack.cjs", "bpx_api_client.cjs")


def node_clients(modules: Path) -> list[tuple[str, str]]:
    """The clients in JavaScript, or none and why."""
    node = shutil.which("node")
    if node is None or not modules.is_dir():
        reason = "there is no node" if node is None else f"{modules} is not there"
        print(f"skipped: {', '.join(IN_JAVASCRIPT)} ({reason})")
        return []
    return [(node, script) for script in IN_JAVASCRIPT]


def main() -> int:
    """How many clients failed."""
    other_python = sys.argv[1]
    modules = Path(sys.argv[2] if len(sys.argv) > 2 else "node_modules").resolve()
    clients = [
        (sys.executable, "ccxt_backpack.py"),
        (sys.executable, "ccxt_backpack_asyncio.py"),
        (other_python, "backpack_exchange_sdk_client.py"),
        (other_python, "bpx_py_client.py"),
        *node_clients(modules),
    ]
    environment = {**os.environ, "NODE_PATH": str(modules)}
    with SandboxThread(switches={"withdraw_to": "any"}) as sandbox:
        failures = [
            script
            for number, (python, script) in enumerate(clients, 1)
            if subprocess.run(
                [python, HERE / script, sandbox.url, *key_pair(number)],
                check=False,
                timeout=120,
                env=environment,
            ).returncode
        ]
    for script in failures:
        print(f"tests/interop/{script} FAILED", file=sys.stderr)
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
