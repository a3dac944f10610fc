"""What callers give, as far as it is the same for every method: text that can be sent, plain values, names.

A method says itself which words and figures it takes. Here is refused what no method could: arrays, keys that
are no names, half characters, and a symbol or a code that is no text.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import wraps
from itertools import chain
from operator import itemgetter
from typing import Any

from ccxt.base.errors import BadRequest, BadSymbol

__all__ = ["Given", "listed", "params_of", "plain_params", "settle_short_ways"]

SHORT_WAYS = (
    "cancel_order_with_client_order_id",
    "cancel_orders_with_client_order_ids",
    "create_order_with_take_profit_and_stop_loss",
    "create_post_only_order",
    "create_reduce_only_order",
    "create_stop_limit_order",
    "create_stop_loss_order",
    "create_stop_market_order",
    "create_stop_order",
    "create_take_profit_order",
    "create_trigger_order",
    "edit_order_with_client_order_id",
    "fetch_order_with_client_order_id",
    "load_markets",
)
"""Methods of ccxt's own that look into what they are given before they call a method of ours that acts."""

PLAIN = frozenset({bool, float, int, type(None)})
"""What needs no second look."""

PLAIN_OR_TEXT = PLAIN | {str}

NAMES = {
    "symbol": (BadSymbol, "a symbol such as 'SOL/USDC'"),
    "code": (BadRequest, "a currency's code such as 'SOL'"),
    "fromCode": (BadRequest, "a currency's code such as 'SOL'"),
    "toCode": (BadRequest, "a currency's code such as 'SOL'"),
    "timeframe": (BadRequest, "a timeframe such as '1m'"),
}
"""Arguments that are text, or None where a method can do without."""

LISTS = frozenset({"symbols", "codes", "orders", "ids", "clientOrderIds"})
"""Arguments that are several values."""

DEEPEST = 6
MOST_QUOTED = 100


