"""The registry of a snapshot put in the place of the host's, by one rename, while no run is under way.

Both are compared row by row, so that one that is there already is not put there again. What it replaced is kept beside.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from freqops.core.backup import parts
from freqops.core.backup.parts_answer import ADD, REPLACE, SAME
from freqops.core.base import durable, plain_file
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.runs import registry, registry_migration
from freqops.core.runs.registry import RegistryUnreadable
from freqops.core.runs.slot_directory import SlotDirectory

from ..bot.sqlite_files import SqliteFiles
from .part_plan import OVERWRITE, Plan, Step, Taken

PATH = str(registry.PLACE)


class RegistryPart:
    """The registry of a snapshot that was taken out; see `Part`."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        found = taken.files(parts.REGISTRY)
        if len(found) != 1:
            raise Refused("the snapshot says that it has the registry, and has no file of it")
        self._source = taken.out / found[0][1].path
        try:
            self._then = _digest(self._source, os.geteuid(), dict(taken.told.registry))
        except RegistryUnreadable as error:
            raise Refused(f"the registry in the snapshot cannot be restored: {error}") from None
        self._files = SqliteFiles(registry.place(taken.root))
        self._slots = SlotDirectory(taken.root, taken.clock)

    def plan(self) -> Plan:
        """Return what is to be done; see `Part`."""
        plan = Plan()
        try:
            plan.steps.append(self._step())
            if plan.steps[0].act is not None:
                self._slots.refuse_held()
        except (FreqopsError, OSError) as error:
            plan.in_the_way.append(f"{PATH}: {error}")
        return plan

    def _step(self) -> Step:
        path = self._files.path
        try:
            found = path.lstat()
        except FileNotFoundError:
            left = [each.name for each in path.parent.glob(f"{path.name}-*")]
            if left:
                raise Refused(f"it is gone, and {', '.join(sorted(left))} lies there: move it away first") from None
            return Step(parts.REGISTRY, PATH, ADD, self._rows(), self._put)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"{path} is {plain_file.kind(found)}: move it away")
        try:
            present, why = _digest(path, self._taken.owner), ""
        except RegistryUnreadable as error:
            present, why = "", f"{error}; "
        if present == self._then:
            return Step(parts.REGISTRY, PATH, SAME)
        if not self._taken.order.overwrite:
            raise Refused(f"{why}{OVERWRITE}")
        return Step(parts.REGISTRY, PATH, REPLACE, f"{why}{self._rows()}", self._put)

    def _rows(self) -> str:
        """Return how many rows each table has now, where that is known, and in the snapshot."""
        now: dict[str, int] = {}
        try:
            with registry.opened(self._files.path, owner=self._taken.owner) as present:
                now = present.rows()
        except RegistryUnreadable:
            pass
        then = self._taken.told.registry
        shown = [f"{name} {now.get(name, 0)} to {then[name]}" for name in then if now.get(name, 0) != then[name]]
        return f"rows: {', '.join(shown)}" if shown else "as many rows, and not the same"

    def _put(self) -> None:
        """Put the registry in its place while no slot can be taken, and keep the replaced one.

        Raises:
            NotProven: Something else was read back; the text says where the former one is.
        """
        files = self._files
        with self._alone():
            files.stage(self._source)
            os.chown(files.staged, self._taken.owner, self._taken.owner)
            files.put()
            if _digest(files.path, self._taken.owner) != self._then:
                raise NotProven(f"{files.path} is not what the snapshot has; the former one is {files.replacing}")
            files.keep()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        path = self._files.path
        path.parent.mkdir(mode=registry_migration.DIRECTORY, parents=True, exist_ok=True)
        lock = path.with_name(registry_migration.LOCK)
        with durable.locked(lock, registry_migration.LOCK_SECONDS, self._taken.clock) as mine:
            if mine is not True:
                raise Refused(f"another command is working on {path}, or its lock cannot be had")
            with self._slots.none_held():
                yield


def take_up(root: Path) -> None:
    """End a restore of the registry that was cut: whole is what stands; what it replaced is kept, or nothing was."""
    files = SqliteFiles(registry.place(root))
    if files.replacing.exists() and files.path.exists() and not files.replacing.samefile(files.path):
        files.keep()
    elif files.staged.exists() or files.replacing.exists():
        files.withdraw()


def _digest(path: Path, owner: int, rows: dict[str, int] | None = None) -> str:
    """Return the checksum of all that a registry says, which is checked whole before.

    Args:
        path: The file.
        owner: The user whose it must be.
        rows: How many rows each table must have, where that is known.

    Raises:
        RegistryUnreadable: It is missing, damaged, of another version, or has other rows.
    """
    with registry.opened(path, owner=owner) as found:
        if rows is not None and found.rows() != rows:
            raise RegistryUnreadable("it does not have the rows of which its manifest tells")
    digest = hashlib.sha256()
    try:
        with closing(registry.connected(path, "rw")) as connection:
            for line in connection.iterdump():
                digest.update(line.encode(errors="surrogatepass") + b"\0")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise RegistryUnreadable(f"{path} cannot be read: {error}") from None
    return digest.hexdigest()
