"""The modules of the calendar: what they refuse before anything is changed, and what they believe."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.freqops.core.schedule import calendar_file
from ansible.module_utils.freqops.core.schedule import look as looks

from library import freqops_schedule, freqops_schedule_judge
from tests.unit.core.schedule.conftest import World, end
from tests.unit.core.schedule.conftest import world as world  # noqa: PLC0414  the fixture
from tests.unit.library.conftest import Run

BASE = "ansible.module_utils.freqops.core"
GIVEN = {"playbooks": {"status": {}}, "project": "/opt/p", "python": "/opt/p/python", "inventory": "/opt/i",
         "user": "root", "keep": 5}  # fmt: skip
JOB = {"name": "look", "playbook": "status", "when": "daily"}


@pytest.fixture
def machine(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The modules on a machine that is made up."""
    ours = f"{BASE}.schedule"
    load, look = calendar_file.load, looks.look
    monkeypatch.setattr(f"{ours}.calendar_file.load", lambda: load(world.machine.calendar, world.machine.owner))
    monkeypatch.setattr(
        f"{ours}.look.look", lambda run, calendar, now, _places: look(run, calendar, now, places(world))
    )
    monkeypatch.setattr(f"{BASE}.base.commands.run", lambda words, *_: world.run(words))
    return world


def places(world: World) -> Any:
    return looks.Places(world.places.state, world.places.units)


def test_the_calendar_is_shown(run: Run, machine: World) -> None:
    machine.record(success=end())
    done = run(freqops_schedule)
    assert done["changed"] is False
    assert "look  status  daily" in done["lines"][2]


def test_a_timer_that_does_not_run_by_itself_is_not_proven(run: Run, machine: World) -> None:
    assert "failed" not in run(freqops_schedule, action="prove")
    machine.units["freqops_job-look.timer"]["UnitFileState"] = "disabled"
    assert "NOT PROVEN: job look: freqops_job-look.timer is disabled" in run(freqops_schedule, action="prove")["msg"]
    assert "failed" not in run(freqops_schedule)


def test_a_check_shows_the_calendar_that_would_be(run: Run, machine: World) -> None:
    machine.entry = replace(machine.entry, name="coming")
    done = run(freqops_schedule, check=True, action="prove", wanted=machine.calendar.to_json())
    assert "coming  status" in done["lines"][2]


def test_a_job_that_is_run_says_how_it_ended(run: Run, machine: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = end(3)
    monkeypatch.setattr(f"{BASE}.schedule.started.run", lambda *_: ended)
    done = run(freqops_schedule, action="run", job="look")
    assert (done["failed"], done["rc"], done["changed"]) == (True, 3, True)
    assert "job look ended with status 3: first | last" in done["msg"]
    ended = end()
    done = run(freqops_schedule, action="run", job="look")
    assert (done.get("failed"), done["rc"], done["lines"][-1][:18]) == (None, 0, "job look: status 0")


def test_a_check_runs_no_job_and_one_must_be_named(run: Run, machine: World) -> None:
    assert "NOTHING DONE" in run(freqops_schedule, check=True, action="run", job="look")["msg"]
    assert "no job is named" in run(freqops_schedule, action="run")["msg"]
    assert "has no job 'other'" in run(freqops_schedule, action="run", job="other")["msg"]
    assert not any("start" in words for words in machine.asked)


def test_what_is_refused_is_said_and_nothing_is_changed(run: Run, machine: World) -> None:
    done = run(freqops_schedule_judge, jobs=[{**JOB, "wen": 1}], **GIVEN)
    assert done["msg"] == "REFUSED, nothing was changed: job look: unknown key 'wen'"
    done = run(freqops_schedule_judge, jobs=[JOB], **{**GIVEN, "inventory": "/opt/other"})
    assert "the calendar of this machine is that of the inventory /opt/i" in done["msg"]
    machine.machine.calendar.write_text("{")
    assert "REFUSED, nothing was changed: the calendar" in run(freqops_schedule_judge, jobs=[JOB], **GIVEN)["msg"]


def test_what_is_judged_well_is_the_calendar_with_its_units(
    run: Run, machine: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks/status.yml").touch()
    answers: list[Sequence[str]] = []

    def answer(words: Sequence[str], *_: Any) -> subprocess.CompletedProcess[str]:
        answers.append(words)
        return machine.run(words)

    monkeypatch.setattr(f"{BASE}.base.commands.run", answer)
    given = {**GIVEN, "project": str(tmp_path)}
    done = run(freqops_schedule_judge, defaults=[{**JOB, "when": "monthly"}, {**JOB, "name": "b"}], jobs=[JOB], **given)
    assert (done["changed"], done["timers"]) == (False, ["freqops_job-b.timer", "freqops_job-look.timer"])
    assert [job["when"] for job in done["calendar"]["jobs"]] == ["daily", "daily"]
    assert done["absent"] == []
    assert any("runuser" in words for words in answers)
