"""`call`: any method of the exchange, unified or the venue's own, by its name."""

from __future__ import annotations

import inspect
import json
import re
from typing import Annotated, Any

import typer

from bpx_connector.cli import access
from bpx_connector.cli.shown import show_json
from bpx_connector.cli.trading import Yes, agreed
from bpx_connector.cli.words import Refusal, nearest

__all__ = ["add_to"]

ASKS_ONLY = re.compile(r"^(fetch_|load_|(public|private)_get_|market$|has$)")
"""Methods that change nothing at the venue, and so are called without a question."""
IMPLICIT = re.compile(r"^(public|private)_")
MAY_BE_CALLED = re.compile(
    r"^(fetch|load_|create|edit|cancel|close_|set_|withdraw$|borrow|repay|lend|redeem|accept|refresh|convert|"
    r"update_account|public_|private_|market$|price_to|amount_to|cost_to)"
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("call", context_settings={"ignore_unknown_options": True})(call)


def call(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="fetch_ticker, fetchTicker, ...")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGUMENT]...", help="JSON, or text; NAME=VALUE by name.")
    ] = None,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help="It is JSON in any case.")] = False,
) -> None:
    """Call any method, and show its answer as JSON: bpx call fetch_ohlcv SOL/USDC 1m limit=3."""
    for word in words or []:  # typer lets them pass, so that a figure may be below zero
        if word.startswith("--"):
            raise Refusal(f"call has no option {word}{nearest(word, ('--yes', '--json'))}")
    with access.exchange() as made:
        name = _snake(method)
        known = [each for each in dir(type(made)) if MAY_BE_CALLED.match(each)]
        if name not in known:
            raise Refusal(f"there is no method {method} to call{nearest(name, known)}")
        found = getattr(made, name)
        arguments, named = _arguments(words or [])
        if IMPLICIT.match(name) and "params" not in named:  # whose names are the venue's own
            arguments, named = [*arguments, *([named] if named else [])], {}
        _fits(name, found, arguments, named)
        if not ASKS_ONLY.match(name):
            shown = [*map(repr, arguments), *(f"{key}={value!r}" for key, value in named.items())]
            agreed(f"call {name}({', '.join(shown)}) at {access.address(made)}", yes)
        show_json(found(*arguments, **named))


def _snake(name: str) -> str:
    """A name of either of ccxt's spellings in the one with underscores."""
    if "_" in name or name.islower():
        return name
    spelt = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return re.sub(r"api_v(\d)", r"api_v\1", spelt)


def _arguments(words: list[str]) -> tuple[list[Any], dict[str, Any]]:
    plain, named = [], {}
    for word in words:
        key, is_named, value = word.partition("=")
        if is_named and key.isidentifier():
            named[key] = _value(value)
        else:
            plain.append(_value(word))
    return plain, named


def _value(word: str) -> Any:
    """JSON where it is (but figures stay as they were typed, unless whole), else the text itself."""
    if re.fullmatch(r"-?\d+\.\d+", word):
        return word
    try:
        return json.loads(word)
    except ValueError:
        return None if word in ("None", "none") else word


def _fits(name: str, found: Any, arguments: list[Any], named: dict[str, Any]) -> None:
    signature = inspect.signature(found)
    try:
        signature.bind(*arguments, **named)
    except TypeError as error:
        signature = signature.replace(return_annotation=signature.empty)
        raise Refusal(f"{name}{signature}: {error}") from error
