"""Who may see and drive the sandbox's page: a browser of this machine that opened it, and nobody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.clock import DrivenClock
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
