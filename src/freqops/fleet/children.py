"""The processes that this one began and that still live: which they are, and an end to them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from freqops.core.base import process_table
from freqops.core.base.process_table import PROC


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
    below: dict[int, list[tuple[Child, int]]] = {}
    for entry in process_table.entries(proc):
        below.setdefault(entry.parent, []).append((Child(entry.pid, entry.started), entry.session))
    found, waiting = set(), list(below.get(os.getpid(), []))
    while waiting:
        child, session = waiting.pop()
        found.add(child)
        waiting += [each for each in below.get(child.pid, []) if each[1] == session]
    return found


def end(children: set[Child]) -> None:
    """Kill ``children``; one that is gone, or that belongs to another user, is passed over."""
    for child in children:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child.pid, signal.SIGKILL)
