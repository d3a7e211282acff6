"""One repository as its host keeps it: what of it counts, what goes into it, what is forgotten, and what is proven.

A snapshot counts when its own manifest says so; what restic says of it is never enough. Manifests that were read once
are kept beside the repository, under the id of their snapshot, which is the checksum of what it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from freqops.core.backup import parts, snapshot, successes
from freqops.core.backup.repository import HOME, Repository
from freqops.core.backup.retention import Rule, kept
from freqops.core.backup.snapshot import Snapshot
from freqops.core.backup.successes import Known
from freqops.core.base import durable, strict_json
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed

from .restic import NoRepository, Restic, ResticError

PRIVATE, PRIVATE_DIRECTORY, PASSWORD = 0o600, 0o700, 0o400
LARGEST_MANIFEST = 64 * 1024 * 1024
PASSWORD_BYTES = 32
UNDRILLED = "its restore drill failed"
OUR_CURE = "put it back, or declare another repository under another name"


@dataclass(frozen=True)
class Contents:
    """What is in a repository.

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


class Vault:
    """A repository; whatever changes it is done under the lock of backups."""

    def __init__(self, restic: Restic, clock: Clock) -> None:
        self.repository: Repository = restic.repository
        self._restic, self._clock, self._root = restic, clock, restic.root
        self._manifests = self._root / HOME / "manifests" / self.repository.name

    def prepare(self, *, look: bool) -> bool:
        """Make password and repository where there are none; return whether there is, or was, anything to do.

        Neither is made anew where there was one: what was backed up would be lost with it.

        Raises:
            Refused: A password, or a repository, that was there is gone.
            ResticError: The repository could not be made, or read back.
        """
        password, known = self.repository.password(self._root), self.known()
        if known is not None and password.exists():
            return False
        if not password.exists():
            self._refuse_lost_password(password, known)
            if not look:
                durable.write_new(password, secrets.token_hex(PASSWORD_BYTES).encode() + b"\n", PASSWORD)
        if not look:
            self._remember(Known(self._made(), self._clock.utcnow()))
        return True

    def _refuse_lost_password(self, password: Path, known: Known | None) -> None:
        if known is not None or (self.repository.is_local and (Path(self.repository.url) / "config").exists()):
            raise Refused(f"{password} is gone, and the repository at {self.repository.url} is not: {OUR_CURE}")

    def _made(self) -> str:
        try:
            return self._restic.identity()
        except NoRepository:
            self._restic.init()
        return self._restic.identity()

    def opened(self) -> Known:
        """Return what is known of the repository, which is the one that it was.

        Raises:
            NotProven: It is not prepared, or another repository stands in its place.
        """
        known = self._must_know()
        try:
            found = self._restic.identity()
        except NoRepository as error:
            raise NotProven(f"{error}, and there was one: {OUR_CURE}") from None
        if found != known.id:
            raise NotProven(
                f"another repository ({found[:8]}) is at {self.repository.url}, not {known.id[:8]}: {OUR_CURE}"
            )
        return known

    def contents(self) -> Contents:
        """Return what is in it, each snapshot judged by its own manifest."""
        counted, others = dict[str, Snapshot](), dict[str, str]()
        for number in self._restic.snapshots():
            try:
                counted[number] = self._manifest(number)
            except (Malformed, ResticError) as error:
                others[number] = str(error)
        return Contents(counted, others)

    def store(self, place: Path, found: Snapshot, emptied: tuple[str, ...]) -> str:
        """Back up what was brought together, read it back, and return the id of the snapshot.

        Raises:
            NotProven: It is emptier than the one before, or is not in the repository as it was brought together.
        """
        self._refuse_emptied(found, emptied)
        self._restic.unlock()
        number = self._restic.backup(place, found.host)
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
        known = self._must_know()
        known = replace(known, newest=number)
        self._remember(known.succeeded(successes.BACKUP, found.began) if found.is_complete else known)
        return number

    def _refuse_emptied(self, found: Snapshot, emptied: tuple[str, ...]) -> None:
        """Refuse what has no rows where rows were: an empty database would push out what was saved of it.

        Raises:
            NotProven: It is so, and nobody said that it may be.
        """
        lines, contents = list[str](), self.contents()
        for part in {parts.TRADES, parts.REGISTRY} & set(found.parts):
            before = contents.newest((part,))
            lost = found.emptied(before[1] if before else None)
            lines += [f"{name}: {text}" for name, texts in lost.items() if name not in emptied for text in texts]
        if lines:
            raise NotProven(
                f"{'; '.join(sorted(set(lines)))}; nothing was backed up, for it would count as if nothing had been "
                "there: --emptied=<name> says that it may be so"
            )

    def retain(self) -> list[str]:
        """Forget what the rule does not keep, of complete snapshots and of others that count apart; say what."""
        if self.repository.append_only:
            return ["this host may only add to it: nothing is forgotten or pruned from here"]
        now, gone = self._clock.utcnow(), list[str]()
        rule = Rule(daily=timedelta(days=self.repository.keep_days), minimum=self.repository.keep_least)
        counted = self.contents().counted
        for asked in {found.parts for found in counted.values()}:
            group = {number: found.began for number, found in counted.items() if found.parts == asked}
            stays = kept(group.values(), rule, now)
            gone += [number for number, began in group.items() if began not in stays]
        if not gone:
            return []
        self._restic.forget(sorted(gone))
        for number in gone:
            self._kept_manifest(number).unlink(missing_ok=True)
        return [f"{len(gone)} snapshots forgotten, as the rule has it"]

    def maintain(self) -> list[str]:
        """Prune and check the repository where that is due; say what was done."""
        known, done = self._must_know(), list[str]()
        now = self._clock.utcnow()
        if known.is_due(successes.PRUNE, now) and not self.repository.append_only:
            self._restic.prune()
            self.check(read_data=False)
            self._succeeded(successes.PRUNE, now)
            done.append("pruned, and checked")
        elif known.is_due(successes.CHECK, now):
            self.check(read_data=False)
            done.append("checked")
        return done

    def check(self, *, read_data: bool) -> None:
        """Prove that everything is there that a snapshot needs, and that no snapshot went but by our rule.

        Raises:
            NotProven: It is not; the text names what is missing.
        """
        began, known = self._clock.utcnow(), self._must_know()
        self._restic.check(read_data=read_data)
        if known.newest and known.newest not in self._restic.snapshots():
            raise NotProven(f"the newest snapshot, {known.newest[:8]}, is gone, and freqops did not forget it")
        self._succeeded(successes.CHECK, began)
        if read_data:
            self._succeeded(successes.READ_DATA, began)

    def drilled(self, began: datetime) -> None:
        """Write down that a restore of all that it has was rehearsed, and when that began."""
        known = self._must_know().succeeded(successes.DRILL, began)
        self._remember(replace(known, failed="" if known.failed.startswith(UNDRILLED) else known.failed))

    def not_drilled(self, incident: str) -> None:
        """Write down that a drill failed, and under which incident it says why; one that passes takes it back."""
        self.failed(f"{UNDRILLED}: incident {incident} says why")

    def is_due(self) -> bool:
        """Whether the last complete backup is not of this day."""
        known = self.known()
        return known is None or known.is_due(successes.BACKUP, self._clock.utcnow())

    def unlock(self) -> None:
        """Take away locks whose holders are gone."""
        self._restic.unlock()

    def restore(self, number: str, target: Path) -> None:
        """Write all files of a snapshot below a directory."""
        self._restic.restore(number, target)

    def known(self) -> Known | None:
        """Return what is known of it, None where it was never prepared.

        Raises:
            NotProven: That cannot be read.
        """
        return self._all().get(self.repository.name)

    def failed(self, why: str) -> None:
        """Write down why the last command failed; an empty text says that it did not."""
        known = self.known()
        if known is not None and known.failed != why:
            self._remember(replace(known, failed=why))

    def _succeeded(self, job: str, moment: datetime) -> None:
        self._remember(self._must_know().succeeded(job, moment))

    def _must_know(self) -> Known:
        known = self.known()
        if known is None:
            raise NotProven(f"repository {self.repository.name} is not prepared: 'freqops-host backup prepare' does it")
        return known

    def _all(self) -> dict[str, Known]:
        try:
            return successes.load(self._root)
        except Malformed as error:
            raise NotProven(f"{successes.place(self._root)}: {error}; move it away, and prepare anew") from None

    def _remember(self, known: Known) -> None:
        found = {**self._all(), self.repository.name: known}
        durable.write_json(successes.place(self._root), successes.to_json(found), PRIVATE)

    def _kept_manifest(self, number: str) -> Path:
        return self._manifests / f"{number}.json"

    def _keep_manifest(self, number: str, data: bytes) -> None:
        self._manifests.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        durable.write_atomic(self._kept_manifest(number), data, PRIVATE)

    def _manifest(self, number: str) -> Snapshot:
        """Return what a snapshot says of itself.

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
