"""Cassettes of what the venue itself has said: captures and documents of others, each with its source.

They are made from tests/data/samples/ws by `make record`. A capture is of frames only, so the answers over
REST that a session begins with, and whatever else was not captured, are made up; the first line says what.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bpx_connector.venue.streams import is_private
from tests.support.cassettes import RECORDING
from tests.support.samples import sample, sample_source
from tests.support.stream_cassettes import STREAM_CASSETTES, Playback, played

__all__ = ["TRANSCRIPTS", "Transcript", "transcribed"]

Answers = tuple[tuple[str, Any], ...]
ORDERS: Answers = (("GET /api/v1/orders", []),)
POSITIONS: Answers = (("GET /api/v1/position", []),)
CAPITAL: Answers = (("GET /api/v1/capital", {"USDT": {"available": "30", "locked": "0", "staked": "0"}}),)
STOP: dict[str, Any] = {
    **{"id": "114575813313101824", "symbol": "SOL_USDC", "side": "Ask", "orderType": "Limit"},
    **{"price": "178.15", "quantity": None, "executedQuantity": "0", "executedQuoteQuantity": "0"},
    **{"timeInForce": "GTC", "status": "Triggered", "triggerPrice": "178.05", "triggerQuantity": "20.03"},
    "createdAt": "2025-05-26T19:36:07.009",
}
FIRED: dict[str, Any] = {
    **{"id": "114575842681290753", "symbol": "SOL_USDC", "side": "Ask", "orderType": "Limit"},
    **{"price": "178.15", "quantity": "20.03", "executedQuantity": "0", "executedQuoteQuantity": "0"},
    **{"timeInForce": "GTC", "status": "New", "reduceOnly": False, "createdAt": 1748288615133},
}
FIRED_ORDERS: Answers = (
    ("GET /api/v1/orders", []),
    ("GET /api/v1/orders", [FIRED]),
    ("GET /wapi/v1/history/fills?from=0&limit=1000&offset=0&sortDirection=Asc", []),
    ("GET /wapi/v1/history/orders?limit=100&offset=0&sortDirection=Desc", [STOP]),
)
"""Of a stop that has fired: its order rests under another id, and nothing links the two."""

NO_ACCOUNT = "the answers over REST, of an account without open orders and positions"
ENVELOPE = "the envelope around the payload, of which only the data was published"
MARKET = "the market's row, copied from a captured one of the same kind"


class Transcript(NamedTuple):
    """One cassette: the samples whose frames it holds, and what had to be added to play it.

    `stream` is where payloads without an envelope, or from a stream of one market, are put.
    """

    samples: tuple[str, ...]
    stream: str | None = None
    answers: Answers = ()
    constructed: str = ""


def _depth(symbol: str, update: int, time: int, bids: list[list[str]], asks: list[list[str]]) -> Answers:
    snapshot = {"asks": asks, "bids": bids, "lastUpdateId": str(update), "timestamp": time}
    return ((f"GET /api/v1/depth?symbol={symbol}&limit=1000", snapshot),)


SNAPSHOT = (
    "the snapshot: its levels and time are made up, its update is the one before the first captured frame"
)

TRANSCRIPTS = {
    "depth": Transcript(
        ("ws/depth",),
        answers=_depth(
            "SOL_USDC",
            4330361289,
            1788367435000000,
            [["98.92", "1.00"], ["98.95", "2.00"], ["98.96", "3.00"]],
            [["99.02", "4.00"], ["99.05", "5.00"]],
        ),
        constructed=SNAPSHOT,
    ),
    "depth.200ms": Transcript(
        ("depth.200ms",),
        answers=_depth(
            "ETH_USDC_PERP",
            7501116421,
            1790134357000000,
            [["2755.33", "1.0000"]],
            [["2766.95", "2.0000"], ["2767.00", "3.0000"]],
        ),
        constructed=SNAPSHOT,
    ),
    "depth.deletion": Transcript(
        ("depth.deletion",),
        answers=_depth(
            "AAPL.US_USDC_PERP",
            6789928,
            1790134370000000,
            [["340.32", "1.00"], ["340.31", "2.00"]],
            [["340.50", "3.00"]],
        ),
        constructed=f"{SNAPSHOT}; {MARKET}",
    ),
    "depth.empty_levels": Transcript(
        ("depth.empty_levels",),
        answers=_depth(
            "ETH_USDC", 1345937435, 1754903057000000, [["3600.00", "1.0000"]], [["3601.00", "2.0000"]]
        ),
        constructed=f"{SNAPSHOT}; {MARKET}",
    ),
    "bookTicker": Transcript(("bookTicker",)),
    "trade": Transcript(("trade",)),
    "ticker": Transcript(("ticker",)),
    "markPrice": Transcript(("markPrice",), constructed=MARKET),
    "markPrice.2025": Transcript(("markPrice.2025",), stream="markPrice.SOL_USDC_PERP", constructed=ENVELOPE),
    "kline.1m": Transcript(("kline.1m",)),
    "kline.2h": Transcript(("kline.2h",), constructed=MARKET),
    "openInterest": Transcript(("openInterest",), stream="openInterest.SOL_USDC_PERP", constructed=ENVELOPE),
    "liquidation": Transcript(("liquidation",), stream="liquidation", constructed=ENVELOPE),
    "account.session": Transcript(
        ("account.session.post_only_placed_then_cancelled",),
        answers=ORDERS + CAPITAL,
        constructed=f"{NO_ACCOUNT}, and with the 30 USDT that the session ends with",
    ),
    "account.balanceUpdate": Transcript(
        ("account.balanceUpdate",),
        answers=CAPITAL,
        constructed="the answer over REST: 30 USDT and nothing else",
    ),
    "account.positionUpdate": Transcript(
        ("account.positionUpdate.positionOpened", "account.positionUpdate.initial"),
        answers=POSITIONS,
        constructed=f"{NO_ACCOUNT}; that frames of two accounts follow each other",
    ),
    "account.orderUpdate.market": Transcript(
        ("account.orderUpdate.orderAccepted.market", "account.orderUpdate.orderFill.market"),
        stream="account.orderUpdate",
        answers=ORDERS,
        constructed=f"{NO_ACCOUNT}; the stream, which was that of one market; {MARKET}",
    ),
    "account.orderUpdate.trigger": Transcript(
        (
            "account.orderUpdate.triggerPlaced",
            "account.orderUpdate.orderAccepted.after_trigger",
            "account.orderUpdate.orderCancelled.trigger",
        ),
        stream="account.orderUpdate",
        answers=FIRED_ORDERS,
        constructed=f"the answers over REST, as those of another day with these orders; {ENVELOPE}",
    ),
    "account.orderUpdate.all_fields": Transcript(
        ("account.orderUpdate.all_fields",),
        stream="account.orderUpdate",
        answers=ORDERS,
        constructed=f"{NO_ACCOUNT}; {ENVELOPE}",
    ),
    "account.rfqUpdate": Transcript(("account.rfqUpdate",), stream="account.rfqUpdate", constructed=ENVELOPE),
    "refused.stream": Transcript(("ws/_errors",), stream="nonsense.SOL_USDC"),
    "refused.window": Transcript(("ws/_errors",), stream="depth.10ms.SOL_USDC"),
    "refused.signature": Transcript(("ws/_errors",), stream="account.orderUpdate"),
}
REFUSALS = {"refused.signature": 4003, "refused.stream": 4006, "refused.window": 4008}


@asynccontextmanager
async def transcribed(name: str) -> AsyncIterator[Playback]:
    """A transcribed cassette, played; `make record` first writes it anew."""
    if RECORDING:
        _write(STREAM_CASSETTES / "transcribed" / f"{name}.jsonl", name)
    async with played(f"transcribed/{name}") as playback:
        yield playback


def _write(path: Path, name: str) -> None:
    transcript = TRANSCRIPTS[name]
    frames = _refusal(name) if name in REFUSALS else _frames(transcript)
    asked = list(dict.fromkeys(frame.get("stream", transcript.stream) for frame in frames))
    if name == "liquidation":
        asked.append("liquidation.SOL_USDC_PERP")
    subscription: dict[str, Any] = {"method": "SUBSCRIBE", "params": asked}
    if any(map(is_private, asked)):
        subscription["signature"] = ["<public key>", "<signature>", "0", "5000"]
    first = _emitted(frames[0])
    constructed = ["the subscription", "the times, which are those at which the frames were emitted"]
    lines = [
        {
            "cassette": 1,
            "source": "transcribed: " + "; ".join(map(sample_source, transcript.samples)),
            "constructed": "; ".join([*constructed, *filter(None, [transcript.constructed])]),
        },
        {"at": 0.0, "socket": 0, "client": _text(subscription)},
        *({"at": 0.0, "request": request, "answer": answer} for request, answer in transcript.answers),
        *(
            {"at": max(0, _emitted(frame) - first) / 1_000_000, "socket": 0, "venue": _text(frame)}
            for frame in frames
        ),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(_text(line) + "\n" for line in lines), encoding="utf-8")


def _refusal(name: str) -> list[Any]:
    return [frame for frame in sample("ws/_errors") if frame["error"]["code"] == REFUSALS[name]]


def _frames(transcript: Transcript) -> list[Any]:
    payloads = []
    for one in transcript.samples:
        payload = sample(one)
        payloads += payload if isinstance(payload, list) else [payload]
    return [
        {"data": _as_sent(payload.get("data", payload)), "stream": transcript.stream or payload["stream"]}
        for payload in payloads
    ]


def _as_sent(data: Any) -> Any:
    """Some captures passed through a reader that turns large integers into text."""
    return {key: int(value) if key in "ET" and str(value).isdigit() else value for key, value in data.items()}


def _emitted(frame: Any) -> int:
    return int(frame.get("data", {}).get("E", 0))


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
