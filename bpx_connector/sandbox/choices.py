"""What the venue leaves unsaid, decided here and nowhere else; each with its reason.

Where the venue's documentation or a capture says something, it is not a choice and does not belong in this
file. Where it might be one way or another and a program would feel the difference, it is a switch
(`records/switches.py`). The following is decided by the shape of the code rather than by a figure:

- A look-up by client id answers the newest open order that has it.
- Each reduce-only order is held against the whole position, and all are cut again when it shrinks.
- A trigger order that fires as another order leaves with FIRED_STATUS and no event of its own; the order it
  fires is announced by orderAccepted.
- A percentage as trigger quantity is one of what there is when it fires: the position on a perpetual, the
  free base for a spot ask, the free quote for a spot bid.
- An attached stop loss and take profit are placed at the parent's first fill and enlarged by each later one
  (orderModified); when either fires the other is cancelled; on a perpetual they only reduce.
- A margin fraction is max(base, factor * sqrt(notional)); the initial one is never below 1 / leverageLimit.
- A loss beyond the free USDC and the lent one is owed, as a borrow if autoBorrowSettlements says so. The next
  USDC that comes in pays it, deposits too; else other assets are sold for it at the next check.
- What is borrowed counts in full against equity, what is owned by its weight; a loan ties up what the
  account's leverage leaves. Lending while something is owed repays it, borrowing while something is lent
  takes it back.
- Where a mean band ends an order, its rest expires with PriceOutOfBounds.
- openInterestLimit and positionLimit refuse what would pass them, with POSITION_LIMIT; the house's traders
  are above the latter.
- The index is one figure: no other exchanges stand behind it whose medians could be weighed.
- The backstop provider is a house account and takes over at the mark. What an account without positions and
  assets still owes is forgiven, and what it has borrowed is repaid by the exchange's liquidity fund.
- In liquidation what is borrowed is repaid out of what is free of it, then out of what is sold and bought.
- An object inside a body is signed as compact JSON. A timestamp further ahead than the window is refused like
  one that is too old.
- A request without credentials where a browser session may stand in for them is answered 401 UNAUTHORIZED,
  and so is whatever a key without an account asks of a closed sandbox, but for reading that account.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bpx_connector.sandbox.records.times import DAY, SECOND

__all__ = [
    "AUTO_CLOSE_DIVISOR",
    "AUTO_CLOSE_OFFSET",
    "BAND_SAMPLES",
    "BORROW_MAINTENANCE",
    "COLLATERAL_WEIGHTS",
    "CONVERSION_MARGIN",
    "DEFAULT_LEVERAGE_LIMIT",
    "DEFAULT_TRIGGER_BY",
    "FEES_BASIS_POINTS",
    "FEE_DECIMALS",
    "FEE_FREE_MARKETS",
    "FIRED_STATUS",
    "FIRST_DEPTH_ID",
    "FIRST_LENDING_ID",
    "FIRST_ORDER_ID",
    "FIRST_POSITION_ID",
    "FIRST_RFQ_ID",
    "FIRST_SEQUENCE",
    "FIRST_STRATEGY_ID",
    "FIRST_TRADE_ID",
    "FIRST_TRANSFER_ID",
    "FIRST_USER_ID",
    "FUNDING_RATES_KEPT",
    "HIGHEST_BORROW_RATE",
    "HISTORY_LENGTH",
    "HOURS_KEPT",
    "HOUSE_HISTORY_LENGTH",
    "INDICATIVE_BOUND",
    "INTEREST_CLAMP",
    "INTEREST_PER_DAY",
    "LENDING_FEE",
    "LENDING_STEP",
    "LEVERAGE_BY_COUNTRY",
    "LIQUIDATION_FEE",
    "LIQUIDATION_STEP",
    "LIQUIDATION_STEPS_PER_CHECK",
    "MAKER_SPREAD",
    "MARKET_REMAINDER_REASON",
    "MARK_BOUND",
    "MARK_SAMPLES",
    "MAX_OPEN_ORDERS",
    "MAX_STOPS_PER_MARKET",
    "MAX_UTILIZATION",
    "MINUTES_KEPT",
    "MOST_KLINES",
    "OPTIMAL_BORROW_RATE",
    "OPTIMAL_UTILIZATION",
    "OTHER_COLLATERAL_WEIGHT",
    "OTHER_STARTING_NOTIONAL",
    "PERCENT_SLIPPAGE_UNIT",
    "POOL_NOTIONAL",
    "POSITION_LIMIT",
    "QUOTE_ASSET",
    "RATE_DECIMALS",
    "RFQ_LIFE",
    "RFQ_SUBMISSION",
    "SAMPLED_SECONDS_KEPT",
    "SAMPLE_PERIOD",
    "SECONDS_KEPT",
    "SETTLEMENT_PERIOD",
    "STARTING_FUNDS",
    "STOCK_IN_USE",
    "STOCK_PERIOD",
    "STOCK_PRICES",
    "STOCK_SWING",
    "TAPE_LENGTH",
    "VAULT_DELAY",
    "VAULT_MINIMUM",
    "VAULT_SHARE",
    "VAULT_STEP",
    "VAULT_YIELD",
    "WITHDRAWAL_CONFIRMED_AFTER",
]

# --- orders --------------------------------------------------------------------------------------------

FIRST_ORDER_ID: Final = 60_000_000_001
"""Order ids have eleven digits and are not derived from time; here they count up by one."""

FIRST_TRADE_ID: Final = 10_000_001
"""Trade ids are integers that count per market; where they start is not documented."""

FIRST_DEPTH_ID: Final = 1_000_000_000
"""Depth update ids count per market; where they start is not documented."""

FIRST_POSITION_ID: Final = 30_000_000_001
"""Position ids look like order ids in captures."""

FIRST_TRANSFER_ID: Final = 5_000_001
"""Deposits and withdrawals are numbered in 32 bits."""

FIRST_LENDING_ID: Final = 113_392_053_149_171_713
"""Ids of lending positions; like those of RFQs in the documentation they are above 2^53."""

FIRST_SEQUENCE: Final = 900_000_001
"""Settlements carry the engine's sequence number, which is not documented further."""

