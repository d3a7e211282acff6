"""The ids of incidents."""

from __future__ import annotations

from freqops.core.halt import holds
from freqops.core.incident.ids import new_incident
from tests.unit.fakes import FakeClock


def test_an_incident_sorts_by_time_and_is_usable_as_a_name() -> None:
    clock = FakeClock()
    first = new_incident("halt3", clock)
    clock.now = 3600
    second = new_incident("halt1", clock)
    assert first.startswith("20260102T030405Z-halt3-")
    assert first < second
    assert holds.INCIDENT.fullmatch(first)
    assert len({new_incident("halt1", clock) for _ in range(50)}) == 50
