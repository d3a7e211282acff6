"""Bots that follow the breaker files: what the guard does on the first round, and what it leaves to others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven
from freqops.core.bot import layout
from freqops.core.bot.client import Unreachable
from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from freqops.hostctl.bot import breaker_hold, holds_file
from freqops.hostctl.breaker.follower import WAITS, Follower
from freqops.hostctl.halt import resume
from tests.halt_model.container import Container
from tests.halt_model.host import ModelHost
from tests.unit.core.halt.model import Habits
from tests.unit.fakes import lay_breaker

HABITS = Habits(boot=0.5, prepare=0.1, per_pair=0.1, pairs=2, throttle=1.0, fills=True, slots=3)


class Fleet:
    """A host with bots, and the follower of its guard."""

    def __init__(self) -> None:
        self.host = ModelHost()
        self.root, self.clock = self.host.root, self.host.clock
        self.follower = Follower(self.clock, self.host.engine)

    def add(self, name: str, *, idle: bool = False, **declared: Any) -> Container:
        """Deploy a bot, and wait until it runs; an idle one never enters, and agrees with its exchange."""
        container = self.host.add(name, replace(HABITS, slots=0) if idle else HABITS, **declared)
        while not container.booted:
            self.host.sleep(0.5)
        return container

    def breaker(self, *, active: bool, reason: str = "feed is wrong") -> Path:
        return lay_breaker(self.root, active=active, reason=reason)

    def round(self, name: str = "alpha") -> tuple[list[str], list[str]]:
        said = self.follower.act(self.root / "bots" / name)
        return said.done, said.failed

    def held(self, name: str = "alpha") -> list[str]:
        return [hold.holder for hold in holds.load(Home(self.root / "bots" / name).holds).holds]


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    made = Fleet()
    yield made
    made.host.close()


def test_a_bot_is_held_once_proven_noted_and_left_alone(fleet: Fleet) -> None:
    bot = fleet.add("alpha").bot
    assert fleet.round() == ([], [])
    assert fleet.follower.notes == {}
    fleet.breaker(active=True)
    done, failed = fleet.round()
    assert failed == []
    assert done[0].startswith("alpha: HALTED, PROVEN by the operator breaker under ")
    assert done[0].endswith(": feed is wrong")
    assert (fleet.held(), bot.state) == (["breaker"], "paused")
    note = fleet.follower.notes["alpha"]
    assert (note.proven, note.incident in done[0]) == (True, True)
    [evidence] = (fleet.root / "incidents" / note.incident).glob("*-breaker1-*.json")
    assert json.loads(evidence.read_text())["actor"] == breaker_hold.ACTOR
    assert fleet.round() == ([], [])


def test_a_hold_that_is_not_proven_is_not_noted_as_such(fleet: Fleet) -> None:
    container = fleet.add("alpha")
    container.bot.database = False
    fleet.breaker(active=True)
    _, failed = fleet.round()
    assert failed
    assert fleet.held() == ["breaker"]
    assert not fleet.follower.notes["alpha"].proven
    container.bot.database = True
    fleet.round()
    assert fleet.follower.notes["alpha"].proven


def test_the_hold_of_a_live_bot_waits_for_a_person_where_that_is_declared(fleet: Fleet) -> None:
    names = {"gamma": "person", "delta": "file"}
    for name, resumes in names.items():
        fleet.add(name, idle=True, mode="live", breaker_resume=resumes)
    fleet.breaker(active=True)
    for name in names:
        assert fleet.round(name)[1] == []
    fleet.breaker(active=False)
    for name in names:
        assert fleet.round(name)[1] == []
    assert (fleet.held("gamma"), fleet.held("delta")) == (["breaker"], [])
    assert fleet.host.containers["gamma"].bot.state == "paused"
    note = fleet.follower.notes["gamma"]
    assert (note.proven, note.waits_for_person) == (True, True)
    fleet.breaker(active=True)
    assert fleet.round("gamma")[1] == []
    note = fleet.follower.notes["gamma"]
    assert (note.proven, note.waits_for_person) == (True, False), "it is held again, and nothing is over"


def test_on_paper_nobody_waits_for_a_person(fleet: Fleet) -> None:
    fleet.add("alpha", breaker_resume="person")
    fleet.breaker(active=True)
    fleet.round()
    fleet.breaker(active=False)
    fleet.round()
    assert fleet.held() == []


def test_a_bot_whose_declaration_is_torn_is_not_resumed(fleet: Fleet) -> None:
    container = fleet.add("alpha")
    fleet.breaker(active=True)
    fleet.round()
    (container.home / "bot.json").write_text("{")
    fleet.breaker(active=False)
    fleet.round()
    assert fleet.held() == ["breaker"]
    assert WAITS in fleet.follower.notes["alpha"].detail, "it is left to a person"


def test_holds_that_cannot_be_read_stay_what_they_are(fleet: Fleet) -> None:
    """They count as level 3; the hold of a breaker would make them less."""
    container = fleet.add("alpha")
    path = Home(container.home).holds
    path.write_text("{")
    fleet.breaker(active=True)
    fleet.round()
    assert path.read_text() == "{"
    assert container.phase in ("exited", "none"), "level 3 was made true"


def test_a_resume_that_did_not_reach_the_bot_is_brought_to_its_end(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = fleet.add("alpha").bot
    fleet.breaker(active=True)
    fleet.round()
    fleet.breaker(active=False)

    def fails(*_: Any) -> None:
        raise NotProven("alpha: the hold is gone from the disk, but the bot was not reached")

    with monkeypatch.context() as patch:
        patch.setattr(resume, "_unlocked", fails)
        assert "was not reached" in fleet.round()[1][0]
    assert (fleet.held(), bot.state, bool(bot.locks)) == ([], "paused", True)
    assert not fleet.follower.notes["alpha"].proven
    another = Follower(fleet.clock, fleet.host.engine)  # the guard was started again meanwhile
    fleet.follower = another
    assert fleet.round() == (["alpha: running: its breaker is over"], [])
    assert (bot.state, bool(bot.locks)) == ("running", False)
    assert fleet.round() == ([], [])


@pytest.mark.parametrize("lifted", [True, False])
def test_a_bot_that_does_not_answer_is_named_only_where_something_is_left_to_do(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, lifted: bool
) -> None:
    fleet.add("alpha")
    if lifted:
        fleet.breaker(active=True)
        fleet.round()
        fleet.breaker(active=False)
        fleet.round()

    def silent(*_: Any) -> None:
        raise Unreachable("GET /locks: no answer")

    monkeypatch.setattr(resume, "finished", silent)
    assert bool(fleet.round()[1]) == lifted


def test_who_paused_a_bot_that_no_breaker_held_is_not_contradicted(fleet: Fleet) -> None:
    bot = fleet.add("alpha").bot
    bot.state = "paused"
    assert fleet.round() == ([], [])
    assert bot.state == "paused"


def test_a_bot_that_is_started_while_a_breaker_is_active_comes_up_held(fleet: Fleet) -> None:
    container = fleet.add("alpha")
    fleet.host.engine.stop("freqops-alpha", 10)
    entered = len(container.bot.entered)
    fleet.breaker(active=True)
    crew = fleet.host.run("start", "alpha")
    assert (crew.status, crew.answers[-1]["outcome"]) == (0, "paused")
    assert (fleet.held(), container.bot.state, len(container.bot.entered)) == (["breaker"], "paused", entered)


def test_a_bot_is_not_started_where_the_hold_of_a_breaker_is_not_saved(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = fleet.add("alpha").home
    path = fleet.breaker(active=True)
    fleet.host.full.add(home)
    with pytest.raises(NotProven, match=r"alpha must not go on: .* is active, and its hold is not saved: No space"):
        breaker_hold.latched(home, fleet.clock)
    path.write_text(json.dumps({"active": False}))
    breaker_hold.latched(home, fleet.clock)


def test_a_hold_that_stands_is_not_set_again_at_a_start(fleet: Fleet) -> None:
    home = fleet.add("alpha").home
    fleet.breaker(active=True)
    breaker_hold.latched(home, fleet.clock)
    before = Home(home).holds.read_bytes()
    breaker_hold.latched(home, fleet.clock)
    assert Home(home).holds.read_bytes() == before


def test_the_end_of_a_breaker_leaves_a_halt_of_the_same_incident(fleet: Fleet) -> None:
    """Whoever switches a breaker may say as a part of what: that of the halt that stands."""
    bot = layout.load_bot(fleet.add("alpha").home)
    incident = "20260102T030405Z-halt1-abcdef"
    holds_file.latch(bot.home, holds.Hold("halt", 1, "why", "ann", incident, 0, ""), fleet.clock)
    breaker = holds.Hold("breaker", 1, "feed is wrong", "bob", incident, 0, "")
    holds_file.latch(bot.home, breaker, fleet.clock)
    fleet.breaker(active=True)
    fleet.round()
    fleet.breaker(active=False)
    for _ in range(2):
        fleet.round()
        assert fleet.held() == ["halt"]
        assert fleet.host.containers["alpha"].bot.state == "paused"


def test_a_breaker_that_trips_while_its_hold_is_lifted_keeps_it(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exchange of a live bot is asked meanwhile, and that takes its time."""
    bot = fleet.add("alpha").bot
    fleet.breaker(active=True)
    fleet.round()
    fleet.breaker(active=False)

    def asked(*_: Any) -> list[str]:
        fleet.breaker(active=True)
        return []

    monkeypatch.setattr(resume, "refuse_unless_agreed", asked)
    _, failed = fleet.round()
    assert "its file is its release" in failed[0]
    assert (fleet.held(), bot.state) == (["breaker"], "paused")


