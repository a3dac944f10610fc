"""What the three exchange classes share: how a request is paced, signed, sent, and its refusal understood.

A call goes one way: unified method -> request (an Endpoint's row and params) -> `fetch2` -> `sign` ->
ccxt's own transport -> `handle_errors` -> parser -> caller.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping
from copy import deepcopy
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import FunctionType
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from ccxt.base.errors import (
    AuthenticationError,
    BadRequest,
    BaseError,
    ExchangeError,
    ExchangeNotAvailable,
    InvalidNonce,
    NetworkError,
    OperationFailed,
)

from bpx_connector._ccxt import Ccxt
from bpx_connector.call.addresses import (
    Addresses,
    addresses_from,
    addresses_of,
    in_region,
    refuse_mixture,
)
from bpx_connector.call.masking import masked, masking_logger
from bpx_connector.call.pacing import Pacing, shared_pacing
from bpx_connector.call.signer import Signer, checked_window, value_text
from bpx_connector.flow import Flow, flow, settle_flows
from bpx_connector.rest.account import Account
from bpx_connector.rest.closing import ClosingAll
from bpx_connector.rest.conditions import Conditions
from bpx_connector.rest.conversions import Conversions
from bpx_connector.rest.ledger import LedgerHistory
from bpx_connector.rest.lending import Lending
from bpx_connector.rest.markets import Markets
from bpx_connector.rest.markets.several import SeveralMarkets
from bpx_connector.rest.params import UnderstoodParams
from bpx_connector.rest.past_positions import PastPositions
from bpx_connector.rest.predictions import Predictions
from bpx_connector.rest.reading import decoded
from bpx_connector.rest.strategies import Strategies
from bpx_connector.rest.terms import Terms
from bpx_connector.rest.trading import Trading
from bpx_connector.rest.trading.edit_many import EditedOrders
from bpx_connector.rest.transfers import Transfers
from bpx_connector.rest.vaults import Vaults
from bpx_connector.rest.wallet import Wallet
from bpx_connector.tapes import Tapes
from bpx_connector.venue.description import DESCRIPTION, REQUESTS_PER_MINUTE
from bpx_connector.venue.endpoints import ENDPOINTS, STANDARD, Budget, Endpoint, endpoint_of
from bpx_connector.venue.errors import error_class

__all__ = ["Backpack"]

MINUTE = 60_000
# A second sending of these changes nothing; a second order would.
REPEATABLE = frozenset({"GET", "DELETE", "PATCH"})
LONGEST_TEXT_QUOTED = 500
RETRY_OPTIONS = frozenset(
    {
        "callerMethodName",
        "defaultMaxRetriesOnFailure",
        "defaultMaxRetriesOnFailureDelay",
        "maxRetriesOnFailure",
        "maxRetriesOnFailureDelay",
    }
)
"""What ccxt's `handle_option_and_params` would look for. Mostly there is nothing, and looking is not free."""


