"""Every method gives the same in whatever decimal context a program has set: one digit, every trap."""

from __future__ import annotations

from decimal import Context, Decimal, FloatOperation, Inexact, Rounded, localcontext
from typing import Any

import pytest
from ccxt.base.errors import BaseError

from tests.fuzz.calls import CALLS, Asked, name_of
from tests.fuzz.venue import answered_exchange, result_of

HARSH = Context(prec=1, traps=[FloatOperation, Inexact, Rounded])
NO_FIGURE = frozenset({"clientOrderId", "datetime", "info", "lastUpdateTimestamp", "nonce", "timestamp"})


def figures(result: Any) -> Any:
    """A result without what is another one each time."""
    if isinstance(result, dict):
        return {name: figures(one) for name, one in result.items() if name not in NO_FIGURE}
    return [figures(one) for one in result] if isinstance(result, list | tuple) else repr(result)


def outcome(asked: Asked, number: Any) -> Any:
    try:
        return figures(result_of(answered_exchange(number), asked))
    except BaseError as error:
        return type(error)


@pytest.mark.parametrize("number", [float, Decimal])
@pytest.mark.parametrize("asked", CALLS, ids=name_of)
def test_the_decimal_context_of_a_program_changes_nothing(asked: Asked, number: Any) -> None:
    usual = outcome(asked, number)
    with localcontext(HARSH):
        assert outcome(asked, number) == usual
