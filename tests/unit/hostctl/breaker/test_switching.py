"""The breaker is switched when its file is read back and every bot follows it; else it is not proven, and says why."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.bot.layout import Home
from freqops.core.breaker import breaker_file, guard_note, setting
from freqops.core.breaker.guard_note import BotNote
from freqops.core.halt import holds
from freqops.hostctl.bot import holds_file
from freqops.hostctl.breaker import switching
from tests.unit.hostctl.breaker.guarded import ME, GuardedHost


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GuardedHost:
    made = GuardedHost(tmp_path, monkeypatch)
    made.lay_inactive()
    return made


def evidence(host: GuardedHost) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(host.root.glob("incidents/*/*-breaker_*.json"))]


def test_enable_holds_every_bot_and_says_so(host: GuardedHost) -> None:
    end = host.clock.utcnow() + timedelta(hours=1)
    done = switching.enable(host.order("enable", end=end), host.clock)
    assert (done.exit, done.answer.changed) == (PROVEN, True)
    assert json.loads(host.file.read_text()) == {
        "active": True, "reason": "outage", "until_iso": "2026-01-02T04:04:05Z",
    }  # fmt: skip
    assert host.file.stat().st_mode & 0o7777 == 0o600
    for row, home in zip(done.answer.rows, host.homes, strict=True):
        hold = host.hold(home)
        assert hold is not None
        assert (row.bot, row.file, row.proven, row.incident) == (home.name, "active", True, hold.incident)
        assert (row.until, row.who) == ("2026-01-02T04:04:05Z", "ann@desk")
    assert setting.read(host.file, ME) == setting.Setting("incident-0", "ann@desk", "outage", "2026-01-02T03:04:05Z")


def test_disable_frees_them_and_keeps_reason_and_end(host: GuardedHost) -> None:
    host.write(host.file, '{"until_iso": "2026-02-01T00:00:00+01:00", "active": true, "reason": "a\\nb", "by": 7}')
    host.round()
    done = switching.disable(host.order("disable"), host.clock)
    assert (done.exit, done.answer.changed) == (PROVEN, True)
    assert json.loads(host.file.read_text()) == {
        "active": False, "reason": "a\nb", "until_iso": "2026-02-01T00:00:00+01:00", "by": 7,
    }  # fmt: skip
    assert [(row.file, row.incident, row.proven) for row in done.answer.rows] == [("inactive", "", True)] * 2
    assert [host.hold(home) for home in host.homes] == [None, None]


def test_what_was_done_is_an_incident(host: GuardedHost) -> None:
    switching.enable(host.order("enable"), host.clock)
    [found] = evidence(host)
    assert (found["command"], found["incident"], found["proven"]) == ("breaker_enable", "incident-0", True)
    assert (found["actor"], found["reason"]) == ("ann@desk", "outage")
    assert [row["verdict"] for row in found["bots"]] == ["active, proven"] * 2
    assert found["files"][0]["before"] == f"{host.file} says inactive: no reason is given"


def test_who_is_killed_while_it_waits_leaves_an_incident_that_proves_nothing(host: GuardedHost) -> None:
    class Killed(Exception):
        pass

    def die(seconds: float) -> None:
        raise Killed

    host.clock.sleep = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        switching.enable(host.order("enable"), host.clock)
    assert [each["proven"] for each in evidence(host)] == [False]


def test_without_a_guard_nothing_is_proven(host: GuardedHost) -> None:
    host.lives = False
    done = switching.enable(host.order("enable"), host.clock)
    assert (done.exit, done.answer.changed) == (NOT_PROVEN, True)
    assert 30.0 <= host.clock.now < 31.0
    for row in done.answer.rows:
        assert (row.proven, row.incident) == (False, "")
        assert any("guard does not answer" in text and "systemctl status freqops-guard" in text for text in row.detail)


@pytest.mark.parametrize("action", ["enable", "disable"])
def test_what_guard_said_before_proves_nothing(host: GuardedHost, action: str) -> None:
    """Holds as they must be, and a note of a moment ago: the guard may have stood still since."""
    wanted = action == "enable"
    host.write(host.file, json.dumps({"active": wanted}))
    host.round()
    host.write(host.file, json.dumps({"active": not wanted}))
    host.lives = False
    done = getattr(switching, action)(host.order(action, deadline=5.0), host.clock)
    assert done.exit == NOT_PROVEN
    assert all("NOT PROVEN: guard has not looked since" in " ".join(row.detail) for row in done.answer.rows)


def test_a_row_of_before_in_a_note_of_now_proves_nothing(host: GuardedHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard is busy with the bot since before the file was written, and says what it knew then."""
    switching.enable(host.order("enable"), host.clock)
    known = guard_note.read(host.clock.utcnow(), ME).bots
    host.write(host.file, json.dumps({"active": False}))
    monkeypatch.setattr(host, "round", lambda: guard_note.leave(known, host.clock.utcnow()))
    done = switching.enable(host.order("enable", deadline=5.0), host.clock)
    assert done.exit == NOT_PROVEN
    assert all("NOT PROVEN: guard has not looked at it since" in " ".join(row.detail) for row in done.answer.rows)


