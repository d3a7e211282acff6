"""Holds and resumes as an operator gives them: what stands on the disk before, and what is commanded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.halt import holds, start_gate
from freqops.hostctl.bot import holds_file
from tests.unit.fakes import FakeClock, make_bot

BOT, INCIDENT = "alpha", "one"
HOLDS, STATE = "conf/holds.json", "conf/state.json"
DAMAGE = '{"version": 1, "seq'


@dataclass(frozen=True)
class Scenario:
    """One command on one bot.

    Attributes:
        name: What it is called.
        command: The command and its level, as on the command line.
        held: The level of the hold that is in force before; None where the file of holds is damaged.
        alive: Whether the bot has a process.
        trader: The state of its trader.
    """

    name: str
    command: tuple[str, ...]
    held: int | None = 0
    alive: bool = False
    trader: str = "running"

    @property
    def is_halt(self) -> bool:
        """Whether it sets a hold."""
        return self.command[0] == "halt"

    def prepare(self, root: Path) -> Path:
        """Write the bot as the command finds it, and return its home."""
        home = make_bot(root, BOT)
        (home / "var" / "starts.json").write_text("[]")
        if self.held is None:
            (home / HOLDS).write_text(DAMAGE)
        elif self.held:
            latched = holds_file.latch(home, hold(self.held), FakeClock())
            assert latched.error is None
        return home

    def job(self, root: Path) -> dict[str, Any]:
        """Return the command as `tests.crash.command` takes it."""
        common = ["--reason", "why", "--actor", "ann@host", "--incident", INCIDENT]
        asked = ["--bots", BOT, "--json"] if self.is_halt else [BOT]
        return {
            "argv": [*self.command, *common, *asked],
            "root": str(root),
            "bot": BOT,
            "alive": self.alive,
            "trader": self.trader,
            "lock": "" if self.is_halt else holds.lock_reason("halt", INCIDENT),
            "out": f"{root}.out",
            "err": f"{root}.err",
        }


SCENARIOS = (
    Scenario("halt at level 1", ("halt", "--level", "1"), alive=True),
    Scenario("halt at level 3", ("halt", "--level", "3")),
    Scenario("halt at level 3 over level 1", ("halt", "--level", "3"), held=1),
    Scenario("halt over a damaged file", ("halt", "--level", "1"), held=None),
    Scenario("resume from level 3", ("resume",), held=3),
    Scenario("resume from level 1", ("resume",), held=1, alive=True, trader="paused"),
)


def hold(level: int) -> holds.Hold:
    """Return the hold that a halt of these scenarios sets."""
    return holds.Hold("halt", level, "why", "ann@host", INCIDENT, 0, "")


@dataclass(frozen=True)
class Left:
    """What a command left behind.

    Attributes:
        code: Its exit status.
        holds: What the file of holds says; None where there is none.
        state: What ``state.json`` says.
        level: The level in force.
        trades: Whether a start now would let Freqtrade trade.
        answer: What the command answered; None where it gave no answer.
        asked: What it asked of the bot.
    """

    code: int
    holds: bytes | None
    state: bytes | None
    level: int
    trades: bool
    answer: dict[str, Any] | None
    asked: tuple[str, ...]

    @property
    def latched(self) -> bool:
        """Whether the command said that its hold is on the disk."""
        return self.answer is not None and any(row["latched"] for row in self.answer.get("bots", ()))


def left(root: Path, code: int) -> Left:
    """Read what a command left below ``root``."""
    home = root / "bots" / BOT
    said, errors = (Path(f"{root}.{name}").read_text() for name in ("out", "err"))
    asked = [line[4:] for line in errors.splitlines() if line.startswith("api ")]
    return Left(
        code=code,
        holds=_content(home / HOLDS),
        state=_content(home / STATE),
        level=holds.effective_level(home / HOLDS),
        trades=trades(home),
        answer=json.loads(said) if said else None,
        asked=tuple(asked),
    )


def trades(home: Path) -> bool:
    """Return whether Freqtrade, started now, would be executed, and begin to trade.

    With a ``state.json`` that it cannot read it ends at once; where that does not say how to begin, it may trade.
    """
    state = durable.read_json(home / STATE)
    if start_gate.verdict(home / "conf") is not None or not isinstance(state, dict):
        return False
    return state.get("initial_state") not in holds.TRADER_STATES_AT_REST


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
