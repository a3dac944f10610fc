"""The venue's words and ccxt's, both ways from one table.

Sources: Backpack OpenAPI, schemas Side, OrderTypeEnum, OrderStatus, TimeInForce, SelfTradePrevention,
TriggerBy, KlineInterval, Blockchain; stream field `o` from captured frames.
"""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def _inverted(table: dict[K, V]) -> dict[V, K]:
    return {value: key for key, value in table.items()}


SIDE = {"Bid": "buy", "Ask": "sell"}
SIDE_ID = _inverted(SIDE)

ORDER_TYPE = {"Limit": "limit", "Market": "market"}
ORDER_TYPE_ID = _inverted(ORDER_TYPE)
# The order stream writes the same words in capitals.
STREAM_ORDER_TYPE = {"LIMIT": "limit", "MARKET": "market"}

ORDER_STATUS = {
    "New": "open",
    "PartiallyFilled": "open",
    "TriggerPending": "open",
    "Filled": "closed",
    # Only in the venue's own Rust client: the trigger has fired. How it ended is told by the order that it
    # placed (orders/stops.py); as long as that is not known, it has not ended.
    "Triggered": "open",
    "Cancelled": "canceled",
    "Expired": "expired",
    "TriggerFailed": "rejected",
}
OPEN_STATUSES = frozenset(word for word, status in ORDER_STATUS.items() if status == "open") - {"Triggered"}
"""Of orders that the venue can still fill, trigger or cancel under this id."""

# Order types that ccxt users know from elsewhere. The venue has no such types: an order with a trigger price
# is a stop. None: limit if a price is given, otherwise market.
STOP_ORDER_TYPE = {"stop": None, "stop_limit": "limit", "stop_market": "market"}

TIME_IN_FORCE = ("GTC", "IOC", "FOK")

SLIPPAGE_TOLERANCE_TYPES = ("TickSize", "Percent")

CLIENT_ID_MAX = 2**32 - 1
"""Client ids are uint32."""

# ccxt's unified words for self-trade prevention.
SELF_TRADE_PREVENTION = {
    "RejectTaker": "EXPIRE_TAKER",
    "RejectMaker": "EXPIRE_MAKER",
    "RejectBoth": "EXPIRE_BOTH",
}
SELF_TRADE_PREVENTION_ID = _inverted(SELF_TRADE_PREVENTION)

TRIGGER_BY = {"LastPrice": "last", "MarkPrice": "mark", "IndexPrice": "index"}
TRIGGER_BY_ID = _inverted(TRIGGER_BY)

# Which orders a cancellation of all orders is about (CancelOrderTypeEnum), by ccxt's `trigger`.
CANCEL_ORDER_TYPE = {True: "ConditionalOrder", False: "RestingLimitOrder"}

MARKET_TYPE = {"SPOT": "spot", "PERP": "swap", "IPERP": "swap", "DATED": "future", "PREDICTION": "prediction"}
MARKET_KINDS = tuple(dict.fromkeys(MARKET_TYPE.values()))
# The orders, fills and positions of one kind of market; only these two are traded as ccxt knows them.
MARKET_TYPE_ID = {"spot": "SPOT", "swap": "PERP"}

# Which types of markets are meant where markets are asked for. Those of stocks are no /markets: they follow
# from the stocks that are listed.
LISTED_TYPE = {
    "spot": "SPOT",
    "swap": "PERP",
    "linear": "PERP",
    "inverse": "IPERP",
    "future": "DATED",
    "prediction": "PREDICTION",
    "stock": "RFQ",
}

# Only "Open" takes every kind of order; the others still take some, or none.
OPEN_BOOK = "Open"

TIMEFRAME = {
    "1s": "1s",
    "1m": "1m",
    "3m": "3m",
    "5m": "5m",
    "15m": "15m",
    "30m": "30m",
    "1h": "1h",
    "2h": "2h",
    "4h": "4h",
    "6h": "6h",
    "8h": "8h",
    "12h": "12h",
    "1d": "1d",
    "3d": "3d",
    "1w": "1w",
    "1M": "1month",
}
TIMEFRAME_OF = _inverted(TIMEFRAME)

