"""``freqops-host vacuum``: the database of a bot maintained, and proven by what it holds and weighs afterwards.

Online, nobody who reads or writes is kept waiting. In full, tables are written anew, and nobody can use a table
meanwhile: so that is refused unless it is worth while, and unless its bot is held, flat, and in a dump.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from freqops.core.backup import numbers
from freqops.core.backup.store import Store
from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.core.bot.database_contents import Recorded
from freqops.core.bot.db_url import HOST, PORT, place_of
from freqops.core.bot.layout import Home
from freqops.core.bot.postgres import url_in_use
from freqops.core.halt import holds
from freqops.core.maintenance import figures as found
from freqops.core.maintenance import full as rules
from freqops.core.maintenance.figures import Figures, Table

from ..backup import dumps_by_hand, fitness
from ..backup.restoring import dumps_still
from ..bot import databases, processes_and_api, stopped
from ..bot.database_copies import Database, believed
from ..bot.engine import Engine
from .maintained import Act, Maintained
from .of_postgres import PostgresMaintenance
from .of_sqlite import SqliteMaintenance

LOCK_SECONDS, DUMP_SECONDS = 5.0, 120.0
VACUUMED, IN_FULL, NOT_NEEDED, NOT_ALL = "vacuumed", "vacuumed in full", "not needed", "NOT ALL DONE"
WOULD, WOULD_IN_FULL = "would vacuum", "would vacuum in full"
SPOILT = "restore.yml brings it back from a dump; nothing was vacuumed"


@dataclass(frozen=True)
class Order:
    """The order for a vacuum.

    Attributes:
        mandate: Why, by whom, under which incident.
        full: Whether tables are written anew.
        look: Whether it is only foretold.
        open_trades_ok: Whether trades may be open meanwhile.
        above_mb: The size that is not worth a full vacuum, MiB.
        longest_s: The seconds for which a full vacuum may keep one table from the bot.
    """

    mandate: Mandate
    full: bool = False
    look: bool = False
    open_trades_ok: bool = False
    above_mb: int = rules.ABOVE_MB
    longest_s: int = rules.LONGEST_S


@dataclass
class Vacuumed(Outcome):
    """The outcome of an order for one bot.

    ``vacuumed``, ``vacuumed in full``, ``not needed``, ``NOT ALL DONE``; ``would vacuum`` or ``would vacuum in full``
    where it was only looked at.

    Attributes:
        database: Where its ``db_url`` leads, without the password.
        before: The figures before; None where there are none.
        after: The figures after.
        acts: What was done, or not, in its order.
    """

    database: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    acts: list[dict[str, Any]] = field(default_factory=list)


def vacuumed(bot: layout.Bot, order: Order, clock: Clock, engine: Engine, said: Callable[[str], None]) -> Vacuumed:
    """Carry out one order on one bot, and prove it.

    Args:
        bot: The bot.
        order: The order.
        clock: The source of the time.
        engine: The container engine.
        said: Takes what is done, before it is.

    Raises:
        Refused: Nothing was touched.
        NotProven: Something was, and what became of it is not known.
    """
    one = _Vacuum(bot, order, clock, engine, said)
    if order.look:
        return one.look()
    if not order.full:
        with dumps_still(bot, clock, DUMP_SECONDS):
            return one.online()
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        return one.full()


class _Vacuum:
    """One order on one bot."""

    def __init__(
        self, bot: layout.Bot, order: Order, clock: Clock, engine: Engine, said: Callable[[str], None]
    ) -> None:
        self._bot, self._order, self._clock, self._engine, self._said = bot, order, clock, engine, said
        url = url_in_use(bot.home)
        self._row = Vacuumed(bot.name, level=holds.effective_level(bot.holds), database=place_of(url))
        self._database: Database = databases.of(bot, engine)
        self._maintained = self._maintenance(url)
        self._is_file = isinstance(self._database, databases.Sqlite)

    def _maintenance(self, url: str) -> Maintained:
        """Return the maintenance of the database to which the bot's own ``db_url`` leads, and of no other."""
        if isinstance(self._database, databases.Sqlite):
            return SqliteMaintenance(self._database.path, self._bot.home, self._clock)
        assert isinstance(self._database, databases.Postgres)  # noqa: S101  there is no third kind
        place = place_of(url).partition("://")[2]
        if place != f"{HOST}:{PORT}/{self._database.name}":
            self._refuse(f"its db_url leads to {place}, which is no database of this host's Postgres")
        return PostgresMaintenance(self._database, self._clock, self._order.longest_s)

    # --- before anything is touched

    def look(self) -> Vacuumed:
        """Foretell it; what would be refused is refused."""
        before = self._measured()
        if not self._order.full:
            return self._ended(WOULD, changed=True)
        worth = rules.worth(before, self._order.above_mb)
        if worth.why_not:
            return self._ended(NOT_NEEDED, worth.why_not)
        self._refuse_unless_ready(worth)
        self._row.detail += [f"{table.name} would be written anew" for table in worth.tables if not self._is_file]
        dump = self._young_dump()
        self._row.detail.append(dump or "a dump would be made before, for none is younger than an hour")
        return self._ended(WOULD_IN_FULL, changed=True)

    def _measured(self) -> Figures:
        """Return the figures before, of a database that is sound.

        Raises:
            Refused: A command is at work on it, it does not answer, or is spoilt.
        """
        reasons = [*fitness.under_way(self._bot.home), *fitness.no_plain_file(self._bot)]
        if reasons:
            self._refuse("; ".join(reasons))
        try:
            busy = self._maintained.at_work()
            before = self._maintained.figures()
        except (FreqopsError, OSError) as error:
            self._refuse(f"its database does not answer: {error}", error)
        if busy:
            self._refuse(busy)
        try:
            self._maintained.refuse_unless_sound()
        except FreqopsError as error:
            self._refuse(f"{error}; {SPOILT}", error)
        self._row.before = before.to_json()
        return before

    def _refuse_unless_ready(self, worth: rules.Worth) -> None:
        reasons = [*self._in_the_way(), *self._without_room(worth.tables)]
        if reasons:
            self._refuse("; ".join(reasons))

    def _in_the_way(self) -> list[str]:
        """Return the reasons in the state of the bot against a full vacuum, all at once."""
        reasons = self._of_file() if self._is_file else self._not_held(holds.ENTRIES)
        if not self._order.open_trades_ok:
            try:
                reasons.append(rules.not_flat(self._database.open_trades()))
            except FreqopsError as error:
                reasons.append(f"whether it has open trades is not known: {error}")
        return [reason for reason in reasons if reason]

    def _of_file(self) -> list[str]:
        """Return why somebody may write to the file, or may begin to."""
        by_plan = stopped.plan_of(self._bot.home) is not None
        cure = "; or 'bots.yml -e action=stop' stops it by plan"
        lives = [f"{reason}{cure}" for reason in fitness.lives(self._bot, self._engine)]
        return lives or ([] if by_plan else self._not_held(holds.HARD))

    def _not_held(self, level: int) -> list[str]:
        try:
            present = holds.load(self._bot.holds)
        except holds.HoldsUnreadable as error:
            return [f"its holds cannot be read ({error}): {fitness.HALT}, and replaces them"]
        if present.level >= level:
            return []
        return [f"it is not held at level {level} (in force: {present.incidents}): killswitch.yml -e level={level}"]

    def _without_room(self, tables: tuple[Table, ...]) -> list[str]:
        try:
            why = rules.without_room(self._maintained.largest(tables), self._maintained.free())
        except (FreqopsError, OSError) as error:
            why = f"how much room is left is not known: {error}"
        return [why] if why else []

    def _refuse(self, why: str, error: Exception | None = None) -> Any:
        raise Refused(f"{self._bot.name} was not touched: {why}") from error

    # --- the dump behind a full vacuum

    def _young_dump(self) -> str:
        """Return the newest dump in words, where it is young, and every byte of it is as it was written."""
        store = Store(Home(self._bot.home).dumps)
        newest = store.newest()
        if newest is None or not rules.is_young(newest.manifest.moment, self._clock.utcnow()):
            return ""
        same = (newest.manifest.mode, newest.manifest.kind) == (self._bot.mode, self._database.contents().kind)
        if not same or store.damaged(newest):
            return ""
        return f"dump {newest.stamp} has everything until {iso(newest.manifest.moment)}, read back"

    def _in_a_dump(self) -> str:
        """Return the dump that stands behind it, which is made where none is young.

        Raises:
            Refused: There is none.
        """
        with dumps_still(self._bot, self._clock, DUMP_SECONDS):
            known = self._young_dump()
        if known:
            return known
        self._said(f"dump the database of {self._bot.name}")
        made = dumps_by_hand.dumped(self._bot.home, self._clock, self._engine)
        known = self._young_dump() if made.proven else ""
        if not known:
            self._refuse(f"there is no dump of it that is younger than an hour: {'; '.join(made.detail)}")
        return known

    # --- online

    def online(self) -> Vacuumed:
        """Vacuum while the bot trades; the caller lets no dump be made meanwhile."""
        self._measured()
        self._said(f"vacuum {self._row.database}, online")
        self._row.changed = True
        acts = self._maintained.online()
        return self._proven(VACUUMED, acts, list)

    # --- full

    def full(self) -> Vacuumed:
        """Write tables anew; the caller has the lock of the bot."""
        worth = rules.worth(self._measured(), self._order.above_mb)
        if worth.why_not:
            return self._ended(NOT_NEEDED, worth.why_not)
        self._refuse_unless_ready(worth)
        self._row.detail.append(self._in_a_dump())
        with dumps_still(self._bot, self._clock, DUMP_SECONDS):
            self._refuse_unless_ready(worth)  # again: a dump takes its time, and its room
            alone = not processes_and_api.alive(self._bot)
            contents, following = self._held()
            self._row.changed = True
            acts = self._anew(worth.tables)
            return self._proven(IN_FULL, acts, lambda: self._lost(contents, following, alone=alone))

    def _held(self) -> tuple[Recorded, dict[str, int]]:
        try:
            contents = self._database.contents()
            return Recorded.of(contents), numbers.next_numbers(contents)
        except FreqopsError as error:
            return self._refuse(f"what its database holds cannot be read: {error}", error)  # type: ignore[no-any-return]

    def _anew(self, tables: tuple[Table, ...]) -> list[Act]:
        """Write one table after the other anew, as long as nothing is in the way."""
        acts: list[Act] = []
        for table in [None] if self._is_file else tables:
            what = "file" if table is None else table.name
            reasons = [*self._in_the_way(), *self._without_room(tables if table is None else (table,))]
            if reasons:
                return [*acts, Act(what, done=False, said="; ".join(reasons))]
            self._said(f"vacuum {self._row.database} in full: {what}")
            acts.append(self._maintained.full(table))
            if not acts[-1].goes_on:
                return acts
        return acts

    def _lost(self, before: Recorded, following: dict[str, int], *, alone: bool) -> list[str]:
        """Return what the database does not hold any more.

        A bot that runs may have written meanwhile: then no table may have fewer rows. Where none runs nothing may
        differ.
        """
        contents = self._database.contents()
        next_now = numbers.next_numbers(contents)
        if alone and not processes_and_api.alive(self._bot):
            believed("the database", before, contents)
            return [] if next_now == following else [f"other numbers come next: {following} before, {next_now} after"]
        rows = {key: contents.table(key, columns).rows for key, columns in contents.columns().items()}
        lines = [f"table {'.'.join(filter(None, key))}: {table.rows} rows before, {rows.get(key, 'no table')} after"
                 for key, (_, table) in before.tables.items() if rows.get(key, -1) < table.rows]  # fmt: skip
        return [*lines, *found.moved_back(following, next_now)]

    # --- afterwards

    def _proven(self, outcome: str, acts: Sequence[Act], lost: Callable[[], list[str]]) -> Vacuumed:
        """Read back what the database weighs and holds, and whether all was done."""
        self._row.acts = [asdict(act) for act in acts]
        problems = [f"{act.what}: NOT DONE: {act.said}" for act in acts if not act.done]
        self._row.detail += [f"{act.what}: {act.said}" for act in acts if act.done and act.said]
        try:
            after = self._maintained.figures()
            self._row.after = after.to_json()
            self._maintained.refuse_unless_sound()
            problems += lost()
        except (FreqopsError, OSError) as error:
            problems.append(f"what the database holds now is not proven: {error}")
        self._row.detail += problems
        self._row.outcome = NOT_ALL if problems or not acts else outcome
        self._row.proven = self._row.outcome == outcome
        return self._row

    def _ended(self, outcome: str, *detail: str, changed: bool = False) -> Vacuumed:
        self._row.outcome, self._row.proven, self._row.changed = outcome, True, changed
        self._row.detail += detail
        return self._row