def test_a_breaker_that_trips_while_a_bot_is_resumed_pauses_it(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop has not come round yet, and nobody else looks at a bot that is in hand."""
    bot = fleet.add("alpha").bot
    fleet.breaker(active=True)
    fleet.round()
    fleet.breaker(active=False)
    really = holds_file.unless_held

    def started(*words: Any) -> int:
        level = really(*words)
        fleet.breaker(active=True, reason="again")
        return level

    monkeypatch.setattr(holds_file, "unless_held", started)
    done, _ = fleet.round()
    assert done[0].startswith("alpha: paused: its breaker is over"), done
    assert (fleet.held(), bot.state) == (["breaker"], "paused")


def test_a_proof_ends_when_the_bot_is_not_seen_any_more(fleet: Fleet) -> None:
    container = fleet.add("alpha")
    fleet.breaker(active=True)
    fleet.round()
    assert fleet.follower.notes["alpha"].proven
    container.bot.database = False  # its API answers nothing that a proof needs
    fleet.round()
    note = fleet.follower.notes["alpha"]
    assert not note.proven
    assert note.detail
    container.bot.database = True
    assert "HALTED, PROVEN" in fleet.round()[0][0], "it is proven again"
    assert fleet.follower.notes["alpha"].proven


def test_a_proof_ends_when_somebody_started_the_bot(fleet: Fleet) -> None:
    bot = fleet.add("alpha").bot
    fleet.breaker(active=True)
    fleet.round()
    bot.state = "running"
    done, _ = fleet.round()
    assert "found otherwise" in done[0]
    assert not fleet.follower.notes["alpha"].proven, "two rounds of its loop are to come"
    assert "HALTED, PROVEN" in fleet.round()[0][0], "it is proven again"
    assert fleet.follower.notes["alpha"].proven


def test_ends_of_breaker_and_halt_are_apart(fleet: Fleet) -> None:
    bot = layout.load_bot(fleet.add("alpha").home)
    fleet.breaker(active=True)
    fleet.round()
    hold = holds.Hold("halt", 3, "why", "ann", "halt-1", 0, "")
    holds_file.latch(bot.home, hold, fleet.clock)
    fleet.round()
    fleet.breaker(active=False)
    fleet.round()
    assert fleet.held() == ["halt"]
    assert fleet.host.containers["alpha"].phase in ("exited", "none")
