"""Where the venue might do one thing or another: switches that a user can turn while the exchange runs.

They are turned alike in a program (`sandbox.switches.fired_orders = "same_id"`), by
`Sandbox(switches={"fired_orders": "same_id"})`, on the command line (`--switch fired_orders=same_id`) and
over the control port. The reason for each default stands with its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from bpx_connector.sandbox.records.nearest import nearest

__all__ = ["LINKED", "SAME_ID", "UNLINKED", "SwitchError", "Switches", "switch_of"]

LINKED: Final = "linked"
SAME_ID: Final = "same_id"
UNLINKED: Final = "unlinked"


class SwitchError(ValueError):
    """A switch that is not there, or a value that it does not have; the message names what there is."""


def _switch(default: Any, *others: Any, meaning: str) -> Any:
    return field(default=default, metadata={"values": (default, *others), "meaning": meaning})


@dataclass
class Switches:
    """All switches and where they stand; a name or a value that does not exist is a `SwitchError`."""

    fired_orders: str = _switch(
        LINKED,
        SAME_ID,
        UNLINKED,
        meaning="what a trigger order becomes when its price comes: another order that is linked to it by "
        "relatedOrderId and the client id, the order itself under its own id, or another order with nothing "
        "that links it",
    )

    running_kline: bool = _switch(
        False,
        True,
        meaning="whether /klines includes the interval that is running. A capture lacks it although it had "
        "traded, and no cache can be the reason: the request named a second of its own as startTime",
    )
    blank_klines: bool = _switch(
        True,
        False,
        meaning="whether /klines has a row of nulls for an interval without trades; the OpenAPI allows it, "
        "no capture shows whether the venue leaves it out",
    )
    unknown_key: str = _switch(
        "empty",
        "refuse",
        meaning="how a closed sandbox answers when the account of a key that it does not know is read with a "
        "valid signature: {} as seen on the venue, or 401; anything else such a key asks for is 401",
    )
    large_limits: str = _switch(
        "cut",
        "refuse",
        meaning="what becomes of a `limit` above the documented maximum: it counts as the maximum, or the "
        "request is refused; not documented",
    )
    unnamed_triggers: str = _switch(
        "LastPrice",
        "MarkPrice",
        meaning="which price a trigger order on a perpetual watches that names none: stop losses and take "
        'profits are "triggered by the last traded price by default"; of other triggers nothing is said',
    )
    post_only_cross: str = _switch(
        "refuse",
        "expire",
        meaning="what becomes of a post-only order that would take: 400 INVALID_ORDER, which is better "
        "attested, or 200 and Expired with the reason PostOnlyTaker",
    )
    empty_book: str = _switch(
        "refuse",
        "expire",
        meaning="what becomes of a market order that finds nobody: 400 with the text that bots quote, or 200 "
        "and Expired with the reason InsufficientLiquidity; not recorded",
    )
    unfilled_orders: str = _switch(
        "expire",
        "refuse",
        meaning="what becomes of an IOC order that finds nobody and of an FOK order that cannot be filled: "
        "200 and Expired, as adapters agree, or 400; not captured",
    )
    unnamed_time_in_force: str = _switch(
        "GTC",
        "IOC",
        meaning="what a limit order is that names no timeInForce; GTC is what everybody assumes and nobody "
        "wrote down",
    )
    large_reduce_only: str = _switch(
        "cut",
        "refuse",
        meaning="what becomes of a reduce-only order that is larger than the position: it is cut to it, or "
        "refused; the documents tell of resting ones only",
    )
    closing_books: str = _switch(
        "keep",
        "expire",
        meaning="what becomes of resting orders when a book closes: they stay until they are cancelled, or "
        "they expire, as the word OrderBookClosed among the system's types of orders suggests",
    )
    order_not_found: str = _switch(
        "documented",
        "404",
        "400",
        meaning="how an order is missed that is not open: with RESOURCE_NOT_FOUND, as 404 where it is read "
        "and as 400 where it is cancelled, which is what the OpenAPI lists; as 404 everywhere; or as older "
        "builds, 400 "
        'INVALID_CLIENT_REQUEST "Order not found"',
    )
    flat_position: str = _switch(
        "404",
        "empty",
        meaning="what /position says of a market without a position: 404 as the OpenAPI and bots have it, "
        "or []",
    )
    cancel_answers: str = _switch(
        "200",
        "202",
        meaning='whether cancelling answers what was cancelled, or 202 and nothing, which means "accepted '
        'but not done"; it is done at once all the same',
    )
    repeated_client_ids: str = _switch(
        "allow",
        "refuse",
        meaning="whether an order may have the client id of one that is open; not documented",
    )
    bad_signature: str = _switch(
        "400",
        "401",
        meaning="how a request is refused whose signature or time is wrong: 400 INVALID_CLIENT_REQUEST, as "
        "the venue's FAQ has it, or 401 INVALID_SIGNATURE, a code that its list of errors has as well",
    )
    repeated_parameters: str = _switch(
        "last",
        "first",
        meaning="which value of a repeated parameter counts for the signature: the last one, as the venue's "
        "own client signs, or the first, as another one does",
    )
    signed_nulls: str = _switch(
        "left_out",
        "written",
        meaning="whether a null in a body is left out of what is signed, or is part of it as `null`; not "
        "documented",
    )
    largest_batch: str = _switch(
        "50",
        "20",
        meaning="how many orders a batch may have: 50 as two readers of the specification say, 20 as ccxt",
    )
    whole_depth: str = _switch(
        "5000",
        "1000",
        meaning="how many levels a side /depth answers without a limit: up to 5,000 as seen, or 1,000 as the "
        "OpenAPI says",
    )
    long_klines: str = _switch(
        "refuse",
        "cut",
        "all",
        meaning="what becomes of a request for more than 10,000 candles: it is refused, the first 10,000 are "
        "told, or all; the longest span is not documented",
    )
    liquidation_time: str = _switch(
        "microseconds",
        "milliseconds",
        meaning="in what the engine's time T of the liquidation stream is told; never captured",
    )
    repeated_signatures: str = _switch(
        "allow",
        "refuse",
        meaning="whether a signature counts again within its window; replay protection is not documented",
    )
    long_windows: str = _switch(
        "refuse",
        "cut",
        meaning="what becomes of an X-Window above 60000: the request is refused, or it counts as 60000; not "
        "documented",
    )
    history_budget: str = _switch(
        "historical",
        "standard",
        meaning="in which of the two request budgets funding rates and the account's histories count: the "
        "venue's text names candles and trades",
    )
    retry_after: bool = _switch(
        False,
        True,
        meaning="whether 429 carries Retry-After; no probe saw it",
    )
    lend_redeem: str = _switch(
        "always",
        "asked",
        meaning="whether what is lent pays for spot orders and withdrawals by itself, as the venue's page on "
        "lending says, or only where autoLendRedeem asks for it, as its OpenAPI reads",
    )
    country: str = _switch(
        "75",
        "20",
        "10",
        "no_perps",
        meaning="what the customers' country allows: the largest leverage limit (75 in 172 countries, 20 in "
        "27, 10 in one), or no perpetuals at all (12 countries)",
    )
    backstop: str = _switch(
        "has_room",
        "full",
        meaning="whether the backstop provider can take over liquidated positions; where it is full, the "
        "positions of others are reduced (ADL), those of the highest leverage first",
    )
    update_caps: bool = _switch(
        False,
        True,
        meaning="whether index and mark move by no more than min/maxPriceUpdateMultiplier a second, as on "
        "the venue; off because a test that moves a price wants it there",
    )
    stock_hours: str = _switch(
        "published",
        "always",
        meaning="when stocks are quoted: in the hours of /stockSessions and not on /stockHolidays, or "
        "always, as if the regular session never ended",
    )
    withdraw_to: str = _switch(
        "exempt",
        "any",
        meaning="where withdrawals may go: only to addresses that are exempt from two-factor codes, as the "
        "venue says of its API, or anywhere; an address is exempted at the control port or by `venue.exempt`",
    )
    mean_bands: bool = _switch(
        True,
        False,
        meaning="whether taker orders stop at the bands around the 5-minute means of mark and premium, as on "
        "the venue; a test that moves a price far at once may not want them",
    )
    taker_speed_bump: bool = _switch(
        False,
        True,
        meaning="whether orders without postOnly wait 100 ms before they are matched, as on the venue; in "
        "real time, and off because tests would wait",
    )
    cached_answers: bool = _switch(
        False,
        True,
        meaning="whether public answers are kept as long as the venue's Cache-Control allows and given "
        "again, with their Age; off because tests want to see what they have done",
    )

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, _checked(name, value))

    def set(self, values: Mapping[str, Any]) -> None:
        """Turn several switches, all or, if one of them is wrong, none."""
        checked = {name: _checked(name, value) for name, value in values.items()}
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def rows(self) -> dict[str, dict[str, Any]]:
        """Every switch as JSON: where it stands, what it can be, what it means."""
        return {
            each.name: {
                "value": getattr(self, each.name),
                "values": list(each.metadata["values"]),
                "meaning": each.metadata["meaning"],
            }
            for each in fields(self)
        }


def switch_of(text: str) -> tuple[str, Any]:
    """The switch and its value that `name=value` stands for."""
    name, _, value = text.partition("=")
    return name, _checked(name, value)


def _checked(name: str, value: Any) -> Any:
    known = {each.name: each.metadata["values"] for each in fields(Switches)}
    if name not in known:
        raise SwitchError(f"there is no switch {name!r}{nearest(name, known)} (there are {', '.join(known)})")
    read = {"on": True, "true": True, "off": False, "false": False}.get(str(value).lower(), value)
    if read not in known[name] or isinstance(read, bool) != isinstance(known[name][0], bool):
        allowed = ", ".join(
            "on" if each is True else "off" if each is False else each for each in known[name]
        )
        raise SwitchError(f"{name}={value} is not one of {allowed}")
    return read
