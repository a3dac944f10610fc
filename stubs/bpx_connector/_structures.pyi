"""Made by tools/class_stubs.py from the classes, with ccxt 4.5.90; do not edit."""

# mypy: disable-error-code="overload-overlap"
# ccxt's structures, for checkers that do not follow ccxt. A figure is Any: `number` decides what it is.
from typing import Any, Literal, NotRequired, TypedDict, overload

from ccxt.base.types import Balances as CcxtBalances

import decimal
import typing

class Balance(TypedDict):
    free: Any
    used: Any
    total: Any
    debt: NotRequired[Any]

class BalanceAccount(TypedDict):
    free: str | Any
    used: str | Any
    total: str | Any
    debt: str | Any
    frozen: str | Any
    info: dict[str, Any]

class Balances(CcxtBalances, dict[str, Any]):
    datetime: str | Any
    timestamp: int | Any
    @overload
    def __getitem__(self, key: Literal["free", "used", "total", "debt"], /) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, key: Literal["info"], /) -> Any: ...
    @overload
    def __getitem__(self, key: Literal["timestamp"], /) -> int | Any: ...
    @overload
    def __getitem__(self, key: Literal["datetime"], /) -> str | Any: ...
    @overload
    def __getitem__(self, key: str, /) -> Balance: ...

class BorrowInterest(TypedDict):
    info: dict[str, Any]
    symbol: str | Any
    currency: str | Any
    interest: Any
    interestRate: Any
    amountBorrowed: Any
    marginMode: str | Any
    timestamp: int | Any
    datetime: str | Any

class Conversion(TypedDict):
    info: dict[str, Any]
    timestamp: int | Any
    datetime: str | Any
    id: str | Any
    fromCurrency: str | Any
    fromAmount: Any
    toCurrency: str | Any
    toAmount: Any
    price: Any
    fee: Any

class CrossBorrowRate(TypedDict):
    info: dict[str, Any]
    currency: str | Any
    rate: Any
    period: Any
    timestamp: int | Any
    datetime: str | Any

class CurrencyInterface(TypedDict):
    id: str
    code: str
    numericId: int | Any
    precision: Any
    type: str | Any
    margin: bool | Any
    name: str | Any
    active: bool | Any
    deposit: bool | Any
    withdraw: bool | Any
    fee: Any
    limits: CurrencyLimits
    networks: dict[str, Any]
    fees: dict[str, Any]
    valueScale: int | Any
    info: dict[str, Any]

class CurrencyLimits(TypedDict):
    amount: Limit
    withdraw: Limit

class DepositAddress(TypedDict):
    info: dict[str, Any]
    currency: str | Any
    network: str | Any
    address: str | Any
    tag: str | Any
    note: str | Any

class DepositWithdrawFee(TypedDict):
    info: dict[str, Any]
    withdraw: NotRequired[DepositWithdrawFeeNetwork]
    deposit: NotRequired[DepositWithdrawFeeNetwork]
    networks: NotRequired[dict[str, DepositWithdrawFeeNetworkEntry]]

class DepositWithdrawFeeNetwork(TypedDict):
    fee: NotRequired[Any]
    percentage: NotRequired[bool | Any]

class DepositWithdrawFeeNetworkEntry(TypedDict):
    deposit: NotRequired[DepositWithdrawFeeNetwork]
    withdraw: NotRequired[DepositWithdrawFeeNetwork]

class FeeInterface(TypedDict):
    currency: str | Any
    cost: Any
    rate: NotRequired[Any]

class FundingHistory(TypedDict):
    info: dict[str, Any]
    symbol: str | Any
    code: str | Any
    timestamp: int | Any
    datetime: str | Any
    id: str | Any
    amount: Any
    rate: Any
    type: str | Any

class FundingRate(TypedDict):
    symbol: str | Any
    info: dict[str, Any]
    timestamp: int | Any
    fundingRate: Any
    datetime: str | Any
    markPrice: Any
    indexPrice: Any
    interestRate: Any
    estimatedSettlePrice: Any
    fundingTimestamp: int | Any
    fundingDatetime: str | Any
    nextFundingTimestamp: int | Any
    nextFundingDatetime: str | Any
    nextFundingRate: Any
    previousFundingTimestamp: int | Any
    previousFundingDatetime: str | Any
    previousFundingRate: Any
    interval: str | Any

