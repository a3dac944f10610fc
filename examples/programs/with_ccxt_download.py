"""ccxt-download: days of candles and funding rates into files, several at a time.

pip install ccxt-download pytz pyarrow '.[cli]'    # it imports the two, and does not ask for them
bpx run --sandbox examples/programs/with_ccxt_download.py
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ccxt_download import CANDLES, FUNDING
from ccxt_download.public import download

today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
with tempfile.TemporaryDirectory() as folder:
    download(
        "bpx",
        [CANDLES, FUNDING],
        ["SOL/USDC:USDC"],
        today - timedelta(days=2),
        today - timedelta(days=1),
        download_dir=folder,
        verbose=False,
    )
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    for path in files:
        print(path.name, path.stat().st_size)
    assert files
print("fine")
