"""The commands that stop a bot, as an operator gives them, and what stands on the disk before."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.deploy import own_container
from freqops.hostctl.bot import holds_file
from freqops.hostctl.deploy.switch_files import SwitchFiles
from tests.crash import aftermath
from tests.crash.aftermath import BAD, CLOSED, FORMER, NEXT, OPEN, runs
from tests.crash.scenarios import hold
from tests.crash.world import BOT, CONFIG, OLD, OURS, POSTGRES, SICK, SOURCE, World
from tests.unit import clusters
from tests.unit.fakes import FakeClock, lay_breaker, make_bot

IMAGE, OTHER_IMAGE = "registry.example/freqtrade@sha256:00", "registry.example/freqtrade@sha256:11"
COMMON = ("--reason", "why", "--actor", "ann@host", "--incident", "one")
TABLES = (
    "create table trades (id integer, pair text, is_open integer, amount real)",
    "create table orders (id int, ft_trade_id int, order_id, ft_order_side text, ft_is_open int, status, filled real)",
)


def secrets(password: str, kind: str = "sqlite:////freqops/var/trades.paper.sqlite") -> str:
    """Return a file of secrets."""
    return json.dumps({"db_url": kind, "api_server": {"username": "u", "password": password}})


def database(path: Path, row: tuple[Any, ...]) -> None:
    """Write a database with one trade."""
    connection = sqlite3.connect(path)
    for sql in TABLES:
        connection.execute(sql)
    connection.execute("insert into trades values (?, ?, ?, ?)", row)
    connection.commit()
    connection.close()


def stage(home: Path, fingerprint: str, image: str = IMAGE, compose: str | None = None) -> None:
    """Lay a release beside the one that runs."""
    place = home / "release" / fingerprint
    place.mkdir(parents=True, exist_ok=True)
    declared = {"name": BOT, "mode": "paper", "api_port": 0, "image": image, "release": fingerprint,
                "initial_state": "running"}  # fmt: skip
    (place / "bot.json").write_text(json.dumps(declared))
    (place / "compose.yml").write_text(compose or fingerprint)
    (place / "config.json").write_text(json.dumps(CONFIG))
    (place / "strategies").mkdir(exist_ok=True)
    (place / "strategies" / "S.py").write_text(SOURCE)
    (place / "validated").write_text("")


def a_bot(root: Path) -> Path:
    """Write a bot that runs, and return its home."""
    home = make_bot(root, BOT, release=FORMER, image=IMAGE, api_port=0)
    (home / "compose.yml").write_text(FORMER)
    (home / "conf" / "secrets.json").write_text(secrets("former"))
    stage(home, FORMER)
    database(home / "var" / "trades.paper.sqlite", CLOSED)
    SwitchFiles(home).remember({"release": FORMER, "image": IMAGE, "at": "then"}, None)
    SwitchFiles(home).note_secrets(FORMER)
    made_of(home, FORMER)
    world(root, {OURS: container(FORMER)})
    return home


def made_of(home: Path, content: str) -> None:
    """Write down of which file a container was made."""
    durable.write_json(home / own_container.RECORD, {"version": 1, "made": {"Image": content}}, 0o600)


def container(made_of: str, status: str = "running", policy: str = "unless-stopped") -> dict[str, Any]:
    """Return a container of the world."""
    return {"status": status, "made_of": made_of, "policy": policy, "restarts": 0, "trader": "running"}


def world(root: Path, containers: dict[str, Any]) -> None:
    """Write the containers of a host."""
    (root / "world").mkdir(exist_ok=True)
    World(root).path.write_text(json.dumps(containers))


def a_switch(fingerprint: str, image: str = IMAGE, compose: str | None = None) -> Callable[[Path], None]:
    """Return what stages a release, with secrets of its own."""

    def prepare(root: Path) -> None:
        home = a_bot(root)
        stage(home, fingerprint, image, compose)
        (home / "staged").mkdir()
        (home / "staged" / "secrets.json").write_text(secrets("next"))

    return prepare


def on_postgres(root: Path) -> None:
    """Write a bot on Postgres, which is to become another one."""
    home = a_bot(root)
    (home / "conf" / "secrets.json").write_text(secrets("former", "postgresql://alpha"))
    (root / "postgres" / "staged").mkdir(parents=True)
    (root / "postgres" / "compose.yml").write_text("old")
    (root / "postgres" / "staged" / "compose.yml").write_text("new")
    made_of(root / "postgres", "old")
    world(root, {OURS: container(FORMER), POSTGRES: container("old")})


def on_an_old_postgres(root: Path) -> None:
    """Write a bot on Postgres 15."""
    on_postgres(root)
    url = "postgresql://alpha_paper:secret@postgres/alpha_paper"
    (root / "bots" / BOT / "conf" / "secrets.json").write_text(secrets("former", url))
    compose = clusters.compose(clusters.OLD_IMAGE)
    for path in (root / "postgres" / "compose.yml", root / "postgres" / "staged" / "compose.yml"):
        path.write_text(compose)
    clusters.filled(root / "postgres" / "data", 15)
    made_of(root / "postgres", compose)
    world(root, {OURS: container(FORMER), POSTGRES: container(compose)})


def held(root: Path) -> None:
    """Write a bot that is held at level 3."""
    home = a_bot(root)
    assert holds_file.latch(home, hold(3), FakeClock()).error is None
    world(root, {OURS: container(FORMER, "exited")})


def held_at_1(root: Path) -> None:
    """Write a bot that is held at level 1."""
    home = a_bot(root)
    assert holds_file.latch(home, hold(1), FakeClock()).error is None
    world(root, {OURS: {**container(FORMER), "trader": "paused"}})


def removed_while_held(root: Path) -> None:
    """Write what was staged for a bot of the name of one that was removed while it was held."""
    held_at_1(root)
    holds_file.leave(root / "bots" / BOT)
    shutil.rmtree(root / "bots" / BOT)
    staged(root)
    world(root, {})


def another_container(root: Path) -> None:
    """Write a bot that runs in a container that is not as it is declared."""
    a_bot(root)
    world(root, {OURS: container("older")})


def staged(root: Path) -> None:
    """Lay a bot out that is not installed yet."""
    home = root / "bots" / BOT
    lay_breaker(root)
    for name in ("conf", "var", "staged"):
        (home / name).mkdir(parents=True)
    stage(home, NEXT)
    (home / "staged" / "secrets.json").write_text(secrets("next"))


def somebody_elses(root: Path) -> None:
    """Write what was staged to adopt the Freqtrade of somebody else."""
    staged(root)
    world(root, {OLD: container("old", policy="always")})
    database(root / "world" / "old.sqlite", OPEN)


@dataclass(frozen=True)
class Stop:
    """One command that stops a bot, or freezes it.

    Attributes:
        name: What it is called.
        command: The command line.
        prepare: What writes the host as the command finds it, below a root.
        wrong: What says what is wrong with the host after a cut and a recovery.
        code: The exit status of the command where nothing is cut.
        first: A command that is done before, whole.
    """

    name: str
    command: tuple[str, ...]
    prepare: Callable[[Path], object]
    wrong: Callable[[Path], list[str]]
    code: int = 0
    first: tuple[str, ...] = ()


UPGRADE = ("upgrade-postgres", "--image", clusters.NEW_IMAGE, *COMMON)
ADOPT = ("adopt", BOT, "--project", "/opt/ft", "--release", NEXT, *COMMON)
STOPS = (
    Stop("switch", ("switch", f"{BOT}={NEXT}", *COMMON), a_switch(NEXT), lambda root: runs(root, FORMER, NEXT)),
    Stop(
        "switch to another image", ("switch", f"{BOT}={NEXT}", *COMMON), a_switch(NEXT, OTHER_IMAGE),
        lambda root: runs(root, FORMER, NEXT),
    ),
    Stop(
        "switch that goes back", ("switch", f"{BOT}={BAD}", *COMMON), a_switch(BAD, OTHER_IMAGE, SICK),
        lambda root: runs(root, FORMER), code=2,
    ),
    Stop("start", ("start", BOT), another_container, aftermath.started),
    Stop("resume", ("resume", BOT, *COMMON), held, aftermath.resumed),
    Stop("postgres", ("postgres",), on_postgres, aftermath.postgres),
    Stop("upgrade-postgres", UPGRADE, on_an_old_postgres, aftermath.upgraded),
    Stop("upgrade-postgres --undo", ("upgrade-postgres", "--undo", *COMMON[:-1], "two"), on_an_old_postgres,
         aftermath.upgraded, first=UPGRADE),
    Stop("remove", ("remove", BOT, *COMMON), a_bot, aftermath.removed),
    Stop("drill", ("drill", BOT, "--levels", "3", *COMMON), a_bot, aftermath.drilled),
    Stop("adopt", ADOPT, somebody_elses, aftermath.one_of_two),
    Stop("adopt --undo", ("adopt", BOT, "--undo", *COMMON), somebody_elses, aftermath.one_of_two, first=ADOPT),
)  # fmt: skip
# They do what others do with one file more, so a tenth of their calls is enough in every run.
OF_HELD_BOTS = (
    Stop("remove of a held bot", ("remove", BOT, *COMMON), held_at_1, aftermath.paused_or_gone),
    Stop("first deploy over left holds", ("switch", f"{BOT}={NEXT}", *COMMON), removed_while_held,
         aftermath.held_from_the_start),
)  # fmt: skip
ALL = (*STOPS, *OF_HELD_BOTS)
