"""``freqops-host restore``: one bot's database brought back from a dump, and proven by reading it back.

The dump is one of the host's own, or comes out of a repository; see `sources`. It is restored beside the present
database and compared with what was written down when it was made. Then both change places by one act. A restore that is
killed at any step leaves the former database or the restored one, whole.
"""

from __future__ import annotations

from dataclasses import replace

from freqops.core.backup import fitting, numbers, replacing
from freqops.core.backup.manifest import DATABASE, Manifest
from freqops.core.backup.store import Dump
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.next_step import RefusedUntil
from freqops.core.bot import layout
from freqops.core.bot.database_contents import POSTGRES, SQLITE, Recorded
from freqops.core.bot.layout import Home
from freqops.core.halt import holds

from ..bot import conversion, databases, holds_file
from ..bot.database_copies import Database
from ..bot.engine import Engine
from ..incident.journal import Journal
from . import fitness
from .restored import MAY_BE, RESTORED, Order, Restored
from .restoring import Note, alone, end, read_back, refuse_unless_next, take_up
from .sources import Chosen, OwnDumps, Source

HOLDER = "restore"
WAYS = "the way back to trading is resume.yml, one step at a time"


class Restore:
    """One restore of one bot; the caller holds the locks of the bot and of its dumps, but for a `look`."""

    def __init__(
        self, bot: layout.Bot, order: Order, journal: Journal, clock: Clock, engine: Engine, source: Source
    ) -> None:
        self._bot, self._order, self._journal, self._clock, self._engine = bot, order, journal, clock, engine
        self._source = source
        self._database = databases.of(bot, engine)
        self._result = Restored(bot.name)

    def look(self) -> Restored:
        """Foretell the replaced tables or files; nothing is touched.

        Raises:
            Refused: The dump cannot be restored into this bot, whatever state the bot is in.
        """
        chosen = self._chosen()
        with self._source.taken(chosen) as dump:
            self._compared(dump.manifest)
        self._result.in_the_way = self._in_the_way()
        if self._database.place.identity() and not self._order.overwrite:
            self._result.in_the_way.append(fitness.needs_overwrite(self._bot))
        self._result.outcome, self._result.proven = MAY_BE, True
        return self._result

    def run(self) -> Restored:
        """Restore the database.

        Raises:
            Refused: Nothing was touched.
            NotProven: The text says which database stands.
        """
        chosen = self._chosen()
        self._refuse_unless_ready()
        former = self._database.place.identity()
        if former and not self._order.overwrite:
            raise Refused(fitness.needs_overwrite(self._bot))
        with self._source.taken(chosen) as dump:
            self._compared(dump.manifest)
            self._result.changed = True
            note = Note(dump.stamp, self._order.mandate.incident, iso(self._clock.utcnow()))
            try:
                told = self._swapped(dump, note)
                self._result.detail += read_back(self._database, told)
                self._ended(dump, self._database.place.kept if former else "")
            except (FreqopsError, OSError) as error:
                raise NotProven(self._after(error)) from error
        return self._result

    # --- before anything is touched

    def _chosen(self) -> Chosen:
        """Return the dump that is meant, fit for this bot."""
        chosen = self._source.chosen()
        told, known = chosen.manifest, fitness.releases(self._bot.home)
        fit = fitting.fit(told, self._bot, self._database.contents().kind, known, chosen.theirs)
        if fit.reasons:
            raise Refused(f"{self._bot.name}: dump {chosen.stamp} may not be restored: {'; '.join(fit.reasons)}")
        self._result.detail += [*chosen.detail, *fit.remarks]
        self._result.dump, self._result.moment = chosen.stamp, iso(told.moment)
        self._result.snapshot, self._result.fenced = chosen.snapshot, self._source.fenced()
        if self._order.fenced and not self._result.fenced:
            self._result.detail.append("'fenced' was not needed: it is no live bot of another host")
        return chosen

    def _in_the_way(self) -> list[str]:
        state = fitness.in_the_way(self._bot, self._order.mandate.incident, self._engine)
        return [*state, *self._source.in_the_way()]

    def _refuse_unless_ready(self) -> None:
        reasons = self._in_the_way()
        if reasons:
            steps = fitness.steps_out(self._bot, reasons)
            raise RefusedUntil(f"{self._bot.name} was not touched: {'; '.join(reasons)}", *steps)

    def _compared(self, then: Manifest) -> None:
        """Take in what would be replaced by what, as far as the present database can be read."""
        present = None
        if self._database.place.identity():
            try:
                present = Recorded.of(self._database.contents())
                self._result.forgotten = self._forgotten(present, then)
            except FreqopsError as error:
                self._result.detail.append(f"the present database cannot be read: {error}")
        else:
            self._result.detail.append("there is no database now")
        self._result.tables = [change._asdict() for change in replacing.changes(present, then.contents)]

    def _forgotten(self, present: Recorded, then: Manifest) -> list[str]:
        columns = present.columns().get(replacing.TRADES)
        if columns is None:
            return []
        return [f"{number} {pair}" for number, pair in self._database.rows(replacing.forgotten(columns, then))]

    # --- there

    def _swapped(self, dump: Dump, note: Note) -> Manifest:
        """Let the dump take the place of the database, and return what that has to hold now."""
        note.write(self._bot.home)
        if self._result.fenced:
            said = f"the bot of the other host is kept from trading: {self._result.fenced}"
            self._journal.note("note", "disk", said, durable=True)
        self._journal.note("act", "disk", f"dump {dump.stamp} is restored beside", durable=True)
        staged, told = self._staged(dump)
        replace(note, identity=staged.place.identity(), manifest=told).write(self._bot.home)
        self._refuse_unless_ready()  # again: a large one takes its time
        self._hold()
        self._database.place.put()
        self._journal.note("act", "disk", f"the database of dump {dump.stamp} has its place", durable=True)
        return told

    def _staged(self, dump: Dump) -> tuple[Database, Manifest]:
        """Bring the dump beside the database; return both what is staged and what it has to hold from now on."""
        source, told, database = dump.path / DATABASE, dump.manifest, self._database
        if isinstance(database, databases.Postgres) and told.kind == SQLITE:
            staged = conversion.stage(source, database, self._bot, self._engine)
            present = staged.contents()
            self._result.detail.append(f"converted from {SQLITE} into {POSTGRES}: every table came through")
            following = numbers.next_numbers(present)
            return staged, replace(told, kind=POSTGRES, contents=Recorded.of(present), next_numbers=following)
        same = database.stage(source, told.contents, foreign=told.bot != self._bot.name)
        refuse_unless_next(same, told)
        return same, told

    def _hold(self) -> None:
        """Hold the bot, before a database stands that knows less than the exchange; only a resume ends that.

        Raises:
            NotProven: The hold is not on the disk.
        """
        level = holds.HARD if self._bot.is_live else holds.ENTRIES
        mandate = self._order.mandate
        now = iso(self._clock.utcnow())
        hold = holds.Hold(HOLDER, level, mandate.reason, mandate.actor, mandate.incident, 0, now)
        latched = holds_file.latch(self._bot.home, hold, self._clock)
        if latched.error is not None:
            raise NotProven(f"it cannot be held: {latched.error}")

    def _after(self, error: Exception) -> str:
        """Clean up after a failure, and say which database stands."""
        try:
            ended = take_up(self._bot, self._engine)
            return f"{self._bot.name}: {'; '.join(ended.detail)}: {error}"
        except (FreqopsError, OSError) as another:
            again = "the next restore, or freqops-recover within 15 s, says which database stands"
            return f"{self._bot.name}: {error}; then: {another}; {again}"

    def _ended(self, dump: Dump, kept: str) -> None:
        self._database.place.keep()
        end(self._bot.home)
        level = holds.effective_level(self._bot.holds)
        self._result.outcome, self._result.proven, self._result.level = RESTORED, True, level
        self._result.kept = kept
        self._result.detail.append(f"it is held at level {level}; {WAYS}")
        self._journal.note("note", "disk", f"dump {dump.stamp} is restored, and was read back", durable=True)


def restore(
    bot: layout.Bot, order: Order, journal: Journal, clock: Clock, engine: Engine, source: Source | None = None
) -> Restored:
    """Restore one bot's database from a dump, and prove it.

    Args:
        bot: The bot.
        order: The restore as it is ordered.
        journal: Its journal.
        clock: The source of the time.
        engine: The container engine.
        source: Where the dump is from; the dumps of the host's own where None.

    Raises:
        Refused: Nothing was touched.
        NotProven: The text says which database stands.
    """
    source = source or OwnDumps(bot, order.dump)
    with alone(bot, clock):
        before = []
        if Home(bot.home).restoring.exists():
            before = [f"an interrupted restore: {line}" for line in take_up(bot, engine).detail]
        result = Restore(bot, order, journal, clock, engine, source).run()
        result.detail[:0] = before
        return result


def look(
    bot: layout.Bot, order: Order, journal: Journal, clock: Clock, engine: Engine, source: Source | None = None
) -> Restored:
    """Foretell a restore, with the arguments of `restore`; nothing is touched, and the bot may run.

    Raises:
        Refused: The dump cannot be restored into this bot.
    """
    return Restore(bot, order, journal, clock, engine, source or OwnDumps(bot, order.dump)).look()
