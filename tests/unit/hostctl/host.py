"""One bot on its host, its process, its API and its account, as a command finds them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout, processes
from freqops.core.bot.processes import Process
from freqops.core.halt import holds
from freqops.core.halt.answer import Row
from freqops.core.halt.kill_level import KillLevel
from freqops.hostctl.bot import holds_file, processes_and_api
from freqops.hostctl.exchange import witness
from freqops.hostctl.halt import halt
from freqops.hostctl.halt.order import Order
from freqops.hostctl.incident import journal
from tests.unit.accounts import Account, conversations
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, make_bot, process


class Host:
    """One bot and what a command sees of it; the engine ends its process, and no signal reaches a real one."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, **declared: Any) -> None:
        self.root, self.clock, self.engine = root, FakeClock(), FakeEngine()
        self.home = make_bot(root, **declared)
        self.api = StillApi(self.clock, dry_run=declared.get("mode") != "live")
        self.account = Account()
        self.processes: list[Process] = [process()]
        self.engine.stopping = self.processes.clear
        monkeypatch.setattr(processes_and_api, "client", lambda _bot: self.api)
        monkeypatch.setattr(processes_and_api, "alive", lambda bot: processes.trading(bot.name, self.processes))
        monkeypatch.setattr(processes_and_api, "living", lambda bot: processes.of(bot.name, self.processes))
        monkeypatch.setattr(witness, "conversation", conversations(self.account))
        monkeypatch.setattr(os, "kill", self.kill)
        self.killed: list[int] = []

    def kill(self, pid: int, number: int) -> None:
        assert number == signal.SIGKILL
        self.killed.append(pid)
        self.processes[:] = [each for each in self.processes if each.pid != pid]

    def halt(self, level: int, incident: str = "one", deadline: float | None = None) -> Row:
        order = Order(KillLevel(level), Mandate(incident, "why", "ann@host"), deadline)
        return halt.halt([self.home], order, self.clock, self.engine)[0]

    def hold(self, level: int = 3, incident: str = "one") -> None:
        """Put a hold on the disk, as a halt does."""
        latched = holds_file.latch(self.home, holds.Hold("halt", level, "why", "ann@host", incident, 0, ""), self.clock)
        assert latched.error is None

    @property
    def bot(self) -> layout.Bot:
        return layout.load_bot(self.home)

    @property
    def silent(self) -> journal.Journal:
        return journal.silent(self.clock)

    @property
    def level(self) -> int:
        return holds.effective_level(self.home / "conf" / "holds.json")

    @property
    def initial_state(self) -> Any:
        return json.loads((self.home / "conf" / "state.json").read_text())["initial_state"]

    def journals(self) -> list[dict[str, Any]]:
        """Return every line of every journal."""
        files = sorted((self.root / "incidents").glob("*/*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text().splitlines()]