def test_a_hold_that_guard_does_not_call_proven_is_not(host: GuardedHost) -> None:
    host.proves = False
    done = switching.enable(host.order("enable"), host.clock)
    assert done.exit == NOT_PROVEN
    assert all(row.incident and not row.proven and "no answer" in row.detail for row in done.answer.rows)


def test_a_hold_of_another_incident_than_guard_proved_is_not_proven(host: GuardedHost) -> None:
    switching.enable(host.order("enable"), host.clock)
    host.lives = False
    notes = {home.name: BotNote("another", True) for home in host.homes}
    host.clock.now += 1
    assert guard_note.leave(notes, host.clock.utcnow()) is None
    done = switching.status(host.order("status"), host.clock)
    assert [row.proven for row in done.answer.rows] == [False, False]


def test_a_bot_without_a_hold_is_not_proven_whatever_guard_says(host: GuardedHost) -> None:
    host.write(host.file, '{"active": true}')
    assert guard_note.leave({"alpha": BotNote("", True), "beta": BotNote("", True)}, host.clock.utcnow()) is None
    done = switching.status(host.order("status"), host.clock)
    assert [row.proven for row in done.answer.rows] == [False, False]
    assert all("NOT HELD by the breaker yet" in row.detail for row in done.answer.rows)


def test_holds_that_cannot_be_read_prove_nothing(host: GuardedHost) -> None:
    host.round()
    Home(host.homes[0]).holds.write_text("{")
    host.homes = host.homes[1:]
    done = switching.enable(host.order("enable"), host.clock)
    assert done.exit == NOT_PROVEN
    assert [row.proven for row in done.answer.rows] == [False, True]
    assert any("its holds cannot be read" in text for text in done.answer.rows[0].detail)


def test_a_bot_that_waits_for_a_person_is_as_it_must_be(host: GuardedHost) -> None:
    switching.enable(host.order("enable"), host.clock)
    host.person = True
    done = switching.disable(host.order("disable"), host.clock)
    assert done.exit == PROVEN
    for row in done.answer.rows:
        assert row.incident
        assert f"{guard_note.PERSON}; resume.yml" in row.detail


def test_a_bot_that_is_still_held_is_not_free(host: GuardedHost, monkeypatch: pytest.MonkeyPatch) -> None:
    switching.enable(host.order("enable"), host.clock)
    monkeypatch.setattr(host, "active", lambda _home: True)
    done = switching.disable(host.order("disable"), host.clock)
    assert done.exit == NOT_PROVEN
    assert all("STILL HELD by the breaker under guard-" in " ".join(row.detail) for row in done.answer.rows)


def test_a_halt_beside_it_is_said_and_stays(host: GuardedHost) -> None:
    other = holds.Hold("halt", 1, "why", "ann", "the-halt", 0, "")
    assert holds_file.latch(host.homes[0], other, host.clock).error is None
    switching.enable(host.order("enable"), host.clock)
    done = switching.disable(host.order("disable"), host.clock)
    assert done.exit == PROVEN
    assert "also held: the-halt (halt, level 1)" in done.answer.rows[0].detail
    assert holds.load(Home(host.homes[0]).holds).of("halt") is not None


