"""What `make test` refuses to cost more."""

from __future__ import annotations

import pytest

from tests import lanes
from tests.budget import Budget, judged, load

BUDGET = Budget(reference=1.0, core_minutes={"live": 10.0})


def said(used: float) -> list[tuple[str, bool]]:
    """Return what is said of a part that took so much, and whether it is red."""
    return [(verdict.said, verdict.red) for verdict in judged({"live": used}, ["live"], BUDGET)]


@pytest.mark.parametrize("used", [0.0, 9.9, 10.0])
def test_up_to_its_budget_nothing_is_said(used: float) -> None:
    assert said(used) == []


@pytest.mark.parametrize("used", [10.1, 12.9, 13.0])
def test_a_little_above_is_a_warning_with_both_figures(used: float) -> None:
    assert said(used) == [(f"live took {used:.1f} core-minutes and may take 10.0", False)]


def test_more_than_that_is_red() -> None:
    assert said(13.1) == [("live took 13.1 core-minutes and may take 10.0, and 1.3 times that at most", True)]


def test_a_part_without_a_budget_is_red_even_if_it_did_not_run() -> None:
    [verdict] = judged({}, ["live", "halt"], BUDGET)
    assert verdict.red
    assert "halt has no budget" in verdict.said


def test_a_budget_without_a_part_is_red() -> None:
    [verdict] = judged({}, [], BUDGET)
    assert verdict.red
    assert "live has a budget and is no part" in verdict.said


def test_what_was_not_run_is_not_compared() -> None:
    assert judged({}, ["live"], BUDGET) == []


def test_every_part_of_the_lanes_has_a_budget_and_no_other() -> None:
    parts = [lanes.LAB, *(part for lane in lanes.load() for part in lane.parts)]
    assert judged({}, parts, load()) == []
