"""A job that is run now: only what it wrote down of this very run says how it ended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.schedule import started
from freqops.core.schedule.record import End, Run
from tests.unit.core.schedule.conftest import World, end
from tests.unit.fakes import START, FakeClock

Start = Callable[[Sequence[str], float], "subprocess.CompletedProcess[str]"]


def starts(world: World, status: int, **ends: Any) -> Start:
    def start(words: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
        assert list(words) == ["systemctl", "start", "freqops_job-look.service"]
        assert seconds == 1800 + 90
        world.record(**ends)
        return subprocess.CompletedProcess(list(words), status, "", "it said")

    return start


def run(world: World, start: Start, name: str = "look") -> End:
    return started.run(world.run, world.calendar, name, FakeClock(), world.places, start)


@pytest.mark.parametrize("rc", [0, 3])
def test_how_it_ended_is_read_back(world: World, rc: int) -> None:
    mine = end(rc, invocation="i2")
    assert run(world, starts(world, int(rc > 0), **{"failure" if rc else "success": mine})).rc == rc


@pytest.mark.parametrize(
    ("status", "ends", "said"),
    [
        (0, {}, "wrote down nothing of it"),
        (0, {"success": end(invocation="i1")}, "wrote down nothing of it"),
        (0, {"success": end(invocation="i2", ago=timedelta(hours=1))}, "of another run"),
        (0, {"success": end(invocation="i2", deed="other")}, "of another run"),
        (0, {"success": end(invocation="i2"), "running": Run(START, "i2", "status")}, "wrote down nothing of it"),
        (1, {"success": end(invocation="i2")}, "wrote down status 0, and systemctl start ended with 1"),
        (0, {"failure": end(1, invocation="i2")}, "wrote down status 1, and systemctl start ended with 0"),
        (124, {}, "did not end within its time limit"),
    ],
)
def test_what_is_not_read_back_is_not_proven(world: World, status: int, ends: dict[str, Any], said: str) -> None:
    with pytest.raises(NotProven, match=said):
        run(world, starts(world, status, **ends))


def test_one_that_still_runs_is_not_started_again(world: World) -> None:
    world.units["freqops_job-look.service"]["ActiveState"] = "activating"
    world.record(running=Run(START, "i1", "status"))
    with pytest.raises(Refused, match="still runs since 2026-01-02T03:04:05Z, and is not started a second time"):
        run(world, starts(world, 0))


def test_one_that_is_not_there_or_not_as_it_was_written_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="has no job 'other'; it has look"):
        run(world, starts(world, 0), "other")
    (world.places.units / "freqops_job-look.service").write_text("[Service]\nExecStart=/bin/true\n")
    with pytest.raises(Refused, match="is not what schedule"):
        run(world, starts(world, 0))
    world.entry = replace(world.entry, enabled=False)
    with pytest.raises(Refused, match="is not enabled"):
        run(world, starts(world, 0))
