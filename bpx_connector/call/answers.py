"""What the venue has answered: decoded, or what it means as one of ccxt's exceptions."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from ccxt.base.errors import (
    BadRequest,
    BaseError,
    ExchangeError,
    ExchangeNotAvailable,
    InvalidNonce,
    NetworkError,
)

from bpx_connector._ccxt import Ccxt
from bpx_connector.call.masking import hiding, masked
from bpx_connector.call.plain_answers import Arrived
from bpx_connector.call.straight import is_straight
from bpx_connector.call.troubles import network_error, without_frames
from bpx_connector.flow import Flow, flow, ours
from bpx_connector.garbage import uncollected
from bpx_connector.venue.endpoints import endpoint_of
from bpx_connector.venue.errors import NOTHING_SENT, error_class

__all__ = ["Answers", "ReadAddress", "header_of"]

Decode = Callable[[str], Any]
LONGEST_TEXT_QUOTED = 500
TIME = "/api/v1/time"
LONGEST_TIMEOUT = 10**9
"""Milliseconds, eleven days: a system's timer takes no more than 2^31."""

MARGIN = 30
"""Seconds that an answer may be older than its cache keeps it before that is worth a word."""


class ReadAddress(str):
    """An address whose answer is read by a function of its own, and not as plain JSON.

    A thousand candles would be decoded to a thousand dictionaries only to be taken apart again, and a book to
    lists of text; read straight into figures they cost half.
    """

    __slots__ = ("decode",)

    decode: Decode

    @classmethod
    def of(cls, url: str, config: Any) -> str:
        """The address itself, or one whose answer is read by `config["decode"]`."""
        decode = config.get("decode") if isinstance(config, dict) else None
        if decode is None:
            return url
        address = cls(url)
        address.decode = decode
        return address


class _ReadBody(str):
    """The text of an answer together with what reads it."""

    __slots__ = ("decode",)

    decode: Decode

    def __reduce__(self) -> Any:
        return str, (str(self),)


