"""A host with three bots on a Postgres that is to be upgraded, and an engine that can be cut off at every act."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven
from freqops.core.base.mandate import Mandate
from freqops.core.bot import engine_names, layout
from freqops.core.bot.postgres import CONTAINER
from freqops.core.bot.postgres_major import NoMajor
from freqops.core.bot.processes import Process
from freqops.core.deploy import own_container
from freqops.core.deploy.container import Container
from freqops.core.maintenance import upgrade as rules
from freqops.hostctl.bot import login, processes_and_api, stopping
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.bot.start import Started
from freqops.hostctl.maintenance import change_of_clusters, cluster, shared_cluster
from freqops.hostctl.maintenance.shared_cluster import Order, SharedCluster, Upgraded
from freqops.hostctl.maintenance.upgrade_postgres import Upgrade
from freqops.hostctl.maintenance.upgrade_undo import Undoing
from tests.unit import clusters
from tests.unit.clusters import MAJORS, NEW_IMAGE, OLD_IMAGE
from tests.unit.fakes import FakeClock, FakeEngine, make_bot, process

BOTS = {"alpha": ("paper", "alpha_paper"), "beta": ("live", "beta_live"), "delta": ("paper", "delta_paper")}
INCIDENT = "20260102T030405Z-upgrade_postgres-9f3c21"
PLENTY = 1 << 40


class PowerFailure(BaseException):
    """The end of a command that nobody asked for."""


class ClusterEngine(FakeEngine):
    """An engine with the host's Postgres and the scratch one; each act can be the last, or fail."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home, self.acts = home, list[str]()
        self.cut_at, self.fails = -1, ""
        self.running: dict[str, str] = {CONTAINER: OLD_IMAGE}
        self.known = set(MAJORS)

    def act(self, what: str) -> None:
        """Note an act; it is the last one, or fails, where the test says so."""
        if len(self.acts) == self.cut_at:
            self.cut_at = -1
            raise PowerFailure
        self.acts.append(what)
        if self.fails and what.startswith(self.fails):
            self.fails = ""
            raise EngineError(f"{what}: No space left on device")

    def where(self, container: str) -> Path:
        """Return the directory of the cluster that a container has."""
        if container not in self.running:
            raise clusters.NotThere(f"{container} does not run")
        return self.home / ("data" if container == CONTAINER else rules.NEW)

    def container(self, name: str) -> Container | None:
        if name != CONTAINER:
            image = self.running.get(name)
            return None if image is None else Container(name, "running", image, "then", 0, "", "")
        status = "running" if name in self.running else "exited"
        image = self.running.get(name) or self.made
        return Container(
            f"id {self.number}", status, image, "then", 0, "freqops-shared", "postgres", made={"Image": image}
        )

    made, number = OLD_IMAGE, 0

    def container_names(self) -> list[str]:
        return list(self.running)

    def postgres_major(self, image: str) -> int:
        if image not in self.known:
            raise NoMajor(f"the image {image} is not on this host")
        return MAJORS[image]

    def bring_image(self, image: str) -> None:
        if image not in MAJORS:
            raise EngineError("no such image anywhere")
        self.known.add(image)

    def stop(self, name: str, grace: int) -> None:  # noqa: ARG002  the signature is the engine's
        self.act(f"stop {name}")
        self.running.pop(name, None)

    def remove(self, name: str) -> None:
        self.act(f"remove {name}")
        self.running.pop(name, None)

    def run_detached(self, argv: list[str]) -> None:
        image = next(word for word in argv if word in MAJORS)
        self.act(f"run {engine_names.UPGRADE}")
        self.ran.append(argv)
        clusters.empty(self.home / rules.NEW, MAJORS[image])
        self.running[engine_names.UPGRADE] = image

    def execute(self, name: str, argv: list[str]) -> str:  # noqa: ARG002  as above
        return ""

    def compose_up_healthy(self, compose: Path, seconds: int, *, recreate: bool = False) -> None:  # noqa: ARG002
        image = next(image for image in MAJORS if image in compose.read_text())
        self.number += recreate or image != self.made
        self.act(f"up {MAJORS[image]}")
        if int((self.home / "data" / "PG_VERSION").read_text()) != MAJORS[image]:
            raise EngineError("the data directory was initialized by another version")
        self.made = self.running[CONTAINER] = image


