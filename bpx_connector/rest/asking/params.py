"""What a caller may say beside the arguments: `params` are understood here, or refused by name.

The venue verifies a signature over all that it is sent, so a name that an operation does not take ends in
"Invalid signature", and what was asked for does not happen. So every request passes here before it is signed.
What the operation takes goes on. A word of ccxt's that no method has taken for itself is dropped where it
says nothing new, `marginMode` 'cross' for one, and refused where it asks for what there is not. Any other
name is refused with what the operation takes.

A parameter that is newer than this package goes out if `options['unknownParams']` is True. What a program
asks of an implicit method (`private_get_api_v1_orders`) goes out as it is: there the words are the venue's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from ccxt.base.errors import BadRequest, NotSupported

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params
from bpx_connector.flow import is_in_a_flow, ours
from bpx_connector.rest.asking.arguments import flag_of
from bpx_connector.venue.endpoints import ENDPOINTS
from bpx_connector.venue.words import MARKET_KINDS

__all__ = ["CALL_PARAMS", "UnderstoodParams", "pages_of", "says_nothing_new", "taken", "trigger_of"]

CALL_PARAMS = frozenset({"recvWindow", "maxRetriesOnFailure", "maxRetriesOnFailureDelay"})
"""About the call, not about what is asked for: they travel along with it."""

NOTHING_NEW: dict[str, tuple[frozenset[str], str]] = {
    "type": (frozenset({*MARKET_KINDS, "margin", "other"}), "names a kind of market"),
    "subType": (frozenset({"linear"}), "can only be 'linear', the venue has no inverse markets"),
    "marginMode": (frozenset({"cross"}), "can only be 'cross', the venue isolates by subaccount"),
    "settle": (frozenset({"USDC"}), "can only be 'USDC'"),
    "defaultType": (frozenset({*MARKET_KINDS, "margin"}), "names a kind of market"),
    "paginationDirection": (frozenset({"forward", "backward"}), "is 'forward' or 'backward'"),
}
"""Words of ccxt's that choose among what other venues have: those values say nothing new here."""

OFF = frozenset(
    {
        "hedged", "paginate", "portfolioMargin", "stop", "trailing", "trigger", "uta", "unifiedAccount",
        "searchForward",
    }
)  # fmt: skip
"""Words of ccxt's that switch something on: off says nothing new, on is not to be had of this operation."""

ONLY_WAY = frozenset({"method", "until", "network", "paginationCalls"})
"""Words of ccxt's that cannot be left out without doing something else than was asked."""


HOW_OFTEN = frozenset({"maxRetries", "maxEntriesPerRequest"})
"""How ccxt's own reading of pages goes about it. What comes of ours is the same."""


class UnderstoodParams(Ccxt):
    """The one border between what callers say and what is sent."""

    @ours
    def request(
        self, path: str, api: Any = "public", method: str = "GET", params: Any = {}, config: Any = {}
    ) -> Any:
        """The decoded answer of one operation, asked for with parameters that it takes."""
        endpoint = ENDPOINTS.get((method, path))
        if params is None:
            params = {}
        is_odd = (
            endpoint is not None
            and type(params) is dict
            and ("type" in params or not params.keys() <= endpoint.parameters)
        )
        if endpoint is not None and is_odd and is_in_a_flow():
            known = endpoint.parameters | endpoint.newer
            params = self._understood(f"{self.id} {method} /{path}", params, known)
        return self.fetch2(path, api, method, params, config=config)

    def _understood(self, call: str, params: Params, known: Collection[str]) -> Params:
        is_open = self.options.get("unknownParams") is True
        return {
            name: value
            for name, value in params.items()
            if (name in known and not _is_kind(name, value))
            or name in CALL_PARAMS
            or self._goes_on(call, name, value, known, is_open)
        }

    def _goes_on(self, call: str, name: str, value: Any, known: Collection[str], is_open: bool) -> bool:
        """Whether a name that the operation does not take is sent nevertheless; or the refusal of it."""
        if value is None or says_nothing_new(call, name, value):
            return False
        if is_open or name in self.options:  # ccxt's own options of a call
            return is_open
        near = get_close_matches(str(name), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(sorted(known)) or 'none'}"
        raise BadRequest(f"{call} does not take params[{name!r}]; {hint}")


def _is_kind(name: str, value: Any) -> bool:
    """Whether this is ccxt's kind of market; a history of the venue's has kinds of events by that name."""
    return name == "type" and value in tuple(NOTHING_NEW[name][0])


def says_nothing_new(call: str, name: str, value: Any) -> bool:
    """Whether a word of ccxt's says what is true here anyway. NotSupported of one that asks for more."""
    if name in NOTHING_NEW:
        allowed, sentence = NOTHING_NEW[name]
        if value in tuple(allowed):
            return True
        raise NotSupported(f"{call}: params[{name!r}] {sentence}; it is {value!r}")
    if name in OFF:
        if flag_of(value) is False:
            return True
        raise NotSupported(f"{call} cannot do what params[{name!r}] asks for; leave it out")
    if name in ONLY_WAY:
        raise NotSupported(f"{call} does not take params[{name!r}]; leave it out")
    return name in HOW_OFTEN


def pages_of(call: str, params: Mapping[str, Any]) -> tuple[Any, Params]:
    """ccxt's `paginationCalls`, for what is read from a time on, and the params that are left."""
    calls, rest = taken(params, "paginationCalls")
    is_backward = rest.get("paginationDirection") == "backward"
    if calls is not None and is_backward and flag_of(rest.get("paginate")):
        raise NotSupported(
            f"{call} reads from `since` on: it has no last pages; leave paginationDirection out"
        )
    return calls, rest


def taken(params: Mapping[str, Any], *names: str) -> tuple[Any, Params]:
    """The first of these params that is set, and the params without them."""
    value = next((params[name] for name in names if params.get(name) is not None), None)
    return value, {name: given for name, given in params.items() if name not in names}


def trigger_of(call: str, params: Mapping[str, Any]) -> tuple[bool | None, Params]:
    """ccxt's `trigger`, or `stop` as it was called before, and the params that are left."""
    value, rest = taken(params, "trigger", "stop")
    if value is None:
        return None, rest
    flag = flag_of(value)
    if flag is None:
        raise BadRequest(f"{call} trigger has to be True or False, not {value!r}")
    return flag, rest
