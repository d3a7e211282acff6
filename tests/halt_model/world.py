"""A host with one bot, as far as the halt is concerned, whose time passes when somebody waits.

The bot does what Freqtrade does: it reads its ``initial_state`` when its process begins or reloads, and obeys nobody
for good before it has applied it; its locks lie in its database; `/start` makes it run from any state; it enters in a
round of its loop when it runs and no lock stands. The engine starts again what ended by itself, through the start gate.
A timer makes holds true again. What acts on all this is the real code.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core import gate, holds, layout
from freqops.core.client import Failed, Reading, Unreachable
from freqops.core.errors import FreqopsError
from freqops.core.processes import Process
from freqops.hostctl import book, halt, journal, reach, reassert, release, start
from freqops.hostctl.case import Order, Row
from freqops.hostctl.engine import Container
from freqops.hostctl.release import Permission
from tests.unit.fakes import FakeClock, FakeEngine, make_bot, order, trade

NAME = "model-bot"
LISTENS, BOOTED = 1.0, 3.0  # seconds from the beginning of a process until its API answers, and until it has its state
ROUND, TIMER, STEP = 2.0, 5.0, 0.5
SETTLED = 20.0
BACK_AFTER = 1.0


class WorldClock(FakeClock):
    """Time in which the world goes on; somebody may set the clock on the wall, and that one alone."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = timedelta(0)
        self.passing: Any = None

    def utcnow(self) -> datetime:
        return super().utcnow() + self.jumped

    def sleep(self, seconds: float) -> None:
        while seconds > 0:
            step = min(seconds, STEP)
            seconds -= step
            self.now += step
            if self.passing is not None:
                self.passing(step)


@dataclass
class Trader:
    """One process of the bot.

    Attributes:
        pid: Its number.
        initial: The state that it read from the disk when it began.
        held: Whether a hold was in force then.
        pushed: Whether somebody made it run since: a release, or whoever has the password.
        age: Seconds since then, or since it began to reload.
        state: Its trader state.
        frozen: Whether it gets no time.
        last: When its loop last came round.
        entering: Whether it is in the middle of a round that enters, whatever its state is by now.
    """

    pid: int
    initial: str
    held: bool
    pushed: bool = False
    age: float = 0.0
    state: str = "stopped"
    frozen: bool = False
    last: datetime | None = None
    entering: bool = False


class Api:
    """The bot's API as `freqops.core.client.FreqtradeClient` shows it."""

    observer: Any = None

    def __init__(self, world: World) -> None:
        self._world = world

    def _trader(self) -> Trader:
        trader = self._world.trader
        if trader is None or trader.frozen or trader.age < LISTENS:
            raise Unreachable("nobody answers")
        return trader

    def _database(self) -> Trader:
        trader = self._trader()
        if not self._world.database:
            raise Failed("status 500")
        return trader

    def read(self) -> Reading:
        trader = self._trader()
        return Reading(trader.state, trader.last, NAME, dry_run=True)

    def past_boot(self) -> bool:
        return self._trader().age >= BOOTED

    def pause(self) -> None:
        trader = self._trader()
        trader.state = "paused"

    def start(self) -> None:
        trader = self._trader()
        trader.state, trader.pushed = "running", True

    def open_trades(self) -> list[dict[str, Any]]:
        self._database()
        return list(self._world.trades)

    def our_locks(self) -> list[dict[str, Any]]:
        self._database()
        return list(self._world.locks)

    def has_lock(self, reason: str) -> bool:
        return any(lock["reason"] == reason for lock in self.our_locks())

    def lock(self, reason: str) -> None:
        self._database()
        self._world.locks.append({"id": self._world.number(), "reason": reason})

    def unlock(self, lock_id: int) -> None:
        self._database()
        self._world.locks = [lock for lock in self._world.locks if lock["id"] != lock_id]

    def cancel_open_orders(self, trade_id: int) -> None:
        self.force_exit(trade_id)

    def force_exit(self, trade_id: int) -> None:
        self._database()
        self._world.trades = [each for each in self._world.trades if each["trade_id"] != trade_id]


@dataclass(frozen=True)
class Entry:
    """One entry: when, and whether its process began under a hold and nobody made it run since."""

    at: float
    is_unasked: bool


