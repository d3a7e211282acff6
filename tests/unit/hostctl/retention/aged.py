"""A host with a bot and a registry, a year and more after everything on it was written."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.mandate import Mandate
from freqops.core.retention.answer import Retained
from freqops.core.retention.policy import Policy
from freqops.core.retention.things import KINDS
from freqops.core.runs import registry, registry_migration
from freqops.hostctl.retention import retention
from freqops.hostctl.retention.host import Host
from tests.unit.fakes import FakeEngine, make_bot

DAYS = 400


class Later(Clock):
    """The clock of this machine, so many days later."""

    def __init__(self, days: float = 0) -> None:
        self.days = days

    def utcnow(self) -> datetime:
        return super().utcnow() + timedelta(days=self.days)


class Field:
    """One host; `look` and `remove` are done `DAYS` later, by the default policy where nothing else is said."""

    def __init__(self, root: Path) -> None:
        self.root, self.engine = root, FakeEngine()
        self.home = make_bot(root)
        self.policy = Policy(runs=0)
        self.days = DAYS
        (root / "user_data" / "logs").mkdir(parents=True)
        (root / "incidents").mkdir()
        registry_migration.prepare(registry.place(root), Clock(), os.getuid())

    def host(self, *bots: str) -> Host:
        mandate = Mandate("20270101T000000Z-retention-9f3c21", "the disk is full", "ann@host")
        return Host(self.root, Later(self.days), self.engine, self.policy, mandate, bots)

    def keep(self, **changed: int) -> None:
        self.policy = replace(self.policy, **changed)

    def look(self, *kinds: str, bots: tuple[str, ...] = ()) -> Retained:
        return retention.look(self.host(*bots), kinds or KINDS)

    def remove(self, *kinds: str, bots: tuple[str, ...] = ()) -> Retained:
        return retention.remove(self.host(*bots), kinds or KINDS)

    def lay(self, path: str, text: str = "text") -> Path:
        """Write a file below the tree."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place


def names(answer: Retained, verdict: str) -> list[str]:
    return [row["name"] for row in answer.of(verdict)]


def why(answer: Retained, name: str) -> str:
    [row] = [row for row in answer.rows if row["name"] == name]
    return "; ".join(row["why"])
