"""``freqops-host resume-switch``: interrupted commands on a bot, taken back or brought to their end.

An upgrade of Postgres that was cut off goes back to the former cluster, before any bot is started. A switch is taken
back, and so is an adoption. A removal that has secured everything goes on. Any other bot that a command stopped is
started again, through the one door, where the holds are read. Processes that a drill froze go on, and stay held. After
a restore, the answer names the database that stands. A bot that a command works on has its lock, and is left alone; one
that is stopped by plan is not interrupted, and stays so.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from freqops.core.takeover import adoption, removal

from ..backup import restoring
from ..bot import frozen, start, stopped
from ..bot.engine import Engine
from ..bot.stopped import Stopped
from ..deploy import deploy, shared_postgres
from ..incident.journal import Journal
from ..incident.recorded import Command
from ..maintenance import change_of_clusters
from ..takeover.adopt_order import Order
from ..takeover.adopt_undo import undo
from ..takeover.remove import Removal

RECOVER = "recover"
POSTGRES = "Postgres: an interrupted change"
STAYS = "the disk does not let it go; see 'dmesg' and the mount of /srv/freqops"


def recover(root: Path, actor: str, clock: Clock, engine: Engine) -> tuple[list[str], list[str]]:
    """Bring every interrupted command of a host to its end, and return the acts and the failures."""
    done: list[str] = []
    failed: list[str] = []
    try:
        if shared_postgres.resume(root, clock, engine) is not None:
            done.append(f"{POSTGRES}: it is up as it is staged")
    except (FreqopsError, OSError) as error:
        failed.append(f"{POSTGRES}: {error}")
    try:
        upgrade = change_of_clusters.resume(root, clock, engine)
        done += [f"Postgres: {upgrade}"] if upgrade else []
    except (FreqopsError, OSError) as error:
        failed.append(f"Postgres: {error}")
    for home in [home for home in layout.homes(root) if _unfinished(home)]:
        with ExitStack() as locks:
            free = locks.enter_context(durable.locked(Home(home).lock, 0, clock))
            if free is None:
                failed.append(f"{home.name}: {_unfinished(home)}: its lock cannot be opened")
            elif free and not (_by_a_drill(home) and _drill_lives(home, locks, clock)):
                _recovered(_Recovery(home, actor, clock, engine), done, failed)
    return done, failed


def _by_a_drill(home: Path) -> bool:
    note = stopped.note_of(home)
    return note is not None and note.command == stopped.DRILL


def _drill_lives(home: Path, locks: ExitStack, clock: Clock) -> bool:
    """Whether the drill that froze a bot is still at it; where it is not, no other one begins while ``locks`` stand."""
    return locks.enter_context(durable.locked(Home(home).drill_lock, 0, clock)) is False


def _unfinished(home: Path) -> str:
    """Return in words what a command began on a bot and did not end; empty where there is nothing."""
    if Home(home).switch.exists():
        return "an interrupted switch"
    if (home / removal.NOTE).exists():
        return "an interrupted remove"
    if Home(home).restoring.exists():
        return "an interrupted restore"
    note = stopped.note_of(home)
    return f"an interrupted {note.command}" if note is not None and not note.planned else ""


def _recovered(recovery: _Recovery, done: list[str], failed: list[str]) -> None:
    """Do one step after the other, as long as one is left, and the one before it is proven and ended its note."""
    home, what, notes = recovery.home, _unfinished(recovery.home), _notes(recovery.home)
    while what:
        try:
            row = recovery.step()
            text = f"{home.name}: {what}: {row.outcome}: {'; '.join(row.detail)}"
            (done if row.proven else failed).append(text)
            before, what, notes = notes, _unfinished(home) if row.proven else "", _notes(home)
            if what and notes == before:
                failed.append(f"{home.name}: {what}: its note stays, although it is over: {STAYS}")
                return
        except (FreqopsError, OSError) as error:
            failed.append(f"{home.name}: {what}: {error}")
            return


def _notes(home: Path) -> tuple[bool, bool, bool, Stopped | None]:
    others = Home(home).switch, home / removal.NOTE, Home(home).restoring
    switch, remove, restoring = (path.exists() for path in others)
    return switch, remove, restoring, stopped.note_of(home)


@dataclass(frozen=True)
class _Recovery:
    """The recovery of one bot; the caller holds its lock."""

    home: Path
    actor: str
    clock: Clock
    engine: Engine

    def step(self) -> Outcome:
        """Do what has to be done first, and leave evidence of it behind."""
        if Home(self.home).switch.exists():
            return deploy.take_back(self.home, self.actor, self.clock, self.engine)
        note = stopped.note_of(self.home)
        if (self.home / removal.NOTE).exists():
            return self._with_evidence(note, self._removed)
        if Home(self.home).restoring.exists():
            return self._with_evidence(Stopped("restore", restoring.incident_of(self.home)), self._restored)
        if note is None or note.planned:
            return Outcome(self.home.name, "nothing", proven=True)
        act = self._adopted if note.command == stopped.ADOPT else self._again
        return self._with_evidence(note, lambda diary: act(note, diary))

    def _with_evidence(self, note: Stopped | None, act: Callable[[Journal], Outcome]) -> Outcome:
        return Command(RECOVER, self._mandate(note), Home(self.home).root, self.clock).on(Home(self.home).unread(), act)

    def _mandate(self, note: Stopped | None) -> Mandate:
        known = note is not None and note.incident and not note.planned
        return Mandate(note.incident if note and known else RECOVER, "a command was interrupted", self.actor)

    def _removed(self, diary: Journal) -> Outcome:
        """Go on with a removal that has secured everything; another one has not begun to take anything away."""
        wanted = Removal(self.home, diary, self.clock, self.engine)
        if wanted.secured() is not None:
            return wanted.run()
        (self.home / removal.NOTE).unlink()
        durable.sync_directory(self.home)
        why = "what it left behind was not secured, so nothing of it is taken away"
        return Outcome(self.home.name, "stays", changed=True, proven=True, detail=[why])

    def _restored(self, _diary: Journal) -> Outcome:
        """Say which database stands, and take away what is left of the other one."""
        bot = layout.load_bot(self.home)
        with restoring.dumps_still(bot, self.clock):
            return restoring.take_up(bot, self.engine)

    def _again(self, note: Stopped, _diary: Journal) -> Outcome:
        """Start it again; one whose container runs was started, or only frozen, and status says how it is.

        Nothing goes on under a hold of level 3: the one door ends what lives then.
        """
        name, held = self.home.name, holds.effective_level(Home(self.home).holds) >= holds.HARD
        pids = [] if held else frozen.thaw(Home(self.home).unread(), self.clock)
        thawed = [f"its process {pid} was frozen, and goes on" for pid in pids]
        if not (self.home / "bot.json").exists():
            stopped.over(self.home)
            return Outcome(name, "nothing to start", changed=True, proven=True, detail=[str(note)])
        container = self.engine.container(layout.container_of(name))
        if container is not None and container.runs and not held:
            stopped.over(self.home)
            detail = [str(note), *thawed, "its container runs: freqops-host status says how it is"]
            return Outcome(name, container.status, changed=True, proven=True, detail=detail)
        started = start.start_locked(layout.load_bot(self.home), self.clock, self.engine)
        started.detail.insert(0, str(note))
        return started

    def _adopted(self, note: Stopped, diary: Journal) -> Outcome:
        """Give the old one back, unless the adoption is complete, or was resumed; then ours is to run."""
        known = adoption.note_of(self.home)
        if known is None or known.get("incident") != note.incident:
            stopped.end(self.home)
            return Outcome(self.home.name, "nothing", proven=True, detail=["the old one was not touched"])
        if known.get("state") == adoption.UP or not adoption.held_by(self.home, known):
            row = self._again(note, diary)
            stopped.end(self.home)
            return row
        try:
            return undo(self.home, Order(Path(), None, "", self._mandate(note)), diary, self.clock, self.engine)
        except Refused as refusal:
            self._again(note, diary)  # somebody has to look after what it traded; a resume decides for it
            stopped.end(self.home)
            raise NotProven(f"the old one is NOT back: {refusal}") from None
