"""Changes that could lock the operator out: they take themselves back unless a new connection confirms them.

Confirming and taking back both begin by renaming the same file, so that exactly one of them happens.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from ..base import durable
from ..base.commands import Run, must
from ..base.errors import NotProven, Refused

HOME = Path("/run/freqops")  # gone after a reboot, and so is what was not confirmed
SHELL = "/bin/sh"
ARMED, CONFIRMED, TAKING, TAKEN = "armed", "confirmed", "taking-back", "taken-back"


class Guard:
    """The take-back of one kind of change on this host."""

    def __init__(self, name: str, run: Run, home: Path = HOME) -> None:
        self.name, self.run, self.place = name, run, home / f"guard-{name}"
        self.unit = f"freqops-take-back-{name}"

    def refuse_if_waiting(self) -> None:
        """Refuse to begin a change while another one waits for its confirmation."""
        if (self.place / ARMED).exists() or (self.place / TAKING).exists():
            raise Refused(
                f"another change of {self.name} waits for its confirmation and takes itself back soon; try again then"
            )

    def arm(self, undo: str, seconds: int, end: str) -> None:
        """Let ``undo`` be run after ``seconds``, independent of this process and its connection.

        Args:
            undo: Shell commands that take the change back.
            seconds: The time for a confirmation.
            end: The far end of the present connection, which cannot confirm.

        Raises:
            NotProven: No timer runs, so nothing may be changed.
        """
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in (CONFIRMED, TAKEN):
            (self.place / old).unlink(missing_ok=True)
        script = self.place / "take-back"
        armed, taking, taken = (shlex.quote(str(self.place / name)) for name in (ARMED, TAKING, TAKEN))
        steps = f"set -eu\nmv {armed} {taking}\n{undo.rstrip()}\nmv {taking} {taken}\n"
        durable.write_atomic(script, steps.encode(), 0o700)
        durable.write_json(self.place / ARMED, {"end": end, "seconds": seconds}, 0o600)
        timer = ["systemd-run", "--quiet", "--collect", f"--unit={self.unit}", f"--on-active={seconds}s"]
        try:
            must(self.run, [*timer, "--timer-property=AccuracySec=100ms", SHELL, str(script)])
            must(self.run, ["systemctl", "is-active", "--quiet", f"{self.unit}.timer"])
        except NotProven:
            (self.place / ARMED).unlink(missing_ok=True)
            raise

    def take_back_now(self) -> None:
        """Run the undo at once: the change itself failed."""
        must(self.run, [SHELL, str(self.place / "take-back")])
        must(self.run, ["systemctl", "stop", f"{self.unit}.timer"])

    def claim(self, end: str) -> None:
        """Make the change stay, from a connection that was made after it.

        Args:
            end: The far end of the connection that confirms.

        Raises:
            NotProven: It was taken back, or no change waits.
            Refused: The connection is the one that made the change.
        """
        if (self.place / CONFIRMED).exists():
            return
        armed = durable.read_json(self.place / ARMED)
        if isinstance(armed, dict) and armed.get("end") == end:
            raise Refused(f"the connection from {end} made the change itself; only a new one can confirm it")
        try:
            (self.place / ARMED).rename(self.place / CONFIRMED)
        except FileNotFoundError:
            raise NotProven(self._why_not()) from None
        must(self.run, ["systemctl", "stop", f"{self.unit}.timer"])

    def _why_not(self) -> str:
        if (self.place / TAKEN).exists():
            return f"TAKEN BACK: no new connection confirmed the change of {self.name} in time; what was before is back"
        if (self.place / TAKING).exists():
            return f"NOT PROVEN: the change of {self.name} was to be taken back, and that failed"
        return f"no change of {self.name} waits for a confirmation"


def document(path: Path) -> str:
    """Return the text of a file, empty where it is missing."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
