"""The file with the vault password: a job that needs it gets it from a file that its user alone can read."""

from __future__ import annotations

import stat
from pathlib import Path

from ..base import plain_file
from ..base.errors import Refused

MODE = 0o400


def refuse(place: str, user: int) -> None:
    """Refuse a file that others could read or write, or that is none.

    Args:
        place: Its path; empty where none is declared.
        user: The number of the user who must own it.

    Raises:
        Refused: It may not be used; the text has the cure.
    """
    if not place:
        raise Refused("the job needs the vault password, and schedule_vault_file is not set")
    try:
        found = Path(place).lstat()
    except OSError as error:
        raise Refused(f"the vault password file {place} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"the vault password file {place} is {plain_file.kind(found)}, not a plain file")
    if found.st_uid != user:
        raise Refused(f"the vault password file {place} belongs to user {found.st_uid}: chown {user} {place}")
    if stat.S_IMODE(found.st_mode) != MODE:
        mode = stat.S_IMODE(found.st_mode)
        raise Refused(f"the vault password file {place} has mode {mode:04o}: chmod 0400 {place}")
