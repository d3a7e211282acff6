"""The processes of this machine as /proc has them. Numbers are used again, so a process is known by its start, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .errors import Refused

PROC = Path("/proc")
STATE, PARENT, SESSION, STARTED = 0, 1, 3, 19  # of the fields behind the name, proc_pid_stat(5)
GONE = "ZX"


class Entry(NamedTuple):
    """One live process: its number, when it began as the kernel counts, its parent and its session."""

    pid: int
    started: str
    parent: int
    session: int


def entries(proc: Path = PROC) -> Iterator[Entry]:
    """Yield each live process of the machine; a zombie is none."""
    for path in proc.glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            fields = _fields(path.read_text(errors="replace"))
            if fields[STATE] not in GONE:
                yield Entry(int(path.parent.name), fields[STARTED], int(fields[PARENT]), int(fields[SESSION]))


def started(pid: int, proc: Path = PROC) -> str:
    """Return when a process of this machine began, as its kernel counts; empty where there is none.

    Raises:
        Refused: This machine does not tell.
    """
    found = _one(pid, proc)
    return found[STARTED] if found else ""


def lives(pid: int, began: str, proc: Path = PROC) -> bool:
    """Return whether the process with this number still is the one that began then; a zombie is not.

    Raises:
        Refused: This machine does not tell.
    """
    found = _one(pid, proc)
    return bool(found) and found[STATE] not in GONE and found[STARTED] == began


def _one(pid: int, proc: Path) -> list[str]:
    try:
        return _fields((proc / str(pid) / "stat").read_text(errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return []
    except OSError as error:
        raise Refused(f"the processes of this machine cannot be listed: {error}") from None


def _fields(stat: str) -> list[str]:
    """Return the fields behind the name, which may itself hold blanks and brackets."""
    return stat.rpartition(")")[2].split()