class UpgradeHost:
    """The host, and what was done to it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.home, self.clock = root, root / "postgres", FakeClock()
        (self.home / "staged").mkdir(parents=True)
        self.used, self.staged = self.home / "compose.yml", self.home / "staged" / "compose.yml"
        for path in (self.used, self.staged):
            path.write_text(clusters.compose(OLD_IMAGE))
        clusters.filled(self.home / "data", 15)
        for name, (mode, database) in BOTS.items():
            url = f"postgresql+psycopg://{database}:secret@postgres:5432/{database}"
            (make_bot(root, name, mode=mode) / "conf" / "secrets.json").write_text(json.dumps({"db_url": url}))
        (make_bot(root, "gamma") / "conf" / "secrets.json").write_text('{"db_url": "sqlite:////x"}')
        self.processes: list[Process] = [
            process(number, name) for number, name in enumerate(("alpha", "beta", "gamma"))
        ]
        self.engine = ClusterEngine(self.home)
        own_container.of_postgres(root).take_in(None, self.engine.container(CONTAINER), [])
        self.sick, self.done, self.room, self.locked_out = set[str](), list[str](), PLENTY, False
        monkeypatch.setattr(processes_and_api, "alive", self.alive)
        monkeypatch.setattr(stopping, "stop", self.stop)
        monkeypatch.setattr(shared_cluster, "start_locked", self.start)
        monkeypatch.setattr(login, "refuse_unless_logged_in", self.log_in)
        monkeypatch.setattr(SharedCluster, "free", property(lambda _: self.room))
        monkeypatch.setattr(os, "chown", lambda *_: None)
        clusters.stand_in(monkeypatch.setattr, self.engine.where)
        self.monkeypatch = monkeypatch

    def alive(self, bot: layout.Bot) -> list[Process]:
        return [each for each in self.processes if each.bot == bot.name]

    def stop(self, bot: layout.Bot, by: Any, *_: Any) -> None:
        self.engine.act(f"stop bot {bot.name}")
        (bot.home / "stopped.json").write_text(json.dumps({"command": by.command, "incident": by.incident}))
        self.processes = [each for each in self.processes if each.bot != bot.name]

    def start(self, bot: layout.Bot, *_: Any) -> Started:
        assert not (self.home / "upgrade.json").exists(), "no bot is started between two clusters"
        self.engine.act(f"start bot {bot.name}")
        if bot.name in self.sick:
            raise NotProven(f"{bot.name} did not come up")
        (bot.home / "stopped.json").unlink(missing_ok=True)
        self.processes = [*(each for each in self.processes if each.bot != bot.name), process(bot=bot.name)]
        return Started(bot.name, "running", changed=True)

    def log_in(self, bot: layout.Bot, *_: Any) -> None:
        self.engine.act(f"log in {bot.name}")

    def order(self, incident: str = INCIDENT, **said: Any) -> Order:
        return Order(Mandate(incident, "why", "ann@host"), host="paper-1", **said)

    def upgrade(self, image: str = NEW_IMAGE, incident: str = INCIDENT) -> Upgraded:
        order = self.order(incident, image=image)
        return Upgrade(self.root, order, self.clock, self.engine, self.done.append).run()

    def look(self, image: str = NEW_IMAGE) -> Upgraded:
        order = self.order(image=image, look=True)
        return Upgrade(self.root, order, self.clock, self.engine, self.done.append).look()

    def undo(self, *, overwrite: bool = False, incident: str = "two", look: bool = False) -> Upgraded:
        order = self.order(incident, overwrite=overwrite, look=look)
        undoing = Undoing(self.root, order, self.clock, self.engine, self.done.append)
        return undoing.look() if look else undoing.run()

    def resume(self) -> str:
        return change_of_clusters.resume(self.root, self.clock, self.engine)

    def write(self, name: str = "alpha_paper", sql: str = "insert into trades values (2, 'ETH/USDT', 1, 1)") -> None:
        """Write to a database of the cluster that stands."""
        clusters.database(self.home / "data", name, (sql,))

    @property
    def running(self) -> list[str]:
        return sorted(str(each.bot) for each in self.processes)

    def wrong(self, major: int, image: str) -> list[str]:
        """Return what is wrong unless this cluster stands, whole, and nothing is half done."""
        data, there = self.home / "data", self.engine.running
        facts = {
            "its version": (data / "PG_VERSION").read_text() == f"{major}\n",
            "its image": there == {CONTAINER: image},
            "its databases": [path.stem for path in clusters.files(data)]
            == ["alpha_paper", "beta_live", "notes", "postgres"],
            "its roles": "alpha_paper" in (data / clusters.FACTS).read_text(),
            "its file": self.used.read_text() == self.staged.read_text() == clusters.compose(image),
            "no note": not (self.home / "upgrade.json").exists(),
            "no dumps": not (self.home / rules.WORK).exists(),
            "no new cluster": not (self.home / rules.NEW).exists(),
        }
        return [fact for fact, so in facts.items() if not so]

    def refuses_import(self) -> None:
        def fails(*_: Any) -> None:
            raise clusters.NotThere("pg_restore: unrecognized collation")

        self.monkeypatch.setattr(cluster.Cluster, "take_in", fails)

    def full_disk(self) -> None:
        def fails(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        self.monkeypatch.setattr(cluster.Cluster, "dump", fails)

    def loses(self, sql: str) -> None:
        """Let an import lose something."""
        take_in = cluster.Cluster.take_in

        def less(self_: cluster.Cluster, names: Sequence[str], place: Path) -> None:
            take_in(self_, list(names), place)
            clusters.database(self.home / rules.NEW, "beta_live", (sql,))

        self.monkeypatch.setattr(cluster.Cluster, "take_in", less)
