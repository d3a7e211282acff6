"""A full vacuum as an operator gives it, the host before it, and what the database holds afterwards."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.crash.restores import NAME, dump
from tests.crash.stops import COMMON, Stop, held
from tests.crash.world import BOT

ROWS = (1, 21)  # of the notes, a tenth of which stay
TRADE = (9, "XRP/USDT", 0, 2.0)


def a_bloated_file(root: Path) -> None:
    """Write a bot that is held, with a dump, a file of which most holds nothing, and a trade that only its log has."""
    held(root)
    path = root / "bots" / BOT / "var" / NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table notes (id integer primary key, text)")
        connection.executemany("insert into notes values (?, ?)", [(number, "x" * 900) for number in range(*ROWS)])
        connection.execute("delete from notes where id % 10 <> 0")
        connection.execute("update trades set is_open = 0")
        connection.commit()
    dump(root / "bots" / BOT, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute("insert into trades values (?, ?, ?, ?)", TRADE)
        connection.commit()
        for name in (NAME, f"{NAME}-wal"):
            shutil.copy(path.with_name(name), root / name)
    for name in (NAME, f"{NAME}-wal"):  # as a bot that was killed leaves them
        (root / name).replace(path.with_name(name))


def wrong(root: Path) -> list[str]:
    """Return what is wrong with the database, read from a copy, and with what lies beside it."""
    var, copy = root / "bots" / BOT / "var", root / "copy"
    if copy.exists():
        shutil.rmtree(copy)
    copy.mkdir()
    for path in var.glob(f"{NAME}*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, copy / path.name)
    with closing(sqlite3.connect(copy / NAME)) as connection:
        facts = {
            "it is whole": connection.execute("pragma integrity_check").fetchall() == [("ok",)],
            "its trade is there": TRADE
            in connection.execute("select id, pair, is_open, amount from trades").fetchall(),
            "its notes are there": connection.execute("select count(*), sum(length(text)) from notes").fetchone()
            == (2, 1800),
        }
    beside = {path.name for path in var.iterdir()} - {NAME, f"{NAME}-wal", f"{NAME}-shm"}
    facts[f"nothing lies beside it: {beside}"] = not beside
    return [fact for fact, so in facts.items() if not so]


def size(root: Path) -> int:
    """Return the bytes of the file."""
    return (root / "bots" / BOT / "var" / NAME).stat().st_size


VACUUM = Stop("vacuum", ("vacuum", BOT, "--full", "--above-mb", "0", "--json", *COMMON), a_bloated_file, wrong)
