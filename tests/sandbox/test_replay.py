"""Recorded prices lead prices and books, and the account trades against them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.records.orders import OrderRequest
from bpx_connector.sandbox.replay import ReplayError, moments_of
from bpx_connector.sandbox.server import Sandbox

SPOT, PERP = "SOL_USDC", "SOL_USDC_PERP"
CANDLES = """timestamp,open,high,low,close,volume
1700000000000,100,120,90,110,5
1700000060000,110,111,109,110.5,5
"""


def opened(*replay: str) -> Sandbox:
    sandbox = Sandbox(seed=1, symbols=[SPOT, PERP], clock=DrivenClock(), replay=replay)
    sandbox.open_trading()
    return sandbox


def test_candles_lead_the_price_through_their_four_prices(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(CANDLES, encoding="utf-8")
    sandbox = opened(f"{SPOT}={path}")
    market, seen = sandbox.venue.markets[SPOT], []
    resting = OrderRequest(
        symbol=SPOT, side="Bid", order_type="Limit", price=Decimal(92), quantity=Decimal(1), post_only=True
    )
    account = sandbox.venue.open_account("me", sandbox.clock.now())
    order = sandbox.venue.execute(account, resting, sandbox.clock.now()).result
    for _ in range(6):
        sandbox.clock.advance(15)  # type: ignore[attr-defined]
        seen.append(market.marks.index)
        assert market.middle is not None
        assert abs(market.middle / market.marks.index - 1) < Decimal("0.01")
    assert seen == [90, 120, 110, 110, 109, 111]
    assert order.status == "Filled"
    assert sandbox.venue.markets[PERP].marks.index != 111, "nobody leads the other market"


def test_trades_and_frames_lead_as_well(tmp_path: Path) -> None:
    trades = tmp_path / "trades.csv"
    trades.write_text("timestamp,price,amount\n1700000000000,70,1\n1700000005000,71,1\n", encoding="utf-8")
    frames = tmp_path / "frames.jsonl"
    told = [
        {"E": 1_000_000, "s": PERP, "p": "60", "e": "trade"},
        {"E": 3_000_000, "s": PERP, "a": "62.1", "b": "61.9", "e": "bookTicker"},
        {"E": 3_500_000, "s": PERP, "a": None, "b": "61.9", "e": "bookTicker"},
    ]
    lines = [json.dumps({"venue": json.dumps({"data": row, "stream": f"{row['e']}.{PERP}"})}) for row in told]
    frames.write_text("\n".join([json.dumps({"cassette": 1}), *lines]), encoding="utf-8")
    sandbox = opened(f"{SPOT}={trades}", str(frames))
    sandbox.clock.advance(10)  # type: ignore[attr-defined]
    assert sandbox.venue.markets[SPOT].marks.index == 71
    assert sandbox.venue.markets[PERP].marks.index == 62


def test_parquet_is_read_where_it_can_be(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "trades.parquet"
    parquet.write_table(pyarrow.table({"timestamp": [1_700_000_000_000], "price": ["70.5"]}), path)
    [moment] = moments_of(f"{SPOT}={path}", [SPOT])
    assert (moment.symbol, moment.price) == (SPOT, Decimal("70.5"))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none.csv", None, "there is no recording"),
        ("x.txt", "", "is none of .jsonl"),
        ("x.csv", "a,b\n1,2\n", "timestamp, open, high, low and close"),
        ("x.jsonl", '{"cassette": 1}', "has no price of SOL_USDC"),
    ],
)
def test_what_cannot_be_read_is_told_what_could_be(
    tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ReplayError, match=said):
        moments_of(f"{SPOT}={path}", [SPOT])
    if name == "x.csv":
        with pytest.raises(ReplayError, match="does not name its market"):
            moments_of(str(path), [SPOT])