class Answers(Ccxt):
    """Answers understood."""

    _stale: frozenset[str] = frozenset()
    _headers_of_time: Any = None

    @flow
    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Flow[Any]:
        """The decoded answer, by ccxt's transport.

        An answer that broke off, or any other trouble on the way, is a NetworkError that names its reason:
        ccxt calls some of it ExchangeError, which would say that the venue has refused.
        """
        try:
            return (yield super().fetch(url, method, headers, body))
        except BaseError as error:
            without_frames(error)
            if error.__cause__ is None or not _is_trouble(error):
                raise  # the venue's own word, from handle_errors
            raise network_error(f"{self.id} {method} {url}", url, error) from error.__cause__

    def prepare_request_headers(self, headers: Any = None) -> Any:
        """The headers that are sent; a cookie that the caller has set is not shown by `repr`."""
        if not self.headers:
            return super().prepare_request_headers(headers)
        # A copy: ccxt adds to what it is given, and that is what the frames of the call hold.
        sent = hiding(super().prepare_request_headers(dict(headers or {})))
        for name, value in sent.items():
            if not isinstance(value, str):
                kind = type(value).__name__
                raise BadRequest(f"{self.id} headers[{name!r}] has to be text, not {kind}; {NOTHING_SENT}")
        return sent

    def _check_timeout(self) -> None:
        """BadRequest if `timeout` is no number of milliseconds. On asyncio 0 is for ever, as in aiohttp."""
        given: Any = self.timeout
        if type(given) is int and 0 < given < LONGEST_TIMEOUT:
            return
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        if not is_number or not 0 <= given < LONGEST_TIMEOUT or (given == 0 and self.synchronous):
            raise BadRequest(f"{self.id} timeout has to be milliseconds, not {given!r}; {NOTHING_SENT}")

    def on_rest_response(
        self,
        code: int,
        reason: Any,
        url: str,
        method: str,
        response_headers: Any,
        response_body: str,
        request_headers: Any,
        request_body: Any,
    ) -> str:
        """The text of an answer; one that is older than its cache should keep it is reported."""
        age = response_headers.get("Age") or response_headers.get("age")
        if age is not None:
            self._report_age(url, age, header_of(response_headers, "Cache-Control"))
        if url.endswith(TIME):
            self._headers_of_time = response_headers
        text = response_body.strip()
        if type(url) is ReadAddress and not (self.returnResponseHeaders or self.enableLastJsonResponse):
            read = _ReadBody(text)
            read.decode = url.decode
            return read
        return text

    def _report_age(self, url: str, age: Any, cache_control: str | None) -> None:
        path = url.partition("?")[0]
        life = _life(cache_control or "")
        if not str(age).isdigit() or int(age) <= life + MARGIN:
            self._stale -= {path}
        elif path not in self._stale:
            self._stale |= {path}
            self.logger.warning(
                "%s the answer to %s is %s s old (its Age header), and its cache should keep it %s s: "
                "the venue may be out of reach behind its cache",
                self.id,
                path,
                age,
                life,
            )

    def _goes_straight(self) -> bool:
        """Whether nothing is set that asks more of a request than to be sent and answered."""
        return not (
            self.verbose
            or self.returnResponseHeaders
            or not is_straight(self)
            or self.logger.isEnabledFor(logging.DEBUG)
        )

    def _meaning(
        self, arrived: Arrived, url: str, method: str, sent: Any, body: str | None
    ) -> tuple[str, Any]:
        """The text of an answer, and decoded; or, if it is a refusal, what it means as an exception.

        What ccxt keeps of each answer for its callers is kept here too.
        """
        status, reason, heard, text = arrived
        text = self.on_rest_response(status, reason, url, method, heard, text, sent, body)
        answer = self.parse_json(text)
        if self.enableLastHttpResponse:
            self.last_http_response = text
        if self.enableLastResponseHeaders:
            self.last_response_headers = heard
        if self.enableLastJsonResponse:
            self.last_json_response = answer
        self.handle_errors(status, reason, url, method, heard, text, answer, sent, body)
        return text, answer

    @ours
    def parse_json(self, http_response: Any) -> Any:
        """The decoded answer, or None if it is no JSON object or list."""
        if type(http_response) is _ReadBody:
            decode, http_response = http_response.decode, str(http_response)
            with suppress(msgspec.DecodeError, ValueError):  # of another shape: a refusal, or nothing
                return _read(decode, http_response)
        return super().parse_json(http_response)

    def on_json_response(self, response_body: Any) -> Any:
        """The decoded JSON of an answer."""
        try:
            return _decoded(response_body)
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from error  # what ccxt's parse_json takes for "not JSON"

    @ours
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
        if 200 <= code < 300 and response is not None:
            return None
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
            venue_code, text = str(response["code"]), str(response.get("message") or "")
        kind = error_class(code, venue_code, text, endpoint.path if endpoint else "")
        answer = body if venue_code is not None else _quoted(body)
        message = f"{self._call(method, url)} was answered {code} {answer}"
        if code < 400:
            message += "; a redirect is not followed, since it would carry the signed request elsewhere"
        if kind is InvalidNonce:
            message += "; " + self._clock_advice(headers, request_headers)
        raise kind(message)

    def _call(self, method: str, url: str) -> str:
        return f"{self.id} {method} {_path(url)}"

    def _clock_advice(self, headers: Any, request_headers: Any) -> str:
        """How far the local clock is off, measured against the Date header of the refusal itself."""
        sent, received = header_of(request_headers, "X-Timestamp"), header_of(headers, "Date")
        advice = self._remedy()
        if sent is None or received is None:
            return f"the venue's time is not known; {advice}"
        try:
            offset = int(sent) / 1000 - parsedate_to_datetime(received).timestamp()
        except ValueError:
            return f"the venue's time is not known; {advice}"
        return (
            f"the request's time was {offset:+.1f} s from the venue's (its Date header, whole seconds); "
            f"{advice}"
        )

    def _remedy(self) -> str:
        """What can still be set against a clock that is off."""
        if not self.options.get("adjustForTimeDifference"):
            return "set options['adjustForTimeDifference'] = True or widen options['recvWindow']"
        return "options['adjustForTimeDifference'] is set: the clock is measured anew with every such refusal"

    def log(self, *args: Any) -> None:
        """Print, as `verbose` asks for; signatures, keys and two-factor codes are masked."""
        super().log(*(masked(arg) for arg in args))


_decoded = uncollected(msgspec.json.decode)


@uncollected
def _read(decode: Decode, text: str) -> Any:
    """What an answer's own function reads in it."""
    return decode(text)


def _is_trouble(error: BaseError) -> bool:
    """Whether an error with a cause is trouble on the way, as the transport names it."""
    return isinstance(error, NetworkError) or type(error) is ExchangeError


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]


def header_of(headers: Mapping[str, str] | None, name: str) -> str | None:
    """A header's value, whatever its letters."""
    wanted = name.lower()
    return next((value for key, value in (headers or {}).items() if str(key).lower() == wanted), None)


def _life(cache_control: str) -> int:
    """The seconds for which a shared cache may serve an answer, with the time it may take to ask anew."""
    named: dict[str, str] = dict(re.findall(r"([a-z-]+)=(\d+)", cache_control.lower()))
    fresh = named.get("s-maxage", named.get("max-age", "60"))
    return int(fresh) + int(named.get("stale-while-revalidate", "0"))


def _quoted(body: str | None) -> str:
    if not body:
        return "an empty body"
    return repr(body if len(body) <= LONGEST_TEXT_QUOTED else body[:LONGEST_TEXT_QUOTED] + "...")
