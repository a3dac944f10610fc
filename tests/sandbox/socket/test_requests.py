"""Names of streams and the frames that ask for them: what each means, and which error answers a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpx_connector.sandbox.socket import payloads as frames
from bpx_connector.sandbox.socket.requests import Stream, request_of, stream_of


@pytest.mark.parametrize(
    ("name", "kind", "symbol", "variant"),
    [
        ("depth.SOL_USDC", "depth", "SOL_USDC", None),
        ("depth.200ms.SOL_USDC", "depth", "SOL_USDC", "200ms"),
        ("depth.5.SOL_USDC", "depth", "5.SOL_USDC", None),
        ("depth.1000ms.AAPL.US_USDC_PERP", "depth", "AAPL.US_USDC_PERP", "1000ms"),
        ("kline.1month.AAPL.US_USDC_PERP", "kline", "AAPL.US_USDC_PERP", "1month"),
        ("bookTicker.kPEPE_USDC_PERP", "bookTicker", "kPEPE_USDC_PERP", None),
        ("liquidation", "liquidation", None, None),
        ("liquidation.SOL_USDC_PERP", "liquidation", "SOL_USDC_PERP", None),
        ("stockPrice.AAPL", "stockPrice", "AAPL", None),
        ("account.orderUpdate", "account.orderUpdate", None, None),
        ("account.orderUpdate.AAPL.US_USDC", "account.orderUpdate", "AAPL.US_USDC", None),
        ("account.rfqUpdate.SOL_USDC_RFQ", "account.rfqUpdate", "SOL_USDC_RFQ", None),
        ("account.balanceUpdate", "account.balanceUpdate", None, None),
    ],
)
def test_a_name_says_kind_symbol_and_variant(
    name: str, kind: str, symbol: str | None, variant: str | None
) -> None:
    assert stream_of(name) == Stream(name, kind, symbol, variant)


@pytest.mark.parametrize(
    "name",
    [
        *("", "foo", "foo.SOL_USDC", "trade", "trade.", "kline.SOL_USDC", "kline.7m.SOL_USDC", "kline.1m."),
        *("account.", "account.foo", "account.orderUpdate.", "account.balanceUpdate.SOL_USDC"),
        *("depth.200ms.", "depth"),
    ],
)
def test_an_unknown_kind_of_stream_is_invalid(name: str) -> None:
    assert stream_of(name) == frames.INVALID_STREAM


@pytest.mark.parametrize("window", ["100ms", "0ms", "2000ms"])
def test_an_unknown_depth_window_is_refused_by_its_own_code(window: str) -> None:
    assert stream_of(f"depth.{window}.SOL_USDC") == frames.INVALID_DEPTH_WINDOW


@given(st.text())
def test_any_name_is_a_stream_or_an_error(name: str) -> None:
    found = stream_of(name)

    assert isinstance(found, str) == (found in (frames.INVALID_STREAM, frames.INVALID_DEPTH_WINDOW))


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "1",
        '{"method":"PING"}',
        '{"method":"SUBSCRIBE"}',
        '{"method":"SUBSCRIBE","params":"depth.SOL_USDC"}',
        '{"method":"SUBSCRIBE","params":[1]}',
        '{"method":["SUBSCRIBE"],"params":[]}',
    ],
)
def test_what_is_no_request_is_not_understood(text: str) -> None:
    assert request_of(text) is None


def test_an_id_is_tolerated() -> None:
    request = request_of('{"id":7,"method":"UNSUBSCRIBE","params":["a","b"]}')

    assert request is not None
    assert (request.subscribes, request.names, request.signature) == (False, ["a", "b"], None)
