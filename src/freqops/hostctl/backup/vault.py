"""One repository as its host keeps it: what of it counts, what goes into it, what is forgotten, and what is proven.

A snapshot counts when its own manifest says so; what restic says of it is never enough. Manifests that were read once
are kept beside the repository, under the id of their snapshot, which is the checksum of what it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Callable

from freqops.core.backup import parts, snapshot, successes
from freqops.core.backup.repository import HOME, Repository
from freqops.core.backup.retention import Rule, kept
from freqops.core.backup.snapshot import Snapshot
from freqops.core.backup.successes import Known
from freqops.core.base import durable, strict_json
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed

from . import ssh_key
from .restic import NoRepository, Restic, ResticError

PRIVATE, PRIVATE_DIRECTORY, PASSWORD = 0o600, 0o700, 0o400
LARGEST_MANIFEST = 64 * 1024 * 1024
PASSWORD_BYTES = 32
SLACK = timedelta(hours=1)  # by which the clock of who forgets elsewhere may be ahead of ours
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

        Neither is made anew where there was one: what was backed up would be lost with it. Of another host's nothing is
        made at all.

        Raises:
            Refused: A password, or a repository, that was there is gone.
            ResticError: The repository could not be made, or read back.
        """
        if self.repository.of_host:
            return False
        password, known = self.repository.password(self._root), self.known()
        keyed = self.repository.at is not None and ssh_key.prepare(self.repository.ssh_key(self._root), look=look)
        if known is not None and password.exists():
            return keyed
        without = not password.exists()
        if without:
            self._refuse_lost_password(password, known)
            if not look:
                durable.write_new(password, secrets.token_hex(PASSWORD_BYTES).encode() + b"\n", PASSWORD)
        if self.waits_for is not None:
            return keyed or without
        if not look:
            self._remember(Known(self._made(), self._clock.utcnow()))
        return True

    @property
    def waits_for(self) -> str | None:
        """The host that has to let this one in before there can be a repository; None where none has to."""
        at = self.repository.at
        return at.host if at is not None and not self.repository.known_hosts(self._root).exists() else None

    def meet(self) -> None:
        """Open a repository that another host has made here; seen for the first time, it is written down which it is.

        Raises:
            NotProven: There is none yet, or another one stands in its place.
        """
        if self.known() is None:
            self._remember(Known(self._restic.identity(), self._clock.utcnow()))
        self.opened()

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
        if self.repository.of_host:
            return self._opened_of_another()
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

    def _opened_of_another(self) -> Known:
        """Return what is known of another host's repository: which one its password opens, and nothing older.

        Raises:
            NotProven: It cannot be opened.
        """
        lacking = self.lacking()
        if lacking:
            raise NotProven("; ".join(lacking))
        return Known(self._restic.identity(), self._clock.utcnow())

    def lacking(self) -> list[str]:
        """Return what an operator has to put there, a line each."""
        password = self.repository.password(self._root)
        if not self.repository.of_host or password.exists():
            return []
        host = self.repository.of_host
        return [f"{password} is missing: put the password of the host {host} there, as a file of root's, mode 0400"]

    def numbers(self) -> list[str]:
        """Return the ids of all snapshots, the oldest first; which of them count is not said."""
        return self._restic.snapshots()

    def told(self, number: str) -> Snapshot:
        """Return what a snapshot says of itself.

        Raises:
            Malformed: It says nothing, or nothing that is understood.
            ResticError: Nobody knows.
        """
        return self._manifest(number)

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

    def _stored(self, place: Path, found: Snapshot) -> str:
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

    def retain(self, arrived: Callable[[str], datetime] | None = None) -> list[str]:
        """Forget what the rule does not keep, of complete snapshots and of others that count apart; say what.

        Args:
            arrived: When a snapshot came here, where its host cannot have a say in that. What the rule keeps by these
                moments stays, too: whatever a hostile host adds, and dates as it likes, pushes nothing older out.
        """
        if self.repository.append_only:
            return ["this host may only add to it: nothing is forgotten or pruned from here"]
        counted = self.contents().counted
        stays = self._stays(counted, {number: found.began for number, found in counted.items()})
        if arrived is not None:
            stays |= self._stays(counted, {number: arrived(number) for number in counted})
        gone = counted.keys() - stays
        if not gone:
            return []
        self._restic.forget(sorted(gone))
        for number in gone:
            self._kept_manifest(number).unlink(missing_ok=True)
        return [f"{len(gone)} snapshots forgotten, as the rule has it"]

    def _stays(
        self, counted: Mapping[str, Snapshot], moments: Mapping[str, datetime], later: timedelta = timedelta(0)
    ) -> set[str]:
        """Return the snapshots that the rule keeps by these moments, ``later`` than now."""
        now, stays = self._clock.utcnow() + later, set[str]()
        rule = Rule(daily=timedelta(days=self.repository.keep_days), minimum=self.repository.keep_least)
        for asked in {found.parts for found in counted.values()}:
            group = {number: moments[number] for number, found in counted.items() if found.parts == asked}
            keeps = kept(group.values(), rule, now)
            stays |= {number for number, moment in group.items() if moment in keeps}
        return stays

    def tend(self) -> list[str]:
        """Do what the host that backs up here may not: forget each time, prune where that is due; say what was done.

        Every byte is read before anything goes: a host that was broken into can add what passes for whole, and is not.
        """
        now = self._clock.utcnow()
        is_due = self._must_know().is_due(successes.PRUNE, now)
        if is_due:
            self.check(read_data=True)
        done = self.retain(self._arrived)
        if is_due:
            self._restic.prune()
            self.check(read_data=False)
            self._succeeded(successes.PRUNE, now)
            done.append("every byte was read; pruned, and checked")
        return done

    def _arrived(self, number: str) -> datetime:
        """Return when a snapshot came here; the file is written by what serves the repository, at its own time."""
        written = (Path(self.repository.url) / "snapshots" / number).stat().st_mtime
        return datetime.fromtimestamp(written, timezone.utc)

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
        if self.repository.of_host:
            self._restic.check(read_data=read_data)
            return
        began, known = self._clock.utcnow(), self._must_know()
        self._restic.check(read_data=read_data)
        there = set(self._restic.snapshots())
        if known.newest and known.newest not in there:
            raise NotProven(f"the newest snapshot, {known.newest[:8]}, is gone, and freqops did not forget it")
        self._refuse_vanished(there)
        self._succeeded(successes.CHECK, began)
        if read_data:
            self._succeeded(successes.READ_DATA, began)

    def had_dumps(self) -> Mapping[str, str]:
        """Return the newest dump of each bot that was brought into it as soon as it was made."""
        known = self.known()
        return known.dumps if known is not None else {}

    def _refuse_vanished(self, there: set[str]) -> None:
        """Refuse a repository to which this host only adds, and which lacks what its rule keeps.

        Whoever forgets elsewhere keeps that, too.

        Raises:
            NotProven: It lacks one.
        """
        told = dict[str, Snapshot]()
        for path in self._manifests.glob("*.json") if self.repository.append_only else ():
            with suppress(Malformed):  # what cannot be read is read anew out of the repository
                told[path.stem] = Snapshot.read(strict_json.load(path, LARGEST_MANIFEST))
        began = {number: found.began for number, found in told.items()}
        lost = sorted(self._stays(told, began, SLACK) - there, key=began.__getitem__)
        if lost:
            names = ", ".join(f"{number[:8]} of {iso(began[number])}" for number in lost[:5])
            raise NotProven(f"{len(lost)} snapshots are gone that its rule keeps: {names}")
        for number in told.keys() - there:
            self._kept_manifest(number).unlink(missing_ok=True)

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
        """Take away locks whose holders are gone; those of another host's repository are its own."""
        if not self.repository.of_host:
            self._restic.unlock()

    def restore(self, number: str, target: Path, wanted: tuple[str, ...]) -> None:
        """Write the files of these parts of a snapshot, and its manifest, below a directory."""
        self._restic.restore(number, target, wanted)

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
