"""Who may see and drive the sandbox's page: a browser of this machine that opened it, and nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.page.serving import Page
from bpx_connector.sandbox.server import Sandbox

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(
        seed=7, symbols=("SOL_USDC", "SOL_USDC_PERP"), clock=DrivenClock(), page=True
    ) as sandbox:
        yield sandbox


async def asked(
    sandbox: Sandbox, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any, Any]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, sandbox.url + path, json=body, headers=names) as answer,
    ):
        text = await answer.text()
        is_json = answer.content_type == "application/json"
        return answer.status, json.loads(text) if is_json else text, answer.headers


async def test_a_browser_that_opens_the_address_finds_the_page(sandbox: Sandbox) -> None:
    status, text, headers = await asked(sandbox, "GET", "/", **HTML)
    assert status == 200
    assert text.startswith("<!doctype html>")
    assert headers["X-Frame-Options"] == "DENY"


async def test_the_page_needs_nothing_from_anywhere(sandbox: Sandbox) -> None:
    _, text, headers = await asked(sandbox, "GET", "/", **HTML)
    assert "http://" not in text
    assert "https://" not in text
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


async def test_a_program_that_asks_for_the_root_is_answered_as_by_the_venue(sandbox: Sandbox) -> None:
    assert (await asked(sandbox, "GET", "/"))[:2] == (404, "not found")


@pytest.mark.parametrize("path", ["/", "/sandbox/page", "/sandbox/faults"])
async def test_a_name_that_was_bent_to_lead_here_finds_nothing(sandbox: Sandbox, path: str) -> None:
    headers = {**HTML, "Host": f"evil.example:{sandbox.port}"}
    assert (await asked(sandbox, "GET", path, **headers))[:2] == (404, "not found")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/sandbox/page"), ("POST", "/sandbox/page/call"), ("POST", "/sandbox/reset")]
)
async def test_no_other_site_may_drive_it(
    sandbox: Sandbox, method: str, path: str, headers: dict[str, str]
) -> None:
    assert (await asked(sandbox, method, path, {}, **headers))[0] == 403


async def test_the_page_itself_may(sandbox: Sandbox) -> None:
    own = {"Origin": sandbox.url, "Sec_Fetch_Site": "same-origin"}
    assert (await asked(sandbox, "POST", "/sandbox/time", {"advance": 1}, **own))[0] == 200


# --- what is pushed -----------------------------------------------------------------------------------------

STREAM = "/sandbox/page/stream"


async def looked(sandbox: Sandbox, **wish: str) -> AsyncIterator[Any]:
    """What a page is sent that looks at this."""
    async with aiohttp.ClientSession() as session, session.ws_connect(sandbox.url + STREAM) as socket:
        await socket.send_str(json.dumps(wish))
        while True:
            yield await socket.receive_json(timeout=10)


async def until(views: AsyncIterator[Any], fits: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(10):
        while not fits(view := await anext(views)):
            pass
    return view


async def test_a_page_is_sent_what_it_looks_at_whenever_something_happens(sandbox: Sandbox) -> None:
    views = looked(sandbox, symbol="SOL_USDC_PERP")
    await until(views, lambda view: view["symbol"] == "SOL_USDC_PERP")
    sandbox.set_price("SOL_USDC_PERP", Decimal("71.5"))
    view = await until(views, lambda view: view["market"]["index"] == "71.5")
    assert view == (await asked(sandbox, "GET", "/sandbox/page?symbol=SOL_USDC_PERP"))[1]
    await views.aclose()  # type: ignore[attr-defined]  # a generator


async def test_a_page_is_sent_on_after_a_reset(sandbox: Sandbox) -> None:
    views = looked(sandbox, symbol="SOL_USDC")
    await anext(views)
    await sandbox.reset()
    sandbox.set_price("SOL_USDC", Decimal("71.5"))
    await until(views, lambda view: view["market"]["index"] == "71.5")
    await views.aclose()  # type: ignore[attr-defined]  # a generator


@pytest.mark.parametrize("said", ["", "[]", "7", "[" * 1000, '{"symbol": 7, "key": null}'])
async def test_a_wish_that_is_none_changes_nothing(sandbox: Sandbox, said: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(sandbox.url + STREAM) as socket:
        await socket.send_str(said)
        for _ in range(2):
            assert (await socket.receive_json(timeout=10))["symbol"] == "SOL_USDC"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Origin": "http://evil.example"}, 403), ({"Host": "evil.example"}, 404)],
    ids=str,
)
async def test_no_other_site_is_pushed_anything(
    sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await session.ws_connect(sandbox.url + STREAM, headers=headers)
    assert refusal.value.status == status


async def test_a_sandbox_that_stops_sends_its_pages_away() -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox(seed=7, symbols=("SOL_USDC",), clock=DrivenClock(), page=True) as sandbox:
            socket = await session.ws_connect(sandbox.url + STREAM)
            await socket.receive_json(timeout=10)
        async with asyncio.timeout(10):
            while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert socket.closed


# --- from elsewhere -----------------------------------------------------------------------------------------


def comes(page: Page, host: str, remote: str) -> bool:
    """Whether a browser of that machine is shown the page by that name."""
    request = make_mocked_request("GET", "/", headers={**HTML, "Host": host}).clone(remote=remote)
    return page.shown(request) is not None


@pytest.mark.parametrize(
    ("hosts", "host", "remote", "is_shown"),
    [
        ([], "127.0.0.1:8787", "127.0.0.1", True),
        ([], "127.0.0.1:8787", "172.17.0.1", False),
        (["127.0.0.1:8787"], "127.0.0.1:8787", "172.17.0.1", True),
        (["127.0.0.1:9000"], "127.0.0.1:9000", "172.17.0.1", True),
        (["127.0.0.1:9000"], "127.0.0.1:8787", "172.17.0.1", False),
        (["Box.lan"], "box.lan:8787", "10.0.0.9", True),
        (["box.lan"], "box.lan:80", "10.0.0.9", False),
        (["box.lan"], "evil.example:8787", "10.0.0.9", False),
        (["[::1]:9000"], "[::1]:9000", "fe80::1", True),
    ],
)
def test_a_browser_of_another_machine_comes_by_a_name_that_was_allowed(
    hosts: list[str], host: str, remote: str, is_shown: bool
) -> None:
    sandbox = Sandbox(port=8787, symbols=("SOL_USDC",), page=True, page_hosts=hosts)
    assert sandbox.page is not None
    assert comes(sandbox.page, host, remote) == is_shown


async def test_by_an_allowed_name_the_page_may_act_and_no_other_site() -> None:
    async with Sandbox(
        symbols=("SOL_USDC",), clock=DrivenClock(), page=True, page_hosts=["box.lan:8787"]
    ) as sandbox:
        for origin, status in (("http://box.lan:8787", 200), ("http://evil.example", 403)):
            own = {"Host": "box.lan:8787", "Origin": origin}
            assert (await asked(sandbox, "POST", "/sandbox/time", {"advance": 1}, **own))[0] == status


@pytest.mark.parametrize("host", ["", "*", "a b", "http://box.lan", "box.lan/", "box.lan:x", "-", "a,b"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="is no host of an address"):
        Sandbox(page=True, page_hosts=[host])


# --- the rest -----------------------------------------------------------------------------------------------


async def test_without_a_page_nothing_is_there() -> None:
    async with Sandbox(seed=7, symbols=("SOL_USDC",), speed=0) as sandbox:
        assert (await asked(sandbox, "GET", "/", **HTML))[0] == 404
        assert (await asked(sandbox, "GET", "/sandbox/page"))[0] == 404


async def test_an_order_of_an_account_is_placed_found_and_cancelled(sandbox: Sandbox) -> None:
    key = generated_keys().api_key
    await asked(sandbox, "POST", "/sandbox/accounts", {"key": key})
    body = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "1", "price": "60"}
    call = {"key": key, "operation": "POST /api/v1/order", "body": body}
    status, order, _ = await asked(sandbox, "POST", "/sandbox/page/call", call)
    assert (status, order["status"]) == (200, "New")
    shown = (await asked(sandbox, "GET", f"/sandbox/page?symbol=SOL_USDC&key={key.replace('+', '%2B')}"))[1]
    assert [each["id"] for each in shown["account"]["orders"]] == [order["id"]]
    cancel = {"symbol": "SOL_USDC", "orderId": order["id"]}
    call = {"key": key, "operation": "DELETE /api/v1/order", "body": cancel}
    assert (await asked(sandbox, "POST", "/sandbox/page/call", call))[1]["status"] == "Cancelled"


async def test_a_refusal_is_the_venues_own(sandbox: Sandbox) -> None:
    key = generated_keys().api_key
    await asked(sandbox, "POST", "/sandbox/accounts", {"key": key})
    body = {"symbol": "SOL_USDC", "side": "Bid", "orderType": "Limit", "quantity": "1", "price": "1"}
    call = {"key": key, "operation": "POST /api/v1/order", "body": body}
    status, answer, _ = await asked(sandbox, "POST", "/sandbox/page/call", call)
    assert (status, answer["code"]) == (400, "INVALID_PRICE")


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"operation": "POST /api/v1/order", "key": "nobody"},
        {"operation": 7, "key": None},
        {"operation": "TRACE /", "key": "x"},
    ],
    ids=str,
)
async def test_a_call_for_nobody_is_refused_with_an_example(sandbox: Sandbox, call: Any) -> None:
    status, answer, _ = await asked(sandbox, "POST", "/sandbox/page/call", call)
    assert status == 400
    assert answer["message"].startswith('send {"key"')


async def test_no_header_makes_a_request_anybodys(sandbox: Sandbox) -> None:
    """Only the page's own door vouches for a key; over the API a signature is asked for as ever."""
    status, _, _ = await asked(
        sandbox, "GET", "/api/v1/account", signer="x", X_API_Key=generated_keys().api_key
    )
    assert status in (400, 401)
