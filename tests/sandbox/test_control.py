"""The doors of the control port: what each does, and what it says to nonsense."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession

from bpx_connector.sandbox.clock import DRIVEN_START, DrivenClock
from bpx_connector.sandbox.control import DOORS
from bpx_connector.sandbox.records.orders import OrderRequest
from bpx_connector.sandbox.server import Sandbox
from tools.doors_page import TARGET

SPOT, PERP = "SOL_USDC", "SOL_USDC_PERP"


class Visitor:
    """Somebody at the control port."""

    def __init__(self, sandbox: Sandbox, session: ClientSession) -> None:
        assert sandbox.control is not None
        self.sandbox = sandbox
        self._address = sandbox.control.address
        self._session = session

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        async with self._session.request(method, self._address + path, json=body, **options) as answer:
            return answer.status, None if answer.status == 204 else await answer.json()


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    sandbox = Sandbox(seed=1, clock=DrivenClock(), symbols=[SPOT, PERP], control=0)
    async with sandbox, ClientSession() as session:
        yield Visitor(sandbox, session)


async def test_the_list_names_every_door_and_what_it_takes(visitor: Visitor) -> None:
    status, listed = await visitor.ask("GET", "/")
    assert status == 200
    assert [(door["method"], door["path"]) for door in listed["doors"]] == [
        (door.method, door.path) for door in DOORS
    ]
    assert all(door["effect"] for door in listed["doors"])


EXAMPLES = re.findall(r"^curl .*$", TARGET.read_text(encoding="utf-8"), re.MULTILINE)
"""Each door's line for a shell, as docs/control.md has it."""


def test_the_page_has_an_example_of_every_door() -> None:
    assert len(EXAMPLES) == len(DOORS)


@pytest.mark.parametrize("line", EXAMPLES)
async def test_every_example_of_the_page_is_taken(visitor: Visitor, line: str) -> None:
    """As it stands, where there is what it names: an account of that key, a first fault, a client."""
    *words, address = shlex.split(line.removeprefix("curl "))
    options = dict(zip(words[::2], words[1::2], strict=True))
    body = options.get("-d")
    visitor.sandbox.venue.open_account("the public key (X-API-Key)", visitor.sandbox.clock.now())
    visitor.sandbox.faults.add("lose depth.*")
    visitor.sandbox.lockstep.join("my_bot")
    path = address.removeprefix("http://127.0.0.1:8788")
    status, answer = await visitor.ask(options.get("-X", "GET"), path, body and json.loads(body))
    assert status in (200, 201, 204), answer


async def test_an_account_is_opened_with_the_funds_that_are_asked_for(visitor: Visitor) -> None:
    status, row = await visitor.ask("POST", "/sandbox/accounts", {"key": "me", "funds": {"USDC": "12.5"}})
    assert (status, row) == (
        201,
        {"key": "me", "balances": {"USDC": {"available": "12.5", "locked": "0"}}},
    )
    assert await visitor.ask("GET", "/sandbox/accounts") == (200, [row])


async def test_deposits_and_balances_keep_the_books_balanced(visitor: Visitor) -> None:
    await visitor.ask("POST", "/sandbox/accounts", {"key": "me", "funds": {"USDC": "10"}})
    _, row = await visitor.ask("POST", "/sandbox/deposits", {"key": "me", "asset": "SOL", "quantity": "2"})
    assert row["balances"]["SOL"]["available"] == "2"
    for quantity in ("1000", "3"):
        _, row = await visitor.ask(
            "PUT", "/sandbox/balances", {"key": "me", "asset": "USDC", "quantity": quantity}
        )
        assert row["balances"]["USDC"]["available"] == quantity
    venue = visitor.sandbox.venue
    account = venue.account("me")
    assert account is not None
    came = sum(row.quantity for row in venue.deposits(account) if row.asset == "USDC")
    left = sum(row.quantity for row in venue.withdrawals(account))
    assert came - left == Decimal(3)


