"""What the venue is asked when ccxt's `create_order` is called: arguments in, the body of POST /order out.

Pure, and the only place where an order is refused before it is sent: everything that can be known to be wrong
from the market's rules is an InvalidOrder that says what was given and what is allowed. Amounts and prices
leave as plain decimal text at the market's step and tick.

Source: Backpack OpenAPI, schema OrderExecutePayload.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from bpx_connector.aliases import Params, Payload
from bpx_connector.orders.stops import DIRECTIONS
from bpx_connector.parse.numbers import plain
from bpx_connector.rest.asking.arguments import client_id_of, flag_of
from bpx_connector.rest.asking.params import says_nothing_new
from bpx_connector.rest.trading.figures import (
    Market,
    amount_text,
    cost_text,
    figure_of,
    not_sent,
    price_text,
)
from bpx_connector.venue.endpoints import AUTO, ORDER_FIELDS
from bpx_connector.venue.words import (
    ORDER_TYPE_ID,
    SELF_TRADE_PREVENTION,
    SELF_TRADE_PREVENTION_ID,
    SIDE_ID,
    SLIPPAGE_TOLERANCE_TYPES,
    STOP_ORDER_TYPE,
    TIME_IN_FORCE,
    TRIGGER_BY,
    TRIGGER_BY_ID,
)

__all__ = ["CALL_PARAMS", "order_request"]

CALL_PARAMS = ("recvWindow", "maxRetriesOnFailure", "maxRetriesOnFailureDelay")
"""Parameters about the call, not about the order; they travel along with it."""

AUTO_FLAGS = tuple(AUTO.split())
TRIGGER_PRICES = ("triggerPrice", "stopPrice", "stopLossPrice", "takeProfitPrice")
ATTACHED = ("stopLoss", "takeProfit")

# What the venue takes beyond ccxt's words, under its own names and as it is. The rest are arguments of
# create_order, or have a unified name; a broker id comes from `options` and goes into a header.
OWN_NAMES = frozenset(
    name
    for name in ORDER_FIELDS.replace("!", "").split()
    if name not in {"brokerId", "orderType", "price", "quantity", "side", "symbol"}
)
KNOWN = sorted(
    {
        *OWN_NAMES, *CALL_PARAMS, *TRIGGER_PRICES, *ATTACHED, "clientOrderId", "cost", "triggerPriceType",
        "triggerDirection", "createMarketBuyOrderRequiresPrice", "marginMode",
    }
)  # fmt: skip


def order_request(
    market: Market,
    type: str | None,
    side: str | None,
    amount: Any,
    price: Any = None,
    params: Params = {},
) -> Payload:
    """The body of POST /order for ccxt's arguments, or InvalidOrder."""
    given = {name: value for name, value in params.items() if value is not None} if params else {}
    kind, is_stop = _kind(market, type, price)
    request: Payload = {"symbol": market["id"], "side": _side(market, side), "orderType": ORDER_TYPE_ID[kind]}
    trigger = _trigger(market, given, is_stop) if given or is_stop else {}
    request |= trigger
    request |= _size(market, kind, side, amount, given, is_triggered=bool(trigger))
    if kind == "limit":
        if price is None:
            raise not_sent(market, "a limit order needs a price")
        request["price"] = price_text(market, price)
    if not given:
        return request  # all that follows is asked for by params
    request |= _time_in_force(market, kind, given)
    request |= _flags(market, given)
    request |= _slippage(market, kind, given)
    for attached in ATTACHED:
        request |= _attached(market, attached, given.pop(attached, None))
    by_venue, client_id = given.pop("clientId", None), given.pop("clientOrderId", None)
    if client_id is not None or by_venue is not None:
        request["clientId"] = client_id_of(by_venue if client_id is None else client_id)
    return request | _rest(market, given)


def _kind(market: Market, type: str | None, price: Any) -> tuple[str, bool]:
    """limit or market, and whether the type itself says that the order waits for a trigger."""
    word = str(type or "").lower().replace("-", "_")
    if word in ORDER_TYPE_ID:
        return word, False
    if word in STOP_ORDER_TYPE:
        return STOP_ORDER_TYPE[word] or ("market" if price is None else "limit"), True
    raise not_sent(market, f"type {type!r} is none of {_listed([*ORDER_TYPE_ID, *STOP_ORDER_TYPE])}")


