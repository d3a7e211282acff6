"""What status says of a bot's breakers: red where it is not as its files demand, said where it is."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from freqops.core.base.clock import iso
from freqops.core.breaker import guard_note, override_file, places
from freqops.core.breaker.guard_note import BotNote
from freqops.core.halt import holds
from freqops.hostctl.bot import breaker_notes, holds_file
from tests.unit.fakes import START, FakeClock, lay_breaker, make_bot


class Host:
    """One bot, its host's breaker, and what the guard says."""

    def __init__(self, root: Path) -> None:
        self.root, self.home, self.clock = root, make_bot(root), FakeClock()
        self.guard()

    def guard(self, **rows: BotNote) -> None:
        assert guard_note.leave(rows, self.clock.utcnow()) is None

    def hold(self) -> None:
        hold = holds.Hold("breaker", 1, "why", "operator breaker", "breaker-1", 0, "")
        assert holds_file.latch(self.home, hold, self.clock).error is None

    def said(self) -> tuple[list[str], list[str]]:
        return breaker_notes.problems(self.home, self.clock), breaker_notes.notes(self.home, self.clock)


@pytest.fixture
def host(tmp_path: Path, stamps: Path) -> Host:
    return Host(tmp_path)


def test_without_a_breaker_nothing_is_said(host: Host) -> None:
    assert host.said() == ([], [])


def test_a_bot_that_its_breaker_holds_is_no_problem(host: Host) -> None:
    path = lay_breaker(host.root, active=True, reason="feed is wrong")
    host.hold()
    host.guard(alpha=BotNote("breaker-1", proven=True))
    assert host.said() == ([], ["the operator breaker is active: feed is wrong"])
    end = iso(START + timedelta(hours=1))
    path.write_text(json.dumps({"active": True, "reason": "feed is wrong", "until_iso": end}))
    assert host.said()[1] == [f"the operator breaker is active: feed is wrong; until {end}"]


def test_an_active_breaker_that_holds_nothing_is_red(host: Host) -> None:
    path = lay_breaker(host.root, active=True, reason="feed is wrong")
    [problem], _ = host.said()
    assert problem.startswith(f"{path} is active (feed is wrong), and does not hold it yet")


def test_what_the_guard_could_not_do_is_red(host: Host) -> None:
    lay_breaker(host.root, active=True)
    host.hold()
    host.guard(alpha=BotNote("breaker-1", proven=False, detail=("no answer",)))
    assert host.said()[0] == ["the guard: no answer"]


@pytest.mark.parametrize(("seconds", "shown"), [(-1, False), (1, True)])
def test_what_the_guard_said_before_the_bot_was_made_is_not_said_of_it(host: Host, seconds: int, shown: bool) -> None:
    os.utime(host.home / "bot.json", (START.timestamp(), START.timestamp()))
    looked = START + timedelta(seconds=seconds)
    host.guard(alpha=BotNote("", proven=False, detail=("it has no bot.json",), looked=looked))
    assert host.said()[0] == (["the guard: it has no bot.json"] if shown else [])
    (host.home / "bot.json").unlink()
    assert host.said()[0] == ["the guard: it has no bot.json"]


def test_a_guard_that_says_nothing_is_red_elsewhere(host: Host) -> None:
    guard_note.path().unlink()
    lay_breaker(host.root, active=True)
    assert host.said()[0] == []


def test_whoever_must_resume_it_is_named(host: Host) -> None:
    host.hold()
    host.guard(alpha=BotNote("breaker-1", proven=True, detail=(f"{guard_note.PERSON}: resume.yml ends it",)))
    assert host.said() == ([], [f"{guard_note.PERSON}: resume.yml ends it"])


def test_an_override_stands_in_every_status(host: Host) -> None:
    assert breaker_notes.of_host(host.root, host.clock) == []
    path = places.override_of(places.state_directory(host.root))
    path.write_text(json.dumps(override_file.document("ann", "a report", START + timedelta(hours=1))))
    [said] = breaker_notes.of_host(host.root, host.clock)
    assert said.startswith("runs may start in spite of the breaker until ")
    assert said.endswith("by ann: a report")
    path.write_text("{")
    assert "permits nothing" in breaker_notes.of_host(host.root, host.clock)[0]
