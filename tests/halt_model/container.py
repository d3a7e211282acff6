"""A container as the engine keeps it, with the gate and the model of Freqtrade inside, and its bot's REST API.

The gate is the real one's decision, taken when its moment comes; between that and the first word of Freqtrade the
process has not decided in anybody's eyes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.bot import crash_loop
from freqops.core.bot.processes import TOOL_IN_CONTAINER, Process
from freqops.core.halt import start_gate
from tests.unit.core.halt.model import NEVER, Habits, Model
from tests.unit.fakes import FakeClock

DECIDES, EXECUTES, ENDS = 0.1, 0.05, 1.2
BACKOFF, LONGEST_BACKOFF, FORGIVEN = 0.1, 60.0, 10.0
SECOND = 100_000
FREQTRADE = ("/usr/local/bin/python3.13", "/usr/local/bin/freqtrade", "trade")
GATE = ("python3", TOOL_IN_CONTAINER, "gate", "--", "freqtrade", "trade")


@dataclass
class Faults:
    """What is wrong with one bot; nothing, where all is as it stands here.

    Attributes:
        api: What its API does instead of answering, None where it answers.
        pauses: Whether a pause has its effect.
        locks: Whether a lock stands: ``stand``, ``vanish`` or ``end`` soon.
        cancels: What a cancelled order does: ``go``, ``stay`` or ``stay refused``.
        exits: Likewise for a trade that is to be sold.
        dies: What ends its process: ``term``, ``kill`` or ``nothing``.
        engine: Whether the engine answers for its container.
        second: Whether the bot runs in a second container, too.
    """

    api: str | None = None
    pauses: bool = True
    locks: str = "stand"
    cancels: str = "go"
    exits: str = "go"
    dies: str = "term"
    engine: bool = True
    second: bool = False


@dataclass
class Container:
    """One bot's container; ``live`` lets it live until a moment, restarts by its policy and all."""

    home: Path
    clock: FakeClock
    new_pid: Callable[[], int]
    habits: Habits
    sick: Set[str] = frozenset()
    faults: Faults = field(default_factory=Faults)
    phase: str = "none"
    on_purpose: bool = False
    pid: int = 0
    number: int = 0
    restarts: int = 0
    started: float = 0.0
    began: float = 0.0
    due: float = NEVER
    boots: int = 0
    compose: str = ""
    image: str = ""

    def __post_init__(self) -> None:
        self.bot = Model(self.clock, self.habits, self.home.name)
        self.bot.configured, self.bot.ended = self._initial_state, self._ended
        self.bot.die()
        self.phase, self.due = "none", NEVER
        self.stranger = Model(self.clock, self.habits, "somebody-else")

    # --- what the engine does with it

    def create(self, compose: str, image: str) -> None:
        """Make it again from ``compose``, and start it."""
        self.compose, self.image = compose, image
        self.number, self.restarts = self.number + 1, 0
        self.start()

    def start(self) -> None:
        """Start what is there, if it does not run."""
        self.on_purpose, self.began = False, 0.0
        if self.phase in ("none", "exited"):
            self._begin(self.clock.now)

    def terminate(self) -> None:
        """Tell its process to end, by the engine, which then leaves it down."""
        self.on_purpose = True
        if self.phase == "exited":
            self.due = NEVER
        elif self.phase in ("gate", "decided", "waits"):
            self._ended()
        elif self.phase == "freqtrade" and self.faults.dies == "term":
            self.bot.hang()
            self.phase, self.due = "ends", self.clock.now + ENDS

    def kill(self, pid: int) -> None:
        """Send SIGKILL to one of its processes."""
        if self.faults.dies == "nothing":
            return
        if pid != self.pid:
            self.faults.second = False
        elif self.bot.up:
            self.bot.die()
        elif self.phase not in ("none", "exited"):
            self._ended()

    def lose_power(self) -> None:
        """End it as a host does that loses its power, and start it again with that host."""
        self.boots += 1
        present = self.phase
        if present in ("none", "exited") and self.due == NEVER:
            return
        self.bot.ended = None
        self.bot.die()
        self.bot.ended = self._ended
        self.phase, self.due = "exited", NEVER if self.on_purpose else self.clock.now + DECIDES

    # --- its life

    def live(self, until: float) -> None:
        """Let it live until a moment."""
        if self.faults.api == "another bot":
            self.stranger.live(until)
        while True:
            self.bot.live(min(self.due, until))
            if self.due > until:
                return
            now, self.due = self.due, NEVER
            self._next(now)

    def _next(self, now: float) -> None:
        if self.phase == "exited":
            self.restarts += 1
            self._begin(now)
        elif self.phase == "gate":
            crashed = crash_loop.seconds_to_wait(self.home / "var", crash_loop.Moment(str(self.boots), now))
            held = start_gate.verdict(self.home / "conf")
            self.phase = "waits" if held or crashed else "decided"
            self.due = NEVER if held else now + (crashed or EXECUTES)
        elif self.phase == "waits":
            self.phase, self.due = "gate", now + DECIDES
        elif self.phase == "decided":
            self.phase, self.bot.sick = "freqtrade", self.compose in self.sick
            self.bot.begin(now)
        elif self.phase == "ends":
            self.bot.die()

    def _begin(self, now: float) -> None:
        self.phase, self.due, self.pid, self.started = "gate", now + DECIDES, self.new_pid(), now

    def _ended(self) -> None:
        """Its process is gone; the policy brings it back unless the engine stopped it on purpose."""
        now = max(self.bot.time, self.started)
        self.phase = "exited"
        waited = 0.0 if now - self.started > FORGIVEN else self.began
        self.began = min(max(waited * 2, BACKOFF), LONGEST_BACKOFF)
        self.due = NEVER if self.on_purpose else now + self.began

    def _initial_state(self) -> str:
        """Return what its configuration says when it is read."""
        document = durable.read_json(self.home / "conf" / "state.json")
        return str(document["initial_state"]) if isinstance(document, dict) else "stopped"

    # --- what is seen of it

    @property
    def status(self) -> str:
        """What the engine says of it."""
        if self.phase in ("none", "exited"):
            return "restarting" if self.due != NEVER else "exited"
        return "running"

    @property
    def processes(self) -> list[Process]:
        """Its processes, as /proc shows them."""
        other = [Process(SECOND + self.pid, FREQTRADE, self.home.name, is_init=True)] if self.faults.second else []
        if self.phase in ("none", "exited"):
            return other
        argv = FREQTRADE if self.phase in ("freqtrade", "ends") else GATE
        return [Process(self.pid, argv, self.home.name, is_init=True, waits=self.phase == "waits"), *other]

    @property
    def booted(self) -> bool:
        """Whether it is past everything that a start takes: Freqtrade at work, or nothing that will ever be."""
        if self.phase == "freqtrade":
            return self.bot.whitelist and self.bot.state != "reload_config"
        return self.phase in ("none", "waits") or (self.phase == "exited" and self.due == NEVER)

    @property
    def trading(self) -> bool:
        """Whether it could enter by itself."""
        return self.faults.second or (self.phase == "freqtrade" and self.bot.state == "running")


def database_of(bot: Model) -> str:
    """Return what stands in a bot's database."""
    return json.dumps({"trades": bot.trades, "locks": bot.locks}, sort_keys=True)


def mark_of(bot: Model) -> str:
    """Return what changes when a trade is written."""
    return json.dumps(bot.trades, sort_keys=True)


def restore(bot: Model, text: str) -> None:
    """Put what stood in the database back."""
    document: dict[str, Any] = json.loads(text)
    bot.trades = {int(number): orders for number, orders in document["trades"].items()}
    bot.locks = {int(number): reason for number, reason in document["locks"].items()}
