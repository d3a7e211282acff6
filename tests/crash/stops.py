"""The commands that stop a bot, as an operator gives them: what stands on the disk before, and what must stand after.

After a cut and a recovery a bot is where it was, or where its command wanted it, or held.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.halt import holds
from freqops.hostctl.bot import holds_file, own_container
from freqops.hostctl.deploy.switch_files import SwitchFiles
from tests.crash.scenarios import hold
from tests.crash.world import BOT, CONFIG, OLD, OURS, POSTGRES, SICK, World, trades
from tests.unit.fakes import FakeClock, make_bot

FORMER, NEXT, BAD = "0" * 16, "1" * 16, "b" * 16
IMAGE, OTHER_IMAGE = "registry.example/freqtrade@sha256:00", "registry.example/freqtrade@sha256:11"
COMMON = ("--reason", "why", "--actor", "ann@host", "--incident", "one")
TABLES = (
    "create table trades (id integer, pair text, is_open integer, amount real)",
    "create table orders (id int, ft_trade_id int, order_id, ft_order_side text, ft_is_open int, status, filled real)",
)
CLOSED, OPEN = (1, "BTC/USDT", 0, 0.5), (1, "BTC/USDT", 1, 0.5)
NOTES = ("switch.json", "stopped.json", "removing.json")


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


def held(root: Path) -> None:
    """Write a bot that is held at level 3."""
    home = a_bot(root)
    assert holds_file.latch(home, hold(3), FakeClock()).error is None
    world(root, {OURS: container(FORMER, "exited")})


def another_container(root: Path) -> None:
    """Write a bot that runs in a container that is not as it is declared."""
    a_bot(root)
    world(root, {OURS: container("older")})


def somebody_elses(root: Path) -> None:
    """Write what was staged to adopt the Freqtrade of somebody else."""
    home = root / "bots" / BOT
    for name in ("conf", "var", "staged"):
        (home / name).mkdir(parents=True)
    stage(home, NEXT)
    (home / "staged" / "secrets.json").write_text(secrets("next"))
    world(root, {OLD: container("old", policy="always")})
    database(root / "world" / "old.sqlite", OPEN)


# --- what must stand after


def level(root: Path) -> int:
    """Return the level at which the bot is held."""
    return holds.effective_level(root / "bots" / BOT / "conf" / "holds.json")


def runs(root: Path, *fingerprints: str) -> list[str]:
    """Return what is wrong unless the bot runs what it is declared as, one of ``fingerprints``, with its secrets."""
    home, there = root / "bots" / BOT, World(root).containers.get(OURS, {})
    declared = json.loads((home / "bot.json").read_text())["release"]
    compose = (home / "compose.yml").read_text()
    password = json.loads((home / "conf" / "secrets.json").read_text())["api_server"]["password"]
    facts = {
        "it runs": there.get("status") == "running",
        "it is made of what is declared": there.get("made_of") == compose == declared,
        "one of its releases": declared in fingerprints,
        "it has the secrets of its release": password == ("next" if declared == NEXT else "former"),
        "its trader runs": there.get("trader") == "running",
        "nothing holds it": level(root) == 0,
        "its trades are there": trades(home / "var" / "trades.paper.sqlite") == [CLOSED],
    }
    return [fact for fact, so in facts.items() if not so]


def started(root: Path) -> list[str]:
    """Return what is wrong unless the bot runs, in the container that it had, or in one as it is declared."""
    return [fact for fact in runs(root, FORMER) if fact != "it is made of what is declared"]


def removed(root: Path) -> list[str]:
    """Return what is wrong unless the bot runs, or is gone and what it knew is kept."""
    if (root / "bots" / BOT).exists():
        return runs(root, FORMER)
    kept = list((root / "removed").glob(f"{BOT}-*/trades.paper.sqlite.dump"))
    return [] if len(kept) == 1 and OURS not in World(root).containers else ["it is gone, and not kept"]


def one_of_two(root: Path) -> list[str]:
    """Return what is wrong unless either the old one runs, as it did, or ours does, held, with its trades.

    An undo holds ours at level 3 before it ends it: the same command, again, does the rest.
    """
    there, home = World(root).containers, root / "bots" / BOT
    old, ours = there[OLD]["status"] == "running", World(root).runs(OURS)
    hard = level(root) == holds.HARD
    facts = {"never both": not (old and ours), "one of the two runs, or ours is held": old or ours or hard}
    if old:
        facts["as it was"] = there[OLD]["policy"] == "always"
        facts["nothing of ours is declared"] = not (home / "bot.json").exists()
    if ours:
        facts["the old one stays down"] = there[OLD]["policy"] == "no"
        facts["ours is held and paused"] = hard or (level(root) == 1 and there[OURS]["trader"] == "paused")
        facts["its trades are there"] = trades(home / "var" / "trades.paper.sqlite") == [OPEN]
    return [fact for fact, so in facts.items() if not so]


def resumed(root: Path) -> list[str]:
    """Return what is wrong unless the bot is held at level 3 without a process, or at level 1, paused."""
    there = World(root).containers.get(OURS, {})
    if level(root) == holds.HARD:
        return ["it runs under level 3"] if there.get("status") == "running" else []
    well = (level(root), there.get("status"), there.get("trader")) == (1, "running", "paused")
    return [] if well else [f"it is {there} at level {level(root)}"]


def postgres(root: Path) -> list[str]:
    """Return what is wrong unless Postgres runs as its file says, and the bot with it."""
    there, used = World(root).containers.get(POSTGRES, {}), (root / "postgres" / "compose.yml").read_text()
    well = there.get("status") == "running" and there.get("made_of") == used
    return [*([] if well else [f"Postgres is {there}"]), *runs(root, FORMER)]


def drilled(root: Path) -> list[str]:
    """Return what is wrong unless nothing is frozen, and the bot runs, or is held, at level 3 without Freqtrade.

    Where its hold was resumed and the drill did not live to un-pause it, it is paused, and status names that.
    """
    there = World(root)
    if there.frozen:
        return ["it is frozen"]
    if level(root) == holds.HARD:
        return [f"{each.command} trades" for each in there.processes if each.is_freqtrade]
    if level(root):
        return [] if there.runs(OURS) else [f"it does not run under level {level(root)}"]
    return [fact for fact in runs(root, FORMER) if fact != "its trader runs"]


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
    Stop("start", ("start", BOT), another_container, started),
    Stop("resume", ("resume", BOT, *COMMON), held, resumed),
    Stop("postgres", ("postgres",), on_postgres, postgres),
    Stop("remove", ("remove", BOT, *COMMON), a_bot, removed),
    Stop("drill", ("drill", BOT, "--levels", "3", *COMMON), a_bot, drilled),
    Stop("adopt", ADOPT, somebody_elses, one_of_two),
    Stop("adopt --undo", ("adopt", BOT, "--undo", *COMMON), somebody_elses, one_of_two, first=ADOPT),
)  # fmt: skip
