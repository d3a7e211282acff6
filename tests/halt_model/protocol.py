"""What the halt machine acts on: one bot on its host, whichever world that is.

The machine knows nothing but this. A world of models stands in `model_world`; a world in which the bot is a real
Freqtrade on a real host implements the same, and the same machine runs on it.

Operations are what an operator, an accident or a timer does. An operation returns when it is done, and its answer says
what the command said where it was one; it raises nothing because a command was refused or not proven. Readers change
nothing, and say what is so: they ask the bot, its host's processes and its disk, never what a command had said.

A world may leave out what it cannot do: `offers` names what it can, and rules that need more are not run on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

PROVEN, REFUSED, NOT_PROVEN = 0, 1, 2
EVERYTHING = frozenset(
    {
        "halt", "release", "start", "deploy", "timer", "api_start", "api_stop", "reload", "unlock", "crash", "kill",
        "restart", "reboot", "database_lost", "database_back", "holds_lost", "clock_jump", "together", "cut_short",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What came of an operation.

    Attributes:
        status: The exit status of the command; 0 where it was none; None where it was killed.
        said: The JSON object that it printed, empty where it printed none.
    """

    status: int | None = PROVEN
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def proven(self) -> bool:
        """Whether the command said that all is proven."""
        return self.status == PROVEN


Operation = Callable[["World"], Answer]


class World(Protocol):
    """One bot, trading on paper, with nothing that holds it at the beginning.

    Attributes:
        quiet_seconds: How long a bot that is at rest is watched.
    """

    quiet_seconds: float

    def offers(self) -> frozenset[str]:
        """Return the operations that this world has, of `EVERYTHING`."""

    def close(self) -> None:
        """Leave nothing behind."""

    # --- commands of freqops-host

    def halt(self, level: int) -> Answer:
        """Halt the bot, under an incident of its own."""

    def release(self, incident: str) -> Answer:
        """Take the hold of an incident one step down."""

    def start(self) -> Answer:
        """Start the bot through the one door."""

    def deploy(self, *, sick: bool, image: bool) -> Answer:
        """Bring the bot to another release than it has: one that does not come up, or with another image."""

    def timer(self) -> Answer:
        """Let the timers come round once: interrupted switches taken back, holds made true again."""

    # --- what others do to the bot

    def api_start(self) -> Answer:
        """Send `/start`, as somebody with the password does; nothing where nobody listens."""

    def api_stop(self) -> Answer:
        """Send `/stop`."""

    def reload(self) -> Answer:
        """Send `/reload_config`."""

    def unlock(self) -> Answer:
        """Delete every pair lock of freqops."""

    def crash(self) -> Answer:
        """Let the bot's process end by itself, with an error."""

    def kill(self) -> Answer:
        """Kill the bot's process, with SIGKILL, from outside of the engine."""

    def restart(self) -> Answer:
        """Restart the container, past the one door."""

    def reboot(self) -> Answer:
        """Take the host's power away, and give it back."""

    def database_lost(self) -> Answer:
        """Take the bot's database away."""

    def database_back(self) -> Answer:
        """Bring it back, with all that was in it."""

    def holds_lost(self, *, torn: bool) -> Answer:
        """Take the file of holds away, or tear it."""

    def clock_jump(self, seconds: float) -> Answer:
        """Set the host's clock forward, or back."""

    # --- several at once, and half of one

    def together(self, first: Operation, second: Operation, seed: int) -> tuple[Answer, Answer]:
        """Do two operations at the same time, as two operators do; the seed decides what it can of their order."""

    def cut_short(self, operation: Operation, at: int) -> Answer:
        """Kill freqops-host in the middle of an operation, at a place that grows with ``at``."""

    # --- time

    def wait(self, seconds: float) -> None:
        """Let time pass, without the timers."""

    def boot(self) -> None:
        """Wait until a bot that is starting is at work, or has ended, or waits at its gate."""

    def settle(self) -> None:
        """Let the timers come round until they have seen the bot past its boot, and once more after a loop of it.

        An entry on which a loop had decided before the timer came is placed in spite of it.
        """

    # --- readers

    def trading(self) -> bool:
        """Return whether the bot could enter by itself at this moment."""

    def state(self) -> str:
        """Return its trader's state, or ``booting``, or ``no process``."""

    def level(self) -> int:
        """Return the level in force by the disk; what cannot be read counts as 3."""

    def incident(self) -> str | None:
        """Return the incident of the halt in force."""

    def locked(self) -> bool | None:
        """Return whether a pair lock of freqops stands; None where nobody can tell."""

    def entries(self) -> int:
        """Return how many entry orders the bot has ever placed."""

    def wrong(self) -> list[str]:
        """Return what this world saw that must never be, in words."""
