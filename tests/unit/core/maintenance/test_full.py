"""When a full vacuum is worth while, and what stands behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from freqops.core.maintenance import full
from freqops.core.maintenance.figures import ESTIMATE, Figures, Table
from freqops.core.maintenance.full import MEBIBYTE

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GIB = 1024 * MEBIBYTE


def of(*tables: Table, size: int = 2 * GIB, free: int = 0) -> Figures:
    return Figures(size, 0, 1, ESTIMATE, free, tables)


def test_the_largest_bloat_is_first_and_small_bloat_is_left() -> None:
    small, large = Table("a", GIB // 2, GIB // 8, 1), Table("b", GIB, GIB // 2, 1)
    assert full.worth(of(small, large, Table("c", GIB // 8, GIB // 64, 1)), 1024).tables == (large, small)


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        (of(Table("a", GIB, GIB, 1), size=GIB), "its database has 1024.0 MiB, and is not above 1024 MiB"),
        (of(Table("a", 2 * GIB, GIB // 4, 1)), "is less than 20 %"),
        (of(Table("a", 2 * GIB, None, 1)), "is less than 20 %; of a it is not known"),
        (of(Table("a", GIB, GIB // 4, 1), Table("b", GIB, 0, 1)), "256.0 MiB of 2048.0 MiB would be won"),
        (of(), "is less than 20 %"),
    ],
)
def test_what_is_not_worth_it_says_why(figures: Figures, why: str) -> None:
    found = full.worth(figures, 1024)
    assert (found.tables, why in found.why_not) == ((), True), found


def test_free_pages_alone_may_be_worth_it() -> None:
    assert full.worth(of(Table("a", GIB, None, 1), free=GIB), 1024).why_not == ""


def test_room_is_needed_twice_and_some_is_left() -> None:
    assert full.without_room(GIB, 2 * GIB + 512 * MEBIBYTE) == ""
    assert full.without_room(GIB, 2 * GIB + 512 * MEBIBYTE - 1) == (
        "2560.0 MiB are left on its disk, and 2560.0 MiB are needed: make room"
    )


@pytest.mark.parametrize(("seconds", "young"), [(0, True), (3600, True), (3601, False), (-60, True), (-61, False)])
def test_a_dump_is_young_for_an_hour_and_none_is_of_the_future(seconds: int, young: bool) -> None:
    assert full.is_young(NOW - timedelta(seconds=seconds), NOW) is young


def test_open_trades_are_named() -> None:
    assert full.not_flat([]) == ""
    assert full.not_flat([f"{number} A/B" for number in range(7)]).startswith("it has 7 open trades (0 A/B, 1 A/B")
