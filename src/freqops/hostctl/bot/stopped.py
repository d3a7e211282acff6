"""The note of a bot that a command stops, or freezes: written before that, gone when it runs again, or is held.

A command that is killed, and a host that loses its power, leave it behind. ``freqops-host resume-switch``, run by a
timer, finds it and starts through the one door what was to be started again; status shows it as long as it stands.

The note of a planned stop stays until somebody starts the bot: no recovery, deploy or resume does that.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from freqops.core.base import durable, outcome
from freqops.core.base.clock import Clock, iso
from freqops.core.bot.layout import PLANNED, Home

BY_PLAN = outcome.BY_PLAN
DRILL = "drill"  # it froze the bot, which runs; whoever starts or thaws it is the end of it
ADOPT = "adopt"  # what it stopped is somebody else's container: a start of the bot is not the end of it
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Stopped:
    """A bot that a command stops.

    Attributes:
        command: The command.
        incident: Its incident; empty where it has none.
        starts: What runs again at the end: the release of the bot, or the container that was there before it.
        at: When the note was written.
        reason: Why, of a planned stop.
        actor: By whom, of a planned stop.
        left: What a planned stop leaves open, in words; empty where that is nothing.
    """

    command: str
    incident: str = ""
    starts: str = ""
    at: str = ""
    reason: str = ""
    actor: str = ""
    left: str = ""

    @property
    def planned(self) -> bool:
        """Whether the stop is a planned one, which is over and starts nothing again."""
        return self.command == PLANNED

    def __str__(self) -> str:
        if self.planned:
            return f"{BY_PLAN} since {self.at} by {self.actor} ({self.incident}): {self.reason}"
        by = f"{self.command} ({self.incident})" if self.incident else self.command
        if self.command == DRILL:
            return f"frozen by {by} at {self.at}, which is to thaw it again"
        return f"stopped by {by} at {self.at}, which is to start {self.starts or 'it'} again"


def begin(home: Path, stopped: Stopped, clock: Clock) -> None:
    """Write down that a bot is stopped now, before it is.

    Raises:
        OSError: It cannot be written; the bot must not be stopped.
    """
    document = {"version": 1, **vars(stopped), "at": iso(clock.utcnow())}
    durable.write_json(Home(home).stopped, document, 0o600)


def note_of(home: Path) -> Stopped | None:
    """Return the note of a bot, None where no command stopped it; one that cannot be read is that of an unknown one."""
    path = Home(home).stopped
    if not path.exists():
        return None
    document = durable.read_json(path)
    known = document if isinstance(document, dict) else {}
    names = ("command", "incident", "starts", "at", "reason", "actor", "left")
    return Stopped(*(str(known.get(name) or (UNKNOWN if name in ("command", "at") else "")) for name in names))


def plan_of(home: Path) -> Stopped | None:
    """Return the note of a planned stop, None where there is none."""
    note = note_of(home)
    return note if note is not None and note.planned else None


def over(home: Path) -> None:
    """Forget the note: the bot runs again, or is not to run. Those of an adoption and of a plan stay until `end`."""
    note = note_of(home)
    if note is not None and note.command not in (ADOPT, PLANNED):
        with contextlib.suppress(OSError):  # the timer sees that it runs, and forgets it then
            end(home)


def end(home: Path) -> None:
    """Forget the note.

    Raises:
        OSError: It cannot be removed.
    """
    Home(home).stopped.unlink(missing_ok=True)
    durable.sync_directory(home)
