"""A sample of statuses, codes and phrases for every method that changes something; all behind `make fuzz`."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.calls import Asked, name_of
from tests.fuzz.spoilt_answers import Report
from tests.fuzz.statuses import acting, swept_statuses

SHARE = 0.0015
"""How many of the answers are given here."""


@pytest.mark.parametrize("asked", acting(), ids=name_of)
def test_only_a_certain_refusal_is_called_one(asked: Asked) -> None:
    report, dice = Report(), random.Random(name_of(asked))
    swept_statuses(asked, report, lambda: dice.random() < SHARE)
    assert report.faults == []