class Given:
    """What the arguments of one method may be."""

    def __init__(self, method: str, names: list[str]) -> None:
        self._method = method
        self._names = names
        self._texts: dict[tuple[type, ...], Callable[[Any], Any]] = {}
        """By kinds of arguments that were looked at, what of such arguments is looked at again: texts."""

    def taken(
        self, exchange_id: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What a method is given, as plain values; BadRequest or BadSymbol of what no method could take."""
        kinds = tuple(map(type, args))
        texts = None if kwargs else self._texts.get(kinds)
        if texts is not None and "".join(texts(args)).isascii():
            return args, kwargs
        for name, value in chain(zip(self._names, args, strict=False), kwargs.items()):
            self._check_one(exchange_id, name, value)
        if PLAIN_OR_TEXT.issuperset(kinds) and LISTS.isdisjoint(self._names[: len(args)]):
            places = [place for place, kind in enumerate(kinds) if kind is str]
            self._texts[kinds] = itemgetter(*places) if places else _no_texts
        return tuple(map(_plain, args)), {name: _plain(value) for name, value in kwargs.items()}

    def _check_one(self, exchange_id: str, name: str, value: Any) -> None:
        call = f"{exchange_id} {self._method}()"
        if name in NAMES and not (value is None or isinstance(value, str)):
            kind, words = NAMES[name]
            raise kind(f"{call} {name} has to be {words}, not {_quoted(value)}")
        if name in LISTS and (isinstance(value, bytes | bytearray) or not _is_several(value)):
            raise BadRequest(f"{call} {name} has to be a list, or None, not {_quoted(value)}")
        trouble = _trouble(value, DEEPEST)
        if trouble is not None:
            raise BadRequest(f"{call} {name} cannot be used: {trouble}")


def _plain(value: Any) -> Any:
    """The same without members of enumerations: the text of `class Side(str, Enum)`'s is 'Side.BUY', of
    whatever lists and dicts hold them."""
    kind = type(value)
    if kind is dict:
        return {name: _plain(one) for name, one in value.items()} if _has_members(value.values()) else value
    if kind is list or kind is tuple:
        return kind(map(_plain, value)) if _has_members(value) else value
    return value.value if _is_member(value) else value


def _has_members(values: Iterable[Any]) -> bool:
    return any(
        _has_members(one.values() if type(one) is dict else one) if type(one) in _LOOKS else _is_member(one)
        for one in values
    )


def _is_member(value: Any) -> bool:
    return isinstance(value, Enum) and isinstance(value, str | int | float)


def _no_texts(args: Any) -> str:
    return ""


def params_of(exchange_id: str, method: str, given: Any) -> dict[str, Any]:
    """The params of a call: None is none, and anything but a dict is refused."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadRequest(f"{exchange_id} {method}() params has to be a dict, not {_quoted(given)}")
    return dict(given)


def plain_params(exchange_id: str, method: str, given: Any) -> dict[str, Any]:
    """The same, and what is in them can be sent or compared: no arrays, no keys that are no names."""
    params = params_of(exchange_id, method, given)
    trouble = _trouble_in_dict(params, DEEPEST)
    if trouble is not None:
        raise BadRequest(f"{exchange_id} {method}() params cannot be used: {trouble}")
    return params


def listed(exchange_id: str, name: str, example: Any, given: Any) -> list[Any]:
    """What a caller lists; nothing where it is None. BadRequest for what is no list, such as one text."""
    if given is None:
        return []
    if not isinstance(given, str | bytes | bytearray) and _is_several(given):
        return list(given)
    raise BadRequest(f"{exchange_id} {name} have to be a list such as {example}, not {_quoted(given)}")


def settle_short_ways(owner: type) -> None:
    """Have ccxt's own short ways, such as `create_stop_order`, understand what they are given as ours do.

    They write into it, or ask whether it is true, before any method of ours sees it.
    """
    for name in SHORT_WAYS:
        method: Any = getattr(owner, name)
        is_ccxts = str(method.__module__).startswith("ccxt.")
        if is_ccxts and not hasattr(method, "__wrapped__"):
            setattr(owner, name, _with_params(method, list(inspect.signature(method).parameters)[1:]))


def _with_params(method: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    """A method of ccxt's whose arguments are plain and whose `params` are a dict when it begins."""
    place, taken = names.index("params"), Given(method.__name__, names).taken

    def understood(
        exchange_id: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if "params" in kwargs:
            kwargs["params"] = params_of(exchange_id, method.__name__, kwargs["params"])
        if len(args) > place:
            args = (*args[:place], params_of(exchange_id, method.__name__, args[place]), *args[place + 1 :])
        return taken(exchange_id, args, kwargs)

    if inspect.iscoroutinefunction(method):

        @wraps(method)
        async def awaited(self: Any, *args: Any, **kwargs: Any) -> Any:
            args, kwargs = understood(self.id, args, kwargs)
            return await method(self, *args, **kwargs)

        return awaited

    @wraps(method)
    def blocking(self: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = understood(self.id, args, kwargs)
        return method(self, *args, **kwargs)

    return blocking


def _is_several(value: Any) -> bool:
    """Whether it can be gone through; text is left to the method, which knows what was meant by it."""
    if value is None or isinstance(value, list | tuple | str):
        return True
    try:
        iter(value)
    except TypeError:  # an array without dimensions says so only when it is gone through
        return False
    return True


def _trouble(value: Any, depth: int) -> str | None:
    """What is wrong with a value whatever it is for."""
    kind = type(value)
    if kind in PLAIN:
        return None
    if isinstance(value, str):
        return None if value.isascii() or _is_whole_text(value) else "text with half a character in it"
    if getattr(value, "ndim", 0):
        return f"an array, {_quoted(value)}"
    look: Callable[[Any, int], str | None] | None = _LOOKS.get(kind)
    return None if look is None else look(value, depth - 1)


def _trouble_in_dict(value: dict[Any, Any], depth: int) -> str | None:
    for name, one in value.items():
        if not isinstance(name, str):
            return f"the key {_quoted(name)} is no name"
        trouble = _trouble(name, depth) or _trouble(one, depth)
        if trouble is not None:
            return f"{name} is {trouble}"
    return None


def _trouble_in_list(value: list[Any] | tuple[Any, ...], depth: int) -> str | None:
    if depth < 0:
        return "a list within lists"
    return next((trouble for one in value if (trouble := _trouble(one, depth)) is not None), None)


_LOOKS: dict[type, Callable[[Any, int], str | None]] = {
    dict: _trouble_in_dict,
    list: _trouble_in_list,
    tuple: _trouble_in_list,
}


def _is_whole_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MOST_QUOTED else text[:MOST_QUOTED] + "..."
