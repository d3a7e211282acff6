"""A dump of SQLite restored into a bot on Postgres: converted by Freqtrade, compared whole, and swapped in as any."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from freqops.core.base.errors import NotProven
from freqops.core.bot.layout import Home
from freqops.hostctl.backup import restore
from freqops.hostctl.backup.restored import Order, Restored
from freqops.hostctl.bot import conversion
from freqops.hostctl.incident import journal
from freqops.hostctl.recovery import recover
from tests.unit.hostctl.backup.cluster import Cluster, Cut
from tests.unit.hostctl.backup.dumped import MANDATE, URL, Field
from tests.unit.postgres_tables import PostgresTables

NAME = "alpha_paper"
POSTGRES = f"postgresql://x:y@h/{NAME}"
TRUTHS = ("is_open",)


class Converting(Cluster):
    """The cluster, and a container that writes what Freqtrade writes: the same rows, numbers of their own for most."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names)
        self.lost: tuple[str, ...] = ()
        self.cut_in_container: bool | None = None
        self.status = 0
        self.went_to: tuple[str | None, str] = ("", "")
        self.behind = False

    def run_container(self, argv: list[str], name: str, timeout: float) -> tuple[int, str]:
        assert name == "freqops-alpha.convert.restore"
        super().run_container(argv, name, timeout)
        if self.status:
            return self.status, "no such table: trades"
        [place] = [word.partition("=")[2].partition(":")[0] for word in argv if word.endswith(":/freqops/from")]
        [asked] = [word.partition("=")[2].partition(":")[0] for word in argv if word.endswith("/asked.json:ro")]
        url = urlsplit(json.loads(Path(asked).read_text())["db_url"])
        self.went_to = (url.username, url.path)
        assert (url.username in self.roles, url.hostname) == (True, "h")
        database = self.databases[url.path[1:]]
        if self.cut_in_container is not None:
            if self.cut_in_container:
                self._write(database, Path(place) / "trades.sqlite")
            raise Cut
        self._write(database, Path(place) / "trades.sqlite")
        return 0, ""

    def _write(self, database: PostgresTables, path: Path) -> None:
        database.tables.clear()
        database.sequences.clear()
        with closing(sqlite3.connect(path)) as connection:
            connection.row_factory = sqlite3.Row
            for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
                rows = [dict(row) for row in connection.execute(f'select * from "{table}"')]  # noqa: S608  names of ours
                for number, row in enumerate(rows, 100):
                    row.update({name: bool(row[name]) for name in TRUTHS if name in row})
                    row["id"] = row["id"] if table == "trades" else number
                database.tables["public", table] = rows[: 1 if table in self.lost else None]
                highest = max(row["id"] for row in database.tables["public", table])
                database.sequences[table] = (highest + (not self.behind), False)