FIRST_USER_ID: Final = 1_000_001
"""User ids are 32-bit integers; any will do."""

MAX_OPEN_ORDERS: Final = 1_000
"""ORDER_LIMIT exists, its number is not published."""

MAX_STOPS_PER_MARKET: Final = 20
"""The refusal "Maximum stop orders per position reached" exists, its number is not published."""

MARKET_REMAINDER_REASON: Final = "InsufficientLiquidity"
"""Why the rest of a market order expires when the book ends before any bound is met."""

PERCENT_SLIPPAGE_UNIT: Final = Decimal("0.01")
"""Slippage tolerance of type Percent is read as per cent: 1 is one per cent of the best opposite price."""

# --- triggers ------------------------------------------------------------------------------------------

DEFAULT_TRIGGER_BY: Final = {"PERP": "LastPrice", "PREDICTION": "LastPrice", "SPOT": "LastPrice"}
"""The reference price of a trigger order that names none, where no switch says otherwise: "triggered by the
last traded price by default" (the venue's page on take profits and stop losses)."""

FIRED_STATUS: Final = "Triggered"
"""What a fired trigger order's history row says: the OpenAPI's OrderStatus has no word for it, the venue's
Rust client has this one."""

# --- money ---------------------------------------------------------------------------------------------

QUOTE_ASSET: Final = "USDC"
"""All markets are quoted and settled in USDC."""

FEES_BASIS_POINTS: Final = {
    "spot_maker": Decimal(8),
    "spot_taker": Decimal(10),
    "futures_maker": Decimal(2),
    "futures_taker": Decimal(5),
}
"""The published base tier."""

FEE_FREE_MARKETS: Final = frozenset({"USDT_USDC"})
"""Published as free of fees for everyone."""

FEE_DECIMALS: Final = {
    "PERP": Decimal("0.000001"),
    "PREDICTION": Decimal("0.000001"),
    "SPOT": Decimal("0.0000000001"),
}
"""A captured perpetual fee is rounded to six decimals; spot fees are kept to ten, rounded half up."""

OPTIMAL_UTILIZATION: Final = Decimal("0.7")
LENDING_FEE: Final = Decimal("0.15")
"""Both seen in live answers of /borrowLend/markets (FACTS 22)."""

OPTIMAL_BORROW_RATE: Final = Decimal("0.08")
HIGHEST_BORROW_RATE: Final = Decimal(1)
MAX_UTILIZATION: Final = Decimal("0.95")
"""What borrowing costs a year at the optimal utilization and in a pool that is used up, and how far a pool
can be used; the curve is not published."""

FIRST_RFQ_ID: Final = 113_392_053_149_271_713
"""Requests and quotes are numbered together, above 2^53 as in the documentation."""

RFQ_SUBMISSION: Final = 10 * SECOND
RFQ_LIFE: Final = 20 * SECOND
"""How long quotes are taken for a request and how long it lives; not documented."""

MAKER_SPREAD: Final = Decimal("0.0005")
INDICATIVE_BOUND: Final = Decimal("0.005")
"""How far from the mark the exchange's own maker quotes, and how far a stock's indicative bound lies."""

STOCK_PRICES: Final = {
    "QNDX.US": Decimal("40.25"),
    "AAPL.US": Decimal("231.4"),
    "NVDA.US": Decimal("176.8"),
}
"""What stocks are worth in the middle that no market here prices."""

STOCK_SWING: Final = 2_000
STOCK_PERIOD: Final = 80
"""How far the outside price of a stock swings, in millionths, and in how many minutes: evenly up and down."""

FIRST_STRATEGY_ID: Final = 70_000_000_001
"""Ids of strategies look like those of orders."""

VAULT_SHARE: Final = "BLT"
VAULT_YIELD: Final = Decimal("0.1")
VAULT_MINIMUM: Final = Decimal(10)
VAULT_STEP: Final = Decimal("0.01")
VAULT_DELAY: Final = DAY
"""The one vault: its shares, what they earn a year, the least that is taken, how long redemptions wait."""

