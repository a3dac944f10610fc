"""What docs/streams.md says of the streams is so: methods, options with their defaults, counters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bpx_connector.pro import STREAM_DESCRIPTION, WATCHED
from tests.support.streaming import exchange_on, sandbox_with, soon

SECTION = (Path(__file__).parents[2] / "docs" / "streams.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the section; of the first table if there is none."""
    text = SECTION.partition(f"## {heading}\n")[2] if heading else SECTION
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table is not None, heading
    lines = table.group().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def option(name: str) -> Any:
    options = STREAM_DESCRIPTION["options"]
    for part in name.split("."):
        options = options[part]
    return options


def test_every_watch_method_is_in_the_table_and_no_other() -> None:
    named = [name for first, *_ in rows("") for name in first.split(", ")]
    assert sorted(named) == sorted(f"watch{name}" for name in WATCHED)


def test_every_option_in_the_table_exists_and_has_that_default() -> None:
    for names, defaults, _ in rows("Options"):
        found = re.findall(r"`([\w.]+)`", names)
        wanted = defaults.split(", ")
        for name, default in zip(found, wanted * len(found) if len(wanted) == 1 else wanted, strict=True):
            assert str(option(name)) == default, name


def test_every_option_is_in_the_table() -> None:
    found = {name for names, *_ in rows("Options") for name in re.findall(r"`([\w.]+)`", names)}
    there = {
        f"{name}.{inner}" if isinstance(value, dict) else name
        for name, value in STREAM_DESCRIPTION["options"].items()
        for inner in (value if isinstance(value, dict) else [""])
    }
    assert found == there


async def test_the_counters_in_the_table_are_those_there_are() -> None:
    figures = [
        set(re.findall(r"\b[a-zA-Z]+\b", re.sub(r"\(.*?\)", "", cell))) for _, cell in rows("Counters")
    ]
    of_socket, of_stream, of_book, of_all = figures
    async with sandbox_with("SOL_USDC") as sandbox, exchange_on(sandbox) as exchange:
        await soon(exchange.watch_order_book("SOL/USDC"))
        counters = exchange.stream_counters()
        assert set(counters) - {"sockets", "streams"} == of_all
        assert set(counters["sockets"][0]) == of_socket
        assert set(counters["streams"]["depth.SOL_USDC"]) == of_stream | of_book
