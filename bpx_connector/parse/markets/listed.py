"""Parsing of markets: what can be traded, in which steps, within which limits.

A market is spot, a perpetual (linear, or inverse if the venue ever lists one), a dated future or the outcome
of a prediction. Markets for requests for quotes have no book and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from ccxt.base.errors import BadResponse
from ccxt.base.types import MarketInterface, Status

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload, Structure
from bpx_connector.garbage import uncollected
from bpx_connector.parse.figures import Fields, Reading, as_read, row_of
from bpx_connector.parse.names import Names
from bpx_connector.parse.numbers import EXACT, Figure, Number, milliseconds_of, number_or_none, plain
from bpx_connector.parse.overriding import is_overridden, own
from bpx_connector.parse.rows import Row, figure_text, object_of, quoted, read_each, rows_in
from bpx_connector.venue.words import MARKET_TYPE, OPEN_BOOK, STOCK_SUFFIXES, SYSTEM_STATUS

__all__ = ["ParseListed", "highest_leverage"]

STATUS_PAGE = "https://status.backpack.exchange"

INVERSE = "IPERP"

OTHER = "other"
"""ccxt's word for a type of market that it has no word for."""

WITHOUT_BOOK = "RFQ"
"""The type of markets that are no ccxt markets: what is traded there is asked for, not offered."""

# The base of a margin function is published with eight decimals (0.01333333 for 75-fold), so that its
# inverse is known to about four.
LEVERAGE_STEP = Decimal("0.0001")


PRICE_RULES = ("minPrice", "maxPrice", "tickSize")
QUANTITY_RULES = ("minQuantity", "maxQuantity", "stepSize")
WORDS = ("symbol", "baseSymbol", "quoteSymbol", "marketType", "orderBookState")

FIELDS = Fields(
    (),
    WORDS,
    parts={
        "filters": Fields((), parts={"price": Fields(PRICE_RULES), "quantity": Fields(QUANTITY_RULES)}),
        "imfFunction": Fields(("base",)),
    },
)


class _PriceRules(Protocol):
    minPrice: Figure | None
    maxPrice: Figure | None
    tickSize: Figure | None
    borrowEntryFeeMaxMultiplier: object


class _QuantityRules(Protocol):
    minQuantity: Figure | None
    maxQuantity: Figure | None
    stepSize: Figure | None


class _Filters(Protocol):
    price: _PriceRules
    quantity: _QuantityRules


class _MarginFunction(Protocol):
    base: object


class _Listed(Protocol):
    """What is read of a market."""

    symbol: str | None
    baseSymbol: str | None
    quoteSymbol: str | None
    marketType: str | None
    orderBookState: str | None
    createdAt: object
    filters: _Filters
    imfFunction: _MarginFunction | None


@lru_cache(maxsize=8)
def _market_rows(number: Number) -> Reading:
    """What reads markets."""
    price = row_of("PriceRules", PRICE_RULES, [("borrowEntryFeeMaxMultiplier", Any)], number)
    quantity = row_of("QuantityRules", QUANTITY_RULES, (), number)
    filters = row_of("Filters", (), [("price", price), ("quantity", quantity)], number)
    margin = row_of("MarginFunction", (), [("base", Any)], number)
    others = [*((word, str | None) for word in WORDS), ("createdAt", Any), ("filters", filters)]
    listed: Any = row_of("Listed", (), [*others, ("imfFunction", margin | None)], number)
    return Reading(list[listed], number)


def highest_leverage(base: object) -> str | None:
    """The most leverage that an initial margin function with this base allows: one over the margin of a small
    position."""
    return _inverse(base if type(base) is str else figure_text(base))


@lru_cache(maxsize=256)
def _inverse(base: str | None) -> str | None:
    margin = Decimal(figure_text(base) or 0)
    return plain(EXACT.quantize(EXACT.divide(Decimal(1), margin), LEVERAGE_STEP)) if margin > 0 else None


@lru_cache(maxsize=64)
def _rate(rate: object) -> str:
    return plain(Decimal(str(rate)))


def _step(step: Figure | None) -> Figure | None:
    """A tick or a step, which is above zero, or unknown."""
    return step if step is not None and float(step) > 0 else None


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


def _traded_pair(info: Payload, read: _Listed, kind: str, codes: Names) -> Pair:
    """What is traded for what; a market of a type that we know has both."""
    base_id, quote_id = read.baseSymbol or None, read.quoteSymbol or None
    if kind != OTHER and (base_id is None or quote_id is None):
        missing = "baseSymbol" if base_id is None else "quoteSymbol"
        raise BadResponse(f"there is no {missing} in {quoted(info)}")
    return Pair(codes[base_id], codes[quote_id], base_id, quote_id)


