"""The one writer of breaker files and of the override: under a lock, whole or not at all, and read back.

What cannot be read is kept beside before anything takes its place. A directory is never moved: in between there would
be nothing, which for one bot means inactive.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from freqops.core.base import durable, root_file, strict_json
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.base.mandate import Mandate
from freqops.core.breaker import breaker_file, override_file, places, setting
from freqops.core.breaker.breaker_file import Breaker
from freqops.core.breaker.judge import Said

from ..incident import recorded

OWNER = root_file.ROOT_UID
LOCK_SECONDS = 10.0
FILE_MODE = 0o600
DIRECTORY_MODES = (0o755, 0o700)  # of user_data and of its state
DEPTH = 3  # the tree of freqops is the third directory above the file of its host


@dataclass(frozen=True)
class Switch:
    """A breaker file that can be written.

    Attributes:
        path: The file.
        of_bot: The bot that it trips alone; None for the file of a host.
    """

    path: Path
    of_bot: str | None = None

    def read(self, now: datetime) -> Breaker:
        """Return the content of the file."""
        return breaker_file.read(self.path, now, missing_is_active=self.of_bot is None, owner=OWNER)

    def said(self, now: datetime) -> Said:
        """Return the content of the file, with its setter."""
        return Said(self.path, self.read(now), setting.read(self.path, OWNER))


@dataclass
class Written:
    """The result of a write.

    Attributes:
        path: The file.
        changed: Whether its bytes are others than before.
        before: What it said before, in words.
        data: Its content now.
        notes: Lines for the operator.
        error: Why what was written is not certainly there, or does not last; None where it was read back.
    """

    path: Path
    changed: bool
    before: str
    data: bytes
    notes: list[str] = field(default_factory=list)
    error: str | None = None

    def evidence(self) -> dict[str, Any]:
        """Return the write as it stands in the evidence."""
        text = self.data.decode(errors="replace")
        return {"file": str(self.path), "before": self.before, "after": text, "changed": self.changed}


def enable(switch: Switch, end: datetime | None, mandate: Mandate, clock: Clock) -> Written:
    """Switch a breaker on, for the reason of the mandate; what stood there before is replaced.

    Raises:
        Refused: The place of the file is not one where it can stand, or another command writes it.
        OSError: It cannot be written.
    """
    with _alone(switch.path, clock):
        present = switch.read(clock.utcnow())
        wanted = Breaker(True, mandate.reason, end, readable=True, why="")
        return _set(switch, present, durable.as_json(wanted.to_json()), mandate, clock)


def disable(switch: Switch, mandate: Mandate, clock: Clock) -> Written:
    """Switch a breaker off; its reason and its end stay in the file. Raises as `enable`."""
    with _alone(switch.path, clock):
        present = switch.read(clock.utcnow())
        if present.readable and not present.switched_on:
            note = f"{switch.path}: {'it is missing, which trips no bot' if present.missing else 'inactive already'}"
            return Written(
                switch.path, changed=False, before=present.why, data=_bytes(switch.path) or b"", notes=[note]
            )
        return _set(switch, present, _switched_off(switch.path, present, mandate), mandate, clock)


def permit(path: Path, end: datetime, mandate: Mandate, clock: Clock) -> Written:
    """Write the override, which lets runs start in spite of the breaker until ``end``. Raises as `enable`."""
    with _alone(path, clock):
        present = override_file.read(path, clock.utcnow(), owner=OWNER)
        data = durable.as_json(override_file.document(mandate.actor, mandate.reason, end))
        notes = [] if present.readable else _kept(path, clock)
        return _written(path, present.why, data, notes)


def withdraw(path: Path, clock: Clock) -> Written:
    """Take the override away.

    Raises:
        Refused: Another command writes it.
        NotProven: It is still there.
        OSError: It cannot be removed.
    """
    with _alone(path, clock):
        present = override_file.read(path, clock.utcnow(), owner=OWNER)
        there = os.path.lexists(path)
        if there:
            path.unlink()
            durable.sync_directory(path.parent)
        if os.path.lexists(path):
            raise NotProven(f"{path} was removed, and is there again")
        return Written(path, there, present.why, b"")


def _switched_off(path: Path, present: Breaker, mandate: Mandate) -> bytes:
    """Return the inactive file: everything else in the file stays, where it can be read."""
    try:
        found = strict_json.parse(_bytes(path) or b"") if present.readable else None
    except Malformed:
        found = None
    if not isinstance(found, dict):
        found = Breaker(False, mandate.reason, None, readable=True, why="").to_json()
    return durable.as_json({**found, "active": False})


def _set(switch: Switch, present: Breaker, data: bytes, mandate: Mandate, clock: Clock) -> Written:
    """Write a breaker file, with who set it, and what was there kept where it could not be read."""
    if _bytes(switch.path) == data:
        note = f"{switch.path}: it says so already"
        return Written(switch.path, changed=False, before=present.why, data=data, notes=[note])
    notes = [] if present.readable or present.missing else _kept(switch.path, clock)
    notes += _signed(switch.path, data, mandate, clock)
    return _written(switch.path, present.why, data, notes)


def _signed(path: Path, data: bytes, mandate: Mandate, clock: Clock) -> list[str]:
    """Write down the setter of the breaker before it is set, so that a follower knows it then. It delays nothing."""
    try:
        durable.write_json(places.setting_of(path), setting.document(data, mandate, iso(clock.utcnow())), FILE_MODE)
    except OSError as error:
        return [f"who set it was not written down: {error.strerror or error}"]
    return []


def _written(path: Path, before: str, data: bytes, notes: list[str]) -> Written:
    """Write a file and read it back, unless it has these bytes already.

    Raises:
        OSError: It cannot be written, and is as it was.
    """
    if _bytes(path) == data:
        return Written(path, changed=False, before=before, data=data, notes=notes)
    error = None
    try:
        durable.write_atomic(path, data, FILE_MODE)
    except OSError as failure:
        if _bytes(path) != data:
            raise
        error = f"{path} was written, and may not survive a loss of power: {failure.strerror or failure}"
    return Written(path, True, before, data, notes, _not_read_back(path, data) or error)


def _not_read_back(path: Path, data: bytes) -> str | None:
    """Return why a file is not what was just written, None where it is."""
    try:
        found = root_file.read(path, OWNER)
    except (root_file.Missing, root_file.Untrusted) as error:
        return f"{path} was written, and cannot be read back: {error}"
    return None if found == data else f"{path} was written, and something else was read back: somebody else writes it"


def _bytes(path: Path) -> bytes | None:
    """Return the content of a file, None where it cannot be read or trusted."""
    try:
        return root_file.read(path, OWNER)
    except (root_file.Missing, root_file.Untrusted):
        return None


def _kept(path: Path, clock: Clock) -> list[str]:
    """Give what cannot be read a second name, so that it is not lost, and say so."""
    while True:
        kept = path.with_name(f"{path.name}.unreadable-{recorded.stamp(clock.utcnow())}-{os.urandom(2).hex()}")
        try:
            os.link(path, kept, follow_symlinks=False)
        except FileExistsError:
            continue
        return [f"what could not be read is kept as {kept}"]


@contextmanager
def _alone(path: Path, clock: Clock) -> Iterator[None]:
    """Be the only writer of a file for the block, in a directory that is there and root's alone.

    Where the disk takes no lock the block goes on: a write that is whole or not at all is all the more worth trying.
    """
    _ensure(path)
    with durable.locked(places.lock_of(path), LOCK_SECONDS, clock) as held:
        if held is False:
            raise Refused(f"another command has been writing {path} for {LOCK_SECONDS:.0f} s")
        yield


def _ensure(path: Path) -> None:
    """Make the directory of a host's breaker where it is missing, and refuse a place where no file of ours can stand.

    Raises:
        Refused: The directory is missing elsewhere or not root's alone, or a directory has the name of the file.
    """
    state = path.parent
    if not state.is_dir():
        tree = path.parents[min(DEPTH, len(path.parents)) - 1]
        if state != places.state_directory(tree) or not tree.is_dir():
            raise Refused(f"{state} is not a directory; make it, root's alone: install -d -m 0755 {state}")
        for place, mode in zip((state.parent, state), DIRECTORY_MODES):
            place.mkdir(mode=mode, exist_ok=True)
            durable.sync_directory(place.parent)
    try:
        root_file.check_directory(state, OWNER)
    except root_file.Untrusted as error:
        raise Refused(f"{path} would not be believed: {error}") from None
    if path.is_dir() and not path.is_symlink():
        raise Refused(f"{path} is a directory: move it away, then again")
