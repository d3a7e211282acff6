"""Commands that run at the same time, one at a time: their clock is virtual, and a seed decides who goes next.

Every thread of a command is an actor. Only one acts; at each sleep, and at each point where the operating system could
have let another go first, it hands over to whoever is due next, and time passes when everybody waits. So a race is
decided by its seed alone, can be run again, and a command can be killed at any of its points.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from typing import Any

from tests.unit.fakes import FakeClock

NEVER = float("inf")
PAUSES = (0.0, 0.0, 0.001, 0.01, 0.1, 0.6)


class Killed(BaseException):
    """The command was killed: nothing of it goes on."""


class StageClock(FakeClock):
    """The time of a stage: who sleeps lets others act."""

    stage: Stage

    def sleep(self, seconds: float) -> None:
        self.stage.sleep(seconds)


class Crew:
    """One command with all its threads.

    Attributes:
        name: What it does, in words.
        killed: Whether it was.
        points: How many points it came to.
        ends_at: At which of them it is killed, None where it is not.
        answers: What it printed.
        status: Its exit status, None where it was killed.
        failures: What its threads raised and nobody caught.
    """

    def __init__(self, name: str, ends_at: int | None = None) -> None:
        self.name, self.ends_at = name, ends_at
        self.killed = False
        self.points = 0
        self.answers: list[Any] = []
        self.status: int | None = None
        self.failures: list[BaseException] = []


class Actor:
    """What the commands take for a `threading.Thread`."""

    def __init__(
        self,
        stage: Stage,
        crew: Crew,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        *,
        main: bool = False,
    ) -> None:
        self.stage, self.crew, self.main = stage, crew, main
        self.wake, self.order = NEVER, 0.0
        self.ident = threading.get_ident()
        self.turn = threading.Lock()
        self.turn.acquire()
        self.joiners: list[Actor] = []
        self._target, self._args, self._over = target, args, False
        self._thread = threading.Thread(target=self._act, daemon=True)

    def start(self) -> None:
        """Enter; it acts when its turn comes."""
        self.stage.enter(self)
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether it has not ended."""
        return not self._over

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, no longer than ``timeout``."""
        if not self._over:
            self.stage.wait_for(self, timeout)

    def _act(self) -> None:
        self.turn.acquire()
        self.ident = threading.get_ident()
        try:
            if not self.crew.killed:
                self._target(*self._args)
        except Killed:
            pass
        except BaseException as failure:  # noqa: BLE001  whatever it is, the test must see it
            self.crew.failures.append(failure)
        self._over = True
        self.stage.leave(self)


class Stage:
    """Where all actors act; the thread that made it is one of them."""

    def __init__(self) -> None:
        self.clock = StageClock()
        self.clock.stage = self
        self.dice: random.Random | None = None
        self.lives: list[Callable[[float], None]] = []
        self._turns = itertools.count(1)
        self._root = Actor(self, Crew("the test"), lambda: None)
        self._root.wake = 0.0
        self._actors = [self._root]
        self._current = self._root
        self._broken: BaseException | None = None

    @property
    def crew(self) -> Crew:
        """The command that acts now."""
        return self._current.crew

    @property
    def alone(self) -> bool:
        """Whether the test itself acts, and no command."""
        return self._current is self._root

    def thread(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        **_named: Any,
    ) -> Actor:
        """Return another thread of the command that acts now; its name makes no difference here."""
        return Actor(self, self.crew, target, args)

    def begin(self, crew: Crew, work: Callable[[], None]) -> Actor:
        """Let a command begin."""
        actor = Actor(self, crew, work, main=True)
        actor.start()
        return actor

    def finish(self, *mains: Actor) -> None:
        """Wait until these commands are over with all their threads, and raise what nobody caught in them."""
        for main in mains:
            main.join()
        crews = [main.crew for main in mains]
        while left := [actor for actor in self._actors if actor.crew in crews]:
            left[0].join()
        for failure in [failure for crew in crews for failure in crew.failures]:
            raise failure

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass for whoever acts."""
        self._count()
        self._wait(self.clock.now + seconds)

    def point(self) -> None:
        """Mark a point where others may go first, and where a command may be killed."""
        if threading.get_ident() != self._current.ident:  # a thread of no actor, as that of a journal
            return
        self._count()
        if self.dice is not None:
            self._wait(self.clock.now + self.dice.choice(PAUSES))

    def wait_for(self, actor: Actor, timeout: float | None) -> None:
        """Let whoever acts wait for the end of ``actor``."""
        me = self._current
        actor.joiners.append(me)
        try:
            self._wait(NEVER if timeout is None else self.clock.now + timeout)
        finally:
            actor.joiners.remove(me)

    def enter(self, actor: Actor) -> None:
        """Let ``actor`` be due now."""
        self._due(actor, self.clock.now)
        self._actors.append(actor)

    def leave(self, actor: Actor) -> None:
        """Let ``actor`` go, with all of its command where it was the main one of it: nothing outlives an exit."""
        if actor.main:
            self.kill(actor.crew)
        self._actors.remove(actor)
        for joiner in actor.joiners:
            self._due(joiner, self.clock.now)
        self._pass_on(actor)

    def kill(self, crew: Crew) -> None:
        """End a command: each of its threads when its turn comes, which is now."""
        crew.killed = True
        for actor in self._actors:
            if actor.crew is crew:
                self._due(actor, self.clock.now)

    def kill_others(self) -> None:
        """End every command but the one that acts now, as a loss of power does."""
        for crew in dict.fromkeys(actor.crew for actor in self._actors):
            if crew not in (self.crew, self._root.crew):
                self.kill(crew)

    def _count(self) -> None:
        crew = self._current.crew
        crew.points += 1
        if crew.ends_at is not None and crew.points >= crew.ends_at:
            self.kill(crew)
        if crew.killed:
            raise Killed

    def _wait(self, until: float) -> None:
        me = self._current
        self._due(me, until)
        self._pass_on(me)
        if me.crew.killed:
            raise Killed

    def _due(self, actor: Actor, when: float) -> None:
        actor.wake = when
        actor.order = next(self._turns) if self.dice is None else self.dice.random()

    def _pass_on(self, me: Actor) -> None:
        """Hand over to whoever is due next, who may be the same; its time is then the present."""
        chosen = self._next()
        if chosen is not me:
            self._current = chosen
            chosen.turn.release()
            if me.is_alive():
                me.turn.acquire()
        if me is self._root and self._broken is not None:
            raise self._broken

    def _next(self) -> Actor:
        chosen = min(self._actors, key=lambda actor: (actor.wake, actor.order))
        if self._broken is None and chosen.wake == NEVER:
            self._broken = AssertionError("everybody waits for somebody else")
        try:
            if self._broken is None and chosen.wake > self.clock.now:
                self.clock.now = chosen.wake
                for live in self.lives:
                    live(chosen.wake)
        except BaseException as failure:  # noqa: BLE001  whatever it is, the test must see it
            self._broken = failure
        return chosen if self._broken is None else self._root
