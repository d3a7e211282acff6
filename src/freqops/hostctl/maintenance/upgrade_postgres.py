"""A major upgrade of the Postgres that the bots of a host share: a new cluster beside the old one, then in its place.

Until the new one is proven, the old one counts: whatever fails, or cuts the command off, leads back to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from freqops.core.backup import scratch_containers
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.bot import engine_names, layout, postgres_major
from freqops.core.bot.postgres import CONTAINER, SUPERUSER
from freqops.core.maintenance import new_cluster
from freqops.core.maintenance import upgrade as rules
from freqops.core.maintenance.upgrade import Facts
from freqops.core.maintenance.upgrade_note import PREPARING, RUN, Held, Kept, Note

from ..bot.engine import Engine
from ..bot.engine_command import EngineError
from ..deploy.shared_postgres import COMPOSE
from .change_of_clusters import GRACE, Change, gone_back, taken_back, version
from .cluster import Cluster, compared
from .shared_cluster import PLAYBOOK, Order, SharedCluster, Upgraded

UPGRADED, NOT_NEEDED, WOULD = "upgraded", "not needed", "would upgrade"
PRIVATE_DIRECTORY = 0o700
READY_SECONDS, POLL, LOG_LINES = 300.0, 0.5, 5
UNDO = f"{PLAYBOOK} -e action=undo"

Said = Callable[[str], object]


class Upgrade:
    """One upgrade of one host."""

    def __init__(self, root: Path, order: Order, clock: Clock, engine: Engine, said: Said) -> None:
        self._root, self._order, self._clock, self._engine, self._said = root, order, clock, engine, said
        self._shared, self._change = SharedCluster(root, clock, engine), Change(root, engine)
        self._row = Upgraded("")
        self._old: tuple[Facts, dict[str, Facts]] = ({}, {})
        self._held: dict[str, Held] = {}

    # --- before anything is touched

    def look(self) -> Upgraded:
        """Foretell it.

        Raises:
            Refused: It would be refused; the text has all reasons.
        """
        if self._shared.cut_off():
            raise Refused("a change of clusters is not over; an upgrade would first bring the former one back")
        if self._same():
            return self._not_needed()
        self._refuse_unless_ready()
        self._row.outcome, self._row.proven, self._row.changed = WOULD, True, True
        self._row.bots = [{"bot": bot.name, "outcome": "would be stopped"} for bot in self._shared.running]
        return self._row

    def _same(self) -> bool:
        """Whether the image that is wanted is the one that runs, over a cluster of its version."""
        present = self._engine.container(CONTAINER)
        return present is not None and present.runs and present.image == self._order.image and not self._versions()

    def _versions(self) -> list[str]:
        """Return why the version is none to upgrade to; an image that is not here yet has none."""
        wrong = rules.not_pinned(self._order.image)
        if wrong:
            return [wrong]
        try:
            self._row.stands = version(self._change)
            self._row.wanted = self._wanted()
        except FreqopsError as error:
            return [str(error)]
        if self._row.stands is None:
            return ["there is no cluster on the disk"]
        if self._row.wanted is None:
            return []
        present = self._engine.container(CONTAINER)
        alike = present is not None and present.image == self._order.image and self._row.wanted == self._row.stands
        why = "" if alike else rules.no_upgrade(self._row.stands, self._row.wanted)
        return [why] if why else []

    def _wanted(self) -> int | None:
        try:
            return self._engine.postgres_major(self._order.image)
        except postgres_major.NoMajor:
            if not self._order.look:
                raise
        self._row.detail.append("the image is not on this host, or does not say its version: it would be brought first")
        return None

    def _refuse_unless_ready(self) -> None:
        """Refuse for all reasons at once."""
        reasons = [*self._versions(), *self._shared.in_the_way()]
        if not self._change.home.is_dir():
            raise Refused("; ".join(reasons))
        if (self._change.home / self._kept).exists():
            reasons.append(f"{self._change.home / self._kept} is there already: run it under another incident")
        left = self._shared.does_not_come_along()
        reasons += left
        if not any(reason.startswith("Postgres does not answer") for reason in left):
            reasons += self._room()
        if reasons:
            raise Refused("Postgres was not touched: " + "; ".join(dict.fromkeys(reasons)))

    def _room(self) -> list[str]:
        sizes = self._shared.cluster.sizes()
        self._row.size, self._row.free = sum(sizes.values()), self._shared.free
        self._row.databases = self._shared.rows(sizes)
        remarks = self._shared.of_nobody(sizes)
        settings = self._shared.cluster.found(rules.CHANGED)
        remarks += [f"set in the old cluster itself, and not brought along: {name}" for name in settings]
        self._row.detail += [text for text in remarks if text not in self._row.detail]
        why = rules.without_room(self._row.size, self._row.free)
        return [why] if why else []

    @property
    def _kept(self) -> str:
        return rules.kept_name(self._row.stands or 0, self._order.mandate.incident)

    def _not_needed(self) -> Upgraded:
        self._row.outcome, self._row.proven = NOT_NEEDED, True
        self._row.detail.append(f"Postgres {self._row.stands} stands, of this image")
        return self._row

    # --- the upgrade

    def run(self) -> Upgraded:
        """Upgrade, and prove it.

        Raises:
            Refused: Nothing was touched; the text has all reasons.
            NotProven: It failed; the text says which cluster stands.
        """
        with self._shared.alone():
            note = self._change.note()
            if note is not None:
                self._row.detail.append(taken_back(self._change, note))
            wrong = rules.not_pinned(self._order.image)
            if wrong:
                raise Refused(f"Postgres was not touched: {wrong}")
            try:
                self._engine.bring_image(self._order.image)
            except EngineError as error:
                raise Refused(f"Postgres was not touched: the image cannot be had: {error}") from None
            if self._same():
                return self._not_needed()
            self._refuse_unless_ready()
            return self._run()

    def _run(self) -> Upgraded:
        note = self._note()
        bots = self._shared.running
        self._change.begin(note)
        try:
            self._stopped(bots)
            self._prepare()
            self._switched(note)
        except (FreqopsError, OSError) as error:
            back = gone_back(self._change, note, "old", bots, self._shared.start)
            raise NotProven(f"Postgres was not upgraded: {error}\n{back}") from None
        self._row.bots, failed = self._shared.start(bots)
        self._row.stands, self._row.outcome, self._row.changed = version(self._change), UPGRADED, True
        self._tell_kept(note)
        self._row.detail += [f"NOT STARTED: {text}" for text in failed]
        self._row.proven = not failed
        return self._row

    def _note(self) -> Note:
        present = self._engine.container(CONTAINER)
        if present is None:
            raise Refused(f"Postgres was not touched: {CONTAINER} is gone")
        mandate = self._order.mandate
        return Note(RUN, PREPARING, mandate.incident, present.image, self._order.image, self._kept, rules.NEW)

    def _stopped(self, bots: list[layout.Bot]) -> None:
        for bot in bots:
            self._said(f"stop {bot.name}")
        self._shared.stop(bots, self._order.mandate.incident)
        self._shared.refuse_company()

    # --- the new cluster beside the old one

    def _prepare(self) -> None:
        """Dump everything, make the new cluster, bring everything in, and compare."""
        names = list(self._shared.cluster.sizes())
        self._take_down(names)
        work = self._made()
        self._said("dump all databases")
        self._shared.cluster.dump(names, work)
        self._said("make the new cluster")
        scratch = self._scratch()
        self._said("bring all databases in, and compare")
        scratch.take_in(names, work)
        compared(self._old, self._held, scratch)
        self._shared.refuse_company()
        compared(self._old, self._held, self._shared.cluster)  # nobody wrote to the old one meanwhile
        self._engine.stop(engine_names.UPGRADE, GRACE)

    def _take_down(self, names: list[str]) -> None:
        """Remember what the old cluster is and holds."""
        old, of = self._shared.cluster, self._shared.by_database
        self._old = (old.facts(), {name: old.facts_of(name) for name in names})
        for name in names:
            bot = of.get(name)
            self._held[name] = old.held(name, of_bot=bot is not None, is_live=bot is not None and bot.is_live)
        for row in self._row.databases:
            tables = self._held[row["database"]].contents.tables
            row |= {"tables": len(tables), "rows": sum(table.rows for _, table in tables.values())}

    def _made(self) -> Path:
        """Make the directories of the new cluster, and that of the dumps, for their owners alone."""
        owner = self._change.data.stat().st_uid
        work, new = self._change.home / rules.WORK, self._change.home / rules.NEW
        for path in (work, new, work / "run"):
            path.mkdir(mode=PRIVATE_DIRECTORY)
        for path in (new, work / "run"):
            os.chown(path, owner, owner)
        return work

    def _scratch(self) -> Cluster:
        """Start the new version on an empty directory, without any network, and wait until it answers."""
        home = self._change.home
        memory = scratch_containers.memory_of((home / COMPOSE).read_text())
        owner = self._change.data.stat().st_uid
        self._engine.run_detached(new_cluster.container(self._order.image, owner, home, memory).command())
        give_up = self._clock.monotonic() + READY_SECONDS
        while not self._is_ready():
            found = self._engine.container(engine_names.UPGRADE)
            if found is None or not found.runs or self._clock.monotonic() >= give_up:
                words = "; ".join(self._engine.logs(engine_names.UPGRADE, LOG_LINES))
                raise NotProven(f"the new cluster did not come up: {words}")
            self._clock.sleep(POLL)
        return Cluster(self._engine, engine_names.UPGRADE)

    def _is_ready(self) -> bool:
        """Whether it answers on the loopback: while it is being made, it answers on its socket alone."""
        asked = ["pg_isready", "--quiet", "--host=127.0.0.1", f"--username={SUPERUSER}"]
        try:
            self._engine.execute(engine_names.UPGRADE, asked)
        except EngineError:
            return False
        return True

    # --- one for the other

    def _switched(self, note: Note) -> None:
        """Let the new cluster take the place of the old one, prove it where bots reach it, and make that final."""
        self._said(f"Postgres {self._row.wanted} in the place of {self._row.stands}")
        self._change.switch(note)
        compared(self._old, self._held, self._shared.cluster)
        self._shared.let_in()
        assert self._row.stands is not None  # noqa: S101  the old cluster was judged
        assert self._row.wanted is not None  # noqa: S101  as above
        self._change.keep(
            Kept(note.out, note.before, self._row.stands, self._row.wanted, note.incident, iso(self._clock.utcnow()),
                 self._held)
        )  # fmt: skip
        self._change.clear(note)
        self._change.over()

    def _tell_kept(self, note: Note) -> None:
        place = self._change.home / note.out
        self._row.kept = f"{place}, Postgres {postgres_major.of_directory(place)}, as it was"
        self._row.way_back = f"{UNDO} --limit {self._order.host or os.uname().nodename}"
        self._row.delete = f"rm -r {place} {place}{rules.RECORD} on the host; there is no way back then"
