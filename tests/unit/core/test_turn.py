"""One deploy at a time, and none that is locked out for good."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from freqops.core import turn
from freqops.core.errors import Refused
from tests.unit.fakes import FakeClock

ANN = turn.Turn("one", "ann@here", "here", 7, "77")
BOB = turn.Turn("two", "bob@there", "there", 8, "88")


def test_the_second_is_refused_and_told_whose_turn_it_is(tmp_path: Path) -> None:
    clock = FakeClock()
    assert turn.take(tmp_path, ANN, clock) is True
    assert turn.take(tmp_path, ANN, clock) is False
    with pytest.raises(turn.Taken, match="ann@here deploys here") as taken:
        turn.take(tmp_path, BOB, clock)
    assert taken.value.holder.pid == 7
    with pytest.raises(Refused, match="lost"):
        turn.refuse_unless_own(tmp_path, "two", clock)


def test_given_back_it_is_nobodys(tmp_path: Path) -> None:
    clock = FakeClock()
    turn.take(tmp_path, ANN, clock)
    assert turn.give_back(tmp_path, "two", clock) is False
    assert turn.give_back(tmp_path, "one", clock) is True
    assert turn.present(tmp_path) is None
    assert turn.take(tmp_path, BOB, clock) is True


def test_a_deploy_that_is_known_to_be_dead_is_followed(tmp_path: Path) -> None:
    clock = FakeClock()
    turn.take(tmp_path, ANN, clock)
    with pytest.raises(turn.Taken):
        turn.take(tmp_path, BOB, clock, instead_of="another")
    assert turn.take(tmp_path, BOB, clock, instead_of="one") is True
    with pytest.raises(Refused, match="lost"):
        turn.refuse_unless_own(tmp_path, "one", clock)


def test_half_an_hour_of_silence_ends_it_and_a_word_does_not(tmp_path: Path) -> None:
    clock = FakeClock()
    turn.take(tmp_path, ANN, clock)
    clock.sleep(1700)
    turn.refuse_unless_own(tmp_path, "one", clock)
    clock.sleep(1700)
    with pytest.raises(turn.Taken):
        turn.take(tmp_path, BOB, clock)
    clock.sleep(101)
    assert turn.take(tmp_path, BOB, clock) is True


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"id": 1}), json.dumps({"id": "x", "pid": "7"})])
def test_a_note_that_cannot_be_read_is_nobodys(tmp_path: Path, text: str) -> None:
    (tmp_path / turn.FILE).write_text(text)
    assert turn.present(tmp_path) is None
    assert turn.take(tmp_path, BOB, FakeClock()) is True


def test_a_moment_that_cannot_be_read_keeps_nobody_out(tmp_path: Path) -> None:
    turn.take(tmp_path, ANN, FakeClock())
    note = json.loads((tmp_path / turn.FILE).read_text())
    (tmp_path / turn.FILE).write_text(json.dumps({**note, "heard": "yesterday"}))
    assert turn.take(tmp_path, BOB, FakeClock()) is True
