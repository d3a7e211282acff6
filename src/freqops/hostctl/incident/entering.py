"""The entering of evidence into the registry, by a process of its own: no command waits for the registry.

A halt least of all: it begins such a process when its evidence is written, and ends. What the registry does not take
then, because it is away, full or locked, is entered by ``freqops-host incidents check``.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from freqops.core.runs import registry_schema

SECONDS, POLL = 5.0, 0.02
CODE = (
    "import sys; sys.path.insert(0, sys.argv[1]); from freqops.hostctl.incident import registered; "
    "registered.main(*sys.argv[2:])"
)
_begun: list[int] = []


def begin(root: Path, incident: str) -> None:
    """Begin to enter the evidence of an incident, where this host has a registry.

    Raises:
        OSError: No process can be begun.
    """
    settle(0)
    if not (root / registry_schema.PLACE).exists():
        return
    words = [sys.executable, "-I", "-c", CODE, str(Path(__file__).parents[3]), str(root), incident]
    nowhere = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0)
    actions = [nowhere, (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]
    _begun.append(os.posix_spawn(sys.executable, words, {}, file_actions=actions, setsid=True))


def settle(seconds: float = SECONDS) -> None:
    """Wait for what was begun, so long at most: a unit of systemd that ends takes its processes with it."""
    give_up = time.monotonic() + seconds
    while _begun:
        _begun[:] = [pid for pid in _begun if not _ended(pid)]
        if not _begun or time.monotonic() >= give_up:
            return
        time.sleep(POLL)


def _ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True
