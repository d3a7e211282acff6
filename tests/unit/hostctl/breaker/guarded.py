"""A host whose guard follows the breaker files whenever time passes, and does no more than what the note needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from freqops.core.base import stamp
from freqops.core.base.clock import iso
from freqops.core.base.mandate import Mandate
from freqops.core.bot.layout import Home
from freqops.core.breaker import breaker_file, guard_note, places
from freqops.core.breaker.guard_note import BotNote
from freqops.core.halt import holds
from freqops.hostctl.bot import holds_file
from freqops.hostctl.breaker import writer
from freqops.hostctl.breaker.switching import Order
from tests.unit.fakes import FakeClock, make_bot

ME = os.getuid()


class GuardedClock(FakeClock):
    """Time in which a guard has its rounds."""

    def __init__(self) -> None:
        super().__init__()
        self.host: GuardedHost | None = None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.host is not None:
            self.host.round()


class GuardedHost:
    """A host with bots and a guard; ``lives`` says whether the guard does anything."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, bots: tuple[str, ...] = ("alpha", "beta")) -> None:
        monkeypatch.setattr(writer, "OWNER", ME)
        monkeypatch.setattr(stamp, "DIRECTORY", str(root / "run"))
        self.root, self.clock = root, GuardedClock()
        self.clock.host = self
        self.homes = [make_bot(root, name) for name in bots]
        self.file = places.host_breaker(root)
        self.lives, self.proves, self.person = True, True, False
        self.numbers = 0

    def lay_inactive(self) -> None:
        """Write what a deploy lays down before there is a guard."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.write(self.file, '{"active": false, "reason": "", "until_iso": null}')

    @staticmethod
    def write(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o644)

    def order(self, action: str, **asked: object) -> Order:
        mandate = Mandate(f"incident-{self.numbers}", "outage", "ann@desk")
        self.numbers += 1
        known = {"bots": None, "other": None, "end": None, "deadline": 30.0, **asked}
        return Order(action=action, root=self.root, mandate=mandate, **known)  # type: ignore[arg-type]

    def round(self) -> None:
        """Do what a guard does."""
        if not self.lives:
            return
        notes = {}
        for home in self.homes:
            incident = self._followed(home)
            if incident:
                waits = self.person and not self.active(home)
                detail = (f"{guard_note.PERSON}; resume.yml",) if waits else () if self.proves else ("no answer",)
                notes[home.name] = BotNote(incident, self.proves, detail, self.clock.utcnow())
        assert guard_note.leave(notes, self.clock.utcnow()) is None

    def active(self, home: Path) -> bool:
        now = self.clock.utcnow()
        own = breaker_file.read(Home(home).breaker, now, missing_is_active=False, owner=ME)
        return own.active or breaker_file.read(self.file, now, owner=ME).active

    def _followed(self, home: Path) -> str:
        hold = self.hold(home)
        if self.active(home) and hold is None:
            self.numbers += 1
            new = holds.Hold("breaker", 1, "why", "guard", f"guard-{self.numbers}", 0, iso(self.clock.utcnow()))
            assert holds_file.latch(home, new, self.clock).error is None
        elif hold is not None and not self.active(home) and not self.person:
            holds_file.change(home, lambda held: held.resumed(hold.incident, self.clock.utcnow()), self.clock)
        now = self.hold(home)
        return now.incident if now is not None else ""

    @staticmethod
    def hold(home: Path) -> holds.Hold | None:
        return holds.load(Home(home).holds).of("breaker")
