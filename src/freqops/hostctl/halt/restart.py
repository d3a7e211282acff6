"""The restart checklist of a resume: measured on the host, written into the journal, and obeyed.

Only a person's resume has one. The drill of the halt and the breaker's guard take down their own holds without.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds, restart_checklist
from freqops.core.halt.restart_checklist import Checklist, Given, Measured

from ..bot import as_declared, limits_notes, messengers
from ..bot.engine import Engine
from ..bot.start import Started
from ..incident import registered
from ..incident.journal import Journal


@dataclass(frozen=True)
class Words:
    """The words of the command line about the checklist.

    Attributes:
        ticked: The items that are ticked.
        anyway: Why the bot is resumed although items are missing; empty where it is not.
    """

    ticked: tuple[str, ...] = ()
    anyway: str = ""


@dataclass
class Resumed(Started):
    """The outcome of a person's resume, with its restart checklist."""

    restart: dict[str, Any] = field(default_factory=dict)


@dataclass
class Restart:
    """The checklist of one resume of one bot.

    Attributes:
        bot: The bot.
        mandate: The mandate of the resume.
        words: The words about the checklist.
        journal: The journal of the resume.
        clock: The source of the time.
        engine: The container engine.
        checklist: What was found; None before `check`.
    """

    bot: layout.Bot
    mandate: Mandate
    words: Words
    journal: Journal
    clock: Clock
    engine: Engine
    checklist: Checklist | None = None

    def check(self, hold: holds.Hold) -> None:
        """Measure the items before a hold is taken a step down, and refuse where the bot could trade without them.

        Whatever else holds the bot, the step by which a hold goes counts: what is left may end without a person.

        Raises:
            RefusedUntil: Items are missing, and the bot has real orders; nothing was changed.
        """
        given = Given(self.mandate.actor, iso(self.clock.utcnow()), self.words.ticked, self.words.anyway)
        measured, opened = self._measured(hold)
        self.checklist = restart_checklist.judged(measured, given, _only_shown(self.bot, hold))
        if self.checklist.anyway:
            what = f"resume although the restart checklist is not complete: {self.checklist.anyway}"
            self.journal.note("act", "disk", what, answer=self.checklist.to_json(), durable=True)
        else:
            self.journal.note("note", "disk", "the restart checklist", answer=self.checklist.to_json(), durable=True)
        restart_checklist.refuse_unless_complete(self.bot.name, self.checklist, given, hold.incident, opened)

    def outcome(self, started: Started) -> Resumed:
        """Return the outcome of the resume with the checklist, in words, too: so the report of the incident has it."""
        if self.checklist is None:
            return Resumed(**asdict(started))
        lines = self.checklist.lines(self.bot.name)
        said = {**asdict(started), "detail": [*started.detail, *lines]}
        return Resumed(**said, restart=self.checklist.to_json())

    @property
    def remark(self) -> str:
        """The end of the text of a resume that was not proven, and was begun although items were missing."""
        if self.checklist is None or not self.checklist.anyway:
            return ""
        return f"; it was resumed although its restart checklist was not complete: {self.checklist.anyway}"

    def _measured(self, hold: holds.Hold) -> tuple[dict[str, Measured], str]:
        """Return the items as they are measured, and the incident that has to be closed; empty where there is none."""
        incident, opened = self._incident(hold)
        faults = as_declared.faults(self.bot, self.clock, self.engine)
        found = messengers.of_bot(self.bot, self.clock)
        return {
            restart_checklist.INCIDENT: incident,
            restart_checklist.RUNS: restart_checklist.of_runs(),
            restart_checklist.RISK: restart_checklist.of_risk(faults, limits_notes.of(self.bot)),
            restart_checklist.MESSAGES: restart_checklist.of_messages(found.enabled, found.faults, found.unread),
        }, opened

    def _incident(self, hold: holds.Hold) -> tuple[Measured, str]:
        try:
            row, is_pending = registered.row_of(Home(self.bot.home).root, hold.incident)
        except (FreqopsError, OSError) as error:
            return Measured(False, (f"the registry does not say whether it is: {error}",)), ""
        measured = restart_checklist.of_incident(hold.incident, row, is_pending=is_pending)
        return measured, str(row["id"]) if row is not None and measured.met is False else ""


def _only_shown(bot: layout.Bot, hold: holds.Hold) -> str:
    """Return why the checklist of a step refuses nothing; empty where it does."""
    if not bot.is_live:
        return restart_checklist.ON_PAPER
    return restart_checklist.STAYS_PAUSED if hold.level >= holds.HARD else ""
