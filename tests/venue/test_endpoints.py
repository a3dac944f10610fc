"""Our table of operations held against the venue's text and against ccxt's own names."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import ccxt
import pytest
from ccxt.abstract.backpack import ImplicitAPI
from ccxt.base.types import Entry

import bpx_connector
import bpx_connector.async_support
import bpx_connector.pro
from bpx_connector.venue.endpoints import (
    ENDPOINTS,
    HISTORICAL,
    STANDARD,
    Endpoint,
    Endpoints,
    NewerEndpoints,
    UntoldEndpoints,
    endpoint_of,
)
from tests.support.operations import Operation, operations

CLASSES = [bpx_connector.bpx, bpx_connector.async_support.bpx, bpx_connector.pro.bpx]
EVERY_OPERATION = pytest.mark.parametrize("operation", operations(), ids=str)


def row_of(operation: Operation) -> Endpoint:
    return ENDPOINTS[operation.method, operation.path]


CCXTS_OWN: dict[str, Entry[Any]] = {
    name: member for name, member in inspect.getmembers_static(ImplicitAPI) if isinstance(member, Entry)
}
OURS: dict[str, Endpoint] = {
    name: member
    for table in (Endpoints, NewerEndpoints, UntoldEndpoints)
    for name, member in vars(table).items()
    if isinstance(member, Endpoint)
}


def test_the_document_has_the_operations_that_the_table_was_written_from() -> None:
    assert len(operations()) == 81


def test_the_older_table_has_exactly_the_operations_of_the_document() -> None:
    ours = {(row.method, row.path) for row in vars(Endpoints).values() if isinstance(row, Endpoint)}
    assert ours == {(operation.method, operation.path) for operation in operations()}


def test_the_readme_counts_the_operations_of_the_table() -> None:
    readme = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
    counted = re.search(r"All (\d+) operations of its OpenAPI and (\d+) more", readme)
    assert counted is not None
    assert [int(count) for count in counted.groups()] == [
        len(operations()),
        len(ENDPOINTS) - len(operations()),
    ]


def test_newer_operations_are_not_in_the_document() -> None:
    newer = {(row.method, row.path) for row in vars(NewerEndpoints).values() if isinstance(row, Endpoint)}
    assert newer
    assert not newer & {(operation.method, operation.path) for operation in operations()}


@EVERY_OPERATION
def test_an_operation_is_signed_with_the_instruction_that_the_venue_names(operation: Operation) -> None:
    assert row_of(operation).instruction == operation.instruction


@EVERY_OPERATION
def test_an_operation_has_the_parameters_that_the_venue_names(operation: Operation) -> None:
    assert row_of(operation).parameters == operation.parameters


@EVERY_OPERATION
def test_an_operation_requires_what_the_venue_requires(operation: Operation) -> None:
    assert row_of(operation).required == operation.required


@EVERY_OPERATION
def test_an_operation_answers_nothing_only_with_the_status_that_the_venue_names(operation: Operation) -> None:
    assert row_of(operation).empty == operation.empty


@EVERY_OPERATION
def test_an_operation_answers_text_where_the_venue_does(operation: Operation) -> None:
    assert row_of(operation).is_text == operation.is_text


@EVERY_OPERATION
def test_an_operation_that_takes_a_signature_is_private(operation: Operation) -> None:
    access = row_of(operation).api[0]
    assert access in ("public", "private")
    if operation.instruction is not None or operation.takes_signature:
        assert access == "private"


def test_a_row_without_an_instruction_is_public_unless_the_venue_keeps_it_to_browser_sessions() -> None:
    unsigned = {row.path for row in ENDPOINTS.values() if row.instruction is None and row.api[0] == "private"}
    assert unsigned == {"api/v1/borrowLend/position/liquidationPrice", "wapi/v1/capital/withdrawals/delay"}


def test_every_implicit_method_of_ccxts_own_class_exists_in_both_spellings() -> None:
    assert len(CCXTS_OWN) > 100
    assert set(CCXTS_OWN) <= set(OURS)


@pytest.mark.parametrize("name", CCXTS_OWN)
def test_ccxts_names_call_the_same_operation_on_ours(name: str) -> None:
    theirs, ours = CCXTS_OWN[name], OURS[name]
    access = theirs.api if isinstance(theirs.api, list) else [theirs.api]  # ccxt 4.5.76 writes the bare word
    assert (ours.method, ours.path, ours.api) == (theirs.method, theirs.path, access)


def camel_case(access: str, row: Endpoint) -> str:
    first, *rest = [access, row.method.lower(), *re.split(r"[/-]", row.path)]
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def test_every_row_has_both_spellings() -> None:
    for name, row in OURS.items():
        if "_" in name:
            assert OURS[camel_case(name.partition("_")[0], row)] is row


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__module__)
def test_every_spelling_is_a_method_of_each_class(kind: Any) -> None:
    exchange = kind()
    assert [name for name in OURS if not callable(getattr(exchange, name, None))] == []


def test_an_implicit_method_calls_its_operation() -> None:
    exchange: Any = bpx_connector.bpx({"enableRateLimit": False})
    asked: list[tuple[Any, ...]] = []
    exchange.fetch = lambda *arguments: asked.append(arguments)  # sends nothing
    exchange.public_get_api_v1_depth({"symbol": "SOL_USDC", "limit": 5})
    exchange.publicGetApiV1Depth({"symbol": "SOL_USDC", "limit": 5})
    assert asked[0] == asked[1]
    assert asked[0][:2] == ("https://api.backpack.exchange/api/v1/depth?symbol=SOL_USDC&limit=5", "GET")


def test_a_url_leads_back_to_its_row() -> None:
    for (method, path), row in ENDPOINTS.items():
        assert endpoint_of(method, f"http://127.0.0.1:8787/{path}?symbol=SOL_USDC") is row
    assert endpoint_of("GET", "https://api.backpack.exchange/api/v1/nothing") is None
    assert endpoint_of("GET", "https://api.backpack.exchange/") is None


def test_time_ranges_draw_on_the_smaller_budget() -> None:
    assert ENDPOINTS["GET", "api/v1/klines"].budget is HISTORICAL
    assert ENDPOINTS["GET", "api/v1/trades/history"].budget is HISTORICAL
    assert all(
        row.budget is HISTORICAL for row in ENDPOINTS.values() if row.path.startswith("wapi/v1/history/")
    )
    assert all(row.budget is STANDARD for row in ENDPOINTS.values() if row.method != "GET")


def test_ccxt_is_of_a_version_whose_names_we_know() -> None:
    assert "backpack" in ccxt.exchanges
