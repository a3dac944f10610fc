"""What is written about the sandbox is made from it."""

from __future__ import annotations

from bpx_connector.sandbox.doors import DOORS
from tools import doors_page


def test_the_page_of_doors_is_made_from_the_doors() -> None:
    written = doors_page.TARGET.read_text(encoding="utf-8")
    assert written == doors_page.as_text(), "make operations writes it anew"
    assert all(door.effect[1:] in written for door in DOORS)
