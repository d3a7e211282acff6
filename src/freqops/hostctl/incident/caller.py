"""The caller of a command as the host knows the caller, independent of ``--actor``.

sudo says which account it was, and the SSH server's own words in the journal of the system say by which key. Both are
root's: a process of the account could put anything into its environment or its name.
"""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path
from typing import Any

from freqops.core.base import commands

PROC = Path("/proc")
DEEPEST = 64
SERVER = "sshd"
SECONDS = 1.0
# As sshd(8) logs it: "Accepted publickey for ops from 203.0.113.1 port 4711 ssh2: ED25519 SHA256:…".
ACCEPTED = re.compile(r"^Accepted (?P<how>\S+) for \S+ from (?P<address>\S+) port \d+ ssh2(?:: (?P<key>.+))?$")

_servers: list[int] = []


def remember(proc: Path = PROC) -> None:
    """Find the SSH servers above this process, as long as they are above it: a command may outlive its terminal."""
    _servers[:] = servers(os.getpid(), proc)


def known() -> dict[str, Any]:
    """Return the caller.

    Returns:
        ``account``, and where it came over SSH ``login``, ``address`` and ``key``; what is not known is None.
    """
    said: dict[str, Any] = {"account": _account(), "login": None, "address": None, "key": None}
    if _servers:
        accepted = _accepted(_servers)
        if accepted is not None:
            said |= {"login": accepted["how"], "address": accepted["address"], "key": accepted["key"]}
    return said


def servers(pid: int, proc: Path = PROC) -> list[int]:
    """Return the processes above ``pid`` that are root's SSH servers, the nearest first."""
    found: list[int] = []
    for _ in range(DEEPEST):
        try:
            home = proc / str(pid)
            name, _, rest = home.joinpath("stat").read_text().partition("(")[2].rpartition(")")
            if name.startswith(SERVER) and home.stat().st_uid == 0:
                found.append(pid)
            pid = int(rest.split()[1])
        except (OSError, ValueError, IndexError):
            break
    return found


def _account() -> str:
    """Return the account that sudo was called by, or that the command runs as."""
    uid = int(os.environ.get("SUDO_UID", os.getuid()))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def _accepted(pids: list[int]) -> re.Match[str] | None:
    """Return what one of the servers said when it let the caller in, None where the journal has none of it."""
    asked = ["journalctl", "--boot", "--quiet", "--output=cat", "_UID=0", *(f"_PID={pid}" for pid in pids)]
    said = commands.run(asked, SECONDS).stdout.splitlines()
    return next((match for match in map(ACCEPTED.match, reversed(said)) if match), None)
