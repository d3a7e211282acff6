"""The guard comes round, says that it does, is woken by a breaker file, and makes way for other code."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import service, stamp
from freqops.core.base.clock import Clock
from freqops.core.breaker import guard_note
from freqops.core.halt import holds
from freqops.hostctl.bot import breaker_hold
from freqops.hostctl.bot.rounds import Said
from freqops.hostctl.breaker import guard as guarding
from tests.unit.fakes import FakeEngine, lay_breaker, make_bot
from tests.unit.patience import PATIENCE

NEVER = 3600.0


class Followed:
    """What stands for the follower: it counts its rounds, and one bot may keep it busy."""

    def __init__(self, *_: Any) -> None:
        self.notes: dict[str, guard_note.BotNote] = {}
        self.rounds: list[str] = []
        self.goes_on = threading.Event()
        self.goes_on.set()

    def act(self, home: Path) -> Said:
        self.rounds.append(home.name)
        if home.name == "stuck":
            assert self.goes_on.wait(PATIENCE)
        return Said(["done"], ["failed"])


class World:
    """A guard in a thread of its own, on a host with bots."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.code, self.said = root, root / "freqops-host", list[str]()
        self.code.write_text("code")
        self.follower = Followed()
        self.notes: dict[str, guard_note.BotNote] = {}
        monkeypatch.setattr(guarding, "Follower", lambda *_: self.follower)
        monkeypatch.setattr(guard_note, "leave", lambda notes, _now: (self.notes.update(notes), None)[1])
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(str(root / "notify"))
        self.line.settimeout(PATIENCE)
        monkeypatch.setenv(service.VARIABLE, str(root / "notify"))
        self.thread: threading.Thread | None = None

    def begin(self, every: float = NEVER) -> None:
        guard = guarding.Guard(self.root, every, self.said.append, self.code, Clock(), FakeEngine())
        self.thread = threading.Thread(target=guard.run, daemon=True)
        self.thread.start()

    def told(self, wanted: str) -> None:
        """Wait until systemd was told something."""
        while self.line.recv(100).decode() != wanted:
            pass

    def until(self, condition: Callable[[], object]) -> None:
        give_up = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < give_up
            time.sleep(0.01)

    def end(self) -> None:
        if self.thread is not None:
            other = self.root / "other"
            other.write_text("other code")
            other.replace(self.code)
            lay_breaker(self.root)  # wakes it
            self.follower.goes_on.set()
            self.thread.join(PATIENCE)
            assert not self.thread.is_alive()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stamps: Path) -> Iterator[World]:
    make_bot(tmp_path)
    made = World(tmp_path, monkeypatch)
    yield made
    made.end()
    made.line.close()


def test_it_comes_round_says_so_and_ends_for_other_code(world: World, stamps: Path) -> None:
    world.begin(every=0.01)
    world.told(service.READY)
    world.told(service.ALIVE)
    world.until(lambda: world.said.count("done") > 2)
    assert world.said[:2] == ["done", "failed"]
    assert world.said.count("failed") == 1  # it goes on
    assert stamp.age("guard", time.time()) is not None


@pytest.mark.parametrize("whose", ["host", "bot"])
def test_a_breaker_file_that_changes_is_followed_at_once(world: World, whose: str) -> None:
    world.begin()
    world.until(lambda: world.follower.rounds == ["alpha"] and world.said)
    if whose == "host":
        lay_breaker(world.root, active=True)
    else:
        (world.root / "bots/alpha/circuit_breaker.json").write_text("{}")
    world.until(lambda: len(world.follower.rounds) >= 2)


def test_where_nothing_can_be_watched_it_looks_every_second(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr("freqops.hostctl.breaker.watch.Watch.blind", True)
    world.begin()
    world.until(lambda: len(world.follower.rounds) > 2)


def test_it_says_that_it_lives_between_rounds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "TELL_SECONDS", 0.01)
    world.begin()
    for _ in range(5):
        world.told(service.ALIVE)
    assert world.follower.rounds == ["alpha"]


def test_a_bot_that_hangs_keeps_no_other_from_its_rounds_and_is_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("freqops.hostctl.bot.rounds.ROUND_SECONDS", 0.0)
    make_bot(world.root, "stuck")
    world.follower.goes_on.clear()
    world.begin(every=0.01)
    world.until(lambda: world.follower.rounds.count("alpha") > 2 and "stuck" in world.notes)
    assert world.follower.rounds.count("stuck") == 1
    assert not world.notes["stuck"].proven


def test_what_changes_while_a_bot_is_busy_is_followed_when_it_is_not(world: World) -> None:
    make_bot(world.root, "stuck")
    world.follower.goes_on.clear()
    world.begin()
    world.until(lambda: "stuck" in world.follower.rounds)
    lay_breaker(world.root, active=True)
    world.told(service.ALIVE)
    world.follower.goes_on.set()
    world.until(lambda: world.follower.rounds.count("stuck") >= 2)


def test_it_is_ready_when_the_holds_of_an_active_breaker_are_on_the_disk(world: World) -> None:
    lay_breaker(world.root, active=True, reason="feed is wrong")
    world.begin()
    world.told(service.READY)
    [hold] = holds.load(world.root / "bots/alpha/conf/holds.json").holds
    assert (hold.holder, hold.level, hold.reason) == ("breaker", 1, "feed is wrong")


def test_what_cannot_be_latched_is_said_and_the_guard_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(breaker_hold, "latched", refuse)
    world.begin()
    world.told(service.READY)
    assert "No space left" in world.said[0]


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(service.VARIABLE, raising=False)
    service.tell(service.READY)
    monkeypatch.setenv(service.VARIABLE, "/nonexistent/notify")
    service.tell(service.READY)
