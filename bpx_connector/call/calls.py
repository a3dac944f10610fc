"""One call: when it may go, how it is signed, that it is sent, and whether it may be repeated.

A call goes one way: unified method -> request (an Endpoint's row and params) -> `fetch2` -> `sign` ->
ccxt's own transport -> `handle_errors` -> parser -> caller.
"""

from __future__ import annotations

import time
from math import inf
from random import random
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ccxt.base.errors import AuthenticationError, BadRequest, InvalidNonce, OperationFailed

from bpx_connector._ccxt import Ccxt
from bpx_connector.call.addresses import Addresses, addresses_of, refuse_mixture, refuse_unverified
from bpx_connector.call.answers import ReadAddress
from bpx_connector.call.masking import MASK, Masked
from bpx_connector.call.pacing import Pacing, Spacing, shared_pacing
from bpx_connector.call.signer import DEFAULT_WINDOW, Signer, checked_window
from bpx_connector.call.wire import Wire
from bpx_connector.flow import Flow, flow, is_ours, ours
from bpx_connector.venue.description import DESCRIPTION, REQUESTS_PER_MINUTE
from bpx_connector.venue.endpoints import ENDPOINTS, HISTORICAL, STANDARD, Budget, Endpoint
from bpx_connector.venue.errors import NOTHING_SENT, RateLimited

__all__ = ["Calls", "pause_before"]

# A second sending of these changes nothing; a second order would.
REPEATABLE = frozenset({"GET", "PATCH"})
# A cancellation that worked would come back as "not found": it is sent again only after a certain refusal.
REPEATABLE_IF_REFUSED = REPEATABLE | {"DELETE"}
OWN_HISTORY = "accountHistory"
"""The account's own history is counted apart from market data, so that a question about one's own order never
waits behind candles. The venue's FAQ names "historical market data" only; as many a minute are allowed."""

WORTH_A_WORD = 1000
"""Milliseconds of waiting from which on it is logged."""

COUNT, PAUSE = "maxRetriesOnFailure", "maxRetriesOnFailureDelay"
RETRY_OPTIONS = frozenset(
    {
        "callerMethodName",
        "defaultMaxRetriesOnFailure",
        "defaultMaxRetriesOnFailureDelay",
        COUNT,
        PAUSE,
    }
)
"""What ccxt's `handle_option_and_params` would look for. Mostly there is nothing, and looking is not free."""


ANSWERS_ARE_SEEN_BY = ("fetch", "handle_errors", "parse_json")
"""Where a program has put one of its own in the place of these it sees answers, as plain JSON."""


class Repeats(NamedTuple):
    """How often a call without a certain answer is made again, and after how many milliseconds (0: ours)."""

    times: int = 0
    pause: float = 0


FIRST_PAUSE, LONGEST_PAUSE = 100, 5000


def pause_before(repeat: int, luck: float) -> float:
    """Milliseconds before the first, second, ... repeat: twice as long each time, by chance up to half less.

    Programs that were all refused in one moment do not come back in one moment. `luck` is from 0 to 1.
    """
    return min(FIRST_PAUSE * 2.0 ** min(repeat - 1, 10), LONGEST_PAUSE) * (1 - luck / 2)