class FundingRateHistory(TypedDict):
    info: dict[str, Any]
    symbol: str | Any
    fundingRate: Any
    timestamp: int | Any
    datetime: str | Any

class LastPrice(TypedDict):
    symbol: str | Any
    timestamp: int | Any
    datetime: str | Any
    price: Any
    side: str | Any
    info: dict[str, Any]

class LedgerEntry(TypedDict):
    info: dict[str, Any]
    id: str | Any
    timestamp: int | Any
    datetime: str | Any
    direction: str | Any
    account: str | Any
    referenceId: str | Any
    referenceAccount: str | Any
    type: str | Any
    currency: str | Any
    amount: Any
    before: Any
    after: Any
    status: str | Any
    fee: FeeInterface | Any

class Leverage(TypedDict):
    info: dict[str, Any]
    symbol: str | Any
    marginMode: str | Any
    longLeverage: Any
    shortLeverage: Any

class LeverageTier(TypedDict):
    tier: Any
    symbol: str | Any
    currency: str | Any
    minNotional: Any
    maxNotional: Any
    maintenanceMarginRate: Any
    maxLeverage: Any
    info: dict[str, Any]

class Limit(TypedDict):
    min: Any
    max: Any

class Liquidation(TypedDict):
    info: dict[str, Any]
    symbol: str | Any
    timestamp: int | Any
    datetime: str | Any
    price: Any
    baseValue: Any
    quoteValue: Any
    contracts: Any
    contractSize: Any
    side: str | Any

class MarginLoan(TypedDict):
    id: str | Any
    currency: str | Any
    amount: Any
    symbol: str | Any
    timestamp: int | Any
    datetime: str | Any
    info: dict[str, Any]

class MarginMode(TypedDict):
    info: dict[str, Any]
    symbol: str | Any
    marginMode: str | Any

class MarketInterface(TypedDict):
    id: str | Any
    numericId: Any
    uppercaseId: str | Any
    lowercaseId: str | Any
    symbol: str
    base: str
    quote: str
    baseId: str | Any
    quoteId: str | Any
    active: bool | Any
    type: str | Any
    subType: str | Any
    spot: bool | Any
    margin: bool | Any
    swap: bool | Any
    future: bool | Any
    option: bool | Any
    index: bool | Any
    stock: bool | Any
    prediction: bool | Any
    contract: bool | Any
    settle: str | Any
    settleId: str | Any
    contractSize: Any
    linear: bool | Any
    inverse: bool | Any
    quanto: bool | Any
    expiry: int | Any
    expiryDatetime: str | Any
    strike: Any
    optionType: str | Any
    taker: Any
    maker: Any
    percentage: bool | Any
    tierBased: bool | Any
    feeSide: str | Any
    precision: Precision
    marginModes: MarketMarginModes
    limits: MarketLimits
    created: int | Any
    baseName: str | Any
    id2: str | Any
    instIdCode: int | Any
    tiers: dict[str, Any]
    info: dict[str, Any]
    market: str | Any
    marketType: str | Any
    executionModel: str | Any
    collateral: str | Any
    resolved: bool | Any
    resolvedOutcome: str | Any
    outcomes: list[PredictionOutcome]

class MarketLimits(TypedDict):
    amount: MinMax | Any
    cost: MinMax | Any
    leverage: MinMax | Any
    price: MinMax | Any
    market: MinMax | Any

class MarketMarginModes(TypedDict):
    cross: bool
    isolated: bool

class MinMax(TypedDict):
    min: Any
    max: Any

class OpenInterest(TypedDict):
    symbol: str | Any
    openInterestAmount: Any
    openInterestValue: Any
    baseVolume: Any
    quoteVolume: Any
    timestamp: int | Any
    datetime: str | Any
    info: dict[str, Any]

