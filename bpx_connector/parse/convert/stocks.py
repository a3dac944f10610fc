"""Stocks: what trades them, in which sessions, and at what price an order could be done.

A stock has a market for requests for quotes, AAPL.US.RFQ/USDC, which the venue does not list: it follows from
the stock. Some have a book as well, AAPL.US/USDC, or a perpetual.
Sources: Backpack OpenAPI, schemas Security and MarketSession; the venue's documentation of October 2026 for
holidays and indicative quotes (FACTS, section 22).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadSymbol

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.border import legible
from bpx_connector.parse.numbers import iso8601, milliseconds_of, number_or_none
from bpx_connector.parse.rows import Row
from bpx_connector.venue.words import RFQ_SUFFIX, SIDE, STOCK_SUFFIXES, pair_of

__all__ = ["RFQ", "ParseStocks", "base_of", "is_stock", "stock_of"]

RFQ = "rfq"
USDC = "USDC"


def is_stock(asset: str) -> bool:
    """Whether an asset is a stock, by the country at its end."""
    return asset.endswith(STOCK_SUFFIXES)


def base_of(name: str) -> str:
    """What a market trades, by its symbol or id: AAPL.US of AAPL.US/USDC, AAPL.US.RFQ/USDC, AAPL.US_USDC."""
    return name.partition("/")[0].removesuffix(".RFQ") if "/" in name else pair_of(name)[0]


def stock_of(call: str, symbol: Any) -> str:
    """The stock that a symbol or a market's id is about: AAPL.US, AAPL.US/USDC, AAPL.US.RFQ/USDC."""
    if symbol is None or (isinstance(symbol, str) and not symbol):
        raise ArgumentsRequired(f"{call} needs the symbol of a stock, such as AAPL.US/USDC")
    asset = base_of(symbol if isinstance(symbol, str) else "")
    if not is_stock(asset):
        raise BadSymbol(f"{call} takes a stock such as AAPL.US, and {symbol!r} is none")
    return asset


class ParseStocks(Ccxt):
    """Stock markets, sessions and quotes."""

    @legible
    def rfq_market(self, security: Payload) -> Any:
        """ccxt's market for requests for quotes of a stock.

        Its steps and limits are the widest of all sessions; `active` says that it is listed, not that a
        session is open.
        """
        base_id = security["asset"]
        base, quote = self.safe_currency_code(base_id), self.safe_currency_code(USDC)
        sessions = security.get("sessions") or []
        steps, least, most = (_known(sessions, name) for name in ("stepSize", "minQuantity", "maxQuantity"))
        number = self.number
        market_id = f"{base_id}_{USDC}{RFQ_SUFFIX}"
        # A market without a maximum in one session has none.
        highest = str(max(most)) if most and len(most) == len(sessions) else None
        return {
            **self.safe_market_structure(),
            "id": market_id,
            "lowercaseId": market_id.lower(),
            "symbol": f"{base}.RFQ/{quote}",
            "base": base,
            "quote": quote,
            "baseId": base_id,
            "quoteId": USDC,
            "type": "spot",
            "spot": True,
            "margin": False,
            "swap": False,
            "future": False,
            "option": False,
            "index": False,
            "prediction": False,
            "stock": True,
            "executionModel": RFQ,
            "active": True,
            "contract": False,
            "precision": {
                "amount": number_or_none(number, str(min(steps)) if steps else None),
                "price": None,
                "cost": None,
                "base": None,
                "quote": None,
            },
            "limits": {
                "leverage": {"min": None, "max": None},
                "amount": {
                    "min": number_or_none(number, str(min(least)) if least else None),
                    "max": number_or_none(number, highest),
                },
                "price": {"min": None, "max": None},
                "cost": {"min": None, "max": None},
            },
            "marginModes": {"cross": False, "isolated": False},
            "info": {**security, "symbol": market_id, "marketType": "RFQ"},
        }

    @legible
    def parse_session(self, row: Payload) -> Payload:
        """A session of trading: local times, in `timezone`, on ISO weekdays from first to last (cyclic)."""
        return {
            "info": row,
            "name": Row(row).needed("name"),
            "description": Row(row).word("description"),
            "start": Row(row).word("startTime"),
            "end": Row(row).word("endTime"),
            "firstWeekday": Row(row).whole("startWeekday"),
            "lastWeekday": Row(row).whole("endWeekday"),
            "timezone": Row(row).word("timezone"),
        }

    @legible
    def parse_holiday(self, row: Payload) -> Payload:
        """A day on which a market trades otherwise, or not at all where it has no times."""
        return {
            "info": row,
            "market": Row(row).word("market"),
            "name": Row(row).needed("name"),
            "date": Row(row).word("date"),
            "start": Row(row).word("startTime"),
            "end": Row(row).word("endTime"),
            "timezone": Row(row).word("timezone"),
        }

    @legible
    def parse_indicative_quote(self, row: Payload, amount: str) -> Payload:
        """At which price an order of that size could be done now, if at all: `price` is the limit, at which
        or better it settles, `estimatedPrice` what is to be expected."""
        number, published = self.number, milliseconds_of(row.get("publishedAt"))
        bounds = row.get("quantityFilter") or {}
        return {
            "info": row,
            "asset": Row(row).word("symbol"),
            "side": SIDE.get(row.get("side") or ""),
            "amount": number(amount),
            "available": Row(row).flag("available"),
            "reason": Row(row).word("reason"),
            "session": Row(row).word("session"),
            "price": number_or_none(number, row.get("price")),
            "estimatedPrice": number_or_none(number, row.get("estimatedPrice")),
            "limits": {
                "min": number_or_none(number, bounds.get("minQuantity")),
                "max": number_or_none(number, bounds.get("maxQuantity")),
            },
            "precision": number_or_none(number, bounds.get("stepSize")),
            "timestamp": published,
            "datetime": iso8601(published),
        }


def _known(sessions: list[Payload], name: str) -> list[Decimal]:
    return [Decimal(session[name]) for session in sessions if session.get(name) is not None]
