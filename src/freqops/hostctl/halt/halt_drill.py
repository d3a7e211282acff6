"""``freqops-host drill``: the halt rehearsed on a paper bot that runs, with faults, each exercise measured.

An exercise passes when what must be was read back; one of them passes only when the halt says that it is *not* proven.
The bot is brought back to where it was; where that fails it stays held, which is safe, and the drill has not passed.
"""

from __future__ import annotations

import signal
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, TypeVar

from freqops.core.base import durable
from freqops.core.base.clock import Clock, round_seconds
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.core.bot.client import ApiError, Unreachable
from freqops.core.bot.layout import Home
from freqops.core.bot.processes import Process
from freqops.core.halt import halt_drill, holds
from freqops.core.halt.answer import Row
from freqops.core.halt.kill_level import KillLevel

from ..bot import frozen, stopped
from ..bot.engine import Engine
from ..bot.processes_and_api import alive, client
from ..bot.stopped import Stopped
from ..incident.journal import Journal
from .halt import halt
from .order import Order
from .resume import resume

PATIENCE = 120.0  # a boot, and the timer that makes holds true again
FROZEN_SECONDS = 8.0
GATE_SECONDS = 8.0
POLL = 0.25
AT_REST = "paused and locked again"
Asked = TypeVar("Asked")


@dataclass
class Exercise:
    """One exercise.

    Attributes:
        exercise: The name of the exercise.
        expected: The expected result.
        said: The result.
        acknowledged_s: Seconds until the halt was acknowledged, where one was commanded.
        proven_s: Seconds until it was proven.
        seconds: Seconds from a fault until the hold was true again.
        passed: Whether it went as it must.
    """

    exercise: str
    expected: str
    said: str = ""
    acknowledged_s: float | None = None
    proven_s: float | None = None
    seconds: float | None = None
    passed: bool = False


