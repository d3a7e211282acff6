"""Evidence of incidents that were closed long ago goes; the registry knows of it, and a check stays whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from freqops.core.backup import store
from freqops.core.base.errors import NotProven
from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.retention.things import GOES, GONE, INCIDENTS, LEFT, STAYS
from freqops.core.runs import registry
from freqops.hostctl.incident import check, recorded, registered
from freqops.hostctl.retention import old_incidents
from tests.unit.hostctl.incident.incidents import ENDS, OPENS, SEEN, halt, proven
from tests.unit.hostctl.retention.aged import Field, Later, names, why

NAME = "20260102T030405Z-halt1-9f3c21"
PLACE = f"incidents/{NAME}"


@pytest.fixture
def closed(field: Field) -> Field:
    """An incident with a journal, closed now."""
    halt(field.root, NAME)
    registered.enter(field.root, NAME)
    field.lay(f"{PLACE}/{os.uname().nodename}-alpha-halt-20260102T030405Z.jsonl", '{"what": "a"}\n')
    close(field, NAME)
    return field


def close(field: Field, name: str) -> None:
    at = Later().utcnow().strftime("%Y-%m-%dT%H:%M:%SZ")
    event = Event(**{**vars(ENDS), "at": at})
    registered.act(field.root, name, event, Later())


def files(field: Field) -> list[str]:
    return sorted(path.name for path in (field.root / PLACE).iterdir())


def act_of(field: Field) -> Path:
    [path] = (field.root / PLACE).iterdir()
    assert "-evidence_removed_" in path.name
    return path


def test_evidence_goes_and_its_row_stays(closed: Field) -> None:
    before, row = files(closed), registered.shown(closed.root, NAME)[0]
    looked = closed.look(INCIDENTS)
    assert (names(looked, GOES), looked.changed) == ([PLACE], True)
    assert files(closed) == before
    done = closed.remove(INCIDENTS)
    assert (names(done, GONE), done.changed, done.exit) == ([PLACE], True, 0)
    said = json.loads(act_of(closed).read_text())
    assert sorted(each["file"] for each in said["removed"]) == before
    assert all(len(each["sha256"]) == 64 for each in said["removed"])
    assert (said["actor"], said["reason"]) == ("ann@host", "the disk is full")
    after, events = registered.shown(closed.root, NAME)
    assert {**after, "events": 0} == {**row, "events": 0}
    assert events[-1]["text"].startswith("evidence_removed: 3 files, ")
    assert events[-1]["actor"] == "ann@host"
    assert (closed.remove(INCIDENTS).changed, closed.remove(INCIDENTS).rows) == (False, [])


def test_a_check_after_it_finds_nothing_and_still_misses_what_somebody_else_takes(closed: Field) -> None:
    halt(closed.root, "20260102T030405Z-halt3-abcdef", level=3, bots=[{"bot": "beta"}])
    registered.enter(closed.root, "20260102T030405Z-halt3-abcdef")
    closed.remove(INCIDENTS)
    proven(closed.root)
    next((closed.root / "incidents/20260102T030405Z-halt3-abcdef").iterdir()).unlink()
    assert len(check.check(closed.root, mend=False).mended) == 1
    check.check(closed.root)
    act_of(closed).unlink()
    assert [text.partition(":")[0] for text in check.check(closed.root, mend=False).mended] == [NAME]


@pytest.mark.parametrize("changed", ["entry", "hash", "no list"])
def test_a_list_that_was_changed_afterwards_is_found(closed: Field, changed: str) -> None:
    closed.remove(INCIDENTS)
    path = act_of(closed)
    said = json.loads(path.read_text())
    if changed == "entry":
        said["removed"].append({"file": "host-halt9.json", "bytes": 1, "sha256": "0" * 64})
    elif changed == "hash":
        said["removed"][0]["sha256"] = "0" * 64
    else:
        said["removed"] = "all"
    path.write_text(json.dumps(said))
    assert any("lists other evidence as removed" in text for text in check.check(closed.root, mend=False).problems)


@pytest.mark.parametrize("state", [life.OPEN, life.ACKNOWLEDGED])
def test_the_evidence_of_an_incident_that_is_not_closed_stays(field: Field, state: str) -> None:
    registered.open_one(field.root, OPENS, Later(), NAME)
    if state == life.ACKNOWLEDGED:
        registered.act(field.root, NAME, SEEN, Later())
    done = field.remove(INCIDENTS)
    assert (names(done, STAYS), done.changed) == ([PLACE], False)
    assert why(done, PLACE) == f"{NAME} is {state}"
    proven(field.root)


def test_an_incident_that_was_closed_lately_is_not_old(closed: Field) -> None:
    closed.days = 364
    assert closed.look(INCIDENTS).rows == []
    closed.days = 4000
    closed.keep(incident_days=0)
    assert closed.look(INCIDENTS).rows == []


def test_evidence_that_was_added_to_an_open_incident_stays_with_it(closed: Field) -> None:
    """A directory may belong to two incidents: one that it opened, and one to which something in it was added."""
    other = "20260103T030405Z-manual-abcdef"
    registered.open_one(closed.root, OPENS, Later(), other)
    with (
        registered.opened(closed.root, write=True) as present,
        present.incidents_changed() as rows,
    ):
        own = rows.incident(other)
        assert own is not None
        more = Event(life.ADDED, "2026-01-03T03:04:05Z", "ann", "more")
        rows._update(life.after(own, more))
        rows._append(other, NAME, "", more)
    done = closed.remove(INCIDENTS)
    assert f"{other} is open" in why(done, PLACE)
    assert names(done, GONE) == []


@pytest.mark.parametrize(
    "note", ["bots/alpha/conf/holds.json", "removed/beta.holds.json", "bots/alpha/stopped.json", "deploy.json"]
)
def test_what_a_hold_or_a_note_names_stays(closed: Field, note: str) -> None:
    closed.lay(note, json.dumps({"incident": NAME}))
    done = closed.remove(INCIDENTS)
    assert why(done, PLACE) == f"{note} cites it"
    assert len(files(closed)) == 3


def test_evidence_that_the_registry_does_not_know_stays(closed: Field) -> None:
    halt(closed.root, NAME, level=3)
    assert "does not know" in why(closed.remove(INCIDENTS), PLACE)
    closed.lay("incidents/20260102T030405Z-deploy-9f3c21/host-x.json", "{}")
    assert "would not outlive it" in why(closed.look(INCIDENTS), "incidents/20260102T030405Z-deploy-9f3c21")


def test_what_is_no_plain_file_keeps_all_of_it(closed: Field) -> None:
    (closed.root / PLACE / "link").symlink_to("/etc/hostname")
    done = closed.remove(INCIDENTS)
    assert "link in it is no plain file" in why(done, PLACE)
    assert len(files(closed)) == 4


def test_without_a_registry_nothing_goes(closed: Field) -> None:
    registry.place(closed.root).unlink()
    done = closed.remove(INCIDENTS)
    assert (done.rows, done.exit) == ([], 2)
    assert len(files(closed)) == 3


def test_an_act_that_the_chain_does_not_take_removes_nothing(closed: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registered, "enter", lambda *_: [])
    done = closed.remove(INCIDENTS)
    assert (names(done, LEFT), done.changed, done.exit) == ([PLACE], False, 2)
    assert "the chain does not tell" in why(done, PLACE)
    assert len(files(closed)) == 4
    monkeypatch.undo()
    check.check(closed.root)
    assert closed.remove(INCIDENTS).exit == 0
    act_of(closed)
    proven(closed.root)


def test_an_act_that_cannot_be_written_removes_nothing(closed: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "record", lambda *_args, **_more: "the disk is full")
    done = closed.remove(INCIDENTS)
    assert (names(done, LEFT), why(done, PLACE)) == ([PLACE], "the disk is full")
    assert len(files(closed)) == 3


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_removal_of_evidence_that_was_killed_is_ended_by_the_next(
    closed: Field, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    unlink, count = Path.unlink, [0]

    def killed(path: Path, **more: bool) -> None:
        if path.parent.name == NAME and not path.name.startswith("."):
            count[0] += 1
            if count[0] > cut:
                raise KeyboardInterrupt
        unlink(path, **more)

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        closed.remove(INCIDENTS)
    monkeypatch.undo()
    assert len(files(closed)) == 4 - cut
    proven(closed.root)
    done = closed.remove(INCIDENTS)
    assert (names(done, GONE), done.exit) == ([PLACE], 0)
    act_of(closed)
    proven(closed.root)
    assert [each["step"] for each in registered.shown(closed.root, NAME)[1]].count(life.ADDED) == 1


def test_a_removal_that_was_killed_before_the_chain_knew_is_ended_by_the_next(
    closed: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(registered, "enter", killed)
    with pytest.raises(KeyboardInterrupt):
        closed.remove(INCIDENTS)
    monkeypatch.undo()
    assert len(files(closed)) == 4
    done = closed.remove(INCIDENTS)
    assert (names(done, GONE), done.exit) == ([PLACE], 0)
    act_of(closed)
    proven(closed.root)


def test_what_changed_after_it_was_listed_stays(closed: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store.checksum
    seen: list[Path] = []

    def changed(path: Path) -> str:
        seen.append(path)
        return real(path) if seen.count(path) == 1 else "0" * 64

    monkeypatch.setattr(old_incidents, "checksum", changed)
    done = closed.remove(INCIDENTS)
    assert names(done, LEFT) == [PLACE]
    assert "changed meanwhile" in why(done, PLACE)
    assert len(files(closed)) == 4


def test_an_incident_that_is_opened_again_meanwhile_stays(closed: Field) -> None:
    host = closed.host()
    [thing] = old_incidents.look(host, [])
    event = Event(life.OPENED, "2026-01-02T03:04:05Z", "ann", "again", life.HALT, "error", "halt 1: alpha")
    registered.write_down(closed.root, NAME, event, Later())
    with pytest.raises(NotProven, match=f"{NAME} is open"):
        old_incidents.remove(host, thing)
    assert len(files(closed)) == 4
