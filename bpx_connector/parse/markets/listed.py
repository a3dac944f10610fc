"""Parsing of markets: what can be traded, in which steps, within which limits.

A market is spot, a perpetual (linear, or inverse if the venue ever lists one), a dated future or the outcome
of a prediction. Markets for requests for quotes have no book and are left out.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from ccxt.base.types import MarketInterface, Status

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.numbers import EXACT, Number, number_or_none, plain
from bpx_connector.parse.rows import Row, object_of, read_each, rows_in
from bpx_connector.venue.words import MARKET_TYPE, OPEN_BOOK, SYSTEM_STATUS

__all__ = ["ParseListed", "highest_leverage"]

STATUS_PAGE = "https://status.backpack.exchange"

INVERSE = "IPERP"

OTHER = "other"
"""ccxt's word for a type of market that it has no word for."""

WITHOUT_BOOK = frozenset({"RFQ"})
"""Types of markets that are no ccxt markets: what is traded there is asked for, not offered."""

# The base of a margin function is published with eight decimals (0.01333333 for 75-fold), so that its
# inverse is known to about four.
LEVERAGE_STEP = Decimal("0.0001")


def highest_leverage(margin_function: Row) -> str | None:
    """The most leverage that an initial margin function allows: one over the margin of a small position."""
    return _inverse(margin_function.figure("base") or "0")


@lru_cache(maxsize=256)
def _inverse(base: str) -> str | None:
    margin = Decimal(base)
    return plain(EXACT.quantize(EXACT.divide(Decimal(1), margin), LEVERAGE_STEP)) if margin > 0 else None


@lru_cache(maxsize=64)
def _rate(rate: Any) -> str:
    return plain(Decimal(str(rate)))


def _step(filters: Row, name: str, number: Number) -> Any:
    """A tick or a step, which is above zero, or unknown."""
    step = filters.figure(name)
    return number(step) if step is not None and Decimal(step) > 0 else None


def _symbol(market_id: str, pair: Pair, kind: str, settle: str | None) -> str:
    """ccxt's symbol: SOL/USDC, SOL/USDC:USDC. A dated future keeps what follows the pair in the venue's; a
    market of a type that we do not know goes by the venue's id."""
    if kind == OTHER:
        return market_id
    symbol = f"{pair.base}/{pair.quote}"
    if kind == "future":
        date = market_id.removeprefix(f"{pair.base_id}_{pair.quote_id}").lstrip("_")
        return f"{symbol}:{settle}-{date}"
    return f"{symbol}:{settle}" if settle else symbol


class Pair(NamedTuple):
    """What is traded for what, in ccxt's words and in the venue's."""

    base: str | None
    quote: str | None
    base_id: str | None
    quote_id: str | None


class ParseListed(Ccxt):
    """ccxt's parsers of markets."""

    def parse_markets(self, markets: Any) -> list[Any]:
        """Markets from /markets, without those that have no order book."""
        what = f"{self.id} markets"
        listed = [row for row in rows_in(markets, what) if Row(row).word("marketType") not in WITHOUT_BOOK]
        return read_each(listed, self.parse_market, what)

    def parse_market(self, market: Payload) -> MarketInterface:
        """One market with every field of ccxt's structure."""
        row, number = Row(object_of(market, f"{self.id} a market")), self.number
        market_id, venue_type = row.needed("symbol"), row.word("marketType")
        kind = MARKET_TYPE.get(venue_type, OTHER) if venue_type else OTHER
        pair = self._traded_pair(row, kind)
        is_spot, is_contract, is_inverse = kind == "spot", kind in ("swap", "future"), venue_type == INVERSE
        settle, settle_id = None, None
        if is_contract:
            settle, settle_id = (pair.base, pair.base_id) if is_inverse else (pair.quote, pair.quote_id)
        leverage = highest_leverage(row.part("imfFunction")) if is_contract else None
        price, quantity = row.part("filters").part("price"), row.part("filters").part("quantity")
        fees, state = self._published_fees(market_id, kind), row.word("orderBookState")
        # Only spot markets on margin have a fee for entering with borrowed money.
        is_margin = is_spot and price.info.get("borrowEntryFeeMaxMultiplier") is not None
        found: Any = {
            "id": market_id,
            "lowercaseId": market_id.lower(),
            "symbol": _symbol(market_id, pair, kind, settle),
            "base": pair.base,
            "quote": pair.quote,
            "settle": settle,
            "baseId": pair.base_id,
            "quoteId": pair.quote_id,
            "settleId": settle_id,
            "type": kind,
            "spot": is_spot,
            "margin": is_margin,
            "swap": kind == "swap",
            "future": kind == "future",
            "option": False,
            "index": False,
            "prediction": kind == "prediction",
            "active": None if state is None else state == OPEN_BOOK,
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
                "amount": _step(quantity, "stepSize", number),
                "price": _step(price, "tickSize", number),
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
                    "min": quantity.number("minQuantity", number),
                    "max": quantity.number("maxQuantity", number),
                },
                "price": {
                    "min": price.number("minPrice", number),
                    "max": price.number("maxPrice", number),
                },
                "cost": {"min": None, "max": None},  # the venue has no minimum notional
            },
            "marginModes": {"cross": is_contract or is_margin, "isolated": False},
            "created": row.moment("createdAt"),
            "info": market,
        }
        parsed: MarketInterface = found
        return parsed

    def _traded_pair(self, row: Row, kind: str) -> Pair:
        """What is traded for what; a market of a type that we know has both."""
        if kind == OTHER:
            base_id, quote_id = row.word("baseSymbol"), row.word("quoteSymbol")
        else:
            base_id, quote_id = row.needed("baseSymbol"), row.needed("quoteSymbol")
        return Pair(self.safe_currency_code(base_id), self.safe_currency_code(quote_id), base_id, quote_id)

    def _published_fees(self, market_id: str, kind: str) -> dict[str, str]:
        """The base tier's maker and taker rates, as `describe()` or the user's config has them."""
        fees: Any = self.fees
        usual = fees["swap" if kind in ("swap", "future") else "trading"]
        rates = fees.get("markets", {}).get(market_id) or usual
        return {"maker": _rate(rates["maker"]), "taker": _rate(rates["taker"])}

    def parse_status(self, status: Payload) -> Status:
        """Whether the venue works, from /status."""
        word = Row(object_of(status, f"{self.id} the status")).word("status")
        told: Any = {
            "status": None if word is None else SYSTEM_STATUS.get(word, word),
            "updated": None,
            "eta": None,
            "url": STATUS_PAGE,
            "info": status,
        }
        found: Status = told
        return found
