"""Doors for programs in any language: faults, switches, accounts, markets and time, as JSON over HTTP.

They are open only if a port is asked for, on the loopback address whatever the sandbox listens on, and not to
pages in a browser. `GET /` lists them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, Protocol

from aiohttp import web

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.clock import Clock, DrivenClock
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.faults.faults import Faults
from bpx_connector.sandbox.faults.kinds import Fault, FaultError, made_fault
from bpx_connector.sandbox.http.complaints import in_one_line
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.nearest import nearest
from bpx_connector.sandbox.records.refusals import Refusal
from bpx_connector.sandbox.records.switches import Switches
from bpx_connector.sandbox.records.times import MILLISECOND

__all__ = ["Control"]

LOOPBACK: Final = "127.0.0.1"
FAULTS: Final = "/sandbox/faults"
BOOK_STATES: Final = ("Open", "Closed", "CancelOnly", "LimitOnly", "PostOnly")
LARGEST_FIGURE: Final = Decimal(10) ** 15

Body = Mapping[str, Any]


class ControlError(ValueError):
    """What was asked for cannot be done; the message names what can."""


class NotThereError(ControlError):
    """What was named does not exist."""


class House(Protocol):
    """What the doors lead to: one sandbox."""

    @property
    def venue(self) -> Exchange:
        """The exchange."""

    @property
    def clock(self) -> Clock:
        """Its time."""

    @property
    def faults(self) -> Faults:
        """What goes wrong in it."""

    @property
    def switches(self) -> Switches:
        """What it does one way or another."""

    def move(self, symbol: str, price: Decimal) -> None:
        """Move a market's price."""

    async def reset(self) -> None:
        """Begin again."""


class Door(NamedTuple):
    """One door: what is sent to it, what it takes, what happens."""

    method: str
    path: str
    takes: Body | None
    effect: str
    act: Callable[[Control, Body, web.Request], Any]


