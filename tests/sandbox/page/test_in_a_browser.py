"""The page in a headless Chromium: what it shows, what it does, by keyboard too, wide and narrow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from bpx_connector.keys import generated_keys
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.server import Sandbox
from tests.support.browser import CHROMIUM, Browser, browser

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"
)

TEXT = "[...document.querySelectorAll({!r})].map(node => node.textContent)"
CHOSEN = "(s => {{ s.value = '{1}'; s.dispatchEvent(new Event('change')); }})(document.querySelector('{0}'))"
NAMED = {"button", "combobox", "textbox", "radio", "checkbox", "tab", "link"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    symbols = ("SOL_USDC", "SOL_USDC_PERP")
    async with Sandbox(seed=7, symbols=symbols, clock=DrivenClock(), page=True) as sandbox:
        sandbox.venue.open_account(generated_keys().api_key, sandbox.clock.now())
        yield sandbox


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[Browser]:
    async with browser() as page:
        await page.size(1440, 1000)
        await page.open(sandbox.url)
        await page.until("document.querySelectorAll('#bids tr').length > 5")
        yield page
        assert [each for each in page.complaints() if "400" not in each] == []
        # The browser's own first tab (chrome://) may still be loading when this one begins.
        elsewhere = [url for url in page.asked() if url.startswith(("http", "ws"))]
        assert [url for url in elsewhere if not url.startswith(sandbox.url)] == []


async def test_it_shows_the_book_the_trades_and_the_candles(sandbox: Sandbox, page: Browser) -> None:
    book = sandbox.venue.depth("SOL_USDC", 11)
    bids = await page.run(TEXT.format("#bids td:first-child"))
    assert list(map(Decimal, bids)) == [price for price, _ in book.bids]
    asks = await page.run(TEXT.format("#asks td:first-child"))
    assert list(map(Decimal, asks)) == [price for price, _ in reversed(book.asks)]
    label = await page.until(
        "document.querySelector('#chart').getAttribute('aria-label')", lambda text: "SOL" in text
    )
    assert "candles of 1m, SOL_USDC: from" in label


async def test_it_goes_with_the_market(sandbox: Sandbox, page: Browser) -> None:
    sandbox.set_price("SOL_USDC", Decimal("77.77"))
    await page.until(TEXT.format("#figures dd"), lambda texts: "77.77" in texts)


POLLS = "performance.getEntriesByType('resource').filter(each => each.name.includes('/sandbox/page?')).length"


async def test_what_changes_is_pushed_and_not_asked_for(sandbox: Sandbox, page: Browser) -> None:
    await page.until("isPushed()")
    asked = await page.run(POLLS)
    for price in ("71.5", "72.5", "73.5"):
        sandbox.set_price("SOL_USDC", Decimal(price))
        await page.until(f"document.querySelector('#figures').textContent.includes('{price}')")
        await page.until(f"document.querySelector('#trades').textContent.includes('{price}')")
    assert await page.run(POLLS) == asked


async def test_the_market_that_was_picked_last_is_shown(sandbox: Sandbox, page: Browser) -> None:
    await page.until("isPushed()")
    await page.run(CHOSEN.format("#symbol", "SOL_USDC_PERP"))
    sandbox.set_price("SOL_USDC_PERP", Decimal("66.66"))
    await page.until(TEXT.format("#figures dd"), lambda texts: "66.66" in texts)
    assert await page.run("picked.symbol") == "SOL_USDC_PERP"


async def test_where_nothing_is_pushed_it_is_asked_for(sandbox: Sandbox, page: Browser) -> None:
    await page.until("isPushed()")
    await page.run("(() => { const socket = pushed; follow = () => {}; socket.close(); })()")
    await page.until("!isPushed()")
    sandbox.set_price("SOL_USDC", Decimal("74.44"))
    await page.until(TEXT.format("#figures dd"), lambda texts: "74.44" in texts)


async def test_an_order_is_placed_and_cancelled(sandbox: Sandbox, page: Browser) -> None:
    await page.run("document.querySelector('#price').value = '60'")
    await page.run("document.querySelector('#go').click()")
    await page.until("document.querySelector('#said').textContent", lambda text: text.endswith(": New"))
    await page.run("document.querySelector('[id=\"tab-Open orders\"]').click()")
    cells = await page.until(TEXT.format("#panel tbody td"))
    assert cells[:5] == ["SOL_USDC", "Buy", "Limit", "1", "60"]
    await page.run("document.querySelector('#panel tbody button').click()")
    await page.until("document.querySelectorAll('#panel tbody tr').length === 0")
    assert [
        order
        for each in sandbox.venue.ledger.accounts.values()
        if not each.is_house
        for order in sandbox.venue.open_orders(each)
    ] == []


async def test_a_refusal_is_said(page: Browser) -> None:
    await page.run("document.querySelector('#amount').value = 'much'")
    await page.run("document.querySelector('#go').click()")
    said = await page.until("document.querySelector('#said').textContent")
    assert "Invalid decimal" in said
    assert await page.run("document.querySelector('#said').className") == "bad"


async def test_a_position_is_opened_and_closed(page: Browser) -> None:
    await page.run(CHOSEN.format("#symbol", "SOL_USDC_PERP"))
    await page.until("document.title", lambda title: "PERP" in title)
    await page.run("document.querySelector('input[value=Market]').click()")
    await page.run("document.querySelector('#go').click()")
    await page.run("document.querySelector('#tab-Positions').click()")
    assert (await page.until(TEXT.format("#panel tbody td")))[:2] == ["SOL_USDC_PERP", "1"]
    await page.run("document.querySelector('#panel tbody button').click()")
    await page.until("document.querySelectorAll('#panel tbody tr').length === 0")


async def test_faults_switches_and_time(sandbox: Sandbox, page: Browser) -> None:
    await page.run("document.querySelector('#fault').value = 'lose depth.* every=50'")
    await page.run("document.querySelector('#fault-form button').click()")
    await page.until(
        TEXT.format("#faults code"), lambda texts: any("pattern=depth.*" in text for text in texts)
    )
    assert [fault.row()["kind"] for fault in sandbox.faults.all] == ["lose"]
    await page.run("document.querySelector('#faults button').click()")
    await page.until("document.querySelectorAll('#faults li').length === 0")
    await page.run(CHOSEN.format("#switches select", '"same_id"'))
    await page.until(
        "document.querySelector('#said').textContent", lambda text: text == "fired_orders: same_id"
    )
    assert sandbox.switches.fired_orders == "same_id"
    before = sandbox.clock.now()
    await page.run("document.querySelector('#advance').click()")
    await page.until("document.querySelector('#said').textContent", lambda text: "has passed" in text)
    assert sandbox.clock.now() - before == 1_000_000


async def test_an_order_is_placed_by_keyboard_alone(sandbox: Sandbox, page: Browser) -> None:
    reached = set()
    for _ in range(90):
        await page.press("Tab")
        name = await page.run("document.activeElement.id")
        reached.add(name)
        if name == "price":
            await page.run("document.activeElement.select()")
            await page.send("Input.insertText", text="61")
        if name == "go":
            break
    assert {"symbol", "price", "amount", "trigger", "post", "go"} <= reached
    await page.press("Enter", "\r")
    await page.until("document.querySelector('#said').textContent", lambda text: text.endswith(": New"))


async def test_tabs_go_by_arrow_keys(page: Browser) -> None:
    await page.run("document.querySelector('#tab-Balances').focus()")
    await page.press("ArrowRight")
    assert await page.run("document.activeElement.id") == "tab-Positions"
    assert await page.run("document.activeElement.getAttribute('aria-selected')") == "true"


async def test_what_somebody_types_stays_while_the_page_goes_on(sandbox: Sandbox, page: Browser) -> None:
    await page.run("document.querySelector('#price').focus(); document.querySelector('#price').select()")
    await page.send("Input.insertText", text="12.5")
    sandbox.set_price("SOL_USDC", Decimal("80"))
    await page.until(TEXT.format("#figures dd"), lambda texts: "80.00" in texts)
    assert await page.run("[document.activeElement.id, document.activeElement.value]") == ["price", "12.5"]


async def test_everything_that_can_be_used_has_a_name(page: Browser) -> None:
    nodes = (await page.send("Accessibility.getFullAXTree"))["nodes"]
    unnamed = [node for node in nodes if role(node) in NAMED and not node.get("name", {}).get("value")]
    assert unnamed == []
    landmarks = {role(node) for node in nodes}
    assert {"banner", "main", "region", "status", "tablist", "image"} <= landmarks


def role(node: Any) -> str:
    return "" if node.get("ignored") else str(node.get("role", {}).get("value"))


@pytest.mark.parametrize("width", [360, 390, 760, 1000, 1440])
async def test_nothing_sticks_out_at_any_width(page: Browser, width: int) -> None:
    await page.size(width, 800)
    await page.until("document.documentElement.clientWidth", lambda found: found <= width)
    assert await page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


CONTRAST = """
(() => {
  const light = text => {
    const [r, g, b] = text.match(/\\w\\w/g).map(each => parseInt(each, 16) / 255)
      .map(each => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const of = name => light(getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const inks = ["--ink", "--quiet", "--buy", "--sell", "--accent", "--warn"];
  return inks.map(name => ratio(of(name), of("--panel")));
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_colour_can_be_read(page: Browser, scheme: str) -> None:
    await page.scheme(scheme)
    assert min(await page.run(CONTRAST)) >= 4.5