class Backpack(
    Markets,
    SeveralMarkets,
    Trading,
    EditedOrders,
    Account,
    Conditions,
    PastPositions,
    ClosingAll,
    Wallet,
    Transfers,
    LedgerHistory,
    Lending,
    Conversions,
    Tapes,
    Strategies,
    Vaults,
    Predictions,
    Terms,
    UnderstoodParams,
    Ccxt,
):
    """Backpack Exchange in ccxt's unified words. Mixed into ccxt's blocking and asyncio bases."""

    _signer: Signer | None = None
    _signer_of: tuple[Any, Any] = (None, None)
    _names_to_skip: frozenset[str] = frozenset()
    _pacing: Pacing | None = None
    _pacing_of: tuple[Any, Any] = (None, None)

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "synchronous"):  # ccxt's base is among the bases
            settle_flows(cls)

    def describe(self) -> Any:
        return self.deep_extend(super().describe(), deepcopy(DESCRIPTION), addresses_from(os.environ))

    def __init__(self, config: Mapping[str, Any] = {}) -> None:
        self._names_to_skip = _METHODS_WITH_BOTH_NAMES.get(type(self), frozenset())
        super().__init__(config)  # type: ignore[arg-type]  # ccxt's TypedDict names only its own keys
        if not self._names_to_skip:
            _METHODS_WITH_BOTH_NAMES[type(self)] = _method_names(type(self))
        self._names_to_skip = frozenset()
        self.logger = masking_logger(self.logger)
        region = self.options.get("region")
        if region is not None and "urls" not in config:
            self.urls["api"] = in_region(self.id, self.urls["api"], region)

    def __dir__(self) -> Iterable[str]:
        """All names; while ccxt's constructor reads them, only those it has not dealt with on this class.

        It puts a camelCase name beside every method, on the class. Done again for each instance, that throws
        away the class's method cache some 300 times and is most of what constructing costs.
        """
        if not self._names_to_skip:
            return super().__dir__()
        return [name for name in super().__dir__() if name not in self._names_to_skip]

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} {self.id}>"

    # --- one request -----------------------------------------------------------------------------------

    @flow
    def fetch2(
        self,
        path: str,
        api: Any = "public",
        method: str = "GET",
        params: Any = {},
        *rest: Any,
        config: Any = {},
    ) -> Flow[Any]:
        """The decoded answer of one operation.

        Waits until the account's budget has room (`enableRateLimit`). A call that failed without a certain
        answer is repeated as often as `maxRetriesOnFailure` says, unless repeating it could act twice.
        """
        # ccxt passes on its `config`, and in older versions headers and body before it.
        headers, body = rest[:2] if len(rest) > 1 else (None, None)
        retries, pause = 0, 0
        if isinstance(params, dict) and not (
            RETRY_OPTIONS.isdisjoint(params)
            and RETRY_OPTIONS.isdisjoint(self.options)
            and path not in self.options
        ):
            retries, params = self.handle_option_and_params(params, path, "maxRetriesOnFailure", 0)
            pause, params = self.handle_option_and_params(params, path, "maxRetriesOnFailureDelay", 0)
        if method not in REPEATABLE:
            retries = 0
        refuse_mixture(self.id, self._addresses(), has_streams=self.has.get("ws") is True)
        while True:
            if self.enableRateLimit:
                milliseconds = self._reserved_wait(ENDPOINTS.get((method, path)))
                if milliseconds > 0:
                    yield self.sleep(milliseconds)
            self.set_last_rest_request_timestamp()
            request = self.sign(path, api, method, params, headers, body)
            self.set_last_request(request)
            try:
                return (yield self.fetch(request["url"], method, request["headers"], request["body"]))
            except OperationFailed:
                if retries <= 0:
                    raise
            retries -= 1
            if pause:
                yield self.sleep(pause)

    @flow
    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Flow[Any]:
        """The decoded answer, by ccxt's transport.

        An answer that broke off, or any other trouble on the way, is a NetworkError: ccxt calls some of it
        ExchangeError, which would say that the venue has refused.
        """
        try:
            return (yield super().fetch(url, method, headers, body))
        except ExchangeError as error:
            if error.__cause__ is None:
                raise  # the venue's own word, from handle_errors
            raise NetworkError(f"{self._call(method, url)}: {error.__cause__}") from error

    def _reserved_wait(self, endpoint: Endpoint | None) -> float:
        """Milliseconds until the account's budget lets this call go."""
        budget: Budget = endpoint.budget if endpoint else STANDARD
        per_minute = self._requests_per_minute(budget)
        address = (urlsplit(self._addresses().private).netloc, self.apiKey)
        if self._pacing is None or self._pacing_of != address:
            self._pacing, self._pacing_of = shared_pacing(*address), address
        return self._pacing.wait(budget, per_minute, time.monotonic() * 1000)

    def _requests_per_minute(self, budget: Budget) -> float:
        configured = (self.options.get("requestsPerMinute") or {}).get(
            budget.value, REQUESTS_PER_MINUTE[budget]
        )
        if budget is STANDARD and self.rateLimit != DESCRIPTION["rateLimit"]:
            return float(MINUTE / self.rateLimit)  # ccxt's own dial: milliseconds between calls
        return float(configured)

    def set_sandbox_mode(self, enabled: bool) -> None:
        """Lead requests and streams to `urls["test"]`, or back."""
        test = self.urls.get("test")
        if isinstance(test, str):  # ccxt copies it as a dict
            public, private, streams = addresses_of(test)
            self.urls["test"] = {
                "public": public,
                "private": private,
                "ws": {"public": streams, "private": streams},
            }
        super().set_sandbox_mode(enabled)

    def nonce(self) -> int:
        """Milliseconds by the venue's clock, as far as `adjustForTimeDifference` has measured it."""
        return int(self.milliseconds() - (self.options.get("timeDifference") or 0))

    # --- signing ---------------------------------------------------------------------------------------

    def sign(
        self,
        path: str,
        api: Any = "public",
        method: str = "GET",
        params: Any = {},
        headers: Any = None,
        body: Any = None,
    ) -> dict[str, Any]:
        """The request that ccxt's transport sends: url, method, headers, body."""
        access = api if isinstance(api, str) else api[0]
        endpoint = ENDPOINTS.get((method, path))
        addresses = self._addresses()
        url = f"{addresses.private if access == 'private' else addresses.public}/{path}"
        headers = dict(headers) if headers else {}
        if access == "private":
            params, window = self._without_window(params)
            params = _sendable(params)
            if endpoint is not None and endpoint.instruction is not None:
                _refuse_repeated_values(params)
                signer = self._current_signer()
                headers |= signer.headers(endpoint.instruction, params, self.nonce(), window)
            elif endpoint is not None and endpoint.needs_session and "Cookie" not in (self.headers or {}):
                raise AuthenticationError(
                    f"{self.id} {method} /{path} is served to a browser session only, a key cannot sign it; "
                    "put the session's Cookie into `headers` of the exchange to use it"
                )
        else:
            params = _sendable(params)
        if method == "GET":
            if params:
                url += "?" + _query(params)
        else:
            body = msgspec.json.encode(params).decode()
            headers["Content-Type"] = "application/json; charset=utf-8"
            headers |= self._broker_headers(endpoint)
        return {"url": url, "method": method, "headers": headers, "body": body}

    def _addresses(self) -> Addresses:
        """Where requests and streams go."""
        return addresses_of(self.urls["api"])

    def _without_window(self, params: Any) -> tuple[Any, int]:
        window = self.options.get("recvWindow", 5000)
        if isinstance(params, dict) and "recvWindow" in params:
            params = dict(params)
            window = params.pop("recvWindow")
        return params, checked_window(window)

    def _current_signer(self) -> Signer:
        """The key pair's signer, built once and again only when the credentials change."""
        credentials = (self.apiKey, self.secret)
        if self._signer is None or self._signer_of != credentials:
            self.check_required_credentials()
            self._signer, self._signer_of = Signer(self.apiKey, self.secret), credentials
        return self._signer

    def _broker_headers(self, endpoint: Endpoint | None) -> dict[str, str]:
        """X-Broker-Id (and key) on orders, only if the user has set `options['brokerId']`."""
        broker = self.options.get("brokerId")
        if (
            broker is None
            or endpoint is None
            or endpoint.instruction not in ("orderExecute", "strategyCreate")
        ):
            return {}
        headers = {"X-Broker-Id": str(broker)}
        key = self.options.get("brokerKey")
        return headers | ({"X-Broker-Key": str(key)} if key is not None else {})

    # --- answers ---------------------------------------------------------------------------------------

    def on_json_response(self, response_body: Any) -> Any:
        """The decoded JSON of an answer."""
        try:
            return decoded(response_body)
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from error  # what ccxt's parse_json takes for "not JSON"

    def handle_errors(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Any,
        body: str,
        response: Any,
        request_headers: Any,
        request_body: Any,
    ) -> bool | None:
        """Raise what an answer means, if it is a refusal or no answer at all."""
        endpoint = endpoint_of(method, url)
        if 200 <= code < 300:
            if endpoint is None or endpoint.is_answered_by(code, body, response):
                return None
            raise ExchangeNotAvailable(
                f"{self._call(method, url)} answered {code} with {_quoted(body)} instead of JSON; "
                "whether the venue acted on it is not known"
            )
        venue_code, text = None, body or ""
        if isinstance(response, dict) and "code" in response:
            venue_code, text = response["code"], str(response.get("message") or "")
        raise self._refusal(
            code, venue_code, text, body, self._call(method, url), endpoint, headers, request_headers
        )

    def _refusal(
        self,
        status: int,
        venue_code: str | None,
        text: str,
        body: str,
        call: str,
        endpoint: Endpoint | None,
        headers: Any,
        request_headers: Any,
    ) -> BaseError:
        kind = error_class(status, venue_code, text, endpoint.path if endpoint else "")
        answer = body if venue_code is not None else _quoted(body)
        message = f"{call} was answered {status} {answer}"
        if status < 400:
            message += "; a redirect is not followed, since it would carry the signed request elsewhere"
        if kind is InvalidNonce:
            message += "; " + _clock_advice(headers, request_headers)
        return kind(message)

    def _call(self, method: str, url: str) -> str:
        return f"{self.id} {method} {urlsplit(url).path}"

    # --- logs --------------------------------------------------------------------------------------------

    def log(self, *args: Any) -> None:
        """Print, as `verbose` asks for; signatures, keys and two-factor codes are masked."""
        super().log(*(masked(arg) for arg in args))


