"""A host's slots with a time that the test has in its hands, and processes that live as long as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from freqops.core.breaker import override_file, places
from freqops.core.halt.deadman import Boot
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Acquired, Alive, Holder, Process, Slot, Wanted
from tests.unit.fakes import FakeClock

MACHINE = "one pid:[1]"


def lay_breaker(root: Path, *, active: bool = False, reason: str = "") -> Path:
    """Lay the operator breaker of a tree as a deploy does, inactive, or active; return the file."""
    path = places.host_breaker(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"active": active, "reason": reason}))
    path.chmod(0o600)
    return path


def lay_override(root: Path, until: datetime) -> None:
    """Lay the permission to start runs in spite of the breaker."""
    path = places.override(root)
    path.write_text(json.dumps(override_file.document("ann@desk", "data for the report", until)))
    path.chmod(0o600)


class SlotField(FakeClock):
    """One host: its boot, its clock, its processes, its slots; its breaker is inactive."""

    def __init__(self, root: Path, limits: dict[str, int] | None = None) -> None:
        super().__init__()
        self.root, self.boot_id, self.boot_began = root, "one", -1000.0
        self.dead: set[Process] = set()
        self.directory = SlotDirectory(root, self, self.boot, self.look, lambda: self.utcnow().timestamp())
        self.running = self.directory.path
        lay_breaker(root)
        if limits is not None:
            self.declare(limits=limits)

    def declare(self, **what: Any) -> None:
        """Declare what a host declares about slots."""
        self.running.parent.mkdir(parents=True, exist_ok=True)
        (self.running.parent / "run_slots.json").write_text(json.dumps({"version": 1, **what}))

    def boot(self) -> Boot:
        return Boot(self.boot_id, self.now - self.boot_began)

    def reboot(self) -> None:
        """Begin a boot of another name; its age is nothing."""
        self.boot_id, self.boot_began = f"{self.boot_id}+", self.now

    def look(self, slot: Slot) -> Alive:
        holder, run = slot.holder.process, slot.run
        return Alive(
            holder not in self.dead if holder.machine == MACHINE else None,
            run not in self.dead if run is not None else None,
        )

    def acquire(self, pid: int = 1, kind: str = "backtest", **wish: Any) -> Acquired:
        return self.directory.acquire(self.wanted(pid, kind, **wish))

    @staticmethod
    def wanted(pid: int = 1, kind: str = "backtest", machine: str = MACHINE, **wish: Any) -> Wanted:
        return Wanted(kind, Holder(Process(pid, f"{pid}0", machine), "host", "ann@host"), **wish)

    def kill(self, acquired: Acquired) -> None:
        """End the holder of a slot."""
        self.dead.add(acquired.slot.holder.process)

    def files(self) -> list[str]:
        """Return the names of all lock files."""
        return sorted(self._files())

    def _files(self) -> Iterator[str]:
        if self.running.exists():
            yield from (path.name for path in self.running.iterdir() if path.name != ".lock")
