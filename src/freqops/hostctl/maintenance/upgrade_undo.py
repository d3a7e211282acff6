"""An upgrade taken back: the cluster that was kept takes its place again, and the new one is kept beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.bot import layout
from freqops.core.bot.postgres import CONTAINER, SUPERUSER
from freqops.core.halt import holds
from freqops.core.maintenance import upgrade as rules
from freqops.core.maintenance.upgrade_note import SWITCHING, UNDO, Kept, Note

from ..bot import holds_file
from ..bot.engine import Engine
from ..bot.engine_command import EngineError
from .change_of_clusters import Change, gone_back, taken_back, version
from .cluster import unlike
from .shared_cluster import Order, SharedCluster, Upgraded

UNDONE, WOULD_UNDO = "undone", "would undo"
HOLDER, ALL = "restore", "all"
SINCE = "-e overwrite=true lets that be lost; it stays in the cluster that is kept then"

Said = Callable[[str], object]


class Undoing:
    """One upgrade of one host, taken back."""

    def __init__(self, root: Path, order: Order, clock: Clock, engine: Engine, said: Said) -> None:
        self._order, self._clock, self._engine, self._said = order, clock, engine, said
        self._shared, self._change = SharedCluster(root, clock, engine), Change(root, engine)
        self._row = Upgraded("")

    def look(self) -> Upgraded:
        """Foretell it.

        Raises:
            Refused: It would be refused; the text has all reasons.
        """
        if self._shared.cut_off():
            raise Refused("a change of clusters is not over; an undo would first bring the former one back")
        kept = self._judged()
        self._row.outcome, self._row.proven, self._row.changed = WOULD_UNDO, True, True
        self._row.wanted = kept.major
        self._row.bots = [{"bot": bot.name, "outcome": "would be stopped"} for bot in self._shared.running]
        return self._row

    def run(self) -> Upgraded:
        """Take the upgrade back, and prove it.

        Raises:
            Refused: Nothing was touched; the text has all reasons.
            NotProven: It failed; the text says which cluster stands.
        """
        with self._shared.alone():
            note = self._change.note()
            if note is not None:
                self._row.detail.append(taken_back(self._change, note))
            kept = self._judged()
            try:
                self._engine.bring_image(kept.image)
            except EngineError as error:
                raise Refused(f"Postgres was not touched: the former image cannot be had: {error}") from None
            return self._run(kept)

    # --- before anything is touched

    def _judged(self) -> Kept:
        """Return the cluster that is to stand again; refuse for all reasons at once."""
        kept = self._change.kept()
        if kept is None:
            raise Refused("Postgres was not touched: no cluster is kept here to which there is a way back")
        reasons = self._shared.in_the_way(must_run=not self._order.overwrite)
        self._row.stands, self._row.wanted = version(self._change), kept.major
        if self._row.stands != kept.replaced_by:
            other = f"{kept.directory} was replaced by Postgres {kept.replaced_by}"
            reasons.append(f"{other}, and {self._row.stands} stands")
        if version(self._change) is not None and (self._change.home / self._out).exists():
            reasons.append(f"{self._change.home / self._out} is there already: run it under another incident")
        reasons += self._lost(kept)
        if reasons:
            raise Refused("Postgres was not touched: " + "; ".join(reasons))
        return kept

    @property
    def _out(self) -> str:
        return rules.kept_name(self._row.stands or 0, self._order.mandate.incident)

    def _lost(self, kept: Kept) -> list[str]:
        """Return why the way back would lose what was written since; nothing where that is allowed, and said."""
        try:
            since = self._since(kept)
        except FreqopsError as error:
            since = {ALL: f"what was written since is not known: {error}"}
        if not self._order.overwrite:
            return [f"{text}: {SINCE}" for text in since.values()]
        self._row.detail += [f"LOST: {text}" for text in since.values() if f"LOST: {text}" not in self._row.detail]
        return []

    def _since(self, kept: Kept) -> dict[str, str]:
        """Return what was written since the cluster was left, a text for each database."""
        sizes, of, found = self._shared.cluster.sizes(), self._shared.by_database, {}
        self._row.size, self._row.free = sum(sizes.values()), self._shared.free
        self._row.databases = self._shared.rows(sizes)
        for name in sorted({*sizes, *kept.databases}):
            held = kept.databases.get(name)
            if held is None:
                found[name] = f"{name} was made since"
            elif name not in sizes:
                found[name] = f"{name} is gone since, and would be back"
            elif held.mark:
                bot = of.get(name)
                now = self._shared.cluster.database(name, is_live=bot is not None and bot.is_live).mark()
                if now != held.mark:
                    found[name] = f"trades or orders were written to {name} since"
            elif name != SUPERUSER and unlike(name, held, self._shared.cluster):
                found[name] = f"{name} was written to since"
        return found

    # --- the act

    def _run(self, kept: Kept) -> Upgraded:
        present = self._engine.container(CONTAINER)
        if present is None:
            raise Refused(f"Postgres was not touched: {CONTAINER} is gone")
        incident = self._order.mandate.incident
        note = Note(UNDO, SWITCHING, incident, present.image, kept.image, self._out, kept.directory)
        bots = self._shared.running
        self._change.begin(note)
        try:
            for bot in bots:
                self._said(f"stop {bot.name}")
            self._shared.stop(bots, incident)
            lost = self._lost(kept)
            if lost:
                raise NotProven("; ".join(lost))
            lose = self._to_hold(kept) if self._order.overwrite else []
            self._said(f"Postgres {kept.major} in the place of {self._row.stands}")
            self._change.switch(note)
            self._proven(kept)
            self._hold(lose)
            self._change.clear(note)
            self._change.over()
        except (FreqopsError, OSError) as error:
            back = gone_back(self._change, note, "newer", bots, self._shared.start)
            raise NotProven(f"the upgrade was not taken back: {error}\n{back}") from None
        return self._done(kept, bots)

    def _done(self, kept: Kept, bots: list[layout.Bot]) -> Upgraded:
        place = self._change.home / self._out
        self._row.kept, self._row.delete = (
            f"{place}, Postgres {self._row.stands}, as it was",
            f"rm -r {place} on the host",
        )
        self._change.forget(kept.directory)
        self._row.bots, failed = self._shared.start(bots)
        self._row.stands, self._row.outcome, self._row.changed = version(self._change), UNDONE, True
        self._row.detail += [f"NOT STARTED: {text}" for text in failed]
        self._row.detail.append(f"postgres_image must be {kept.image} again: a deploy refuses another version")
        self._row.proven = not failed
        return self._row

    def _proven(self, kept: Kept) -> None:
        """Read back that the former cluster holds what it held when it was left, and lets its bots in.

        Raises:
            NotProven: It does not.
        """
        wrong = [text for name, held in kept.databases.items() for text in unlike(name, held, self._shared.cluster)]
        if wrong:
            raise NotProven("; ".join(wrong))
        self._shared.let_in()

    def _to_hold(self, kept: Kept) -> list[layout.Bot]:
        """Return the bots of which trades or orders are lost: what they know is not what is there."""
        of = self._shared.by_database
        try:
            return [of[name] for name in self._since(kept) if name in of]
        except FreqopsError:  # then nothing is known of any
            return list(of.values())

    def _hold(self, bots: list[layout.Bot]) -> None:
        """Hold bots that have lost what they traded, before they are started.

        Raises:
            NotProven: A hold is not on the disk.
        """
        mandate = self._order.mandate
        for bot in bots:
            level = holds.HARD if bot.is_live else holds.ENTRIES
            now = iso(self._clock.utcnow())
            hold = holds.Hold(HOLDER, level, mandate.reason, mandate.actor, mandate.incident, 0, now)
            error = holds_file.latch(bot.home, hold, self._clock).error
            if error is not None:
                raise NotProven(f"{bot.name} lost what it traded, and its hold is not on the disk: {error}")
            self._row.detail.append(f"{bot.name} is held at level {level}, for it lost what it traded since")
