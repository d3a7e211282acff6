"""The maintenance of a bot's database in the host's Postgres, through its socket, from inside its container.

Every statement has its limits in Postgres itself: a client that is killed leaves nothing that goes on for longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from freqops.core.base import kinds, strict_json
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.kinds import Malformed
from freqops.core.maintenance import full as rules
from freqops.core.maintenance import postgres_figures as questions
from freqops.core.maintenance.figures import ESTIMATE, PGSTATTUPLE, Figures, Table, checked
from freqops.core.maintenance.postgres_figures import PostgresTable

from ..bot.database_copies import DatabaseError
from ..bot.databases import Postgres
from .maintained import Act

ONLINE_S, ASK_S, GRACE_S = 600, 300, 15.0
COUNTED_WITHIN_S, POLL_S = 5.0, 0.25  # an older Postgres tells its counts late
NO_LOCK, GIVEN_UP = "55P03", "57014"
WHY = {
    NO_LOCK: f"its lock was not to be had within {rules.LOCK_S} s, for somebody uses it; it is as it was",
    GIVEN_UP: "it was given up after {} s, or cancelled; it is as it was",
}
NOT_COUNTED = "Postgres counts no vacuums (track_counts is off), so it is not proven"


class PostgresMaintenance:
    """One database of the host's Postgres."""

    def __init__(self, database: Postgres, clock: Clock, longest_s: int = rules.LONGEST_S) -> None:
        self._database, self._clock, self._longest_s = database, clock, longest_s

    def figures(self) -> Figures:
        """Return its figures; as `Maintained.figures`."""
        whole = self._of_database()
        tables = [table for table in self._tables() if not table.is_of_catalogue]
        wasted = self._wasted(whole, tables)
        found = tuple(Table(table.shown, table.size, wasted[table.number], self._rows_of(table)) for table in tables)
        measured_by = PGSTATTUPLE if whole["measure"] else ESTIMATE
        return Figures(whole["size"], 0, whole["oldest"], measured_by, 0, found)

    def refuse_unless_sound(self) -> None:
        """Refuse tables that the bot could not write to, and columns whose next number is taken already.

        Raises:
            DatabaseError: There are some, or Postgres does not answer.
        """
        self._database.refuse_unless_sound()
        behind = self._database.contents().behind()
        if behind:
            raise DatabaseError(f"{self._database.name}: {'; '.join(behind)}")

    def free(self) -> int:
        """Return the bytes that are left on the disk of Postgres; as `Maintained.free`."""
        place = str(self._of_database()["place"])
        if not place.startswith("/"):
            raise Malformed(f"{self._database.name}: Postgres does not say where its files are")
        argv = ["docker", "exec", self._database.container, "df", "-P", "-k", place]
        return questions.free_bytes(self._database.engine.pipe(argv, GRACE_S))

    def at_work(self) -> str:
        """Return which vacuum of an earlier command is not over; as `Maintained.at_work`."""
        pids = [str(row["pid"]) for row in self._asked(questions.AT_WORK, questions.PIDS)]
        if not pids:
            return ""
        return f"a vacuum of an earlier command is not over in Postgres (process {', '.join(pids)}), which ends it"

    def largest(self, tables: tuple[Table, ...]) -> int:
        """Return the bytes of the largest of these tables."""
        return max((table.size for table in tables), default=0)

    def online(self) -> list[Act]:
        """Vacuum and analyse table by table, and what Postgres keeps about them."""
        tables = self._tables()
        acts = []
        for table in (table for table in tables if not table.is_of_catalogue):
            acts.append(self._run(table, questions.online([table]), ONLINE_S, self._unvacuumed))
            if not acts[-1].goes_on:
                return acts
        return [*acts, self._catalogue([table for table in tables if table.is_of_catalogue])]

    def full(self, table: Table | None) -> Act:
        """Write a table anew while nobody reads or writes it; it has another file afterwards."""
        if table is None:
            raise ValueError("Postgres writes one table at a time anew")
        before = self._called(table.name)
        if before is None:
            return Act(table.name, done=False, said="it is not there any more")
        return self._run(before, questions.full(before), self._longest_s, self._unwritten)

    def _unwritten(self, before: PostgresTable) -> str:
        """Return why a table was not written anew; empty where it was."""
        after = self._called(before.shown)
        anew = after is not None and after.number == before.number and after.file != before.file
        return "" if anew else "it has the same file as before"

    def _unvacuumed(self, before: PostgresTable) -> str:
        """Return why it is not proven that a table was vacuumed and analysed; empty where it is."""
        until = self._clock.monotonic() + COUNTED_WITHIN_S
        while True:
            now = next((each for each in self._tables() if each.number == before.number), None)
            if now is not None and now.vacuums > before.vacuums and now.analyses > before.analyses:
                return ""
            if self._clock.monotonic() >= until:
                return "Postgres tells of no vacuum of it" if self._of_database()["counts"] else NOT_COUNTED
            self._clock.sleep(POLL_S)

    def _catalogue(self, tables: Sequence[PostgresTable]) -> Act:
        """Vacuum what Postgres keeps about the tables; one that is locked is left, for the next time."""
        began_s = self._clock.monotonic()
        what = questions.CATALOGUE
        try:
            self._each([questions.online(tables)], ONLINE_S)
            had = {table.number: table.vacuums for table in tables}
            left = [table.name for table in self._tables() if had.get(table.number, -1) >= table.vacuums]
        except FreqopsError as error:
            return Act(what, done=False, said=str(error), seconds=self._since(began_s), goes_on=False)
        said = f"{len(left)} of {len(tables)} tables were locked, and are left for the next time" if left else ""
        return Act(what, done=len(left) < len(tables), said=said, seconds=self._since(began_s))

    def _run(self, table: PostgresTable, statement: str, longest_s: int, undone: Callable[[PostgresTable], str]) -> Act:
        """Run a statement on a table, and have read back why it was not done."""
        began_s = self._clock.monotonic()
        try:
            self._each([statement], longest_s)
        except FreqopsError as error:
            text = str(error)
            said = next((why.format(longest_s) for code, why in WHY.items() if code in text), text)
            return Act(table.shown, done=False, said=said, seconds=self._since(began_s), goes_on=NO_LOCK in text)
        took_s = self._since(began_s)
        try:
            why = undone(table)
        except FreqopsError as error:
            return Act(table.shown, done=False, said=f"that is not known: {error}", seconds=took_s, goes_on=False)
        return Act(table.shown, done=not why, said=why, seconds=took_s, goes_on=not why)

    def _since(self, began_s: float) -> float:
        return round(self._clock.monotonic() - began_s, 2)

    # --- what is asked

    def _of_database(self) -> Mapping[str, Any]:
        found = self._asked(questions.OF_DATABASE, questions.DATABASE)
        if len(found) != 1:
            raise Malformed(f"{self._database.name}: Postgres does not tell of the database")
        return found[0]

    def _tables(self) -> list[PostgresTable]:
        return [PostgresTable(**row) for row in self._asked(questions.TABLES, questions.TABLE)]

    def _called(self, shown: str) -> PostgresTable | None:
        return next((table for table in self._tables() if table.shown == shown), None)

    def _wasted(self, whole: Mapping[str, Any], tables: Sequence[PostgresTable]) -> dict[int, int | None]:
        if not whole["measure"] or not tables:
            return {table.number: table.estimated(whole["page"]) for table in tables}
        query = questions.measured(whole["measure"], [table.number for table in tables])
        measured = questions.wasted_of(self._asked(query, questions.MEASURED))
        return {table.number: measured.get(table.number) for table in tables}

    def _rows_of(self, table: PostgresTable) -> int:
        found = self._asked(questions.counted(table), questions.COUNTED)
        if len(found) != 1:
            raise Malformed(f"{self._database.name}: Postgres does not count the rows of {table.shown}")
        return int(found[0]["rows"])

    def _asked(self, query: str, names: Mapping[str, kinds.Kind]) -> list[dict[str, Any]]:
        said = self._each([f"select coalesce(json_agg(found), '[]') from ({query}) found"], ASK_S)  # noqa: S608  names of ours, or quoted
        found = strict_json.parse(said.encode())
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise Malformed(f"{self._database.name}: Postgres gave no rows")
        return checked([list(row.values()) for row in found], names, self._database.name)

    def _each(self, statements: list[str], longest_s: int) -> str:
        return self._database.each([*questions.limits(rules.LOCK_S, longest_s), *statements], longest_s + GRACE_S)