async def test_markets_are_moved_and_closed(visitor: Visitor) -> None:
    status, row = await visitor.ask("PATCH", f"/sandbox/markets/{PERP}", {"index": "55.5", "state": "Closed"})
    assert (status, row["index"], row["state"]) == (200, "55.5", "Closed")
    assert visitor.sandbox.venue.markets[PERP].marks.index == Decimal("55.5")
    assert (await visitor.ask("GET", "/sandbox/markets"))[1][PERP] == row


async def test_a_moved_market_stays_where_it_was_moved_to(visitor: Visitor) -> None:
    price = visitor.sandbox.venue.markets[SPOT].marks.index * Decimal("0.9")
    await visitor.ask("PATCH", f"/sandbox/markets/{SPOT}", {"index": str(price)})
    await visitor.ask("POST", "/sandbox/time", {"advance": 60})
    market = visitor.sandbox.venue.markets[SPOT]
    assert abs(market.marks.index / price - 1) < Decimal("0.02")
    assert market.middle is not None
    assert abs(market.middle / price - 1) < Decimal("0.05")


async def test_time_passes_by_request(visitor: Visitor) -> None:
    assert await visitor.ask("POST", "/sandbox/time", {"advance": 1.5}) == (
        200,
        {"time": DRIVEN_START // 1_000 + 1_500, "driven": True, "stopped": True},
    )


async def test_on_the_machines_time_nobody_advances_before_it_is_stopped() -> None:
    async with Sandbox(symbols=[SPOT], speed=0, control=0) as sandbox, ClientSession() as session:
        visitor = Visitor(sandbox, session)
        status, said = await visitor.ask("POST", "/sandbox/time", {"advance": 1})
        assert status == 400
        assert "keeps the machine's time: stop it with PATCH /sandbox/time" in said["message"]
        _, stopped = await visitor.ask("PATCH", "/sandbox/time", {"stopped": True})
        assert (await visitor.ask("GET", "/sandbox/time"))[1] == stopped
        _, later = await visitor.ask("POST", "/sandbox/time", {"advance": 60})
        assert later["time"] - stopped["time"] == 60_000
        _, going = await visitor.ask("PATCH", "/sandbox/time", {"stopped": False})
        assert not going["stopped"]
        assert going["time"] >= later["time"]


async def test_a_price_that_is_set_is_there_at_once(visitor: Visitor) -> None:
    venue = visitor.sandbox.venue
    account = venue.open_account("me", visitor.sandbox.clock.now())
    resting = OrderRequest(
        symbol=SPOT, side="Bid", order_type="Limit", price=Decimal(80), quantity=Decimal(2), post_only=True
    )
    order = venue.execute(account, resting, visitor.sandbox.clock.now()).result
    for symbol in (SPOT, PERP):
        status, row = await visitor.ask("PATCH", f"/sandbox/markets/{symbol}", {"price": "70"})
        assert status == 200
        assert (row["index"], row["mark"], row["last"]) == ("70", "70", "70")
        middle = venue.markets[symbol].middle
        assert middle is not None
        assert abs(middle - 70) < 1
        assert venue.markets[symbol].marks.mean_mark == 70
    assert order.status == "Filled"
    assert order.executed_quote_quantity == 160


async def test_balances_are_set_back_to_those_of_a_new_key(visitor: Visitor) -> None:
    _, fresh = await visitor.ask("POST", "/sandbox/accounts", {"key": "me"})
    await visitor.ask("PUT", "/sandbox/balances", {"key": "me", "asset": "USDC", "quantity": "1"})
    await visitor.ask("PUT", "/sandbox/balances", {"key": "me", "asset": "SOL", "quantity": "0"})
    assert await visitor.ask("DELETE", "/sandbox/balances", {"key": "me"}) == (200, fresh)


async def test_what_happened_is_told_in_a_report(visitor: Visitor) -> None:
    for key in ("me", "you"):
        await visitor.ask("POST", "/sandbox/accounts", {"key": key, "funds": {"USDC": "10"}})
    async with ClientSession() as session:
        for path in ("/api/v1/time", "/api/v1/depth?symbol=NONE", "/nowhere"):
            await (await session.get(visitor.sandbox.url + path)).read()
    _, told = await visitor.ask("GET", "/sandbox/report")
    assert told["requests"] == {
        "GET /api/v1/depth": {"400": 1},
        "GET /api/v1/time": {"200": 1},
        "unknown": {"404": 1},
    }
    assert [row["key"] for row in told["accounts"]] == ["me", "you"]
    assert told["accounts"][0]["deposits"][0]["quantity"] == "10"
    assert set(told["markets"]) == {SPOT, PERP}
    _, mine = await visitor.ask("GET", "/sandbox/report?key=me")
    assert [row["key"] for row in mine["accounts"]] == ["me"]
    assert (await visitor.ask("GET", "/sandbox/report?key=nobody"))[0] == 404


async def test_switches_are_shown_and_turned(visitor: Visitor) -> None:
    _, rows = await visitor.ask("GET", "/sandbox/switches")
    assert rows["fired_orders"]["value"] in rows["fired_orders"]["values"]
    status, _ = await visitor.ask(
        "PATCH", "/sandbox/switches", {"fired_orders": "same_id", "running_kline": "on"}
    )
    assert status == 200
    assert visitor.sandbox.switches.fired_orders == "same_id"
    assert visitor.sandbox.switches.running_kline is True


async def test_of_wrong_switches_none_is_turned(visitor: Visitor) -> None:
    status, said = await visitor.ask(
        "PATCH", "/sandbox/switches", {"running_kline": True, "fired_order": "same_id"}
    )
    assert status == 400
    assert "did you mean 'fired_orders'?" in said["message"]
    assert visitor.sandbox.switches.running_kline is False


async def test_a_reset_begins_again(visitor: Visitor) -> None:
    sandbox = visitor.sandbox
    await visitor.ask("POST", "/sandbox/accounts", {"key": "me"})
    await visitor.ask("POST", "/sandbox/faults", {"fault": "lose depth.*"})
    sandbox.clock.advance(5)  # type: ignore[attr-defined]
    before = sandbox.clock.now()
    async with ClientSession() as session, session.ws_connect(sandbox.socket_url) as line:
        assert await visitor.ask("POST", "/sandbox/reset") == (204, None)
        assert (await line.receive(timeout=10)).data == 1001
    assert sandbox.clock.now() == before
    assert sandbox.faults.all == []
    assert (await visitor.ask("GET", "/sandbox/accounts"))[1] == []
    trades = len(sandbox.venue.trades(SPOT))
    await visitor.ask("POST", "/sandbox/time", {"advance": 20})
    assert len(sandbox.venue.trades(SPOT)) > trades
    async with ClientSession() as session, session.ws_connect(sandbox.socket_url) as line:
        await line.send_json({"method": "SUBSCRIBE", "params": ["ticker.SOL_USDC"]})
        await visitor.ask("GET", "/")
        await visitor.ask("POST", "/sandbox/time", {"advance": 1})
        assert (await line.receive_json(timeout=10))["stream"] == "ticker.SOL_USDC"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/sandbox/accounts", {}, 400, "key is missing"),
        ("POST", "/sandbox/accounts", [], 400, "the body has to be an object"),
        ("POST", "/sandbox/accounts", {"key": "a", "funds": {"SOLL": 1}}, 400, "did you mean 'SOL'?"),
        ("POST", "/sandbox/accounts", {"key": "a", "funds": 1}, 400, "funds have to be like"),
        ("POST", "/sandbox/deposits", {"key": "a", "asset": "SOL", "quantity": "1"}, 404, "no account"),
        ("POST", "/sandbox/deposits", {"key": "a", "asset": "SOL", "quantity": "x"}, 400, "is not a number"),
        ("POST", "/sandbox/deposits", {"key": "a", "asset": "SOL", "quantity": True}, 400, "is not a number"),
        ("PUT", "/sandbox/balances", {"key": "a", "asset": "SOL", "quantity": "NaN"}, 400, "is not a number"),
        ("PUT", "/sandbox/balances", {"key": "a", "asset": "SOL", "quantity": "-1"}, 400, "is not a number"),
        ("PATCH", "/sandbox/markets/SOL_USD", {"index": "1"}, 404, "did you mean 'SOL_USDC'?"),
        ("PATCH", "/sandbox/markets/SOL_USDC", {"index": "0"}, 400, "is not a number from 0.01 on"),
        ("PATCH", "/sandbox/markets/SOL_USDC", {"state": "Shut"}, 400, "is none of Open, Closed"),
        ("POST", "/sandbox/time", {"advance": 1e12}, 400, "cannot pass at once"),
        ("POST", "/sandbox/time", {"advance": -1}, 400, "is not a number from 0 on"),
        ("POST", "/sandbox/time", {}, 400, "is not a number"),
        ("PATCH", "/sandbox/time", {"stopped": "yes"}, 400, "neither true nor false"),
        ("PATCH", "/sandbox/time", {"stopped": False}, 400, "this clock is driven"),
        ("PATCH", "/sandbox/markets/SOL_USDC", {"price": "x"}, 400, "is not a number from 0.01 on"),
        ("POST", "/sandbox/exempt", {"key": "a", "address": "b"}, 404, "no account"),
        ("DELETE", "/sandbox/balances", {"key": "a"}, 404, "no account"),
        ("POST", "/sandbox/predictions/X", {"yes": True}, 404, "there is no prediction 'X'"),
        ("POST", "/sandbox/predictions/BTCUP_USDC_PREDICTION", {"yes": "no"}, 400, "neither true nor false"),
        ("PATCH", "/sandbox/assets/SOL", {"blockchain": "Solana"}, 400, "neither true nor false"),
        ("PATCH", "/sandbox/assets/SOLL", {"blockchain": "Solana", "open": True}, 404, "mean 'SOL'?"),
        ("PATCH", "/sandbox/assets/SOL", {"blockchain": "Solna", "open": True}, 400, "(it has Solana)"),
        ("PATCH", "/sandbox/assets/AAPL.US", {"blockchain": "Solana", "open": True}, 400, "(it has none)"),
        ("PATCH", "/sandbox/markets/SOL_USDC", {"pice": "1"}, 400, "no word 'pice'; did you mean 'price'?"),
        ("POST", "/sandbox/faults", {"fault": "lose depth.*", "evry": 2}, 400, "send {"),
        ("DELETE", "/sandbox/faults", {"id": 1}, 400, "there is no word 'id' (this door takes none)"),
        ("POST", "/sandbox/reset", [], 400, "has to be an object; send nothing"),
        ("GET", "/sandbox/report?kye=me", None, 400, "no parameter 'kye'; did you mean 'key'?"),
        ("GET", "/sandbox/account", None, 404, "did you mean '/sandbox/accounts'? (GET / lists them)"),
        ("DELETE", "/sandbox/faults/first", None, 404, "there is no door /sandbox/faults/first"),
        ("PUT", "/sandbox/time", {}, 405, "takes GET,PATCH,POST, and no PUT"),
        ("PUT", "/sandbox/status", {"status": "Down"}, 400, "is none of Ok, Maintenance"),
        ("DELETE", "/sandbox/faults/9", None, 404, "there is no fault 9"),
    ],
)
async def test_nonsense_is_told_what_would_be_sense(
    visitor: Visitor, method: str, path: str, body: Any, status: int, said: str
) -> None:
    answered, answer = await visitor.ask(method, path, body)
    assert answered == status
    assert said in answer["message"]


