"""The SSH connection that a process was started over, found among its parents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..base.errors import Refused

PROC = Path("/proc")
VARIABLE = b"SSH_CONNECTION="
DEEPEST = 64


@dataclass(frozen=True)
class Session:
    """One SSH connection, as its server said it to the shell: both ends, and whose login it is."""

    client: str
    client_port: int
    server: str
    server_port: int
    uid: int

    @property
    def end(self) -> str:
        """The far end, which no two connections share at a time."""
        return f"{self.client} {self.client_port}"


def find(pid: int, proc: Path = PROC) -> Session:
    """Return the connection under which ``pid`` runs.

    sudo takes SSH_CONNECTION away from what it starts, so it is looked up in the environment of the parents, too; only
    root can read that. The topmost of them is the login itself, and its user is who logged in.

    Raises:
        Refused: No parent has one.
    """
    topmost, seen = None, 0
    while pid > 1 and seen < DEEPEST:
        topmost = _of(pid, proc) or topmost
        pid, seen = _parent(pid, proc), seen + 1
    if topmost is not None:
        return topmost
    raise Refused(
        "this does not run over an SSH connection that can be recognised, so its port could not be kept open; "
        "connect with OpenSSH, or set host_firewall: false and host_sshd: false"
    )


def _of(pid: int, proc: Path) -> Session | None:
    try:
        entries = (proc / str(pid) / "environ").read_bytes().split(b"\0")
        uid = (proc / str(pid)).stat().st_uid
    except OSError:
        return None
    for entry in entries:
        if entry.startswith(VARIABLE):
            fields = entry[len(VARIABLE) :].decode(errors="replace").split()
            if len(fields) == 4 and fields[1].isdigit() and fields[3].isdigit():
                return Session(fields[0], int(fields[1]), fields[2], int(fields[3]), uid)
    return None


def _parent(pid: int, proc: Path) -> int:
    try:
        # The name before it may hold blanks and brackets; the state and the parent follow the last bracket.
        return int((proc / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
