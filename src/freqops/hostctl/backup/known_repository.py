"""The repository that a host has under a name: it is made once, and no other takes its place."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from freqops.core.backup import successes
from freqops.core.backup.repository import Repository
from freqops.core.backup.successes import Known
from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed

from . import ssh_key
from .restic import NoRepository, Restic

PRIVATE, PASSWORD = 0o600, 0o400
PASSWORD_BYTES = 32
UNDRILLED = "its restore drill failed"
OUR_CURE = "put it back; where it is gone for good, renew_repository.yml makes a new one, and says what is lost"


class KnownRepository:
    """A repository that is known from the first time on; whatever changes it is done under the lock of backups."""

    def __init__(self, restic: Restic, clock: Clock) -> None:
        self.repository: Repository = restic.repository
        self._restic, self._clock, self._root = restic, clock, restic.root

    def prepare(self, *, look: bool) -> bool:
        """Make password and repository where there are none; return whether there is, or was, anything to do.

        Neither is made again where there was one: what was backed up would be lost with it. For the repository of
        another host nothing is made.

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
                self._make_password()
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

    def _make_password(self) -> None:
        password = self.repository.password(self._root)
        durable.write_new(password, secrets.token_hex(PASSWORD_BYTES).encode() + b"\n", PASSWORD)

    def stands(self) -> str | None:
        """Return the id of what is at its place, whichever it is; None where there is no repository.

        Raises:
            ResticError: It cannot be opened, or not be reached.
        """
        try:
            return self._restic.identity()
        except NoRepository:
            return None

    @property
    def has_password(self) -> bool:
        """Whether its password is there."""
        return self.repository.password(self._root).exists()

    def renew_password(self) -> bool:
        """Make a password where there is none, and return whether one was made; a renewal alone may do so."""
        if self.has_password:
            return False
        self._make_password()
        return True

    def make_anew(self) -> str:
        """Make a repository where there is none, and return its id; which one is known does not change."""
        return self._made()

    def replace_known(self, number: str, seeder: Known | None) -> None:
        """Let the repository of this id be the one that is known; the last act of a renewal that makes one.

        Args:
            number: The id.
            seeder: What is known of the repository that seeds it, where one does.
        """
        since = [each.since for each in (self._must_know(), seeder) if each is not None]
        self._remember(Known(number, min(since)))

    def _made(self) -> str:
        try:
            return self._restic.identity()
        except NoRepository:
            self._restic.init()
        return self._restic.identity()

    def opened(self) -> Known:
        """Return the known facts of the repository, which is the one that it was.

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
        """Return the known facts of another host's repository: which one its password opens, and nothing older.

        Raises:
            NotProven: It cannot be opened.
        """
        lacking = self.lacking()
        if lacking:
            raise NotProven("; ".join(lacking))
        return Known(self._restic.identity(), self._clock.utcnow())

    def lacking(self) -> list[str]:
        """Return the files that an operator has to put there, a line each."""
        password = self.repository.password(self._root)
        if not self.repository.of_host or password.exists():
            return []
        host = self.repository.of_host
        return [f"{password} is missing: put the password of the host {host} there, as a file of root's, mode 0400"]

    def unlock(self) -> None:
        """Take away locks whose holders are gone; those of another host's repository are its own."""
        if not self.repository.of_host:
            self._restic.unlock()

    def known(self) -> Known | None:
        """Return the known facts of it, None where it was never prepared.

        Raises:
            NotProven: That cannot be read.
        """
        return self._all().get(self.repository.name)

    def is_due(self) -> bool:
        """Whether the last complete backup is not of this day."""
        known = self.known()
        return known is None or known.is_due(successes.BACKUP, self._clock.utcnow())

    def had_dumps(self) -> Mapping[str, str]:
        """Return the newest dump of each bot that was brought into it as soon as it was made."""
        known = self.known()
        return known.dumps if known is not None else {}

    def failed(self, why: str) -> None:
        """Write down why the last command failed; an empty text says that it did not."""
        known = self.known()
        if known is not None and known.failed != why:
            self._remember(replace(known, failed=why))

    def drilled(self, began: datetime) -> None:
        """Write down that a restore of all that it has was rehearsed, and when that began."""
        known = self._must_know().succeeded(successes.DRILL, began)
        self._remember(replace(known, failed="" if known.failed.startswith(UNDRILLED) else known.failed))

    def not_drilled(self, incident: str) -> None:
        """Write down that a drill failed, and under which incident it says why; one that passes takes it back."""
        self.failed(f"{UNDRILLED}: incident {incident} says why")

    def _succeeded(self, job: str, moment: datetime) -> None:
        self._remember(self._must_know().succeeded(job, moment))

    def _must_know(self) -> Known:
        known = self.known()
        if known is None and self.waits_for is not None:
            text = f"repository {self.repository.name}: {self.waits_for} does not let this host in yet"
            raise NotProven(f"{text}: repositories.yml, for both hosts, then the same again")
        if known is None:
            raise NotProven(f"repository {self.repository.name} is not prepared: 'freqops-host backup prepare' does it")
        return known

    def _all(self) -> dict[str, Known]:
        try:
            return successes.load(self._root)
        except Malformed as error:
            raise NotProven(f"{successes.place(self._root)}: {error}; move it away, and prepare again") from None

    def _remember(self, known: Known) -> None:
        found = {**self._all(), self.repository.name: known}
        durable.write_json(successes.place(self._root), successes.to_json(found), PRIVATE)
