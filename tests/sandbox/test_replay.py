"""Recorded prices lead prices and books, and the account trades against them."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyarrow import lib, parquet

from bpx_connector.downloads import HistoryFile
from bpx_connector.parquet import ParquetFile
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.recorded import ReplayError, moments_of
from bpx_connector.sandbox.records.orders import OrderRequest
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


def test_parquet_with_moments_as_numbers_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "trades.parquet"
    parquet.write_table(lib.table({"timestamp": [1_700_000_000_000], "price": ["70.5"]}), path)
    [moment] = moments_of(f"{SPOT}={path}", [SPOT])
    assert (moment.symbol, moment.price) == (SPOT, Decimal("70.5"))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none.csv", None, "there is no recording"),
        ("x.txt", "", "is none of .jsonl"),
        ("x.csv", "a,b\n1,2\n", "timestamp, open, high, low and close"),
        ("x.csv", "timestamp,open,high,low,close\n1,,,,\n", "has no price of SOL_USDC"),
        ("x.csv", "timestamp,price\n", "has no price of SOL_USDC"),
        ("x.csv", "timestamp,price\n1,much\n", "this one has timestamp=1, price=much"),
        (
            "x.jsonl",
            '{"cassette": 1}',
            "no frames; record with `bpx record-streams trade.SOL_USDC",
        ),
        ("x.jsonl", '{"cassette": 1}\n{"ven', "line 2 is none of a recording of frames"),
        ("x.jsonl", "[]", "line 1 is none of a recording of frames"),
        ("x.parquet", "words", "is no Parquet file"),
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


def test_a_market_that_there_is_not_is_told_which_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(CANDLES, encoding="utf-8")
    with pytest.raises(ReplayError, match="no market 'SOL_USD' in the sandbox; did you mean 'SOL_USDC'"):
        moments_of(f"SOL_USD={path}", [SPOT, PERP])


# --- files of this package's own downloads ------------------------------------------------------------------

DOWNLOADED = {
    "candles": [
        ["1700000000000", "100", "120.5", "90", "110", "5"],
        ["1700000060000", "", "", "", "", "0"],
        ["1700000120000", "110", "111", "109", "110.25", "5"],
    ],
    "trades": [
        ["1700000000123", "7", "buy", "70", "1"],
        ["1700000005000", "8", "sell", "71.5", "0.25"],
    ],
}
"""What is written of each kind; an interval without trades has no prices."""


@pytest.mark.parametrize("kind", DOWNLOADED)
def test_a_download_leads_alike_as_csv_and_as_parquet(tmp_path: Path, kind: str) -> None:
    files: list[HistoryFile | ParquetFile] = [
        HistoryFile(tmp_path / "history.csv", kind),
        ParquetFile(tmp_path / "history.parquet", kind),
    ]
    for file in files:
        with file:
            file.append(DOWNLOADED[kind])
            file.finish()
    one, other = (moments_of(f"{SPOT}={file.path}", [SPOT]) for file in files)
    assert one == other
    rows = DOWNLOADED[kind]
    figures = [row[1:5] for row in rows] if kind == "candles" else [[row[3]] for row in rows]
    assert {moment.price for moment in one} == {Decimal(text) for row in figures for text in row if text}
    assert one[0].time == int(rows[0][0]) * 1000
    sandbox = opened(f"{SPOT}={files[1].path}")
    sandbox.clock.advance(200)  # type: ignore[attr-defined]
    assert sandbox.venue.markets[SPOT].marks.index == one[-1].price


def test_a_moment_without_a_zone_is_one_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "trades.parquet"
    moment = datetime(2023, 11, 14, 22, 13, 20, 500_000)  # noqa: DTZ001  as pandas writes it
    parquet.write_table(lib.table({"timestamp": [moment], "price": [70.5]}), path)
    assert moments_of(f"{SPOT}={path}", [SPOT]) == [(1_700_000_000_500_000, SPOT, Decimal("70.5"))]


# --- frames of books ----------------------------------------------------------------------------------------


def delta(first: int, last: int, bids: list[list[str]], asks: list[list[str]], symbol: str = SPOT) -> str:
    data = {"E": last * 1_000_000, "U": first, "u": last, "b": bids, "a": asks, "s": symbol, "e": "depth"}
    return json.dumps({"venue": json.dumps({"data": data, "stream": f"depth.{symbol}"})})


def snapshot(update: int, bids: list[list[str]], asks: list[list[str]], symbol: str = SPOT) -> str:
    answer = {"lastUpdateId": str(update), "bids": bids, "asks": asks}
    return json.dumps({"request": f"GET /api/v1/depth?symbol={symbol}&limit=1000", "answer": answer})


def middles(tmp_path: Path, *lines: str) -> list[tuple[int, Any]]:
    path = tmp_path / "frames.jsonl"
    path.write_text("\n".join([json.dumps({"cassette": 1}), *lines]), encoding="utf-8")
    return [(moment.time // 1_000_000, moment.price) for moment in moments_of(str(path), [SPOT, PERP])]


BIDS, ASKS = [["98", "1"], ["99", "1"]], [["101", "1"], ["102", "1"]]


def test_a_book_leads_by_the_middle_of_its_best_prices(tmp_path: Path) -> None:
    assert middles(
        tmp_path,
        snapshot(10, BIDS, ASKS),
        delta(9, 10, [["50", "1"]], []),  # the snapshot holds it already
        delta(11, 11, [["99.0", "0"]], []),
        delta(12, 13, [], [["100", "2"], ["101", "3"]]),
        delta(14, 14, [["97", "0"]], [["100.00", "0.0"]]),
    ) == [(10, 100), (11, Decimal("99.5")), (13, 99), (14, Decimal("99.5"))]


def test_deltas_that_came_before_their_snapshot_are_in_it_or_follow_it(tmp_path: Path) -> None:
    lines = [delta(10, 10, [["1", "1"]], []), delta(11, 11, [["99", "0"]], []), snapshot(10, BIDS, ASKS)]
    assert middles(tmp_path, *lines, delta(12, 12, [], [["101", "0"]])) == [(12, 100)]


def test_after_a_hole_a_book_tells_nothing_until_its_next_snapshot(tmp_path: Path) -> None:
    assert middles(
        tmp_path,
        snapshot(10, BIDS, ASKS),
        delta(11, 11, [["100", "1"]], []),
        delta(13, 13, [["100.5", "1"]], []),
        snapshot(11, BIDS, ASKS),  # does not join what came since
        delta(14, 14, [["100.6", "1"]], []),
        snapshot(13, [["97", "1"]], ASKS),
        delta(15, 15, [], [["103", "1"]]),
    ) == [(11, Decimal("100.5")), (15, Decimal("100.8"))]


def test_a_snapshot_that_is_behind_its_book_changes_nothing(tmp_path: Path) -> None:
    lines = [snapshot(10, BIDS, ASKS), delta(11, 12, [["100", "1"]], []), snapshot(11, [], [])]
    assert middles(tmp_path, *lines, delta(13, 13, [["97", "1"]], [])) == [
        (12, Decimal("100.5")),
        (13, Decimal("100.5")),
    ]


def test_a_book_without_a_side_has_no_price(tmp_path: Path) -> None:
    lines = [snapshot(10, BIDS, []), delta(11, 11, [["1", "1"]], []), delta(12, 12, [], ASKS)]
    assert middles(tmp_path, *lines) == [(12, 100)]


def test_a_recording_of_books_leads_their_markets_and_no_others(tmp_path: Path) -> None:
    """As `bpx record-streams` writes it: this one is a cassette of a test of streams."""
    path = Path("cassettes/ws/watch_order_book.jsonl")
    last = moments_of(str(path), [SPOT, PERP])[-1]
    sandbox = opened(str(path))
    before = sandbox.venue.markets[PERP].marks.index
    sandbox.clock.advance(60)  # type: ignore[attr-defined]
    assert last.symbol == SPOT
    assert sandbox.venue.markets[SPOT].marks.index == last.price
    assert sandbox.venue.markets[PERP].marks.index != before, "its traders go on by themselves"


def test_frames_without_a_price_are_named_with_those_that_have_one(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    lines = [delta(11, 11, BIDS, ASKS), delta(11, 11, BIDS, ASKS, "DOGE_USDC")]  # no snapshot
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ReplayError) as refused:
        moments_of(str(path), [SPOT, PERP])
    assert str(refused.value) == (
        f"{path} has no price of a market of this sandbox: they are read from trade.SYMBOL, "
        "bookTicker.SYMBOL, depth.SYMBOL (a book from its snapshot on), and it has depth.DOGE_USDC, "
        f"depth.SOL_USDC; record with `bpx record-streams trade.SOL_USDC --seconds 60 --out {path}`"
    )


def test_of_a_recording_of_frames_one_market_can_be_picked(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    lines = [snapshot(10, BIDS, ASKS, symbol) for symbol in (SPOT, PERP)]
    lines += [delta(11, 11, [], [], symbol) for symbol in (SPOT, PERP)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert [moment.symbol for moment in moments_of(str(path), [SPOT, PERP])] == [SPOT, PERP]
    assert [moment.symbol for moment in moments_of(f"{PERP}={path}", [SPOT, PERP])] == [PERP]
