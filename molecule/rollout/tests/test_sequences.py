"""The halt machine on real bots: whatever befalls them, in orders that nobody thought of, they stay halted."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.halt_model.machine import HaltMachine
from tests.support.field import until
from tests.support.lab_world import LabWorld
from tests.support.patience import GIVE_UP
from tests.support.rollout import OWN, PAIR, Bot, Rollout

# A tenth unless asked for all: on both bots at the same time, and then on one that has its host for itself.
PROVE = os.environ.get("FREQOPS_PROVE") == "1"
TOGETHER, ALONE = (20, 10) if PROVE else (2, 1)
LENGTH = 6
ENTERED = """
from freqops.core.bot.client import ApiError
try:
    answer = api.open_trades()
except ApiError:  # not yet back from a reboot
    answer = []
"""
SEEN = (*(f"halt {level}: 0" for level in (1, 2, 3)), "release: 0", "reboot: 0", "trades", "at rest at level 1")


@dataclass
class Run:
    """Sequences of the machine on one bot.

    Attributes:
        bot: The bot.
        sequences: How many.
        host_alone: Whether its host may be rebooted.
        seed: What decides everything in them.
        done: How often what was done.
        story: What was done in the last sequence.
    """

    bot: Bot
    sequences: int
    host_alone: bool
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)

    def go(self) -> Counter[str]:
        """Run them; a failure tells the story of its sequence."""
        run = self

        class Machine(HaltMachine):
            def __init__(self) -> None:
                super().__init__(run.world, run.done)

        bounds = settings(
            max_examples=self.sequences, stateful_step_count=LENGTH, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
        )  # fmt: skip
        try:
            run_state_machine_as_test(hypothesis.seed(self.seed)(Machine), settings=bounds)
        except BaseException as failure:
            failure.add_note("\n".join([f"seed {self.seed}, its last sequence:", *self.story]))
            raise
        return self.done

    def world(self, seed: int) -> LabWorld:
        """Return the bot, as a sequence begins with it; not with the very simplest, with which hypothesis begins."""
        hypothesis.assume(seed)
        self.done["sequences"] += 1
        return LabWorld(self.bot, self.host_alone, self.story)


def test_a_real_bot_that_is_held_never_trades_whatever_happens(
    rollout: Rollout, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    try:
        bots = [rollout.bots[name] for name in OWN]
        runs = [Run(bot, TOGETHER, host_alone=False, seed=seed + number) for number, bot in enumerate(bots)]
        with ThreadPoolExecutor(max_workers=len(runs)) as pool:
            done = sum(pool.map(Run.go, runs), Counter[str]())
        done += Run(bots[0], ALONE, host_alone=True, seed=seed + len(bots)).go()
    finally:
        for name in OWN:
            rollout.bots[name].wish(enter=[PAIR])
    for name in OWN:
        until(f"{name} has a trade", partial(rollout.bots[name].ask, ENTERED), GIVE_UP)
        rollout.bots[name].wish()
    with capsys.disabled():
        print(f"\nsequences on real bots: {done['sequences']}, seed {seed}; {dict(sorted(done.items()))}")  # noqa: T201
    assert done["sequences"] >= len(OWN) * TOGETHER + ALONE
    assert not PROVE or [name for name in SEEN if not done[name]] == []
