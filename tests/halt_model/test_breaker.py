"""Breaker and halt on one bot, in any order: each holds it, neither ends the other, and without both it runs."""

from __future__ import annotations

import os
import random
import secrets
from pathlib import Path

import pytest

from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from tests.halt_model.model_world import BOT, ModelWorld
from tests.unit.fakes import lay_breaker

ROUNDS = 200
DISTURBANCES = ("unlock", "api_start", "reload")
ENDS = ("crash", "restart")  # after some of them, a start gate waits


class Round:
    """One bot on a host with breaker files, for one round of orders.

    Attributes:
        host: Whether the breaker file of the host is active.
        own: Whether that of the bot is.
        halted: The level of the halt in force.
    """

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311  a round must be repeatable
        self.world = ModelWorld(self.dice.getrandbits(32))
        self.root = self.world.host.root
        self.home = Home(self.root / "bots" / BOT)
        self.host = self.own = False
        self.halted = 0
        self._ends = list(ENDS)

    def order(self) -> str:
        """Do one thing that an operator may do, and return its name."""
        name = self.dice.choice(["host", "own", "halt", "resume", *DISTURBANCES, *self._ends])
        if name == "host":
            self.host = not self.host
            lay_breaker(self.root, active=self.host, reason="feed is wrong")
        elif name == "own":
            self.own = not self.own
            self._own()
        elif name == "halt":
            level = self.dice.choice([1, 3])
            assert self.world.halt(level).proven
            self.halted = max(self.halted, level)
        elif name == "resume" and self.halted:
            incident = self.world.incident()
            assert incident is not None
            assert self.world.release(incident).proven
            self.halted = {3: 1}.get(self.halted, 0)
        elif name in (*DISTURBANCES, *ENDS):
            getattr(self.world, name)()
            self._ends = [end for end in self._ends if end != name]
        return name

    def _own(self) -> None:
        if self.own or self.dice.random() < 0.5:
            self.home.breaker.write_text(f'{{"active": {str(self.own).lower()}, "reason": "by hand"}}')
            self.home.breaker.chmod(0o600)
        else:
            self.home.breaker.unlink()

    def settled(self) -> None:
        """Let the guard come round, and check that the bot is what files and halt demand, no more and no less."""
        self.world.settle()
        held = holds.load(self.home.holds)
        assert (held.of(holds.BREAKER) is not None) == (self.host or self.own), held
        assert held.level == max(self.halted, int(self.host or self.own)), held
        wanted = "no process" if self.halted == 3 else "paused" if held.level else "running"
        assert self.world.state() == wanted, held
        assert self.world.wrong() == []


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))


def test_breaker_and_halt_hold_a_bot_and_neither_ends_the_other(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    dice, done = random.Random(seed), 0  # noqa: S311  as above
    while done < ROUNDS:
        one, said = Round(dice.getrandbits(32)), list[str]()
        try:
            for _ in range(8):
                said.append(one.order())
                one.settled()
                done += 1
        except BaseException as failure:
            failure.add_note(f"again: FREQOPS_SEED={seed}; it went {', '.join(said)}")
            raise
        finally:
            one.world.close()
    with capsys.disabled():
        print(f"\nrounds of breaker and halt: {done}, seed {seed}")  # noqa: T201


def test_a_person_resumes_no_hold_of_a_breaker(tmp_path: Path) -> None:
    world = ModelWorld(1)
    try:
        path = lay_breaker(world.host.root, active=True, reason="feed is wrong")
        world.settle()
        hold = holds.load(world.host.root / "bots" / BOT / "conf" / "holds.json").of(holds.BREAKER)
        assert hold is not None
        refused = world.release(hold.incident)
        assert refused.status == 1
        assert str(path) in refused.said["refused"]
        assert "feed is wrong" in refused.said["refused"]
        assert world.level() == 1
    finally:
        world.close()
