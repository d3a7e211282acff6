"""A host with two bots on SQLite, a registry, and a repository on its own disk, worked on by the real restic."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import repository, successes
from freqops.core.backup.answer import Answer, Row
from freqops.core.backup.repository import Repository
from freqops.core.backup.successes import Known
from freqops.core.runs import registry, registry_migration
from freqops.hostctl.backup import restic
from freqops.hostctl.backup.backups import Backups
from freqops.hostctl.backup.vault import Vault
from lab.engine import packages
from tests.unit.fakes import FakeClock, FakeEngine, make_bot
from tests.unit.hostctl.backup.repositories.cheap_key import make_cheap

SECRET = "sqlite:////freqops/var/trades.sqlite"
QUICK = 60.0


@pytest.fixture(scope="session", autouse=True)
def there_is_restic() -> None:
    packages.require(["restic"], ["restic"], lambda text: print(text, file=sys.stderr))  # noqa: T201  a note


class Host:
    """The host; what restic is asked is noted, and ``before`` may act, or answer, first."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock, self.engine = root, FakeClock(), FakeEngine()
        self.asked: list[list[str]] = []
        self.seen: list[dict[str, str]] = []
        self.before: Any = lambda _words: None
        for name in ("alpha", "beta"):
            self.add_bot(name)
        registry_migration.prepare(registry.place(root), self.clock, os.geteuid())
        (root / "user_data" / "state").mkdir(exist_ok=True)
        (root / "user_data" / "state" / "run_slots.json").write_text("{}")
        (root / "backup" / "keys").mkdir(parents=True)
        self.declare(local())

    @property
    def url(self) -> Path:
        return self.root / "backup" / "local"

    def add_bot(self, name: str, rows: int = 2) -> Path:
        home = make_bot(self.root, name)
        (home / "conf" / "secrets.json").write_text(
            json.dumps({"db_url": SECRET, "api_server": {"password": "p" * 20}})
        )
        (home / "release" / "f00").mkdir(parents=True, exist_ok=True)
        (home / "release" / "f00" / "config.json").write_text("{}")
        with closing(sqlite3.connect(home / "var" / "trades.sqlite")) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute("create table trades (id integer primary key, is_open integer, amount real, pair text)")
            connection.execute(
                "create table orders (id integer primary key, order_id text, status text, filled real, "
                "ft_order_side text)"
            )
            connection.executemany("insert into trades values (?, 1, 0.5, 'BTC/USDT')", [(n,) for n in range(rows)])
            connection.commit()
        return home

    def sql(self, bot: str, text: str) -> None:
        with closing(sqlite3.connect(self.root / "bots" / bot / "var" / "trades.sqlite")) as connection:
            connection.execute(text)
            connection.commit()

    def declare(self, *found: Repository | dict[str, Any]) -> None:
        rows = [each.to_json() if isinstance(each, Repository) else each for each in found]
        rows = [{**row, "url": row["url"].replace("ROOT", str(self.root))} for row in rows]
        path = self.root / "backup" / repository.FILE
        path.write_text(json.dumps({"version": 1, "repositories": rows}))
        path.chmod(0o600)

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], seconds: float, directory: Path | None
    ) -> subprocess.CompletedProcess[bytes]:
        self.asked.append(list(words))
        self.seen.append(dict(environment))
        answer = self.before(list(words))
        return answer if answer is not None else restic.run(words, environment, min(seconds, QUICK), directory)

    @property
    def backups(self) -> Backups:
        return Backups(self.root, self.clock, self.engine, self.run, os.geteuid())

    def vault(self, name: str = "local") -> Vault:
        [found] = repository.chosen(repository.load(self.root, os.geteuid()), name)
        return Vault(restic.Restic(found, self.root, self.run, os.geteuid()), self.clock)

    def known(self, name: str = "local") -> Known:
        return successes.load(self.root)[name]

    def backed_up(self, **given: Any) -> Row:
        """Back up to the one repository, and return what came of it."""
        return one(self.backups.back_up(given.get("asked", ()), None, given.get("emptied", ())))


def local(name: str = "local", **changed: Any) -> Repository:
    return Repository(name, **{"url": f"ROOT/backup/{name}", **changed})


def one(answer: Answer) -> Row:
    [row] = answer.rows
    return row


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, there_is_restic: None) -> Path:
    """Make an empty repository once: it takes restic seconds to find how costly its key has to be."""
    place = tmp_path_factory.mktemp("made")
    host = Host(place / "srv")
    host.backups.prepare()
    made = host.root / "backup"
    make_cheap(made / "local", (made / "keys" / "local").read_bytes().strip())
    return made


@pytest.fixture
def bare(tmp_path: Path) -> Host:
    """Return a host on which nothing was prepared."""
    return Host(tmp_path / "srv")


@pytest.fixture
def host(bare: Host, made: Path) -> Host:
    """Return a host whose repository is there, and empty."""
    for name in ("keys", "local"):
        shutil.copytree(made / name, bare.root / "backup" / name, dirs_exist_ok=True)
    shutil.copy(made / successes.FILE, bare.root / "backup")
    return bare