def _side(market: Market, side: str | None) -> str:
    word = str(side or "").lower()
    if word not in SIDE_ID:
        raise not_sent(market, f"side {side!r} is neither 'buy' nor 'sell'")
    return SIDE_ID[word]


# --- parts of the request --------------------------------------------------------------------------


def _size(
    market: Market, kind: str, side: str | None, amount: Any, given: Params, *, is_triggered: bool
) -> Payload:
    """How much: a base quantity, a cost, or what a trigger order is to be when it fires."""
    cost = given.pop("cost", None)
    quote = given.pop("quoteQuantity", None)
    cost = quote if cost is None else cost
    # ccxt's way of saying, for one call, that the amount of a market buy is what to spend.
    amount_is_cost = given.pop("createMarketBuyOrderRequiresPrice", None) is False
    if amount_is_cost and kind == "market" and str(side).lower() == "buy" and cost is None:
        amount, cost = None, amount
    if cost is not None:
        if kind != "market":
            raise not_sent(market, "a cost is for market orders; a limit order takes an amount and a price")
        if is_triggered:
            raise not_sent(market, "a trigger order takes an amount, not a cost")
        if amount not in (None, 0, "0"):
            raise not_sent(market, f"amount {amount!r} and cost {cost!r} were both given; leave one None")
        return {"quoteQuantity": cost_text(market, cost)}
    share = given.pop("triggerQuantity", None)
    if share is not None:
        if not is_triggered:
            raise not_sent(market, "triggerQuantity is for trigger orders; give a triggerPrice too")
        return {"triggerQuantity": _trigger_quantity(market, share)}
    if amount is None:
        raise not_sent(market, "it needs an amount" + (" or params['cost']" if kind == "market" else ""))
    return {"triggerQuantity" if is_triggered else "quantity": amount_text(market, amount)}


def _trigger_quantity(market: Market, share: Any) -> str:
    """An amount, or a share of the position as the venue writes it: "80%"."""
    if not (isinstance(share, str) and share.endswith("%")):
        return amount_text(market, share, "triggerQuantity")
    percent = figure_of(market, "triggerQuantity", share[:-1])
    if percent > 100:
        raise not_sent(market, f"triggerQuantity {share!r} is more than the whole position")
    return plain(percent) + "%"


def _trigger(market: Market, given: Params, is_stop: bool) -> Payload:
    prices = {name: given.pop(name) for name in TRIGGER_PRICES if name in given}
    source, direction = given.pop("triggerPriceType", None), given.pop("triggerDirection", None)
    if direction is not None and str(direction).lower() not in DIRECTIONS:
        raise not_sent(market, f"triggerDirection {direction!r} is none of {_listed(DIRECTIONS)}")
    own_source = given.pop("triggerBy", None)
    source = own_source if source is None else source
    if not prices:
        if is_stop:
            raise not_sent(market, "a stop order needs params['triggerPrice']")
        if source is not None or direction is not None:
            word = "triggerDirection" if source is None else "triggerPriceType"
            raise not_sent(market, f"{word} without a triggerPrice")
        return {}
    if len(prices) > 1:
        raise not_sent(market, f"{_listed(prices)} were given; an order waits for one trigger price")
    [(name, price)] = prices.items()
    request = {"triggerPrice": price_text(market, price, name)}
    if source is not None:
        request["triggerBy"] = _trigger_by(market, source)
    return request


def _trigger_by(market: Market, source: Any) -> str:
    if isinstance(source, str) and source in TRIGGER_BY:
        return str(source)
    word = str(source).lower()
    if word not in TRIGGER_BY_ID:
        raise not_sent(market, f"triggerPriceType {source!r} is none of {_listed(TRIGGER_BY_ID)}")
    return TRIGGER_BY_ID[word]


def _time_in_force(market: Market, kind: str, given: Params) -> Payload:
    wanted = given.pop("timeInForce", None)
    word = None if wanted is None else str(wanted).upper()
    post_only = _flag(market, "postOnly", given.pop("postOnly", False))
    if word == "PO":
        word, post_only = None, True
    if word is not None and word not in TIME_IN_FORCE:
        raise not_sent(market, f"timeInForce {wanted!r} is none of {_listed([*TIME_IN_FORCE, 'PO'])}")
    if post_only and kind == "market":
        raise not_sent(market, "a market order cannot be post-only")
    if post_only and word in ("IOC", "FOK"):
        raise not_sent(market, f"a post-only order rests, it cannot be {word}")
    request: Payload = {} if word is None else {"timeInForce": word}
    return {**request, "postOnly": True} if post_only else request


