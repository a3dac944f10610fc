"""Text frames in, events out; subscriptions in, text frames out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.stream.frames import (
    Refusal,
    Unreadable,
    delta_of,
    payload_of,
    read_frame,
    stream_of,
    subscribe_frame,
    unsubscribe_frame,
)
from bpx_connector.venue.streams import STREAM_ERRORS, STREAMS, is_private, stream_kind
from tests.support.samples import sample

ENVELOPES = ("depth", "trade", "ticker", "bookTicker", "kline.1m", "markPrice", "account.balanceUpdate")


def text_of(frame: object) -> str:
    return json.dumps(frame, separators=(",", ":"))


@pytest.mark.parametrize("name", ENVELOPES)
def test_the_stream_of_a_captured_frame_is_cut_from_its_end(name: str) -> None:
    for frame in sample(f"ws/{name}"):
        assert stream_of(text_of(frame)) == frame["stream"] == read_frame(text_of(frame))


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_captured_payload_comes_out_as_it_went_in(name: str) -> None:
    for frame in sample(f"ws/{name}"):
        assert payload_of(text_of(frame)) == frame["data"]


def test_a_frame_with_the_stream_first_is_read_the_slow_way() -> None:
    text = '{"stream": "ticker.SOL_USDC", "data": {"e": "ticker"}}'
    assert stream_of(text) != "ticker.SOL_USDC"
    assert read_frame(text) == "ticker.SOL_USDC"


def test_every_captured_error_frame_is_a_refusal_with_a_known_exception() -> None:
    for frame in sample("ws/_errors"):
        refusal = read_frame(text_of(frame))
        assert refusal == Refusal(frame["error"]["code"], frame["error"]["message"])
        assert isinstance(refusal, Refusal)
        assert refusal.code in STREAM_ERRORS


@pytest.mark.parametrize("text", ["", "pong", "{}", "[1]", '{"data":{}}', '{"id":null}'])
def test_what_is_neither_data_nor_an_error_is_unreadable(text: str) -> None:
    assert read_frame(text) == Unreadable(text)


def test_a_captured_delta_has_numbers_for_levels() -> None:
    delta = delta_of(text_of(sample("ws/depth.200ms")))
    assert (delta.U, delta.u) == (7501116422, 7501116464)
    assert delta.a[0] == (2766.95, 6.9498)
    assert delta.b[1] == (2755.33, 0.0)


def test_a_delta_without_levels_is_still_a_delta() -> None:
    frame = sample("ws/depth.empty_levels")
    frame["data"]["T"] = int(frame["data"]["T"])
    assert delta_of(text_of(frame)).a == []


@given(st.decimals(min_value=0, max_value=10**12, allow_nan=False, allow_infinity=False, places=12))
def test_a_level_is_the_float_that_python_makes_of_its_text(figure: object) -> None:
    level = f"{figure:f}"
    frame = {"data": {"T": 1, "U": 1, "u": 1, "a": [[level, level]], "b": []}, "stream": "depth.X"}
    assert delta_of(text_of(frame)).a == [(float(level), float(level))]


def test_subscriptions_are_written_as_in_captured_requests() -> None:
    public, ended, private = sample("ws/_subscribe")
    assert json.loads(subscribe_frame(public["params"])) == public
    assert json.loads(unsubscribe_frame(ended["params"])) == ended
    assert json.loads(subscribe_frame(private["params"], private["signature"])) == private


def test_every_kind_of_stream_is_found_by_the_names_it_is_written_with() -> None:
    for row in STREAMS.values():
        for name in row.names:
            written = name.format(symbol="SOL_USDC", window="200ms", interval="1m", ticker="AAPL")
            assert stream_kind(written) == row.kind
            assert is_private(written) == row.kind.startswith("account.")
    assert stream_kind("nonsense.SOL_USDC") is None
