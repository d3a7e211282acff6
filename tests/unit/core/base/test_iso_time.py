"""Moments in ISO 8601 are read alike by every Python, and what is none says what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base import iso_time
from freqops.core.base.clock import iso

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC) | OFFSETS))  # noqa: DTZ001  bounds
def test_what_python_writes_is_read(moment: datetime) -> None:
    assert iso_time.parse(moment.isoformat()) == moment
    assert iso_time.parse(moment.replace(tzinfo=None).isoformat()) == moment.replace(tzinfo=UTC)
    assert iso_time.parse(iso(moment).rjust(20, "0")) == moment.replace(microsecond=0)


@pytest.mark.parametrize("text", ["2026-01-31T18:00Z", "2026-01-31 18:00", "2026-01-31T19:00:00.0+01"])
def test_shorter_forms_are_read(text: str) -> None:
    assert iso_time.parse(text) == datetime(2026, 1, 31, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026-01-31", "18:00", "1769882400", "2026-1-31T18:00:00Z", "2026-02-30T18:00:00Z"),
        *("2026-01-31T24:00:00Z", "2026-01-31T18:00:61Z", "2026-01-31T18:00:00+24:00", "2026-01-31T18:00:00+01:60"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00Z", "2026-01-31T18:00:00ZZ"),
        *(" 2026-01-31T18:00:00Z", "2026-01-31T18:00:00Z\n", "\uff12\uff10\uff12\uff16-01-31T18:00:00Z", "x" * 10_000),
    ],
)
def test_what_is_no_moment_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="is not a moment like 2026-01-31T18:00:00Z") as refused:
        iso_time.parse(text)
    assert len(str(refused.value)) < 250
