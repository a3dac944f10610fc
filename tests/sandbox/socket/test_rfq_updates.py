"""What requests for quotes send on `account.rfqUpdate`, to whom, in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bpx_connector.sandbox.socket.publications import Streams
from bpx_connector.sandbox.socket.requests import Stream
from tests.support.desk import Client, LocalDesk

SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "ws" / "account.rfqUpdate.json"
SYMBOL = "SOL_USDC_RFQ"


class Listener:
    """Everything that the streams of two accounts say."""

    def __init__(self, desk: LocalDesk, *clients: Client) -> None:
        self._desk = desk
        self.heard: dict[int, list[dict[str, Any]]] = {}
        self._streams = Streams(desk.venue, desk.sandbox.context.history)
        for client in clients:
            account = desk.sandbox.context.account(client.api_key)
            self.heard[account.id] = []
            self._streams.open(Stream("account.rfqUpdate", "account.rfqUpdate"), account.id, desk.clock.now())
        desk.venue.listeners.append(self._hear)

    def _hear(self, event: Any) -> None:
        for publication in self._streams.of_event(event, self._desk.clock.now()):
            assert publication.key.account_id is not None
            self.heard[publication.key.account_id].append(publication.payload)


def test_a_request_and_its_quotes_are_told_to_those_concerned() -> None:
    """OpenAPI, RFQ Update: who is sent what."""
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    taker, maker = desk.client(1), desk.client(2)
    listener = Listener(desk, taker, maker)
    rfq = taker.done(
        "POST", "/api/v1/rfq", body={"symbol": SYMBOL, "side": "Bid", "quantity": "10", "clientId": 123}
    )
    quote = maker.done(
        "POST",
        "/api/v1/rfq/quote",
        body={"rfqId": rfq["rfqId"], "bidPrice": "1", "askPrice": "2", "clientId": 9},
    )
    taker.done("POST", "/api/v1/rfq/refresh", body={"rfqId": rfq["rfqId"]})
    again = maker.done(
        "POST", "/api/v1/rfq/quote", body={"rfqId": rfq["rfqId"], "bidPrice": "1", "askPrice": "2"}
    )
    taker.done("POST", "/api/v1/rfq/accept", body={"rfqId": rfq["rfqId"], "quoteId": again["quoteId"]})
    other = taker.done("POST", "/api/v1/rfq", body={"symbol": SYMBOL, "side": "Ask", "quoteQuantity": "150"})
    taker.done("POST", "/api/v1/rfq/cancel", body={"rfqId": other["rfqId"]})
    to_taker, to_maker = listener.heard.values()
    assert [row["e"] for row in to_taker] == [
        "rfqAccepted",
        "rfqCandidate",
        "rfqCandidate",
        "rfqRefreshed",
        "rfqCandidate",
        "rfqCandidate",
        "rfqFilled",
        "rfqAccepted",
        "rfqCandidate",
        "rfqCancelled",
    ]
    assert [row["e"] for row in to_maker] == [
        "rfqActive",
        "quoteAccepted",
        "quoteCancelled",
        "rfqActive",
        "quoteAccepted",
        "rfqFilled",
        "rfqActive",
    ]
    assert to_taker[0]["R"] == int(rfq["rfqId"]) > 2**53
    assert to_maker[1]["u"] == int(quote["quoteId"])


def test_the_fields_are_those_of_the_documents_examples() -> None:
    desk = LocalDesk(symbols=["SOL_USDC"], speed=0)
    taker, maker = desk.client(1), desk.client(2)
    listener = Listener(desk, taker, maker)
    rfq = taker.done(
        "POST", "/api/v1/rfq", body={"symbol": SYMBOL, "side": "Bid", "quantity": "10", "clientId": 123}
    )
    maker.done(
        "POST",
        "/api/v1/rfq/quote",
        body={"rfqId": rfq["rfqId"], "bidPrice": "1", "askPrice": "2", "clientId": 9},
    )
    examples = {row["e"]: row for row in json.loads(SAMPLE.read_text(encoding="utf-8"))["payload"]}
    for payload in [row for rows in listener.heard.values() for row in rows]:
        example = examples[payload["e"]]
        assert set(payload) <= set(example) | {"q"}, payload["e"]
        assert {key: type(value) for key, value in payload.items()} == {
            key: type(example.get(key, "")) for key in payload
        }
