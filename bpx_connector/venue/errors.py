"""What each refusal of the venue means in ccxt's words.

    BaseError
    ├── OperationFailed                     the outcome is unknown, or the same call may work later
    │   └── NetworkError
    │       ├── RateLimited                 TOO_MANY_REQUESTS, HTTP 429 (ccxt's two names for it at once)
    │       ├── InvalidNonce                the request's time is outside the window
    │       ├── RequestTimeout              TIMEOUT, HTTP 408 and 504
    │       │   └── OutcomeUnknown          asked afterwards, and still not known
    │       └── ExchangeNotAvailable        SERVER_ERROR, HTTP 3xx and 5xx, HTML, nothing at all
    │           └── OnMaintenance           MAINTENANCE
    └── ExchangeError                       certainly refused: a status of 4xx and a code or text that says so
        ├── AuthenticationError             key, signature, two-factor code
        │   ├── PermissionDenied            FORBIDDEN
        │   └── AccountSuspended            ACCOUNT_DEACTIVATED
        ├── BadRequest                      a parameter is wrong
        │   └── BadSymbol                   no such market
        ├── InsufficientFunds               funds, margin or leverage
        ├── InvalidOrder                    the order breaks a rule
        │   ├── OrderNotFound
        │   ├── OrderImmediatelyFillable    post-only would have taken
        │   └── OrderNotFillable            nothing to match with
        ├── NotSupported                    NOT_IMPLEMENTED
        └── OperationRejected               limits, paused markets, loans in the way
            └── MarketClosed                TRADING_PAUSED

Sources: the enum ApiErrorCode of Backpack's OpenAPI; messages as the venue's FAQ gives them or as they were
seen in replies.
"""

from __future__ import annotations

from typing import NamedTuple

from ccxt.base.errors import (
    AccountSuspended,
    AuthenticationError,
    BadRequest,
    BadSymbol,
    BaseError,
    DDoSProtection,
    DuplicateOrderId,
    ExchangeError,
    ExchangeNotAvailable,
    InsufficientFunds,
    InvalidNonce,
    InvalidOrder,
    MarketClosed,
    NotSupported,
    NullResponse,
    OnMaintenance,
    OperationFailed,
    OperationRejected,
    OrderImmediatelyFillable,
    OrderNotFillable,
    OrderNotFound,
    PermissionDenied,
    RateLimitExceeded,
    RequestTimeout,
)

__all__ = [
    "CODES",
    "MESSAGES",
    "NOTHING_SENT",
    "STATUSES",
    "OutcomeUnknown",
    "RateLimited",
    "error_class",
    "leaves_the_outcome_open",
]


class RateLimited(RateLimitExceeded, DDoSProtection):
    """Too many requests. Both of ccxt's names for it: programs back off on one or on the other."""


NOTHING_SENT = "nothing was sent"
"""How the text of an error ends after which it is certain that nothing has left this machine."""


class OutcomeUnknown(RequestTimeout):
    """An order was sent, its answer was lost, and asking did not show what became of it.

    `client_id` names it; `resolve_order(client_id, symbol)` asks again.
    """

    def __init__(self, message: str = "", client_id: int | None = None, symbol: str | None = None) -> None:
        super().__init__(message)
        self.client_id = client_id
        self.symbol = symbol


CODES: dict[str, type[BaseError]] = {
    "ACCOUNT_DEACTIVATED": AccountSuspended,
    "ACCOUNT_LIQUIDATING": OperationRejected,
    "BORROW_LIMIT": OperationRejected,
    "BORROW_REQUIRES_LEND_REDEEM": OperationRejected,
    "FORBIDDEN": PermissionDenied,
    "INSUFFICIENT_FUNDS": InsufficientFunds,
    "INSUFFICIENT_MARGIN": InsufficientFunds,
    "INSUFFICIENT_SUPPLY": OperationRejected,
    "INVALID_ASSET": BadRequest,
    "INVALID_CLIENT_REQUEST": BadRequest,
    "INVALID_MARKET": BadSymbol,
    "INVALID_ORDER": InvalidOrder,
    "INVALID_POSITION_ID": BadRequest,
    "INVALID_PRICE": InvalidOrder,
    "INVALID_QUANTITY": InvalidOrder,
    "INVALID_RANGE": BadRequest,
    "INVALID_SIGNATURE": AuthenticationError,
    "INVALID_SOURCE": BadRequest,
    "INVALID_SYMBOL": BadSymbol,
    "INVALID_TWO_FACTOR_CODE": AuthenticationError,
    "LEND_LIMIT": OperationRejected,
    "LEND_REQUIRES_BORROW_REPAY": OperationRejected,
    "MAINTENANCE": OnMaintenance,
    "MAX_LEVERAGE_REACHED": InsufficientFunds,
    "NOT_IMPLEMENTED": NotSupported,
    "ORDER_LIMIT": OperationRejected,
    "POSITION_LIMIT": OperationRejected,
    "PRECONDITION_FAILED": OperationRejected,
    "RESOURCE_NOT_FOUND": ExchangeError,  # what was not found, the path says: see error_class
    "SERVER_ERROR": ExchangeNotAvailable,
    "TIMEOUT": RequestTimeout,
    "TOO_EARLY": OperationRejected,
    "TOO_MANY_REQUESTS": RateLimited,
    "TRADING_PAUSED": MarketClosed,
    "UNAUTHORIZED": AuthenticationError,
}
"""Every code of the venue's enum."""

