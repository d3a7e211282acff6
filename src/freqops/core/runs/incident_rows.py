"""The incidents of the registry: a row for each, made of its events, and the chain of all events of the host.

The row has the columns of the runbook, whose query works, and more beside them. Nothing here begins a transaction:
`Registry.incidents_changed` does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..base.errors import Refused
from ..base.kinds import Malformed
from ..incident import chain, life, opening
from ..incident.chain import Link
from ..incident.life import Event, Incident

PLACE = "incidents"  # the directory of all evidence, as a row names it
LINK = "number, incident_id, directory, file, data_json, previous, hash"
COLUMNS = (
    "id", "run_id", "severity", "description", "log_excerpt_path", "created_utc", "kind", "state", "cause", "bots",
    "events", "acknowledged_by", "closed_at", "closed_by", "root_cause", "action",
)  # fmt: skip
SHOWN = ", ".join(COLUMNS)
RENAMED = {"created": "created_utc", "run": "run_id", "log": "log_excerpt_path"}  # of an incident, and its columns


@dataclass(frozen=True)
class Wanted:
    """Which incidents are wanted; what is empty or None sorts none out.

    Attributes:
        kind: Of which kind.
        severity: At least how grave.
        states: In which states.
        bot: About which bot.
        since: Opened since then, as ISO 8601 in UTC.
        until: Opened until then.
        limit: How many at most, the newest.
    """

    kind: str = ""
    severity: str = ""
    states: tuple[str, ...] = ()
    bot: str = ""
    since: str = ""
    until: str = ""
    limit: int = 100


class IncidentRows:
    """The incidents of an open registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def head(self) -> str:
        """Return the head of the chain."""
        row = self._connection.execute(f"SELECT {LINK} FROM incident_events ORDER BY number DESC LIMIT 1").fetchone()  # noqa: S608  our own names
        return chain.head_of(None if row is None else Link(*row))

    def listed(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Return rows, the newest first."""
        clauses, values = _clauses(wanted)
        where = f"WHERE {' AND '.join(clauses)} " if clauses else ""
        found = self._connection.execute(
            f"SELECT {SHOWN} FROM incidents {where}ORDER BY julianday(created_utc) DESC, id DESC LIMIT ?",  # noqa: S608  as above
            (*values, wanted.limit),
        )
        return [_shown(row) for row in found]

    def of(self, incident: str) -> dict[str, Any] | None:
        """Return the row of an incident, also by the id of a command whose evidence was added to it."""
        own = self._row(incident)
        if own is None:
            query = "SELECT incident_id FROM incident_events WHERE directory = ? ORDER BY number DESC LIMIT 1"
            other = self._connection.execute(query, (incident,)).fetchone()
            own = None if other is None else self._row(str(other[0]))
        return None if own is None else _shown(own)

    def links(self, incident: str | None = None) -> Iterator[Link]:
        """Yield events in the order of the chain: all of them, or those of one incident."""
        where, values = ("WHERE incident_id = ? ", (incident,)) if incident is not None else ("", ())
        query = f"SELECT {LINK} FROM incident_events {where}ORDER BY number"  # noqa: S608  as above
        return (Link(*row) for row in self._connection.execute(query, values))

    def entered(self, directory: str) -> set[str]:
        """Return the files of a directory of evidence of which there are events."""
        found = self._connection.execute("SELECT file FROM incident_events WHERE directory = ?", (directory,))
        return {str(row[0]) for row in found}

    def incidents_of(self, directory: str) -> set[str]:
        """Return the incidents to which the evidence of a directory went."""
        found = self._connection.execute(
            "SELECT DISTINCT incident_id FROM incident_events WHERE directory = ?", (directory,)
        )
        return {str(row[0]) for row in found}

    def ids(self) -> list[tuple[str, str]]:
        """Return id and kind of every incident."""
        return [(str(row[0]), str(row[1])) for row in self._connection.execute("SELECT id, kind FROM incidents")]

    def unclosed(self, cause: str) -> str | None:
        """Return the incident of a cause that is not closed, None where there is none."""
        if not cause:
            return None
        query = "SELECT id FROM incidents WHERE cause = ? AND state <> ? ORDER BY created_utc, id LIMIT 1"
        found = self._connection.execute(query, (cause, life.CLOSED)).fetchone()
        return None if found is None else str(found[0])

    def enter(self, directory: str, file: str, event: Event) -> str:
        """Enter an event with its evidence, and return the incident to which it went.

        What opens an incident goes to the one of the same cause that is not closed, where there is one. A run that is
        named cites the incident from then on; one that this registry does not have is named in the text alone.

        Raises:
            Refused: There is no incident of which it could be a step, or its state does not allow the step.
        """
        event = self._of_a_run(event)
        own = self.incident(directory)
        if own is None and event.step == life.OPENED:
            other = self.unclosed(event.cause)
            if other is None:
                first = replace(event, log=event.log or f"{PLACE}/{directory}")
                self._insert(life.opened(directory, first))
                self._cite(event.run, directory)
                return self._append(directory, directory, file, first)
            own = self.incident(other)
        elif own is None:
            named = self.of(directory)
            own = None if named is None else self.incident(str(named["id"]))
        if own is None:
            raise Refused(f"there is no incident {directory}")
        self._update(life.after(own, event))
        self._cite(event.run, own.id)
        return self._append(own.id, directory, file, event)

    def _of_a_run(self, event: Event) -> Event:
        """Return an event, of which the run is in this registry."""
        if not event.run or self._connection.execute("SELECT 1 FROM runs WHERE id = ?", (event.run,)).fetchone():
            return event
        return replace(event, run="", text=f"{event.text} (run {event.run}, which is not here)")

    def _cite(self, run: str, incident: str) -> None:
        """Have a run that is named cite an incident; the first one stays."""
        query = "UPDATE runs SET incident_id = ? WHERE id = ? AND coalesce(incident_id, '') = ''"
        if run:
            self._connection.execute(query, (incident, run))

    def incident(self, incident: str) -> Incident | None:
        """Return an incident by its own id."""
        row = self._row(incident)
        if row is None:
            return None
        found = dict(zip(COLUMNS, row))
        bots = tuple(name for name in str(found["bots"]).split(",") if name)
        values = {name: str(found[name]) for name in COLUMNS if name not in (*RENAMED.values(), "bots", "events")}
        values |= {name: str(found[column] or "") for name, column in RENAMED.items()}
        return Incident(**values, bots=bots, events=int(found["events"]))

    def differences(self) -> Iterator[str]:
        """Yield where a row is not what its events say, and where one of the two is missing."""
        said: dict[str, list[Event]] = {}
        unreadable: set[str] = set()
        for each in self.links():
            try:
                said.setdefault(each.incident, []).append(opening.checked(json.loads(each.data)))
            except (ValueError, Malformed) as error:
                unreadable.add(each.incident)
                yield f"event {each.number} of {each.incident} cannot be read: {error}"
        for name, _ in self.ids():
            if name in unreadable:
                said.pop(name)
                continue  # nobody knows what its row should be
            present = self.incident(name)
            if name not in said:
                yield f"{name} has a row and no event: it was inserted by hand"
                continue
            try:
                wanted = life.folded(name, said.pop(name))
            except Refused as refusal:
                yield f"the events of {name} cannot be: {refusal}"
                continue
            for field, value in vars(wanted).items():
                found = getattr(present, field)
                if found != value:
                    yield f"{name} was changed by hand: its {field} is {found!r}, its events say {value!r}"
        yield from (f"{name} has events and no row: that was removed" for name in sorted(said))

    def _row(self, incident: str) -> tuple[Any, ...] | None:
        query = f"SELECT {SHOWN} FROM incidents WHERE id = ?"  # noqa: S608  as above
        found: tuple[Any, ...] | None = self._connection.execute(query, (incident,)).fetchone()
        return found

    def _insert(self, incident: Incident) -> None:
        row = _columns(incident)
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self._connection.execute(f"INSERT INTO incidents ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608  as above

    def _update(self, incident: Incident) -> None:
        row = _columns(incident)
        names = ", ".join(f"{name} = ?" for name in row)
        self._connection.execute(f"UPDATE incidents SET {names} WHERE id = ?", (*row.values(), incident.id))  # noqa: S608  as above

    def _append(self, incident: str, directory: str, file: str, event: Event) -> str:
        data = json.dumps(event.to_json(), sort_keys=True)
        each = chain.link(self.head(), incident, directory, file, data)
        values = (each.number, each.incident, each.directory, each.file, each.data, each.previous, each.hash)
        self._connection.execute(f"INSERT INTO incident_events ({LINK}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608  as above
        return incident


def adopt(connection: sqlite3.Connection) -> None:
    """Give every incident that has no event the one that opened it: those of the runbook's files, and of version 1."""
    rows = IncidentRows(connection)
    query = (
        "SELECT id FROM incidents WHERE id NOT IN (SELECT incident_id FROM incident_events) "
        "ORDER BY julianday(created_utc), id"
    )
    for (name,) in connection.execute(query).fetchall():
        found = rows.incident(str(name))
        if found is not None:
            event = Event(
                life.OPENED,
                found.created,
                "",
                found.description,
                found.kind,
                found.severity,
                run=found.run,
                log=found.log,
            )
            rows._append(found.id, found.id, "", event)


def _columns(incident: Incident) -> dict[str, Any]:
    row = {RENAMED.get(name, name): value for name, value in vars(incident).items()}
    return {
        **row,
        "bots": ",".join(incident.bots),
        "run_id": incident.run or None,
        "log_excerpt_path": incident.log or None,
    }


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip(COLUMNS, row))
    return {**found, "bots": [name for name in str(found["bots"]).split(",") if name]}


def _clauses(wanted: Wanted) -> tuple[list[str], list[Any]]:
    clauses: list[str] = []
    values: list[Any] = []
    if wanted.kind:
        clauses.append("kind = ?")
        values.append(wanted.kind)
    if wanted.severity:
        grave = life.SEVERITIES[life.SEVERITIES.index(wanted.severity) :]
        clauses.append(f"severity IN ({', '.join('?' * len(grave))})")
        values += grave
    if wanted.states:
        clauses.append(f"state IN ({', '.join('?' * len(wanted.states))})")
        values += wanted.states
    if wanted.bot:
        clauses.append("instr(',' || bots || ',', ?) > 0")
        values.append(f",{wanted.bot},")
    for sign, moment in ((">=", wanted.since), ("<=", wanted.until)):
        if moment:
            clauses.append(f"julianday(created_utc) {sign} julianday(?)")
            values.append(moment)
    return clauses, values