@dataclass
class World:
    """Everything that a command finds on the host.

    Attributes:
        root: The tree of freqops.
        dice: What makes the bot enter.
        trader: The bot's process, if any.
        wanted: Whether the engine starts it again when it ends.
        database: Whether its database answers.
        entries: Every entry that it made.
        begun_hard: Processes that were begun at level 3.
    """

    root: Path
    dice: random.Random
    clock: WorldClock = field(default_factory=WorldClock)
    engine: FakeEngine = field(default_factory=FakeEngine)
    trader: Trader | None = None
    wanted: bool = True
    database: bool = True
    waits: bool = False
    locks: list[dict[str, Any]] = field(default_factory=list)
    trades: list[dict[str, Any]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    begun_hard: list[int] = field(default_factory=list)
    timed: bool = True
    _numbers: int = 1000
    _inside: bool = False
    _dead_for: float = 0.0
    _since_round: float = 0.0
    _since_timer: float = 0.0

    def __post_init__(self) -> None:
        self.home = make_bot(self.root, NAME)
        self.api = Api(self)
        self.clock.passing = self.pass_time
        self.engine.starting = self.bring_up
        self.engine.stopping = self.stopped_by_engine
        self.engine.present = Container("id0", "running", "image", "time0", 0)
        self.boot()
        self.clock.sleep(SETTLED)

    def number(self) -> int:
        """Return a number that nothing had before."""
        self._numbers += 1
        return self._numbers

    # --- what happens by itself

    def pass_time(self, seconds: float) -> None:
        """Let the engine, the bot and the timer do what they do in so many seconds."""
        if self.trader is None and self.wanted:
            self._dead_for += seconds
            if self._dead_for >= BACK_AFTER:
                self.boot()
        if self.trader is not None and not self.trader.frozen:
            self._live(self.trader, seconds)
        self._since_timer += seconds
        if self.timed and not self._inside and self._since_timer >= TIMER:
            self._since_timer, self._inside = 0.0, True
            reassert.reassert([self.home], self.clock, self.engine)
            self._inside = False

    def _live(self, trader: Trader, seconds: float) -> None:
        before = trader.age
        trader.age += seconds
        if before < BOOTED <= trader.age:
            trader.state = trader.initial
        self._since_round += seconds
        if trader.entering and self._since_round >= ROUND / 2:
            self._enter(trader)
        if trader.age < BOOTED or self._since_round < ROUND:
            return
        self._since_round = 0.0
        if not self.database:
            self.die()  # a bot whose database is gone ends
            return
        if trader.state == "stopped":
            return
        trader.last = self.clock.utcnow()
        trader.entering = trader.state == "running" and not self.locks and self.dice.random() < 0.5

    def _enter(self, trader: Trader) -> None:
        trader.entering = False
        self.entries.append(Entry(self.clock.monotonic(), trader.held and not trader.pushed))
        if len(self.trades) < 3:
            rests = self.dice.random() < 0.3
            self.trades.append(trade(self.number(), order("buy", is_open=rests)))

    def boot(self) -> None:
        """Start the container: its gate decides whether Freqtrade is executed."""
        self._dead_for, self.waits = 0.0, gate.verdict(self.home / "conf") is not None
        if self.waits:
            self.trader, self.wanted = None, False  # it waits, and the container runs
            return
        self.wanted = True
        self.trader = Trader(self.number(), self._initial_state(), self.level > 0)
        if self.level >= holds.HARD:
            self.begun_hard.append(self.trader.pid)

    def _initial_state(self) -> str:
        return str(json.loads((self.home / "conf" / "state.json").read_text())["initial_state"])

    def die(self) -> None:
        """Let the process end by itself."""
        self.trader, self._dead_for = None, 0.0

    # --- what the engine does

    def bring_up(self) -> None:
        """Do what Compose does: a container that runs as declared is left alone, a new one is started."""
        if self.trader is None or self.engine.anew[-1]:
            self.boot()

    def stopped_by_engine(self) -> None:
        self.trader, self.wanted, self.waits = None, False, False

    def kill(self, pid: int, number: int) -> None:
        """Do what the kernel does with a signal to the bot's process."""
        if self.trader is not None and self.trader.pid == pid and number == signal.SIGKILL:
            self.die()

    # --- what can be read

    def processes(self) -> list[Process]:
        """Return the processes that could trade."""
        if self.trader is None:
            return []
        return [Process(self.trader.pid, ("/usr/local/bin/freqtrade", "trade"), NAME, is_init=True)]

    @property
    def bot(self) -> layout.Bot:
        """The bot as declared."""
        return layout.load_bot(self.home)

    @property
    def level(self) -> int:
        """The level in force on the disk."""
        return holds.effective_level(self.home / "conf" / "holds.json")

    @property
    def incidents(self) -> list[str]:
        """The incidents of the holds in force."""
        return [hold.incident for hold in holds.load(self.home / "conf" / "holds.json").holds]

    @property
    def state(self) -> str:
        """The trader state, or that there is no process."""
        return "no process" if self.trader is None else self.trader.state

    @property
    def is_at_rest(self) -> bool:
        """Whether it does not enter, and will not by itself."""
        return self.trader is None or (self.trader.age >= BOOTED and self.trader.state in ("paused", "stopped"))

    # --- what operators do

    def halt(self, level: int, incident: str) -> Row:
        """Halt it."""
        return halt.halt([self.home], Order(level, "why", "ann@host", incident), self.clock, self.engine)[0]

    def latch_and_crash(self, level: int, incident: str) -> None:
        """Begin a halt that dies right after its hold is on the disk."""
        book.latch(self.home, holds.Hold("halt", level, "why", "ann@host", incident, 0, ""), self.clock)

    def release(self, incident: str) -> str:
        """Release it one step and return what came of it."""
        permission = Permission(incident, "why", "ann@host")
        return self._tried(
            lambda: release.release(self.bot, permission, journal.silent(self.clock), self.clock, self.engine).outcome
        )

    def start(self) -> str:
        """Start it through the one door and return what came of it."""
        return self._tried(lambda: start.start(self.bot, self.clock, self.engine, 30.0).outcome)

    @staticmethod
    def _tried(act: Any) -> str:
        try:
            return str(act())
        except FreqopsError as error:
            return f"{type(error).__name__}: {error}"


@contextmanager
def world(root: Path, seed: int) -> Iterator[World]:
    """Give a world in which the real procedures find the model's bot, engine and processes."""
    with pytest.MonkeyPatch.context() as patched:
        made: list[World] = []
        for module in (reach, reassert, release, start):
            patched.setattr(module, "client", lambda _bot: made[0].api)
            patched.setattr(module, "alive", lambda _bot: made[0].processes())
        patched.setattr(start, "_gate_waits", lambda _bot: made[0].waits)
        made.append(World(root, random.Random(seed)))  # noqa: S311  a model's dice
        patched.setattr(os, "kill", made[0].kill)
        yield made[0]
