"""``freqops-host backup``: all repositories of a host, one after the other, never two commands at once.

A failure of one repository is the answer of that repository; the others go on.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable

from freqops.core.backup import parts, repository
from freqops.core.backup.answer import Answer, Row
from freqops.core.backup.repository import HOME, Repository
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base import durable, root_file
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused

from ..bot.engine import Engine
from . import chosen_snapshot, newest_dumps, restic, staging, taken_out
from .snapshots import PRIVATE_DIRECTORY
from .vault import Vault

LOCK, LOCK_SECONDS = ".lock", 5.0
STAGING, EXPORTS = "staging", "exports"
WAIT_S, POLL_S = 120.0, 2.0  # a host brings its dumps each minute, and is done within seconds
NO_DUMP = "there is no dump yet"
EXPORTED = "backup_%Y%m%d_%H%M%S"  # as the runbooks call it
Meant = Callable[["list[Repository]", "str | None"], "list[Repository]"]


@dataclass(frozen=True)
class Backups:
    """The backups of a host.

    Attributes:
        root: The tree of freqops.
        clock: The source of the time.
        engine: The container engine.
        run: What runs restic.
        owner: The user who owns the tree; root, but in tests.
    """

    root: Path
    clock: Clock
    engine: Engine
    run: restic.Run = restic.run
    owner: int = root_file.ROOT_UID

    def prepare(self, *, look: bool = False) -> Answer:
        """Make what a repository needs where it is missing: its password, and the repository itself."""
        answer = Answer("prepare")
        if not repository.load(self.root, self.owner):
            return answer
        restic.refuse_older(self.run)
        with self.alone():
            for vault in self.vaults(None):
                lacking = vault.lacking()
                answer.rows.append(row := Row(vault.repository.name, proven=not lacking, detail=lacking))
                try:
                    row.changed = vault.prepare(look=look)
                except restic.ResticError as error:
                    if vault.repository.at is None:
                        raise
                    row.detail.append(f"NOT SET UP: {error}")  # the other host has to do its part first
                if vault.waits_for is not None:
                    row.detail.append(f"NOT SET UP: {restic.NOT_SET_UP.format(vault.waits_for)}")
        return answer

    def back_up(
        self, asked: tuple[str, ...], name: str | None, emptied: tuple[str, ...] = (), *, due: bool = False
    ) -> Answer:
        """Back up, and prove it; then forget, prune and check what is due.

        Args:
            asked: The parts; all that belong to a repository where there are none.
            name: The repository; all of them where None.
            emptied: Bots, or ``registry``, that may be empty although they were not.
            due: Whether a repository that got its backup today is left alone.

        Raises:
            Refused: Another command is at work, or nothing of what was asked for belongs to a repository.
        """
        answer, vaults = Answer("run"), self.vaults(name, repository.own)
        if not any(parts.of(asked, secrets=vault.repository.secrets) for vault in vaults):
            raise Refused(
                f"{', '.join(asked)} belongs to no repository of this host: that of secrets has secrets = true"
            )
        restic.refuse_older(self.run)
        with self.alone():
            stages = _Stages(self, emptied)
            try:
                for vault in vaults:
                    wanted = parts.of(asked, secrets=vault.repository.secrets)
                    if wanted and due and not vault.is_due():
                        answer.rows.append(
                            Row(vault.repository.name, proven=True, detail=["it has its backup of today"])
                        )
                    elif wanted:
                        answer.rows.append(self._on(vault, partial(self._stored, stages, wanted, emptied)))
            finally:
                staging.sweep(self.root / HOME / STAGING)
                chosen_snapshot.swept(self.root, self.clock)
        return answer

    def follow(self) -> Answer:
        """Bring the newest dumps into the repositories elsewhere that do not have them yet, and prove it.

        Raises:
            Refused: Another command is at work, or no repository takes dumps.
        """
        answer = Answer("dumps")
        vaults = [vault for vault in self.vaults(None) if vault.repository.takes_dumps]
        if not vaults:
            raise Refused("no repository of this host takes dumps: all lie on its own disk, or have dumps = false")
        newest = newest_dumps.stamps(self.root)
        behind = [vault for vault in vaults if newest and vault.had_dumps() != newest]
        answer.rows += [
            Row(vault.repository.name, proven=True, detail=["it has the newest dumps" if newest else NO_DUMP])
            for vault in vaults if vault not in behind
        ]  # fmt: skip
        if behind:
            restic.refuse_older(self.run)
            with self.alone():
                self._bring(behind, answer)
        return answer

    def _bring(self, behind: list[Vault], answer: Answer) -> None:
        place = self.root / HOME / STAGING / "dumps"
        staging.sweep(self.root / HOME / STAGING)
        try:
            stage = staging.Stage(self.root, place, self.clock, self.engine, self.owner)
            found = stage.fill((parts.TRADES,), socket.gethostname(), newest=True)
            for vault in behind:
                answer.rows.append(self._on(vault, partial(self._followed, place, found, stage.stamps), note=False))
        finally:
            staging.sweep(self.root / HOME / STAGING)

    def _followed(self, place: Path, found: Snapshot, stamps: Mapping[str, str], row: Row, vault: Vault) -> None:
        row.snapshot, row.changed = vault.follow(place, found, stamps), True
        row.detail.append(f"snapshot {row.snapshot[:8]} has the newest dumps: "
                          f"{', '.join(f'{bot} {stamp}' for bot, stamp in sorted(stamps.items()))}")  # fmt: skip

    def look(self, name: str | None) -> Answer:
        """Return what is in the repositories: what counts, and what does not, with why."""
        answer = Answer("list")
        for vault in self.vaults(name):
            answer.rows.append(self._on(vault, self._listed, note=False))
        return answer

    def check(self, name: str | None, *, read_data: bool) -> Answer:
        """Prove that everything is there that the snapshots need."""
        answer, vaults = Answer("check"), self.vaults(name)
        with self.alone():
            for vault in vaults:
                answer.rows.append(self._on(vault, partial(self._checked, read_data)))
        return answer

    def tend(self) -> Answer:
        """Forget, prune and check what another host backs up to this one: that runs where the repository lies."""
        answer = Answer("tend")
        restic.refuse_older(self.run)
        with self.alone():
            for vault in self.vaults(None):
                answer.rows.append(self._on(vault, self._tended))
        return answer

    def export(self, asked: tuple[str, ...], name: str | None, to: Path | None) -> Answer:
        """Write the newest snapshot that has the parts as plain files, and compare each with the manifest."""
        answer, vaults = Answer("export"), self.vaults(name, repository.own if name is None else repository.chosen)
        place = to if to is not None else self.root / HOME / EXPORTS
        if to is None:
            place.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        if not root_file.is_own_directory(place):
            raise Refused(f"{place} is not there: make the directory, or leave --to out")
        for vault in [each for each in vaults if parts.of(asked, secrets=each.repository.secrets)][:1]:
            answer.rows.append(self._on(vault, partial(self._exported, asked, place), note=False))
        return answer

    def _on(self, vault: Vault, act: Callable[[Row, Vault], None], *, note: bool = True) -> Row:
        """Do ``act`` on a repository; what it raises is the answer of that repository."""
        row = Row(vault.repository.name)
        try:
            act(row, vault)
            row.proven = not row.problems
        except (FreqopsError, OSError) as error:
            row.problems.append(str(error))
        if note:
            try:
                vault.failed("; ".join(row.problems))
            except (FreqopsError, OSError) as error:
                row.problems.append(f"that this failed could not be written down: {error}")
                row.proven = False
        return row

    def _stored(
        self, stages: _Stages, wanted: tuple[str, ...], emptied: tuple[str, ...], row: Row, vault: Vault
    ) -> None:
        place, found = stages.of(wanted)
        vault.opened()
        row.snapshot, row.changed = vault.store(place, found, emptied), True
        row.detail.append(f"snapshot {row.snapshot[:8]} of {iso(found.began)}: {', '.join(found.parts)}; "
                          f"{len(found.bots)} bots, {len(found.files)} files, {found.size} bytes")  # fmt: skip
        if parts.REGISTRY in found.parts:
            row.detail.append(f"the head of its chain of incidents: {found.incident_head}")
        row.detail += [f"left out: {text}" for text in found.left_out]
        row.detail += [f"{bot} has no database yet" for bot in found.without]
        row.detail += vault.retain()
        row.detail += vault.maintain()

    def _checked(self, read_data: bool, row: Row, vault: Vault) -> None:
        vault.opened()
        vault.unlock()
        vault.check(read_data=read_data)
        row.detail.append("every byte was read" if read_data else "nothing is missing; its bytes were not read")

    def _tended(self, row: Row, vault: Vault) -> None:
        vault.meet()
        row.detail += self._undisturbed(vault) or ["nothing is due"]
        row.changed = True

    def _undisturbed(self, vault: Vault) -> list[str]:
        """Tend a repository, from the beginning where its host began to back up meanwhile; say what was done.

        Raises:
            Locked: That host does not end, or begins again and again.
        """
        until_s = self.clock.monotonic() + WAIT_S
        while True:
            vault.unlock()
            try:
                return vault.tend()
            except restic.Locked:
                if self.clock.monotonic() >= until_s:
                    raise
                self.clock.sleep(POLL_S)

    def _listed(self, row: Row, vault: Vault) -> None:
        vault.opened()
        contents = vault.contents()
        for number, found in contents.counted.items():
            row.snapshots.append({
                "id": number, "made": iso(found.began), "parts": ",".join(found.parts), "bots": ",".join(found.bots),
                "files": len(found.files), "bytes": found.size, "counts": "yes", "head": found.incident_head,
            })  # fmt: skip
        for number, why in contents.others.items():
            row.snapshots.append({
                "id": number, "made": None, "parts": None, "bots": None, "files": None, "bytes": None,
                "counts": f"no: {why}", "head": None,
            })  # fmt: skip

    def _exported(self, asked: tuple[str, ...], place: Path, row: Row, vault: Vault) -> None:
        vault.opened()
        wanted = parts.of(asked, secrets=vault.repository.secrets)
        newest = vault.contents().newest(wanted)
        if newest is None:
            raise NotProven(f"no snapshot that counts has {', '.join(wanted)}")
        number, found = newest
        target = place / found.began.strftime(EXPORTED)
        unfinished = place / f".{target.name}.partial"
        if target.exists():
            raise Refused(f"{target} is there already: move it away, or name another directory with --to")
        staging.sweep(unfinished)
        unfinished.mkdir(mode=PRIVATE_DIRECTORY)
        try:
            taken_out.take_out(vault, number, found, wanted, unfinished)
            unfinished.rename(target)
            durable.sync_directory(place)
        finally:
            staging.sweep(unfinished)
        row.snapshot, row.changed = number, True
        row.detail.append(f"{target} has {', '.join(wanted)} of {iso(found.began)}, compared byte by byte")

    def vaults(self, name: str | None, meant: Meant = repository.chosen) -> list[Vault]:
        """Return the repositories of the host that are meant, none opened yet."""
        found = meant(repository.load(self.root, self.owner), name)
        return [Vault(restic.Restic(each, self.root, self.run, self.owner), self.clock) for each in found]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other command work on the repositories during the block.

        Raises:
            Refused: One does.
        """
        with durable.locked(self.root / HOME / LOCK, LOCK_SECONDS, self.clock) as got:
            if got is None:
                raise NotProven(f"{self.root / HOME / LOCK} cannot be opened; is the disk full?")
            if not got:
                raise Refused("another backup is under way; nothing was done")
            yield


class _Stages:
    """The files that one command brought together: once, for all repositories that get them."""

    def __init__(self, backups: Backups, emptied: tuple[str, ...]) -> None:
        self._backups, self._emptied = backups, emptied
        self._made: dict[tuple[str, ...], tuple[Path, Snapshot]] = {}
        staging.sweep(backups.root / HOME / STAGING)  # what a command left that was killed

    def of(self, wanted: tuple[str, ...]) -> tuple[Path, Snapshot]:
        """Return the directory with these parts, and what is in it."""
        if wanted not in self._made:
            mine = self._backups
            place = mine.root / HOME / STAGING / str(len(self._made))
            staging.sweep(place)
            stage = staging.Stage(mine.root, place, mine.clock, mine.engine, mine.owner)
            self._made[wanted] = place, stage.fill(wanted, socket.gethostname(), self._emptied)
        return self._made[wanted]