class Order(TypedDict):
    id: str | Any
    clientOrderId: str | Any
    datetime: str | Any
    timestamp: int | Any
    lastTradeTimestamp: int | Any
    lastUpdateTimestamp: int | Any
    status: str | Any
    symbol: str | Any
    type: str | Any
    timeInForce: str | Any
    side: str | Any
    price: Any
    average: Any
    amount: Any
    filled: Any
    remaining: Any
    stopPrice: Any
    triggerPrice: Any
    takeProfitPrice: Any
    stopLossPrice: Any
    cost: Any
    trades: list[Trade]
    fee: FeeInterface | Any
    fees: list[FeeInterface | None]
    reduceOnly: bool | Any
    postOnly: bool | Any
    marginMode: str | Any
    leverage: Any
    hedged: bool | Any
    info: dict[str, Any]

class OrderBook(TypedDict):
    asks: list[list[str | float | int | decimal.Decimal | None]]
    bids: list[list[str | float | int | decimal.Decimal | None]]
    datetime: str | Any
    timestamp: int | Any
    nonce: int | Any
    symbol: str | Any

class Position(TypedDict):
    symbol: str | Any
    id: str | Any
    info: dict[str, Any]
    timestamp: int | Any
    datetime: str | Any
    contracts: Any
    contractSize: Any
    side: str | Any
    notional: Any
    leverage: Any
    unrealizedPnl: Any
    realizedPnl: Any
    positionMargin: Any
    collateral: Any
    entryPrice: Any
    markPrice: Any
    liquidationPrice: Any
    marginMode: str | Any
    hedged: bool | Any
    maintenanceMargin: Any
    maintenanceMarginPercentage: Any
    initialMargin: Any
    initialMarginPercentage: Any
    marginRatio: Any
    lastUpdateTimestamp: int | Any
    lastPrice: Any
    stopLossPrice: Any
    takeProfitPrice: Any
    percentage: Any
    isolated: bool | Any
    exitPrice: Any

class PositionModeInfo(TypedDict):
    info: dict[str, Any]
    hedged: bool | Any

class Precision(TypedDict):
    amount: Any
    price: Any
    cost: Any
    base: Any
    quote: Any

class PredictionOutcome(TypedDict):
    info: dict[str, Any]
    outcome: str
    outcomeId: str | Any
    label: str | Any
    market: str | Any
    marketId: str | Any
    event: str | Any
    price: Any
    bid: Any
    ask: Any
    active: bool | Any
    winner: bool | Any
    settleFraction: Any
    precision: Precision
    id: str | Any
    negRisk: bool | Any

class Status(TypedDict):
    status: str | Any
    updated: int | Any
    eta: int | Any
    url: str | Any
    info: dict[str, Any]

class Ticker(TypedDict):
    symbol: str | Any
    info: dict[str, Any]
    timestamp: int | Any
    datetime: str | Any
    high: Any
    low: Any
    bid: Any
    bidVolume: Any
    ask: Any
    askVolume: Any
    vwap: Any
    open: Any
    close: Any
    last: Any
    previousClose: Any
    change: Any
    percentage: Any
    average: Any
    quoteVolume: Any
    baseVolume: Any
    indexPrice: Any
    markPrice: Any

class Trade(TypedDict):
    info: dict[str, Any]
    amount: Any
    datetime: str | Any
    id: str | Any
    order: str | Any
    price: Any
    timestamp: int | Any
    type: str | Any
    side: str | Any
    symbol: str | Any
    takerOrMaker: str | Any
    cost: Any
    fee: FeeInterface | Any
    fees: list[FeeInterface | None]

class TradingFeeInterface(TypedDict):
    info: dict[str, Any]
    symbol: str | Any
    maker: Any
    taker: Any
    percentage: bool | Any
    tierBased: bool | Any
    tiers: dict[str, Any]

class Transaction(TypedDict):
    info: dict[str, Any]
    id: str | Any
    txid: str | Any
    timestamp: int | Any
    datetime: str | Any
    address: str | Any
    addressFrom: str | Any
    addressTo: str | Any
    tag: str | Any
    tagFrom: str | Any
    tagTo: str | Any
    type: str | Any
    amount: Any
    currency: str | Any
    status: str | Any
    updated: int | Any
    fee: FeeInterface | Any
    network: str | Any
    comment: str | Any
    internal: bool | Any
