"""The processes of the host that have a file open, in any container and under any name."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
Identity = tuple[int, int]


def identity(pid: int, path: str, proc: Path = PROC) -> Identity | None:
    """Return device and number of a file as a process sees it; None where it cannot be found."""
    return _identity(f"{proc / str(pid) / 'root'}/{path}")


def holders(wanted: Identity, proc: Path = PROC) -> dict[int, str]:
    """Return the processes that have a file open, each with its command."""
    found = {}
    for process in proc.iterdir():
        if process.name.isdigit() and wanted in _open(process):
            found[int(process.name)] = _command(process)
    return found


def _open(process: Path) -> set[Identity | None]:
    try:
        return {_identity(str(opened)) for opened in (process / "fd").iterdir()}
    except OSError:  # it ended while we looked
        return set()


def _identity(path: str) -> Identity | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _command(process: Path) -> str:
    try:
        return process.joinpath("cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()[:120]
    except OSError:
        return "ended"
