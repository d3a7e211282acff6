"""A Postgres with several databases, which a test may cut at any question."""

from __future__ import annotations

import itertools
import json
import pickle
import re
from pathlib import Path

from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.fakes import FakeEngine
from tests.unit.postgres_tables import PostgresTables

RENAME = re.compile(r'alter database "(\w+)" rename to "(\w+)"')


class Cut(BaseException):
    """The command was killed."""


class Cluster(FakeEngine):
    """Databases by name, each known by a number that a rename does not change.

    Attributes:
        fails: A word of the questions that fail.
        cut_at: The question at which the command is killed, and whether that was still done.
    """

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.fails, self.asked = "", list[str]()
        self.cut_at: tuple[int, bool] | None = None
        self._numbers = itertools.count(1000)
        self.databases = {name: PostgresTables() for name in names}
        self.roles: set[str] = set()  # the users besides those of the bots
        self.oids = {id(tables): next(self._numbers) for tables in self.databases.values()}

    def pipe(
        self,
        argv: list[str],
        timeout: float,  # noqa: ARG002  the signature is the engine's
        *,
        source: Path | None = None,
        output: Path | None = None,
    ) -> str:
        line, number = " ".join(argv), len(self.asked)
        self.asked.append(line)
        if self.fails and self.fails in line:
            raise EngineError("fails")
        cut = self.cut_at is not None and self.cut_at[0] == number
        if cut and self.cut_at == (number, False):
            raise Cut
        said = self._done(argv, line, source, output)
        if cut:
            raise Cut
        return said

    def _done(self, argv: list[str], line: str, source: Path | None, output: Path | None) -> str:
        name = next((word.partition("=")[2] for word in argv if word.startswith("--dbname=")), "")
        if output is not None:
            output.write_bytes(pickle.dumps(self.databases[argv[-1]]))
        if source is not None:
            restored = pickle.loads(source.read_bytes())  # noqa: S301  written above
            self.databases[name].tables, self.databases[name].sequences = restored.tables, restored.sequences
        if "json_agg" in line:
            query = line.partition(" from (")[2].rpartition(") found")[0]
            newer = re.search(r"from trades where id >= (\d+)", query)
            trades = self.databases[name].tables.get(("public", "trades"), [])
            rows = ([[row["id"], row["pair"]] for row in trades if row["id"] >= int(newer[1])] if newer
                    else self.databases[name].asked(query))  # fmt: skip
            return json.dumps([{str(number): cell for number, cell in enumerate(row)} for row in rows])
        return self._of_databases(line)

    def _of_databases(self, line: str) -> str:
        moved = RENAME.findall(line)
        after = dict(self.databases)
        for old, new in moved:  # one transaction: all of them, or an error and none
            if old not in after or new in after:
                raise EngineError(f"{old} cannot become {new}")
            after[new] = after.pop(old)
        self.databases = after
        for made in re.findall(r'create database "(\w+)"', line):
            self.databases[made] = PostgresTables()
            self.oids[id(self.databases[made])] = next(self._numbers)
        for gone in re.findall(r'drop database if exists "(\w+)"', line):
            self.databases.pop(gone, None)
        self.roles |= set(re.findall(r'create role "(\w+)"', line))
        self.roles -= set(re.findall(r'drop role (?:if exists )?"(\w+)"', line))
        named = re.findall(r"'(\w+)'", line)
        found = [name for name in named if name in self.databases]
        if "select oid" in line:
            return "".join(f"{self.oids[id(self.databases[name])]}\n" for name in found)
        if "select datname" in line:
            return "".join(f"{name}\n" for name in found)
        return "".join(f"{name}\n" for name in found) if "pg_get_userbyid" in line else ""
