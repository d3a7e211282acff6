"""A restore drill of a bot on Postgres: a server of its own, of the host's image, under passwords of its own."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from freqops.core.backup import numbers, told_trades
from freqops.core.backup.manifest import DATABASE, File, Manifest
from freqops.core.backup.restore_drill import Rehearsed
from freqops.core.base.errors import FreqopsError
from freqops.core.bot import postgres
from freqops.core.bot.client import FreqtradeClient
from freqops.core.bot.database_contents import POSTGRES, Contents, Recorded
from freqops.core.bot.engine_names import DRILL_INSIDE, DRILL_POSTGRES
from freqops.hostctl.backup.rehearsal import Rehearsal, Snapshot
from freqops.hostctl.backup.scratch_stack import ScratchStack
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.incident import journal
from tests.unit.fakes import IMAGE, START, FakeClock, made_container
from tests.unit.hostctl.backup.cluster import Cluster
from tests.unit.hostctl.backup.drilled import DrilledApi, DrillEngine, as_this_user, told
from tests.unit.postgres_tables import PostgresTables

SERVER = "registry.example/postgres@sha256:11"


class Server(DrillEngine):
    """A host with a Postgres, and the Postgres of a drill once it was started.

    Attributes:
        ready: How often the new one is asked before it answers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cluster, self.ready, self.asked = Cluster(), 2, list[str]()
        self.given: list[str] = []
        self.containers[postgres.CONTAINER] = made_container(image=SERVER)

    def execute(self, name: str, argv: list[str]) -> str:
        self.ready -= 1
        if name != DRILL_POSTGRES or argv[0] != "pg_isready" or self.ready > 0:
            raise EngineError("not ready")
        return ""

    def pipe(self, argv: list[str], timeout: float, *, source: Path | None = None, output: Path | None = None) -> str:
        line = " ".join(argv)
        self.asked.append(line)
        assert DRILL_POSTGRES in argv, line
        if "pg_amcheck" in line:
            return "pg_amcheck 17"
        if source is not None and source.name == "user.sql":
            self.given.append(source.read_text())
            return ""
        for query, columns in ((told_trades.OPEN, ("id", "pair", "amount")), (told_trades.CLOSED, ())):
            if query in line:
                trades = self.cluster.databases["alpha_paper"].tables["public", "trades"]
                found = [row for row in trades if row["is_open"] == bool(columns)]
                rows = [[row[name] for name in columns] for row in found] if columns else [[len(found)]]
                return json.dumps([{str(number): cell for number, cell in enumerate(row)} for row in rows])
        return self.cluster.pipe(argv, timeout, source=source, output=output)


class Field:
    """A host, and a snapshot of a bot on Postgres."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock, self.engine = root, FakeClock(), Server()
        (root / "postgres" / "data").mkdir(parents=True)
        (root / "backup").mkdir()
        self.tables = PostgresTables()
        contents = Contents(POSTGRES, self.tables.asked)
        self.manifest = Manifest(
            "alpha", "paper", POSTGRES, IMAGE, "f00", START, START, Recorded.of(contents),
            numbers.next_numbers(contents), (File(DATABASE, 1, "0" * 64),),
        )  # fmt: skip
        self.stack = ScratchStack(root, self.engine, self.clock)
        self.api: DrilledApi = told(self.clock, 3, amount=2.0)
        self.api.count = 1
        self.row = Rehearsed("alpha")

    def run(self, change: Callable[[PostgresTables], object] = lambda _: None) -> Rehearsed:
        change(self.tables)
        place = self.root / "backup" / "drill" / "taken"
        dump = place / "trades" / "alpha" / DATABASE
        dump.parent.mkdir(parents=True)
        dump.write_bytes(pickle.dumps(self.tables))
        release = place / "releases" / "bots" / "alpha" / "release" / "f00"
        release.mkdir(parents=True)
        (release / "config.json").write_text("{}")
        quiet = journal.silent(self.clock)
        worker = Rehearsal(self.root, self.stack, self.engine, self.clock, quiet,
                           lambda *_: cast(FreqtradeClient, self.api))  # fmt: skip
        worker.run(Snapshot("local", "f" * 64, place, 1.0), self.manifest, self.row)
        return self.row


@pytest.fixture
def field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Field:
    as_this_user(monkeypatch)
    return Field(tmp_path)


def test_it_is_restored_into_a_server_of_its_own_which_nobody_else_reaches(field: Field) -> None:
    row = field.run()
    assert (row.proven, row.tables, row.open_trades, row.closed_trades, row.checker) == (True, 5, 1, 1, "pg_amcheck 17")
    assert row.numbers == len(field.manifest.next_numbers) == 5
    server, bot = field.engine.commands
    assert SERVER in server
    assert f"--network={DRILL_INSIDE}" in server
    assert f"--network={DRILL_INSIDE}" in bot
    [config] = field.engine.configs
    password = config["db_url"].split(":")[2].split("@")[0]
    assert config["db_url"] == f"postgresql+psycopg2://alpha_paper:{password}@{DRILL_POSTGRES}:5432/alpha_paper"
    assert "SCRAM-SHA-256" in field.engine.given[0]
    superuser = (field.stack.of_bot / "postgres" / "secrets" / "superuser").read_text()
    words = [word for argv in field.engine.commands for word in argv] + field.engine.asked + field.engine.given
    assert not any(secret in word for secret in (password, superuser) for word in words)
    field.engine.containers.pop(postgres.CONTAINER)
    assert len(field.stack.cleared()) == 0
    assert (field.engine.containers, field.engine.nets, field.stack.place.exists()) == ({}, {}, False)


def later(tables: PostgresTables) -> None:
    tables.sequences["trades"] = (9, False)


def lost(tables: PostgresTables) -> None:
    tables.tables["public", "orders"].pop()


@pytest.mark.parametrize(("change", "said"), [(later, "trades.id is 9, and was 5"), (lost, "2 rows before, 1 after")])
def test_what_differs_from_the_manifest_has_failed(field: Field, change: Any, said: str) -> None:
    with pytest.raises(FreqopsError, match=said):
        field.run(change)
    assert field.engine.configs == []


def test_a_server_that_does_not_come_up_is_named(field: Field) -> None:
    field.engine.ready = 10_000
    with pytest.raises(FreqopsError, match="is not ready within 300 s"):
        field.run()


def test_a_server_that_ends_is_named_with_its_last_words(field: Field) -> None:
    def ends(name: str) -> None:
        field.engine.containers[name] = made_container(name, status="exited")

    field.engine.started, field.engine.said = ends, ["FATAL: no space"]
    with pytest.raises(FreqopsError, match=f"{DRILL_POSTGRES} ended by itself: FATAL: no space"):
        field.run()


def test_a_host_without_a_postgres_has_no_image_for_one(field: Field) -> None:
    field.engine.containers.clear()
    with pytest.raises(FreqopsError, match="this host has no freqops-postgres whose image could be taken"):
        field.run()
