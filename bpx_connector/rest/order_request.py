"""The former address of `rest.trading.request`, kept for programs that import it from here."""

from __future__ import annotations

from bpx_connector.rest.trading.request import order_request

__all__ = ["order_request"]
