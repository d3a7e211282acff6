"""The way back of a switch that failed, or was interrupted: all that it touched is taken back as one, and proven."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.bot import layout
from freqops.core.bot.database_contents import Recorded
from freqops.core.bot.layout import Home
from freqops.core.bot.redaction import redact
from freqops.core.halt import holds
from freqops.core.halt.kill_level import KillLevel

from ..bot import databases, health, stopped, stopping
from ..bot.engine import Engine
from ..bot.processes_and_api import alive
from ..bot.start import LOG_LINES, Started, start_locked
from ..bot.stopped import Stopped
from ..halt.halt import halt
from ..halt.order import Order
from ..incident.journal import Journal
from .switch_files import SwitchFiles
from .switch_order import Switched, SwitchOrder

INTERRUPTED = "it was interrupted"
TABLES = "tables"  # in notes of a dump: what every table held
BACK = "back"  # in the note: database and files are what they were before


class WayBack:
    """The way back of one switch of one bot, and what the way there needs as well; the caller holds the bot's lock."""

    def __init__(self, home: Path, order: SwitchOrder, journal: Journal, clock: Clock, engine: Engine) -> None:
        self._order, self._journal, self._clock, self._engine = order, journal, clock, engine
        self._files = SwitchFiles(home)
        self._home = home
        self._former = _present(home)
        self._result = Switched(home.name, release=order.release, former=self._former.release if self._former else "")

    def take_back(self) -> Switched:
        """Take back a switch that began and did not end.

        Raises:
            Refused: There is none.
        """
        note = self._files.note
        if note is None and not self._files.unfinished:
            raise Refused(f"{self._home.name}: its switch is over")
        if note is None or (note.get("from") and not self._files.has_former):
            what = "its switch.json cannot be read" if note is None else "there is nothing to go back to in former"
            cure = f"compare {self._home}/former with what is there, put right what differs, then remove switch.json"
            raise Refused(f"{self._home.name}: {what}; {cure}")
        self._result.release, self._result.former = str(note.get("to", "")), str(note.get("from", ""))
        return self._taken_back(INTERRUPTED)

    def _taken_back(self, why: str) -> Switched:
        bot = _present(self._home)
        said = self._engine.logs(layout.container_of(self._home.name), LOG_LINES)
        self._result.log = redact("\n".join(said), bot).splitlines() if bot is not None else said
        self._result.detail.append(f"{self._order.release} failed: {redact(why, bot) if bot else why}")
        self._journal.note("note", "bot", f"the switch failed: {self._result.detail[-1]}")
        try:
            self._back(bot)
        except (FreqopsError, OSError) as error:
            self._result.proven = False
            self._result.outcome = self._result.outcome or "rolled back"
            self._result.detail.append(f"the way back is not proven: {error}")
        return self._result

    def _back(self, bot: layout.Bot | None) -> None:
        note = self._files.note or {}
        self._result.changed = True
        if not note.get(BACK) and not self._put_back(bot, note):
            return
        if not self._files.has_former:
            self._result.outcome, self._result.proven = "withdrawn", not alive(Home(self._home).unread())
            self._result.release = ""
            if self._result.proven:
                stopped.over(self._home)  # nothing of it is to run
                self._files.end()
            return
        former = layout.load_bot(self._home)
        self._result.release = former.release
        started = start_locked(former, self._clock, self._engine, self._order.deadline, recreate=not note.get(BACK))
        self._well(former, started, changed=True)
        self._result.detail.append(f"{former.release} is back: {self._result.outcome}")
        self._result.outcome = "rolled back"
        self._files.end()

    def _put_back(self, bot: layout.Bot | None, note: dict[str, Any]) -> bool:
        """Put database and files back, once, and return whether they are; not where trades were written since.

        The restored bot may trade from then on, so nothing of this is done again.
        """
        if bot is not None and self._trades_written(bot, note):
            self._hold()
            return False
        self._stop(stopping.SICK_GRACE)
        if bot is not None and self._wrote_while_it_ended(bot, note):
            return False
        dump = note.get("dump")
        if bot is not None and dump:
            databases.of(bot, self._engine).restore(self._files.dumps / str(dump), told(note))
        self._files.put_back()
        self._files.write_note({**note, BACK: True})
        return True

    def _wrote_while_it_ended(self, bot: layout.Bot, note: dict[str, Any]) -> bool:
        """Hold it, and start it again for its positions, where its last round wrote a trade after all."""
        if not self._trades_written(bot, note):
            return False
        self._hold()
        start_locked(bot, self._clock, self._engine, self._order.deadline)
        return True

    def _trades_written(self, bot: layout.Bot, note: dict[str, Any]) -> bool:
        """Whether going back would forget trades: those of a first deploy, or those written since the dump."""
        if not note.get("from"):
            return not self._files.without_secrets and databases.of(bot, self._engine).trades() > 0
        return bool(note.get("dump")) and databases.of(bot, self._engine).mark() != note.get("mark")

    def _hold(self) -> None:
        """Stop entries instead of going back: the former database does not know the trades that were written since."""
        mandate = replace(self._order.mandate, reason="trades were written since the release changed")
        order = Order(KillLevel.ENTRIES, mandate)
        row = halt([self._home], order, self._clock, self._engine)[0]
        self._result.outcome, self._result.proven, self._result.level = (
            "halted",
            bool(row.proven_s is not None),
            row.level,
        )
        self._result.detail += [
            "NOT rolled back: trades were written since, and the former database does not know them",
            f"halted at level {row.level} instead: {row.verdict}",
            *row.detail,
        ]
        if self._result.proven:
            self._files.end()

    def _well(self, bot: layout.Bot, started: Started, *, changed: bool) -> None:
        """Take in the result of a start, and prove that the bot is healthy where it was started again."""
        asked = changed and started.outcome not in ("held", stopped.BY_PLAN)
        if asked and not health.prove(bot, self._clock, self._order.deadline):
            why = "held at level 3 meanwhile: whether it is healthy is not known"
            started = Started(bot.name, "held", changed=True, level=holds.HARD, detail=[why])
        self._result.outcome, self._result.level = started.outcome, started.level
        self._result.changed |= changed
        self._result.detail += started.detail
        self._result.proven = True

    def _stop(self, grace: int = stopping.GRACE) -> None:
        by = Stopped("switch", self._order.mandate.incident, self._result.former or self._order.release)
        stopping.stop(Home(self._home).unread(), by, self._clock, self._engine, grace)


def told(note: dict[str, Any]) -> Recorded | None:
    """Return the content of a dump by the note that names it; None for one of an older version, which did not say.

    Raises:
        Malformed: The note is spoilt.
    """
    return Recorded.read(note[TABLES]) if TABLES in note else None


def _present(home: Path) -> layout.Bot | None:
    """Return the bot as it is declared now, None where it was never deployed."""
    return layout.load_bot(home) if (home / "bot.json").exists() else None
