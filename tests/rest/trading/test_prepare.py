"""Orders that are signed beforehand: sent once, while valid, with outcomes as create_order has them."""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from ccxt.base.errors import BaseError, InvalidOrder, NotSupported

import bpx_connector
import bpx_connector.async_support
from tests.support.keys import FIRST
from tests.support.scripted_venue import HANGS_UP, Answer, ScriptedVenue

NOW = 1_767_225_600_000
MARKET = {
    "symbol": "SOL_USDC", "baseSymbol": "SOL", "quoteSymbol": "USDC", "marketType": "SPOT",
    "filters": {"price": {"tickSize": "0.01"}, "quantity": {"stepSize": "0.01"}},
}  # fmt: skip
ANSWERED = {
    "id": "7", "clientId": None, "createdAt": NOW, "executedQuantity": "0", "executedQuoteQuantity": "0",
    "orderType": "Limit", "price": "90", "quantity": "1", "side": "Bid", "status": "New",
    "symbol": "SOL_USDC", "timeInForce": "GTC",
}  # fmt: skip
ARGUMENTS = ("SOL/USDC", "limit", "buy", 1, 90)


@pytest.fixture
def venue() -> Iterator[ScriptedVenue]:
    with ScriptedVenue([Answer(json.dumps(ANSWERED))]) as running:
        yield running


class Trader:
    """An exchange object of either class, at a venue that answers what it is told to."""

    def __init__(self, kind: Any, url: str) -> None:
        self.kind, self.url, self.now = kind, url, NOW
        self.exchange = self.made()

    def made(self, **config: Any) -> Any:
        exchange = self.kind({**FIRST.credentials, "timeout": 2000, **config})
        exchange.urls["api"] = self.url
        exchange.milliseconds = lambda: self.now
        exchange.timeout_on_exit = 1
        exchange.set_markets(exchange.parse_markets([MARKET]), {"SOL": {"id": "SOL", "code": "SOL"}})
        self.exchange = exchange
        return exchange

    async def prepared(self, *arguments: Any, **params: Any) -> Any:
        return await finished(self.exchange.prepare_order(*(arguments or ARGUMENTS), params=params))


