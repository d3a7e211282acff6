"""Whatever operators, crashes and clocks do in whatever order: a held bot does not enter, and stays held."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import tempfile
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from freqops.core.client import ApiError
from tests.halt_model.world import ROUND, SETTLED, TIMER, world

STEPS = 10_000 if os.environ.get("FREQOPS_PROVE") == "1" else 1_000
LENGTH, SEQUENCES = 50, 20
LEVELS = st.sampled_from([1, 2, 3])


class HaltMachine(RuleBasedStateMachine):
    """All that can be done to a bot and its host, and what must be so after each of it."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self._stack, self._root = ExitStack(), Path(tempfile.mkdtemp(prefix="halt-model-"))
        self.world = self._stack.enter_context(world(self._root, 1))
        self._names = (f"incident-{number}" for number in itertools.count(1))
        self._floor = 0

    def teardown(self) -> None:
        """Leave nothing behind."""
        self._stack.close()
        shutil.rmtree(self._root)

    # --- what operators do

    @rule(level=LEVELS)
    def halt(self, level: int) -> None:
        """Halt, as a first or a second operator does; what it says is so, and it starts nothing."""
        world = self.world
        before, state, wanted = world.level, world.state, world.wanted
        stopped = state == "stopped" and world.is_at_rest
        row = world.halt(level, next(self._names))
        assert world.level >= before
        if row.latched:
            self._floor = max(before, 3 if level == 3 else 1)
            assert world.level >= self._floor
        if row.proven:
            assert world.is_at_rest, row
            assert world.level < 3 or world.trader is None, row
            assert not self._entered_within(2 * ROUND), "it was proven, and a round that was under way entered"
        if state == "no process" and not wanted:
            assert world.state == "no process", "a halt starts nothing"
        if state == "paused":
            assert world.state != "running", "a halt un-pauses nothing"
        if stopped:
            assert world.state in ("stopped", "no process"), "a halt starts no trader"

    def _entered_within(self, seconds: float) -> bool:
        now = self.world.clock.monotonic()
        self.world.clock.sleep(seconds)
        return any(entry.at > now for entry in self.world.entries)

    @rule(level=st.sampled_from([1, 3]))
    def halt_that_dies(self, level: int) -> None:
        """A halt whose process ends right after its hold is on the disk."""
        self.world.latch_and_crash(level, next(self._names))
        self._floor = max(self._floor, level)

    @rule(which=st.integers(0, 3), is_right=st.booleans())
    def release(self, which: int, is_right: bool) -> None:
        """Release by the right incident, or by another one, which releases nothing."""
        names = self.world.incidents
        before = self.world.level
        incident = names[which % len(names)] if names and is_right else "incident-of-nobody"
        self.world.release(incident)
        lowest = {0: 0, 1: 0, 3: 1}[before] if names and is_right else before
        assert self.world.level >= lowest
        self._floor = self.world.level

    @precondition(lambda self: self.world.level == 0)
    @rule(level=LEVELS)
    def halt_a_free_bot(self, level: int) -> None:
        """Halt one that nothing holds: most of what can go wrong, goes wrong here."""
        self.halt(level)

    @precondition(lambda self: self.world.level == 0)
    @rule(level=LEVELS)
    def halt_a_stopped_bot(self, level: int) -> None:
        """Halt one whose trader somebody has stopped."""
        self.slash_stop()
        self.halt(level)

    @precondition(lambda self: self.world.level > 0)
    @rule()
    def release_all(self) -> None:
        """Release whatever holds it, step by step, until nothing does, or a step is not taken."""
        before = -1
        while self.world.incidents and before != self.world.level:
            before = self.world.level
            self.release(0, is_right=True)

    @rule()
    def start(self) -> None:
        """Start it through the one door."""
        said = self.world.start()
        assert self.world.level < 3 or said in ("held",) or ":" in said, said

    # --- what others do

    @rule()
    def slash_start(self) -> None:
        """Somebody who has the password sends /start."""
        with suppress(ApiError):
            self.world.api.start()

    @rule()
    def slash_stop(self) -> None:
        """Somebody sends /stop."""
        if self.world.trader is not None and not self.world.trader.frozen:
            self.world.trader.state = "stopped"

    @rule()
    def delete_locks(self) -> None:
        """Somebody deletes all locks."""
        self.world.locks.clear()

    @rule()
    def reload(self) -> None:
        """Somebody reloads the configuration: the process begins anew with what the disk says."""
        if self.world.trader is not None and not self.world.trader.frozen:
            self.world.boot()

    # --- what breaks

    @rule()
    def kill(self) -> None:
        """The process is killed, and the engine starts it again."""
        self.world.die()

    @rule()
    def restart_container(self) -> None:
        """The container is started by hand, whatever it is now."""
        self.world.boot()

    @rule()
    def reboot(self) -> None:
        """The host boots; what the engine had stopped on purpose stays down."""
        if self.world.wanted or self.world.waits:
            self.world.boot()

    @rule(is_frozen=st.booleans())
    def freeze(self, is_frozen: bool) -> None:
        """The process gets no time, or gets it again."""
        if self.world.trader is not None:
            self.world.trader.frozen = is_frozen

    @rule(answers=st.booleans())
    def database(self, answers: bool) -> None:
        """The database is lost, or back."""
        self.world.database = answers

    @rule(days=st.integers(-400, 400))
    def jump(self, days: int) -> None:
        """Somebody sets the clock."""
        self.world.clock.jumped = timedelta(days=days)

    @rule(seconds=st.sampled_from([1.0, TIMER, SETTLED]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.world.clock.sleep(seconds)

    # --- what must be so

    @invariant()
    def it_is_counted(self) -> None:
        HaltMachine.steps += 1

    @invariant()
    def a_level_falls_by_a_release_alone(self) -> None:
        assert self.world.level >= self._floor

    @invariant()
    def what_begins_under_a_hold_enters_only_when_somebody_makes_it_run(self) -> None:
        assert [entry for entry in self.world.entries if entry.is_unasked] == []
        assert self.world.begun_hard == [], "at level 3 nothing begins at all"

    @invariant()
    def a_held_bot_does_not_enter_once_the_timer_has_come_round(self) -> None:
        level = self.world.level
        self.world.clock.sleep(SETTLED)  # the timer has come round, and every boot is over
        assert self.world.level == level
        if level == 0:
            return
        assert not self._entered_within(TIMER), f"held at level {level}, and it enters"
        assert level < 3 or self.world.trader is None, "held at level 3, and a process lives"


def test_no_order_of_events_lets_a_held_bot_enter() -> None:
    number = int(os.environ.get("FREQOPS_SEED") or secrets.randbelow(2**32))
    HaltMachine.steps = 0
    rounds = itertools.count(number)
    while HaltMachine.steps < STEPS:
        run_state_machine_as_test(
            seeded(next(rounds))(HaltMachine),
            settings=settings(
                max_examples=SEQUENCES,
                stateful_step_count=LENGTH,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
    print(f"{HaltMachine.steps} steps, FREQOPS_SEED={number}")  # noqa: T201  count and seed