SEEN_CODES: dict[str, type[BaseError]] = {"WITHDRAWAL_2FA_REQUIRED": PermissionDenied}
"""Codes that are in no list of the venue's: a public client has been answered so."""


class Message(NamedTuple):
    """A text that says more than the code it comes with."""

    text: str
    error: type[BaseError]


MESSAGES: tuple[Message, ...] = (
    Message("Request has expired", InvalidNonce),
    Message("Invalid timestamp", InvalidNonce),
    Message("Invalid signature", AuthenticationError),
    Message("Invalid X-", AuthenticationError),
    Message("X-API-KEY", AuthenticationError),
    Message("X-SIGNATURE", AuthenticationError),
    Message("X-TIMESTAMP", AuthenticationError),
    Message("Invalid market symbol", BadSymbol),
    Message("Symbol not found", BadSymbol),
    Message("Order not found", OrderNotFound),
    Message(
        "Client ID is already in use", DuplicateOrderId
    ),  # the sandbox's words: the venue's are not known
    Message("immediately match", OrderImmediatelyFillable),
    Message("No liquidity", OrderNotFillable),
    Message("decimal too long", InvalidOrder),
    Message("below the minimum allowed", InvalidOrder),
    Message("too far from the last active price", InvalidOrder),
    Message("Reduce only order not reduced", InvalidOrder),
    Message("Market orders must specify", InvalidOrder),
    Message("Must specify both `triggerPrice`", InvalidOrder),
    Message("Maximum stop orders", InvalidOrder),
    Message("Insufficient funds", InsufficientFunds),
    Message("Insufficient margin", InsufficientFunds),
)
"""Looked up before the code, first match wins, letter case ignored."""

# Which thing is missing when the code is RESOURCE_NOT_FOUND, by the operation's path.
NOT_FOUND: dict[str, type[BaseError]] = {
    "api/v1/order": OrderNotFound,
    "api/v1/orders": OrderNotFound,
    "api/v1/strategy": OrderNotFound,
    "api/v1/position": NullResponse,  # flat in that market
    "api/v1/depth": BadSymbol,  # a closed market answers so (seen 2026-09)
    "api/v1/market": BadSymbol,
    "api/v1/ticker": BadSymbol,
}

STATUSES: dict[int, type[BaseError]] = {
    400: BadRequest,
    401: AuthenticationError,
    403: PermissionDenied,
    404: BadRequest,
    405: BadRequest,
    408: RequestTimeout,
    409: OperationRejected,
    413: BadRequest,
    415: BadRequest,
    422: BadRequest,
    429: RateLimited,
    500: ExchangeNotAvailable,
    502: ExchangeNotAvailable,
    503: ExchangeNotAvailable,
    504: RequestTimeout,
}
"""For bodies without a code: plain text of the venue's parameter parser, or nothing at all."""

UNCERTAIN_STATUSES = frozenset({408, 499})
"""With every 3xx and 5xx these leave open whether the venue acted: nobody who knows has answered."""


def _is_a_page(body: str) -> bool:
    return body.lstrip()[:1] == "<"


def leaves_the_outcome_open(status: int) -> bool:
    """Whether an answer of this status may come although the venue has done what it was asked.

    "After a timeout, a TIMEOUT code, or a 5xx on POST order the order may still have reached the engine"
    (the
    venue's documentation of October 2026). A redirect says nothing of what happened before it.
    """
    return not 400 <= status < 500 or status in UNCERTAIN_STATUSES


def _uncertain(status: int, code: str | None) -> type[BaseError]:
    """The most that can be said where the status does not say that the venue has refused."""
    named = CODES.get(code or "", BaseError)
    return named if issubclass(named, OperationFailed) else STATUSES.get(status, ExchangeNotAvailable)


def error_class(status: int, code: str | None, message: str, path: str = "") -> type[BaseError]:
    """The ccxt exception for one refusal.

    `message` is the venue's text, or the whole body where it is not JSON; `path` the operation's path. The
    status decides first whether the venue has refused at all, then the code, then the text.
    """
    if status == 429:
        return RateLimited
    if leaves_the_outcome_open(status):
        return _uncertain(status, code)
    if code is None and _is_a_page(message):
        return ExchangeNotAvailable  # from the edge in front of the venue: what happened behind it is open
    if code is not None and issubclass(CODES.get(code, BaseError), OperationFailed):
        return CODES[code]
    text = message.lower()
    for row in MESSAGES:
        if row.text.lower() in text:
            return row.error
    if code == "RESOURCE_NOT_FOUND":
        return NOT_FOUND.get(path, ExchangeError)
    if code is not None:
        return CODES.get(code) or SEEN_CODES.get(code, ExchangeError)
    return STATUSES.get(status, ExchangeError)
