"""Databases dumped and restored: SQLite for real, Postgres as it is asked."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from freqops.core.bot import layout
from freqops.hostctl.bot import databases
from freqops.hostctl.bot.databases import DatabaseError, Postgres, Sqlite
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.fakes import make_bot


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


def test_a_simulated_stop_that_is_placed_anew_is_no_trade_and_a_real_one_is(path: Path) -> None:
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


class Docker(Engine):
    """Answers as Postgres would, and remembers what it was asked."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers, self.asked = answers, list[str]()

    def pipe(  # the signature is the engine's
        self,
        argv: list[str],
        timeout: float,  # noqa: ARG002
        *,
        source: Path | None = None,  # noqa: ARG002
        output: Path | None = None,
    ) -> str:
        line = " ".join(argv)
        self.asked.append(line)
        if output is not None:
            output.write_text("archive")
        for word, answer in self.answers.items():
            if word in line:
                if answer == "fails":
                    raise EngineError(answer)
                return answer
        return ""


def test_a_cut_archive_is_not_believed(tmp_path: Path) -> None:
    docker = Docker({"--file=/dev/null": "fails", "--list": "TABLE DATA public trades", "to_regclass": "t|t"})
    with pytest.raises(DatabaseError):
        Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_without_trades_is_not_believed(tmp_path: Path) -> None:
    docker = Docker({"--list": "TABLE DATA public pairlocks", "to_regclass": "t|t"})
    with pytest.raises(DatabaseError, match="no trades"):
        Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    docker = Docker({"--list": "TABLE DATA public trades", "to_regclass": "t|t"})
    Postgres("alpha_paper", docker).dump(tmp_path / "dump")
    assert (tmp_path / "dump").read_text() == "archive"


def test_a_restore_that_fails_leaves_the_present_one_in_its_place(tmp_path: Path) -> None:
    docker = Docker({"pg_restore": "fails", "pg_get_userbyid": "alpha_paper"})
    with pytest.raises(DatabaseError):
        Postgres("alpha_paper", docker).restore(tmp_path)
    assert not any("rename" in line for line in docker.asked)
    assert not any('drop database if exists "alpha_paper"' in line for line in docker.asked)


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


def test_both_databases_change_places_in_one_breath_or_not_at_all(tmp_path: Path) -> None:
    """One --command is one transaction; a crash between two would leave the bot without a database."""
    docker = Docker({"pg_get_userbyid": "alpha_paper\n"})
    Postgres("alpha_paper", docker).restore(tmp_path)
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


def test_a_copy_that_says_something_else_is_not_believed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sqlite, "_mark", lambda self, where: "one" if where == self.path else "other")
    with pytest.raises(DatabaseError, match="does not say what the database says"):
        Sqlite(path).dump(tmp_path / "dump")
    assert sorted(each.name for each in tmp_path.iterdir() if "dump" in each.name) == []
