"""A host's slots with a time that the test has in its hands, and processes that live as long as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from freqops.core.halt.deadman import Boot
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Acquired, Alive, Holder, Process, Slot, Wanted
from tests.unit.fakes import FakeClock

MACHINE = "one pid:[1]"


class SlotField(FakeClock):
    """One host: its boot, its clock, its processes, its slots."""

    def __init__(self, root: Path, limits: dict[str, int] | None = None) -> None:
        super().__init__()
        self.root, self.boot_id, self.boot_began = root, "one", -1000.0
        self.dead: set[Process] = set()
        self.directory = SlotDirectory(root, self, self.boot, self.look, lambda: self.utcnow().timestamp())
        self.running = self.directory.path
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
