"""One repository as its host keeps it: forgotten, pruned and checked by its rule."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Callable

from freqops.core.backup import successes
from freqops.core.backup.retention import Rule, kept
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base import strict_json
from freqops.core.base.clock import iso
from freqops.core.base.errors import NotProven
from freqops.core.base.kinds import Malformed

from . import leftovers
from .snapshots import LARGEST_MANIFEST, Snapshots

SLACK = timedelta(hours=1)  # by which the clock of who forgets elsewhere may be ahead of ours


class Vault(Snapshots):
    """A repository that is kept by its rule; whatever changes it is done under the lock of backups."""

    def retain(self, arrived: Callable[[str], datetime] | None = None) -> list[str]:
        """Forget what the rule does not keep, of complete snapshots and of others that count apart; say what.

        Args:
            arrived: When a snapshot came here, where its host cannot have a say in that. What the rule keeps by these
                moments stays, too: whatever a hostile host adds, and dates as it likes, pushes nothing older out.
        """
        if self.repository.append_only:
            return ["this host may only add to it: nothing is forgotten or pruned from here"]
        counted = self.contents().counted
        stays = self.would_keep(counted)
        if arrived is not None:
            stays |= self._stays(counted, {number: arrived(number) for number in counted})
        gone = counted.keys() - stays
        if not gone:
            return []
        self._restic.forget(sorted(gone))
        for number in gone:
            self._kept_manifest(number).unlink(missing_ok=True)
        return [f"{len(gone)} snapshots forgotten, as the rule has it"]

    def would_keep(self, counted: Mapping[str, Snapshot]) -> set[str]:
        """Return those of the snapshots, of whichever repository, that the rule of this one keeps."""
        return self._stays(counted, {number: found.began for number, found in counted.items()})

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
            self._prune(now)
            done.append("every byte was read; pruned, and checked")
        return done

    def _prune(self, now: datetime) -> None:
        """Give back the room of what no snapshot needs and of what killed restics had begun, and check what is left."""
        self._restic.prune()
        if self.repository.is_local:
            leftovers.take_away(Path(self.repository.url), now)
        self.check(read_data=False)
        self._succeeded(successes.PRUNE, now)

    def _arrived(self, number: str) -> datetime:
        """Return when a snapshot came here; the file is written by what serves the repository, at its own time."""
        written = (Path(self.repository.url) / "snapshots" / number).stat().st_mtime
        return datetime.fromtimestamp(written, timezone.utc)

    def maintain(self) -> list[str]:
        """Prune and check the repository where that is due; say what was done."""
        known, done = self._must_know(), list[str]()
        now = self._clock.utcnow()
        if known.is_due(successes.PRUNE, now) and not self.repository.append_only:
            self._prune(now)
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

    def _refuse_vanished(self, there: set[str]) -> None:
        """Refuse a repository to which this host only adds, and which lacks what its rule keeps.

        A host that forgets elsewhere keeps that, too.

        Raises:
            NotProven: It lacks one.
        """
        told = dict[str, Snapshot]()
        for path in self._manifests.glob("*.json") if self.repository.append_only else ():
            with suppress(Malformed):  # what cannot be read is read again out of the repository
                told[path.stem] = Snapshot.read(strict_json.load(path, LARGEST_MANIFEST))
        began = {number: found.began for number, found in told.items()}
        lost = sorted(self._stays(told, began, SLACK) - there, key=began.__getitem__)
        if lost:
            names = ", ".join(f"{number[:8]} of {iso(began[number])}" for number in lost[:5])
            raise NotProven(f"{len(lost)} snapshots are gone that its rule keeps: {names}")
        for number in told.keys() - there:
            self._kept_manifest(number).unlink(missing_ok=True)
