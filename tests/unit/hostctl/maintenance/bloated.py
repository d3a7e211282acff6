"""A bot whose database has grown: a file of SQLite, or a Postgres that tells of its tables."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from freqops.core.maintenance import postgres_figures
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.maintenance import vacuum
from freqops.hostctl.maintenance.vacuum import Order, Vacuumed
from tests.unit.hostctl.backup.cluster import Cluster
from tests.unit.hostctl.backup.dumped import MANDATE, Field, lay_dump

MEBIBYTE = 1024 * 1024
NAME = "alpha_paper"
URL = f"postgresql+psycopg2://{NAME}:a-long-password@postgres:5432/{NAME}"
PAGE = 8192


class Bot(Field):
    """A bot on SQLite that is stopped, held at level 3, and has a dump."""

    def vacuum(self, **how: Any) -> Vacuumed:
        """Carry out an order."""
        self.said: list[str] = []
        return vacuum.vacuumed(self.bot, Order(MANDATE, **how), self.clock, self.engine, self.said.append)

    def held_anew(self, level: int) -> None:
        """Hold the bot at this level alone."""
        (self.home / "conf" / "holds.json").write_text('{"version": 1, "seq": 0, "holds": []}')
        self.hold(level)

    def close(self) -> None:
        """Close every trade."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("update trades set is_open = 0")
            connection.commit()

    def bloat(self, rows: int = 3000) -> None:
        """Have most of the file hold nothing."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("create table if not exists notes (id integer primary key, value text)")
            connection.executemany("insert into notes (value) values (?)", [("x" * 500,) for _ in range(rows)])
            connection.execute("delete from notes where id % 10 <> 0")
            connection.commit()

    def size(self) -> int:
        """Return the bytes of the file."""
        return self.path.stat().st_size


@dataclass
class Grown:
    """A table of Postgres, as its catalogue has it."""

    number: int
    heap: int
    rows: float
    known: int
    width: float
    space: str = "public"
    vacuums: int = 0
    analyses: int = 0
    file: int = 1


class Server(Cluster):
    """A Postgres that tells of its tables, and vacuums them.

    Attributes:
        grown: Its tables.
        refuses: The error of a statement that has this word.
        lazy: The words of statements that say that they were done, and do nothing.
        meanwhile: What happens after each vacuum in full.
        values: What it tells of the database, where that is another thing.
        measure: The schema of pgstattuple; empty where it is not installed.
        free_mib: The room on its disk.
        pids: The sessions of an earlier vacuum.
    """

    def __init__(self) -> None:
        super().__init__(NAME)
        names = [name for _, name in self.databases[NAME].tables]
        self.grown = {name: Grown(number, MEBIBYTE, 100, 3, 40.0) for number, name in enumerate(names, 100)}
        self.grown["pg_class"] = Grown(1, PAGE, 10, 3, 40.0, space="pg_catalog")
        self.grown["trades"].heap = 2000 * MEBIBYTE
        self.refuses: dict[str, str] = {}
        self.lazy: set[str] = set()
        self.meanwhile: Any = None
        self.values: dict[str, Any] = {}
        self.measure, self.free_mib, self.pids = "", 100_000, list[int]()
        self.statements: list[str] = []

    def pipe(self, argv: list[str], timeout: float, *, source: Path | None = None, output: Path | None = None) -> str:
        if "df" in argv:
            return (
                f"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 1 1 {self.free_mib * 1024} 1% /\n"
            )
        given = [word.partition("=")[2] for word in argv if word.startswith("--command=")]
        if not given or not given[0].startswith("set application_name"):
            return super().pipe(argv, timeout, source=source, output=output)
        assert argv[:4] == ["docker", "exec", "freqops-postgres", "psql"]
        assert f"--dbname={NAME}" in argv
        self.statements.append("; ".join(given))
        return self._answered(given[-1])

    def _answered(self, sql: str) -> str:
        for word, why in self.refuses.items():
            if word in sql:
                raise EngineError(why)
        if sql.startswith("vacuum"):
            if not any(word in sql for word in self.lazy):
                self._vacuum(sql)
            if "full" in sql and self.meanwhile is not None:
                self.meanwhile()
            return ""
        query = sql.partition(" from (")[2].rpartition(") found")[0]
        return json.dumps(self._rows(query))

    def _rows(self, query: str) -> list[dict[str, Any]]:
        if query == postgres_figures.OF_DATABASE:
            size = sum(table.heap for table in self.grown.values())
            whole = {"size": size, "oldest": 7, "page": PAGE, "counts": True, "place": "/data", "measure": self.measure}
            return [{**whole, **self.values}]
        if query == postgres_figures.TABLES:
            return [
                {"number": table.number, "space": table.space, "name": name, "size": table.heap, "heap": table.heap,
                 "rows": table.rows, "columns": 3, "known": table.known, "width": table.width,
                 "vacuums": table.vacuums, "analyses": table.analyses, "file": table.file}
                for name, table in self.grown.items()
            ]  # fmt: skip
        if query == postgres_figures.AT_WORK:
            return [{"pid": pid} for pid in self.pids]
        if "pgstattuple" in query:
            numbers = [int(number) for number in re.findall(r"\d+", query.rpartition("(")[2])]
            return [{"number": number, "wasted": self._of(number).heap // 2} for number in numbers]
        name = re.findall(r'"(\w+)"', query)[-1]
        return [{"rows": len(self.databases[NAME].tables["public", name])}]

    def _of(self, number: int) -> Grown:
        return next(table for table in self.grown.values() if table.number == number)

    def _vacuum(self, sql: str) -> None:
        for name in re.findall(r'"\w+"\."(\w+)"', sql):
            table = self.grown[name]
            table.vacuums, table.analyses = table.vacuums + ("full" not in sql), table.analyses + 1
            if "full" in sql:
                table.file, table.heap = table.file + 1, PAGE


class OnPostgres(Bot):
    """The bot on Postgres, held at level 1 and without an open trade."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(root, monkeypatch)
        (self.home / "conf" / "secrets.json").write_text(json.dumps({"db_url": URL}))
        self.held_anew(1)
        self.server = Server()
        self.engine = self.server
        self.open: list[str] = []
        monkeypatch.setattr("freqops.hostctl.bot.databases.Postgres.open_trades", lambda _: self.open)
        monkeypatch.setattr("freqops.hostctl.bot.databases.Postgres.refuse_unless_sound", lambda _: None)
        self.stamp = lay_dump(self.bot, self.server, 1)

    def vacuums(self) -> list[str]:
        """Return the vacuums that were asked for, each with the limits of its session."""
        return [line for line in self.server.statements if "; vacuum" in line]
