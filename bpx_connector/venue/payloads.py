"""The venue's answers and bodies, field by field. Made by tools/venue_types.py; do not edit.

Source: the venue's OpenAPI (tests/data/openapi.json), corrected by captures (tests/data/samples/rest). A
field of an answer that the document does not require may be missing or null: captures show both. In a body
it is left out. A word is a `str`, with those of the document below its name, since the venue adds to them.
Of an answer that has several shapes (a limit and a market order, the rows of a batch), a field that not
every shape has may be missing. Some names are ccxt's too (Order, Trade, Ticker), so import the module:
`payloads.Order`.

Nothing here runs: import it under TYPE_CHECKING.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

ApiErrorCode = str
"""ACCOUNT_DEACTIVATED, ACCOUNT_LIQUIDATING, BORROW_LIMIT, BORROW_REQUIRES_LEND_REDEEM, FORBIDDEN,
INSUFFICIENT_FUNDS, INSUFFICIENT_MARGIN, INSUFFICIENT_SUPPLY, INVALID_ASSET, INVALID_CLIENT_REQUEST,
INVALID_MARKET, INVALID_ORDER, INVALID_PRICE, INVALID_POSITION_ID, INVALID_QUANTITY, INVALID_RANGE,
INVALID_SIGNATURE, INVALID_SOURCE, INVALID_SYMBOL, INVALID_TWO_FACTOR_CODE, LEND_LIMIT,
LEND_REQUIRES_BORROW_REPAY, MAINTENANCE, MAX_LEVERAGE_REACHED, NOT_IMPLEMENTED, ORDER_LIMIT,
POSITION_LIMIT, PRECONDITION_FAILED, RESOURCE_NOT_FOUND, SERVER_ERROR, TIMEOUT, TOO_EARLY,
TOO_MANY_REQUESTS, TRADING_PAUSED, UNAUTHORIZED"""

Blockchain = str
"""0G, Aptos, Arbitrum, Avalanche, Base, Berachain, Bitcoin, BitcoinCash, Bsc, Cardano, Dogecoin, Eclipse,
EqualsMoney, Ethereum, Fogo, HyperEVM, Hyperliquid, Linea, Litecoin, Monad, Near, Optimism, Plasma,
Polygon, Sei, Sui, Solana, Stable, Story, Tron, XRP, Zcash"""

BorrowLendBookState = str
"""Open, Closed, RepayOnly"""

BorrowLendEventType = str
"""Borrow, BorrowRepay, Lend, LendRedeem"""

BorrowLendSide = str
"""Borrow, Lend"""

BorrowLendSource = str
"""AdlProvider, AutoBorrowRepay, AutoLend, BackstopProvider, DustConversion, Interest, Liquidation,
LiquidationAdl, LiquidationBackstop, Manual, Reconciliation, Rfq, SpotMargin, Withdrawal"""

CancelOrderTypeEnum = str
"""RestingLimitOrder, ConditionalOrder"""

CustodyAsset = str
"""BTC, ETH, SOL, USDC, USDT, PYTH, JTO, BONK, HNT, MOBILE, WIF, JUP, RENDER, WEN, W, TNSR, PRCL, SHARK,
KMNO, MEW, BOME, RAY, HONEY, SHFL, BODEN, IO, DRIFT, PEPE, SHIB, LINK, UNI, ONDO, FTM, MATIC, STRK,
BLUR, WLD, GALA, NYAN, HLG, and 1561 more"""

DepositSource = str
"""administrator, 0G, aptos, arbitrum, avalanche, base, berachain, bitcoin, bitcoinCash, bsc, cardano,
dogecoin, eclipse, ethereum, fogo, hyperEVM, hyperliquid, linea, litecoin, monad, near, polygon,
optimism, plasma, sei, stable, sui, solana, story, tron, xRP, zcash, equalsMoney, banxa, internal"""

DepositStatus = str
"""cancelled, confirmed, declined, expired, initiated, ownershipVerificationRequired, pending, refunded,
senderVerificationCompleted, senderVerificationRequired"""

EqualsMoneyWithdrawalState = str
"""initialized, pending, fulfilling, processing, complete, declined, cancelled, review, awaitingDocuments,
awaitingComplianceQuestions, refundedInternal, refundedExternal"""

FiatAsset = str
"""AED, AUD, BGN, BHD, CAD, CHF, CNH, CNY, CZK, DKK, EUR, GBP, HKD, HUF, ILS, JOD, JPY, KES, KWD, MUR,
MXN, NOK, NZD, OMR, PLN, QAR, RON, SAR, SEK, SGD, THB, TND, TRY, USD, ZAR, ZMW"""

MarketType = str
"""SPOT, PERP, IPERP, DATED, PREDICTION, RFQ"""

OrderBookState = str
"""Open, Closed, CancelOnly, LimitOnly, PostOnly"""

OrderExpiryReason = str
"""AccountTradingSuspended, BorrowRequiresLendRedeem, FillOrKill, InsufficientBorrowableQuantity,
InsufficientFunds, InsufficientLiquidity, InvalidPrice, InvalidQuantity, ImmediateOrCancel,
InsufficientMargin, Liquidation, NegativeEquity, PostOnlyMode, PostOnlyTaker, PriceOutOfBounds,
ReduceOnlyNotReduced, SelfTradePrevention, StopWithoutPosition, PriceImpact, Unknown, UserPermissions,
MaxStopOrdersPerPosition, PositionLimit, SlippageToleranceExceeded"""

OrderStatus = str
"""Cancelled, Expired, Filled, New, PartiallyFilled, TriggerPending, TriggerFailed"""

OrderTypeEnum = str
"""Market, Limit"""

PaymentType = str
"""EntryFee, Borrow, Lend, UnrealizedPositivePnl, UnrealizedNegativePnl"""

PositionState = str
"""Open, Closed"""

ResolutionSource = str
"""binance"""

RfqExecutionMode = str
"""AwaitAccept, Immediate"""

SelfTradePrevention = str
"""RejectTaker, RejectMaker, RejectBoth"""

SeriesRecurrence = str
"""minutely, fiveMinutely, fifteenMinutely, hourly, daily, weekly, monthly"""

SettlementSource = str
"""TradingFees, TradingFeesSystem, FundingPayment, CulledBorrowInterest, CulledRealizePnlAuto,
CulledRealizePnlBookUtilisation, CulledRealizePnlAccountThreshold, CulledRealizePnlSystemThreshold,
RealizePnl, BackstopProviderLiquidation, BackstopAdlLiquidation, BackstopLiquidityFundProceeds,
SystemLiabilityTransfer"""

Side = str
"""Bid, Ask"""

SlippageToleranceType = str
"""TickSize, Percent"""

Status = str
"""Ok, Maintenance"""

StrategyCrankCancelReason = str
"""Expired, FillOrKill, InsufficientBorrowableQuantity, InsufficientFunds, InsufficientLiquidity,
InvalidPrice, InvalidQuantity, InsufficientMargin, Liquidation, PriceOutOfBounds, ReduceOnlyNotReduced,
SelfTradePrevention, Unknown, UserPermissions"""

StrategyStatus = str
"""Running, Completed, Cancelled, Terminated"""

StrategyTypeEnum = str
"""Scheduled"""

StrikePriceCondition = str
"""above, below"""

SystemOrderType = str
"""CollateralConversion, FutureExpiry, LiquidatePositionOnAdl, LiquidatePositionOnBook,
LiquidatePositionOnBackstop, OrderBookClosed"""

TimeInForce = str
"""GTC, IOC, FOK"""

VaultRedeemStatus = str
"""Requested, Redeemed, Cancelled"""

WithdrawalStatus = str
"""confirmed, ownershipVerificationRequired, pending, recipientInformationProvided,
recipientInformationRequired"""


class AccountConvertDustPayload(TypedDict):
    symbol: NotRequired[CustodyAsset]


class AccountSummary(TypedDict):
    autoBorrowSettlements: bool
    autoLend: bool
    autoRealizePnl: bool
    autoRepayBorrows: bool
    borrowLimit: str  # decimal
    futuresMakerFee: str  # decimal
    futuresTakerFee: str  # decimal
    leverageLimit: str  # decimal
    limitOrders: int
    liquidating: bool
    positionLimit: str  # decimal
    spotMakerFee: str  # decimal
    spotTakerFee: str  # decimal
    triggerOrders: int


class AccountWithdrawalPayload(TypedDict):
    address: str
    blockchain: Blockchain
    clientId: NotRequired[str]
    quantity: str  # decimal
    symbol: CustodyAsset
    twoFactorToken: NotRequired[str]
    autoBorrow: NotRequired[bool]
    autoLendRedeem: NotRequired[bool]
    recipientInformation: NotRequired[WithdrawalRecipientInformation]


class ApiErrorResponse(TypedDict):
    code: ApiErrorCode
    message: str


class ApyRates(TypedDict):
    borrowLend: list[BorrowLendApyRate]
    staking: list[StakingApyRate]


class Balance(TypedDict):
    available: str  # decimal
    locked: str  # decimal
    staked: str  # decimal


class BatchCommandOrderResult(TypedDict):
    operation: str  # Ok, Err
    orderType: NotRequired[str | None]  # Market, Limit
    id: NotRequired[str | None]
    clientId: NotRequired[int | None]
    createdAt: NotRequired[int | None]
    executedQuantity: NotRequired[str | None]  # decimal
    executedQuoteQuantity: NotRequired[str | None]  # decimal
    quantity: NotRequired[str | None]  # decimal
    quoteQuantity: NotRequired[str | None]  # decimal
    reduceOnly: NotRequired[bool | None]
    timeInForce: NotRequired[TimeInForce | None]
    selfTradePrevention: NotRequired[SelfTradePrevention | None]
    side: NotRequired[Side | None]
    status: NotRequired[OrderStatus | None]
    stopLossTriggerPrice: NotRequired[str | None]
    stopLossLimitPrice: NotRequired[str | None]  # decimal
    stopLossTriggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    symbol: NotRequired[str | None]
    takeProfitTriggerPrice: NotRequired[str | None]
    takeProfitLimitPrice: NotRequired[str | None]  # decimal
    takeProfitTriggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    triggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    triggerPrice: NotRequired[str | None]
    triggerQuantity: NotRequired[str | None]
    triggeredAt: NotRequired[int | None]
    relatedOrderId: NotRequired[str | None]
    strategyId: NotRequired[str | None]
    slippageTolerance: NotRequired[str | None]  # decimal
    slippageToleranceType: NotRequired[SlippageToleranceType | None]
    postOnly: NotRequired[bool | None]
    price: NotRequired[str | None]  # decimal
    code: NotRequired[ApiErrorCode | None]
    message: NotRequired[str | None]


class BorrowLendApyRate(TypedDict):
    symbol: CustodyAsset
    borrowRate: str  # decimal
    lendRate: str  # decimal


class BorrowLendExecutePayload(TypedDict):
    quantity: str  # decimal
    side: BorrowLendSide
    symbol: CustodyAsset


class BorrowLendHistory(TypedDict):
    borrowInterestRate: str  # decimal
    borrowedQuantity: str  # decimal
    lendInterestRate: str  # decimal
    lentQuantity: str  # decimal
    timestamp: str  # date-time
    utilization: str  # decimal


class BorrowLendMarket(TypedDict):
    state: BorrowLendBookState
    assetMarkPrice: str  # decimal
    borrowInterestRate: str  # decimal
    borrowedQuantity: str  # decimal
    fee: str  # decimal
    lendInterestRate: str  # decimal
    lentQuantity: str  # decimal
    maxUtilization: str  # decimal
    openBorrowLendLimit: str  # decimal
    optimalUtilization: str  # decimal
    symbol: CustodyAsset
    timestamp: str  # date-time
    throttleUtilizationThreshold: str  # decimal
    throttleUtilizationBound: str  # decimal
    throttleUpdateFraction: str  # decimal
    utilization: str  # decimal
    stepSize: str  # decimal


class BorrowLendMovement(TypedDict):
    eventType: BorrowLendEventType
    positionId: str
    positionQuantity: NotRequired[str | None]  # decimal
    quantity: str  # decimal
    source: BorrowLendSource
    symbol: str
    timestamp: str  # naive-date-time
    spotMarginOrderId: NotRequired[str | None]


class BorrowLendPositionRow(TypedDict):
    positionId: str
    quantity: str  # decimal
    symbol: str
    source: BorrowLendSource
    cumulativeInterest: str  # decimal
    avgInterestRate: str  # decimal
    side: BorrowLendSide
    createdAt: str  # naive-date-time


class BorrowLendPositionWithMargin(TypedDict):
    cumulativeInterest: str  # decimal
    id: str
    imf: str  # decimal
    imfFunction: PositionImfFunction
    netQuantity: str  # decimal
    markPrice: str  # decimal
    mmf: str  # decimal
    mmfFunction: PositionImfFunction
    netExposureQuantity: str  # decimal
    netExposureNotional: str  # decimal
    symbol: CustodyAsset
    estLiquidationPrice: str  # decimal


class Collateral(TypedDict):
    symbol: str
    assetMarkPrice: str  # decimal
    totalQuantity: str  # decimal
    balanceNotional: str  # decimal
    collateralWeight: str  # decimal
    collateralValue: str  # decimal
    openOrderQuantity: str  # decimal
    lendQuantity: str  # decimal
    availableQuantity: str  # decimal


class CollateralFunction(TypedDict):
    weight: str  # decimal
    kind: CollateralFunctionKind


class CollateralFunctionKind(TypedDict):
    type: str  # identity, inverseSqrt
    base: NotRequired[str | None]  # decimal
    positiveCurvePenalty: NotRequired[str | None]  # decimal


class CollateralSummary(TypedDict):
    symbol: str
    imfFunction: PositionImfFunction
    mmfFunction: PositionImfFunction
    haircutFunction: CollateralFunction


class CreateWithdrawalDelayRequest(TypedDict):
    withdrawalDelayHours: int
    twoFactorToken: str


class Deposit(TypedDict):
    id: int
    toAddress: NotRequired[str | None]
    fromAddress: NotRequired[str | None]
    source: DepositSource
    status: DepositStatus
    transactionHash: NotRequired[str | None]
    symbol: CustodyAsset
    quantity: str  # decimal
    createdAt: str  # naive-date-time
    fiatAmount: NotRequired[float | None]
    fiatCurrency: NotRequired[FiatAsset | None]
    institutionBic: NotRequired[str | None]
    platformMemo: NotRequired[str | None]


class DepositAddress(TypedDict):
    address: str


class Depth(TypedDict):
    asks: list[list[str]]
    bids: list[list[str]]
    lastUpdateId: str
    timestamp: int


class DustConversion(TypedDict):
    id: int
    quantity: str  # decimal
    symbol: str
    usdcReceived: str  # decimal
    timestamp: str  # naive-date-time


class Event(TypedDict):
    slug: str
    title: str
    predictionMarkets: list[PredictionMarket]
    tags: list[Tag]
    series: list[Series]
    description: str
    imgUrl: NotRequired[str | None]
    quoteVolume: str  # decimal
    resolution: Resolution
    resolved: bool
    resolutionDelaySecs: int


class FundingIntervalRate(TypedDict):
    symbol: str
    intervalEndTimestamp: str  # naive-date-time
    fundingRate: str  # decimal


class FundingPayment(TypedDict):
    userId: int
    subaccountId: NotRequired[int | None]
    symbol: str
    quantity: str  # decimal
    intervalEndTimestamp: str  # naive-date-time
    fundingRate: str  # decimal


class FuturePositionWithMargin(TypedDict):
    breakEvenPrice: str  # decimal
    entryPrice: str  # decimal
    estLiquidationPrice: str  # decimal
    imf: str  # decimal
    imfFunction: PositionImfFunction
    markPrice: str  # decimal
    mmf: str  # decimal
    mmfFunction: PositionImfFunction
    netCost: str  # decimal
    netQuantity: str  # decimal
    netExposureQuantity: str  # decimal
    netExposureNotional: str  # decimal
    pnlRealized: str  # decimal
    pnlUnrealized: str  # decimal
    cumulativeFundingPayment: str  # decimal
    subaccountId: NotRequired[int | None]
    symbol: str
    userId: int
    positionId: str
    cumulativeInterest: str  # decimal


class InterestPayment(TypedDict):
    paymentType: PaymentType
    interestRate: str  # decimal
    interval: int
    marketSymbol: str
    positionId: str
    quantity: str  # decimal
    symbol: CustodyAsset
    timestamp: str  # naive-date-time


class Kline(TypedDict):
    start: str
    end: str
    open: NotRequired[str | None]
    high: NotRequired[str | None]
    low: NotRequired[str | None]
    close: NotRequired[str | None]
    volume: str
    quoteVolume: str
    trades: str


class MarginAccountSummary(TypedDict):
    assetsValue: str  # decimal
    borrowLiability: str  # decimal
    collateral: list[Collateral]
    imf: str  # decimal
    unsettledEquity: str  # decimal
    liabilitiesValue: str  # decimal
    marginFraction: NotRequired[str | None]  # decimal
    mmf: str  # decimal
    netEquity: str  # decimal
    netEquityAvailable: str  # decimal
    netEquityLocked: str  # decimal
    netExposureFutures: str  # decimal
    pnlUnrealized: str  # decimal


class MarkPrice(TypedDict):
    fundingRate: NotRequired[str | None]  # decimal
    indexPrice: NotRequired[str | None]  # decimal
    markPrice: str  # decimal
    nextFundingTimestamp: NotRequired[int | None]
    symbol: str


class Market(TypedDict):
    symbol: str
    baseSymbol: str
    quoteSymbol: str
    marketType: MarketType
    filters: OrderBookFilters
    imfFunction: NotRequired[PositionImfFunction | None]
    mmfFunction: NotRequired[PositionImfFunction | None]
    fundingInterval: NotRequired[int | None]
    fundingRateUpperBound: NotRequired[str | None]  # decimal
    fundingRateLowerBound: NotRequired[str | None]  # decimal
    openInterestLimit: NotRequired[str | None]  # decimal
    orderBookState: OrderBookState
    createdAt: str  # naive-date-time
    visible: bool
    positionLimitWeight: NotRequired[str | None]  # decimal
    rwaMarketType: NotRequired[str | None]


class MarketAsset(TypedDict):
    symbol: CustodyAsset
    displayName: str
    coingeckoId: NotRequired[str | None]
    tokens: list[Token]


class MarketSession(TypedDict):
    name: str
    description: NotRequired[str | None]
    startTime: str  # naive-time
    endTime: str  # naive-time
    timezone: str
    startWeekday: int
    endWeekday: int


class MaxBorrowQuantity(TypedDict):
    maxBorrowQuantity: str  # decimal
    symbol: str


class MaxOrderQuantity(TypedDict):
    autoBorrow: NotRequired[bool | None]
    autoBorrowRepay: NotRequired[bool | None]
    autoLendRedeem: NotRequired[bool | None]
    maxOrderQuantity: str  # decimal
    price: NotRequired[str | None]  # decimal
    side: str
    symbol: str
    reduceOnly: NotRequired[bool | None]


class MaxWithdrawalQuantity(TypedDict):
    autoBorrow: NotRequired[bool | None]
    autoLendRedeem: NotRequired[bool | None]
    maxWithdrawalQuantity: str  # decimal
    symbol: str


class OpenInterest(TypedDict):
    symbol: str
    openInterest: NotRequired[str | None]  # decimal
    timestamp: int


class Order(TypedDict):
    id: str
    createdAt: str  # naive-date-time
    executedQuantity: NotRequired[str | None]  # decimal
    executedQuoteQuantity: NotRequired[str | None]  # decimal
    expiryReason: NotRequired[OrderExpiryReason | None]
    orderType: OrderTypeEnum
    postOnly: NotRequired[bool | None]
    price: NotRequired[str | None]  # decimal
    quantity: NotRequired[str | None]  # decimal
    quoteQuantity: NotRequired[str | None]  # decimal
    selfTradePrevention: SelfTradePrevention
    status: OrderStatus
    side: Side
    stopLossTriggerPrice: NotRequired[str | None]
    stopLossLimitPrice: NotRequired[str | None]  # decimal
    stopLossTriggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    symbol: str
    takeProfitTriggerPrice: NotRequired[str | None]
    takeProfitLimitPrice: NotRequired[str | None]  # decimal
    takeProfitTriggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    timeInForce: TimeInForce
    triggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    triggerPrice: NotRequired[str | None]
    triggerQuantity: NotRequired[str | None]
    clientId: NotRequired[int | None]
    systemOrderType: NotRequired[SystemOrderType | None]
    strategyId: NotRequired[str | None]
    slippageTolerance: NotRequired[str | None]  # decimal
    slippageToleranceType: NotRequired[SlippageToleranceType | None]


class OrderBookFilters(TypedDict):
    price: PriceFilter
    quantity: QuantityFilter


class OrderCancelAllPayload(TypedDict):
    symbol: str
    orderType: NotRequired[CancelOrderTypeEnum]


class OrderCancelPayload(TypedDict):
    clientId: NotRequired[int]
    orderId: NotRequired[str]
    symbol: str


class OrderExecutePayload(TypedDict):
    autoLend: NotRequired[bool]
    autoLendRedeem: NotRequired[bool]
    autoBorrow: NotRequired[bool]
    autoBorrowRepay: NotRequired[bool]
    brokerId: NotRequired[int]
    clientId: NotRequired[int]
    orderType: OrderTypeEnum
    postOnly: NotRequired[bool]
    price: NotRequired[str]  # decimal
    quantity: NotRequired[str]  # decimal
    quoteQuantity: NotRequired[str]  # decimal
    reduceOnly: NotRequired[bool]
    selfTradePrevention: NotRequired[SelfTradePrevention]
    side: Side
    stopLossLimitPrice: NotRequired[str]  # decimal
    stopLossTriggerBy: NotRequired[str]  # MarkPrice, LastPrice, IndexPrice
    stopLossTriggerPrice: NotRequired[str]
    symbol: str
    takeProfitLimitPrice: NotRequired[str]  # decimal
    takeProfitTriggerBy: NotRequired[str]  # MarkPrice, LastPrice, IndexPrice
    takeProfitTriggerPrice: NotRequired[str]
    timeInForce: NotRequired[TimeInForce]
    triggerBy: NotRequired[str]  # MarkPrice, LastPrice, IndexPrice
    triggerPrice: NotRequired[str]
    triggerQuantity: NotRequired[str]
    slippageTolerance: NotRequired[str]  # decimal
    slippageToleranceType: NotRequired[SlippageToleranceType]


class OrderFill(TypedDict):
    clientId: NotRequired[str | None]
    fee: str  # decimal
    feeSymbol: str
    isMaker: bool
    orderId: str
    price: str  # decimal
    quantity: str  # decimal
    side: Side
    symbol: str
    systemOrderType: NotRequired[SystemOrderType | None]
    timestamp: str  # naive-date-time
    tradeId: NotRequired[int | None]


class OrderType(TypedDict):
    orderType: str  # Market, Limit
    id: str
    clientId: NotRequired[int | None]
    createdAt: int
    executedQuantity: str  # decimal
    executedQuoteQuantity: str  # decimal
    quantity: NotRequired[str | None]  # decimal
    quoteQuantity: NotRequired[str | None]  # decimal
    reduceOnly: NotRequired[bool | None]
    timeInForce: TimeInForce
    selfTradePrevention: SelfTradePrevention
    side: Side
    status: OrderStatus
    stopLossTriggerPrice: NotRequired[str | None]
    stopLossLimitPrice: NotRequired[str | None]  # decimal
    stopLossTriggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    symbol: str
    takeProfitTriggerPrice: NotRequired[str | None]
    takeProfitLimitPrice: NotRequired[str | None]  # decimal
    takeProfitTriggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    triggerBy: NotRequired[str | None]  # MarkPrice, LastPrice, IndexPrice
    triggerPrice: NotRequired[str | None]
    triggerQuantity: NotRequired[str | None]
    triggeredAt: NotRequired[int | None]
    relatedOrderId: NotRequired[str | None]
    strategyId: NotRequired[str | None]
    slippageTolerance: NotRequired[str | None]  # decimal
    slippageToleranceType: NotRequired[SlippageToleranceType | None]
    postOnly: NotRequired[bool | None]
    price: NotRequired[str | None]  # decimal
    systemOrderType: NotRequired[SystemOrderType | None]


class PositionEstimatedLiquidationPrice(TypedDict):
    liquidationPrice: str  # decimal
    markPrice: str  # decimal


class PositionHistoryRow(TypedDict):
    id: str
    symbol: str
    netQuantity: str  # decimal
    netExposureQuantity: str  # decimal
    netExposureNotional: str  # decimal
    netCost: str  # decimal
    markPrice: str  # decimal
    entryPrice: str  # decimal
    cumulativePnlRealized: str  # decimal
    unrealizedPnl: str  # decimal
    fundingQuantity: str  # decimal
    interest: str  # decimal
    liquidated: str  # decimal
    imf: str  # decimal
    fees: str  # decimal
    state: PositionState
    closedVolume: str  # decimal
    liquidationFees: str  # decimal
    closingPrice: NotRequired[str | None]  # decimal
    accountLeverage: NotRequired[str | None]  # decimal
    openedAt: NotRequired[str | None]  # naive-date-time
    closedAt: NotRequired[str | None]  # naive-date-time


class PositionImfFunction(TypedDict):
    type: str  # sqrt
    base: str  # decimal
    factor: str  # decimal


class PredictionMarket(TypedDict):
    marketSymbol: str
    question: str
    groupLabel: NotRequired[str | None]
    yesOutcomeLabel: str
    noOutcomeLabel: str
    rules: str
    resolvedAt: NotRequired[str | None]  # naive-date-time
    resolutionPrice: NotRequired[str | None]  # decimal
    activePrice: str  # decimal
    quoteVolume: str  # decimal
    quoteVolumeLifetime: str  # decimal
    imgUrl: NotRequired[str | None]
    resolutionCondition: NotRequired[ResolutionCondition | None]
    proposedResolution: NotRequired[bool | None]
    proposedResolutionAt: NotRequired[str | None]  # naive-date-time
    resolutionDelaySecs: int


class PriceBandMarkPrice(TypedDict):
    maxMultiplier: str  # decimal
    minMultiplier: str  # decimal


class PriceBandMeanPremium(TypedDict):
    tolerancePct: str  # decimal


class PriceFilter(TypedDict):
    minPrice: str  # decimal
    maxPrice: NotRequired[str | None]  # decimal
    tickSize: str  # decimal
    maxMultiplier: NotRequired[str | None]  # decimal
    minMultiplier: NotRequired[str | None]  # decimal
    maxImpactMultiplier: NotRequired[str | None]  # decimal
    minImpactMultiplier: NotRequired[str | None]  # decimal
    meanMarkPriceBand: NotRequired[PriceBandMarkPrice | None]
    meanPremiumBand: NotRequired[PriceBandMeanPremium | None]
    borrowEntryFeeMaxMultiplier: NotRequired[str | None]  # decimal
    borrowEntryFeeMinMultiplier: NotRequired[str | None]  # decimal
    maxPriceUpdateMultiplier: NotRequired[str | None]  # decimal
    minPriceUpdateMultiplier: NotRequired[str | None]  # decimal
    discoveryBoundBand: NotRequired[object]


class QuantityFilter(TypedDict):
    minQuantity: str  # decimal
    maxQuantity: NotRequired[str | None]  # decimal
    stepSize: str  # decimal


class Quote(TypedDict):
    rfqId: str
    quoteId: str
    clientId: NotRequired[int | None]
    bidPrice: str  # decimal
    askPrice: str  # decimal
    status: OrderStatus
    createdAt: int


class QuoteAcceptPayload(TypedDict):
    rfqId: NotRequired[str]
    clientId: NotRequired[int]
    quoteId: str


class QuoteFillHistorical(TypedDict):
    clientId: NotRequired[int | None]
    quoteId: str
    rfqId: str
    symbol: str
    side: Side
    quantity: str  # decimal
    fillPrice: str  # decimal
    fee: str  # decimal
    feeSymbol: str
    createdAt: str  # naive-date-time
    filledAt: str  # naive-date-time


class QuoteHistorical(TypedDict):
    rfqId: str
    quoteId: str
    clientId: NotRequired[int | None]
    bidPrice: str  # decimal
    askPrice: str  # decimal
    status: OrderStatus
    createdAt: str  # naive-date-time
    deferredSettlement: bool


class QuotePayload(TypedDict):
    rfqId: str
    clientId: NotRequired[int]
    bidPrice: str  # decimal
    askPrice: str  # decimal
    autoLend: NotRequired[bool]
    autoLendRedeem: NotRequired[bool]
    autoBorrow: NotRequired[bool]
    autoBorrowRepay: NotRequired[bool]


class RequestForQuote(TypedDict):
    rfqId: str
    clientId: NotRequired[int | None]
    symbol: str
    side: Side
    price: NotRequired[str | None]  # decimal
    quantity: NotRequired[str | None]  # decimal
    quoteQuantity: NotRequired[str | None]  # decimal
    submissionTime: int
    systemOrderType: NotRequired[SystemOrderType | None]
    expiryTime: int
    status: OrderStatus
    executionMode: RfqExecutionMode
    createdAt: int


class RequestForQuoteCancelPayload(TypedDict):
    rfqId: NotRequired[str]
    clientId: NotRequired[int]


class RequestForQuoteFillHistorical(TypedDict):
    rfqId: str
    clientId: NotRequired[int | None]
    quoteId: str
    symbol: str
    side: Side
    quantity: NotRequired[str | None]  # decimal
    quoteQuantity: NotRequired[str | None]  # decimal
    fillPrice: str  # decimal
    createdAt: str  # naive-date-time
    filledAt: str  # naive-date-time
    systemOrderType: NotRequired[SystemOrderType | None]


class RequestForQuoteHistorical(TypedDict):
    rfqId: str
    clientId: NotRequired[int | None]
    symbol: str
    side: Side
    price: NotRequired[str | None]  # decimal
    quantity: NotRequired[str | None]  # decimal
    quoteQuantity: NotRequired[str | None]  # decimal
    submissionTime: str  # naive-date-time
    expiryTime: str  # naive-date-time
    status: OrderStatus
    executionMode: RfqExecutionMode
    createdAt: str  # naive-date-time
    deferredSettlementQuoteId: NotRequired[str | None]


class RequestForQuotePayload(TypedDict):
    clientId: NotRequired[int]
    quantity: NotRequired[str]  # decimal
    quoteQuantity: NotRequired[str]  # decimal
    price: NotRequired[str]  # decimal
    symbol: str
    side: Side
    executionMode: NotRequired[RfqExecutionMode]
    autoLend: NotRequired[bool]
    autoLendRedeem: NotRequired[bool]
    autoBorrow: NotRequired[bool]
    autoBorrowRepay: NotRequired[bool]


class RequestForQuoteRefreshPayload(TypedDict):
    rfqId: str


class Resolution(TypedDict):
    resolved: bool
    startDate: str  # naive-date-time
    endDate: NotRequired[str | None]  # naive-date-time
    strikePrice: NotRequired[str | None]  # decimal
    closePrice: NotRequired[str | None]  # decimal
    resolutionSourceEventIdentifier: NotRequired[str | None]
    resolutionSource: NotRequired[ResolutionSource | None]
    outcome: NotRequired[str | None]


class ResolutionCondition(TypedDict):
    type: str  # QuantityRange, StrikePrice, Outcome
    greaterThanOrEqual: NotRequired[str | None]  # decimal
    lessThan: NotRequired[str | None]  # decimal
    condition: NotRequired[StrikePriceCondition | None]
    outcome: NotRequired[str | None]


class RfqWithQuotes(TypedDict):
    rfq: RequestForQuote
    quotes: list[Quote]


class Security(TypedDict):
    asset: CustodyAsset
    name: str
    cusip: NotRequired[str | None]
    sessions: list[SecuritySession]


class SecuritySession(TypedDict):
    name: str
    minQuantity: str  # decimal
    maxQuantity: NotRequired[str | None]  # decimal
    stepSize: str  # decimal


class Series(TypedDict):
    slug: str
    title: str
    recurrence: NotRequired[SeriesRecurrence | None]


class Settlement(TypedDict):
    quantity: str  # decimal
    source: SettlementSource
    subaccountId: NotRequired[int | None]
    timestamp: str  # naive-date-time
    userId: int
    positionId: NotRequired[str | None]
    engineSequence: NotRequired[int | None]


class StakingApyRate(TypedDict):
    symbol: str
    dilutionFactor: str  # decimal
    stakingRate: str  # decimal


class StatusAndMessage(TypedDict):
    status: Status
    message: NotRequired[str | None]


class Strategy(TypedDict):
    id: str
    createdAt: str  # naive-date-time
    executedQuantity: NotRequired[str | None]  # decimal
    executedQuoteQuantity: NotRequired[str | None]  # decimal
    cancelReason: NotRequired[StrategyCrankCancelReason | None]
    strategyType: StrategyTypeEnum
    quantity: NotRequired[str | None]  # decimal
    selfTradePrevention: SelfTradePrevention
    status: StrategyStatus
    side: Side
    symbol: str
    timeInForce: TimeInForce
    clientStrategyId: NotRequired[int | None]
    duration: int
    interval: int
    randomizedIntervalQuantity: bool
    slippageTolerance: NotRequired[str | None]  # decimal
    slippageToleranceType: NotRequired[SlippageToleranceType | None]


class StrategyCancelAllPayload(TypedDict):
    symbol: str
    strategyType: NotRequired[StrategyTypeEnum]


class StrategyCancelPayload(TypedDict):
    clientStrategyId: NotRequired[int]
    strategyId: NotRequired[str]
    symbol: str


class StrategyCreatePayload(TypedDict):
    autoLend: NotRequired[bool]
    autoLendRedeem: NotRequired[bool]
    autoBorrow: NotRequired[bool]
    autoBorrowRepay: NotRequired[bool]
    brokerId: NotRequired[int]
    clientStrategyId: NotRequired[int]
    strategyType: StrategyTypeEnum
    quantity: NotRequired[str]  # decimal
    price: NotRequired[str]  # decimal
    postOnly: NotRequired[bool]
    reduceOnly: NotRequired[bool]
    selfTradePrevention: NotRequired[SelfTradePrevention]
    side: Side
    symbol: str
    timeInForce: NotRequired[TimeInForce]
    duration: NotRequired[int]
    interval: NotRequired[int]
    randomizedIntervalQuantity: NotRequired[bool]
    slippageTolerance: NotRequired[str]  # decimal
    slippageToleranceType: NotRequired[SlippageToleranceType]


class StrategyType(TypedDict):
    strategyType: str  # Scheduled
    id: str
    clientStrategyId: NotRequired[int | None]
    createdAt: int
    executedQuantity: str  # decimal
    executedQuoteQuantity: str  # decimal
    quantity: str  # decimal
    reduceOnly: NotRequired[bool | None]
    selfTradePrevention: SelfTradePrevention
    status: StrategyStatus
    side: Side
    symbol: str
    timeInForce: TimeInForce
    duration: int
    interval: int
    randomizedIntervalQuantity: NotRequired[bool | None]
    slippageTolerance: NotRequired[str | None]  # decimal
    slippageToleranceType: NotRequired[SlippageToleranceType | None]


class Tag(TypedDict):
    slug: str
    title: str


class Ticker(TypedDict):
    symbol: str
    firstPrice: str  # decimal
    lastPrice: str  # decimal
    priceChange: str  # decimal
    priceChangePercent: str  # decimal
    high: str  # decimal
    low: str  # decimal
    volume: str  # decimal
    quoteVolume: str  # decimal
    trades: str


class Token(TypedDict):
    displayName: str
    blockchain: Blockchain
    contractAddress: NotRequired[str | None]
    depositEnabled: bool
    minimumDeposit: str  # decimal
    withdrawEnabled: bool
    minimumWithdrawal: str  # decimal
    maximumWithdrawal: NotRequired[str | None]  # decimal
    withdrawalFee: str  # decimal
    nativeDecimals: NotRequired[int | None]


class Trade(TypedDict):
    id: NotRequired[int | None]
    price: str  # decimal
    quantity: str  # decimal
    quoteQuantity: str  # decimal
    timestamp: int
    isBuyerMaker: bool


class UpdateAccountSettingsRequest(TypedDict):
    autoBorrowSettlements: NotRequired[bool]
    autoLend: NotRequired[bool]
    autoRepayBorrows: NotRequired[bool]
    leverageLimit: NotRequired[str]  # decimal


class UpdateWithdrawalDelayRequest(TypedDict):
    withdrawalDelayHours: int
    twoFactorToken: str


class Vault(TypedDict):
    id: int
    vaultToken: str
    symbol: str
    mintsEnabled: bool
    redeemsEnabled: bool
    minMintQuantity: str  # decimal
    minRedeemTokens: str  # decimal
    redeemDelayMs: int
    tokenStepSize: str  # decimal
    remainingMintQuantity: NotRequired[str | None]  # decimal


class VaultHistory(TypedDict):
    vaultId: int
    timestamp: str  # date-time
    nav: NotRequired[str | None]  # decimal
    vaultEquity: NotRequired[str | None]  # decimal
    tokenCirculatingSupply: NotRequired[str | None]  # decimal


class VaultMintRequest(TypedDict):
    vaultId: int
    symbol: str
    quantity: str  # decimal
    autoBorrow: NotRequired[bool]
    autoLendRedeem: NotRequired[bool]


class VaultNav(TypedDict):
    nav: str  # decimal
    twapNav: str  # decimal
    mintNav: str  # decimal
    redeemNav: str  # decimal
    vaultEquity: str  # decimal
    netEquity: str  # decimal
    tokenCirculatingSupply: str  # decimal
    lastCrankTimestamp: NotRequired[int | None]


class VaultRedeem(TypedDict):
    status: VaultRedeemStatus
    id: str
    vaultId: int
    vaultTokenQuantity: str  # decimal
    vaultToken: NotRequired[str | None]
    symbol: NotRequired[str | None]
    quantity: NotRequired[str | None]  # decimal
    nav: NotRequired[str | None]  # decimal
    reason: NotRequired[str | None]
    timestamp: int


class VaultRedeemCancelRequest(TypedDict):
    vaultId: int


class VaultRedeemRequest(TypedDict):
    vaultId: int
    vaultTokenQuantity: NotRequired[str]  # decimal


class WalletResponse(TypedDict):
    blockchain: str
    address: str


class Withdrawal(TypedDict):
    id: int
    blockchain: Blockchain
    clientId: NotRequired[str | None]
    identifier: NotRequired[str | None]
    quantity: str  # decimal
    fee: str  # decimal
    fiatFee: NotRequired[str | None]  # decimal
    fiatState: NotRequired[EqualsMoneyWithdrawalState | None]
    fiatSymbol: NotRequired[FiatAsset | None]
    providerId: NotRequired[str | None]
    symbol: CustodyAsset
    status: WithdrawalStatus
    subaccountId: NotRequired[int | None]
    toAddress: str
    transactionHash: NotRequired[str | None]
    createdAt: str  # naive-date-time
    isInternal: bool
    bankName: NotRequired[str | None]
    bankIdentifier: NotRequired[str | None]
    accountIdentifier: NotRequired[str | None]
    triggerAt: NotRequired[str | None]  # naive-date-time


class WithdrawalDelay(TypedDict):
    currentWithdrawalDelayHours: NotRequired[int | None]
    pendingWithdrawalDelayHours: NotRequired[int | None]
    pendingWithdrawalDelayHoursEnabledAt: NotRequired[str | None]  # naive-date-time


class WithdrawalRecipientInformation(TypedDict):
    withdrawal_address_id: int
    withdrawal_purpose: NotRequired[str]
    sanctions_representation: NotRequired[bool]
