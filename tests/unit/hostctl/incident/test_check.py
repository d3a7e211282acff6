"""The check of incidents: what lacks its half is mended, and whatever was done to the chain by hand is found."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from freqops.core.incident import chain
from freqops.core.runs import registry
from freqops.hostctl.incident import check, registered
from tests.unit.fakes import FakeClock
from tests.unit.hostctl.incident import by_hand
from tests.unit.hostctl.incident.incidents import ENDS, OPENS, SEEN, halt, ids, proven


def test_a_row_without_evidence_gets_what_the_registry_has_of_it(root: Path) -> None:
    registered.open_one(root, OPENS, FakeClock(), "given")
    shutil.rmtree(root / "incidents" / "given")
    looked = check.check(root, mend=False)
    assert [text.partition(":")[0] for text in looked.mended] == ["given"]
    assert not (root / "incidents" / "given").exists()
    assert check.check(root).mended == looked.mended
    [left] = (root / "incidents" / "given").glob("*evidence_lost*")
    assert "feed is wrong" in left.read_text()
    proven(root)


def test_one_file_that_is_gone_is_missed(root: Path) -> None:
    registered.open_one(root, OPENS, FakeClock(), "given")
    registered.act(root, "given", SEEN, FakeClock())
    next((root / "incidents" / "given").glob("*-acknowledged_*")).unlink()
    assert len(check.check(root).mended) == 1
    proven(root)


def test_a_check_that_looks_enters_nothing(root: Path) -> None:
    halt(root)
    assert check.check(root, mend=False).mended == ["one: it has evidence that the registry does not know"]
    assert ids(root) == []


def test_newest_that_are_cut_off_are_told_by_the_head_of_a_status(root: Path) -> None:
    registered.open_one(root, OPENS, FakeClock(), "given")
    known = registered.head(root)
    assert check.check(root, known).problems == []
    connection = sqlite3.connect(registry.place(root))
    connection.execute("DELETE FROM incident_events")
    connection.execute("DELETE FROM incidents")
    connection.commit()
    connection.close()
    shutil.rmtree(root / "incidents")
    assert proven(root).head == chain.EMPTY
    [text] = check.check(root, known).problems
    assert "the newest are cut off" in text


@pytest.mark.parametrize("odd", ["{", "[]", '"x"', '{"command": "halt", "level": 1}'])
def test_evidence_that_cannot_be_understood_opens_what_it_can(root: Path, odd: str) -> None:
    place = root / "incidents" / "odd"
    place.mkdir(parents=True)
    (place / "x.json").write_text(odd)
    (place / "link.json").symlink_to("/etc/hostname")
    (place / "x.jsonl").write_text("{}")
    check.check(root)
    proven(root)


def test_what_a_check_did_not_mend_it_does_not_call_mended(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "20260102T030405Z-halt1-9f3c21"
    halt(root, name)
    monkeypatch.setattr(registered, "enter", lambda *_: [])
    found = check.check(root)
    assert (found.problems, found.mended) == ([f"{name}: it has evidence that the registry did not take"], [])


# --- commands that were cut off

OLD = 2 * check.LONGEST_COMMAND.total_seconds()
JOURNAL = "20260102T030405Z-halt3-9f3c21"


def left_behind(root: Path, *kinds: str, old: bool = True, answer: bool = False) -> Path:
    """Leave the directory of a command behind that was cut off, with a journal of lines of these kinds."""
    place = root / "incidents" / JOURNAL
    place.mkdir(parents=True)
    line = {"at": "2026-01-02T03:04:05.000Z", "s": 0.1, "to": "bot", "what": "POST /stop"}
    if kinds:
        file = place / f"{os.uname().nodename}-alpha-halt3-20260102T030405Z.jsonl"
        file.write_text("".join(json.dumps({**line, "kind": kind}) + "\n" for kind in kinds))
    if answer:
        said = {"command": "resume", "bot": "alpha", "proven": True, "began": "2026-01-02T03:04:05Z"}
        (place / f"{os.uname().nodename}-resume-alpha-20260102T030405Z.json").write_text(json.dumps(said))
    if old:
        for path in (*place.iterdir(), place):
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - OLD))
    return place


@pytest.mark.parametrize("answer", [False, True])
def test_a_command_that_acted_and_was_cut_off_opens_an_incident(root: Path, answer: bool) -> None:
    left_behind(root, "question", "act", answer=answer)
    looked = check.check(root, mend=False).mended
    assert len(looked) == 1
    assert ids(root) == []
    assert check.check(root).mended == looked
    row, events = registered.shown(root, JOURNAL)
    assert (row["kind"], row["severity"], row["bots"], row["state"]) == ("halt", "error", ["alpha"], "open")
    assert "its last line: POST /stop" in events[0]["text"]
    proven(root)


def test_an_incident_that_the_registry_did_not_take_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_behind(root, "act")
    monkeypatch.setattr(registered, "write_down", lambda *_: None)
    assert check.check(root).problems == [
        f"{JOURNAL}: a command was cut off there, and the registry did not take its incident"
    ]


@pytest.mark.parametrize(("kinds", "old"), [(("question",), True), (("question", "act"), False), ((), False)])
def test_one_that_did_nothing_or_may_be_at_work_is_left_alone(root: Path, kinds: tuple[str, ...], old: bool) -> None:
    place = left_behind(root, *kinds, old=old)
    proven(root)
    assert place.exists()


@pytest.mark.parametrize("half", [False, True])
def test_a_directory_in_which_nothing_was_ever_written_is_taken_away(root: Path, half: bool) -> None:
    place = left_behind(root)
    if half:
        (place / ".one.json.0a1b2c3d").write_text("{")
        for path in (place / ".one.json.0a1b2c3d", place):
            os.utime(path, (0, 0))
    assert len(check.check(root, mend=False).mended) == 1
    assert place.exists()
    assert len(check.check(root).mended) == 1
    assert not place.exists()
    proven(root)


def test_a_journal_that_is_a_link_is_not_read(root: Path) -> None:
    place = left_behind(root, "act")
    [journal] = place.iterdir()
    shutil.move(journal, root / "elsewhere")
    journal.symlink_to(root / "elsewhere")
    os.utime(journal, (0, 0), follow_symlinks=False)
    os.utime(place, (0, 0))
    proven(root)


# --- what somebody did by hand (R15)

TRIES = 100


def lived(root: Path) -> str:
    """Let a host have twelve incidents, each at another point of its life, and return the head of its chain."""
    for number in range(12):
        name = f"given{number}"
        registered.open_one(root, replace(OPENS, cause=f"cause {number}"), FakeClock(), name)
        for event in (SEEN, ENDS)[: number % 3]:
            registered.act(root, name, event, FakeClock())
    return registered.head(root)


def test_an_event_that_nobody_can_read_is_named(root: Path) -> None:
    registered.open_one(root, OPENS, FakeClock(), "given")
    with by_hand.Hand(root, random.Random(7)) as hand:  # noqa: S311  one event, and so no choice
        hand.write([replace(each, data="{") for each in hand.events()])
    problems = check.check(root).problems
    assert any(text.startswith("event 1 of given cannot be read") for text in problems), problems


def test_whatever_was_done_by_hand_is_found(root: Path) -> None:
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    dice = random.Random(seed)  # noqa: S311  a sample
    known = lived(root)
    assert check.check(root, known).problems == []
    missed = []
    for number in range(TRIES):
        place = root / f"try{number}"
        for part in ("user_data", "incidents"):
            shutil.copytree(root / part, place / part)
        act = by_hand.ACTS[number % len(by_hand.ACTS)]
        with by_hand.Hand(place, dice) as hand:
            act(hand)
        with suppress(registry.RegistryUnreadable):  # it is damaged, and that is said
            if not check.check(place, known, mend=False).problems:
                missed.append(act.__name__)
        shutil.rmtree(place)
    assert missed == [], f"FREQOPS_SEED={seed}"