@pytest.mark.parametrize("door", [door for door in DOORS if door.takes], ids=lambda door: door.path)
async def test_no_door_takes_a_word_that_it_does_not_know(visitor: Visitor, door: Any) -> None:
    before = visitor.sandbox.switches.rows(), await visitor.ask("GET", "/sandbox/markets")
    status, said = await visitor.ask(door.method, door.example, {**door.takes, "nosuch": "1"})
    assert status == 400
    assert "nosuch" in said["message"] or said["message"].startswith('send {"fault"')
    assert before == (visitor.sandbox.switches.rows(), await visitor.ask("GET", "/sandbox/markets"))
    assert visitor.sandbox.faults.all == []


async def test_another_method_is_told_those_that_a_door_has(visitor: Visitor) -> None:
    assert visitor.sandbox.control is not None
    async with (
        ClientSession() as session,
        session.put(visitor.sandbox.control.address + "/sandbox/time") as answer,
    ):
        assert answer.headers["Allow"] == "GET,PATCH,POST"


@pytest.mark.parametrize(
    ("sent", "kind", "status", "said"),
    [
        (b"{}", "application/json; charset=nope", 400, "cannot be read (unknown encoding: nope)"),
        (b"\xff", "application/json", 400, "cannot be read"),
        (b"{", "application/json", 400, "is not JSON"),
        (b" " * (1 << 20) + b"{}", "application/json", 413, "Maximum request body size"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_in_json(
    visitor: Visitor, sent: bytes, kind: str, status: int, said: str
) -> None:
    address = visitor._address + "/sandbox/accounts"
    async with visitor._session.post(address, data=BytesIO(sent), headers={"Content-Type": kind}) as answer:
        assert answer.status == status
        assert said in (await answer.json())["message"]


@pytest.mark.parametrize("site", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
@pytest.mark.parametrize(("method", "path"), [("POST", "/sandbox/reset"), ("GET", "/"), ("GET", "/nowhere")])
async def test_a_page_in_a_browser_finds_the_doors_shut(
    visitor: Visitor, method: str, path: str, site: dict[str, str]
) -> None:
    status, said = await visitor.ask(method, path, headers=site)
    assert (status, said["message"]) == (403, "these doors are not for pages in a browser")


@pytest.mark.parametrize("path", ["/", "/sandbox/accounts", "/sandbox/report", "/nowhere"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""])
async def test_a_name_that_was_bent_to_lead_here_finds_the_doors_shut(
    visitor: Visitor, path: str, host: str
) -> None:
    assert visitor.sandbox.control is not None
    bent = {"Host": host.format(port=visitor.sandbox.control.port)}
    status, said = await visitor.ask("GET", path, headers=bent)
    assert status == 403
    assert visitor.sandbox.control.address in said["message"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_this_machines_names_lead_to_the_doors(visitor: Visitor, name: str) -> None:
    assert visitor.sandbox.control is not None
    own = {"Host": f"{name}:{visitor.sandbox.control.port}"}
    assert (await visitor.ask("GET", "/sandbox/time", headers=own))[0] == 200


async def test_a_name_that_was_allowed_for_the_page_leads_to_the_doors_as_well() -> None:
    options: dict[str, Any] = {"symbols": [SPOT], "clock": DrivenClock(), "control": 0}
    async with Sandbox(page_hosts=iter(["box.lan", "tunnel:9000"]), **options) as sandbox:
        assert sandbox.control is not None
        async with ClientSession() as session:
            for host, status in (
                (f"box.lan:{sandbox.control.port}", 200),
                ("tunnel:9000", 200),
                ("tunnel:9001", 403),
            ):
                asked = await Visitor(sandbox, session).ask("GET", "/sandbox/time", headers={"Host": host})
                assert asked[0] == status


async def test_a_page_of_the_control_port_itself_may_ask(visitor: Visitor) -> None:
    assert visitor.sandbox.control is not None
    own = {"Origin": visitor.sandbox.control.address}
    assert (await visitor.ask("GET", "/sandbox/time", headers=own))[0] == 200
