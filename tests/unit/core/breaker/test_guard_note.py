"""Guard's note is believed where it is exactly a note, and new."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import stamp
from freqops.core.base.kinds import Malformed
from freqops.core.breaker import guard_note
from freqops.core.breaker.guard_note import BotNote, NoAnswer, Note
from tests.unit.fakes import START

ME = os.getuid()
NOTE = Note(START, {"alpha": BotNote("one", True, (), START), "beta": BotNote("one", False, ("no answer",))})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stamp, "DIRECTORY", str(tmp_path))
    return guard_note.path()


def test_what_is_written_is_read(place: Path) -> None:
    place.write_text(json.dumps(NOTE.to_json()))
    assert guard_note.read(START, ME) == NOTE
    assert NOTE.to_json() == {
        "version": 1,
        "at": "2026-01-02T03:04:05+00:00",
        "bots": {
            "alpha": {"incident": "one", "proven": True, "detail": [], "looked": "2026-01-02T03:04:05+00:00"},
            "beta": {"incident": "one", "proven": False, "detail": ["no answer"], "looked": None},
        },
    }


@pytest.mark.parametrize(("seconds", "believed"), [(0, True), (10, True), (11, False), (-5, True), (-6, False)])
def test_a_note_that_is_old_or_in_the_future_is_none(place: Path, seconds: int, believed: bool) -> None:
    place.write_text(json.dumps(NOTE.to_json()))
    now = START + timedelta(seconds=seconds)
    if believed:
        assert guard_note.read(now, ME) == NOTE
    else:
        with pytest.raises(
            NoAnswer, match=r"guard does not answer: .* s .*stale above .*systemctl status freqops-guard"
        ):
            guard_note.read(now, ME)


def test_no_note_is_no_answer(place: Path) -> None:
    with pytest.raises(NoAnswer, match=r"guard does not answer: .*breaker.json: it is missing; 'systemctl status"):
        guard_note.read(START, ME)


def test_guard_leaves_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert guard_note.leave(NOTE.bots, START) is None
    assert guard_note.read(START, ME) == NOTE
    monkeypatch.setattr(stamp, "DIRECTORY", f"{place}/below a file")
    assert guard_note.leave({}, START) == f"{place}/below a file/breaker.json was not written: Not a directory"


def test_a_note_of_somebody_else_is_no_answer(place: Path) -> None:
    place.write_text(json.dumps(NOTE.to_json()))
    with pytest.raises(NoAnswer, match="belongs to user"):
        guard_note.read(START, ME + 1)


GOOD: dict[str, Any] = NOTE.to_json()
ROW = GOOD["bots"]["alpha"]


@pytest.mark.parametrize(
    "document",
    [
        *([], None, {}, {**GOOD, "more": 1}, {**GOOD, "version": 2}, {**GOOD, "version": True}),
        {**GOOD, "version": 1.0},
        *({**GOOD, "at": "soon"}, {**GOOD, "at": 1}, {**GOOD, "bots": []}, {**GOOD, "bots": {"alpha": []}}),
        *({**GOOD, "bots": {"alpha": {**ROW, **change}}} for change in (
            {"proven": "yes"}, {"proven": 1}, {"incident": None}, {"detail": "text"}, {"detail": [1]}, {"more": 1},
            {"looked": "soon"}, {"looked": 1},
        )),
        {**GOOD, "bots": {"alpha": {"incident": "one", "proven": True}}},
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_note_is_none(document: Any) -> None:
    with pytest.raises(Malformed):
        guard_note.parse(json.dumps(document).encode())


def test_a_bot_that_stands_there_twice_is_refused() -> None:
    row = json.dumps(ROW)
    with pytest.raises(Malformed, match="it says 'alpha' twice"):
        guard_note.parse(
            f'{{"version": 1, "at": "2026-01-02T03:04:05Z", "bots": {{"alpha": {row}, "alpha": {row}}}}}'.encode()
        )


def test_who_waits_for_a_person_says_so() -> None:
    assert BotNote("one", True, (f"{guard_note.PERSON}; resume.yml ends it",)).waits_for_person
    assert not BotNote("one", True, ("no answer",)).waits_for_person
