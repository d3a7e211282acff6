"""The snapshots of one repository: those that count, and new ones, proven.

A snapshot counts when its own manifest says so; what restic says of it is never enough. Manifests that were read once
are kept beside the repository, under the id of their snapshot, which is the checksum of what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

from freqops.core.backup import parts, snapshot, successes
from freqops.core.backup.repository import HOME
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base import durable, strict_json
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.base.kinds import Malformed

from .known_repository import PRIVATE, KnownRepository
from .restic import Restic, ResticError

PRIVATE_DIRECTORY = 0o700
LARGEST_MANIFEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Contents:
    """The snapshots in a repository.

    Attributes:
        counted: The snapshots that count, by id, the oldest first.
        others: Why each of the others does not count, by id.
    """

    counted: Mapping[str, Snapshot]
    others: Mapping[str, str]

    def newest(self, asked: tuple[str, ...]) -> tuple[str, Snapshot] | None:
        """Return the newest snapshot that has all of these parts, None where none has."""
        having = [item for item in self.counted.items() if set(asked) <= set(item[1].parts)]
        return max(having, key=lambda item: item[1].began) if having else None


class Snapshots(KnownRepository):
    """A repository, what is in it, and what is backed up into it."""

    def __init__(self, restic: Restic, clock: Clock) -> None:
        super().__init__(restic, clock)
        self._manifests = self._root / HOME / "manifests" / self.repository.name

    def numbers(self) -> list[str]:
        """Return the ids of all snapshots, the oldest first; which of them count is not said."""
        return self._restic.snapshots()

    def told(self, number: str) -> Snapshot:
        """Return the manifest of a snapshot.

        Raises:
            Malformed: It says nothing, or nothing that is understood.
            ResticError: Nobody knows.
        """
        return self._manifest(number)

    def contents(self) -> Contents:
        """Return its snapshots, each judged by its own manifest."""
        counted, others = dict[str, Snapshot](), dict[str, str]()
        for number in self._restic.snapshots():
            try:
                counted[number] = self._manifest(number)
            except (Malformed, ResticError) as error:
                others[number] = str(error)
        return Contents(counted, others)

    def store(self, place: Path, found: Snapshot, emptied: tuple[str, ...]) -> str:
        """Back up the files that were brought together, read them back, and return the id of the snapshot.

        Raises:
            NotProven: It is emptier than the one before, or is not in the repository as it was brought together.
        """
        self._refuse_emptied(found, emptied)
        self._restic.unlock()
        return self._stored(place, found)

    def follow(self, place: Path, found: Snapshot, stamps: Mapping[str, str]) -> str:
        """Back up the newest dumps, which were brought together, with as few calls of restic as prove it.

        Args:
            place: Where they were brought together.
            found: What is there.
            stamps: The name of each dump, by bot.

        Raises:
            NotProven: They are emptier than what was backed up last, or are not in the repository as they are here.
        """
        known = self._must_know()
        self._refuse_lost(found.emptied(self._manifest(known.newest)) if known.newest else {}, ())
        number = self._stored(place, found)
        self._remember(replace(self._must_know(), dumps=dict(stamps)))
        return number

    def restore(self, number: str, target: Path, wanted: tuple[str, ...]) -> None:
        """Write the files of these parts of a snapshot, and its manifest, below a directory."""
        self._restic.restore(number, target, wanted)

    def seed(self, place: Path, found: Snapshot) -> str:
        """Back up the files of a complete snapshot of another repository as of its moment, and read them back.

        Raises:
            NotProven: They are not in the repository as they are here.
        """
        number = self._written(place, found, found.began)
        known = self._must_know()
        last = known.done.get(successes.BACKUP)
        if last is None or last < found.began:
            self._remember(replace(known, newest=number).succeeded(successes.BACKUP, found.began))
        return number

    def move_manifests(self, to: Path) -> None:
        """Move the manifests that are kept of its snapshots aside, beside what was moved there before."""
        if not self._manifests.exists():
            return
        to.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        names = (to if not number else to.with_name(f"{to.name}-{number}") for number in count())
        self._manifests.rename(next(path for path in names if not path.exists()))
        durable.sync_directory(to.parent)
        durable.sync_directory(self._manifests.parent)

    def kept_manifests(self) -> tuple[dict[str, Snapshot], int]:
        """Return what is known of its snapshots without asking it, and how many manifests cannot be read."""
        found, unread = dict[str, Snapshot](), 0
        for path in sorted(self._manifests.glob("*.json")):
            try:
                found[path.stem] = Snapshot.read(strict_json.load(path, LARGEST_MANIFEST))
            except Malformed:
                unread += 1
        return found, unread

    def _stored(self, place: Path, found: Snapshot) -> str:
        number = self._written(place, found)
        known = self._must_know()
        known = replace(known, newest=number)
        self._remember(known.succeeded(successes.BACKUP, found.began) if found.is_complete else known)
        return number

    def _written(self, place: Path, found: Snapshot, moment: datetime | None = None) -> str:
        """Back up the files that were brought together, and read them back.

        Raises:
            NotProven: They are not in the repository as they are here.
        """
        number = self._restic.backup(place, found.host, moment)
        written = (place / snapshot.NAME).read_bytes()
        if self._restic.content(number, snapshot.NAME) != written:
            raise NotProven(f"snapshot {number[:8]} has another manifest than the one that was written")
        wanted = {file.path: file.size for file in found.files}
        there = self._restic.files(number)
        there.pop(snapshot.NAME, None)
        if there != wanted:
            odd = sorted(path for path in there.keys() | wanted.keys() if there.get(path) != wanted.get(path))
            raise NotProven(f"snapshot {number[:8]} does not have what was brought together: {', '.join(odd[:5])}")
        self._keep_manifest(number, written)
        return number

    def _refuse_emptied(self, found: Snapshot, emptied: tuple[str, ...]) -> None:
        """Refuse an empty database that had rows: its dump would push out the older ones.

        Raises:
            NotProven: It is so, and that was not accepted.
        """
        contents = self.contents()
        for part in {parts.TRADES, parts.REGISTRY} & set(found.parts):
            before = contents.newest((part,))
            self._refuse_lost(found.emptied(before[1] if before else None), emptied)

    def _refuse_lost(self, lost: Mapping[str, list[str]], emptied: tuple[str, ...]) -> None:
        lines = [f"{name}: {text}" for name, texts in lost.items() if name not in emptied for text in texts]
        if lines:
            raise NotProven(
                f"{'; '.join(sorted(set(lines)))}; nothing was backed up, for it would count as if nothing had been "
                "there: --emptied=<name> says that it may be so"
            )

    def _kept_manifest(self, number: str) -> Path:
        return self._manifests / f"{number}.json"

    def _keep_manifest(self, number: str, data: bytes) -> None:
        self._manifests.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        durable.write_atomic(self._kept_manifest(number), data, PRIVATE)

    def _manifest(self, number: str) -> Snapshot:
        """Return the manifest of a snapshot.

        Raises:
            Malformed: It says nothing, or nothing that is understood.
            ResticError: Nobody knows.
        """
        try:
            return Snapshot.read(strict_json.load(self._kept_manifest(number), LARGEST_MANIFEST))
        except Malformed:
            pass  # the repository has it
        if snapshot.NAME not in self._restic.files(number):
            raise Malformed("it has no manifest")
        data = self._restic.content(number, snapshot.NAME)
        found = Snapshot.read(strict_json.parse(data))
        self._keep_manifest(number, data)
        return found