def _flag(market: Market, name: str, value: Any) -> bool:
    flag = flag_of(value)
    if flag is None:
        raise not_sent(market, f"{name} {value!r} is neither True nor False")
    return flag


def _flags(market: Market, given: Params) -> Payload:
    request: Payload = {}
    if _flag(market, "reduceOnly", given.pop("reduceOnly", False)):
        if not market.get("contract"):
            raise not_sent(market, "reduceOnly is for futures; a spot market has no position to reduce")
        request["reduceOnly"] = True
    for name in AUTO_FLAGS:
        if name in given:
            value = _flag(market, name, given.pop(name))
            if value and market.get("contract"):
                raise not_sent(market, f"{name} is for spot margin, not for futures")
            request[name] = value
    prevention = given.pop("selfTradePrevention", None)
    if prevention is not None:
        request["selfTradePrevention"] = _self_trade_prevention(market, prevention)
    if given.pop("marginMode", "cross") != "cross":
        raise not_sent(market, "marginMode can only be 'cross'")
    return request


def _self_trade_prevention(market: Market, wanted: Any) -> str:
    if isinstance(wanted, str) and wanted in SELF_TRADE_PREVENTION:
        return wanted
    word = str(wanted).upper()
    if word not in SELF_TRADE_PREVENTION_ID:
        raise not_sent(
            market, f"selfTradePrevention {wanted!r} is none of {_listed(SELF_TRADE_PREVENTION_ID)}"
        )
    return SELF_TRADE_PREVENTION_ID[word]


def _slippage(market: Market, kind: str, given: Params) -> Payload:
    tolerance, unit = given.pop("slippageTolerance", None), given.pop("slippageToleranceType", None)
    if tolerance is None and unit is None:
        return {}
    if kind != "market":
        raise not_sent(market, "slippageTolerance is for market orders")
    known = {word.lower(): word for word in SLIPPAGE_TOLERANCE_TYPES}
    if tolerance is None or str(unit).lower() not in known:
        raise not_sent(
            market,
            f"slippageTolerance needs a number and a slippageToleranceType of {_listed(known.values())}",
        )
    return {
        "slippageTolerance": plain(figure_of(market, "slippageTolerance", tolerance)),
        "slippageToleranceType": known[str(unit).lower()],
    }


def _attached(market: Market, name: str, wanted: Any) -> Payload:
    """A stop loss or take profit that goes with the order: {triggerPrice, price, triggerPriceType}."""
    if wanted is None:
        return {}
    if not isinstance(wanted, Mapping):
        wanted = {"triggerPrice": wanted}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    trigger_price = wanted.pop("triggerPrice", None) or wanted.pop("stopPrice", None)
    price = wanted.pop("price", None)
    kind = wanted.pop("type", None)
    source = wanted.pop("triggerPriceType", None) or wanted.pop("priceType", None)
    if trigger_price is None:
        raise not_sent(market, f"{name} needs a triggerPrice")
    if kind is not None and str(kind).lower() != ("market" if price is None else "limit"):
        raise not_sent(
            market, f"{name} of type {kind!r} with price {price!r}: limit takes a price, market none"
        )
    if wanted:
        raise not_sent(
            market, f"{name} has {_listed(wanted)}; it takes triggerPrice, price, type and triggerPriceType"
        )
    request = {f"{name}TriggerPrice": price_text(market, trigger_price, f"{name} triggerPrice")}
    if price is not None:
        request[f"{name}LimitPrice"] = price_text(market, price, f"{name} price")
    if source is not None:
        request[f"{name}TriggerBy"] = _trigger_by(market, source)
    return request


def _rest(market: Market, given: Params) -> Payload:
    """What is left: the venue's own names as they are. An unknown name would break the signature there."""
    call = f"an order in {market['symbol']}"
    for name, value in list(given.items()):
        if name in OWN_NAMES or name in CALL_PARAMS:
            continue
        if not says_nothing_new(call, name, value):
            near = get_close_matches(name, KNOWN, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {_listed(KNOWN)}"
            raise not_sent(market, f"params has {name!r}, which an order does not take; {hint}")
        del given[name]
    return given


def _listed(words: Any) -> str:
    return ", ".join(repr(word) for word in words)
