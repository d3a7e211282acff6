"""A host of model bots, and `freqops-host` on it: the real commands, from their first word to their exit status.

What is replaced is the machine: processes, the engine, the wire to a bot, the sync of the disk, and time.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import io
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freqops.core.base import durable, stamp
from freqops.core.bot import layout, processes
from freqops.core.bot.database_contents import Recorded
from freqops.core.halt import timers
from freqops.hostctl import cli, own_session
from freqops.hostctl.bot import databases, holds_file, processes_and_api, rounds
from freqops.hostctl.commands import output, switch
from freqops.hostctl.exchange import witness
from freqops.hostctl.halt import halt as halting
from freqops.hostctl.halt import level_3, levels
from freqops.hostctl.incident import recorded
from tests.halt_model.api import ModelClient
from tests.halt_model.container import Container, database_of, mark_of, restore
from tests.halt_model.engine import ModelEngine
from tests.halt_model.judge import Judge
from tests.halt_model.stage import Crew, Stage
from tests.unit.accounts import Account, conversations, opened
from tests.unit.core.halt.model import Habits, Model
from tests.unit.fakes import make_bot

MEMORY = "/dev/shm"  # noqa: S108  a file system in memory, on every Linux
IMAGE, OTHER_IMAGE = "registry.example/freqtrade@sha256:00", "registry.example/freqtrade@sha256:11"
FIRST_PORT, FIRST_PID = 18080, 1000
COMMANDS = ("halt", "resume", "start", "switch", "resume-switch", "reassert")


class ModelDatabase:
    """A model's database, as a switch finds it."""

    def __init__(self, bot: Model) -> None:
        self._bot = bot

    def mark(self) -> str:
        return mark_of(self._bot)

    def trades(self) -> int:
        return len(self._bot.trades)

    def dump(self, path: Path) -> Recorded:
        path.write_text(database_of(self._bot))
        return Recorded("sqlite", {})

    def restore(self, path: Path, _told: Recorded | None) -> None:
        restore(self._bot, path.read_text())


