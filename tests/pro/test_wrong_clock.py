"""A stream that is refused for its signature's time is told as the wrong clock that it is."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from ccxt.base.errors import AuthenticationError, InvalidNonce

from tests.support.keys import SECOND
from tests.support.streaming import exchange_on, sandbox_with, soon

OF_THE_ACCOUNT = ("watch_balance", "watch_orders", "watch_my_trades", "watch_positions", "watch_rfq_updates")


async def set_back(exchange: Any, by: int = 400_000) -> None:
    """Have it believe that it is so many milliseconds earlier than the venue says."""
    told = await exchange.fetch_time()
    exchange.milliseconds = lambda: told - by


@pytest.mark.parametrize("method", OF_THE_ACCOUNT)
async def test_a_wrong_clock_is_named_with_its_offset(method: str) -> None:
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        await exchange.load_markets()
        await set_back(exchange)
        with pytest.raises(InvalidNonce, match=r"time was -.* s from the venue's .*; set options"):
            await soon(getattr(exchange, method)())
        assert not exchange.options.get("timeDifference")


async def test_a_clock_that_may_be_adjusted_is_right_the_next_time() -> None:
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        await exchange.load_markets()
        await set_back(exchange)
        exchange.options["adjustForTimeDifference"] = True
        told: Any = None
        with suppress(InvalidNonce):  # unless a question of REST's has had the clock measured before
            told = await soon(exchange.watch_balance())
        assert (told or await soon(exchange.watch_balance()))["total"]


async def test_a_signature_that_is_wrong_at_the_right_time_is_no_matter_of_the_clock() -> None:
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        await exchange.load_markets()
        await set_back(exchange, 0)
        told: Any = exchange._subscription_signature()
        exchange._subscription_signature = lambda: [told[0], SECOND.api_key * 2, *told[2:]]
        with pytest.raises(AuthenticationError, match="Invalid signature") as refusal:
            await soon(exchange.watch_balance())
        assert not isinstance(refusal.value, InvalidNonce)