class Calls(Ccxt):
    """Paced, signed, sent, repeated."""

    _signer: Signer | None = None
    _signed_for: Any = None
    _pacing: Pacing | None = None
    _pacing_of: tuple[Any, Any] = (None, None)
    _spacing: Spacing | None = None

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
        answer is repeated as often as `maxRetriesOnFailure` says, unless repeating it could act twice, with
        growing pauses (or `maxRetriesOnFailureDelay`) and never later than `timeout` after it began.
        `config["decode"]` reads the answer's text instead of plain JSON.
        """
        answering = self._called(path, api, method, params, *rest, config=config)
        return (yield from self._let_through(path, method, params, answering))

    def _let_through(self, path: str, method: str, params: Any, answering: Flow[Any]) -> Flow[Any]:
        """The answer, if nothing forbids to ask for it."""
        return (yield from answering)

    def _note_signing(self) -> None:
        """Something that acts was signed just now, after it has waited for the budget."""

    def _called(
        self, path: str, api: Any, method: str, params: Any, *rest: Any, config: Any = {}
    ) -> Flow[Any]:
        """The steps of `fetch2`, for whoever is a flow himself."""
        # ccxt passes on its `config`, and in older versions headers and body before it.
        headers, body, config = (*rest, config)[:3] if len(rest) > 1 else (None, None, *rest, config)[:3]
        endpoint = ENDPOINTS.get((method, path))
        repeats, params = self._repeats(path, method, params)
        addresses = self._checked_addresses()
        failures, is_clock_new = 0, False
        begun = self.milliseconds() if repeats.times else 0
        while True:
            if self.enableRateLimit:
                yield from self._its_turn(endpoint, addresses.private, config.get("patience", inf))
            self.set_last_rest_request_timestamp()
            request = self.sign(path, api, method, params, headers, body)
            if method != "GET":
                self._note_signing()
            self.set_last_request(request)
            url = request["url"]
            if config and "decode" in config and is_ours(self, *ANSWERS_ARE_SEEN_BY):
                url = ReadAddress.of(url, config)
            try:
                return (yield self.fetch(url, method, request["headers"], request["body"]))
            except InvalidNonce:
                if is_clock_new or not self.options.get("adjustForTimeDifference"):
                    raise
                is_clock_new = True
                yield self.load_time_difference()
                if method not in REPEATABLE_IF_REFUSED:
                    raise
            except OperationFailed:
                failures += 1
                pause = repeats.pause or pause_before(failures, random())  # noqa: S311  no secret
                if failures > repeats.times or self.milliseconds() - begun + pause > self.timeout:
                    raise
                yield self.sleep(pause)

    def _repeats(self, path: str, method: str, params: Any) -> tuple[Repeats, Any]:
        """How often this call may be repeated, and the params that are left."""
        options = self.options
        is_asked = isinstance(params, dict) and not RETRY_OPTIONS.isdisjoint(params)
        if not is_asked and path not in options and options.keys().isdisjoint(RETRY_OPTIONS):
            return _ONCE, params
        if not isinstance(params, dict):
            return _ONCE, params
        count, params = self.handle_option_and_params(params, path, COUNT, 0)
        pause, params = self.handle_option_and_params(params, path, PAUSE, 0)
        repeats = Repeats(checked_number(COUNT, count), checked_number(PAUSE, pause))
        return repeats if method in REPEATABLE else _ONCE, params

    # --- when ------------------------------------------------------------------------------------------

    def _turn_of(self, endpoint: Endpoint, patience: float) -> Flow[None]:
        """Wait for the turn of a request that was signed before; RateLimited if that takes too long."""
        yield from self._its_turn(endpoint, self._addresses().private, patience)

    def _checked_addresses(self) -> Addresses:
        """Where requests go; BadRequest if some would go to a sandbox and some to the venue."""
        addresses = self._addresses()
        refuse_mixture(self.id, addresses, has_streams=self.has.get("ws") is True)
        return addresses

    def _its_turn(self, endpoint: Endpoint | None, venue: str, patience: float) -> Flow[None]:
        """Wait until the account's budget lets this call go; who gives up gives the place back.

        A call that has less patience than it would have to wait is RateLimited at once.
        """
        budget = _budget_of(endpoint)
        per_minute, interval = self._requests_per_minute(budget), self._interval()
        now = time.monotonic() * 1000
        pacing = self._account_pacing(venue)
        waits = pacing.wait(budget, per_minute, now)
        spaced = self._call_spacing().reserve(interval, now + waits) if interval else 0
        if waits + spaced <= 0:
            return
        if WORTH_A_WORD <= waits <= patience:
            self.logger.info(
                "%s waiting %.0f s for the venue's budget of %g %s requests a minute; "
                "options['requestsPerMinute']",
                self.id,
                waits / 1000,
                per_minute,
                budget,
            )
        try:
            if waits + spaced > patience:
                raise RateLimited(f"{self.id} the budget of {budget} requests has no place in time")
            yield self.sleep(waits + spaced)
        except BaseException:
            pacing.give_back(budget, now + waits)
            if interval:
                self._call_spacing().give_back(interval, now + waits + spaced)
            raise

    def _account_pacing(self, venue: str) -> Pacing:
        if self._pacing is None or self._pacing_of != (venue, self.apiKey):
            host = urlsplit(venue).netloc
            self._pacing = shared_pacing(host, self.apiKey, clock=lambda: time.monotonic() * 1000)
            self._pacing_of = (venue, self.apiKey)
        return self._pacing

    def _call_spacing(self) -> Spacing:
        if self._spacing is None:
            self._spacing = Spacing()
        return self._spacing

    def _interval(self) -> float:
        """ccxt's own dial, milliseconds between calls, where the user has turned it."""
        interval = float(self.rateLimit or 0.0)
        return 0.0 if interval == DESCRIPTION["rateLimit"] else interval

    def _requests_per_minute(self, budget: str) -> float:
        asked = self.options.get("requestsPerMinute") or {}
        name = HISTORICAL if budget == OWN_HISTORY else Budget(budget)
        most = (
            asked.get(budget, asked.get(name, REQUESTS_PER_MINUTE[name])) if isinstance(asked, dict) else None
        )
        if isinstance(most, bool) or not isinstance(most, int | float) or not most > 0:
            raise BadRequest(
                f"{self.id} options['requestsPerMinute'] is a dict of numbers above 0 such as "
                f"{{'standard': 2000}}, not {asked!r}; enableRateLimit False sends at once; {NOTHING_SENT}"
            )
        return float(most)

    # --- where, and by whom ----------------------------------------------------------------------------

    def _addresses(self) -> Addresses:
        """Where requests and streams go."""
        return addresses_of(self.urls["api"])

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

    def _check_tls(self, url: str) -> None:
        settings = {"verify": self.verify, "validateServerSsl": self.validateServerSsl}
        refuse_unverified(self.id, url, settings)

    def nonce(self) -> int:
        """Milliseconds by the venue's clock, as far as `adjustForTimeDifference` has measured it."""
        ahead = self.options.get("timeDifference") or 0
        try:
            return int(self.milliseconds() - ahead)
        except (TypeError, ValueError, OverflowError):
            raise BadRequest(
                f"{self.id} options['timeDifference'] has to be milliseconds, not {ahead!r}; {NOTHING_SENT}"
            ) from None

    @ours
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
        is_private = (api if isinstance(api, str) else api[0]) == "private"
        endpoint = ENDPOINTS.get((method, path))
        addresses = self._addresses()
        url = f"{addresses.private if is_private else addresses.public}/{path}"
        if self.verify is not True or self.validateServerSsl is not True:
            self._check_tls(url)
        window, params = self._of_the_call(params)
        wire = Wire(params, is_query=method == "GET")
        headers = dict(headers) if headers else {}
        try:
            if is_private and endpoint is not None:
                headers |= self._signature(endpoint, wire, window)
            if method == "GET":
                if wire.rows[0]:
                    url += "?" + wire.query()
            else:
                body = wire.body()
                headers["Content-Type"] = "application/json; charset=utf-8"
                headers |= self._broker_headers(endpoint)
        except UnicodeEncodeError as error:
            raise BadRequest(
                f"{self.id} {method} /{path} params hold half a character, {error.object[error.start]!r}, "
                "which cannot be written; nothing was sent"
            ) from None
        return {"url": url, "method": method, "headers": headers, "body": body}

    def _of_the_call(self, params: Any) -> tuple[int, Any]:
        """The window of a call, and its params without those that are about the call itself."""
        window = self.options.get("recvWindow", DEFAULT_WINDOW)
        if isinstance(params, dict) and not params.keys().isdisjoint(CALL_PARAMS):
            window = params.get("recvWindow", window)
            for name in (COUNT, PAUSE):
                checked_number(name, params.get(name) or 0)
            params = {name: value for name, value in params.items() if name not in CALL_PARAMS}
        return checked_window(window), params

    def _signature(self, endpoint: Endpoint, wire: Wire, window: int) -> dict[str, str]:
        if endpoint.instruction is not None:
            return self._current_signer().headers(endpoint.instruction, wire, self.nonce(), window)
        if endpoint.needs_session and "Cookie" not in (self.headers or {}):
            raise AuthenticationError(
                f"{self.id} {endpoint.method} /{endpoint.path} is served to a browser session only, a key "
                "cannot sign it; put the session's Cookie into `headers` of the exchange to use it"
            )
        return {}

    def _current_signer(self) -> Signer:
        """The key pair's signer, built once and again only when the credentials change."""
        signed_for = self._signed_for
        if signed_for is None or not (self.apiKey is signed_for[0] and self.secret is signed_for[1]):
            self.check_required_credentials()
            self._signer = Signer(self.apiKey, self.secret)
            self._signed_for = _Credentials((self.apiKey, self.secret))
        signer = self._signer
        assert signer is not None, "made above"
        return signer

    def _broker_headers(self, endpoint: Endpoint | None) -> dict[str, str]:
        """X-Broker-Id (and key) on orders, only if the user has set `options['brokerId']`."""
        broker = self.options.get("brokerId")
        if broker is None or endpoint is None or endpoint.instruction not in BROKERED:
            return {}
        headers = {"X-Broker-Id": str(broker)}
        key = self.options.get("brokerKey")
        return headers | ({"X-Broker-Key": Masked(key)} if key is not None else {})


CALL_PARAMS = frozenset({"recvWindow", COUNT, PAUSE})
BROKERED = frozenset({"orderExecute", "strategyCreate"})
_ONCE = Repeats()


class _Credentials(tuple[Any, Any]):
    """A key and a secret, held to see whether they have changed, and not to be shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return MASK


def checked_number(name: str, value: Any) -> Any:
    """A count or a duration as it was given, refused here if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise BadRequest(f"{name} is {value!r}; it takes a number from 0 on")
    return value


def _budget_of(endpoint: Endpoint | None) -> str:
    """What a call draws on; the name is the one that `options['requestsPerMinute']` takes."""
    if endpoint is None:
        return STANDARD
    is_own = endpoint.budget == HISTORICAL and endpoint.instruction is not None
    return OWN_HISTORY if is_own else endpoint.budget
