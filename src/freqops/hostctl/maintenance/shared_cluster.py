"""The cluster that the bots of a host share, before and while it changes: who uses it, and what stands in the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout, postgres, postgres_major
from freqops.core.bot.layout import Home
from freqops.core.bot.postgres import CONTAINER, UPGRADING
from freqops.core.deploy import own_container
from freqops.core.maintenance import upgrade as rules

from ..backup import fitness, restoring
from ..bot import login, processes_and_api, stopped, stopping
from ..bot.engine import Engine
from ..bot.start import LOCK_SECONDS, start_locked
from ..bot.stopped import Stopped
from ..deploy import shared_postgres
from ..deploy.shared_postgres import FORMER, LOCK
from .cluster import Cluster

COMMAND = "upgrade-postgres"
OWN = f"a {COMMAND} is not over"  # an earlier one has left its bots behind: this one starts them
COMPANY_SECONDS = 10.0
PLAYBOOK = "ansible-playbook playbooks/upgrade_postgres.yml"


@dataclass(frozen=True)
class Order:
    """The order of an upgrade, or of taking one back.

    Attributes:
        mandate: Its mandate.
        image: The image of the new version; empty for an undo.
        look: Whether it is only said what would be done.
        overwrite: Of an undo: whether what was traded since may be lost.
        host: The name of the host in the inventory.
    """

    mandate: Mandate
    image: str = ""
    host: str = ""
    look: bool = False
    overwrite: bool = False


@dataclass
class Upgraded(Outcome):
    """The outcome of an upgrade, or of an undo; ``bot`` is empty.

    Attributes:
        stands: The version of the cluster that stands.
        wanted: The one that is to stand.
        size: The bytes of all databases.
        free: The bytes that are left on the disk.
        databases: A row for each database.
        bots: A row for each bot that was stopped, or would be.
        kept: Where the other cluster is kept.
        way_back: The command that brings it back.
        delete: How it is deleted.
    """

    stands: int | None = None
    wanted: int | None = None
    size: int | None = None
    free: int | None = None
    databases: list[dict[str, Any]] = field(default_factory=list)
    bots: list[dict[str, Any]] = field(default_factory=list)
    kept: str = ""
    way_back: str = ""
    delete: str = ""


def database_of(bot: layout.Bot) -> str:
    """Return the name of a bot's database, as its own ``db_url`` has it; empty where that cannot be read."""
    return urlsplit(postgres.url_in_use(bot.home)).path.lstrip("/")


def _stopped_here(bot: layout.Bot) -> bool:
    note = stopped.note_of(bot.home)
    return note is not None and note.command == COMMAND


