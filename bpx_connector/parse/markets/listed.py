"""Parsing of markets: what can be traded, in which steps, within which limits.

A market is spot, a perpetual (linear, or inverse if the venue ever lists one), a dated future or the outcome
of a prediction. Markets for requests for quotes have no book and are left out.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.numbers import milliseconds_of, number_or_none, plain
from bpx_connector.venue.words import MARKET_TYPE, OPEN_BOOK, SYSTEM_STATUS

__all__ = ["ParseListed", "highest_leverage"]

STATUS_PAGE = "https://status.backpack.exchange"

INVERSE = "IPERP"

# The base of a margin function is published with eight decimals (0.01333333 for 75-fold), so that its
# inverse is known to about four.
LEVERAGE_STEP = Decimal("0.0001")


def highest_leverage(margin_function: Payload | None) -> str | None:
    """The most leverage that an initial margin function allows: one over the margin of a small position."""
    base = (margin_function or {}).get("base")
    if base is None or not Decimal(base):
        return None
    return plain((1 / Decimal(base)).quantize(LEVERAGE_STEP))


@lru_cache(maxsize=64)
def _rate(rate: Any) -> str:
    return plain(Decimal(str(rate)))


def _symbol(row: Payload, base: str, quote: str, kind: str, settle: str | None) -> str:
    """ccxt's symbol: SOL/USDC, SOL/USDC:USDC. A dated future keeps what follows the pair in the venue's."""
    pair = f"{base}/{quote}"
    if kind == "future":
        date = row["symbol"].removeprefix(f"{row['baseSymbol']}_{row['quoteSymbol']}").lstrip("_")
        return f"{pair}:{settle}-{date}"
    return f"{pair}:{settle}" if settle else pair


class ParseListed(Ccxt):
    """ccxt's parsers of markets."""

    def parse_markets(self, markets: Any) -> list[Any]:
        """Markets from /markets, without those that have no order book."""
        return [self.parse_market(row) for row in markets if row["marketType"] in MARKET_TYPE]

    def parse_market(self, market: Payload) -> Any:
        """One market with every field of ccxt's structure."""
        number, venue_type = self.number, market["marketType"]
        kind = MARKET_TYPE[venue_type]
        base_id, quote_id = market["baseSymbol"], market["quoteSymbol"]
        base, quote = self.safe_currency_code(base_id) or "", self.safe_currency_code(quote_id) or ""
        is_spot, is_contract, is_inverse = kind == "spot", kind in ("swap", "future"), venue_type == INVERSE
        settle, settle_id = None, None
        if is_contract:
            settle, settle_id = (base, base_id) if is_inverse else (quote, quote_id)
        leverage = highest_leverage(market.get("imfFunction")) if is_contract else None
        price, quantity = market["filters"]["price"], market["filters"]["quantity"]
        fees = self._published_fees(market["symbol"], kind)
        # Only spot markets on margin have a fee for entering with borrowed money.
        is_margin = is_spot and price.get("borrowEntryFeeMaxMultiplier") is not None
        return {
            "id": market["symbol"],
            "lowercaseId": market["symbol"].lower(),
            "symbol": _symbol(market, base, quote, kind, settle),
            "base": base,
            "quote": quote,
            "settle": settle,
            "baseId": base_id,
            "quoteId": quote_id,
            "settleId": settle_id,
            "type": kind,
            "spot": is_spot,
            "margin": is_margin,
            "swap": kind == "swap",
            "future": kind == "future",
            "option": False,
            "index": False,
            "prediction": kind == "prediction",
            "active": market["orderBookState"] == OPEN_BOOK,
            "contract": is_contract,
            "linear": not is_inverse if is_contract else None,
            "inverse": is_inverse if is_contract else None,
            "subType": ("inverse" if is_inverse else "linear") if is_contract else None,
            "taker": number(fees["taker"]),
            "maker": number(fees["maker"]),
            "percentage": True,
            "tierBased": True,
            # A spot fill pays its fee in what is received, a contract in what it is settled in.
            "feeSide": "get" if is_spot else "quote",
            "contractSize": number("1") if is_contract else None,
            "expiry": None,  # the venue's markets carry no date, not even dated ones
            "expiryDatetime": None,
            "strike": None,
            "optionType": None,
            "precision": {
                "amount": number_or_none(number, quantity.get("stepSize")),
                "price": number_or_none(number, price.get("tickSize")),
                "cost": None,
                "base": None,
                "quote": None,
            },
            "limits": {
                "leverage": {
                    "min": number("1") if is_contract else None,
                    "max": number_or_none(number, leverage),
                },
                "amount": {
                    "min": number_or_none(number, quantity.get("minQuantity")),
                    "max": number_or_none(number, quantity.get("maxQuantity")),
                },
                "price": {
                    "min": number_or_none(number, price.get("minPrice")),
                    "max": number_or_none(number, price.get("maxPrice")),
                },
                "cost": {"min": None, "max": None},  # the venue has no minimum notional
            },
            "marginModes": {"cross": is_contract or is_margin, "isolated": False},
            "created": milliseconds_of(market.get("createdAt")),
            "info": market,
        }

    def _published_fees(self, market_id: str, kind: str) -> dict[str, str]:
        """The base tier's maker and taker rates, as `describe()` or the user's config has them."""
        fees: Any = self.fees
        usual = fees["swap" if kind in ("swap", "future") else "trading"]
        rates = fees.get("markets", {}).get(market_id) or usual
        return {"maker": _rate(rates["maker"]), "taker": _rate(rates["taker"])}

    def parse_status(self, status: Payload) -> Payload:
        """Whether the venue works, from /status."""
        return {
            "status": SYSTEM_STATUS.get(status["status"], status["status"]),
            "updated": None,
            "eta": None,
            "url": STATUS_PAGE,
            "info": status,
        }
