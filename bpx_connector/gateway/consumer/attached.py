"""An exchange object on the bus: its questions and its streams go there, its orders as its settings say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from ccxt.base.errors import ExchangeNotAvailable, NetworkError, PermissionDenied

from bpx_connector.call.signer import DEFAULT_WINDOW, checked_window
from bpx_connector.gateway.bus.connection import BusDownError, UnansweredError
from bpx_connector.gateway.consumer.calls import PACKED, Answered, asked, permitted, told_once
from bpx_connector.gateway.consumer.line import Line
from bpx_connector.gateway.consumer.link import BusLink
from bpx_connector.gateway.consumer.resumed import Resumed, Words, fill_in, order_event_in
from bpx_connector.gateway.consumer.settings import Reader, reader_of
from bpx_connector.gateway.rules.limits import SENT_ONCE
from bpx_connector.gateway.rules.snapshots import unpacked
from bpx_connector.stream.book import Snapshot, snapshot_of
from bpx_connector.stream.link import Link
from bpx_connector.venue.endpoints import ENDPOINTS

__all__ = ["Attached"]

CHECKED: Final = ("watchOrders", "watchPositions", "watchBalance")
"""What the gateway compares with the venue for everybody, so that nobody else has to ask."""

ALONE_A_MINUTE: Final = 2_000
CANCELS_A_MINUTE: Final = 60


class Exchange(Protocol):
    """What is needed of an exchange object."""

    id: str
    apiKey: Any  # noqa: N815  ccxt's name
    secret: Any
    options: Any
    timeout: Any

    def nonce(self) -> int: ...
    def parse_trades(self, trades: list[Any]) -> list[Any]: ...
    def parse_json(self, text: str) -> Any: ...
    def handle_errors(self, *args: Any) -> Any: ...


class Attached:
    """One exchange object's side of the bus."""

    def __init__(self, exchange: Exchange, keep: Callable[[Line], None] = lambda line: None) -> None:
        """`keep` is given each connection that is made, to have it closed with the exchange."""
        self.reader: Reader = reader_of(
            exchange.options["gateway"], bool(exchange.apiKey and exchange.secret)
        )
        for method in CHECKED:
            exchange.options[method] = {**(exchange.options.get(method) or {}), "checkEvery": None}
        self._exchange = exchange
        self._keep = keep
        self._line: Line | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alone: list[float] = []
        self._fills: Resumed | None = None
        self._orders: Resumed | None = None

    async def answered(self, path: str, access: str, method: str, params: Any) -> Answered | None:
        """The answer to one operation over the bus; None if the exchange is to send it itself, now."""
        seconds = self._exchange.timeout / 1000
        if method == "GET":
            market = params.get("symbol") if isinstance(params, dict) else None
            line = self.line()
            desk = self.reader.account if access == "private" else line.desk_of(market)
            return await asked(line, desk, path, params, seconds, time.monotonic)
        if self.reader.orders == "direct":
            await self._leave(method, path)
            return None
        if (method, path) not in SENT_ONCE:
            raise PermissionDenied(
                f"{self._exchange.id} {method} /{path} is not sent through the gateway, only orders and "
                "cancels are; with keys of its own and orders 'direct' a program sends it itself"
            )
        before = self._exchange.nonce() + self._window_of(params)
        return await told_once(self.line(), method, path, params, seconds, before)

    def _window_of(self, params: Any) -> int:
        """Milliseconds for which what acts may reach the engine, as its caller counts them."""
        usual = self._exchange.options.get("recvWindow", DEFAULT_WINDOW)
        return checked_window(params.get("recvWindow", usual) if isinstance(params, dict) else usual)

    def understood(self, method: str, path: str, answer: Answered) -> Any:
        """The answer as if it had come from the venue itself, refusals too."""
        exchange, text = self._exchange, answer.text
        decoded = exchange.parse_json(text)
        exchange.handle_errors(answer.status, "", f"/{path}", method, {}, text, decoded, {}, None)
        return text if decoded is None else decoded

    async def snapshot(self, market: str, depth: int) -> Snapshot:
        """A market's book as the gateway keeps it, in figures; the venue's answer, if it keeps none."""
        line, path = self.line(), "api/v1/depth"
        params, seconds = {"symbol": market, "limit": str(depth)}, self._exchange.timeout / 1000
        answer = await asked(line, line.desk_of(market), path, params, seconds, time.monotonic, (PACKED,))
        if answer.encoding != PACKED:
            return snapshot_of(self.understood("GET", path, answer), depth)
        book = unpacked(answer.body)
        return Snapshot(book.update, book.bids, book.asks, book.microseconds, book.limit)

    async def connect(self) -> Link:
        """A connection to the streams."""
        return await BusLink.made(self.line())

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The decoded answer to a question by its address."""
        if method != "GET":
            raise PermissionDenied(f"{self._exchange.id} {method}: only questions are asked by their address")
        address = urlsplit(url)
        path, params = address.path.lstrip("/"), dict(parse_qsl(address.query))
        endpoint = ENDPOINTS.get((method, path))
        access = "private" if endpoint is not None and "private" in endpoint.api else "public"
        answer = await self.answered(path, access, method, params)
        assert answer is not None, "questions are always answered over the bus"
        return self.understood(method, path, answer)

    def signature(self) -> list[str]:
        """Nothing: the gateway signs for everybody."""
        return []

    async def fills(self, markets: Collection[str] | None) -> list[Any]:
        """The account's fills (of some markets, by the venue's names) since the last call, as ccxt's trades:
        those included that came while nobody was there."""
        assert self.reader.resume is not None, "asked for with `resume` only"
        if self._fills is None:
            self._fills = Resumed(
                self.line, self.reader.resume, fill_in, self._exchange.parse_trades, from_the_beginning=True
            )
        return await self._fills.next(markets)

    async def orders(
        self, markets: Collection[str] | None, made: Callable[[], Callable[[list[Words]], list[Any]]]
    ) -> list[Any]:
        """The account's orders that have changed since the last call, likewise.

        `made` gives what makes them of events, with a memory of its own.
        """
        assert self.reader.resume_orders is not None, "asked for with `resume` only"
        if self._orders is None:
            self._orders = Resumed(self.line, self.reader.resume_orders, order_event_in, made())
        return await self._orders.next(markets)

    def line(self) -> Line:
        """The connection of the running loop."""
        loop, line = asyncio.get_running_loop(), self._line
        if line is None or line.is_closed or self._loop is not loop:
            line = self._line = Line(self.reader, time.monotonic)
            self._loop = loop
            self._keep(line)
        return line

    def counters(self) -> dict[str, Any]:
        """What a user may read and log of the gateway."""
        line = self._line
        if line is None:
            return {"isOpen": False, "reconnects": 0, "beats": 0, "epochs": {}, "leaders": {}}
        return {
            "isOpen": not line.is_closed,
            "reconnects": max(0, line.reconnects),
            "beats": line.beats,
            "epochs": dict(line.epochs),
            "leaders": dict(line.leaders),
        }

    async def _leave(self, method: str, path: str) -> None:
        """Leave to send something oneself: the gateway's, or without one what is left for those alone."""
        call = f"{self._exchange.id} {method} /{path}"
        try:
            await permitted(self.line(), self._exchange.timeout / 1000)
        except UnansweredError as error:
            raise NetworkError(f"{call}: no leave came from the gateway; nothing was sent") from error
        except BusDownError as error:
            a_minute = (
                CANCELS_A_MINUTE if method == "DELETE" else ALONE_A_MINUTE * (self.reader.fallback or 0)
            )
            if not self._goes_alone(a_minute, time.monotonic()):
                raise ExchangeNotAvailable(
                    f"{call}: no gateway gives leave, and fallback in options['gateway'] leaves "
                    f"{a_minute:g} a minute; nothing was sent"
                ) from error

    def _goes_alone(self, a_minute: float, now: float) -> bool:
        self._alone = [then for then in self._alone if now - then < MINUTE]
        if len(self._alone) >= int(a_minute):
            return False
        self._alone.append(now)
        return True


MINUTE: Final = 60.0
