"""Requests made of the venue's OpenAPI end as it says: bounded here, longer by `make contract`."""

from __future__ import annotations

from tests.contract.generated import tried


def test_generated_requests_are_answered_as_the_venue_documents() -> None:
    report = tried(4)
    assert report.failures == {}
    assert len(report.statuses) == 81
    assert report.sent > 250
    assert len(report.succeeded) > 50
