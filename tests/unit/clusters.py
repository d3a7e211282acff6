"""Clusters of Postgres as directories: a version, facts, and a file of SQLite for each database."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from freqops.core.bot.postgres_major import FILE
from freqops.core.maintenance import upgrade as rules
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.databases import Sqlite
from freqops.hostctl.maintenance import cluster
from freqops.hostctl.maintenance.cluster import Cluster

FACTS = "facts.json"
OLD_IMAGE = f"registry.example/postgres@sha256:{'15' * 32}"
NEW_IMAGE = f"registry.example/postgres@sha256:{'17' * 32}"
OTHER_IMAGE = f"registry.example/postgres@sha256:{'16' * 32}"
MAJORS = {OLD_IMAGE: 15, NEW_IMAGE: 17, OTHER_IMAGE: 15}
TABLES = (
    "create table trades (id integer primary key, pair text, is_open integer, amount real)",
    "create table orders (id integer primary key, order_id, ft_order_side text, status, filled real)",
    "insert into trades values (1, 'BTC/USDT', 1, 0.5)",
)


def compose(image: str) -> str:
    """Return a Compose file in which the image stands where ours have it."""
    head = "# Ansible managed\nname: freqops-shared\nservices:\n  postgres:\n"
    return f'{head}    image: "{image}"\n    mem_limit: "512m"\n'


def empty(data: Path, major: int) -> None:
    """Make an empty cluster, as the first start of an image does."""
    data.mkdir(exist_ok=True)
    (data / FILE).write_text(f"{major}\n")
    (data / FACTS).write_text(json.dumps({"role": {}}))
    database(data, "postgres", ())


def filled(data: Path, major: int) -> None:
    """Make a cluster with the databases of two bots, and one of nobody."""
    empty(data, major)
    (data / FACTS).write_text(json.dumps({"role": {"alpha_paper": "connections 20"}}))
    for name in ("alpha_paper", "beta_live", "notes"):
        database(data, name, TABLES)


def database(data: Path, name: str, statements: tuple[str, ...]) -> None:
    """Run statements in a database of a cluster."""
    with closing(sqlite3.connect(data / f"{name}.sqlite")) as connection:
        for sql in statements:
            connection.execute(sql)
        connection.commit()


def files(data: Path) -> list[Path]:
    """Return the files of the databases of a cluster."""
    return sorted(data.glob("*.sqlite"))


def stand_in(replace: Callable[[Any, str, Any], object], where: Callable[[str], Path]) -> None:
    """Let clusters be directories.

    Args:
        replace: Puts a stand-in in a place.
        where: Returns the directory of the cluster that a container has; it raises where that does not run.
    """

    def of(self: Cluster) -> Path:
        return where(self.container)

    def dump(self: Cluster, names: list[str], place: Path) -> None:
        shutil.copy(of(self) / FACTS, place / "globals.sql")
        for name in names:
            shutil.copy(of(self) / f"{name}.sqlite", place / f"{name}.dump")

    def take_in(self: Cluster, names: list[str], place: Path) -> None:
        shutil.copy(place / "globals.sql", of(self) / FACTS)
        for name in names:
            shutil.copy(place / f"{name}.dump", of(self) / f"{name}.sqlite")

    def found(self: Cluster, query: str) -> list[str]:
        said: dict[str, Any] = json.loads((of(self) / FACTS).read_text())
        return list(said.get({rules.STAYS: "stays", rules.CHANGED: "changed", rules.BUSY: "busy"}[query], []))

    def facts(self: Cluster) -> Any:
        return {"role": json.loads((of(self) / FACTS).read_text())["role"]}

    stand_ins: dict[str, Any] = {
        "dump": dump,
        "take_in": take_in,
        "found": found,
        "facts": facts,
        "facts_of": lambda self, name: {"object": {path.stem: "" for path in files(of(self)) if path.stem == name}},
        "sizes": lambda self: {path.stem: path.stat().st_size for path in files(of(self))},
        "database": lambda self, name="postgres", *, is_live=False: Sqlite(of(self) / f"{name}.sqlite", is_live),
    }
    for name, method in stand_ins.items():
        replace(Cluster, name, method)
    assert cluster.Cluster is Cluster


class NotThere(DatabaseError):
    """No cluster runs in that container."""