class ModelHost(Judge):
    """The host, and its judge.

    Attributes:
        sick: Releases that do not come up.
        full: Homes of bots whose disk is full.
    """

    def __init__(self) -> None:
        super().__init__(Stage())
        self.clock = self.stage.clock
        self.root = Path(tempfile.mkdtemp(prefix="freqops-model-", dir=MEMORY)).resolve()
        self._ports: dict[int, Container] = {}
        self.sick: set[str] = set()
        self.full: set[Path] = set()
        self.engine = ModelEngine(self._find, self.stage.sleep, self.ordered)
        self._pids = itertools.count(FIRST_PID)
        self._patch = pytest.MonkeyPatch()
        self.stage.lives.append(self._live)
        self._replace()

    def close(self) -> None:
        """Put everything back."""
        self._patch.undo()
        shutil.rmtree(self.root)

    def add(self, name: str, habits: Habits, **declared: Any) -> Container:
        """Deploy a bot, and start it."""
        port = FIRST_PORT + len(self.containers)
        home = make_bot(self.root, name, api_port=port, image=IMAGE, **declared)
        (home / "compose.yml").write_text(str(declared.get("release", "f00")))
        container = Container(home, self.clock, functools.partial(next, self._pids), habits, self.sick)
        self.containers[name] = self._ports[port] = container
        container.create((home / "compose.yml").read_text(), IMAGE)
        return container

    # --- commands

    def run(self, *words: str) -> Crew:
        """Run one command to its end."""
        crew = Crew(words[0])
        self.stage.finish(self.stage.begin(crew, functools.partial(self.main, crew, *words)))
        return crew

    def main(self, crew: Crew, *words: str) -> None:
        """Be that command."""
        crew.name = words[0]
        try:
            crew.status = cli.main(list(words), self.root)
        except SystemExit as end:
            crew.status = int(end.code or 0)

    @contextmanager
    def racing(self, seed: int | None) -> Iterator[None]:
        """Let the seed decide who goes first."""
        self.stage.dice = None if seed is None else random.Random(seed)  # noqa: S311  a race must be repeatable
        try:
            yield
        finally:
            self.stage.dice = None

    # --- the machine

    def listening(self, port: int) -> Container | None:
        """Return the container behind a port."""
        return self._ports.get(port)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.stage.sleep(seconds)

    def _find(self, name: str) -> Container:
        return self.containers[name.removeprefix("freqops-")]

    def _live(self, now: float) -> None:
        for container in self.containers.values():
            container.live(now)

    def _processes(self, *_: Any) -> list[processes.Process]:
        return [process for container in self.containers.values() for process in container.processes]

    def _kill(self, pid: int, number: int) -> None:
        assert number == signal.SIGKILL
        self.stage.point()
        owner = next((p.bot for p in self._processes() if p.pid == pid), None)
        if owner is None:
            raise ProcessLookupError
        self.containers[owner].kill(pid)

    def _talk(self, bot: layout.Bot, *arguments: Any) -> Any:
        account = Account()
        account.trades = [opened(number) for number in self.containers[bot.name].bot.trades]
        return conversations(account)(bot, *arguments)

    def _flock(self, descriptor: int, how: int) -> None:
        fcntl.flock(descriptor, how)
        if how != fcntl.LOCK_UN:  # who gives a lock back is about to close it, which is one act with it
            self.stage.point()

    def _beside(self, make: Callable[[Path], Any], path: Path) -> Any:
        if any(path.is_relative_to(home) for home in self.full):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path.parent))
        return make(path)

    def _printed(self, answer: Any) -> None:
        self.stage.crew.answers.append(json.loads(json.dumps(answer, default=str)))

    def _exit(self, status: int) -> None:
        raise SystemExit(status)

    def _replace(self) -> None:
        replace = self._patch.setattr
        actors = SimpleNamespace(Thread=self.stage.thread)
        for module in (holds_file, halting, recorded, level_3, rounds):
            replace(module, "threading", actors)
        for name in COMMANDS:
            command = import_module(f"freqops.hostctl.commands.{name.replace('-', '_')}")
            replace(command, "Clock", lambda: self.clock)
            replace(command, "Engine", lambda: self.engine, raising=name != "halt")
        replace(levels, "Engine", lambda: self.engine)
        replace(switch, "in_a_dump", lambda *_: "20260102T030405Z")  # a model has no database to dump
        replace(timers, "RED_SECONDS", {**timers.RED_SECONDS, timers.GUARD: -1.0})  # there is no guard but the timer
        replace(stamp, "DIRECTORY", str(self.root / "run"))
        client = type("Client", (ModelClient,), {"board": self})
        replace(processes_and_api, "FreqtradeClient", client)
        replace(processes, "scan", self._processes)
        replace(databases, "of", lambda bot, _engine: ModelDatabase(self.containers[bot.name].bot))
        replace(witness, "conversation", self._talk)
        said = SimpleNamespace(stdout=io.StringIO(), stderr=io.StringIO(), argv=[], modules=sys.modules)
        replace(cli, "sys", said)
        replace(own_session, "run", lambda work: work())
        replace(output, "print_json", self._printed)
        replace(output, "print_text", self._printed)
        replace(durable, "beside", functools.partial(self._beside, durable.beside))
        replace(halting, "_snapshots", functools.partial(self.said_of, halting._snapshots))
        replace(os, "fsync", lambda _descriptor: self.stage.point())
        names = {name: getattr(fcntl, name) for name in ("LOCK_EX", "LOCK_NB", "LOCK_UN")}
        replace(durable, "fcntl", SimpleNamespace(flock=self._flock, **names))
        replace(os, "kill", self._kill)
        replace(os, "_exit", self._exit)
