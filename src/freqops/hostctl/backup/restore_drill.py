"""``freqops-host restore-drill``: each repository's newest snapshot restored beside everything that trades.

A restore that was never tried is none. So the snapshot is taken out and compared byte by byte, each database in it is
restored into a stack of its own and compared with the manifest, and each bot boots on it and must tell the trades that
the database has. Nothing of the bots that run is touched; nothing of the stack stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Callable

from freqops.core.backup import parts, repository, restore_drill
from freqops.core.backup.manifest import Manifest
from freqops.core.backup.repository import HOME
from freqops.core.backup.restore_drill import Answer, Rehearsed, Repository
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base import durable
from freqops.core.base.clock import iso, round_seconds
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home

from ..incident import recorded
from ..incident.journal import Journal
from . import backups, rehearsal, restic, taken_out
from .backups import Backups
from .rehearsal import Rehearsal
from .scratch_stack import PRIVATE_DIRECTORY, ScratchStack
from .vault import Vault

LOCK = ".drill.lock"
PATIENCE = 1800.0  # until a backup that is under way is over
WANTED = (parts.TRADES, parts.RELEASES)


@dataclass(frozen=True)
class Order:
    """The order for a drill.

    Attributes:
        repository: The repository; all of them where None.
        bots: The bots; all of a snapshot where there are none named, and only that counts as a drill of it.
        mandate: Under which incident, why, and by whom.
    """

    repository: str | None
    bots: tuple[str, ...]
    mandate: Mandate


class RestoreDrill:
    """One restore drill of one host."""

    def __init__(self, host: Backups, order: Order, ask: rehearsal.Client = rehearsal.client) -> None:
        self._host, self._order, self._ask = host, order, ask
        self._root, self._clock, self._engine = host.root, host.clock, host.engine
        self._stack = ScratchStack(self._root, self._engine, self._clock)
        self._command = recorded.Command(restore_drill.COMMAND, order.mandate, self._root, self._clock)

    def run(self) -> Answer:
        """Rehearse, take everything away again, and write down the result, a failure too.

        Raises:
            Refused: Nothing was touched: another drill is under way, or no repository is meant.
        """
        vaults = self._vaults()
        restic.refuse_older(self._host.run)
        with durable.locked(self._root / HOME / LOCK, 0, self._clock) as held:
            if held is None:
                raise NotProven(f"{self._root / HOME / LOCK} cannot be opened; is the disk full?")
            if not held:
                raise Refused("another restore drill is under way; nothing was done")
            began = self._clock.utcnow()
            answer = Answer(self._order.mandate.incident, iso(began))
            try:
                for vault in vaults:
                    self._drilled(vault, began, answer)
            finally:
                answer.left = self._stack.cleared()
                answer.ended = iso(self._clock.utcnow())
                unwritten = self._recorded(began, answer)
        if unwritten:
            answer.repositories[-1].problems.append(unwritten)
        return answer

    def _vaults(self) -> list[Vault]:
        found = repository.own(repository.load(self._root, self._host.owner), self._order.repository)
        meant = [each for each in found if not each.secrets]
        if not meant:
            raise Refused(f"{', '.join(each.name for each in found)} has secrets and no database: nothing to rehearse")
        return [Vault(restic.Restic(each, self._root, self._host.run, self._host.owner), self._clock) for each in meant]

    def _recorded(self, began: datetime, answer: Answer) -> str | None:
        """Write down the result on this host, beside the evidence of each bot."""
        rows = [{**row.to_json(), "bot": f"{row.bot} of {row.repository}"} for row in answer.bots]
        evidence = {**answer.to_json(), "rehearsed": rows}
        for name in ("version", "command", "incident", "began", "ended", "bots"):
            evidence.pop(name)
        return self._command.write(f"{restore_drill.COMMAND}-{recorded.stamp(began)}", began, evidence)

    # --- a repository

    def _drilled(self, vault: Vault, began: datetime, answer: Answer) -> None:
        """Rehearse one repository; its failure keeps no other from its drill."""
        row = Repository(vault.repository.name)
        answer.repositories.append(row)
        rows = list[Rehearsed]()
        try:
            left = self._stack.sweep()
            row.detail += [f"a drill before this one left {text}; it was taken away" for text in left]
            self._rehearsed(vault, began, row, rows)
        except (FreqopsError, OSError, ValueError) as error:
            row.problems.append(self._stack.hide(str(error)))
        row.problems += [f"still there: {text}" for text in self._stack.cleared()]
        answer.bots += rows
        passed = not row.problems and all(each.proven for each in rows)
        try:
            with self._still():
                if passed and not self._order.bots:
                    vault.drilled(began)
                    row.counted = True
                elif not passed:
                    vault.not_drilled(self._order.mandate.incident)
        except (FreqopsError, OSError) as error:
            row.problems.append(f"what came of it could not be written down: {error}")
        if passed and not row.counted:
            row.detail.append("only a drill of all its bots counts in status")

    def _rehearsed(self, vault: Vault, began: datetime, row: Repository, rows: list[Rehearsed]) -> None:
        started = self._clock.monotonic()
        with self._still():
            number, found, place = self._taken_out(vault, row)
        snapshot = rehearsal.Snapshot(row.repository, number, place, self._clock.monotonic() - started)
        self._refuse_without_bots(found)
        row.problems += self._lacking(found)
        for name in self._order.bots or sorted(found.bots):
            if name in found.bots:
                rows.append(self._of_bot(snapshot, found.bots[name], began))

    def _taken_out(self, vault: Vault, row: Repository) -> tuple[str, Snapshot, Path]:
        """Take the newest snapshot that counts out of its repository, every byte of it compared.

        Raises:
            NotProven: None counts, or it is not what its manifest says.
        """
        vault.opened()
        newest = vault.contents().newest((parts.TRADES,))
        if newest is None:
            raise NotProven(f"no snapshot that counts has {parts.TRADES}")
        number, found = newest
        row.snapshot, row.began = number, iso(found.began)
        place = self._stack.place / "taken"
        self._stack.place.mkdir(mode=PRIVATE_DIRECTORY)
        place.mkdir(mode=PRIVATE_DIRECTORY)
        taken_out.take_out(vault, number, found, tuple(part for part in WANTED if part in found.parts), place)
        return number, found, place

    def _refuse_without_bots(self, found: Snapshot) -> None:
        """Refuse a snapshot in which there is nothing to rehearse on.

        Raises:
            NotProven: It has no database, though this host has bots; or bots that were named are not in it.
        """
        unknown = sorted(set(self._order.bots) - set(found.bots))
        names = ", ".join(sorted(found.bots))
        if unknown:
            raise NotProven(f"the snapshot has no database of {', '.join(unknown)}; it has {names or 'none'}")
        if not found.bots and layout.homes(self._root):
            raise NotProven("the snapshot has no database of any bot, and this host has bots: nothing was rehearsed")

    def _lacking(self, found: Snapshot) -> list[str]:
        """Return the bots of the host that were there before the snapshot was made, and are not in it."""
        if self._order.bots:
            return []
        known = {*found.bots, *found.without}
        homes = [home for home in layout.homes(self._root) if home.name not in known]
        before = [home.name for home in homes if _made(home) < found.began.timestamp()]
        return [f"{name} was there before the snapshot was made, and is not in it" for name in before]

    # --- a bot

    def _of_bot(self, snapshot: rehearsal.Snapshot, told: Manifest, began: datetime) -> Rehearsed:
        home = self._root / "bots" / told.bot
        row = Rehearsed(
            told.bot, repository=snapshot.repository, snapshot=snapshot.number, moment=iso(told.moment), kind=told.kind,
            image=told.image, release=told.release, size=sum(file.size for file in told.files), changed=True,
            rpo_s=round_seconds(max(0.0, (began - told.moment).total_seconds())),
        )  # fmt: skip

        def act(journal: Journal) -> Rehearsed:
            worker = Rehearsal(self._root, self._stack, self._engine, self._clock, journal, self._ask)
            self._tried(row, lambda: worker.run(snapshot, told, row))
            self._tried(row, self._stack.take_down)
            row.outcome = "restored in a drill" if row.proven else "FAILED"
            journal.note("note", "disk", row.outcome, answer=row.to_json(), durable=True)
            return row

        return self._command.on(Home(home).unread(), act)

    def _tried(self, row: Rehearsed, act: Callable[[], object]) -> None:
        """Do ``act``; its failure is the result of the bot."""
        try:
            act()
        except (FreqopsError, OSError, ValueError) as error:
            row.proven = False
            row.problems.append(self._stack.hide(str(error)))

    @contextmanager
    def _still(self) -> Iterator[None]:
        """Let no backup work on the repositories during the block; wait for one that does.

        Raises:
            NotProven: It did not end.
        """
        lock = self._root / HOME / backups.LOCK
        with durable.locked(lock, PATIENCE, self._clock) as held:
            if not held:
                raise NotProven(f"{lock} could not be had within {PATIENCE:.0f} s: is a backup under way?")
            yield


def _made(home: Path) -> float:
    """Return when a bot was declared last; a bot without a declaration was there all the time."""
    try:
        return (home / "bot.json").stat().st_mtime
    except OSError:
        return 0.0
