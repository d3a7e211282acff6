"""A mark changes with every commit, and with nothing else that a bot does all day."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from freqops.core.backup import changes
from freqops.core.base.kinds import Malformed

COMMITS = 300


def connected(path: Path, mode: str = "wal") -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute(f"pragma journal_mode = {mode}")
    connection.execute("create table trades (id integer primary key, amount real)")
    connection.execute("insert into trades values (1, 0)")
    connection.commit()
    return connection


@pytest.mark.parametrize("mode", ["wal", "delete", "truncate", "persist"])
def test_every_commit_gives_another_one(tmp_path: Path, mode: str) -> None:
    """As fast as they come: sizes and times of files are the same for many of them."""
    path = tmp_path / "trades.sqlite"
    with closing(connected(path, mode)) as connection:
        seen = {changes.of_sqlite(path)}
        for count in range(COMMITS):
            connection.execute("update trades set amount = ?", (count + 1,))
            connection.commit()
            seen.add(changes.of_sqlite(path))
    assert len(seen) == COMMITS + 1


def test_also_where_the_log_is_written_from_its_beginning_again_within_one_tick(tmp_path: Path) -> None:
    path = tmp_path / "trades.sqlite"
    with closing(connected(path)) as connection:
        seen = set()
        for count in range(COMMITS):
            connection.execute("update trades set amount = ?", (count + 1,))
            connection.commit()
            for each in tmp_path.iterdir():
                os.utime(each, (0, 0))
            seen.add(changes.of_sqlite(path))
            connection.execute("pragma wal_checkpoint(restart)")
    assert len(seen) == COMMITS


def test_reading_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "trades.sqlite"
    with closing(connected(path)), closing(sqlite3.connect(path)) as reader:
        before = changes.of_sqlite(path)
        reader.execute("begin")
        reader.execute("select * from trades").fetchall()
        assert changes.of_sqlite(path) == before
        reader.execute("rollback")
    after = changes.of_sqlite(path)
    assert changes.of_sqlite(path) == after


def test_none_is_none(tmp_path: Path) -> None:
    assert changes.of_sqlite(tmp_path / "trades.sqlite") == changes.ABSENT


def test_no_link_is_followed_and_nothing_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        changes.of_sqlite(tmp_path / "link")


ROW = [16384, 1, 2, 3, None, "2026-01-01T00:00:00+00:00", "on"]


def test_postgres_tells_of_each_database() -> None:
    told = changes.of_postgres(json.dumps({"alpha_paper": ROW, "beta_paper": [*ROW[:6], "off"]}))
    assert told == {"alpha_paper": json.dumps(ROW), "beta_paper": None}


@pytest.mark.parametrize(
    "said", ["", "[]", "null", '{"a": 1}', '{"a": []}', json.dumps({"a": [None, *ROW[1:]]}),
             json.dumps({"a": [1, "2", *ROW[2:]]}), '{"a": [1], "a": [2]}', "permission denied"],
)  # fmt: skip
def test_anything_else_is_no_answer(said: str) -> None:
    with pytest.raises(Malformed):
        changes.of_postgres(said)
