"""The table and the moments that operators read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from freqops.core.base.clock import Clock, iso
from freqops.core.base.text_table import table
from tests.unit.fakes import START


def test_a_table_shows_no_answer_as_a_dash_and_no_as_no() -> None:
    text = table(("bot", "proven", "seconds"), [["alpha", True, 1.5], ["b", False, None]])
    assert text.splitlines() == [
        "bot    proven  seconds",
        "-----  ------  -------",
        "alpha  yes     1.5",
        "b      NO      -",
    ]
    assert table(("bot",), []).splitlines() == ["bot", "---"]


def test_time_is_told_in_utc_to_the_second() -> None:
    east = timezone(timedelta(hours=2))
    assert iso(datetime(2026, 1, 2, 5, 4, 5, 999999, tzinfo=east)) == "2026-01-02T03:04:05Z"
    assert iso(START) == "2026-01-02T03:04:05Z"
    clock = Clock()
    before = clock.monotonic()
    clock.sleep(0)
    assert clock.monotonic() >= before
    assert clock.utcnow().tzinfo is UTC
