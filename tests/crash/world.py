"""``freqops-host`` as a host runs it, with a model of what it stops and starts, which outlives the command.

The containers of the host stand in a file below the tree, so a command that is killed leaves them as they were: each
act of the engine is a call at which it can be. A container that is made again is stopped by one act, started by
another.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from freqops.core.backup import changes, recovery_points
from freqops.core.base.clock import Clock
from freqops.core.bot import engine_names, postgres_major, processes
from freqops.core.bot.client import Failed
from freqops.core.bot.processes import TOOL_IN_CONTAINER, Process
from freqops.core.deploy.container import Container
from freqops.core.halt import start_gate
from freqops.core.maintenance import upgrade
from freqops.core.takeover import foreign
from freqops.core.takeover.foreign import Foreign, Picture
from freqops.core.takeover.strategy_code import Code
from freqops.hostctl.bot import holds_file, login, processes_and_api
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.halt import halt, level_3
from freqops.hostctl.maintenance.shared_cluster import SharedCluster
from tests.crash import command
from tests.unit import clusters
from tests.unit.fakes import FakeClock, StillApi, process, trade

BOT, OURS, OLD = "alpha", "freqops-alpha", "c1"
GATE_PID = 7
POSTGRES, SHARED = "freqops-postgres", "freqops-shared"
CONFIG = {"stake_currency": "USDT", "trading_mode": "spot", "strategy": "S", "exchange": {"name": "binance"}}
SOURCE = "class S: pass\n"
SICK = "sick"  # what stands in the Compose file of a release that does not come up


class World:
    """The containers of a host, on its disk."""

    def __init__(self, root: Path) -> None:
        self.root, self.path = root, root / "world" / "world.json"
        self.home = root / "bots" / BOT

    @property
    def containers(self) -> dict[str, dict[str, Any]]:
        """Each container by its name: whether it runs, of which file it was made, its restart policy."""
        found: dict[str, dict[str, Any]] = json.loads(self.path.read_text())
        return found

    def runs(self, name: str) -> bool:
        """Whether a container runs."""
        return self.containers.get(name, {}).get("status") == "running"

    @contextmanager
    def changed(self) -> Iterator[dict[str, dict[str, Any]]]:
        """Change the containers by one act."""
        containers = self.containers
        yield containers
        beside = self.path.with_name("world.json.new")
        beside.write_text(json.dumps(containers))
        beside.replace(self.path)

    @property
    def processes(self) -> list[Process]:
        """What /proc shows of the bot."""
        ours = self.containers.get(OURS, {})
        if not self.runs(OURS):
            return []
        if ours.get("gate"):
            return [Process(GATE_PID, ("python3", TOOL_IN_CONTAINER, "gate"), BOT, is_init=True, waits=True)]
        return [replace(process(bot=BOT), frozen=self.frozen)]

    @property
    def frozen(self) -> bool:
        """Whether the process of the bot is stopped by a signal."""
        return bool(self.containers.get(OURS, {}).get("frozen"))

    def signalled(self, pid: int, number: int) -> None:
        """Take a signal that is sent to the bot's process.

        Raises:
            ProcessLookupError: It is none of the model's.
        """
        if pid not in [each.pid for each in self.processes]:
            raise ProcessLookupError(pid)
        to: dict[signal.Signals, dict[str, Any]] = {
            signal.SIGSTOP: {"frozen": True},
            signal.SIGCONT: {"frozen": False},
            signal.SIGKILL: {"frozen": False, "status": "exited"},
        }
        with self.changed() as containers:
            containers[OURS].update(to[signal.Signals(number)])

    @property
    def old(self) -> Foreign:
        """The Freqtrade of somebody else, as it is found."""
        database = self.root / "world" / "old.sqlite"
        picture = Picture(((1, "BTC/USDT", True, 0.5),), ())
        return Foreign(
            project=Path("/opt/ft/docker-compose.yml"), service="bot", container=OLD, name="old", restart="always",
            image="freqtrade:stable",
            version="2026.8", strategy="S", dry_run=True, kind="sqlite", database=str(database),
            database_user="", database_container="", traded=picture, pids=(), config=CONFIG,
            code=Code("S.py", {"S.py": SOURCE}),
        )  # fmt: skip


class ModelEngine(Engine):
    """An engine that changes the world, act by act."""

    def __init__(self, world: World) -> None:
        self.world = world

    def container(self, name: str) -> Container | None:
        found = self.world.containers.get(name)
        if found is None:
            return None
        if found["made_of"] == SICK:
            with self.world.changed() as containers:
                containers[name]["restarts"] += 1
        project, service = (SHARED, "postgres") if name == POSTGRES else (name, "bot")
        image = postgres_major.image_in(found["made_of"]) or found.get("image", "image")
        said = (found["status"], image, found["made_of"], found["restarts"], project, service)
        return Container(f"{name} {found.get('number', 0)}", *said, made={"Image": found["made_of"]})

    def containers_called(self, names: Sequence[str]) -> dict[str, Container]:
        return {name: found for name in names for found in [self.container(name)] if found is not None}

    def bring_image(self, image: str) -> None:
        """Have every image."""

    def postgres_major(self, image: str) -> int:
        return clusters.MAJORS[image]

    def container_names(self) -> list[str]:
        return list(self.world.containers)

    def execute(self, _name: str, _argv: list[str]) -> str:
        return ""

    def run_detached(self, argv: list[str]) -> None:
        """Start the scratch Postgres of an upgrade, on its empty directory."""
        image = next(word for word in argv if word in clusters.MAJORS)
        clusters.empty(self.world.root / "postgres" / upgrade.NEW, clusters.MAJORS[image])
        with self.world.changed() as containers:
            containers[engine_names.UPGRADE] = {**self._made(None, "", "running"), "image": image}

    def siblings(self, _name: str, _conf: Path) -> list[Any]:
        return []

    def stop(self, name: str, grace: int) -> None:  # noqa: ARG002  the signature is the engine's
        self._set(name, status="exited")

    def begin_stop(self, name: str, grace: int) -> NoReturn:  # noqa: ARG002  as above
        raise FileNotFoundError(2, "no engine", "docker")

    def start(self, name: str) -> None:
        held = name == OURS and start_gate.verdict(self.world.home / "conf") is not None
        self._set(name, status="running", **({"gate": True} if held else {}))

    def restart_policy(self, name: str, policy: str) -> None:
        self._set(name, policy=policy)

    def _set(self, name: str, **values: Any) -> None:
        with self.world.changed() as containers:
            containers[name].update(values)

    def compose_up(self, compose: Path, *, recreate: bool = False) -> None:
        made_of, found = compose.read_text(), self.world.containers.get(OURS)
        if found is not None and found["status"] == "running" and not recreate and found["made_of"] == made_of:
            return
        if found is not None:
            with self.world.changed() as containers:
                del containers[OURS]
        with self.world.changed() as containers:
            containers[OURS] = self._made(found, made_of, "created")
        state = json.loads((self.world.home / "conf" / "state.json").read_text())["initial_state"]
        self._set(OURS, status="running", trader=state)

    def compose_up_healthy(self, compose: Path, seconds: int, *, recreate: bool = False) -> None:  # noqa: ARG002  as above
        made_of, found = compose.read_text(), self.world.containers.get(POSTGRES, {})
        self._refuse_other_major(made_of)
        if not recreate and found.get("status") == "running" and found["made_of"] == made_of:
            return
        with self.world.changed() as containers:
            containers[POSTGRES] = self._made(containers.get(POSTGRES), "", "exited")
        self._set(POSTGRES, status="running", made_of=compose.read_text())

    def _refuse_other_major(self, compose: str) -> None:
        image, data = postgres_major.image_in(compose), self.world.root / "postgres" / "data"
        if image and postgres_major.of_directory(data) != clusters.MAJORS[image]:
            raise EngineError("the data directory was initialized by another version, or is none")

    @staticmethod
    def _made(former: dict[str, Any] | None, made_of: str, status: str) -> dict[str, Any]:
        number = 1 + (former or {}).get("number", 0)
        return {"status": status, "made_of": made_of, "policy": "unless-stopped", "restarts": 0, "number": number}

    def remove(self, name: str) -> None:
        if name not in self.world.containers:
            raise EngineError(f"no such container: {name}")
        with self.world.changed() as containers:
            del containers[name]

    def has_network(self, _name: str) -> bool:
        return False

    def copy_out(self, name: str, source: str, target: Path) -> bool:  # noqa: ARG002  as above
        if not Path(source).exists():
            return False
        shutil.copy(source, target)
        return True

    def pipe(self, argv: list[str], timeout: float, *, source: Path | None = None, output: Path | None = None) -> str:  # noqa: ARG002
        if output is not None:
            shutil.copy(self.world.old.database, output)
        return "{}" if argv[-1].endswith(changes.MARKS) else ""  # it has no database of any bot

    def logs(self, _name: str, _lines: int) -> list[str]:
        return ["last words"]


def where(world: World, container: str) -> Path:
    """Return the directory of the cluster that a container has.

    Raises:
        NotThere: It does not run.
    """
    if not world.runs(container):
        raise clusters.NotThere(f"{container} does not run")
    return world.root / "postgres" / ("data" if container == POSTGRES else upgrade.NEW)


class WorldApi(StillApi):
    """The API of the bot: its trader begins as its container did, and a sick release does not answer."""

    def __init__(self, clock: FakeClock, world: World) -> None:
        found = world.containers.get(OURS, {})
        speaks = found.get("status") == "running" and found["made_of"] != SICK and not found.get("frozen")
        silent = None if speaks else Failed("no answer")
        self.world = world
        kept = trades(world.home / "var" / "trades.paper.sqlite")
        rows = [{**trade(number, pair=pair), "amount": amount} for number, pair, is_open, amount in kept if is_open]
        super().__init__(clock, name=BOT, state=found.get("trader", "running"), trades=rows, error=silent)

    def pause(self) -> None:
        super().pause()
        self._trader("paused")

    def start(self) -> None:
        super().start()
        self._trader("running")

    def _trader(self, state: str) -> None:
        with self.world.changed() as containers:
            containers[OURS]["trader"] = state

    def call(self, *_: Any) -> dict[str, Any]:
        """Answer that its log is empty."""
        return {"logs": []}


class AtOnce:
    """A thread that does its work when it is started, so that a tracer meets the same calls in the same order."""

    def __init__(self, target: Callable[..., object], args: Sequence[Any] = (), **_: Any) -> None:
        self._target, self._args = target, args

    def start(self) -> None:
        """Do all of it."""
        self._target(*self._args)

    def join(self, _seconds: float) -> None:
        """Have it done already."""

    def is_alive(self) -> bool:
        """Return that it is done."""
        return False


def pretend(job: dict[str, Any]) -> None:
    """Put the model where the command would look at this machine."""
    world, clock, numbers = World(Path(job["root"])), FakeClock(), itertools.count(job["number"])
    for name in ("monotonic", "utcnow", "sleep"):
        setattr(Clock, name, staticmethod(getattr(clock, name)))
    engine = ModelEngine(world)
    for name in vars(ModelEngine):
        if not name.startswith("__"):
            setattr(Engine, name, staticmethod(getattr(engine, name)))
    clusters.stand_in(setattr, lambda container: where(world, container))
    stand_ins: list[tuple[Any, str, Any]] = [
        (SharedCluster, "free", property(lambda _: 1 << 40)),
        (login, "refuse_unless_logged_in", lambda *_: None),
        (processes, "scan", lambda *_: world.processes),
        (processes_and_api, "FreqtradeClient", lambda *_: WorldApi(clock, world)),
        (recovery_points, "FILE", world.root / "run" / "recovery-points.json"),
        (foreign, "look", lambda *_: world.old),
        (foreign, "version_of", lambda _image: "2026.9"),
        (os, "kill", world.signalled),
        *((module, "threading", SimpleNamespace(Thread=AtOnce)) for module in (halt, level_3, holds_file)),
        (os, "chown", lambda *_: None),
        (shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 40)),
        (os, "urandom", lambda count: next(numbers).to_bytes(count, "big")),
        *((module, name, command.PATIENCE) for module, name in command.BOUNDS),
    ]
    for module, name, stand_in in stand_ins:
        if name not in vars(module):
            raise AssertionError(f"{module.__name__} has no {name}")
        setattr(module, name, stand_in)


def trades(path: Path) -> list[Any]:
    """Return the trades in a database; none where the bot has not made it yet."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute("select id, pair, is_open, amount from trades order by id"))


if __name__ == "__main__":
    command.main(pretend)
