"""Databases dumped and restored: SQLite for real, Postgres as it is asked."""

from __future__ import annotations

import json
import pickle
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from freqops.core.bot import layout
from freqops.core.bot.database_contents import Contents
from freqops.hostctl.bot import databases
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.databases import Postgres, Sqlite
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.fakes import make_bot
from tests.unit.postgres_tables import PostgresTables


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "trades.paper.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table trades (id integer, is_open integer, amount real, stop_loss real)")
        connection.execute(
            "create table orders (id integer, order_id text, status text, filled real, ft_order_side text)"
        )
        connection.execute("insert into trades values (1, 1, 0.5, 90)")
        connection.execute("insert into orders values (1, 'a', 'closed', 0.5, 'buy')")
        connection.commit()
    return path


def write(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.mark.parametrize(
    "sql",
    [
        "insert into trades values (2, 1, 1, 80)",
        "update trades set is_open = 0",
        "update orders set filled = 0.4",
        "insert into orders values (2, 'b', 'open', 0, 'sell')",
        "insert into orders values (2, 'b', 'closed', 0.5, 'stoploss')",
    ],
)
def test_whatever_is_traded_changes_the_mark(path: Path, sql: str) -> None:
    before = Sqlite(path).mark()
    write(path, sql)
    assert Sqlite(path).mark() != before


def test_a_stop_that_trails_is_no_trade(path: Path) -> None:
    before = Sqlite(path).mark()
    write(path, "update trades set stop_loss = 95")
    assert Sqlite(path).mark() == before


def test_a_simulated_stop_that_is_placed_again_is_no_trade_and_a_real_one_is(path: Path) -> None:
    paper, live = Sqlite(path).mark(), Sqlite(path, is_live=True).mark()
    write(path, "insert into orders values (2, 'b', 'open', 0, 'stoploss')")
    assert Sqlite(path).mark() == paper
    assert Sqlite(path, is_live=True).mark() != live


def test_it_comes_back_as_it_was_with_what_only_the_log_had(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute("insert into trades values (2, 1, 1, 80)")
        connection.commit()
        Sqlite(path).dump(tmp_path / "dump")
    before = Sqlite(path).mark()
    assert (tmp_path / "dump").stat().st_mode & 0o777 == 0o600
    write(path, "delete from trades")
    Sqlite(path).restore(tmp_path / "dump")
    assert (Sqlite(path).mark(), Sqlite(path).trades()) == (before, 2)
    assert not path.with_name(path.name + "-wal").exists()


def test_a_dump_that_cannot_be_read_back_replaces_nothing(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    (tmp_path / "dump").write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    with pytest.raises(DatabaseError):
        Sqlite(path).restore(tmp_path / "dump")
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.glob(".*restoring")] == []


def test_nothing_is_empty_and_cannot_be_dumped(tmp_path: Path) -> None:
    assert Sqlite(tmp_path / "absent").mark() == databases.EMPTY
    assert Sqlite(tmp_path / "absent").trades() == 0
    with pytest.raises(DatabaseError):
        Sqlite(tmp_path / "absent").dump(tmp_path / "dump")


TABLES = "create table trade_custom_data (id integer, value text); create table pairlocks (id integer, reason text)"
OTHERS = (
    "insert into trade_custom_data values (1, 'n')",
    "update trades set stop_loss = 95",
    "drop table pairlocks",
    "create table more as select 1 as a",
)


@pytest.mark.parametrize("sql", OTHERS)
def test_a_dump_that_lacks_anything_at_all_is_not_believed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    """Whatever a bot keeps beside its trades and orders, and how these go on."""
    for table in TABLES.split("; "):
        write(path, table)
    contents = Sqlite.contents

    def spoilt(database: Sqlite) -> Contents:
        if database.path.name.endswith(".partial"):
            write(database.path, sql)
        return contents(database)

    monkeypatch.setattr(Sqlite, "contents", spoilt)
    with pytest.raises(DatabaseError, match=r"the dump of trades\.paper\.sqlite does not hold what the database held"):
        Sqlite(path).dump(tmp_path / "dump")
    assert sorted(each.name for each in tmp_path.iterdir() if "dump" in each.name) == []


@pytest.mark.parametrize("sql", OTHERS)
def test_a_dump_that_is_not_any_more_what_it_was_replaces_nothing(path: Path, tmp_path: Path, sql: str) -> None:
    for table in TABLES.split("; "):
        write(path, table)
    told = Sqlite(path).dump(tmp_path / "dump")
    before = path.read_bytes()
    write(tmp_path / "dump", sql)
    with pytest.raises(DatabaseError, match="dump does not hold what the database held: table "):
        Sqlite(path).restore(tmp_path / "dump", told)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.glob(".*restoring*")] == []


# --- Postgres


class Docker(Engine):
    """A Postgres that is dumped and restored, and what it was asked; ``lose`` acts on what comes back."""

    def __init__(self, fails: str = "") -> None:
        self.fails, self.asked = fails, list[str]()
        self.databases = {"alpha_paper": PostgresTables()}
        self.lose: Callable[[PostgresTables], object] = lambda _tables: None

    def pipe(  # the signature is the engine's
        self,
        argv: list[str],
        timeout: float,  # noqa: ARG002
        *,
        source: Path | None = None,
        output: Path | None = None,
    ) -> str:
        line = " ".join(argv)
        self.asked.append(line)
        if self.fails and self.fails in line:
            raise EngineError("fails")
        if output is not None:
            output.write_bytes(pickle.dumps(self.databases[argv[-1]]))
        if source is not None:
            restored = pickle.loads(source.read_bytes())  # noqa: S301  written above
            self.lose(restored)
            self.databases[self.database(argv)] = restored
        return self.answered(line, self.database(argv))

    def database(self, argv: list[str]) -> str:
        return next((word.partition("=")[2] for word in argv if word.startswith("--dbname=")), "")

    def answered(self, line: str, name: str) -> str:
        if "json_agg" in line:
            query = line.partition(" from (")[2].rpartition(") found")[0]
            rows = self.databases[name].asked(query)
            return json.dumps([{str(number): cell for number, cell in enumerate(row)} for row in rows])
        for old, new in re.findall(r'alter database "(\w+)" rename to "(\w+)"', line):
            self.databases[new] = self.databases.pop(old)
        for gone in re.findall(r'drop database if exists "(\w+)"', line):
            self.databases.pop(gone, None)
        if "select datname" in line:
            return "".join(f"{each}\n" for each in self.databases)
        return "alpha_paper\n" if "pg_get_userbyid" in line else ""


@pytest.fixture
def docker() -> Docker:
    return Docker()


def test_what_postgres_dumps_is_restored_beside_it_and_compared(docker: Docker, tmp_path: Path) -> None:
    told = Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    assert {name: table.rows for (_, name), (_, table) in told.tables.items()} == {
        "trades": 2, "orders": 2, "trade_custom_data": 1, "wallet_history": 1, "KeyValueStore": 1,
    }  # fmt: skip
    assert list(docker.databases) == ["alpha_paper"]
    Postgres("alpha_paper", docker).restore(tmp_path / "dump", told)
    assert list(docker.databases) == ["alpha_paper"]


LOSSES: list[Callable[[PostgresTables], object]] = [
    lambda tables: tables.tables["public", "trade_custom_data"][0].update(cd_value="other"),
    lambda tables: tables.tables["public", "trades"].pop(),
    lambda tables: (tables.tables.pop(("public", "wallet_history")), tables.sequences.pop("wallet_history")),
    lambda tables: tables.sequences.pop("orders"),
    lambda tables: tables.sequences.update(trades=(1, False)),
]


@pytest.mark.parametrize("lose", LOSSES, ids=["a cell", "a row", "a table", "a sequence", "the next number"])
def test_an_archive_that_brings_less_is_not_believed_and_replaces_nothing(
    docker: Docker, tmp_path: Path, lose: Callable[[PostgresTables], object]
) -> None:
    told = Postgres("alpha_paper", docker).dump(tmp_path / "whole")
    ours = docker.databases["alpha_paper"]
    docker.lose = lose
    with pytest.raises(DatabaseError, match="the dump of alpha_paper does not hold what the database held"):
        Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    with pytest.raises(DatabaseError, match="whole does not hold what the database held"):
        Postgres("alpha_paper", docker).restore(tmp_path / "whole", told)
    assert docker.databases == {"alpha_paper": ours}
    assert [each.name for each in tmp_path.iterdir()] == ["whole"]
    assert not any("rename" in line for line in docker.asked)


def test_a_cut_archive_is_not_believed(tmp_path: Path) -> None:
    docker = Docker(fails="pg_restore")
    with pytest.raises(DatabaseError):
        Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    assert (list(tmp_path.iterdir()), list(docker.databases)) == ([], ["alpha_paper"])


def test_a_restore_that_fails_leaves_the_present_one_in_its_place(docker: Docker, tmp_path: Path) -> None:
    Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    docker.fails = "pg_restore"
    with pytest.raises(DatabaseError):
        Postgres("alpha_paper", docker).restore(tmp_path / "dump")
    assert not any("rename" in line for line in docker.asked)
    assert not any('drop database if exists "alpha_paper"' in line for line in docker.asked)


@pytest.mark.parametrize("foreign", [False, True])
def test_the_dump_of_another_bot_becomes_that_of_the_own_user(docker: Docker, tmp_path: Path, foreign: bool) -> None:
    told = Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    docker.asked.clear()
    Postgres("alpha_paper", docker).stage(tmp_path / "dump", told, foreign=foreign)
    [restored] = [line for line in docker.asked if "pg_restore" in line]
    own = [word for word in ("--no-owner", "--no-acl", "--role=alpha_paper") if word in restored.split()]
    assert own == (["--no-owner", "--no-acl", "--role=alpha_paper"] if foreign else [])


def test_the_database_is_that_of_the_secrets(tmp_path: Path) -> None:
    home = make_bot(tmp_path)
    secrets = home / "conf/secrets.json"
    for url, kind in (
        ("sqlite:////freqops/var/trades.paper.sqlite", Sqlite),
        ("postgresql+psycopg2://a:b@postgres:5432/alpha_paper", Postgres),
    ):
        secrets.write_text(json.dumps({"db_url": url}))
        assert isinstance(databases.of(layout.load_bot(home), Engine()), kind)
    for url in ("", "mysql://a/b", 'postgresql://a:b@h/x"y'):
        secrets.write_text(json.dumps({"db_url": url}))
        with pytest.raises(DatabaseError):
            databases.of(layout.load_bot(home), Engine())


def test_both_databases_change_places_in_one_breath_or_not_at_all(docker: Docker, tmp_path: Path) -> None:
    """One --command is one transaction; a crash between two would leave the bot without a database."""
    Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    docker.asked.clear()
    Postgres("alpha_paper", docker).restore(tmp_path / "dump")
    [renames] = [line for line in docker.asked if "rename" in line]
    assert renames.count("--command") == 1
    first, second = (renames.index(f'"{name}" rename to') for name in ("alpha_paper", "alpha_paper_restoring"))
    assert first < second
    order = [word for line in docker.asked for word in ("create", "pg_restore", "terminate", "rename") if word in line]
    assert order == ["create", "pg_restore", "terminate", "rename"]
    assert 'drop database if exists "alpha_paper_replaced"' in docker.asked[-1]


def test_what_sqlite_says_of_a_spoilt_file_is_an_error_of_ours(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"no database at all, but some text" * 100)
    for ask in (Sqlite(path).mark, Sqlite(path).trades, Sqlite(path).open_trades):
        with pytest.raises(DatabaseError, match=r"trades\.paper\.sqlite"):
            ask()
    monkeypatch.setattr(Sqlite, "mark", lambda _self: "read a moment ago")
    for count in (Sqlite(path).trades, Sqlite(path).open_trades):
        with pytest.raises(DatabaseError, match=r"trades\.paper\.sqlite"):
            count()
