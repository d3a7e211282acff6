"""A command in a session of its own, of which nothing outlives its beginner, as far as the kernel can see to it.

The command is begun in two steps, so that it is known before it does anything. The kernel kills it when its beginner
dies. Processes that it leaves behind become the beginner's, and are ended with it.
"""

from __future__ import annotations

import ctypes
import os
import signal
from dataclasses import dataclass
from typing import Callable

from freqops.core.base import process_table
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven

SET_DEATH_SIGNAL, SET_SUBREAPER = 1, 36  # prctl(2)
NOT_STARTED = 127
GO = b"1"
PYTHONS_OWN = (signal.SIGPIPE, signal.SIGXFSZ)  # which Python ignores, and a command must not find ignored
POLL = 0.05
KILL_SECONDS = 30.0


@dataclass
class Session:
    """The session of a command.

    Attributes:
        leader: The process that leads it: the command itself.
        clock: The source of the time.
        status: Its exit status as a shell has it, None as long as it is not known.
    """

    leader: int
    clock: Clock
    status: int | None = None

    def members(self) -> list[process_table.Entry]:
        """Return what is left of the command: every process of its session, and every one below this process."""
        self._reap()
        entries = list(process_table.entries())
        below = {os.getpid()}
        while more := {entry.pid for entry in entries if entry.parent in below} - below:
            below |= more
        return [e for e in entries if e.pid != os.getpid() and (e.session == self.leader or e.pid in below)]

    def end(self, grace: float) -> None:
        """End what is left of the command.

        Args:
            grace: Seconds between asking it to end and killing it.

        Raises:
            NotProven: Something could not be killed.
        """
        if self._until_empty(signal.SIGTERM, grace, again=False):
            return
        if not self._until_empty(signal.SIGKILL, KILL_SECONDS, again=True):
            left = ", ".join(str(entry.pid) for entry in self.members())
            raise NotProven(f"the run was killed, and process {left} is still there after {KILL_SECONDS:.0f} s")

    def _until_empty(self, number: int, seconds: float, *, again: bool) -> bool:
        """Send a signal to all that is left, once or until nothing is, and return whether nothing is."""
        deadline = self.clock.monotonic() + seconds
        reached: set[process_table.Entry] = set()
        while members := self.members():
            for entry in members:
                if again or entry not in reached:
                    _send(entry.pid, number)
            reached |= set(members)
            if self.clock.monotonic() >= deadline:
                return False
            self.clock.sleep(POLL)
        return True

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.leader:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def begin(words: list[str], clock: Clock, known: Callable[[int], object]) -> Session:
    """Begin a command in a session of its own.

    Args:
        words: The command and its arguments.
        clock: The source of the time.
        known: Is given the number of its process before it does anything; if that raises, it never does.
    """
    control = ctypes.CDLL(None, use_errno=True).prctl
    if control(SET_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process cannot become the parent of what a run leaves behind")
    waits, go = os.pipe()
    leader = os.fork()
    if leader == 0:
        os.close(go)
        _become(words, waits, control)
    os.close(waits)
    session = Session(leader, clock)
    try:
        known(leader)
        os.write(go, GO)
    except BaseException:
        os.close(go)
        session.end(0.0)
        raise
    os.close(go)
    return session


def _become(words: list[str], waits: int, control: Callable[..., int]) -> None:
    """Become the command, when the beginner says so; where it died instead, end."""
    try:
        os.setsid()
        for number in PYTHONS_OWN:
            signal.signal(number, signal.SIG_DFL)
        if control(SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0) == 0 and os.read(waits, 1) == GO:
            os.execvp(words[0], words)  # noqa: S606  what the operator gave to run
    except OSError as error:
        os.write(2, f"freqops-host: {words[0]!a} cannot be started: {error.strerror}\n".encode())
    finally:
        os._exit(NOT_STARTED)
