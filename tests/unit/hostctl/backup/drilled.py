"""An engine with the containers and networks of a restore drill, and a bot that boots in one of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import scratch_containers
from freqops.core.bot import layout
from freqops.core.bot.engine_names import DRILL_BOT
from freqops.core.deploy.container import Container
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, made_container, trade


class DrillEngine(FakeEngine):
    """What is told to run runs, unless a test has it otherwise.

    Attributes:
        configs: The configuration with which each bot booted.
        stays: The names that are not taken away.
        started: Called with the name of a container that was started.
    """

    def __init__(self) -> None:
        super().__init__()
        self.containers: dict[str, Container] = {}
        self.nets: dict[str, list[str]] = {}
        self.internal: dict[str, bool] = {}
        self.commands: list[list[str]] = []
        self.configs: list[dict[str, Any]] = []
        self.stays: set[str] = set()
        self.said = ["last words"]
        self.started: Callable[[str], object] = lambda _name: None

    def run_detached(self, argv: list[str]) -> None:
        name = argv[argv.index("--name") + 1]
        self.commands.append(argv)
        if name == DRILL_BOT:
            [conf] = [word for word in argv if word.endswith(f":{scratch_containers.CONF}:ro")]
            path = Path(conf.partition("=")[2].split(":")[0]) / "config.json"
            self.configs.append(json.loads(path.read_text()))
        self.containers[name] = made_container(name)
        for word in argv:
            if word.startswith("--network="):
                self.nets[word[10:]].append(name)
        self.started(name)

    def container(self, name: str) -> Container | None:
        return self.containers.get(name)

    def container_names(self) -> list[str]:
        return list(self.containers)

    def remove(self, name: str) -> None:
        if name in self.stays:
            raise EngineError(f"{name} cannot be removed")
        del self.containers[name]
        self.nets = {net: [each for each in names if each != name] for net, names in self.nets.items()}

    def make_network(self, name: str, *, internal: bool) -> None:
        assert name not in self.nets
        self.nets[name], self.internal[name] = [], internal

    def has_network(self, name: str) -> bool:
        return name in self.nets

    def remove_network(self, name: str) -> None:
        if name in self.stays and name in self.nets:
            raise EngineError(f"{name} cannot be removed")
        self.nets.pop(name, None)

    def members(self, network: str) -> list[str]:
        return self.nets[network]

    def address(self, name: str, network: str) -> str:  # noqa: ARG002  the signature is the engine's
        return "10.0.0.2" if name in self.containers else ""

    def logs(self, name: str, lines: int) -> list[str]:  # noqa: ARG002  as above
        return self.said


class DrilledApi(StillApi):
    """The bot of a drill, which tells of open trades and counts closed ones."""

    count: object = 0

    def call(self, method: str, path: str) -> object:
        self._said(f"{method} {path}")
        return {"total_trades": self.count}


def told(clock: FakeClock, *numbers: int, amount: float = 0.5) -> DrilledApi:
    """Return a bot that tells of open trades of these numbers."""
    return DrilledApi(clock, state="stopped", trades=[{**trade(number), "amount": amount} for number in numbers])


def as_this_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever runs the tests own what belongs to a container's user."""
    monkeypatch.setattr(layout, "CONTAINER_UID", os.geteuid())
    monkeypatch.setattr(os, "chown", lambda *_: None)
    monkeypatch.setattr(os, "fchown", lambda *_: None)