async def finished(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


@pytest.fixture(params=[bpx_connector.bpx, bpx_connector.async_support.bpx], ids=["blocking", "asyncio"])
async def trader(request: pytest.FixtureRequest, venue: ScriptedVenue) -> Any:
    made = Trader(request.param, venue.url)
    yield made
    await finished(made.exchange.close())


async def test_what_is_sent_is_what_create_order_would_have_sent(
    trader: Trader, venue: ScriptedVenue
) -> None:
    order = await trader.prepared(clientOrderId="5")
    assert venue.requests == []
    sent = await finished(order.send())
    created = await finished(trader.exchange.create_order(*ARGUMENTS, {"clientOrderId": "5"}))
    assert sent == created
    one, other = venue.requests
    assert one == other
    assert trader.exchange.last_request_headers["X-Timestamp"] == str(NOW)


async def test_it_is_sent_once(trader: Trader, venue: ScriptedVenue) -> None:
    order = await trader.prepared()
    await finished(order.send())
    with pytest.raises(InvalidOrder, match=r"was sent before.*nothing was sent"):
        await finished(order.send())
    assert order.is_sent
    assert len(venue.requests) == 1


async def test_an_order_whose_sending_failed_is_not_sent_again(trader: Trader, venue: ScriptedVenue) -> None:
    trader.exchange.options["outcome"] = False
    order = await trader.prepared()
    venue.answers = [HANGS_UP]
    with pytest.raises(BaseError):
        await finished(order.send())
    with pytest.raises(InvalidOrder, match="was sent before"):
        await finished(order.send())
    assert len(venue.requests) == 1


@pytest.mark.parametrize(("window", "late"), [({}, 5001), ({"recvWindow": 60_000}, 60_001)])
async def test_an_expired_order_stays_here(
    trader: Trader, venue: ScriptedVenue, window: dict[str, Any], late: int
) -> None:
    in_time, too_late = await trader.prepared(**window), await trader.prepared(**window)
    assert too_late.valid_until == NOW + late - 1
    trader.now = NOW + late - 1
    await finished(in_time.send())
    trader.now = NOW + late
    with pytest.raises(InvalidOrder, match=r"has expired: it was signed \d+ ms ago.*nothing was sent"):
        await finished(too_late.send())
    assert len(venue.requests) == 1


async def test_what_became_of_an_order_whose_answer_was_lost_is_found_out(
    trader: Trader, venue: ScriptedVenue
) -> None:
    order = await trader.prepared(clientOrderId="5")
    found = json.dumps([{**ANSWERED, "clientId": 5, "status": "Filled", "executedQuantity": "1"}])
    venue.answers = [HANGS_UP, Answer(found)]
    assert (await finished(order.send()))["status"] == "closed"
    assert [request.method for request in venue.requests] == ["POST", "GET"]
    assert order.client_order_id == "5"


async def test_rules_are_asked_when_it_is_sent(trader: Trader, venue: ScriptedVenue) -> None:
    order = await trader.prepared()
    trader.exchange.options["guards"] = {"cancelOnly": True}
    with pytest.raises(BaseError):
        await finished(order.send())
    assert venue.requests == []


async def test_a_method_that_was_replaced_is_called(trader: Trader, venue: ScriptedVenue) -> None:
    order, noted = await trader.prepared(), []
    before = trader.exchange.fetch2

    def instead(*args: Any, **how: Any) -> Any:
        noted.append(args[0])
        return before(*args, **how)

    trader.exchange.fetch2 = instead
    assert (await finished(order.send()))["id"] == "7"
    assert noted == ["api/v1/order"]
    assert len(venue.requests) == 1


async def test_a_wrong_order_is_refused_when_it_is_prepared(trader: Trader) -> None:
    with pytest.raises(InvalidOrder):
        await trader.prepared("SOL/USDC", "limit", "buy", 1, None)
    with pytest.raises(NotSupported):
        await trader.prepared("AAPL.US.RFQ/USDC", "limit", "buy", 1, 90)


async def test_it_shows_no_signature_and_is_not_pickled(trader: Trader) -> None:
    order = await trader.prepared()
    assert repr(order) == f"<PreparedOrder SOL/USDC with client id {order.client_order_id}>"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(order)


# --- rehearsing --------------------------------------------------------------------------------------------


async def test_a_rehearsal_sends_nothing_and_is_not_remembered(trader: Trader, venue: ScriptedVenue) -> None:
    exchange = trader.exchange
    before = (exchange.last_request_url, exchange.last_http_response, len(exchange._known_orders()))
    exchange.rehearse_order()
    assert venue.requests == []
    assert (exchange.last_request_url, exchange.last_http_response, len(exchange._known_orders())) == before
    order = await trader.prepared()
    exchange.rehearse_order()
    following = await trader.prepared()
    step = (int(following.client_order_id) - int(order.client_order_id)) % 2**32
    assert step in (1, 2)  # two if the number between would stand for a stop


async def test_a_rehearsal_is_the_way_of_an_order(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    signer = type(trader.exchange._current_signer())

    def signature(self: Any, text: str) -> str:
        texts.append(text)
        return "x"

    monkeypatch.setattr(signer, "signature", signature)
    trader.exchange.rehearse_order()
    assert len(texts) == 1
    assert texts[0].startswith("instruction=orderExecute&clientId=0&orderType=Limit")


async def test_without_markets_or_with_somebody_elses_signature_there_is_nothing_to_rehearse(
    trader: Trader,
) -> None:
    signed: list[Any] = []
    trader.exchange.sign = lambda *args: signed.append(args)
    trader.exchange.rehearse_order()
    assert signed == []
    fresh = trader.kind(FIRST.credentials)
    fresh.rehearse_order()
    await finished(fresh.close())
