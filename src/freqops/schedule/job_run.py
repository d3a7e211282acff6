"""One run of a job: alone, with the vault password if it needs that, and written down however it ends."""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.commands import TOO_LATE
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.exit_status import NOT_PROVEN, REFUSED
from freqops.core.base.kinds import Malformed
from freqops.core.schedule import record, vault
from freqops.core.schedule.calendar_file import Calendar, Job
from freqops.core.schedule.record import End, Run

from .playbook_run import Played, artefacts_of, play

LOCK, ALONE = "lock", "alone.lock"
WAITED = 0.5  # of its time limit: the other half is for the work
LONGEST_NAME = 100
STAMP = "%Y%m%dT%H%M%SZ"

Play = Callable[..., Played]


class JobRun:
    """A run of a job.

    Attributes:
        home: The directory of what the job leaves behind.
    """

    def __init__(self, calendar: Calendar, job: Job, state: Path, clock: Clock, environment: Mapping[str, str]) -> None:
        self._calendar, self._entry, self._state, self._clock = calendar, job.entry, state, clock
        self._invocation, self._environment = environment.get("INVOCATION_ID", ""), environment
        self.home = state / job.entry.name

    def run(self, play_it: Play = play) -> int:
        """Run the playbook, write down how it ended, and return its exit status.

        Raises:
            Refused: The job still runs.
            NotProven: It could not be written down that it began.
        """
        self.home.mkdir(mode=0o755, exist_ok=True)
        self.home.chmod(0o755)
        with durable.locked(self.home / LOCK, 0, self._clock) as free:
            if free is None:
                raise NotProven(f"{self.home / LOCK} cannot be opened")
            if not free:
                raise Refused(f"job {self._entry.name} still runs, and is not started a second time")
            return self._run(play_it)

    def _run(self, play_it: Play) -> int:
        began = self._clock.utcnow()
        try:
            self._note(began)
            self._refuse_vault()
            with self._alone(began):
                played = play_it(self._calendar, self._entry, self.home, _ident(began))
        except Refused as refusal:
            played = Played(REFUSED, record.tail(f"REFUSED, nothing ran: {refusal}"), "")
            sys.stderr.write(f"{played.lines[0]}\n")
        except Exception as error:
            self._end(began, Played(NOT_PROVEN, record.tail(f"{type(error).__name__}: {error}"), ""))
            raise
        if not played.cut:  # systemd knows why, and tells who comes behind
            self._end(began, played)
        return played.rc

    def write_end(self) -> int:
        """Write down how a run ended that could not do so itself: at its time limit, or killed.

        Returns:
            0: that there was nothing to write is well, too.
        """
        known = record.load(self.home)
        if known.running is None or known.running.invocation != self._invocation:
            return 0
        result, how = self._environment.get("SERVICE_RESULT", ""), self._environment.get("EXIT_STATUS", "")
        waited = f" while it waited for {known.running.waits_for}" if known.running.waits_for else ""
        if result == "timeout":
            said = f"it was ended at its time limit of {self._entry.seconds} s{waited}"
            self._end(known.running.began, self._cut(known.running.began, TOO_LATE, said))
        else:
            said = f"it was cut off{waited}: systemd says {result or 'nothing'} ({how or 'no status'})"
            self._end(known.running.began, self._cut(known.running.began, NOT_PROVEN, said))
        return 0

    def _cut(self, began: datetime, rc: int, said: str) -> Played:
        """Return how a run ended that was cut off: with what it had said until then, and why."""
        for place in artefacts_of(self.home, "").glob(f"{began:{STAMP}}-*/stdout"):
            lines = record.tail(place.read_text(errors="replace"))
            return Played(rc, (*lines[1 - record.LINES :], *record.tail(said)), str(place.parent))
        return Played(rc, record.tail(said), "")

    def _refuse_vault(self) -> None:
        """Refuse a file with the vault password that others could read; nothing is asked where no vault is needed."""
        if self._entry.vault:
            vault.refuse(self._calendar.vault_file, os.geteuid())

    @contextmanager
    def _alone(self, began: datetime) -> Iterator[None]:
        """Wait until no other job acts that may not run beside this one.

        Raises:
            Refused: One still does after half of the time limit.
        """
        if not self._entry.alone:
            yield
            return
        place = self._state / ALONE
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            give_up = self._clock.monotonic() + self._entry.seconds * WAITED
            while not _taken(descriptor):
                other = _holder(descriptor)
                self._note(began, other)
                if self._clock.monotonic() >= give_up:
                    waited = f"{self._entry.seconds * WAITED:.0f} s"
                    raise Refused(f"job {other} still works after {waited}, and may not have another one beside it")
                self._clock.sleep(1)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, self._entry.name.encode(), 0)
            self._note(began)
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough: a child before its exec has it open, too
            os.close(descriptor)

    def _note(self, began: datetime, waits_for: str = "") -> None:
        """Write down that this run is not over."""
        known = self._known()
        running = Run(began.replace(microsecond=0), self._invocation, self._entry.deed, waits_for)
        if known.running != running:
            record.write(self.home, record.Record(running, known.success, known.failure))

    def _end(self, began: datetime, played: Played) -> None:
        end = End(began, self._clock.utcnow(), self._invocation, self._entry.deed, played.rc, played.lines,
                  played.artefacts)  # fmt: skip
        record.write(self.home, self._known().ended(end))

    def _known(self) -> record.Record:
        """Return the record; one that cannot be read is put beside, so that the run goes on and it can be looked at."""
        try:
            return record.load(self.home)
        except Malformed:
            (self.home / record.FILE).rename(self.home / f"{record.FILE}.unreadable")
            return record.Record()


def _ident(began: datetime) -> str:
    return f"{began:{STAMP}}-{secrets.token_hex(3)}"


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, LONGEST_NAME, 0).decode(errors="replace") or "of another name"
