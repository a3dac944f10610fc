"""Small exchanges for tests of the engine: four markets, two accounts, and short words for orders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.records.events import Event
from bpx_connector.sandbox.records.orders import ASK, BID, LIMIT, MARKET, Order, OrderRequest
from bpx_connector.sandbox.records.rules import MarketRules, market_rules

START = 1_790_000_000_000_000
"""A full second, 800 seconds before a full hour, in microseconds."""
SECOND = 1_000_000
HOUR = 3_600 * SECOND

SPOT, PERP, OTHER_PERP, FREE = "SOL_USDC", "SOL_USDC_PERP", "BTC_USDC_PERP", "USDT_USDC"
PRICES = {SPOT: Decimal(150), PERP: Decimal(150), OTHER_PERP: Decimal(90_000), FREE: Decimal(1)}


def market_row(symbol: str, *, tick: str, step: str, minimum: str, **changes: Any) -> dict[str, Any]:
    """A row of `/markets`, in the shape and with the multipliers of captured ones."""
    base, _, rest = symbol.partition("_")
    is_perp = rest.endswith("_PERP")
    return {
        "symbol": symbol,
        "baseSymbol": base,
        "quoteSymbol": "USDC",
        "marketType": "PERP" if is_perp else "SPOT",
        "rwaMarketType": None,
        "filters": {
            "price": {
                "tickSize": tick,
                "minPrice": tick,
                "maxPrice": "1000000",
                "minMultiplier": "0.25",
                "maxMultiplier": "2",
                "minImpactMultiplier": "0.99",
                "maxImpactMultiplier": "1.01",
                "meanMarkPriceBand": {"minMultiplier": "0.925", "maxMultiplier": "1.075"},
            },
            "quantity": {"minQuantity": minimum, "maxQuantity": None, "stepSize": step},
        },
        "imfFunction": {"type": "sqrt", "base": "0.02", "factor": "0.000075"} if is_perp else None,
        "mmfFunction": {"type": "sqrt", "base": "0.0135", "factor": "0.0000375"} if is_perp else None,
        "fundingInterval": 3_600_000 if is_perp else None,
        "fundingRateUpperBound": "100" if is_perp else None,
        "fundingRateLowerBound": "-100" if is_perp else None,
        "openInterestLimit": "4000000" if is_perp else "0",
        "orderBookState": "Open",
        "createdAt": "2025-01-21T06:34:54.691858",
        "visible": True,
        **changes,
    }


def rules_of(symbol: str) -> MarketRules:
    """The rules of one of the four markets."""
    return next(rules for rules in all_rules() if rules.symbol == symbol)


def all_rules() -> list[MarketRules]:
    """Two markets of SOL, one perpetual more, and one market without fees."""
    return [
        market_rules(market_row(SPOT, tick="0.01", step="0.01", minimum="0.01")),
        market_rules(market_row(PERP, tick="0.01", step="0.01", minimum="0.01")),
        market_rules(market_row(OTHER_PERP, tick="0.1", step="0.00001", minimum="0.00001")),
        market_rules(market_row(FREE, tick="0.0001", step="1", minimum="1")),
    ]


class Floor:
    """An exchange with accounts `alice`, `bob` and `carol`, which keeps all events and counts time up
    itself."""

    def __init__(self, funds: Mapping[str, Decimal] | None = None) -> None:
        self.now = START
        self.venue = Exchange(all_rules(), now=START, prices=PRICES)
        self.events: list[Event] = []
        self.alice = self.venue.open_account("alice", START, funds=funds)
        self.bob = self.venue.open_account("bob", START, funds=funds)
        self.carol = self.venue.open_account("carol", START, funds=funds)
        self.venue.listeners.append(self.events.append)

    def place(self, account: Account, symbol: str, side: str, **fields: Any) -> Order:
        """Place an order a moment later; figures may be numbers or text, the type follows from the price."""
        self.now += 1
        figures: dict[str, Any] = {name: _figure(name, value) for name, value in fields.items()}
        order_type = LIMIT if "price" in figures else MARKET
        request = OrderRequest(symbol=symbol, side=side, **{"order_type": order_type, **figures})
        return self.venue.execute(account, request, self.now).result

    def bid(self, account: Account, symbol: str = SPOT, **fields: Any) -> Order:
        """Place an order to buy."""
        return self.place(account, symbol, BID, **fields)

    def ask(self, account: Account, symbol: str = SPOT, **fields: Any) -> Order:
        """Place an order to sell."""
        return self.place(account, symbol, ASK, **fields)

    def move_index(self, symbol: str, price: object) -> None:
        """Move a market's outside price a moment later."""
        self.now += 1
        self.venue.set_index(symbol, Decimal(str(price)), self.now)

    def wait(self, seconds: int) -> None:
        """Let time pass, one tick a second."""
        for _ in range(seconds):
            self.now += SECOND
            self.venue.tick(self.now)

    def seen(self, kind: type[Any]) -> list[Any]:
        """The events of one class so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def heard(self) -> list[str]:
        """What happened, one word an event: the kind of those that have one, else the class."""
        return [getattr(event, "kind", type(event).__name__) for event in self.events]

    def free(self, account: Account, asset: str = "USDC") -> Decimal:
        """What an account has free of an asset."""
        return account.balance(asset).available

    def locked(self, account: Account, asset: str = "USDC") -> Decimal:
        """What an account has locked of an asset."""
        return account.balance(asset).locked


def _figure(name: str, value: object) -> object:
    is_word = isinstance(value, (str, bool)) and name in _WORDS
    if value is None or isinstance(value, bool) or is_word or name == "client_id":
        return value
    return Decimal(str(value))


_WORDS = {
    "order_type",
    "time_in_force",
    "self_trade_prevention",
    "trigger_quantity",
    "trigger_by",
    "stop_loss_trigger_by",
    "take_profit_trigger_by",
    "slippage_tolerance_type",
}
