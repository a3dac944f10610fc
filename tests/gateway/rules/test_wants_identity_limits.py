"""Which streams are followed, what events are called, and what users may send."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.gateway.rules.identity import event_identity, event_symbol, fill_identity
from bpx_connector.gateway.rules.limits import SentOnce, UserLimits, limits_of, refusal_of
from bpx_connector.gateway.rules.wants import KEPT, Wants

ORDER = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "2", "price": "100"}


def test_a_stream_is_followed_for_a_while_after_its_last_reader() -> None:
    wants = Wants(["account.orderUpdate"])
    assert wants.want(["depth.A", "depth.B", "depth.A"], 0.0) == ["depth.A", "depth.B"]
    assert wants.want(["depth.A"], 50.0) == []
    assert wants.lapsed(KEPT - 1) == []
    assert wants.lapsed(KEPT) == ["depth.B"]
    assert set(wants) == {"account.orderUpdate", "depth.A"}
    assert wants.lapsed(1000.0) == ["depth.A"] and "account.orderUpdate" in wants


def test_a_fill_has_one_name_by_event_and_by_history() -> None:
    frame = {"e": "orderFill", "s": "SOL_USDC", "i": "77", "t": 5, "T": 9}
    assert event_identity("account.orderUpdate", frame, "x") == fill_identity("SOL_USDC", 5)
    assert event_identity("account.orderUpdate", frame | {"t": None, "e": "orderAccepted"}, "x") == (
        "order.77.orderAccepted.9"
    )


def test_equal_frames_have_one_name() -> None:
    one = event_identity("account.balanceUpdate", {"a": "SOL"}, "text")
    assert one == event_identity("account.balanceUpdate", {"a": "SOL"}, "text")
    assert one != event_identity("account.positionUpdate", {"a": "SOL"}, "text")
    assert event_symbol({"a": "SOL"}) == "SOL" and event_symbol({}) == "none"


def refused(
    call: tuple[str, str], params: Any, limits: UserLimits | None, open_orders: int = 0
) -> str | None:
    return refusal_of(call, params, limits, open_orders, {"SOL_USDC": Decimal(120)})


@pytest.mark.parametrize(
    "call",
    [("POST", "wapi/v1/capital/withdrawals"), ("PATCH", "api/v1/account"), ("POST", "api/v1/borrowLend")],
)
def test_nothing_but_orders_and_cancels_is_sent(call: tuple[str, str]) -> None:
    assert "only orders and cancels" in (refused(call, {}, UserLimits()) or "")


def test_a_user_without_limits_may_not_trade() -> None:
    assert "may not trade" in (refused(("POST", "api/v1/order"), ORDER, None) or "")


def test_limits_hold() -> None:
    order = ("POST", "api/v1/order")
    limits = UserLimits(frozenset({"SOL_USDC"}), Decimal(240), 3)
    assert refused(order, ORDER, limits) is None
    assert "BTC_USDC is not among" in (refused(order, ORDER | {"symbol": "BTC_USDC"}, limits) or "")
    assert "this user's most" in (refused(order, ORDER | {"quantity": "2.1"}, limits) or "")
    assert "3 orders are open" in (refused(order, ORDER, limits, 3) or "")
    assert "is not known" in (refused(order, {"symbol": "SOL_USDC"}, limits) or "")
    assert "is not known" in (refused(order, ORDER | {"quantity": "NaN"}, limits) or "")


def test_a_cheap_price_does_not_hide_what_a_sale_is_worth() -> None:
    limits = UserLimits(None, Decimal(200))
    assert "worth 240" in (refused(("POST", "api/v1/order"), ORDER | {"price": "1"}, limits) or "")


def test_a_batch_is_refused_where_one_of_it_is() -> None:
    batch = ("POST", "api/v1/orders")
    assert refused(batch, [ORDER, ORDER], UserLimits(most_open_orders=2)) is None
    assert refused(batch, [ORDER, ORDER | {"quantity": "9"}], UserLimits(None, Decimal(300))) is not None
    assert refused(batch, [ORDER, ORDER], UserLimits(most_open_orders=1)) is not None


def test_a_cancel_counts_as_no_order() -> None:
    assert (
        refused(("DELETE", "api/v1/orders"), {"symbol": "SOL_USDC"}, UserLimits(most_open_orders=1), 1)
        is None
    )


def test_limits_are_read_and_unknown_ones_refused() -> None:
    assert limits_of({"s7": {"symbols": ["A"], "maxNotional": "5", "maxOpenOrders": 2}}) == {
        "s7": UserLimits(frozenset({"A"}), Decimal(5), 2)
    }
    with pytest.raises(ValueError, match="maxNotinal"):
        limits_of({"s7": {"maxNotinal": 5}})


def test_a_request_that_comes_twice_is_taken_once() -> None:
    sent = SentOnce(seconds=10)
    assert sent.take("a", 0.0) and not sent.take("a", 9.0)
    assert sent.take("b", 11.0) and sent.take("a", 11.0)
