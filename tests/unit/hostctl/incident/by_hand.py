"""Somebody who changes what the registry says of incidents past freqops, in each way that there is."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

from freqops.core.incident import chain
from freqops.core.incident.chain import Link
from freqops.core.runs import incident_rows, registry

EVENTS = f"SELECT {incident_rows.LINK} FROM incident_events ORDER BY number"  # noqa: S608  our own names
EVENT = f"INSERT INTO incident_events ({incident_rows.LINK}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  as above
OTHER_COLUMNS = ", ".join(column for column in incident_rows.COLUMNS if column != "id")
FORGED = f"INSERT INTO incidents (id, {OTHER_COLUMNS}) SELECT 'forged', {OTHER_COLUMNS} FROM incidents WHERE id = ?"  # noqa: S608  as above


class Hand:
    """Somebody with write access to the registry, for a block."""

    def __init__(self, root: Path, dice: random.Random) -> None:
        self.root, self.dice = root, dice

    def __enter__(self) -> Hand:
        self.database = sqlite3.connect(registry.place(self.root), isolation_level=None)
        for setting in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
            self.database.execute(f"PRAGMA {setting}")
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def change_an_event(self) -> None:
        column, number = self.dice.choice(incident_rows.LINK.split(", ")), self.some_event().number
        value = number + 100 if column == "number" else f"changed {self.dice.random()}"
        self.database.execute(f"UPDATE incident_events SET {column} = ? WHERE number = ?", (value, number))  # noqa: S608

    def change_an_incident(self) -> None:
        column = self.dice.choice(incident_rows.COLUMNS)
        value = 77 if column == "events" else f"changed {self.dice.random()}"
        self.database.execute(f"UPDATE incidents SET {column} = ? WHERE id = ?", (value, self.some_incident()))  # noqa: S608

    def close_an_incident(self) -> None:
        closed = (
            "UPDATE incidents SET state = 'closed', root_cause = 'a', action = 'b' WHERE id = ? AND state <> 'closed'"
        )
        while not self.database.execute(closed, (self.some_incident(),)).rowcount:
            pass

    def remove_an_event(self) -> None:
        self.database.execute("DELETE FROM incident_events WHERE number = ?", (self.some_event().number,))

    def remove_an_incident(self) -> None:
        self.database.execute("DELETE FROM incidents WHERE id = ?", (self.some_incident(),))

    def remove_an_incident_with_all_that_it_has(self) -> None:
        name = self.some_incident()
        self.database.execute("DELETE FROM incident_events WHERE incident_id = ?", (name,))
        self.remove(name)

    def insert_an_incident(self) -> None:
        self.database.execute(FORGED, (self.some_incident(),))

    def insert_an_event(self) -> None:
        before = self.some_event()
        forged = chain.link(chain.head_of(before), before.incident, before.directory, before.file, before.data)
        after = [replace(each, number=each.number + 1) for each in self.events() if each.number > before.number]
        self.write([*self.events()[: before.number], forged, *after])

    def cut_off_the_newest(self) -> None:
        """With the incidents that have no other event, and their evidence."""
        events = self.events()
        self.write(events[: self.dice.randrange(len(events))])
        for name in set(self.incidents()) - {each.incident for each in self.events()}:
            self.remove(name)

    def write_history_anew(self) -> None:
        """With other words from one event on, and hashes that fit them."""
        events = self.events()
        start = self.dice.choice([place for place, each in enumerate(events) if "wrong" in each.data])
        made = events[:start]
        for each in events[start:]:
            head = chain.head_of(made[-1] if made else None)
            made.append(chain.link(head, each.incident, each.directory, each.file, each.data.replace("wrong", "right")))
        self.write(made)

    def some_event(self) -> Link:
        return self.dice.choice(self.events())

    def some_incident(self) -> str:
        return self.dice.choice(self.incidents())

    def events(self) -> list[Link]:
        return [Link(*row) for row in self.database.execute(EVENTS)]

    def incidents(self) -> list[str]:
        return [str(row[0]) for row in self.database.execute("SELECT id FROM incidents ORDER BY id")]

    def write(self, events: list[Link]) -> None:
        self.database.execute("DELETE FROM incident_events")
        self.database.executemany(EVENT, [astuple(each) for each in events])

    def remove(self, incident: str) -> None:
        self.database.execute("DELETE FROM incidents WHERE id = ?", (incident,))
        shutil.rmtree(self.root / "incidents" / incident)


ACTS: tuple[Callable[[Hand], Any], ...] = (
    Hand.change_an_event, Hand.change_an_incident, Hand.close_an_incident, Hand.remove_an_event,
    Hand.remove_an_incident, Hand.remove_an_incident_with_all_that_it_has, Hand.insert_an_incident,
    Hand.insert_an_event, Hand.cut_off_the_newest, Hand.write_history_anew,
)  # fmt: skip
