"""Replies of the venue that other projects have captured, and an exchange that knows nothing but these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bpx_connector

__all__ = ["SAMPLES", "OfflineExchange", "captured_markets", "offline_exchange", "sample", "sample_source"]

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


@cache
def _text(name: str) -> str:
    found = [
        path for path in SAMPLES.glob("*/*.json") if name in (path.stem, f"{path.parent.name}/{path.stem}")
    ]
    if len(found) != 1:
        raise LookupError(f"{name!r} names {len(found)} samples of {SAMPLES}; say rest/{name} or ws/{name}")
    return found[0].read_text()


def sample(name: str) -> Any:
    """A fresh copy of the payload of tests/data/samples/<rest|ws>/<name>.json; the folder may be left out."""
    return json.loads(_text(name))["payload"]


def sample_source(name: str) -> str:
    """Where that sample was transcribed from."""
    return str(json.loads(_text(name))["source"])


def captured_markets() -> list[Any]:
    """The captured market rows, each symbol once."""
    rows = {row["symbol"]: row for row in sample("rest/get_api_v1_markets")}
    for symbol in ("BTC_USDC_PERP", "SOL_USDC_PERP", "USDT_USDC"):
        rows.setdefault(symbol, sample(f"rest/get_api_v1_market.{symbol}"))
    return list(rows.values())


class OfflineExchange(bpx_connector.bpx):
    """The blocking exchange whose whole world is a list of markets and one of assets."""

    _lists: Mapping[str, Any] = {}

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """One of the two lists, or a failure that names the request."""
        path = urlsplit(url).path
        if path not in self._lists:
            raise AssertionError(f"an offline exchange was asked to send {method} {url}")
        return deepcopy(self._lists[path])


def offline_exchange(
    config: Mapping[str, Any] = {}, markets: list[Any] | None = None, assets: list[Any] | None = None
) -> OfflineExchange:
    """An offline exchange with its markets loaded; the captured ones unless others are given."""
    exchange = OfflineExchange({"enableRateLimit": False, **config})
    exchange._lists = {
        "/api/v1/markets": captured_markets() if markets is None else markets,
        "/api/v1/assets": sample("rest/get_api_v1_assets") if assets is None else assets,
    }
    exchange.load_markets()
    return exchange
