"""A calendar of one job, a systemd that is made up, and a tree in which both lie."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.schedule import look, record, unit_files
from freqops.core.schedule.calendar_file import Calendar, Job
from freqops.core.schedule.entries import Entry
from freqops.core.schedule.of_machine import Machine
from tests.unit.fakes import START

DAY = timedelta(days=1)
WEEKLY = """\
  Original form: weekly UTC
Normalized form: Mon *-*-* 00:00:00 UTC
    Next elapse: Mon 2026-01-05 00:00:00 UTC
       From now: 15h left
       Iter. #2: Mon 2026-01-12 00:00:00 UTC
       From now: 1 week 0 days left
   Iteration #3: Mon 2026-01-19 00:00:00 UTC
"""


def end(rc: int = 0, ago: timedelta = timedelta(), deed: str = "status", invocation: str = "i1") -> record.End:
    """A run that began some time before the start of all tests."""
    return record.End(START - ago, START - ago, invocation, deed, rc, ("first", "last"))


@dataclass
class World:
    """A machine with a calendar of one job that comes round each day."""

    place: Path
    units: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    coming: str = "Sat 2026-01-03 00:00:00 UTC"
    entry: Entry = field(default_factory=lambda: Entry("look", "status", "daily"))
    since: timedelta = timedelta()

    @property
    def calendar(self) -> Calendar:
        job = Job(self.entry, START - self.since, DAY)
        return Calendar("/opt/p", "/opt/p/.venv/bin/python", "/opt/i", "ops", "", 5, (job,))

    @property
    def places(self) -> look.Places:
        return look.Places(self.place / "state", self.place / "units")

    @property
    def machine(self) -> Machine:
        return Machine(self.place / "calendar.json", os.getuid(), self.places)

    def install(self) -> None:
        """Write everything as schedule.yml does."""
        durable.write_json(self.place / "calendar.json", self.calendar.to_json(), 0o644)
        for name, text in unit_files.texts(self.calendar, self.calendar.jobs[0]).items():
            (self.places.units / name).write_text(text)
            state = {"UnitFileState": "enabled", "ActiveState": "active"} if name.endswith("timer") else {}
            base = {"Id": name, "LoadState": "loaded", "ActiveState": "inactive", "DropInPaths": ""}
            self.units[name] = {**base, **state, "FragmentPath": f"/etc/systemd/system/{name}"}

    def record(self, **ends: Any) -> None:
        """Write what is known of the job."""
        home = self.places.state / self.entry.name
        home.mkdir(exist_ok=True)
        record.write(home, record.Record(**ends))

    def run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Answer as systemd would."""
        self.asked.append(list(words))
        out = ""
        if "systemd-analyze" in words:
            out = WEEKLY
        elif "--value" in words:
            out = "i2\n"
        elif any("NextElapse" in word for word in words):
            out = f"Id=freqops_job-{self.entry.name}.timer\nNextElapseUSecRealtime={self.coming}\n"
        elif "show" in words:
            names = words[words.index("--") + 1 :]
            known = [self.units.get(name, {"Id": name, "LoadState": "not-found"}) for name in names]
            out = "\n\n".join("\n".join(f"{key}={value}" for key, value in each.items()) for each in known)
        return subprocess.CompletedProcess(list(words), 0, out, "")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A machine on which schedule.yml was played."""
    for name in ("state", "units"):
        (tmp_path / name).mkdir()
    found = World(tmp_path)
    found.install()
    return found
