"""A run of a job: alone, and written down however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.schedule import record
from freqops.core.schedule.calendar_file import Calendar, Job
from freqops.core.schedule.entries import Entry
from freqops.schedule import playbook_run
from freqops.schedule.job_run import ALONE, LOCK, JobRun
from freqops.schedule.playbook_run import Played
from tests.unit.fakes import START, FakeClock

ENTRY = Entry("look", "backup", "daily", seconds=100)


class Sleeper(FakeClock):
    """Time during whose passing something happens."""

    def __init__(self, during: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.during = during

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.during()


def job_run(
    state: Path, entry: Entry = ENTRY, clock: FakeClock | None = None, vault_file: str = "", **more: str
) -> JobRun:
    job = Job(entry, START, timedelta(days=1))
    calendar = Calendar("/p", "/p/python", "/i", "ops", vault_file, 3, (job,))
    return JobRun(calendar, job, state, clock or FakeClock(), {"INVOCATION_ID": "i1", **more})


def plays(rc: int = 0) -> Callable[..., Played]:
    return lambda *_arguments: Played(rc, ("last",), "/there")


def fails(*_arguments: Any) -> Played:
    raise AssertionError("nothing was to be played")


@contextmanager
def held(path: Path, name: str) -> Iterator[Callable[[], None]]:
    """Hold a lock as another job does; gives what lets go of it."""
    path.write_text(name)
    with path.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield lambda: fcntl.flock(stream, fcntl.LOCK_UN)


@pytest.mark.parametrize("rc", [0, 2])
def test_how_it_ended_is_written_down(tmp_path: Path, rc: int) -> None:
    assert job_run(tmp_path).run(plays(rc)) == rc
    known = record.load(tmp_path / "look")
    assert known.running is None
    last = known.success if rc == 0 else known.failure
    assert (last.rc, last.lines, last.invocation, last.deed) == (rc, ("last",), "i1", "backup")  # type: ignore[union-attr]
    assert (known.success is None) is (rc != 0)
    assert (tmp_path / "look" / record.FILE).stat().st_mode & 0o777 == 0o644


def test_while_it_works_it_is_written_down_that_it_runs(tmp_path: Path) -> None:
    seen = []

    def play(*_arguments: Any) -> Played:
        seen.append(record.load(tmp_path / "look").running)
        return Played(0, (), "")

    job_run(tmp_path).run(play)
    assert seen[0] is not None
    assert (seen[0].invocation, seen[0].waits_for) == ("i1", "")


def test_one_that_still_runs_is_not_started_a_second_time(tmp_path: Path) -> None:
    (tmp_path / "look").mkdir()
    with held(tmp_path / "look" / LOCK, ""), pytest.raises(Refused, match="still runs, and is not started a second"):
        job_run(tmp_path).run(fails)
    assert record.load(tmp_path / "look") == record.Record()


def test_one_that_acts_waits_for_the_other_and_says_for_whom(tmp_path: Path) -> None:
    seen = []
    with held(tmp_path / ALONE, "drill") as release:

        def during() -> None:
            seen.append(record.load(tmp_path / "look").running)
            release()

        assert job_run(tmp_path, clock=Sleeper(during)).run(plays()) == 0
    assert [each.waits_for for each in seen if each] == ["drill"]
    assert (tmp_path / ALONE).read_text() == "look"


def test_one_that_waits_too_long_is_refused_with_the_name_of_the_other(tmp_path: Path) -> None:
    clock = Sleeper()
    with held(tmp_path / ALONE, "drill"):
        assert job_run(tmp_path, clock=clock).run(fails) == 1
    assert clock.now == 50
    known = record.load(tmp_path / "look")
    assert known.running is None
    assert known.failure is not None
    assert "REFUSED, nothing ran: job drill still works after 50 s" in known.failure.lines[0]


def test_one_that_only_reads_waits_for_nobody(tmp_path: Path) -> None:
    with held(tmp_path / ALONE, "drill"):
        assert job_run(tmp_path, replace(ENTRY, playbook="status")).run(plays()) == 0


def test_a_vault_password_that_others_can_read_is_given_to_nobody(tmp_path: Path) -> None:
    path = tmp_path / "vault"
    path.write_text("secret")
    path.chmod(0o444)
    assert job_run(tmp_path, replace(ENTRY, vault=True), vault_file=str(path)).run(fails) == 1
    failure = record.load(tmp_path / "look").failure
    assert failure is not None
    assert "chmod 0400" in failure.lines[0]
    assert job_run(tmp_path, vault_file=str(path)).run(plays()) == 0  # it needs none, and none is looked at


def test_what_nobody_expected_is_a_failure_too(tmp_path: Path) -> None:
    def boom(*_arguments: Any) -> Played:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        job_run(tmp_path).run(boom)
    failure = record.load(tmp_path / "look").failure
    assert failure is not None
    assert failure.lines == ("ValueError: boom",)
    assert failure.rc != 0


@pytest.mark.parametrize(
    ("result", "rc", "said"),
    [("timeout", 124, "it was ended at its time limit of 100 s"), ("signal", 2, "cut off: systemd says signal (KILL)")],
)
def test_a_run_that_was_ended_from_outside_is_a_failure(tmp_path: Path, result: str, rc: int, said: str) -> None:
    before = job_run(tmp_path, SERVICE_RESULT=result, EXIT_STATUS="KILL")
    before.home.mkdir()
    before._note(START)
    assert before.write_end() == 0
    known = record.load(tmp_path / "look")
    assert known.running is None
    assert known.failure is not None
    assert known.failure.rc == rc
    assert said in known.failure.lines[0]


def test_what_was_said_until_the_time_limit_is_kept(tmp_path: Path) -> None:
    def cut(_calendar: Any, _entry: Any, home: Path, ident: str) -> Played:
        place = playbook_run.artefacts_of(home, ident)
        place.mkdir(parents=True)
        (place / "stdout").write_text("one\n\ntwo\n")
        return Played(254, (), str(place), cut=True)

    run = job_run(tmp_path, SERVICE_RESULT="timeout")
    assert run.run(cut) == 254
    assert record.load(run.home).running is not None
    run.write_end()
    failure = record.load(run.home).failure
    assert failure is not None
    assert failure.lines == ("one", "two", "it was ended at its time limit of 100 s")
    assert "runner/artifacts/20260102T030405Z-" in failure.artefacts


def test_a_run_that_wrote_down_its_end_is_left_as_it_is(tmp_path: Path) -> None:
    job_run(tmp_path).run(plays())
    before = record.load(tmp_path / "look")
    job_run(tmp_path, SERVICE_RESULT="success").write_end()
    assert record.load(tmp_path / "look") == before


def test_a_record_that_cannot_be_read_keeps_nothing_from_running(tmp_path: Path) -> None:
    (tmp_path / "look").mkdir()
    (tmp_path / "look" / record.FILE).write_text("{")
    assert job_run(tmp_path).run(plays()) == 0
    assert record.load(tmp_path / "look").success is not None
    assert (tmp_path / "look" / f"{record.FILE}.unreadable").read_text() == "{"


@pytest.mark.parametrize(
    ("rc", "said", "wanted"),
    [
        (0, "ok\r\nbackup: done, 1 of 1 hosts\r\n", 0),
        (0, "backup: NOT DONE, 0 of 1 hosts\n", 2),
        (0, "", 2),
        (0, "msg: backup: done, 1 of 1 hosts\n", 2),
        (0, "status: done, 1 of 1 hosts\n", 2),
        (4, "backup: done, 1 of 1 hosts\n", 4),
        (-9, "", 137),
    ],
)
def test_a_playbook_counts_only_with_the_line_that_says_that_its_deed_was_done(rc: int, said: str, wanted: int) -> None:
    found, lines = playbook_run.judged("backup", rc, said)
    assert found == wanted
    assert len(lines) <= record.LINES
    assert found != 2 or "nothing shows that the playbook did its work" in lines[-1]


def test_what_ansible_runner_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}

    class Done:
        rc, status = 0, "successful"

    def run(**words: Any) -> Done:
        told.update(words)
        place = Path(words["private_data_dir"]) / "artifacts" / words["ident"]
        place.mkdir(parents=True)
        (place / "stdout").write_text("backup: done, 1 of 1 hosts\n")
        return Done()

    monkeypatch.setattr("freqops.schedule.playbook_run.ansible_runner.run", run)
    calendar = Calendar("/p", "/p/python", "/i", "ops", "/v", 3, ())
    entry = replace(ENTRY, inputs={"action": "check"}, limit="paper-1")
    done = playbook_run.play(calendar, entry, tmp_path, "x")
    assert done == Played(0, ("backup: done, 1 of 1 hosts",), str(tmp_path / "runner/artifacts/x"))
    assert (told["playbook"], told["inventory"], told["limit"]) == ("playbooks/backup.yml", "/i", "paper-1")
    assert (told["extravars"], told["rotate_artifacts"], told["cmdline"]) == ({"action": "check"}, 3, None)
    assert (tmp_path / "runner").stat().st_mode & 0o777 == 0o700
    playbook_run.play(calendar, replace(entry, vault=True), tmp_path, "y")
    assert told["cmdline"] == "--vault-password-file /v"
    assert os.environ.get("ANSIBLE_VAULT_PASSWORD_FILE") is None