@lru_cache(maxsize=64)
def _market_in_words(kind: str, is_inverse: bool, is_margin: bool) -> Structure:
    """A market of which only the kind is known, to be copied: two hundred markets differ little in it.

    Every field of ccxt's structure is there. Copied and filled in it costs half of one written anew.
    """
    is_spot, is_contract = kind == "spot", kind in ("swap", "future")
    return {
        **dict.fromkeys(("id", "lowercaseId", "symbol", "base", "quote", "settle")),
        **dict.fromkeys(("baseId", "quoteId", "settleId")),
        "type": kind,
        "spot": is_spot,
        "margin": is_margin,
        "swap": kind == "swap",
        "future": kind == "future",
        "option": False,
        "index": False,
        "prediction": kind == "prediction",
        "active": None,
        "contract": is_contract,
        "linear": not is_inverse if is_contract else None,
        "inverse": is_inverse if is_contract else None,
        "subType": ("inverse" if is_inverse else "linear") if is_contract else None,
        "taker": None,
        "maker": None,
        "percentage": True,
        "tierBased": True,
        # A spot fill pays its fee in what is received, a contract in what it is settled in.
        "feeSide": "get" if is_spot else "quote",
        "contractSize": None,
        "expiry": None,  # the venue's markets carry no date, not even dated ones
        "expiryDatetime": None,
        "strike": None,
        "optionType": None,
        **dict.fromkeys(("precision", "limits", "marginModes", "created", "info")),
    }


class ParseListed(Ccxt):
    """ccxt's parsers of markets."""

    @uncollected
    def parse_markets(self, markets: object) -> list[Any]:
        """Markets from /markets, without those that have no order book."""
        what = f"{self.id} markets"
        rows = rows_in(markets, what)
        if is_overridden(self, "parse_market"):
            listed = [row for row in rows if row.get("marketType") != WITHOUT_BOOK]
            return read_each(listed, self.parse_market, what)
        codes, read = Names(self.safe_currency_code), self._read_markets(rows)
        pairs = [pair for pair in zip(rows, read, strict=True) if pair[1].marketType != WITHOUT_BOOK]
        return read_each(pairs, lambda pair: self._market(*pair, codes), what)

    @own
    def parse_market(self, market: Payload) -> MarketInterface:
        """One market with every field of ccxt's structure."""
        [read] = self._read_markets([object_of(market, f"{self.id} a market")])
        return self._market(market, read, Names(self.safe_currency_code))

    def _read_markets(self, rows: Sequence[Payload]) -> list[_Listed]:
        read: list[_Listed] = as_read(_market_rows(self.number), FIELDS, rows, self.number)
        return read

    def _market(self, info: Payload, read: _Listed, codes: Names) -> MarketInterface:
        """The market of a row and what was read in it; the codes of assets by the venue's names."""
        number, market_id, venue_type = self.number, read.symbol, read.marketType
        if not market_id:
            raise BadResponse(f"there is no symbol in {quoted(info)}")
        kind = MARKET_TYPE.get(venue_type, OTHER)  # type: ignore[arg-type]  # None has no row
        pair = _traded_pair(info, read, kind, codes)
        is_contract, is_inverse = kind in ("swap", "future"), venue_type == INVERSE
        price, quantity = read.filters.price, read.filters.quantity
        # Only spot markets on margin have a fee for entering with borrowed money.
        is_margin = kind == "spot" and price.borrowEntryFeeMaxMultiplier is not None
        one, leverage, settle = None, None, None
        found: Any = _market_in_words(kind, is_inverse, is_margin).copy()
        if is_contract:
            settle = pair.base if is_inverse else pair.quote
            one, leverage = number("1"), highest_leverage(read.imfFunction and read.imfFunction.base)
            found["settle"] = settle
            found["settleId"] = pair.base_id if is_inverse else pair.quote_id
            found["contractSize"] = one
        found["id"] = market_id
        found["lowercaseId"] = market_id.lower()
        found["symbol"] = _symbol(market_id, pair, kind, settle)
        found["base"], found["quote"], found["baseId"], found["quoteId"] = pair
        found["stock"] = bool(pair.base_id) and str(pair.base_id).endswith(STOCK_SUFFIXES)
        found["active"] = read.orderBookState == OPEN_BOOK if read.orderBookState else None
        found["taker"], found["maker"] = self._published_fees(market_id, kind)
        found["precision"] = {
            "amount": _step(quantity.stepSize),
            "price": _step(price.tickSize),
            "cost": None,
            "base": None,
            "quote": None,
        }
        found["limits"] = {
            "leverage": {"min": one, "max": number_or_none(number, leverage)},
            "amount": {"min": quantity.minQuantity, "max": quantity.maxQuantity},
            "price": {"min": price.minPrice, "max": price.maxPrice},
            "cost": {"min": None, "max": None},  # the venue has no minimum notional
        }
        found["marginModes"] = {"cross": is_contract or is_margin, "isolated": False}
        found["created"] = milliseconds_of(read.createdAt)
        found["info"] = info
        market: MarketInterface = found
        return market

    def _published_fees(self, market_id: str, kind: str) -> tuple[Any, Any]:
        """The base tier's taker and maker rates, as `describe()` or the user's config has them."""
        fees: Any = self.fees
        usual = fees["swap" if kind in ("swap", "future") else "trading"]
        rates = fees.get("markets", {}).get(market_id) or usual
        return self.number(_rate(rates["taker"])), self.number(_rate(rates["maker"]))

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