POOL_NOTIONAL: Final = Decimal(20_000_000)
STOCK_IN_USE: Final = Decimal("0.5")
"""Each pool has a stock worth this many USDC beside what accounts lend, half of it in use by others."""

LENDING_STEP: Final = Decimal("0.00000001")

COLLATERAL_WEIGHTS: Final = {
    "USDC": Decimal(1),
    "USDT": Decimal("0.95"),
    "BTC": Decimal("0.95"),
    "ETH": Decimal("0.9"),
    "SOL": Decimal("0.9"),
}
"""The weight of USDT is captured, the others are plausible."""

OTHER_COLLATERAL_WEIGHT: Final = Decimal("0.5")
"""The weight of any asset that has a price and no row above."""

# --- margin --------------------------------------------------------------------------------------------

DEFAULT_LEVERAGE_LIMIT: Final = Decimal(10)
"""What a new account starts with."""

LEVERAGE_BY_COUNTRY: Final = {"75": Decimal(75), "20": Decimal(20), "10": Decimal(10), "no_perps": Decimal(1)}
"""The largest leverage limit an account may set, by the switch `country`; the figures are the venue's."""

POSITION_LIMIT: Final = Decimal(100_000_000)
"""What an account's positions may be worth together, each by its positionLimitWeight; not published."""

BORROW_MAINTENANCE: Final = Decimal("0.02")
"""The maintenance margin of what is borrowed; its function is shown with each position, its figure is not
published."""

SETTLEMENT_PERIOD: Final = 10 * SECOND
"""Unrealised profit and loss is paid into USDC about every ten seconds; here exactly."""

LIQUIDATION_STEP: Final = Decimal("0.1")
"""Liquidation closes by the book in steps of ten per cent of the position, while equity is under
maintenance."""

AUTO_CLOSE_DIVISOR: Final = 5
AUTO_CLOSE_OFFSET: Final = Decimal("0.0125")
"""Below max(MMF / divisor, MMF - offset) backstop providers take the positions over: the formula is the
venue's, the two figures are not published."""

CONVERSION_MARGIN: Final = Decimal("1.02")
"""How much more collateral is sold than is owed at the best bid, for fees and for the book's depth."""

LIQUIDATION_STEPS_PER_CHECK: Final = 10
"""How many such steps one check takes at most; the next check is a second later."""

LIQUIDATION_FEE: Final = Decimal("0.01")
"""One per cent of the notional of each liquidation fill."""

# --- marks and funding ---------------------------------------------------------------------------------

SAMPLE_PERIOD: Final = SECOND
"""Marks, premiums and liquidation checks are taken once a second."""

MARK_SAMPLES: Final = 60
"""The mark's 1-minute average takes in one part in so many of each second's sample; how it is weighted is not
published."""

MARK_BOUND: Final = Decimal("0.05")
"""How far the mark may be from the index, as a share of it: the example of the venue's specifications."""

BAND_SAMPLES: Final = 300
"""The samples of the five minutes over which the mean bands are reckoned."""

INTEREST_PER_DAY: Final = Decimal("0.0003")
"""The interest part of the funding rate; a quiet market's hourly 0.0000125 is a twenty-fourth of it."""

INTEREST_CLAMP: Final = Decimal("0.0005")
"""How far the interest part may pull the rate from the mean premium. The published division by eight
contradicts hourly rates on the wire and is left out."""

RATE_DECIMALS: Final = Decimal("0.000000001")
"""History shows nine decimals; so does the running rate here."""

# --- memory --------------------------------------------------------------------------------------------

TAPE_LENGTH: Final = 5_000
"""Trades kept per market."""

HISTORY_LENGTH: Final = 20_000
"""Orders, fills and payments kept per account; requests for quotes, strategies and vault shares of all."""

HOUSE_HISTORY_LENGTH: Final = 200
"""The same for house traders, whose history nobody reads."""

SECONDS_KEPT: Final = 900
SAMPLED_SECONDS_KEPT: Final = 60
MINUTES_KEPT: Final = 24 * 60
HOURS_KEPT: Final = 2 * 365 * 24
"""One-second, one-minute and one-hour candles kept per market, and the one-second ones of mark and index: a
quarter of an hour, a day, two years, so that memory levels off after a day. Longer intervals are summed from
these."""

FUNDING_RATES_KEPT: Final = 10_000
"""Settled funding intervals kept per market."""

WITHDRAWAL_CONFIRMED_AFTER: Final = 5 * SECOND
"""A withdrawal is pending this long."""

STARTING_FUNDS: Final = {
    "USDC": Decimal(1_000_000),
    "BTC": Decimal(10),
    "ETH": Decimal(100),
    "SOL": Decimal(1_000),
    "USDT": Decimal(50_000),
}
"""What a key never seen before is given."""

OTHER_STARTING_NOTIONAL: Final = Decimal(10_000)
"""The worth in USDC of every other spot asset a new account is given, in whole units."""

# --- requests ------------------------------------------------------------------------------------------

MOST_KLINES: Final = 10_000
"""Rows that one request for candles may span; more is INVALID_RANGE. The venue's limit is not documented."""
