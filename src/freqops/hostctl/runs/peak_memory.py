"""The most memory that a container had at once, as the kernel of its host tells."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def look(pid: int, proc: Path = Path("/proc"), cgroups: Path = CGROUPS) -> int:
    """Return the bytes that the container of a process had at most until now; 0 where the kernel does not tell.

    Where it does not count for the container as a whole, that is the sum of the peaks of its processes: an upper bound.

    Args:
        pid: The first process of the container.
        proc: What the kernel says of processes.
        cgroups: What it says of groups of them.
    """
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
        place = next(line[len("0::/") :] for line in lines if line.startswith("0::/"))
    except (OSError, StopIteration):
        return 0
    with suppress(OSError, ValueError):
        return int((cgroups / place / "memory.peak").read_text())
    try:
        members = (cgroups / place / "cgroup.procs").read_text().split()
    except OSError:
        members = [str(pid)]
    return sum(_of_process(proc / member) for member in members)


def _of_process(place: Path) -> int:
    try:
        for line in (place / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return 0
    return 0
