"""Logs that were rotated away go when their last line is old, and nothing else in their directories ever does."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.retention.things import GOES, GONE, LEFT, LOGS, STAYS
from freqops.hostctl.incident import registered
from freqops.hostctl.retention import rotated_logs
from tests.unit.hostctl.retention.aged import DAYS, Field, Later, names, why

OLD = "bots/alpha/var/logs/freqtrade.log.3"
OF_HOST = "user_data/logs/freqops.log.2"


@pytest.fixture
def logs(field: Field) -> Field:
    for path in (OLD, "bots/alpha/var/logs/freqtrade.log", "bots/alpha/var/logs/notes.txt.1", OF_HOST):
        field.lay(path)
    field.lay("user_data/logs/freqops.log", "{}\n")
    young = field.lay("bots/alpha/var/logs/freqtrade.log.1")
    later = time.time() + DAYS * 86_400
    os.utime(young, (later, later))
    return field


def test_only_old_logs_that_were_rotated_away_go(logs: Field) -> None:
    looked = logs.look(LOGS)
    assert (names(looked, GOES), looked.changed, looked.exit) == ([OLD, OF_HOST], True, 0)
    assert (logs.root / OLD).exists(), "a look removes nothing"
    done = logs.remove(LOGS)
    assert (names(done, GONE), done.changed, done.exit) == ([OLD, OF_HOST], True, 0)
    assert sorted(path.name for path in (logs.home / "var/logs").iterdir()) == [
        "freqtrade.log", "freqtrade.log.1", "notes.txt.1",
    ]  # fmt: skip
    assert (logs.root / "user_data/logs/freqops.log").exists()
    again = logs.remove(LOGS)
    assert (again.rows, again.changed, again.exit) == ([], False, 0)


def test_what_went_stands_in_the_log_of_freqops(logs: Field) -> None:
    logs.remove(LOGS)
    said = (logs.root / "user_data/logs/freqops.log").read_text()
    assert f"gone: {OLD}" in said
    assert "ann@host" in said
    assert "20270101T000000Z-retention-9f3c21" in said


def test_for_ever_is_for_ever(logs: Field) -> None:
    logs.keep(log_days=0)
    assert logs.look(LOGS).rows == []


def test_only_the_bots_that_are_named_are_meant(logs: Field) -> None:
    assert names(logs.look(LOGS, bots=("alpha",)), GOES) == [OLD]
    assert logs.look(LOGS, bots=("beta",)).rows == []


@pytest.mark.parametrize(("bots", "stays"), [(("alpha",), True), ((), True), (("beta",), False)], ids=str)
def test_the_logs_of_an_incident_that_is_not_closed_stay(logs: Field, bots: tuple[str, ...], stays: bool) -> None:
    event = Event(life.OPENED, "2020-01-02T03:04:05Z", "ann", "odd", life.MANUAL, "warning", "manual: odd", bots)
    registered.open_one(logs.root, event, Later(), "given")
    logs.remove(LOGS)
    assert (logs.root / OLD).exists() is stays
    assert (logs.root / OF_HOST).exists(), "the log of the host may be about any of its bots"


def test_logs_from_long_before_an_incident_go(logs: Field) -> None:
    at = Later(2).utcnow().strftime("%Y-%m-%dT%H:%M:%SZ")
    event = Event(life.OPENED, at, "ann", "odd", life.MANUAL, "warning", "manual: odd", ("alpha",))
    registered.open_one(logs.root, event, Later(), "given")
    assert names(logs.look(LOGS), GOES) == [OLD, OF_HOST]


def test_without_a_registry_no_log_goes_for_nobody_knows_what_is_open(logs: Field) -> None:
    (logs.root / "user_data/registry/strategies_registry.sqlite").unlink()
    done = logs.remove(LOGS)
    assert (done.rows, done.exit) == ([], 2)
    assert "registry" in done.problems[0]
    assert (logs.root / OLD).exists()


def test_a_link_is_neither_followed_nor_removed(logs: Field, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "freqtrade.log.1").write_text("theirs")
    link = logs.home / "var/logs/freqtrade.log.9"
    link.symlink_to(outside / "freqtrade.log.1")
    done = logs.remove(LOGS)
    assert (link.is_symlink(), done.exit) == (True, 0)
    (logs.home / "var").rename(logs.home / "former")
    (logs.home / "var").mkdir()
    (logs.home / "var/logs").symlink_to(outside)
    done = logs.remove(LOGS)
    assert done.exit == 2
    assert "bots/alpha/var/logs" in done.problems[0]
    assert (outside / "freqtrade.log.1").read_text() == "theirs"


def test_what_is_rotated_in_this_moment_is_put_back(logs: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    place, rename = logs.home / "var/logs", os.rename

    def rotated(source: str, target: str, **more: int) -> None:
        (place / "freqtrade.log.3").replace(place / "freqtrade.log.4")
        (place / "freqtrade.log.3").write_text("fresh")
        rename(source, target, **more)

    monkeypatch.setattr(os, "rename", rotated)
    done = logs.remove(LOGS, bots=("alpha",))
    assert (names(done, LEFT), done.changed, done.exit) == ([OLD], False, 2)
    assert "rotated meanwhile" in why(done, OLD)
    assert (place / "freqtrade.log.3").read_text() == "fresh"
    assert not list(place.glob(".retention-*"))


def test_a_removal_that_was_killed_is_ended_by_the_next(logs: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "unlink", lambda *_args, **_more: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        logs.remove(LOGS, bots=("alpha",))
    monkeypatch.undo()
    assert [path.name for path in (logs.home / "var/logs").glob(".*")] == [".retention-freqtrade.log.3"]
    done = logs.remove(LOGS, bots=("alpha",))
    assert (names(done, GONE), done.exit) == (["bots/alpha/var/logs/.retention-freqtrade.log.3"], 0)
    assert not list((logs.home / "var/logs").glob(".*"))


def test_what_is_still_there_is_not_called_gone(logs: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotated_logs, "remove", lambda *_: None)
    done = logs.remove(LOGS)
    assert (names(done, GONE), names(done, LEFT), done.changed, done.exit) == ([], [OLD, OF_HOST], False, 2)


def test_what_stays_says_which_incident_needs_it(logs: Field) -> None:
    event = Event(life.OPENED, "2020-01-02T03:04:05Z", "ann", "odd", life.MANUAL, "warning", "manual: odd", ("alpha",))
    registered.open_one(logs.root, event, Later(), "given")
    looked = logs.look(LOGS)
    assert OLD in names(looked, STAYS)
    assert "given is not closed" in why(looked, OLD)