_METHODS_WITH_BOTH_NAMES: dict[type, frozenset[str]] = {}
"""Classes of which an instance exists, and their methods: by then each has its camelCase name too."""


def _method_names(exchange: type) -> frozenset[str]:
    return frozenset(name for name in dir(exchange) if isinstance(getattr(exchange, name), FunctionType))


def _sendable(params: Any) -> Any:
    """Parameters as they go out: nothing unset, and every decimal as plain text."""
    if isinstance(params, list | tuple):
        return [_sendable(order) for order in params]
    return {
        key: value if type(value) is str else _sendable_value(value)
        for key, value in params.items()
        if value is not None
    }


def _sendable_value(value: Any) -> Any:
    if value is True or value is False or type(value) is str or type(value) is int:
        return value
    if isinstance(value, list | tuple):
        return [_sendable_value(item) for item in value]
    if isinstance(value, dict):
        return _sendable(value)
    return value_text(value)


def _query(params: dict[str, Any]) -> str:
    texts = _texts(params)
    try:
        return _encoded(tuple(texts.items()))
    except TypeError:  # a list among them
        return urlencode(texts, doseq=True)


@lru_cache(maxsize=256)
def _encoded(texts: tuple[tuple[str, str], ...]) -> str:
    """What is asked again and again is encoded once."""
    return urlencode(texts)


