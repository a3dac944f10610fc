"""`python -m tests.programs [NAME...]`: other people's programs on a sandbox, in environments of their own.

An environment is made with pip where there is none yet (minutes), under PROGRAMS_VENVS or beside this one.
What each program does is a script in examples/programs/, run by `bpx run --sandbox`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from bpx_connector import bpx
from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.server import SandboxThread

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "examples" / "programs"
LONGEST = 300


class Program(NamedTuple):
    """What pip is asked for, one command each, and the script."""

    packages: tuple[str, ...]
    script: str


PROGRAMS = {
    "vectorbt": Program(("vectorbt",), "with_vectorbt.py"),
    "ccxt-pandas": Program(("ccxt-pandas",), "with_ccxt_pandas.py"),
    "ccxt-download": Program(("ccxt-download pytz pyarrow",), "with_ccxt_download.py"),
    "mcp-ccxt": Program(("mcp-ccxt",), "with_mcp_ccxt.py"),
    "lumibot": Program(("lumibot",), "with_lumibot.py"),  # in one command with this package pip does not end
    "investing-algorithm-framework": Program(
        ("investing-algorithm-framework",), "with_investing_algorithm_framework.py"
    ),
}


def environment_of(name: str, program: Program) -> Path:
    """The Python of a program's environment."""
    folder = Path(os.environ.get("PROGRAMS_VENVS", ROOT)) / f".venv-{name}"
    python, mark = folder / "bin" / "python", folder / ".installed"
    if not mark.exists():
        print(f"installing {name}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        for packages in (*program.packages, f"--editable {ROOT}[cli]"):
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages.split(" ")], check=True)
        mark.touch()
    return python


def run(name: str, sandbox: SandboxThread) -> bool:
    """Whether a program does what its script says, and leaves no order behind."""
    program, keys = PROGRAMS[name], generated_keys()
    python = str(environment_of(name, program))
    command = [
        python,
        "-m",
        "bpx_connector",
        "run",
        f"--sandbox={sandbox.url}",
        str(SCRIPTS / program.script),
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "BPX_API_KEY": keys.api_key,
        "BPX_SECRET": keys.secret,
    }
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        print(f"{name}: FAILED, it was not done within {LONGEST} s", flush=True)
        return False
    left = sandbox.exchange(bpx, **keys.config).fetch_open_orders()
    is_well = done.returncode == 0 and "fine\n" in done.stdout and not left
    print(f"{name}: {'well' if is_well else 'FAILED'}", *(order["id"] for order in left), flush=True)
    print((done.stdout if is_well else done.stdout + done.stderr)[-2000:])
    return is_well


def main() -> int:
    """How many failed."""
    names = sys.argv[1:] or list(PROGRAMS)
    with SandboxThread(seed=7, speed=10) as sandbox:
        return sum(not run(name, sandbox) for name in names)


if __name__ == "__main__":
    sys.exit(main())
