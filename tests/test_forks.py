"""Two processes that were one share neither connections nor the numbers of their orders; nor do copies."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from copy import copy, deepcopy

import pytest

import bpx_connector
from bpx_connector.orders.client_ids import ClientIds
from bpx_connector.sandbox.server import SandboxThread
from tests.support.keys import FIRST

PROGRAM = """
import json, multiprocessing, sys
from bpx_connector import bpx

exchange = bpx(json.loads(sys.argv[1]))
exchange.create_order("SOL/USDC", "limit", "buy", 1, 60)

def work(price):
    orders = [exchange.create_order("SOL/USDC", "limit", "buy", 1, price) for _ in range(5)]
    return [(order["clientOrderId"], order["price"] == price) for order in orders]

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        asked = [pool.apply_async(work, [60 + n]) for n in range(2)]
        told = work(59) + [one for answer in asked for one in answer.get(30)]
    print(json.dumps(told))
"""


IN_A_LOOP = """
import asyncio, json, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from bpx_connector.pro import bpx

exchange = bpx(json.loads(sys.argv[1]))
exchange.timeout_on_exit = 0

async def asked(price):
    order = await exchange.create_order("SOL/USDC", "limit", "buy", 1, price)
    book = await asyncio.wait_for(exchange.watch_order_book("SOL/USDC", 1), 20)
    return [(order["clientOrderId"], order["price"] == price and len(book["bids"]) == 1)]

async def closing(price):
    told = await asked(price)
    await exchange.close()
    return told

def work(price):
    return asyncio.run(closing(price))

async def main():
    told, loop = await asked(58), asyncio.get_running_loop()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        elsewhere = loop.run_in_executor(pool, work, 60)
        for _ in range(3):
            told += await asked(59)
        told += await elsewhere
    print(json.dumps(told + await closing(57)))

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.parametrize(("text", "orders"), [(PROGRAM, 15), (IN_A_LOOP, 6)], ids=["blocking", "asyncio"])
def test_what_was_forked_has_its_own_connections_and_its_own_client_ids(text: str, orders: int) -> None:
    with SandboxThread(seed=1, symbols=("SOL_USDC",), speed=10) as sandbox:
        config = json.dumps({**FIRST.credentials, "urls": {"api": sandbox.url}})
        program = subprocess.run(
            [sys.executable, "-c", text, config], capture_output=True, text=True, check=False
        )
    assert program.returncode == 0, program.stderr
    told = json.loads(program.stdout)
    assert len({client_id for client_id, _ in told}) == orders
    assert all(is_ones_own for _, is_ones_own in told)


def test_client_ids_begin_anew_at_another_place() -> None:
    ids = ClientIds()
    following = ids.next() + 1
    ids.begin_anew()
    assert ids.next() != following


@pytest.mark.parametrize("copied", [copy, deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_of_an_object_has_client_ids_of_its_own(copied: object) -> None:
    assert callable(copied)
    with SandboxThread(seed=1, symbols=("SOL_USDC",), speed=0) as sandbox:
        exchange = sandbox.sandbox.exchange(bpx_connector.bpx)
        exchange.create_order("SOL/USDC", "limit", "buy", 1, 60)
        both = [exchange, copied(exchange)]
        orders = [one.create_order("SOL/USDC", "limit", "buy", 1, 60) for one in both * 2]
    assert len({order["clientOrderId"] for order in orders}) == 4
