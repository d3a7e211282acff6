"""Incidents of a host: evidence and rows made together, mended where one is without the other, and unique at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.incident import opening
from freqops.core.runs import registry
from freqops.core.runs.incident_rows import Wanted
from freqops.core.runs.registry import RegistryUnreadable
from freqops.hostctl.incident import check, entering, recorded, registered
from tests.unit.fakes import FakeClock
from tests.unit.hostctl.incident.incidents import AT, ENDS, OPENS, SEEN, halt, ids, proven

PROCESSES = 16
COUNT = 10_000 if os.environ.get("FREQOPS_PROVE") == "1" else 1_000
PATIENCE = 60.0


def test_evidence_of_a_halt_becomes_a_row_once(root: Path) -> None:
    halt(root)
    assert len(registered.enter(root, "one")) == 1
    assert registered.enter(root, "one") == []
    row, events = registered.shown(root, "one")
    assert (row["kind"], row["severity"], row["state"], row["bots"]) == ("halt", "warning", "open", ["alpha"])
    assert [event["evidence"] for event in events] == [f"one/{os.uname().nodename}-halt1-20260102T030405Z.json"]
    assert proven(root).incidents == 1


def test_a_new_incident_is_one_line_of_log_and_what_is_added_to_it_none(root: Path) -> None:
    log = root / "user_data/logs/freqops.log"
    log.parent.mkdir(parents=True)
    for name in ("one", "two"):
        halt(root, name)
        registered.enter(root, name)
    [line] = [json.loads(line) for line in log.read_text().splitlines()]
    row = registered.shown(root, "one")[0]
    assert {**line, "ts": ""} == {
        "ts": "", "level": "WARNING", "logger": "risk", "message": "incident_logged", "correlation_id": "one",
        "incident_id": "one", "severity": "warning", "description": row["description"],
    }  # fmt: skip


def test_what_comes_later_under_it_is_added_and_what_opens_nothing_makes_no_row(root: Path) -> None:
    done = recorded.Command("resume", Mandate("one", "why", "ann"), root, FakeClock())
    done.write("resume-alpha-20260102T030405Z", FakeClock().utcnow(), {"bot": "alpha", "proven": True})
    assert registered.enter(root, "one") == []
    assert ids(root) == []
    halt(root)
    assert len(registered.enter(root, "one")) == 2
    assert registered.shown(root, "one")[0]["events"] == 2


def test_a_second_of_the_same_cause_is_added_until_the_first_is_closed(root: Path) -> None:
    for name in ("one", "two"):
        halt(root, name)
        registered.enter(root, name)
    assert ids(root) == ["one"]
    assert registered.shown(root, "two")[0]["id"] == "one"
    registered.act(root, "two", ENDS, FakeClock())
    halt(root, "three")
    registered.enter(root, "three")
    assert ids(root) == ["one", "three"]
    proven(root)


def test_a_record_is_entered_by_a_process_of_its_own(root: Path) -> None:
    halt(root, enter=True)
    entering.settle(PATIENCE)
    assert ids(root) == ["one"]


def lock(root: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(registry.place(root), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


@pytest.mark.parametrize("trouble", ["gone", "spoilt", "locked"])
def test_no_registry_keeps_a_record_waiting_and_a_check_enters_it_afterwards(root: Path, trouble: str) -> None:
    path = registry.place(root)
    aside = path.with_name("aside")
    held = None
    if trouble == "locked":
        held = lock(root)
    else:
        path.rename(aside)
        if trouble == "spoilt":
            path.write_text("no database")
    began = time.monotonic()
    halt(root, enter=True)
    assert (
        time.monotonic() - began < recorded.SECONDS
    )  # as long as the disk may take, and not until the registry is free
    for pid in entering._begun:
        os.kill(pid, 9)
    entering.settle(PATIENCE)
    if held is None:
        aside.rename(path)
    else:
        held.close()
    assert ids(root) == []
    assert check.check(root).mended == ["one: its evidence was entered into the registry"]
    assert ids(root) == ["one"]
    proven(root)


def test_a_process_that_cannot_be_begun_spoils_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(entering, "begin", refuse)
    halt(root, enter=True)


def test_an_incident_lives(root: Path) -> None:
    clock = FakeClock()
    row = registered.open_one(root, OPENS, clock)
    assert (row["state"], row["description"]) == ("open", "feed is wrong")
    with pytest.raises(Refused, match="no root cause and no action"):
        registered.act(root, row["id"], replace(ENDS, root_cause="", action=""), clock)
    assert registered.act(root, row["id"], SEEN, clock)["acknowledged_by"] == "bob"
    with pytest.raises(Refused, match="it cannot be acknowledged"):
        registered.act(root, row["id"], SEEN, clock)
    closed = registered.act(root, row["id"], ENDS, clock)
    assert (closed["state"], closed["root_cause"], closed["action"]) == ("closed", "a cable", "a new one")
    with pytest.raises(Refused, match=f"closed since {AT} by cat"):
        registered.act(root, row["id"], ENDS, clock)
    with pytest.raises(Refused, match="no incident nobody"):
        registered.act(root, "nobody", ENDS, clock)
    assert len(list((root / "incidents" / row["id"]).glob("*.json"))) == 3  # what was refused left nothing
    proven(root)


def test_an_id_that_was_given_is_nobody_elses(root: Path) -> None:
    assert registered.open_one(root, OPENS, FakeClock(), "given")["id"] == "given"
    with pytest.raises(Refused, match="an incident given already"):
        registered.open_one(root, OPENS, FakeClock(), "given")


def test_an_act_without_a_registry_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnreadable, match="is missing"):
        registered.open_one(tmp_path, OPENS, FakeClock())
    with pytest.raises(RegistryUnreadable, match="is missing"):
        registered.act(tmp_path, "one", SEEN, FakeClock())
    assert not (tmp_path / "incidents").exists()


def test_an_act_that_the_registry_does_not_take_is_not_proven(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RegistryUnreadable("it is locked")

    with monkeypatch.context() as patch:
        patch.setattr(registered, "enter", fail)
        with pytest.raises(NotProven, match="'freqops-host incidents check' enters it"):
            registered.open_one(root, OPENS, FakeClock(), "given")
    assert check.check(root).mended == ["given: its evidence was entered into the registry"]


def test_of_two_that_close_at_once_one_is_told_that_the_other_did(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered.open_one(root, OPENS, FakeClock(), "given")
    real = registered.enter

    def after_another(place: Path, incident: str) -> list[str]:
        monkeypatch.setattr(registered, "enter", real)
        registered.act(place, incident, replace(ENDS, root_cause="another", at="2026-01-02T03:04:04Z"), FakeClock())
        return real(place, incident)

    monkeypatch.setattr(registered, "enter", after_another)
    with pytest.raises(NotProven, match="another command"):
        registered.act(root, "given", ENDS, FakeClock())
    assert registered.shown(root, "given")[0]["root_cause"] == "another"
    proven(root)


# --- red status


def test_red_opens_one_for_each_bot_and_is_not_told_twice(root: Path) -> None:
    def note(host: str, *gate: str) -> list[str]:
        rows = [{"bot": "alpha", "problems": gate}]
        red = opening.red({"bots": rows, "host_problems": [host]}, AT, "ann")
        return registered.note_red(root, red, FakeClock())

    assert len(note("heartbeat 7 s old", "its start gate waits")) == 2
    entering.settle(PATIENCE)
    assert note("heartbeat 99 s old", "its start gate waits") == []
    assert len(note("another thing")) == 1
    entering.settle(PATIENCE)
    rows = registered.listed(root, Wanted())[0]
    assert {(row["kind"], row["severity"], row["events"]) for row in rows} == {
        ("gate", "error", 1),
        ("status", "warning", 2),
    }
    proven(root)


# --- many at once


def _open_many(root: Path, first: int, count: int) -> None:
    for number in range(first, first + count):
        registered.open_one(root, replace(OPENS, cause=f"cause {number}"), FakeClock())


def test_sixteen_processes_that_open_at_once_get_an_id_each_and_one_chain(root: Path) -> None:
    context = multiprocessing.get_context("fork")
    share = -(-COUNT // PROCESSES)
    made = [context.Process(target=_open_many, args=(root, number * share, share)) for number in range(PROCESSES)]
    for each in made:
        each.start()
    for each in made:
        each.join()
    assert [each.exitcode for each in made] == [0] * PROCESSES
    found = proven(root)
    assert found.incidents == share * PROCESSES == int(found.head.partition("-")[0])
    assert len(ids(root)) == share * PROCESSES == len(list((root / "incidents").iterdir()))


def test_every_event_is_json_of_one_line(root: Path) -> None:
    registered.open_one(root, replace(OPENS, text='a "b" \\ c'), FakeClock(), "given")
    with registry.opened(registry.place(root), owner=os.getuid()) as present:
        [link] = present.incidents().links()
    assert json.loads(link.data)["text"] == 'a "b" \\ c'
