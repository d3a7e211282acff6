"""Bots with a real SQLite database, and the rounds of dumps over them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from freqops.core.backup import recovery_points
from freqops.core.backup.store import Store
from freqops.core.base import stamp
from freqops.core.bot.layout import Home
from freqops.hostctl.backup.dump_rounds import DumpRounds
from freqops.hostctl.bot.rounds import Said
from tests.unit.fakes import FakeClock, FakeEngine, make_bot

SCHEMA = """
create table trades (id integer primary key, pair text not null, is_open integer, amount real);
create table orders (id integer primary key, ft_trade_id integer not null references trades (id), order_id text);
create table trade_custom_data (id integer primary key, ft_trade_id integer not null, value text);
create table pairlocks (id integer primary key, reason text);
create table wallet_history (id integer primary key autoincrement, total real);
"""


def make_database(path: Path) -> Path:
    """Make a database in WAL mode with one trade and its order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.executescript(SCHEMA)
    trade(path)
    return path


def trade(path: Path, pair: str = "BTC/USDT") -> None:
    """Write a trade and its order in one transaction."""
    with closing(sqlite3.connect(path)) as connection:
        number = connection.execute("insert into trades (pair, is_open, amount) values (?, 1, 0.5)", (pair,)).lastrowid
        connection.execute("insert into orders (ft_trade_id, order_id) values (?, ?)", (number, f"o{number}"))
        connection.commit()


def write(path: Path, sql: str) -> None:
    """Run one statement."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


class Dumping:
    """A host whose databases are dumped."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.clock, self.engine = root, FakeClock(), FakeEngine()
        self.clock.now = 1000.0
        monkeypatch.setattr(recovery_points, "FILE", root / "run" / "recovery-points.json")
        monkeypatch.setattr(stamp, "DIRECTORY", str(root / "run"))
        (root / "run").mkdir()
        self.home = self.bot("alpha")
        self.path = make_database(self.home / "var" / "trades.sqlite")
        self.store = Store(Home(self.home).dumps)

    def bot(self, name: str, url: str = "sqlite:////freqops/var/trades.sqlite") -> Path:
        """Declare a bot."""
        home = make_bot(self.root, name)
        secrets = home / "conf" / "secrets.json"
        document = json.loads(secrets.read_text()) if secrets.exists() else {}
        secrets.write_text(json.dumps({**document, "db_url": url}))
        return home

    def round(self, later_s: float = 15.0) -> Said:
        """Let time pass, and do the round of the timer's fresh process."""
        self.clock.now += later_s
        rounds = DumpRounds(self.root, self.clock, self.engine)
        said = rounds.come_round()
        while rounds.busy:
            said.take_in(rounds.come_round())
        return said

    def point(self, name: str = "alpha") -> recovery_points.Point:
        """Return what the rounds know of a bot."""
        return recovery_points.read(recovery_points.FILE)[name]

    @property
    def stamps(self) -> list[str]:
        """The dumps that count."""
        return [dump.stamp for dump in self.store.dumps()]
