"""Switches: named, bounded, turned alike from everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpx_connector.sandbox.records.switches import SwitchError, Switches, switch_of


def test_every_switch_stands_at_its_first_value_and_says_what_it_means() -> None:
    for row in Switches().rows().values():
        assert row["value"] == row["values"][0]
        assert len(row["values"]) > 1
        assert row["meaning"]


def test_the_page_of_doors_has_a_row_for_every_switch() -> None:
    page = (Path(__file__).parents[3] / "docs" / "control.md").read_text(encoding="utf-8")
    for name, row in Switches().rows().items():
        values = ", ".join(f"`{ {True: 'on', False: 'off'}.get(value, value) }`" for value in row["values"])
        assert f"| `{name}` | {values} | {row['meaning']} |" in page


def test_a_switch_takes_its_own_values_only() -> None:
    switches = Switches()
    switches.fired_orders = "same_id"
    with pytest.raises(SwitchError, match="fired_orders=both is not one of linked, same_id, unlinked"):
        switches.fired_orders = "both"
    assert switches.fired_orders == "same_id"


def test_a_misspelt_switch_is_not_set_beside_the_right_one() -> None:
    with pytest.raises(SwitchError, match=r"did you mean 'running_kline'\?"):
        Switches().runing_kline = True


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("running_kline=on", ("running_kline", True)),
        ("running_kline=off", ("running_kline", False)),
        ("running_kline=true", ("running_kline", True)),
        ("fired_orders=unlinked", ("fired_orders", "unlinked")),
    ],
)
def test_a_line_of_text_turns_a_switch(text: str, read: object) -> None:
    assert switch_of(text) == read


@pytest.mark.parametrize("text", ["", "running_kline", "running_kline=1", "fired_orders=on", "x=y"])
def test_a_line_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SwitchError):
        switch_of(text)


def test_several_switches_are_turned_together_or_not_at_all() -> None:
    switches = Switches()
    with pytest.raises(SwitchError):
        switches.set({"running_kline": True, "blank_klines": "perhaps"})
    assert switches == Switches()
