"""What a newer document of the venue changes is told with what it touches."""

from __future__ import annotations

import copy

from tests.support.openapi import document
from tools.openapi_news import news


def test_the_same_document_brings_no_news() -> None:
    assert news(document(), document()) == ["nothing has changed"]


def test_every_change_is_named_with_what_it_touches() -> None:
    newer = copy.deepcopy(document())
    newer["paths"]["/api/v1/moon"] = {"get": {"responses": {"200": {"description": ""}}}}
    del newer["paths"]["/api/v1/ping"]
    ticker = newer["paths"]["/api/v1/ticker"]["get"]
    ticker["parameters"].append({"name": "source", "in": "query", "schema": {"type": "string"}})
    newer["components"]["schemas"]["Side"]["enum"].append("Both")
    lines = news(document(), newer)
    text = "\n".join(lines)
    assert "added: GET /api/v1/moon" in lines
    assert "    row: none yet, in bpx_connector/venue/endpoints.py" in lines
    assert "removed: GET /api/v1/ping" in lines
    assert "changed: GET /api/v1/ticker" in lines
    assert "    + query source: string" in lines
    assert "    row: publicGetApiV1Ticker" in lines
    assert "fetchTicker" in text
    assert "    sandbox: bpx_connector.sandbox.http.public._ticker" in lines
    assert "tests/sandbox/http/test_stocks.py" in text
    assert "schema changed: Side" in lines
    assert "    + word Both: " in lines
    assert "POST /api/v1/order" in next(line for line in lines if line.startswith("    used by: "))
