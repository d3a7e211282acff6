"""Look at processes, and end those that are ours, by id."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from lab.base.wait import until

PROC = Path("/proc")


def command_line(pid: int) -> list[str]:
    """Return the arguments of a live process, empty when it is gone or a zombie."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def runs(pid: int, program: str) -> bool:
    """Whether `pid` is alive and is `program`."""
    arguments = command_line(pid)
    return bool(arguments) and Path(arguments[0]).name == program


def with_argument(text: str) -> Iterator[int]:
    """Yield the processes one of whose arguments contains `text`."""
    for entry in PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            pid = int(entry.name)
            if any(text in argument for argument in command_line(pid)):
                yield pid


def end(pid: int, seconds: float) -> None:
    """Ask a process to end and wait until it has."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    until(lambda: not command_line(pid), seconds, f"process {pid} ends")


def kill(pid: int) -> None:
    """End a process that has no partner left."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    until(lambda: not command_line(pid), 10, f"process {pid} ends")