@pytest.mark.parametrize("action", ["enable", "disable"])
def test_the_second_time_changes_nothing_and_is_no_incident(host: GuardedHost, action: str) -> None:
    getattr(switching, action)(host.order(action), host.clock)
    before, incidents = host.file.stat(), len(evidence(host))
    done = getattr(switching, action)(host.order(action), host.clock)
    assert (done.exit, done.answer.changed) == (PROVEN, False)
    assert host.file.stat() == before
    assert len(evidence(host)) == incidents
    assert "already" in " ".join(done.answer.detail)


def test_what_ended_by_itself_is_switched_off_for_good(host: GuardedHost) -> None:
    """Else a clock that is set back switches it on again."""
    host.write(host.file, '{"active": true, "until_iso": "2026-01-02T03:04:04Z"}')
    done = switching.disable(host.order("disable"), host.clock)
    assert (done.exit, done.answer.changed) == (PROVEN, True)
    host.clock.ahead = -3600.0
    assert not breaker_file.read(host.file, host.clock.utcnow(), owner=ME).active


def test_one_bot_is_tripped_alone(host: GuardedHost) -> None:
    done = switching.enable(host.order("enable", bots=["beta"]), host.clock)
    assert done.exit == PROVEN
    assert [row.bot for row in done.answer.rows] == ["beta"]
    assert [host.hold(home) is not None for home in host.homes] == [False, True]
    assert not breaker_file.read(host.file, host.clock.utcnow(), owner=ME).active
    assert switching.disable(host.order("disable", bots=["beta"]), host.clock).exit == PROVEN
    assert host.hold(host.homes[1]) is None
    again = switching.disable(host.order("disable", bots=["alpha", "beta"]), host.clock)
    assert (again.exit, again.answer.changed) == (PROVEN, False)
    assert not Home(host.homes[0]).breaker.exists()


def test_its_own_file_holds_a_bot_when_the_hosts_is_inactive(host: GuardedHost) -> None:
    switching.enable(host.order("enable", bots=["beta"]), host.clock)
    switching.enable(host.order("enable"), host.clock)
    done = switching.disable(host.order("disable"), host.clock)
    assert done.exit == PROVEN
    assert [(row.bot, row.file, bool(row.incident)) for row in done.answer.rows] == [
        *(("alpha", "inactive", False), ("beta", "active", True)),
    ]
    assert str(Home(host.homes[1]).breaker) in " ".join(done.answer.rows[1].detail)


def test_an_unknown_bot_is_refused_before_anything_is_written(host: GuardedHost) -> None:
    with pytest.raises(Refused, match="unknown bot gamma"):
        switching.enable(host.order("enable", bots=["alpha", "gamma"]), host.clock)
    assert not Home(host.homes[0]).breaker.exists()


def test_one_file_that_cannot_be_written_keeps_no_other(host: GuardedHost, monkeypatch: pytest.MonkeyPatch) -> None:
    wrote = durable.write_atomic

    def full(path: Path, *arguments: Any) -> None:
        if path == Home(host.homes[0]).breaker:
            raise OSError(28, "No space left on device")
        wrote(path, *arguments)

    monkeypatch.setattr(durable, "write_atomic", full)
    done = switching.enable(host.order("enable", bots=["alpha", "beta"]), host.clock)
    assert (done.exit, done.answer.changed) == (NOT_PROVEN, True)
    assert [row.proven for row in done.answer.rows] == [True, True]  # as their files are; alpha's was not written
    assert [host.hold(home) is not None for home in host.homes] == [False, True]
    [said] = [text for text in done.answer.detail if text.startswith("NOT WRITTEN")]
    assert "No space left on device" in said
    assert "freqops-host halt --level 1" in said


def test_a_disk_that_takes_nothing_is_not_waited_for(host: GuardedHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write_atomic", full)
    done = switching.enable(host.order("enable"), host.clock)
    assert (done.exit, done.answer.changed) == (NOT_PROVEN, False)
    assert done.answer.file == "inactive"
    assert host.clock.now < 1.0
    assert not breaker_file.read(host.file, host.clock.utcnow(), owner=ME).active


def test_what_somebody_else_writes_over_it_is_not_proven(host: GuardedHost) -> None:
    followed = host.round

    def meddle() -> None:
        followed()
        host.write(host.file, '{"active": false}')

    host.round = meddle  # type: ignore[method-assign]
    done = switching.enable(host.order("enable", deadline=5.0), host.clock)
    assert done.exit == NOT_PROVEN
    assert any(text.startswith("NOT SO ANY MORE") for text in done.answer.detail)
