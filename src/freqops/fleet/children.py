"""The processes that this one began and that still live: which they are, and an end to them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
STATE, PARENT, SESSION, STARTED = 0, 1, 3, 19  # of the fields behind the name, proc_pid_stat(5)
GONE = "ZX"


class Child(NamedTuple):
    """A process by its number and by when it began, as the kernel counts: numbers come back."""

    pid: int
    started: str


def alive(proc: Path = PROC) -> set[Child]:
    """Return the live children of this process, and below each of them what is in that child's session.

    What has gone into a session of its own below a child is meant to outlive it, and is not returned: a connection that
    SSH keeps for the next command, or what freqops-host does on this very machine.

    Returns:
        None at all on a machine that has no /proc.
    """
    below: dict[int, list[tuple[Child, str]]] = {}
    for child, parent, session in _all(proc):
        below.setdefault(parent, []).append((child, session))
    found, waiting = set(), list(below.get(os.getpid(), []))
    while waiting:
        child, session = waiting.pop()
        found.add(child)
        waiting += [entry for entry in below.get(child.pid, []) if entry[1] == session]
    return found


def end(children: set[Child]) -> None:
    """Kill ``children``; one that is gone, or that belongs to another user, is passed over."""
    for child in children:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child.pid, signal.SIGKILL)


def _all(proc: Path) -> Iterator[tuple[Child, int, str]]:
    """Yield each live process of the machine, with its parent and its session."""
    for entry in proc.glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            # The name before the fields may hold blanks and brackets.
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
            if fields[STATE] not in GONE:
                yield Child(int(entry.parent.name), fields[STARTED]), int(fields[PARENT]), fields[SESSION]