@dataclass
class Drilled(Outcome):
    """The outcome of a drill: proven where all exercises passed and the bot is back.

    Attributes:
        exercises: The exercises, in the order of the drill.
    """

    exercises: list[Exercise] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it stands in the answer."""
        exercises = [asdict(exercise) for exercise in self.exercises]
        return {**super().to_json(), "exercises": exercises, "passed": self.proven}


@dataclass(frozen=True)
class Plan:
    """The levels that are rehearsed, and the mandate."""

    levels: tuple[KillLevel, ...]
    mandate: Mandate


class Drill:
    """One drill of one bot."""

    def __init__(self, bot: layout.Bot, plan: Plan, journal: Journal, clock: Clock, engine: Engine) -> None:
        self._bot, self._plan, self._journal, self._clock, self._engine = bot, plan, journal, clock, engine
        self._result = Drilled(bot.name)
        self._thawed = True

    def run(self) -> Drilled:
        """Rehearse, and bring the bot back.

        Raises:
            Refused: Nothing was touched; the text says why.
        """
        with durable.locked(Home(self._bot.home).drill_lock, 0, self._clock) as held:
            if not held:
                raise Refused(f"{self._bot.name} is being drilled already")
            self._refuse()
            try:
                for level in self._plan.levels:
                    {
                        KillLevel.ENTRIES: self._level_1,
                        KillLevel.FLATTEN: self._level_2,
                        KillLevel.HARD: self._level_3,
                    }[level]()
                    self._back()
            except (FreqopsError, OSError) as error:
                self._result.detail += [str(error), f"the drill ended early; {self._left()}"]
                return self._result
            finally:
                self._thaw()
        self._result.proven = self._thawed and all(exercise.passed for exercise in self._result.exercises)
        if self._result.proven and self._plan.levels == halt_drill.LEVELS:
            halt_drill.note_passed(self._bot.home, self._plan.mandate.incident, self._clock.utcnow())
        return self._result

    def _refuse(self) -> None:
        name = self._bot.name
        if self._bot.mode != "paper":
            raise Refused(f"{name} trades live; drills are for paper bots")
        level = holds.effective_level(self._bot.holds)
        if level:
            raise Refused(f"{name} is held at level {level}; a drill would have to resume what others hold")
        try:
            state = client(self._bot).read().state
        except ApiError as error:
            raise Refused(f"{name} does not answer, so there is nothing to rehearse on: {error}") from None
        if state != "running":
            raise Refused(f"{name} is {state}; a drill begins with a bot that runs")

    # --- the exercises

    def _level_1(self) -> None:
        self._halted("level 1", KillLevel.ENTRIES)
        self._undone("/start on a held bot", lambda: self._insist(lambda: client(self._bot).start()))
        self._undone("its lock deleted", lambda: self._insist(self._unlock))
        self._undone("its process killed", self._kill)

    def _level_2(self) -> None:
        self._halted("level 2", KillLevel.FLATTEN)

    def _level_3(self) -> None:
        self._frozen()
        self._halted("level 3 on the frozen bot", KillLevel.HARD)
        self._gate_refuses()

    def _halted(self, name: str, level: KillLevel) -> None:
        row = self._halt(level)
        self._note(Exercise(name, "proven", row.verdict, passed=row.proven), row)

    def _frozen(self) -> None:
        """A bot that hangs must not be reported as halted at level 1, even where its last reading says so."""
        incident = self._plan.mandate.incident
        frozen.freeze(self._bot, Stopped(stopped.DRILL, incident, self._bot.release), self._clock)
        row = self._halt(KillLevel.ENTRIES, FROZEN_SECONDS)
        latched = holds.effective_level(self._bot.holds) >= holds.ENTRIES
        silent = row.acknowledged_s is None and not row.proven  # a bot that goes on would have acknowledged it
        self._note(Exercise("level 1, its process frozen", "NOT proven", row.verdict, passed=latched and silent), row)

    def _gate_refuses(self) -> None:
        """Prove that a container started at level 3 executes no Freqtrade."""
        exercise = Exercise("its container started at level 3", "no process")
        self._engine.start(self._bot.container)
        give_up = self._clock.monotonic() + GATE_SECONDS
        while not self._executed() and self._clock.monotonic() < give_up:
            self._clock.sleep(POLL)
        found = self._executed()
        exercise.said = f"process {found[0].pid} trades" if found else "no process"
        exercise.passed = not found
        self._note(exercise)

    def _executed(self) -> list[Process]:
        """Return the processes of Freqtrade; a gate that has not read the holds yet counts as alive, and is none."""
        return [process for process in alive(self._bot) if process.is_freqtrade]

    def _undone(self, name: str, fault: Callable[[], object]) -> None:
        """Do what somebody could do to a held bot, and see the hold become true again without anybody's help."""
        exercise = Exercise(name, AT_REST)
        began = self._clock.monotonic()
        fault()
        while not exercise.passed and self._clock.monotonic() < began + PATIENCE:
            exercise.said = self._at_rest()
            exercise.passed = exercise.said == AT_REST
            if not exercise.passed:
                self._clock.sleep(POLL)
        exercise.seconds = round_seconds(self._clock.monotonic() - began)
        self._note(exercise)

    def _at_rest(self) -> str:
        """Return the state of the bot in words."""
        if not alive(self._bot):
            return "no process"
        api = client(self._bot)
        try:
            state = api.read().state
            if state != "paused" or not api.past_boot():
                return state if state != "paused" else "booting"
            locked = api.has_lock(holds.lock_reason("halt", self._plan.mandate.incident))
        except ApiError as error:
            return f"no answer: {error}"
        return AT_REST if locked else "paused without its lock"

    # --- hands

    def _halt(self, level: KillLevel, deadline: float | None = None) -> Row:
        order = Order(level, self._plan.mandate, deadline)
        return halt([self._bot.home], order, self._clock, self._engine)[0]

    def _insist(self, ask: Callable[[], Asked]) -> Asked:
        """Ask the bot again where one answer comes too late: on a busy host that is no fault of the halt.

        Raises:
            ApiError: It does not answer for as long as a boot may take, or it answers with an error.
        """
        give_up = self._clock.monotonic() + PATIENCE
        while True:
            try:
                return ask()
            except Unreachable:
                if self._clock.monotonic() >= give_up:
                    raise
            self._clock.sleep(POLL)

    def _unlock(self) -> None:
        api = client(self._bot)
        for lock in api.our_locks():
            api.unlock(lock["id"])

    def _kill(self) -> None:
        """Kill it, and wait until it is gone: its last answer is not that of the next process."""
        killed = {process.pid for process in alive(self._bot)}
        if not killed:
            raise NotProven("its process is gone; there is nothing to rehearse on")
        for pid in killed:
            frozen.send(pid, signal.SIGKILL)
        give_up = self._clock.monotonic() + PATIENCE
        while killed & {process.pid for process in alive(self._bot)}:
            if self._clock.monotonic() >= give_up:
                raise NotProven(f"its processes {sorted(killed)} outlive SIGKILL")
            self._clock.sleep(POLL)

    def _thaw(self) -> None:
        """Leave no process frozen, also after another failure; where that is not proven, a recovery finds the note."""
        try:
            frozen.thaw(self._bot, self._clock)
            note = stopped.note_of(self._bot.home)
            if note is not None and note.command == stopped.DRILL:
                stopped.over(self._bot.home)
        except (FreqopsError, OSError) as error:
            self._result.detail.append(str(error))
            self._thawed = False

    def _back(self) -> None:
        """Resume what this drill holds, step by step, until the bot runs as it did."""
        while holds.effective_level(self._bot.holds):
            resume(self._bot, self._plan.mandate, self._journal, self._clock, self._engine)
        state = self._insist(lambda: client(self._bot).read().state)
        if state != "running":
            raise NotProven(f"nothing holds it, and it is {state}")

    def _left(self) -> str:
        level = holds.effective_level(self._bot.holds)
        return (
            f"{self._bot.name} stays held at level {level} under {self._plan.mandate.incident}: look, then resume it"
            if level
            else f"nothing holds {self._bot.name}"
        )

    def _note(self, exercise: Exercise, row: Row | None = None) -> None:
        if row is not None:
            exercise.acknowledged_s, exercise.proven_s = round_seconds(row.acknowledged_s), round_seconds(row.proven_s)
            if not exercise.passed:
                self._result.detail += [f"{exercise.exercise}: {text}" for text in row.detail]
        self._journal.note("note", "bot", f"exercise {exercise.exercise}", answer=asdict(exercise))
        self._result.exercises.append(exercise)
