"""A host on which strategies are read, with an engine whose container says what a test wants."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot import host_command
from freqops.core.deploy import policy
from freqops.core.runs import registry, registry_migration
from freqops.core.runs.strategy_answer import Answer
from freqops.core.runs.strategy_order import StrategyOrder
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.runs import strategy_reader
from freqops.hostctl.runs.run_engine import RunEngine
from tests.support.strategies_read import row, said
from tests.unit.core.runs import old_registry
from tests.unit.fakes import FakeClock

IMAGE = "registry.example/freqtrade@sha256:" + "1" * 64
FILES = {
    "strategies/Mine.py": b"class Mine(IStrategy): ...\n", "strategies/Mine.json": b"{}",
    "python/freqops/__init__.py": b"",
}  # fmt: skip


class Container(RunEngine):
    """An engine whose container sees what is mounted, and says what a test wants."""

    def __init__(self) -> None:
        self.says: object = json.dumps(said(row()))
        self.images = {IMAGE}
        self.seen: list[dict[str, bytes]] = []
        self.commands: list[list[str]] = []
        self.removed: list[str] = []
        self.pulled: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def has_image(self, image: str) -> bool:
        return image in self.images

    def bring_image(self, image: str) -> None:
        if image not in self.images:
            self.pulled.append(image)

    def remove(self, name: str) -> None:
        self.removed.append(name)
        raise EngineError("no such container")

    def said(self, argv: list[str], seconds: float, most: int) -> str:
        assert seconds > 900, "all of them have their time, and Freqtrade is loaded before"
        [place] = [Path(word.split("=", 1)[1].split(":")[0]) for word in argv if word.endswith(":/freqops/release:ro")]
        files = {str(each.relative_to(place)): each for each in place.rglob("*") if each.is_file()}
        assert all(each.stat().st_mode & 0o777 == 0o644 for each in files.values())
        assert all(each.stat().st_mode & 0o777 == 0o755 for each in place.rglob("*") if each.is_dir())
        self.seen.append({name: each.read_bytes() for name, each in files.items()})
        self.commands.append(argv)
        self.meanwhile()
        if isinstance(self.says, Exception):
            raise self.says
        assert len(str(self.says)) <= most
        return str(self.says)


class Host:
    """A host with a registry and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root, self.engine, self.clock = root, Container(), FakeClock()
        (root / "user_data").mkdir(parents=True)
        self.registry = registry.place(root)
        registry_migration.prepare(self.registry, self.clock, os.getuid())
        self.order = StrategyOrder((), "", FILES, IMAGE)

    def says(self, *rows: dict[str, Any]) -> None:
        self.engine.says = json.dumps(said(*rows))

    def read(self, *, look: bool = False) -> Answer:
        return strategy_reader.read(self.root, self.order, self.clock, self.engine, look=look)

    def rows(self) -> list[old_registry.Row]:
        return old_registry.dump(self.registry)["strategies"]

    def left(self) -> bool:
        """Return whether anything of a reading is left on the disk."""
        return (self.root / strategy_reader.PLACE).exists()


def host_at(place: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Return a host below a directory of a test."""
    tool = place / "freqops-host"
    tool.write_bytes(b"tool")
    monkeypatch.setattr(host_command, "TOOL", str(tool))
    monkeypatch.setattr(policy, "HOME", f"{place}/")
    return Host(place / "root")
