"""Lines of several hosts merged by time while they arrive: a bounded wait, and nobody holds up another."""

from __future__ import annotations

import pytest

from freqops.core.logs.merge import BEGINNING, PASSED, WAIT, Merge


def row(second: float) -> dict[str, str]:
    return {"at": f"2026-01-02T03:{int(second) // 60:02d}:{second % 60:09.6f}Z"}


def merged(*hosts: str) -> Merge:
    """Return a merge of hosts that have all begun at 0."""
    made = Merge(hosts, 0.0)
    for host in hosts:
        made.begun(host, 0.0)
    return made


def due(made: Merge, now: float) -> list[tuple[str, str]]:
    return [(host, str(found["at"])) for host, found in made.due(now)]


def of(host: str, *seconds: float) -> list[tuple[str, str]]:
    return [(host, row(second)["at"]) for second in seconds]


def test_what_every_host_has_a_line_behind_is_given_at_once_by_time() -> None:
    made = merged("a", "b")
    for host, second in (("a", 1), ("a", 4), ("b", 2), ("b", 3)):
        made.take(host, row(second), 5.0)
    assert due(made, 5.0) == [*of("a", 1), *of("b", 2, 3)], "b may still say something before 4"


def test_a_line_waits_for_a_slower_host_and_no_longer_than_said() -> None:
    made = merged("a", "b")
    made.take("a", row(4), 5.0)
    assert due(made, 5.0 + WAIT - 0.01) == []
    made.take("b", row(3), 5.0 + WAIT - 0.01)
    assert due(made, 5.0 + WAIT) == [*of("b", 3), *of("a", 4)]
    made.take("a", row(5), 10.0)
    assert due(made, 10.0 + WAIT) == of("a", 5)


def test_a_host_that_is_gone_is_not_waited_for_and_its_lines_are_given() -> None:
    made = merged("a", "b")
    made.take("b", row(9), 5.0)
    made.take("a", row(4), 5.0)
    made.gone("b", 5.0)
    assert due(made, 5.0) == of("a", 4)
    made.take("a", row(10), 5.0)
    assert due(made, 5.0) == [*of("b", 9), *of("a", 10)]


def test_the_lines_of_one_host_keep_their_order_whatever_their_times_are() -> None:
    made = merged("a", "b")
    for second in (50, 3, 40, 2):
        made.take("a", row(second), 1.0)
    made.take("b", row(1), 1.0)
    made.gone("b", 1.0)
    assert due(made, 1.0) == [*of("b", 1), *of("a", 50, 3, 40, 2)]


def test_a_line_of_a_clock_that_is_ahead_holds_up_no_other_host() -> None:
    made = merged("a", "b")
    made.take("a", row(3000), 1.0)
    made.take("b", row(2), 1.5)
    assert due(made, 1.5) == of("b", 2)
    assert due(made, 1.0 + WAIT) == of("a", 3000)


def test_a_line_of_a_clock_that_is_ahead_is_given_though_the_others_never_end() -> None:
    made = merged("a", "b")
    made.take("a", row(3000), 1.0)
    for number in range(3 * PASSED):
        made.take("b", row(number / 1000), 1.0)
    found = due(made, 1.0 + WAIT)
    assert found.index(("a", row(3000)["at"])) == PASSED
    assert len(found) == 3 * PASSED + 1


def test_at_first_every_host_is_waited_for_so_that_what_was_there_is_in_order() -> None:
    made = Merge(("a", "b"), 0.0)
    made.take("a", row(2), 0.1)
    made.begun("a", 0.1)
    assert due(made, BEGINNING - 0.01) == []
    made.take("b", row(1), BEGINNING - 0.01)
    made.begun("b", BEGINNING - 0.01)
    assert due(made, BEGINNING - 0.01) == of("b", 1), "a has waited from now on, as long as any"
    assert due(made, BEGINNING - 0.01 + WAIT) == of("a", 2)


@pytest.mark.parametrize("how", ["silent", "gone"])
def test_a_host_that_never_begins_holds_the_others_up_for_a_bounded_time(how: str) -> None:
    made = Merge(("a", "b"), 0.0)
    made.take("a", row(2), 0.1)
    made.begun("a", 0.1)
    if how == "gone":
        made.gone("b", 3.0)
    assert due(made, 3.0 if how == "gone" else BEGINNING) == of("a", 2)


def test_at_the_end_everything_is_given_by_time() -> None:
    made = Merge(("a", "b"), 0.0)
    for second in (5, 1, 3):
        made.take("a" if second > 2 else "b", row(second), 0.0)
    given = [str(found["at"]) for _, found in made.rest()]
    assert len(given) == 3
    assert given[0] == row(1)["at"]
