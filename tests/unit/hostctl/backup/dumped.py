"""A bot with a database and dumps of it, held as a restore wants it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import numbers
from freqops.core.backup.manifest import DATABASE, MANIFEST, File, Manifest
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.processes import Process
from freqops.core.halt import holds
from freqops.hostctl.backup import restore
from freqops.hostctl.backup.restored import Order, Restored
from freqops.hostctl.bot import databases, holds_file, processes_and_api
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.incident import journal
from tests.unit.fakes import START, FakeClock, FakeEngine, make_bot, process

IMAGE = "registry.example/freqtrade@sha256:" + "0" * 64
URL = "sqlite:////freqops/var/trades.paper.sqlite"
MANDATE = Mandate("one", "rows were deleted", "ann@host")
TABLES = (
    "create table trades (id integer primary key, pair text, is_open integer, amount real, open_date, close_date)",
    "create table orders (id integer primary key, ft_trade_id integer, order_id, status, filled real, ft_order_side)",
    "create table trade_custom_data (id integer primary key, value text)",
    "insert into trades values (1, 'BTC/USDT', 1, 0.5, '2026-01-02 03:00:00.000000', null)",
    "insert into trades values (2, 'ETH/USDT', 0, 1.5, '2026-01-02 03:00:00.000000', '2026-01-02 03:01:00.000000')",
    "insert into orders values (1, 1, 'a', 'closed', 0.5, 'buy')",
    "insert into trade_custom_data values (1, 'n')",
)


def write(path: Path, *statements: str) -> None:
    """Write to a database, in WAL mode, as a bot does."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        for sql in statements:
            connection.execute(sql)
        connection.commit()


def rows(path: Path, query: str = "select id, pair from trades order by id") -> list[Any]:
    """Return the rows of a query."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def lay_dump(of: layout.Bot, engine: Engine, seconds: float = 0, **changed: Any) -> str:
    """Lay a dump of a bot's database among its dumps, as the host makes it, and return its stamp."""
    began = START + timedelta(seconds=seconds)
    stamp = f"{began:%Y%m%dT%H%M%SZ}"
    place = of.home / "dumps" / "rolling" / stamp
    place.mkdir(parents=True, mode=0o700)
    database = databases.of(of, engine)
    contents = database.dump(place / DATABASE)
    data = (place / DATABASE).read_bytes()
    values: dict[str, Any] = {
        "bot": of.name, "mode": of.mode, "kind": contents.kind, "image": of.image, "release": of.release,
        "began": began, "ended": began, "contents": contents, "next_numbers": numbers.next_numbers(database.contents()),
        "files": (File(DATABASE, len(data), hashlib.sha256(data).hexdigest()),),
    }  # fmt: skip
    (place / MANIFEST).write_text(json.dumps(Manifest(**{**values, **changed}).to_json()))
    return stamp


class Field:
    """One bot on SQLite, stopped and held at level 3, with one dump; a test then loses something."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, mode: str = "paper") -> None:
        self.root, self.clock, self.engine = root, FakeClock(), FakeEngine()
        self.home = make_bot(root, image=IMAGE, mode=mode)
        (self.home / "conf" / "secrets.json").write_text(json.dumps({"db_url": URL}))
        self.path = self.home / "var" / "trades.paper.sqlite"
        write(self.path, *TABLES)
        self.processes: list[Process] = []
        monkeypatch.setattr(processes_and_api, "alive", lambda _bot: [p for p in self.processes if not p.waits])
        monkeypatch.setattr(processes_and_api, "living", lambda _bot: self.processes)
        self.hold()
        self.stamp = lay_dump(self.bot, self.engine)
        self.before = rows(self.path)

    @property
    def bot(self) -> layout.Bot:
        return layout.load_bot(self.home)

    @property
    def level(self) -> int:
        return holds.effective_level(self.home / "conf" / "holds.json")

    def hold(self, level: int = 3, incident: str = "one") -> None:
        hold = holds.Hold("halt", level, "why", "ann@host", incident, 0, "")
        assert holds_file.latch(self.home, hold, self.clock).error is None

    def runs(self) -> None:
        self.processes.append(process())

    def order(self, dump: str = "latest", *, overwrite: bool = True) -> Order:
        return Order(MANDATE, dump, overwrite)

    def restore(self, dump: str = "latest", *, overwrite: bool = True) -> Restored:
        order = self.order(dump, overwrite=overwrite)
        return restore.restore(self.bot, order, journal.silent(self.clock), self.clock, self.engine)

    def look(self, dump: str = "latest", *, overwrite: bool = True) -> Restored:
        order = self.order(dump, overwrite=overwrite)
        return restore.look(self.bot, order, journal.silent(self.clock), self.clock, self.engine)

    def dump(self, seconds: float) -> str:
        return lay_dump(self.bot, self.engine, seconds)

    @property
    def beside(self) -> list[str]:
        """What lies in the directory of the database."""
        return sorted(path.name for path in self.path.parent.iterdir())


def texts(lines: Sequence[str]) -> str:
    """Return lines as one text."""
    return "\n".join(lines)
