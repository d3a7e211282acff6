"""Lines that come again each round."""

from __future__ import annotations

from freqops.core.base.repeats import AGAIN_SECONDS, OVER_SECONDS, Repeats


def test_a_line_that_goes_on_is_said_once_an_hour() -> None:
    repeats = Repeats()
    said = [now for now in range(0, int(2 * AGAIN_SECONDS) + 1, 5) if repeats.news(["a"], float(now))]
    assert said == [0, AGAIN_SECONDS, 2 * AGAIN_SECONDS]


def test_each_line_is_said_for_itself_and_only_once_a_round() -> None:
    repeats = Repeats()
    assert repeats.news(["a", "a"], 0.0) == ["a"]
    assert repeats.news(["a", "b"], 5.0) == ["b"]


def test_a_line_that_was_over_is_said_when_it_comes_again() -> None:
    repeats = Repeats()
    assert repeats.news(["a"], 0.0) == ["a"]
    assert repeats.news(["a"], OVER_SECONDS) == []
    assert repeats.news([], 2 * OVER_SECONDS) == []
    assert repeats.news(["a"], 2 * OVER_SECONDS + 1) == ["a"]