PRICE_TYPE_ID = {"mark": "Mark", "index": "Index", "last": "Last"}

# Schema Status, as ccxt calls it.
SYSTEM_STATUS = {"Ok": "ok", "Maintenance": "maintenance"}

DEPTH_LIMITS = (5, 10, 20, 50, 100, 500, 1000)

# ccxt's network codes beside the venue's Blockchain words. A chain that is missing here keeps its own word.
NETWORK = {
    "0G": "0G",
    "Aptos": "APT",
    "Arbitrum": "ARBITRUM",
    "Avalanche": "AVAXC",
    "Base": "BASE",
    "Berachain": "BERA",
    "Bitcoin": "BTC",
    "BitcoinCash": "BCH",
    "Bsc": "BEP20",
    "Cardano": "ADA",
    "Dogecoin": "DOGE",
    "Eclipse": "ECLIPSE",
    "Ethereum": "ERC20",
    "Fogo": "FOGO",
    "HyperEVM": "HYPEREVM",
    "Hyperliquid": "HYPERLIQUID",
    "Linea": "LINEA",
    "Litecoin": "LTC",
    "Monad": "MONAD",
    "Near": "NEAR",
    "Optimism": "OPTIMISM",
    "Plasma": "PLASMA",
    "Polygon": "MATIC",
    "Sei": "SEI",
    "Solana": "SOL",
    "Stable": "STABLE",
    "Story": "STORY",
    "Sui": "SUI",
    "Tron": "TRC20",
    "XRP": "XRP",
    "Zcash": "ZEC",
}
NETWORK_ID = _inverted(NETWORK)
# Deposits name the chain in lower camel case ("ethereum", "xRP"), everything else capitalises it.
DEPOSIT_SOURCE = {word[:1].lower() + word[1:]: network for word, network in NETWORK.items()}

# DepositStatus and WithdrawalStatus; every state between the first and the last is still on its way.
TRANSACTION_STATUS = {
    "initiated": "pending",
    "pending": "pending",
    "ownershipVerificationRequired": "pending",
    "senderVerificationRequired": "pending",
    "senderVerificationCompleted": "pending",
    "recipientInformationRequired": "pending",
    "recipientInformationProvided": "pending",
    "confirmed": "ok",
    "cancelled": "canceled",
    "declined": "failed",
    "expired": "failed",
    "refunded": "failed",
}

# Schema FiatAsset.
FIAT_ASSETS = frozenset(
    [
        "AED",
        "AUD",
        "BGN",
        "BHD",
        "CAD",
        "CHF",
        "CNH",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "JOD",
        "JPY",
        "KES",
        "KWD",
        "MUR",
        "MXN",
        "NOK",
        "NZD",
        "OMR",
        "PLN",
        "QAR",
        "RON",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TND",
        "TRY",
        "USD",
        "ZAR",
        "ZMW",
    ]
)


def pair_of(market_id: str) -> tuple[str, str]:
    """The base and the quote asset that a market's id names, of any kind of market: AAPL.US_USDC_RFQ."""
    base, _, rest = market_id.partition("_")
    return base, rest.partition("_")[0]


RFQ_SUFFIX = "_RFQ"
"""How the id of a market for requests for quotes ends."""


def is_rfq(symbol: str | None) -> bool:
    """Whether a symbol names a market for requests for quotes."""
    return symbol is not None and (".RFQ/" in symbol or symbol.endswith(RFQ_SUFFIX))


RFQ_EXECUTION_MODES = ("AwaitAccept", "Immediate")

EXTERNAL = "External"
"""The source of prices that is a stock's market outside."""

PRICE_SOURCES = ("Venue", EXTERNAL)

STOCK_SUFFIXES = (".US", ".HK")
"""How an asset ends that is a stock: with the country it is listed in."""
