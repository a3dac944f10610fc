"""A sample of every method's spoilt answers; all of them are tried by `make fuzz`.

No exception but ccxt's, no figure that is none, nothing remembered that was not understood, no list that
falls for one of its rows, and nothing called refused after it was sent.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from tests.fuzz.calls import CALLS, IMPLICIT, Asked, name_of
from tests.fuzz.good_answers import operations
from tests.fuzz.spoilt_answers import Report, swept
from tests.fuzz.venue import answered_exchange, outcome_of

SHARE = 0.02
"""How many of the spoilt answers are tried here."""


@pytest.mark.parametrize("number", [float, str, Decimal])
@pytest.mark.parametrize("asked", CALLS, ids=name_of)
def test_no_spoilt_answer_does_harm(asked: Asked, number: Any) -> None:
    report, dice = Report(), random.Random(f"{name_of(asked)} {number.__name__}")
    swept(asked, report, lambda: dice.random() < SHARE, number)
    assert report.faults == []


def test_every_operation_of_the_document_is_asked_by_some_method() -> None:
    asked = set()
    for one in CALLS:
        exchange = answered_exchange()
        outcome_of(exchange, one)
        asked |= set(exchange.asked)
    exchange = answered_exchange()
    for name in IMPLICIT:
        getattr(exchange, name)()
    asked |= set(exchange.asked)
    assert set(operations()) - asked == set()
