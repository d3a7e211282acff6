"""What status says of the calendar: what is red, what is only said, and what a machine without one says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from freqops.core.schedule import elapse, look, of_machine, record
from freqops.core.schedule.record import Run
from tests.unit.core.schedule.conftest import DAY, World, end
from tests.unit.fakes import START

TIMER, SERVICE = "freqops_job-look.timer", "freqops_job-look.service"


def told(world: World, inventories: list[str] | None = None) -> tuple[list[str], list[str]]:
    return of_machine.look(world.run, START, inventories, world.machine)


def test_a_job_that_ended_well_is_said_and_nothing_is_wrong(world: World) -> None:
    world.record(success=end(ago=DAY))
    wrong, notes = told(world)
    assert wrong == []
    assert notes == ["job look: last success 2026-01-01T03:04:05Z, next 2026-01-03T00:00:00Z"]


@pytest.mark.parametrize("ago", [2 * DAY, 2 * DAY + timedelta(seconds=1)])
def test_a_success_is_red_above_twice_its_period(world: World, ago: timedelta) -> None:
    world.record(success=end(ago=ago))
    wrong, _ = told(world)
    assert bool(wrong) is (ago > 2 * DAY)
    assert not wrong or "its last success was 2.0 days ago (red above 2.0 days)" in wrong[0]


def test_a_job_that_never_succeeded_is_red_twice_its_period_after_it_was_declared(world: World) -> None:
    assert told(world)[0] == []
    world.since = 3 * DAY
    world.install()
    world.record(failure=end(2))
    assert "it never succeeded since it was declared 3.0 days ago" in told(world)[0][0]


def test_a_success_of_another_deed_is_none(world: World) -> None:
    world.since = 3 * DAY
    world.install()
    world.record(success=end(deed="status --limit paper-1"))
    assert "never succeeded" in told(world)[0][0]


def test_a_success_of_the_future_is_red(world: World) -> None:
    world.record(success=end(ago=-DAY))
    assert "in the future: the clock was set back" in told(world)[0][0]


def test_a_job_that_runs_is_not_judged_for_it_may_be_what_asks(world: World) -> None:
    world.record(success=end(ago=9 * DAY), running=Run(START, "i2", "status"))
    world.units[SERVICE]["ActiveState"] = "activating"
    assert told(world)[0] == []
    world.units[SERVICE]["ActiveState"] = "failed"
    wrong, notes = told(world)
    assert "9.0 days ago" in wrong[0]
    assert "job look: FAILED: its run of 2026-01-02T03:04:05Z was cut off" in notes


def test_a_failure_is_said_with_its_status_and_its_last_lines(world: World) -> None:
    world.record(success=end(ago=DAY), failure=end(4))
    wrong, notes = told(world)
    assert wrong == []
    assert notes[1] == "job look: FAILED with status 4 at 2026-01-02T03:04:05Z: first | last"


@pytest.mark.parametrize(
    ("unit", "state", "said"),
    [
        (TIMER, {"LoadState": "masked"}, "is masked"),
        (TIMER, {"LoadState": "not-found"}, "cannot be loaded (not-found): schedule.yml installs it"),
        (SERVICE, {"LoadState": "not-found"}, "cannot be loaded (not-found): schedule.yml installs it"),
        (TIMER, {"ActiveState": "inactive"}, f"{TIMER} is inactive"),
        (TIMER, {"UnitFileState": "disabled"}, f"{TIMER} is disabled"),
        (SERVICE, {"DropInPaths": "/etc/systemd/system/x.d/a.conf"}, "is overridden by"),
    ],
)
def test_a_timer_that_does_not_run_by_itself_is_red(world: World, unit: str, state: dict[str, str], said: str) -> None:
    world.record(success=end())
    world.units[unit] |= state
    assert any(said in text for text in told(world)[0])


@pytest.mark.parametrize("unit", [TIMER, SERVICE])
def test_a_unit_that_somebody_changed_is_red(world: World, unit: str) -> None:
    path = world.places.units / unit
    path.write_text(path.read_text().replace("User=ops", "User=root").replace("OnCalendar=daily", "OnCalendar=yearly"))
    assert any(f"{unit} is not what schedule.yml wrote" in text for text in told(world)[0])


def test_a_timer_that_comes_never_again_is_red(world: World) -> None:
    world.coming = ""
    assert "does not say when it comes next" in told(world)[0][0]


def test_a_record_that_cannot_be_read_is_red_and_is_no_success(world: World) -> None:
    world.record(success=end())
    (world.places.state / "look" / record.FILE).write_text('{"version": 1, "success": {"rc": "0"}}')
    assert "record.json: " in told(world)[0][0]
    (world.places.state / "look" / record.FILE).unlink()
    (world.places.state / "look" / record.FILE).symlink_to("/etc/passwd")
    assert "it is a link" in told(world)[0][0]


def test_a_job_that_is_not_enabled_is_said_and_red_only_where_its_timer_runs(world: World) -> None:
    world.entry = replace(world.entry, enabled=False)
    world.install()
    assert "it is not enabled, and" in told(world)[0][0]
    world.units[TIMER]["ActiveState"] = "inactive"
    assert told(world) == ([], ["job look: it is not enabled"])


def test_a_machine_without_a_calendar_says_so_only_where_it_is_the_control_node(world: World) -> None:
    world.machine.calendar.unlink()
    assert told(world) == ([], [])
    assert told(world, ["/opt/i"]) == ([], [of_machine.NONE])


def test_the_calendar_of_another_inventory_is_only_named(world: World) -> None:
    world.record(success=end(ago=9 * DAY))
    wrong, [note] = told(world, ["/opt/other"])
    assert wrong == []
    assert "that of another inventory, /opt/i" in note
    assert told(world, ["/opt/i"])[0] != []


@pytest.mark.parametrize("text", ["{", '{"version": 2}', '{"version": 1, "jobs": []}'])
def test_a_calendar_that_cannot_be_read_is_red(world: World, text: str) -> None:
    world.machine.calendar.write_text(text)
    assert "its jobs are not known" in told(world)[0][0]


def test_a_calendar_that_others_could_write_is_red(world: World) -> None:
    world.machine.calendar.chmod(0o666)
    assert "can be written by others" in told(world)[0][0]


def test_the_table_has_the_next_moment_of_what_is_not_installed_yet(world: World) -> None:
    world.coming = ""
    seen = look.look(world.run, world.calendar, START, world.places)
    heading, _, row = look.lines(world.run, seen)
    assert heading.split("  ")[0] == "job"
    assert "2026-01-05T00:00:00Z" in row
    assert look.lines(world.run, []) == ["the calendar is empty"]


def test_lengths_of_time_are_told_in_the_unit_that_fits() -> None:
    found = [look.span(timedelta(seconds=seconds)) for seconds in (90, 1800, 7200, 604_800)]
    assert found == ["90 s", "30.0 min", "2.0 h", "7.0 days"]


def test_a_moment_of_systemd_is_read_and_nothing_else() -> None:
    assert elapse.moment("Mon 2026-01-05 00:00:00 UTC") is not None
    assert elapse.moment("n/a") is None
    assert elapse.moment("Mon 2026-01-05 00:00:00 CET") is None