def _texts(params: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [value_text(item) for item in value] if isinstance(value, list) else value_text(value)
        for key, value in params.items()
    }


def _refuse_repeated_values(params: Any) -> None:
    if not isinstance(params, dict):
        return
    for key, value in params.items():
        if isinstance(value, list):
            if len(value) > 1:
                raise BadRequest(
                    f"{key} takes one value in a signed request: how several are signed is not documented"
                )
            params[key] = value[0] if value else None


def _quoted(body: str | None) -> str:
    if not body:
        return "an empty body"
    return repr(body if len(body) <= LONGEST_TEXT_QUOTED else body[:LONGEST_TEXT_QUOTED] + "...")


def _clock_advice(headers: Any, request_headers: Any) -> str:
    """How far the local clock is off, measured against the Date header of the refusal itself."""
    sent = {str(key).lower(): value for key, value in (request_headers or {}).items()}.get("x-timestamp")
    received = {str(key).lower(): value for key, value in (headers or {}).items()}.get("date")
    advice = "set options['adjustForTimeDifference'] = True or widen options['recvWindow']"
    if sent is None or received is None:
        return f"the venue's time is not known; {advice}"
    offset = int(sent) / 1000 - parsedate_to_datetime(received).timestamp()
    return (
        f"the request's time was {offset:+.1f} s from the venue's (its Date header, whole seconds); {advice}"
    )


logging.getLogger(__name__).addHandler(logging.NullHandler())
