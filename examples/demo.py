"""The whole way on one machine: a local exchange, our classes in ccxt by name, orders placed and filled.

    make demo

Nothing here leaves the machine, and no key of anybody's is needed. `bpx demo` does the same; what it does,
step by step, is in bpx_connector/cli/demo.py.
"""

from __future__ import annotations

from bpx_connector.cli.demo import main

if __name__ == "__main__":
    main()