class Moved(Field):
    """The bot whose dump is of SQLite, and which is declared on Postgres since."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(root, monkeypatch)
        self._declare(POSTGRES)
        self.cluster = Converting(NAME)
        monkeypatch.setattr(os, "chown", lambda *_: None)

    def _declare(self, url: str) -> None:
        (self.home / "conf" / "secrets.json").write_text(json.dumps({"db_url": url}))

    def dump_of_sqlite(self) -> None:
        """Lay one more dump, as it was made while the bot was on SQLite."""
        self._declare(URL)
        self.dump(60)
        self._declare(POSTGRES)

    def again(self) -> Restored:
        order = Order(MANDATE, "latest", overwrite=True)
        return restore.restore(self.bot, order, journal.silent(self.clock), self.clock, self.cluster)

    @property
    def stands(self) -> str:
        """Say which of both stands."""
        trades = self.cluster.databases[NAME].tables["public", "trades"]
        return "restored" if [row["id"] for row in trades] == [1, 2] else "former"

    @property
    def left(self) -> list[str]:
        """What is there besides both databases: copies of it, a database half converted."""
        there = [str(path) for path in self.home.rglob(".converting*")]
        beside = sorted(set(self.cluster.databases) - {NAME, f"{NAME}_replaced"})
        return there + beside + sorted(self.cluster.roles)


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Moved:
    return Moved(tmp_path, monkeypatch)


def test_it_is_converted_compared_and_takes_its_place(moved: Moved) -> None:
    dump = moved.home / "dumps" / "rolling" / moved.stamp
    before = {path.name: path.read_bytes() for path in dump.iterdir()}
    done = moved.again()
    assert (done.proven, moved.stands, moved.left, moved.level) == (True, "restored", [], 3)
    assert "converted from sqlite into postgresql: every table came through" in done.detail
    assert done.detail[0].startswith("Freqtrade of alpha converts it from sqlite into postgresql")
    assert {path.name: path.read_bytes() for path in dump.iterdir()} == before, "the dump is as it was"
    assert moved.cluster.went_to == ("alpha_paper_restoring", "/alpha_paper_restoring"), "another one is not let in"
    [given] = [line for line in moved.cluster.asked if "reassign owned" in line]
    assert '"alpha_paper_restoring" to "alpha_paper"' in given


@pytest.mark.parametrize("lost", ["trades", "orders", "trade_custom_data"])
def test_what_did_not_come_through_leaves_the_former(moved: Moved, lost: str) -> None:
    moved.cluster.lost = (lost,)
    connection = sqlite3.connect(moved.path)
    connection.execute(f"insert into {lost} (id) values (77)")  # noqa: S608  names of ours
    connection.commit()
    connection.close()
    moved.dump_of_sqlite()
    with pytest.raises(NotProven, match=r"the FORMER database stands.*not all of it came through.*" + lost):
        moved.again()
    assert (moved.stands, moved.left) == ("former", [])


def test_a_number_that_a_row_has_already_leaves_the_former(moved: Moved) -> None:
    moved.cluster.behind = True
    with pytest.raises(NotProven, match=r"trades: the next id is 2, and 2 is taken already"):
        moved.again()
    assert (moved.stands, moved.left) == ("former", [])


def test_a_conversion_that_fails_leaves_the_former_and_says_why(moved: Moved) -> None:
    moved.cluster.status = 1
    with pytest.raises(NotProven, match=r"the FORMER database stands.*did not convert the database: no such table"):
        moved.again()
    assert (moved.stands, moved.left) == ("former", [])


def test_cut_at_each_question_it_leaves_one_of_both_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = Moved(tmp_path / "clean", monkeypatch)
    before = len(clean.cluster.asked)
    clean.again()
    places: list[tuple[int, bool] | bool] = [
        (place, done) for place in range(len(clean.cluster.asked) - before) for done in (False, True)
    ]
    stood = set()
    for number, place in enumerate([*places, False, True]):
        moved = Moved(tmp_path / str(number), monkeypatch)
        if isinstance(place, bool):
            moved.cluster.cut_in_container = place
        else:
            moved.cluster.cut_at = (len(moved.cluster.asked) + place[0], place[1])
        with pytest.raises(Cut):
            moved.again()
        moved.cluster.cut_at = moved.cluster.cut_in_container = None
        stands = moved.stands
        stood.add(stands)
        unfinished = Home(moved.home).restoring.exists()
        said, failed = recover.recover(moved.root, "timer", moved.clock, moved.cluster)
        assert failed == [], place
        assert not unfinished or f"the {stands.upper()} database stands" in said[0], place
        assert (moved.stands, moved.left) == (stands, []), place
        assert moved.again().proven
    assert stood == {"former", "restored"}


def test_a_container_that_still_converts_is_taken_away(moved: Moved, monkeypatch: pytest.MonkeyPatch) -> None:
    moved.cluster.cut_in_container = False
    with pytest.raises(Cut):
        moved.again()
    gone: list[str] = []
    monkeypatch.setattr(moved.cluster, "container", lambda _name: object())
    monkeypatch.setattr(moved.cluster, "remove", gone.append, raising=False)
    conversion.swept(moved.bot, moved.cluster)
    assert (gone, moved.left) == (["freqops-alpha.convert.restore"], ["alpha_paper_restoring"] * 2)
    conversion.swept(moved.bot, moved.cluster)
    assert len(gone) == 1, "where nothing was left, nobody is asked"
