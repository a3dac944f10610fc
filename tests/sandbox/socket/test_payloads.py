"""The sandbox writes what the venue was captured writing: same keys, same order, same types, same digits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.sandbox.account.margin import PositionView
from bpx_connector.sandbox.market.candles import Candle, Ticker
from bpx_connector.sandbox.market.marks import Mark
from bpx_connector.sandbox.records.events import (
    BalanceChanged,
    DepthChanged,
    Liquidated,
    OrderChanged,
    PositionChanged,
    TopChanged,
    Traded,
)
from bpx_connector.sandbox.records.orders import Fill, Order, OrderRequest
from bpx_connector.sandbox.records.positions import Position
from bpx_connector.sandbox.records.rules import MarketRules, market_rules
from bpx_connector.sandbox.socket import account_payloads as account_frames
from bpx_connector.sandbox.socket import payloads as frames
from tests.support.samples import sample
from tests.support.venues import market_row

Sample = Callable[[str], Any]

TICKS = {
    "SOL_USDC": ("0.01", "0.01"),
    "ETH_USDC": ("0.01", "0.0001"),
    "ETH_USDC_PERP": ("0.01", "0.0001"),
    "BTC_USDC_PERP": ("0.1", "0.00001"),
    "AAPL.US_USDC_PERP": ("0.01", "0.01"),
}


def rules(symbol: str) -> MarketRules:
    tick, step = TICKS[symbol]
    return market_rules(market_row(symbol, tick=tick, step=step, minimum=step))


def captured(name: str) -> list[Any]:
    """The captured frames of one sample, whether it holds one or several, with or without an envelope."""
    payload = sample(f"ws/{name}")
    frames = payload if isinstance(payload, list) else [payload]
    return [frame.get("data", frame) for frame in frames]


def figure(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def levels(rows: list[list[str]]) -> dict[Decimal, Decimal]:
    # The engine knows figures, not how many zeros they are written with.
    return {Decimal(price).normalize(): Decimal(size).normalize() for price, size in rows}


def text(payload: Any) -> str:
    return json.dumps(payload)


# --- books and trades ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [data for name in ("depth", "depth.200ms", "depth.deletion") for data in captured(name)],
    ids=lambda data: f"{data['s']}-{data['u']}",
)
def test_depth_frames_are_those_captured(data: dict[str, Any]) -> None:
    event = DepthChanged(data["T"], data["s"], data["U"], data["u"], levels(data["b"]), levels(data["a"]))

    assert text(frames.depth(event, frames.padding(rules(data["s"])), data["E"])) == text(data)


def test_a_depth_frame_without_levels_still_carries_its_ids() -> None:
    (data,) = captured("depth.empty_levels")
    data = {**data, "E": int(data["E"]), "T": int(data["T"])}
    event = DepthChanged(data["T"], data["s"], data["U"], data["u"], {}, {})

    assert text(frames.depth(event, frames.padding(rules(data["s"])), data["E"])) == text(data)


def test_both_sides_of_a_depth_frame_ascend() -> None:
    sides = {Decimal(price): Decimal(1) for price in (3, 1, 2)}
    event = DepthChanged(1, "SOL_USDC", 1, 1, sides, sides)

    payload = frames.depth(event, frames.padding(rules("SOL_USDC")), 1)

    prices = ["1.00", "2.00", "3.00"]
    assert [price for price, _ in payload["a"]] == [price for price, _ in payload["b"]] == prices


def test_a_step_of_ten_thousand_is_written_without_exponent() -> None:
    row = market_row("BONK_USDC", tick="0.00000001", step="10000", minimum="10000")
    event = DepthChanged(1, "BONK_USDC", 1, 1, {Decimal("1.7E-7"): Decimal("2E+4")}, {})

    payload = frames.depth(event, frames.padding(market_rules(row)), 1)

    assert payload["b"] == [["0.00000017", "20000"]]


@pytest.mark.parametrize("data", captured("bookTicker"), ids=lambda data: str(data["u"]))
def test_book_tickers_are_those_captured(data: dict[str, Any]) -> None:
    bid, bid_size, ask, ask_size = (Decimal(data[key]).normalize() for key in "bBaA")
    event = TopChanged(data["T"], data["s"], data["u"], bid, bid_size, ask, ask_size)

    assert text(frames.book_ticker(event, frames.padding(rules(data["s"])), data["E"])) == text(data)


def test_the_empty_side_of_a_book_ticker_is_null() -> None:
    event = TopChanged(1, "SOL_USDC", 7, None, None, Decimal("99"), Decimal("1"))

    payload = frames.book_ticker(event, frames.padding(rules("SOL_USDC")), 1)

    assert (payload["b"], payload["B"], payload["a"], payload["A"]) == (None, None, "99.00", "1.00")


@pytest.mark.parametrize("data", captured("trade"), ids=lambda data: str(data["t"]))
def test_trades_are_those_captured(data: dict[str, Any]) -> None:
    event = Traded(
        data["T"],
        data["s"],
        data["t"],
        Decimal(data["p"]),
        Decimal(data["q"]),
        int(data["b"]),
        int(data["a"]),
        data["m"],
    )

    assert text(frames.trade(event, data["E"])) == text(data)


def test_a_trade_stands_on_whole_milliseconds() -> None:
    event = Traded(1_788_367_469_345_678, "SOL_USDC", 1, Decimal(1), Decimal(1), 1, 2, buyer_is_maker=False)

    assert frames.trade(event, 1_788_367_469_346_470)["T"] == 1_788_367_469_345_000


def test_liquidations_have_the_documented_fields() -> None:
    (data,) = captured("liquidation")
    event = Liquidated(data["T"], data["s"], data["S"], Decimal(data["p"]), Decimal(data["q"]))

    # The documentation's example writes its price as 18.70; the wire has no trailing zeros elsewhere.
    assert frames.liquidation(event, data["E"]) == {**data, "p": "18.7"}


# --- what is sent by the clock -------------------------------------------------------------------------


@pytest.mark.parametrize("data", captured("ticker"), ids=lambda data: f"{data['s']}-{data['n']}")
def test_tickers_are_those_captured(data: dict[str, Any]) -> None:
    first, last, high, low, volume, quote_volume = (Decimal(data[key]) for key in "ochlvV")
    row = Ticker(data["s"], first, last, high, low, volume, quote_volume, data["n"])

    assert text(frames.ticker(row, data["E"])) == text(data)


@pytest.mark.parametrize(
    "data", [*captured("markPrice"), *captured("markPrice.2025")], ids=lambda data: f"{data['s']}-{data['E']}"
)
def test_marks_are_those_captured(data: dict[str, Any]) -> None:
    row = Mark(data["s"], Decimal(data["p"]), Decimal(data["i"]), Decimal(data["f"]), data["n"] * 1000)

    assert text(frames.mark_price(row, data["T"], data["E"])) == text(data)


def test_a_mark_without_funding_has_neither_rate_nor_index_nor_time() -> None:
    payload = frames.mark_price(Mark("SOL_USDC", Decimal("98.5"), None, None, None), 1, 2)

    assert payload == {"E": 2, "T": 1, "e": "markPrice", "p": "98.5", "s": "SOL_USDC"}


@pytest.mark.parametrize("data", captured("kline.1m"), ids=lambda data: str(data["E"]))
def test_candles_are_those_captured(data: dict[str, Any]) -> None:
    start, end = (
        int(datetime.fromisoformat(data[key]).replace(tzinfo=UTC).timestamp()) * 1_000_000 for key in "tT"
    )
    candle = None
    if data["n"]:
        opened, high, low, close, volume = (Decimal(data[key]) for key in "ohlcv")
        candle = Candle(start, end, opened, high, low, close, volume, trades=data["n"])

    assert text(frames.kline(data["s"], start, end, candle, data["E"], closed=data["X"])) == text(data)


def test_open_interest_has_the_documented_fields() -> None:
    (data,) = captured("openInterest")

    assert frames.open_interest(data["s"], Decimal(data["o"]), data["E"]) == data


# --- accounts ------------------------------------------------------------------------------------------


def order_of(data: dict[str, Any]) -> Order:
    """The order that a captured update tells of."""
    is_conditional = "P" in data
    request = OrderRequest(
        symbol=data["s"],
        side=data["S"],
        order_type=data["o"].capitalize(),
        time_in_force=data["f"],
        self_trade_prevention=data["V"],
        price=figure(data.get("p")),
        post_only=data.get("y", False),
        trigger_price=figure(data.get("P")),
        trigger_quantity=data.get("Y"),
        trigger_by=data.get("B"),
    )
    return Order(
        id=int(data["i"]),
        account_id=1,
        request=request,
        created_at=0,
        updated_at=data["T"],
        status=data["X"],
        quantity=None if is_conditional else figure(data.get("q")),
        quote_quantity=figure(data.get("Q")) if data["o"] == "MARKET" else None,
        executed_quantity=Decimal(data["z"]),
        executed_quote_quantity=Decimal(data["Z"]),
        watches="LastPrice" if is_conditional else None,
    )


def fill_of(data: dict[str, Any]) -> Fill | None:
    if data.get("t") is None:
        return None
    return Fill(
        trade_id=data["t"],
        order_id=int(data["i"]),
        client_id=None,
        symbol=data["s"],
        side=data["S"],
        price=Decimal(data["L"]),
        quantity=Decimal(data["l"]),
        fee=Decimal(data["n"] + "000"),
        fee_symbol=data["N"],
        is_maker=data["m"],
        time=data["T"],
    )


@pytest.mark.parametrize(
    "name",
    [
        "orderAccepted",
        "orderAccepted.after_trigger",
        "orderAccepted.market",
        "orderCancelled",
        "orderCancelled.trigger",
        "orderFill.market",
        "triggerPlaced",
    ],
)
def test_order_updates_are_those_captured(name: str) -> None:
    (data,) = captured(f"account.orderUpdate.{name}")
    data = {**data, "E": int(data["E"]), "T": int(data["T"])}
    event = OrderChanged(data["T"], 1, data["e"], order_of(data), fill_of(data))

    payload = account_frames.order_update(event, data["E"])

    # Limit orders have said whether they are post-only since some day after the captures of May 2025.
    newer = {"y": False} if data["o"] == "LIMIT" else {}
    assert text(payload) == text(dict(sorted({**newer, **data}.items())))


def test_every_documented_field_of_an_order_update_can_be_there() -> None:
    (data,) = captured("account.orderUpdate.all_fields")
    some = Decimal(1)
    given = order_of(data)
    order = replace(
        given,
        request=replace(
            given.request,
            client_id=123,
            take_profit_trigger_price=some,
            take_profit_limit_price=some,
            take_profit_trigger_by="MarkPrice",
            stop_loss_trigger_price=some,
            stop_loss_limit_price=some,
            stop_loss_trigger_by="IndexPrice",
            strategy_id=6023471188,
        ),
        quantity=some,
        related_order_id=1111343026156135,
        expiry_reason="PriceImpact",
    )

    payload = account_frames.order_update(OrderChanged(1, 1, "orderExpired", order, fill_of(data)), 2)

    # `r` is captured on every order and documented nowhere.
    assert set(payload) == {*data, "r"}
    assert {key: type(payload[key]) for key in data} == {key: type(value) for key, value in data.items()}


def test_an_order_closed_by_liquidation_says_so() -> None:
    order = replace(
        order_of(captured("account.orderUpdate.orderAccepted")[0]),
        system_order_type="LiquidatePositionOnBook",
    )

    assert (
        account_frames.order_update(OrderChanged(1, 1, "orderAccepted", order), 2)["O"]
        == "LIQUIDATION_AUTOCLOSE"
    )


def position_of(data: dict[str, Any]) -> Position:
    """A position with the captured figures, each got by the arithmetic of positions."""
    quantity, mark = Decimal(data["q"]), Decimal(data["M"])
    net_cost = Decimal(data["B"]) * quantity
    return Position(
        id=data["i"],
        account_id=1,
        symbol=data["s"],
        opened_at=0,
        quantity=quantity,
        net_cost=net_cost,
        cash=Decimal(data["P"]) - quantity * mark,
        pnl_realized=Decimal(data["p"]),
        fees=Decimal(data["b"]) * quantity - net_cost,
    )


@pytest.mark.parametrize("name", ["initial", "initial_short"])
def test_positions_told_on_subscription_are_those_captured(name: str) -> None:
    (data,) = captured(f"account.positionUpdate.{name}")
    view = PositionView(
        position=position_of(data),
        mark=Decimal(data["M"]),
        imf=Decimal(data["f"]),
        mmf=Decimal(data["m"]),
        exposure_quantity=Decimal(data["Q"]),
        exposure_notional=Decimal(data["n"]),
        estimated_liquidation_price=Decimal(0),
        pnl_unrealized=Decimal(data["P"]),
        user_id=1,
    )

    payload = account_frames.open_position(view, data["E"])

    assert "e" not in payload
    assert text({**payload, "T": data["T"]}) == text(data)


def test_position_updates_are_those_captured() -> None:
    (data,) = captured("account.positionUpdate.positionOpened")
    data = {**data, "E": int(data["E"]), "T": int(data["T"])}
    mark, exposure, imf, mmf = (Decimal(data[key]) for key in "MQfm")
    event = PositionChanged(data["T"], 1, data["e"], position_of(data), mark, exposure, imf, mmf)

    # This capture of 2025 still has padded quantities; the newer ones have not.
    trimmed = {**data, "q": "0.001", "Q": "0.001"}
    assert text(account_frames.position_update(event, data["E"])) == text(trimmed)


@pytest.mark.parametrize("data", captured("account.balanceUpdate"), ids=lambda data: str(data["E"]))
def test_balance_updates_are_those_captured(data: dict[str, Any]) -> None:
    available, locked, staked = (Decimal(data[key] + ".00") for key in "ALS")
    event = BalanceChanged(data["T"], 1, data["a"], available, locked, staked)

    assert text(account_frames.balance_update(event, data["E"])) == text(data)


# --- envelopes and errors ------------------------------------------------------------------------------


def test_the_envelope_has_its_data_first() -> None:
    assert frames.envelope("trade.X", {"e": "trade"}) == '{"data":{"e":"trade"},"stream":"trade.X"}'


def test_the_errors_are_those_seen() -> None:
    known = [
        frames.PARSE_ERROR,
        frames.INVALID_SIGNATURE,
        frames.INVALID_STREAM,
        frames.INVALID_DEPTH_WINDOW,
    ]

    assert [json.loads(error) for error in known] == sample("ws/_errors")


def test_the_order_that_a_trigger_fired_names_it_only_after_it_was_accepted() -> None:
    """Captured: "the orderAccepted of a fired trigger order has no `I`" (FACTS 22)."""
    (found,) = captured("account.orderUpdate.orderAccepted.after_trigger")
    data = {**found, "E": int(found["E"]), "T": int(found["T"])}
    fired = order_of(data)
    fired.triggered_at, fired.related_order_id = data["T"], 7
    accepted = account_frames.order_update(
        OrderChanged(data["T"], 1, "orderAccepted", fired, None), data["E"]
    )
    assert "I" not in accepted
    cancelled = account_frames.order_update(
        OrderChanged(data["T"], 1, "orderCancelled", fired, None), data["E"]
    )
    assert cancelled["I"] == "7"
