"""What can be done at the control port: one function a door, from a visit to what is answered.

An answer is JSON; a pair begins with its status, None is an empty one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, Protocol

from bpx_connector.sandbox.account.ledger import Account
from bpx_connector.sandbox.clock import Clock, DrivenClock, RealClock
from bpx_connector.sandbox.exchange.exchange import Exchange
from bpx_connector.sandbox.exchange.predictions import Prediction
from bpx_connector.sandbox.faults.faults import Faults
from bpx_connector.sandbox.faults.kinds import Fault, FaultError, made_fault
from bpx_connector.sandbox.http.context import Context
from bpx_connector.sandbox.http.reports import report
from bpx_connector.sandbox.http.terms import networks_of_assets
from bpx_connector.sandbox.lockstep import Lockstep
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.nearest import nearest
from bpx_connector.sandbox.records.switches import Switches
from bpx_connector.sandbox.records.times import MILLISECOND

__all__ = ["DOORS", "FAULTS", "ControlError", "Door", "House", "NotThereError", "Visit"]

FAULTS: Final = "/sandbox/faults"
LOCKSTEP: Final = "/sandbox/lockstep"
A_CLIENT: Final = LOCKSTEP + "/{client}"
MY_BOT: Final = LOCKSTEP + "/my_bot"
SHORTEST_STEP: Final = Decimal("0.001")
LONGEST_STEP: Final = 3_600
BOOK_STATES: Final = ("Open", "Closed", "CancelOnly", "LimitOnly", "PostOnly")
STATUSES: Final = ("Ok", "Maintenance")
LARGEST_FIGURE: Final = Decimal(10) ** 15


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
    def context(self) -> Context:
        """What its answers are made of."""

    @property
    def clock(self) -> Clock:
        """Its time."""

    @property
    def faults(self) -> Faults:
        """What goes wrong in it."""

    @property
    def switches(self) -> Switches:
        """What it does one way or another."""

    @property
    def lockstep(self) -> Lockstep:
        """Time that waits for its clients."""

    def move(self, symbol: str, price: Decimal) -> None:
        """Move a market's index price."""

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Have a market trade at a price."""

    async def reset(self) -> None:
        """Begin again."""


class Visit(NamedTuple):
    """One request at a door."""

    house: House
    body: Mapping[str, Any]
    path: Mapping[str, str]
    query: Mapping[str, str]


class Door(NamedTuple):
    """One door: what is sent to it, what it takes, what happens."""

    method: str
    path: str
    takes: Mapping[str, Any] | None
    """An example of the body, with every word that it may have; None: it takes none."""
    effect: str
    act: Callable[[Visit], Any]
    at: str = ""
    """An example of the path, where that has a name in it."""
    asks: tuple[str, ...] = ()
    """The parameters of its query."""
    reads_any_word: bool = False
    """Whether it says itself which words of a body there are not."""

    @property
    def example(self) -> str:
        """A path that it can be tried at."""
        return self.at or self.path


# --- faults --------------------------------------------------------------------------------------------


def _faults(visit: Visit) -> Any:
    faults = visit.house.faults
    return {"faults": [fault.row() for fault in faults.all], "counts": dict(faults.counts)}


def _add_fault(visit: Visit) -> Any:
    return 201, visit.house.faults.add(_described(visit.body)).row()


def _end_faults(visit: Visit) -> None:
    visit.house.faults.clear()


def _end_fault(visit: Visit) -> None:
    number = int(visit.path["id"])
    if not visit.house.faults.remove(number):
        raise NotThereError(f"there is no fault {number}")


def _described(body: Mapping[str, Any]) -> Fault | str:
    if isinstance(body.get("fault"), str) and len(body) == 1:
        line: str = body["fault"]
        return line
    if isinstance(body.get("kind"), str):
        return made_fault(body["kind"], {name: value for name, value in body.items() if name != "kind"})
    raise FaultError(
        'send {"fault": "lose depth.* every=50"} or {"kind": "lose", "pattern": "depth.*", "every": 50}'
    )


# --- switches ------------------------------------------------------------------------------------------


def _switches(visit: Visit) -> Any:
    return visit.house.switches.rows()


def _turn_switches(visit: Visit) -> Any:
    switches = visit.house.switches
    switches.set(visit.body)
    return {name: row["value"] for name, row in switches.rows().items()}


# --- accounts ------------------------------------------------------------------------------------------


def _accounts(visit: Visit) -> Any:
    accounts = visit.house.venue.ledger.accounts.values()
    return [_account_row(visit, account) for account in accounts if not account.is_house]


def _open_account(visit: Visit) -> Any:
    funds = visit.body.get("funds")
    if funds is not None:
        if not isinstance(funds, dict):
            raise ControlError('funds have to be like {"USDC": "1000"}')
        funds = {asset: _amount(visit, asset, quantity) for asset, quantity in funds.items()}
    account = visit.house.venue.open_account(_text(visit, "key"), visit.house.clock.now(), funds=funds)
    return 201, _account_row(visit, account)


def _deposit(visit: Visit) -> Any:
    asset = _text(visit, "asset")
    quantity = _amount(visit, asset, visit.body.get("quantity"))
    account = _account(visit)
    visit.house.venue.deposit(account, asset, quantity, visit.house.clock.now())
    return _account_row(visit, account)


def _set_balance(visit: Visit) -> Any:
    asset = _text(visit, "asset")
    quantity = _amount(visit, asset, visit.body.get("quantity"))
    account = _account(visit)
    visit.house.venue.set_balance(account, asset, quantity, visit.house.clock.now())
    return _account_row(visit, account)


def _reset_balances(visit: Visit) -> Any:
    account = _account(visit)
    visit.house.venue.reset_balances(account, visit.house.clock.now())
    return _account_row(visit, account)


def _exempt(visit: Visit) -> Any:
    account = _account(visit)
    visit.house.venue.exempt(account, _text(visit, "address"))
    return {"key": account.public_key, "exempt": sorted(account.exempt_addresses)}


def _account(visit: Visit) -> Account:
    key = _text(visit, "key")
    account = visit.house.venue.account(key)
    if account is None:
        raise NotThereError(f"no account has the key {key!r}: POST /sandbox/accounts opens one")
    return account


def _account_row(visit: Visit, account: Account) -> dict[str, Any]:
    balances = visit.house.venue.balances(account)
    shown = {
        asset: {"available": plain(available), "locked": plain(locked)}
        for asset, (available, locked, _) in balances.items()
    }
    return {"key": account.public_key, "balances": shown}


def _amount(visit: Visit, asset: str, value: Any) -> Decimal:
    known = visit.house.venue.valuation.assets
    if asset not in known:
        raise ControlError(f"there is no asset {asset!r} here{nearest(asset, known)}")
    return _figure("quantity", value, Decimal(0))


# --- markets and time ----------------------------------------------------------------------------------


def _markets(visit: Visit) -> Any:
    return {symbol: _market_row(visit, symbol) for symbol in visit.house.venue.markets}


def _change_market(visit: Visit) -> Any:
    symbol, venue = visit.path["symbol"], visit.house.venue
    if symbol not in venue.markets:
        raise NotThereError(f"there is no market {symbol!r}{nearest(symbol, venue.markets)}")
    index, price = (_price(visit, symbol, name) for name in ("index", "price"))
    state = visit.body.get("state")
    if state is not None and state not in BOOK_STATES:
        raise ControlError(f"state={state!r} is none of {', '.join(BOOK_STATES)}")
    if price is not None:
        visit.house.set_price(symbol, price)
    if index is not None:
        visit.house.move(symbol, index)
    if state is not None:
        venue.set_book_state(symbol, state, visit.house.clock.now())
    return _market_row(visit, symbol)


def _price(visit: Visit, symbol: str, name: str) -> Decimal | None:
    given = visit.body.get(name)
    return None if given is None else _figure(name, given, visit.house.venue.rules[symbol].tick)


def _market_row(visit: Visit, symbol: str) -> dict[str, Any]:
    market = visit.house.venue.markets[symbol]
    return {
        "state": market.state,
        "index": plain(market.marks.index),
        "mark": plain(market.mark),
        "last": plain(market.last_price),
    }


def _resolve(visit: Visit) -> Any:
    prediction, answer = visit.house.context.prediction, visit.body.get("yes")
    if visit.path["symbol"] != prediction.symbol:
        raise NotThereError(f"there is no prediction {visit.path['symbol']!r}: there is {prediction.symbol}")
    if not isinstance(answer, bool):
        raise ControlError(f"yes={answer!r} is neither true nor false")
    if prediction.resolved_at is not None:
        raise ControlError(f"{prediction.symbol} is resolved")
    prediction.resolve(answer, visit.house.clock.now())
    return {"symbol": prediction.symbol, "yes": answer, "price": plain(prediction.price)}


def _shut(visit: Visit) -> Any:
    symbol, blockchain, is_open = visit.path["symbol"], _text(visit, "blockchain"), visit.body.get("open")
    networks = networks_of_assets()
    if symbol not in networks:
        raise NotThereError(f"there is no asset {symbol!r}{nearest(symbol, networks)}")
    if blockchain not in networks[symbol]:
        there = ", ".join(networks[symbol]) or "none"
        raise ControlError(
            f"{symbol} has no network {blockchain!r}{nearest(blockchain, networks[symbol])} (it has {there})"
        )
    if not isinstance(is_open, bool):
        raise ControlError(f"open={is_open!r} is neither true nor false")
    shut = visit.house.context.shut
    (shut.discard if is_open else shut.add)((symbol, blockchain))
    return {"shut": [{"symbol": asset, "blockchain": chain} for asset, chain in sorted(shut)]}


def _set_status(visit: Visit) -> Any:
    status, word = visit.house.context.status, visit.body.get("status")
    if word not in STATUSES:
        raise ControlError(f"status={word!r} is none of {', '.join(STATUSES)}")
    message = visit.body.get("message")
    status.status, status.message = word, None if message is None else str(message)
    return {"status": status.status, "message": status.message}


def _time(visit: Visit) -> Any:
    clock = visit.house.clock
    is_driven = isinstance(clock, DrivenClock)
    is_stopped = is_driven or (isinstance(clock, RealClock) and clock.is_standing)
    return {"time": clock.now() // MILLISECOND, "driven": is_driven, "stopped": is_stopped}


def _moved_by_hand(visit: Visit) -> DrivenClock | RealClock:
    clock = visit.house.clock
    if isinstance(clock, DrivenClock) or (isinstance(clock, RealClock) and clock.is_standing):
        return clock
    raise ControlError(
        'this sandbox keeps the machine\'s time: stop it with PATCH /sandbox/time {"stopped": true}, or '
        "start it with --clock driven"
    )


def _advance(visit: Visit) -> Any:
    clock = _moved_by_hand(visit)
    clock.advance(float(_figure("advance", visit.body.get("advance"), Decimal(0))))
    return _time(visit)


def _stop_time(visit: Visit) -> Any:
    clock, stopped = visit.house.clock, visit.body.get("stopped")
    if not isinstance(stopped, bool):
        raise ControlError(f"stopped={stopped!r} is neither true nor false")
    if isinstance(clock, RealClock):
        if stopped:
            clock.stop()
        else:
            clock.go()
    elif not stopped:
        raise ControlError("this clock is driven: time passes by POST /sandbox/time")
    return _time(visit)


# --- lockstep ------------------------------------------------------------------------------------------


def _clients(visit: Visit) -> Any:
    return visit.house.lockstep.clients


def _join(visit: Visit) -> Any:
    _moved_by_hand(visit)
    visit.house.lockstep.join(visit.path["client"])
    return visit.house.lockstep.clients


async def _step(visit: Visit) -> Any:
    _moved_by_hand(visit)
    seconds = _figure("advance", visit.body.get("advance"), SHORTEST_STEP)
    await visit.house.lockstep.step(visit.path["client"], min(float(seconds), LONGEST_STEP))
    return _time(visit)


async def _leave(visit: Visit) -> Any:
    if not await visit.house.lockstep.leave(visit.path["client"]):
        raise NotThereError(f"time waits for no {visit.path['client']!r}: GET /sandbox/lockstep lists who")
    return visit.house.lockstep.clients


# --- the whole -----------------------------------------------------------------------------------------


def _report(visit: Visit) -> Any:
    key = visit.query.get("key")
    if key is not None and visit.house.venue.account(key) is None:
        raise NotThereError(f"no account has the key {key!r}: GET /sandbox/accounts lists them")
    house = visit.house
    told = report(house.context, house.clock.now(), key)
    return {**told, "faults": dict(house.faults.counts), "switches": _turned(house.switches)}


def _turned(switches: Switches) -> dict[str, Any]:
    return {name: row["value"] for name, row in switches.rows().items()}


def _reset(visit: Visit) -> Awaitable[None]:
    return visit.house.reset()


def _text(visit: Visit, name: str) -> str:
    value = visit.body.get(name)
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


KEY: Final = "the account's public key (X-API-Key)"
DOORS: Final = (
    Door("GET", FAULTS, None, "the faults that are set, and how often each kind has happened", _faults),
    Door(
        "POST",
        FAULTS,
        {"fault": "lose depth.* every=50"},
        'sets a fault, given as a line or as {"kind": "lose", "pattern": "depth.*", "every": 50}',
        _add_fault,
        reads_any_word=True,
    ),
    Door("DELETE", FAULTS, None, "ends all faults", _end_faults),
    Door("DELETE", FAULTS + "/{id:[0-9]{1,18}}", None, "ends one fault", _end_fault, FAULTS + "/1"),
    Door("GET", "/sandbox/switches", None, "all switches, where they stand, and their meaning", _switches),
    Door(
        "PATCH",
        "/sandbox/switches",
        {"fired_orders": "same_id"},
        "turns switches",
        _turn_switches,
        reads_any_word=True,
    ),
    Door("GET", "/sandbox/accounts", None, "all accounts and their balances", _accounts),
    Door(
        "POST",
        "/sandbox/accounts",
        {"key": KEY, "funds": {"USDC": "1000"}},
        "opens an account for a key; without `funds` with those of a new key",
        _open_account,
    ),
    Door(
        "POST",
        "/sandbox/deposits",
        {"key": KEY, "asset": "USDC", "quantity": "1000"},
        "deposits into an account",
        _deposit,
    ),
    Door(
        "PUT",
        "/sandbox/balances",
        {"key": KEY, "asset": "USDC", "quantity": "1000"},
        "sets what is available of an asset, by a deposit or a withdrawal of the difference",
        _set_balance,
    ),
    Door(
        "DELETE",
        "/sandbox/balances",
        {"key": KEY},
        "sets all balances back to the funds of a new key; open orders are cancelled, what is lent comes "
        "back, positions and loans stay",
        _reset_balances,
    ),
    Door(
        "POST",
        "/sandbox/exempt",
        {"key": KEY, "address": "the address"},
        "exempts an address from two-factor codes, so that the account can withdraw to it",
        _exempt,
    ),
    Door("GET", "/sandbox/markets", None, "each market's state and prices", _markets),
    Door(
        "PATCH",
        "/sandbox/markets/{symbol}",
        {"index": "150.5", "price": "150.5", "state": "Closed"},
        "`index` moves the index price, which marks and traders follow bit by bit; `price` has index, mark, "
        "books and the last trade there at once, and fills what it has run into; `state` opens or closes the "
        "book (" + ", ".join(BOOK_STATES) + "); any of the three",
        _change_market,
        "/sandbox/markets/SOL_USDC_PERP",
    ),
    Door(
        "POST",
        "/sandbox/predictions/{symbol}",
        {"yes": True},
        "resolves a prediction: its orders expire, its positions are closed at 1 or 0, its book closes",
        _resolve,
        f"/sandbox/predictions/{Prediction.symbol}",
    ),
    Door(
        "PATCH",
        "/sandbox/assets/{symbol}",
        {"blockchain": "Solana", "open": False},
        "shuts or opens a network of an asset for deposits and withdrawals",
        _shut,
        "/sandbox/assets/SOL",
    ),
    Door(
        "PUT",
        "/sandbox/status",
        {"status": "Maintenance", "message": "Back soon"},
        "sets what /status says (" + ", ".join(STATUSES) + "); in maintenance whatever is no GET answers 503",
        _set_status,
    ),
    Door(
        "GET",
        "/sandbox/time",
        None,
        "the exchange's time in milliseconds, whether it is driven by hand, whether it stands still",
        _time,
    ),
    Door(
        "POST",
        "/sandbox/time",
        {"advance": 60},
        "lets seconds pass, with all that happens in them, on a clock that is driven or stopped",
        _advance,
    ),
    Door(
        "PATCH",
        "/sandbox/time",
        {"stopped": True},
        "stops time, or lets it go on from where it stands",
        _stop_time,
    ),
    Door("GET", LOCKSTEP, None, "who takes part in lockstep, and whether time waits for them", _clients),
    Door("PUT", A_CLIENT, None, "from now on time waits for this client as well, by any name", _join, MY_BOT),
    Door(
        "POST",
        A_CLIENT,
        {"advance": 1},
        "this client has answered: on a clock that is driven or stopped time moves once all who take part "
        "have said so, by the least that any of them gives; answers when this client's time has passed and "
        "every socket has read what that has brought. It takes part from here on",
        _step,
        MY_BOT,
    ),
    Door("DELETE", A_CLIENT, None, "time waits for this client no more", _leave, MY_BOT),
    Door(
        "GET",
        "/sandbox/report",
        None,
        "what has happened, to keep: requests and their answers, markets, and of every account settings, "
        "balances, orders, fills, positions and transfers; ?key= for one account",
        _report,
        asks=("key",),
    ),
    Door(
        "POST",
        "/sandbox/reset",
        None,
        "begins again: accounts, orders and books as at the start, faults ended, sockets closed",
        _reset,
    ),
)
"""Everything that can be done at the control port."""
