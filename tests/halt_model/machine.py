"""The halt machine: what may befall a halted bot, in any order, and what must hold whatever happens.

- A bot that is held does not trade: at once where something starts it, and where somebody undid the hold, as soon as
  the timer has come round and the loop that was under way is over.
- The level in force falls by a release alone, one step for each; where the holds are lost, it is 3.
- A halt starts nothing and un-pauses nothing.
- What a halt calls proven is so when it says it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.halt_model.protocol import NOT_PROVEN, PROVEN, REFUSED, Answer, Operation, World

DAY = 86400.0
HELD_AT = {1: 1, 2: 1, 3: 3}
AT_REST = ("no process", "stopped", "paused")
NOBODY = "an-incident-of-nobody"
LEVELS = st.sampled_from([1, 2, 3])
AT = st.integers(1, 12) | st.integers(1, 80)
SEEDS = st.integers(0, 2**32 - 1)
JUMPS = st.sampled_from([-40 * DAY, -DAY, -3600.0, -30.0, 30.0, 3600.0, DAY, 40 * DAY])


def _halt(level: int) -> Operation:
    return lambda world: world.halt(level)


def _release(incident: str) -> Operation:
    return lambda world: world.release(incident)


def _deploy(*, sick: bool, image: bool) -> Operation:
    return lambda world: world.deploy(sick=sick, image=image)


def stepped(level: int) -> int:
    """Return the level one step down."""
    return {3: 1}.get(level, 0)


PLAIN: dict[str, Operation] = {
    "start": lambda world: world.start(),
    "timer": lambda world: world.timer(),
    "api_start": lambda world: world.api_start(),
    "api_stop": lambda world: world.api_stop(),
    "reload": lambda world: world.reload(),
    "unlock": lambda world: world.unlock(),
    "crash": lambda world: world.crash(),
    "kill": lambda world: world.kill(),
    "restart": lambda world: world.restart(),
    "reboot": lambda world: world.reboot(),
}
HALTS = {f"halt {level}": _halt(level) for level in (1, 2, 3)}
DEPLOYS = {
    "deploy": _deploy(sick=False, image=False),
    "deploy an image": _deploy(sick=False, image=True),
    "deploy it sick": _deploy(sick=True, image=False),
}
ANEW = ["crash", "kill", "restart", "reboot", "reload"]
OF_SOME_WORLDS = frozenset({"reboot"})
COMMANDS = [*HALTS, "release", "start", "timer", "deploy", "deploy an image"]
ANYTHING = [*COMMANDS, "api_start", "api_stop", "unlock", *ANEW]


def offered(*needed: str) -> Callable[[Any], Any]:
    """Run a rule only in a world that has what it needs."""
    return precondition(lambda machine: machine.world.offers().issuperset(needed))


class HaltMachine(RuleBasedStateMachine):
    """Everything that may happen to one bot.

    Attributes:
        world: Where it happens.
        done: How often what was done, over all machines that share it.
        undone: Whether somebody may have undone the hold since it was last made true.
    """

    world: World

    def __init__(self, new_world: Callable[[int], World], done: Counter[str]) -> None:
        super().__init__()
        self._new_world, self.done = new_world, done
        self.undone = False

    @initialize(seed=SEEDS, level=st.sampled_from([0, 1, 1, 2, 3]))
    def begin(self, seed: int, level: int) -> None:
        self.world = self._new_world(seed)
        if level and "halt" in self.world.offers():
            self.halt(level)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()

    # --- halts and releases

    @offered("halt")
    @rule(level=LEVELS)
    def halt(self, level: int) -> None:
        before, state = self.world.level(), self.world.state()
        answer = self.world.halt(level)
        [row] = answer.said["bots"]
        assert row["latched"], row
        assert answer.proven == row["proven"], row
        assert row["proven"] or row["detail"], f"nobody is told what is missing: {row}"
        assert self.world.level() == max(before, HELD_AT[level]), row
        after = self.world.state()
        if state in AT_REST and after != state:
            assert after in ("no process", "booting"), f"a halt made {after} of {state}"
        self.undone = not answer.proven
        self._after(f"halt {level}", answer)

    @offered("release")
    @rule(known=st.sampled_from([True, True, True, False]))
    def release(self, known: bool) -> None:
        """Release what holds it, or what nobody ever set."""
        before, incident = self.world.level(), self.world.incident()
        if not known or incident is None:
            self._released("release of nothing", self.world.release(NOBODY), {REFUSED: [before]})
            return
        steps: dict[int | None, list[int]] = {
            PROVEN: [stepped(before)],
            REFUSED: [before],
            NOT_PROVEN: [before, stepped(before)],
        }
        answer = self.world.release(incident)
        if self.world.level() == 0 and self.world.state() == "running" and answer.proven:
            assert not self.world.locked(), "what was released is still locked"
        self._released("release", answer, steps)

    def _released(self, name: str, answer: Answer, steps: dict[int | None, list[int]]) -> None:
        assert self.world.level() in steps[answer.status], answer
        self._after(name, answer)

    # --- what starts the bot, or may: at once

    @offered("restart", "crash", "kill", "reload")
    @rule(data=st.data())
    def comes_up_again(self, data: st.DataObject) -> None:
        """Whoever undid the hold before, what reads its configuration again knows of the hold."""
        name = self._one_of(ANEW, data)
        self._starts(name, PLAIN[name])

    @offered("start")
    @rule()
    def start(self) -> None:
        self._starts("start", PLAIN["start"])

    @offered("deploy")
    @rule(name=st.sampled_from(sorted(DEPLOYS)))
    def deploy(self, name: str) -> None:
        self._starts(name, DEPLOYS[name])

    def _starts(self, name: str, operation: Operation) -> None:
        """Do it, and look at what comes up, without any timer."""
        before = self.world.level()
        answer = operation(self.world)
        self.world.boot()
        level = self.world.level()
        assert level >= before, f"{name} took the level from {before} to {level}"
        knows = name in ANEW or answer.proven
        if knows and (level < 3 or name != "reload"):  # at level 3, a process that only reads again reads nothing
            self.undone = False
        assert level < 3 or self.undone or self.world.state() == "no process", f"{name} lets a bot live at level 3"
        self._after(name, answer)

    # --- what somebody does to the bot

    @offered("api_start", "api_stop", "unlock")
    @rule(name=st.sampled_from(["api_start", "api_stop", "unlock"]))
    def somebody(self, name: str) -> None:
        before = self.world.level()
        answer = PLAIN[name](self.world)
        assert self.world.level() == before
        self.undone = self.undone or name == "api_start"
        self._after(name, answer)

    @offered("api_start", "unlock", "timer")
    @precondition(lambda self: self.world.level() == 1)
    @rule(name=st.sampled_from(["api_start", "unlock"]))
    def undone_and_made_true_again(self, name: str) -> None:
        self.somebody(name)
        self.settle()

    @offered("database_lost", "database_back")
    @rule(back=st.booleans())
    def database(self, back: bool) -> None:
        answer = self.world.database_back() if back else self.world.database_lost()
        self._after("database back" if back else "database lost", answer)

    @offered("holds_lost")
    @rule(torn=st.booleans())
    def holds_lost(self, torn: bool) -> None:
        answer = self.world.holds_lost(torn=torn)
        assert self.world.level() == 3
        self.undone = True
        self._after("holds torn" if torn else "holds lost", answer)

    @offered("holds_lost", "deploy")
    @rule(name=st.sampled_from(sorted(DEPLOYS)), torn=st.booleans())
    def deployed_over_lost_holds(self, name: str, torn: bool) -> None:
        self.holds_lost(torn)
        self.deploy(name)
        assert self.world.level() == 3
        assert self.world.incident() is not None, "nothing is named by which it could be resumed"

    @offered("clock_jump")
    @rule(seconds=JUMPS)
    def clock_jump(self, seconds: float) -> None:
        self._after("clock jump", self.world.clock_jump(seconds))

    # --- several at once, and half of one

    @offered("together")
    @rule(first=st.sampled_from(COMMANDS), data=st.data(), seed=SEEDS)
    def second_operator(self, first: str, data: st.DataObject, seed: int) -> None:
        second = self._one_of(ANYTHING, data)
        lowest = before = self.world.level()
        for name in (first, second):
            lowest = stepped(lowest) if name == "release" else lowest
        answers = self.world.together(self._operation(first), self._operation(second), seed)
        if "release" not in (first, second):
            lowest = max([before, *(HELD_AT[row["level"]] for row in latched(answers))])
        assert self.world.level() >= lowest, f"{first} and {second} took the level from {before}: {answers}"
        self.undone = True
        self._after(f"together: {first} and {second}", answers[0])

    @offered("cut_short")
    @rule(name=st.sampled_from(COMMANDS), at=AT)
    def cut_short(self, name: str, at: int) -> None:
        before = self.world.level()
        answer = self.world.cut_short(self._operation(name), at)
        level = self.world.level()
        assert level >= (stepped(before) if name == "release" else before), f"{name} cut short at {at}"
        self.undone = True
        self._after("cut short", answer)

    def _one_of(self, names: list[str], data: st.DataObject) -> str:
        """Draw the name of an operation; what this world lacks of what only some worlds have is left out."""
        left_out = OF_SOME_WORLDS - self.world.offers()
        return data.draw(st.sampled_from([name for name in names if name not in left_out]))

    def _operation(self, name: str) -> Operation:
        if name == "release":
            return _release(self.world.incident() or NOBODY)
        return {**HALTS, **PLAIN, **DEPLOYS}[name]

    # --- time

    @rule(seconds=st.sampled_from([0.3, 2.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.world.wait(seconds)
        self._after("wait", Answer())

    @offered("timer")
    @rule()
    def settle(self) -> None:
        """Let the timers come round: from then on a held bot does not trade, and goes on not trading."""
        before = self.world.level()
        self.world.settle()
        level = self.world.level()
        assert level >= before
        self.undone = False
        if level:
            self._at_rest(level)
        elif self.world.trading():
            self.done["trades"] += 1
        self._after("settle", Answer())

    def _at_rest(self, level: int) -> None:
        state = self.world.state()
        assert state == "no process" if level == 3 else state != "running", f"held at level {level}, and {state}"
        if state == "paused":
            assert self.world.locked() is not False, "held, and its lock is gone"
        entered = self.world.entries()
        self.world.wait(self.world.quiet_seconds)
        assert self.world.entries() == entered, f"held at level {level}, {state}, and entered"
        self.done[f"at rest at level {level}"] += 1

    def _after(self, name: str, answer: Answer) -> None:
        """Hold what must hold after every step."""
        self.done[f"{name}: {answer.status}"] += 1
        self.done["steps"] += 1
        assert self.world.wrong() == []
        if self.world.level() and not self.undone:
            assert not self.world.trading(), f"after {name} a held bot trades"


def latched(answers: tuple[Answer, ...]) -> list[dict[str, Any]]:
    """Return the rows of halts whose hold is on the disk, by what they say."""
    rows = [row for answer in answers for row in answer.said.get("bots", []) if "latched" in row]
    return [row for row in rows if row["latched"]]
