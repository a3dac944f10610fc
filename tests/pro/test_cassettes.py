"""Streams recorded to a cassette and played again without any network."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ccxt.base.errors import BadRequest, ExchangeClosedByUser, InsufficientFunds

from bpx_connector.pro import WATCHED, bpx
from bpx_connector.tape import NotOnTape, TapeEnded
from tests.support.keys import FIRST
from tests.support.stream_cassettes import STREAM_CASSETTES, played, settled
from tests.support.streaming import driven, exchange_on, sandbox_with, soon
from tests.support.transcribed import TRANSCRIPTS

SPOT = "SOL/USDC"


async def recorded(path: Path) -> Any:
    """A session on a cassette: a book, trades and an own fill. Answers with what was seen."""
    async with sandbox_with("SOL_USDC") as sandbox, driven(sandbox), exchange_on(sandbox) as exchange:
        with exchange.record_streams(path, source="the sandbox, in a test"):
            await exchange.load_markets(True)
            book = await soon(exchange.watch_order_book(SPOT, 2))
            trades = await soon(exchange.watch_trades(SPOT))
            fills = asyncio.ensure_future(exchange.watch_my_trades())
            await asyncio.sleep(0)
            await settled(exchange, sandbox)
            await exchange.create_order(SPOT, "market", "buy", 1)
            filled = await soon(fills)
            await exchange.close()
    return book, trades, filled


async def test_a_recorded_session_can_be_played_without_network(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    _, trades, filled = await recorded(path)
    exchange: Any = bpx({"enableRateLimit": False, **FIRST.credentials})
    exchange.timeout_on_exit = 0
    with exchange.play_streams(path) as player:
        assert player.source == "the sandbox, in a test"
        book = await soon(exchange.watch_order_book(SPOT, 2))
        assert book["bids"][0][0] < book["asks"][0][0]
        assert (await soon(exchange.watch_trades(SPOT)))[0] == trades[0]
        assert (await soon(exchange.watch_my_trades()))[0] == filled[0]
        await exchange.close()


async def test_no_key_and_no_signature_is_on_a_cassette(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    await recorded(path)
    text = path.read_text()
    assert FIRST.api_key not in text
    frames = [json.loads(json.loads(line)["client"]) for line in text.splitlines() if '"client"' in line]
    signed = [frame for frame in frames if "signature" in frame]
    assert signed
    for frame in signed:
        assert frame["signature"][:2] == ["<public key>", "<signature>"]


async def test_a_refusal_on_a_cassette_is_refused_again(tmp_path: Path) -> None:
    path = tmp_path / "refused.jsonl"
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        with exchange.record_streams(path):
            await exchange.subscribe_stream("nonsense.SOL_USDC", print)
            await asyncio.sleep(0.1)
            await exchange.close()
    assert "4006" in path.read_text()
    exchange = bpx({"enableRateLimit": False})
    exchange.timeout_on_exit = 0
    with exchange.play_streams(path):
        await exchange.subscribe_stream("nonsense.SOL_USDC", print)
        await asyncio.sleep(0.05)
        assert exchange.stream_counters()["streams"] == {}
        await exchange.close()


async def test_what_is_not_on_the_cassette_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text('{"cassette":1,"source":"nowhere"}\n')
    exchange: Any = bpx({"enableRateLimit": False})
    exchange.timeout_on_exit = 0
    with exchange.play_streams(path), pytest.raises(LookupError, match="GET /api/v1/"):
        await exchange.fetch_time()
    await exchange.close()


def test_a_file_that_is_no_cassette_is_not_played(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text("{}\n")
    exchange: Any = bpx()
    with pytest.raises(ValueError, match="is not a tape"), exchange.play_streams(path):
        raise BadRequest("never played")


async def test_who_waits_at_the_end_of_a_tape_is_told_and_what_came_stays(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    await recorded(path)
    exchange: Any = bpx({"enableRateLimit": False, **FIRST.credentials})
    exchange.timeout_on_exit = 0
    with exchange.play(path):
        books = trades = fills = 0
        with pytest.raises(TapeEnded, match=r"nothing more of depth\.SOL_USDC is on it"):
            while True:
                book = await soon(exchange.watch_order_book(SPOT))
                books += 1
        assert book["bids"][0][0] < book["asks"][0][0]
        for kind, told in (("watch_trades", "trade.SOL_USDC"), ("watch_trades", "trade.SOL_USDC")):
            with pytest.raises(TapeEnded, match=told):
                while True:
                    trades += len(await soon(getattr(exchange, kind)(SPOT)))
        with pytest.raises(ExchangeClosedByUser, match=r"account\.orderUpdate"):
            while True:
                fills += len(await soon(exchange.watch_my_trades()))
        assert min(books, trades, fills) > 0
        await exchange.close()


async def test_a_stream_that_is_not_on_the_tape_is_refused_each_time(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    await recorded(path)
    exchange: Any = bpx({"enableRateLimit": False})
    exchange.timeout_on_exit = 0
    with exchange.play(path):
        for _ in range(2):
            with pytest.raises(NotOnTape, match=r"ticker\.SOL_USDC is not .* it has: .*trade\.SOL"):
                await soon(exchange.watch_ticker(SPOT))
        assert await soon(exchange.watch_trades(SPOT))
        await exchange.close()


async def test_a_bot_with_streams_and_orders_is_played_at_the_time_on_the_tape(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"

    async def bot(exchange: Any) -> list[Any]:
        balance = await soon(exchange.watch_balance())
        order = await exchange.create_order(SPOT, "limit", "buy", 1, 60)
        with pytest.raises(InsufficientFunds) as refusal:
            await exchange.create_order(SPOT, "limit", "buy", 10**8, 60)
        ended = await exchange.cancel_order(order["id"], SPOT)
        return [balance["USDC"]["free"], order, ended, str(refusal.value), exchange.milliseconds()]

    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as live:
        with live.record(path):
            await live.load_markets(True)
            first = await bot(live)
            await live.close()
    exchange: Any = bpx({"enableRateLimit": False, **FIRST.credentials})
    exchange.timeout_on_exit = 0
    with exchange.play(path):
        *again, now = await bot(exchange)
        await exchange.close()
    assert again == first[:-1]
    assert abs(now - first[-1]) < 1000


def test_sources_may_be_nested_and_are_put_back_one_by_one(tmp_path: Path) -> None:
    exchange: Any = bpx()
    fetch, source = exchange.fetch, exchange.source
    path = tmp_path / "session.jsonl"
    with exchange.record(path):
        inner = exchange.fetch
        with exchange.play(_empty(tmp_path)):
            assert exchange.fetch != inner
        assert exchange.fetch == inner
    assert (exchange.fetch, exchange.source) == (fetch, source)


def _empty(folder: Path) -> Path:
    path = folder / "empty.jsonl"
    path.write_text('{"cassette":1,"source":"nowhere"}\n')
    return path


# Those that are there -----------------------------------------------------------------------------------


def test_there_is_a_cassette_of_every_watch_method() -> None:
    recorded = {path.stem for path in STREAM_CASSETTES.glob("*.jsonl")}
    snake = {f"watch_{name}" for name in map(_snake, WATCHED)}
    assert recorded == snake


async def test_a_missing_cassette_is_named_with_the_command_that_records_it() -> None:
    sentence = r"there is no cassette cassettes/ws/nothing\.jsonl: run `make record` to record it"
    with pytest.raises(pytest.fail.Exception, match=sentence):
        async with played("nothing"):
            raise AssertionError("there is nothing to play")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("OHLCVFor", "OHLCV_For").lower()


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_transcribed_cassette_says_where_it_comes_from_and_what_is_made_up(name: str) -> None:
    path = STREAM_CASSETTES / "transcribed" / f"{name}.jsonl"
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    header = json.loads(first)
    assert header["source"].startswith("transcribed: ")
    assert len(header["source"]) > 40
    answers = [line for line in lines if '"answer"' in line]
    assert not answers or "snapshot" in header["constructed"] or "REST" in header["constructed"]


def test_every_transcribed_cassette_is_listed() -> None:
    recorded = {path.stem for path in (STREAM_CASSETTES / "transcribed").glob("*.jsonl")}
    assert recorded == set(TRANSCRIPTS)