class Control:
    """The control port of one sandbox."""

    def __init__(self, house: House, port: int = 0) -> None:
        self.port = port
        self._house: Final = house
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """The address of all doors; a GET lists them."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """The address of the faults."""
        return self.address + FAULTS

    async def start(self) -> None:
        """Listen; `port` is the real one from here on."""
        application = web.Application()
        application.router.add_get("/", self._list)
        for door in DOORS:
            application.router.add_route(door.method, door.path, self._open(door))
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0, logger=in_one_line)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _list(self, request: web.Request) -> web.Response:
        rows = [
            {"method": door.method, "path": door.path, "body": door.takes, "effect": door.effect}
            for door in DOORS
        ]
        return web.json_response({"doors": rows}, dumps=lambda value: json.dumps(value, indent=1))

    def _open(self, door: Door) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            if "Origin" in request.headers:
                return _no(403, "these doors are not for pages in a browser")
            try:
                body = {} if door.takes is None else _body(await request.text(), door.takes)
                answer = door.act(self, body, request)
                return _answered(await answer if isinstance(answer, Awaitable) else answer)
            except Refusal as refusal:
                return _no(400, f"{refusal.message} ({refusal.code})")
            except (ValueError, ArithmeticError, RecursionError) as error:
                return _no(404 if isinstance(error, NotThereError) else 400, str(error))

        return handle

    # --- faults --------------------------------------------------------------------------------------

    def faults(self, body: Body, request: web.Request) -> Any:
        faults = self._house.faults
        return {"faults": [fault.row() for fault in faults.all], "counts": dict(faults.counts)}

    def add_fault(self, body: Body, request: web.Request) -> Any:
        return 201, self._house.faults.add(_described(body)).row()

    def end_faults(self, body: Body, request: web.Request) -> Any:
        self._house.faults.clear()

    def end_fault(self, body: Body, request: web.Request) -> Any:
        number = int(request.match_info["id"])
        if not self._house.faults.remove(number):
            raise NotThereError(f"there is no fault {number}")

    # --- switches ------------------------------------------------------------------------------------

    def show_switches(self, body: Body, request: web.Request) -> Any:
        return self._house.switches.rows()

    def turn_switches(self, body: Body, request: web.Request) -> Any:
        self._house.switches.set(body)
        return {name: row["value"] for name, row in self._house.switches.rows().items()}

    # --- accounts ------------------------------------------------------------------------------------

    def show_accounts(self, body: Body, request: web.Request) -> Any:
        accounts = self._house.venue.ledger.accounts.values()
        return [self._account_row(account) for account in accounts if not account.is_house]

    def open_account(self, body: Body, request: web.Request) -> Any:
        funds = body.get("funds")
        if funds is not None:
            if not isinstance(funds, dict):
                raise ControlError('funds have to be like {"USDC": "1000"}')
            funds = {asset: self._amount(asset, quantity) for asset, quantity in funds.items()}
        account = self._house.venue.open_account(_text(body, "key"), self._house.clock.now(), funds=funds)
        return 201, self._account_row(account)

    def deposit(self, body: Body, request: web.Request) -> Any:
        asset = _text(body, "asset")
        quantity = self._amount(asset, body.get("quantity"))
        account = self._account(body)
        self._house.venue.deposit(account, asset, quantity, self._house.clock.now())
        return self._account_row(account)

    def set_balance(self, body: Body, request: web.Request) -> Any:
        asset = _text(body, "asset")
        quantity = self._amount(asset, body.get("quantity"))
        account = self._account(body)
        self._house.venue.set_balance(account, asset, quantity, self._house.clock.now())
        return self._account_row(account)

    def _account(self, body: Body) -> Account:
        key = _text(body, "key")
        account = self._house.venue.account(key)
        if account is None:
            raise NotThereError(f"no account has the key {key!r}: POST /sandbox/accounts opens one")
        return account

    def _account_row(self, account: Account) -> dict[str, Any]:
        balances = self._house.venue.balances(account)
        shown = {
            asset: {"available": plain(available), "locked": plain(locked)}
            for asset, (available, locked, _) in balances.items()
        }
        return {"key": account.public_key, "balances": shown}

    def _amount(self, asset: str, value: Any) -> Decimal:
        known = self._house.venue.valuation.assets
        if asset not in known:
            raise ControlError(f"there is no asset {asset!r} here{nearest(asset, known)}")
        return _figure("quantity", value, Decimal(0))

    # --- markets and time ----------------------------------------------------------------------------

    def show_markets(self, body: Body, request: web.Request) -> Any:
        return {symbol: self._market_row(symbol) for symbol in self._house.venue.markets}

    def change_market(self, body: Body, request: web.Request) -> Any:
        symbol = request.match_info["symbol"]
        venue = self._house.venue
        if symbol not in venue.markets:
            raise NotThereError(f"there is no market {symbol!r}{nearest(symbol, venue.markets)}")
        index = body.get("index")
        price = None if index is None else _figure("index", index, venue.rules[symbol].tick)
        state = body.get("state")
        if state is not None and state not in BOOK_STATES:
            raise ControlError(f"state={state!r} is none of {', '.join(BOOK_STATES)}")
        if price is not None:
            self._house.move(symbol, price)
        if state is not None:
            venue.set_book_state(symbol, state)
        return self._market_row(symbol)

    def show_time(self, body: Body, request: web.Request) -> Any:
        clock = self._house.clock
        return {"time": clock.now() // MILLISECOND, "driven": isinstance(clock, DrivenClock)}

    def advance(self, body: Body, request: web.Request) -> Any:
        clock = self._house.clock
        if not isinstance(clock, DrivenClock):
            raise ControlError("this sandbox keeps the machine's time: start it with --clock driven")
        clock.advance(float(_figure("advance", body.get("advance"), Decimal(0))))
        return self.show_time(body, request)

    def _market_row(self, symbol: str) -> dict[str, Any]:
        market = self._house.venue.markets[symbol]
        return {
            "state": market.state,
            "index": plain(market.marks.index),
            "mark": plain(market.mark),
            "last": plain(market.last_price),
        }

    async def reset(self, body: Body, request: web.Request) -> Any:
        await self._house.reset()


KEY: Final = "the account's public key (X-API-Key)"
DOORS: Final = (
    Door(
        "GET", FAULTS, None, "the faults that are set, and how often each kind has happened", Control.faults
    ),
    Door(
        "POST",
        FAULTS,
        {"fault": "lose depth.* every=50"},
        'sets a fault, given as a line or as {"kind": "lose", "pattern": "depth.*", "every": 50}',
        Control.add_fault,
    ),
    Door("DELETE", FAULTS, None, "ends all faults", Control.end_faults),
    Door("DELETE", FAULTS + "/{id:[0-9]{1,18}}", None, "ends one fault", Control.end_fault),
    Door("GET", "/sandbox/switches", None, "all switches and their meaning", Control.show_switches),
    Door("PATCH", "/sandbox/switches", {"fired_orders": "same_id"}, "turns switches", Control.turn_switches),
    Door("GET", "/sandbox/accounts", None, "all accounts and their balances", Control.show_accounts),
    Door(
        "POST",
        "/sandbox/accounts",
        {"key": KEY, "funds": {"USDC": "1000"}},
        "opens an account for a key; without `funds` with those of a new key",
        Control.open_account,
    ),
    Door(
        "POST",
        "/sandbox/deposits",
        {"key": KEY, "asset": "USDC", "quantity": "1000"},
        "deposits into an account",
        Control.deposit,
    ),
    Door(
        "PUT",
        "/sandbox/balances",
        {"key": KEY, "asset": "USDC", "quantity": "1000"},
        "sets what is available of an asset, by a deposit or a withdrawal of the difference",
        Control.set_balance,
    ),
    Door("GET", "/sandbox/markets", None, "each market's state and prices", Control.show_markets),
    Door(
        "PATCH",
        "/sandbox/markets/{symbol}",
        {"index": "150.5", "state": "Closed"},
        "moves the index price and with it marks and traders, opens or closes the book; both or one",
        Control.change_market,
    ),
    Door("GET", "/sandbox/time", None, "the exchange's time in milliseconds", Control.show_time),
    Door(
        "POST",
        "/sandbox/time",
        {"advance": 60},
        "lets seconds pass, with all that happens in them, if the clock is driven",
        Control.advance,
    ),
    Door(
        "POST",
        "/sandbox/reset",
        None,
        "begins again: accounts, orders and books as at the start, faults ended, sockets closed",
        Control.reset,
    ),
)
"""Everything that can be done at the control port."""


def _body(text: str, takes: Body) -> Body:
    example = json.dumps(takes)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the body is not JSON; send {example}") from error
    if not isinstance(body, dict):
        raise ControlError(f"the body has to be an object; send {example}")
    return body


def _described(body: Body) -> Fault | str:
    if isinstance(body.get("fault"), str) and len(body) == 1:
        line: str = body["fault"]
        return line
    if isinstance(body.get("kind"), str):
        return made_fault(body["kind"], {name: value for name, value in body.items() if name != "kind"})
    raise FaultError(
        'send {"fault": "lose depth.* every=50"} or {"kind": "lose", "pattern": "depth.*", "every": 50}'
    )


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name} is missing: give it as text")
    return value


def _figure(name: str, value: Any, least: Decimal) -> Decimal:
    figure = Decimal("NaN")
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        with suppress(InvalidOperation):
            figure = Decimal(str(value))
    if not figure.is_finite() or not least <= figure <= LARGEST_FIGURE:
        raise ControlError(
            f'{name}={value!r} is not a number from {plain(least)} on; give it as text, like "1.5"'
        )
    return figure


def _answered(answer: Any) -> web.Response:
    if answer is None:
        return web.Response(status=204)
    status, body = answer if isinstance(answer, tuple) else (200, answer)
    return web.json_response(body, status=status)


def _no(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
