"""``freqops-host renew-repository``: a new repository in the place of one that is lost for good, seeded and proven.

What is gone is written down first. Then the new one is made, and becomes the known one by one write of a file; until
that, the old knowledge stands, and the same command goes on from wherever it was killed.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable

from freqops.core.backup import renewal
from freqops.core.backup.answer import Answer, Row
from freqops.core.backup.renewal import Renewal
from freqops.core.base import durable
from freqops.core.base.clock import iso
from freqops.core.base.errors import FreqopsError, NotProven
from freqops.core.base.mandate import Mandate

from ..incident.recorded import Command, stamp
from . import loss, restic
from .backups import Backups
from .loss import Loss
from .seeding import Seeding
from .snapshots import PRIVATE_DIRECTORY
from .vault import Vault

NAME, ACTION, PRIVATE = "renew-repository", "renew", 0o600
GONE, RENEWED, UNPROVEN = "lost for good", "renewed", "NOT PROVEN"
AGAIN = "the same call goes on from there"
COPY_IT = "its password was missing, and a new one was made: copy {} to a safe place that is not this host"
EMPTY = "it begins empty: no other repository of this host that opens has a complete snapshot of the same parts"
AS_SAID = f"it begins empty, as --from-repository={renewal.NOBODY} says"


@dataclass(frozen=True)
class Order:
    """A renewal as it is ordered.

    Attributes:
        mandate: Incident, reason and actor.
        repository: The name of the repository.
        lost: Why the old one never comes back.
        source: The repository that seeds the new one; empty where nothing was said.
    """

    mandate: Mandate
    repository: str
    lost: str
    source: str = ""


@dataclass(frozen=True)
class Renewing:
    """The renewal of one repository.

    Attributes:
        backups: The backups of the host.
        order: The renewal as it is ordered.
    """

    backups: Backups
    order: Order

    def look(self) -> Answer:
        """Foretell what is lost and what the new repository gets; nothing is touched.

        Raises:
            Refused: It would be refused.
        """
        answer = Answer(ACTION, [row := Row(self.order.repository, proven=True)])
        restic.refuse_older(self.backups.run)
        with self.backups.alone():
            found = self._judged()
            if found.is_done or found.is_back:
                row.detail += self._nothing(found)
                return answer
            record = found.record or self._record(found)
            row.changed, row.detail = True, [*record.lines(), *found.notes]
            seeding = self._seeding(found)
            row.detail.append(self._begins(found) if seeding is None else
                              f"{found.source} seeds it: {_told(seeding)}")  # fmt: skip
            if not found.target.has_password:
                row.detail.append("its password is missing: before there is a new one, nobody can look at its place")
        return answer

    def run(self) -> Answer:
        """Make the new repository, seed it, back up into it, and read every byte of it.

        Raises:
            Refused: Nothing was touched.
        """
        answer = Answer(ACTION, [row := Row(self.order.repository)])
        restic.refuse_older(self.backups.run)
        with self.backups.alone():
            found = self._judged()
            if found.is_done or found.is_back:
                row.detail += self._nothing(found)
                row.changed, row.proven = found.is_back, True
                if found.is_back:
                    renewal.place(self.backups.root, self.order.repository).unlink()
                return answer
            command = Command(NAME, self.order.mandate, self.backups.root, self.backups.clock)
            began = stamp(self.backups.clock.utcnow())
            record = self._written_down(found, command, began)
            row.changed, row.detail = True, [*record.lines(), *found.notes]
            is_there = self._does(row, lambda: self._made(found, record, row))
            if is_there:
                self._does(row, lambda: self._seeded(found, row))
        if is_there:
            self._used(row)
        if not row.problems:
            self._does(row, lambda: self._write(replace(record, ended=self.backups.clock.utcnow())))
        row.proven = not row.problems
        row.problems += [AGAIN] if row.problems else []
        self._leave_evidence(command, began, record, row)
        return answer

    def _judged(self) -> Loss:
        return loss.judged(self.backups, self.order.repository, self.order.lost, self.order.source)

    def _nothing(self, found: Loss) -> list[str]:
        record = found.record
        if record is None or found.is_back:
            return ["the old one is back, and nothing is lost: what a renewal had written down is taken back"]
        ended = iso(record.ended) if record.ended else ""
        return [f"nothing to do: it was renewed, proven on {ended}, incident {record.incident}"]

    def _record(self, found: Loss) -> Renewal:
        had, unread = found.target.kept_manifests()
        others = {name: contents.counted.values() for name, (_, contents) in found.others.items()}
        return Renewal(
            self.order.repository, self.order.mandate.incident, self.order.lost, found.source,
            self.backups.clock.utcnow(), found.known, renewal.gone(had, others), unread,
        )  # fmt: skip

    def _written_down(self, found: Loss, command: Command, began: str) -> Renewal:
        """Write down what is gone, before anything is made; that of a renewal that is taken up stands already.

        Raises:
            NotProven: The disk does not take it.
        """
        if found.record is not None:
            record = replace(found.record, source=found.source)
            if record != found.record:
                self._write(record)
            found.notes.append(f"the renewal of incident {record.incident} was not over, and is taken up")
            return record
        record = self._record(found)
        known = found.target.known()
        said: dict[str, Any] = {**record.to_json(), "known": known.to_json() if known is not None else None}
        said |= {"outcome": GONE, "detail": record.lines()}
        name = f"{NAME}-{record.repository}-gone-{began}"
        unwritten = command.write(name, record.began, {"proven": True, "result": said})
        if unwritten:
            raise NotProven(f"what is gone could not be written down, and nothing was made: {unwritten}")
        self._write(record)
        return record

    def _write(self, record: Renewal) -> None:
        path = renewal.place(self.backups.root, record.repository)
        path.parent.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        durable.write_json(path, record.to_json(), PRIVATE)

    def _made(self, found: Loss, record: Renewal, row: Row) -> None:
        """Have the new repository, and let it be the known one by the last act.

        Raises:
            FreqopsError: There is none; the old knowledge stands.
        """
        if found.is_made:
            return
        target, there = found.target, found.there
        if target.renew_password():
            row.detail.append(COPY_IT.format(target.repository.password(self.backups.root)))
            there = target.stands()
        if there is None:
            if target.repository.is_local:
                _clear(Path(target.repository.url))
            there = self._make_anew(target)
        target.move_manifests(renewal.kept(self.backups.root, record.incident, record.repository))
        seeding = self._seeding(found)
        target.replace_known(there, seeding.source.known() if seeding is not None else None)
        row.detail.append(f"a new repository, {there[:8]}, is at {target.repository.url}")

    def _make_anew(self, target: Vault) -> str:
        """Make the repository; what a killed restic began elsewhere spoils it, and this host may only add there.

        Raises:
            NotProven: It is not made, or does not open.
        """
        try:
            return target.make_anew()
        except restic.ResticError as error:
            raise NotProven(str(error) if target.repository.is_local else f"{error}; {loss.HALF}") from None

    def _seeding(self, found: Loss) -> Seeding | None:
        if not found.source:
            return None
        return Seeding(self.backups.root, found.target, *found.others[found.source])

    def _seeded(self, found: Loss, row: Row) -> None:
        seeding = self._seeding(found)
        if seeding is None:
            row.detail.append(self._begins(found))
            return
        there, wrong = seeding.done()
        row.detail.append(f"seeded from {found.source}: {renewal.told(each.began for each in there)}, each read back")
        row.problems += wrong

    @staticmethod
    def _begins(found: Loss) -> str:
        return AS_SAID if any(loss.complete(contents) for _, contents in found.others.values()) else EMPTY

    def _used(self, row: Row) -> None:
        """Back up into it, and read every byte."""
        self._does(row, lambda: self._taken(row, self.backups.back_up((), self.order.repository)))
        self._does(row, lambda: self._taken(row, self.backups.check(self.order.repository, read_data=True)))

    def _taken(self, row: Row, answer: Answer) -> None:
        for each in answer.rows:
            row.snapshot = each.snapshot or row.snapshot
            row.detail += each.detail
            row.problems += each.problems

    def _does(self, row: Row, act: Callable[[], None]) -> bool:
        """Do ``act``, and return whether it came to its end; what it raises is a problem."""
        try:
            act()
        except (FreqopsError, OSError) as error:
            row.problems.append(str(error))
            return False
        return True

    def _leave_evidence(self, command: Command, began: str, record: Renewal, row: Row) -> None:
        result = {**vars(row), "detail": [*row.detail, *row.problems], "renewal": record.incident}
        said = {"proven": row.proven, "result": {**result, "outcome": RENEWED if row.proven else UNPROVEN}}
        unwritten = command.write(f"{NAME}-{record.repository}-{began}", record.began, said)
        row.detail += [unwritten] if unwritten else []


def _clear(place: Path) -> None:
    """Take away what a killed renewal had begun: keys, and directories that restic had made for the rest."""
    for path in sorted(place.iterdir()) if place.exists() else ():
        shutil.rmtree(path)


def _told(seeding: Seeding) -> str:
    return renewal.told(each.began for each in seeding.wanted().values())
