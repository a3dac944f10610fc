"""A longer run: python -m tests.contract [requests an operation]"""

from __future__ import annotations

import sys

from tests.contract.generated import tried

if __name__ == "__main__":
    report = tried(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    for (label, kind, status), example in report.failures.items():
        print(f"{label}: {kind}, {status}\n    {example[:600]}")
    print(
        f"{report.sent} requests of {len(report.statuses)} operations, {len(report.succeeded)} of them done; "
        f"{len(report.failures)} kinds of failure"
    )
    sys.exit(bool(report.failures))
