"""Words that are members of `class Side(str, Enum)` are taken by every method."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from ccxt.base.errors import BaseError

from tests.fuzz.calls import CALLS, Asked, name_of
from tests.fuzz.test_contexts import figures
from tests.fuzz.venue import answered_exchange, result_of


def as_members(value: Any) -> Any:
    """The same with every text a member of an enumeration; names in dicts stay names."""
    if isinstance(value, str):
        made: Any = Enum
        return made("Words", {"WORD": value}, type=str)["WORD"]
    if isinstance(value, dict):
        return {name: as_members(one) for name, one in value.items()}
    return type(value)(map(as_members, value)) if isinstance(value, list | tuple) else value


def outcome(asked: Asked) -> Any:
    try:
        return figures(result_of(answered_exchange(), asked))
    except BaseError as error:
        return type(error), str(error)


@pytest.mark.parametrize("asked", CALLS, ids=name_of)
def test_a_member_of_an_enumeration_is_the_word_that_it_equals(asked: Asked) -> None:
    members = asked._replace(args=as_members(asked.args))
    assert outcome(members) == outcome(asked)