class SharedCluster:
    """The cluster of a host that stands, and the bots on it."""

    def __init__(self, root: Path, clock: Clock, engine: Engine) -> None:
        self.root, self.clock, self.engine = root, clock, engine
        self.home = root / "postgres"
        self.cluster = Cluster(engine, CONTAINER)
        self.bots = shared_postgres.bots_on_it(root)

    @property
    def by_database(self) -> dict[str, layout.Bot]:
        """The bot of each database that one has."""
        return {database_of(bot): bot for bot in self.bots if database_of(bot)}

    @property
    def running(self) -> list[layout.Bot]:
        """The bots that run, or were stopped by an upgrade that was cut off: all that are to run afterwards."""
        return [bot for bot in self.bots if processes_and_api.alive(bot) or _stopped_here(bot)]

    @property
    def free(self) -> int:
        """The bytes that are left on the disk of the clusters."""
        found = os.statvfs(self.home)
        return found.f_bavail * found.f_frsize

    # --- what stands in the way

    def in_the_way(self, *, must_run: bool = True) -> list[str]:
        """Return the reasons in the state of Postgres and its bots, all at once.

        Args:
            must_run: Whether one that does not run is a reason, too.
        """
        if not (self.home / shared_postgres.COMPOSE).exists():
            return ["this host has no Postgres: deploy.yml makes it where a bot is on it"]
        found = self._of_container(must_run=must_run)
        if (self.home / FORMER).exists():
            found.append(f"a change of Postgres is not over: {shared_postgres.ENDS}")
        for bot in self.bots:
            under_way = fitness.under_way(bot.home)
            found += [f"{bot.name}: {reason}" for reason in under_way if not reason.startswith(OWN)]
        return found

    def _of_container(self, *, must_run: bool) -> list[str]:
        own = own_container.of_postgres(self.root)
        try:
            present = self.engine.container(CONTAINER)
            version = postgres_major.of_directory(self.home / postgres_major.DATA)
            used = self.engine.postgres_major(present.image) if present is not None else None
        except FreqopsError as error:
            return [str(error)]
        wrong = own.wrong(present)
        if present is None or not present.runs:
            wrong += [f"{CONTAINER} does not run: deploy.yml brings it up"] if must_run else []
        elif version != used:
            wrong.append(f"the cluster on its disk is of Postgres {version}, {CONTAINER} of {used}: look there first")
        if present is not None and present.image != postgres_major.image_in(self._compose()):
            wrong.append(f"{CONTAINER} is not of the image that its {shared_postgres.COMPOSE} names: deploy.yml first")
        return wrong

    def _compose(self) -> str:
        return (self.home / shared_postgres.COMPOSE).read_text()

    def does_not_come_along(self) -> list[str]:
        """Return what a dump would leave behind, or could not name; each a reason."""
        try:
            names = list(self.cluster.sizes())
            stays = self.cluster.found(rules.STAYS)
        except FreqopsError as error:
            return [f"Postgres does not answer: {error}"]
        strange = rules.strange_names(names)
        found = [strange] if strange else []
        return [*found, *(f"{what} cannot be brought along: take it away first" for what in stays)]

    def refuse_company(self) -> None:
        """Refuse others that are connected, now that the bots are stopped: what they write would be lost.

        Raises:
            NotProven: Somebody is.
        """
        give_up = self.clock.monotonic() + COMPANY_SECONDS
        found = self.cluster.found(rules.BUSY)
        while found and self.clock.monotonic() < give_up:  # a status looks in for a moment
            self.clock.sleep(1)
            found = self.cluster.found(rules.BUSY)
        if found:
            raise NotProven(f"somebody else is connected to Postgres: {', '.join(found)}; end that first")

    # --- what there is

    def rows(self, sizes: dict[str, int]) -> list[dict[str, Any]]:
        """Return a row for each database; one that no bot has is said."""
        of = self.by_database
        return [{"database": name, "bot": of[name].name if name in of else None, "size": size}
                for name, size in sorted(sizes.items())]  # fmt: skip

    def of_nobody(self, sizes: dict[str, int]) -> list[str]:
        """Return a remark for each database that no bot has."""
        known = {*self.by_database, postgres.SUPERUSER}
        return [f"database {name} is that of no bot; it comes along, too" for name in sorted({*sizes} - known)]

    # --- locks, bots

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have Postgres, every bot on it and its dumps for the block.

        Raises:
            Refused: Another command has one of them; nothing was touched.
        """
        with ExitStack() as locks:
            if not locks.enter_context(durable.locked(self.home / LOCK, LOCK_SECONDS, self.clock)):
                raise Refused("Postgres was not touched: another command is working on it")
            for bot in self.bots:
                if not locks.enter_context(durable.locked(Home(bot.home).lock, LOCK_SECONDS, self.clock)):
                    raise Refused(f"Postgres was not touched: another command is working on {bot.name}")
                locks.enter_context(restoring.dumps_still(bot, self.clock))
            yield

    def stop(self, bots: list[layout.Bot], incident: str) -> None:
        """Stop bots, each with a note of what is to run again.

        Raises:
            NotProven: One does not stop.
            OSError: The disk does not take its note.
        """
        for bot in bots:
            stopping.stop(bot, Stopped(COMMAND, incident, bot.release), self.clock, self.engine)

    def let_in(self) -> None:
        """Have every bot that has a password log in over the network that bots use, from its own image.

        Raises:
            Refused: Postgres does not let one in.
        """
        for bot in self.bots:
            login.refuse_unless_logged_in(bot, bot.conf / "secrets.json", self.engine)

    def start(self, bots: list[layout.Bot]) -> tuple[list[dict[str, Any]], list[str]]:
        """Start bots, each through the one door, and return their rows, and what failed."""
        rows, failed = list[dict[str, Any]](), list[str]()
        for bot in bots:
            try:
                started = start_locked(bot, self.clock, self.engine)
                rows.append({"bot": bot.name, "outcome": started.outcome, "detail": started.detail})
            except (FreqopsError, OSError) as error:
                rows.append({"bot": bot.name, "outcome": "NOT STARTED", "detail": [str(error)]})
                failed.append(f"{bot.name}: {error}")
        return rows, failed

    def cut_off(self) -> bool:
        """Whether a change of clusters is not over."""
        return (self.home / UPGRADING).exists()
