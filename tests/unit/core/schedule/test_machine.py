"""What a machine must have before its calendar is changed."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.schedule import elapse, machine, unit_files, vault
from freqops.core.schedule.calendar_file import Wanted
from freqops.core.schedule.entries import Entry
from tests.unit.core.schedule.conftest import WEEKLY, World
from tests.unit.fakes import START

ENTRY = Entry("look", "status", "weekly")


class Systemd:
    """A machine that answers, and can be made to fail in one word."""

    def __init__(self) -> None:
        self.fails, self.calendar = "", WEEKLY

    def __call__(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        fails = bool(self.fails) and self.fails in words
        return subprocess.CompletedProcess(list(words), int(fails), self.calendar, "no such thing" if fails else "")


@pytest.fixture
def systemd() -> Systemd:
    return Systemd()


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks/status.yml").touch()
    return Wanted(str(tmp_path), f"{tmp_path}/python", f"{tmp_path}/i", getpass.getuser(), "", 5)


def refused(systemd: Systemd, wanted: Wanted, *entries: Entry) -> str:
    with pytest.raises(Refused) as found:
        machine.judge(systemd, wanted, entries or (ENTRY,), START)
    return str(found.value)


def test_a_machine_that_has_everything_has_a_calendar(systemd: Systemd, wanted: Wanted) -> None:
    calendar = machine.judge(systemd, wanted, [ENTRY], START)
    assert calendar.jobs[0].period == timedelta(days=7)
    units = machine.units(calendar)
    assert "OnCalendar=weekly UTC\n" in units["freqops_job-look.timer"]
    assert "Persistent=true\n" in units["freqops_job-look.timer"]
    assert f"User={getpass.getuser()}\n" in units["freqops_job-look.service"]
    assert "TimeoutStartSec=1800\n" in units["freqops_job-look.service"]
    assert machine.units(replace(calendar, jobs=())) == {}


def test_an_expression_that_systemd_does_not_take_is_refused(systemd: Systemd, wanted: Wanted) -> None:
    systemd.fails = "systemd-analyze"
    assert "job look: when 'weekly': systemd does not take it: no such thing" in refused(systemd, wanted)
    systemd.fails, systemd.calendar = "", "    Next elapse: never\n"
    assert "does not come round again and again" in refused(systemd, wanted)
    systemd.calendar = "    Next elapse: Mon 2026-01-05 00:00:00 UTC\n"
    assert "does not come round again and again" in refused(systemd, wanted)


def test_a_run_that_could_last_until_the_next_is_refused(systemd: Systemd, wanted: Wanted) -> None:
    systemd.calendar = "Next elapse: Mon 2026-01-05 00:00:00 UTC\nIter. #2: Mon 2026-01-05 01:00:00 UTC\n"
    assert "3600 s together, are not below its period of 3600 s" in refused(
        systemd, wanted, replace(ENTRY, seconds=3300)
    )
    assert machine.judge(systemd, wanted, [replace(ENTRY, seconds=3299)], START).jobs


def test_the_zone_is_always_utc() -> None:
    assert elapse.expression("daily") == elapse.expression("daily UTC") == "daily UTC"
    assert elapse.expression("daily Europe/Berlin") == "daily Europe/Berlin UTC"  # which systemd does not take


def test_what_the_machine_lacks_is_said_all_at_once(systemd: Systemd, wanted: Wanted) -> None:
    said = refused(systemd, wanted, Entry("a", "backup", "weekly", vault=True))
    assert "has no playbooks/backup.yml" in said
    assert "schedule_vault_file is not set" in said


@pytest.mark.parametrize(
    ("fails", "said"), [("test", "cannot read the inventory"), ("-c", "cannot run ansible-runner")]
)
def test_what_its_user_cannot_use_is_refused(systemd: Systemd, wanted: Wanted, fails: str, said: str) -> None:
    systemd.fails = fails
    assert said in refused(systemd, wanted)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"project": "here"}, "no absolute path"),
        ({"inventory": "/a b"}, "no absolute path"),
        ({"python": "/a\nExecStart=/b"}, "no absolute path"),
        ({"project": "/nowhere-at-all"}, "there is no directory"),
        ({"user": "nobody-at-all"}, "there is no user"),
        ({"keep": 0}, "keep is 0"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    systemd: Systemd, wanted: Wanted, change: dict[str, Any], said: str
) -> None:
    assert said in refused(systemd, replace(wanted, **change))


def test_a_checkout_that_everybody_can_write_is_refused(systemd: Systemd, wanted: Wanted) -> None:
    Path(wanted.project).chmod(0o777)
    assert "everybody can write" in refused(systemd, wanted)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o404])
def test_a_vault_password_is_its_users_alone(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "vault"
    path.write_text("secret")
    path.chmod(mode)
    if mode == 0o400:
        vault.refuse(str(path), os.getuid())
        with pytest.raises(Refused, match="belongs to user"):
            vault.refuse(str(path), os.getuid() + 1)
    else:
        with pytest.raises(Refused, match="chmod 0400"):
            vault.refuse(str(path), os.getuid())
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(Refused, match="a link, not a plain file"):
        vault.refuse(str(link), os.getuid())
    with pytest.raises(Refused, match="cannot be read"):
        vault.refuse(str(tmp_path / "none"), os.getuid())


def test_what_the_calendar_does_not_have_is_taken_away_timers_first(world: World) -> None:
    place = world.places.units
    for name in ("freqops_job-old.service", "freqops_job-old.timer", "freqops-dump.timer"):
        (place / name).touch()
    assert machine.absent(world.calendar, place) == ["freqops_job-old.timer", "freqops_job-old.service"]


def test_the_age_of_a_job_stays_while_its_deed_does(world: World) -> None:
    now = replace(world.calendar, jobs=(replace(world.calendar.jobs[0], since=START + timedelta(days=9)),))
    assert now.since_of(world.calendar).jobs[0].since == START
    assert now.since_of(None).jobs[0].since == START + timedelta(days=9)
    changes: list[dict[str, Any]] = [{"limit": "paper-1"}, {"enabled": False}, {"name": "other"}]
    for change in changes:
        other = replace(now, jobs=(replace(now.jobs[0], entry=replace(world.entry, **change)),))
        assert other.since_of(world.calendar).jobs[0].since == START + timedelta(days=9)
    shifted = replace(now, jobs=(replace(now.jobs[0], entry=replace(world.entry, when="weekly")),))
    assert shifted.since_of(world.calendar).jobs[0].since == START


def test_units_bear_names_that_a_deploy_and_a_removal_leave_alone() -> None:
    assert not unit_files.unit("look", "timer").startswith("freqops-")
