"""``freqops-host adopt --undo``: the old Freqtrade back as it was, until the adoption was resumed."""

from __future__ import annotations

from pathlib import Path

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.next_step import RESUME, NextStep, RefusedUntil
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from freqops.core.takeover import adoption, foreign

from ..bot import databases, holds_file, stopped, stopping
from ..bot.engine import Engine
from ..bot.start import start_locked
from ..bot.stopped import Stopped
from ..incident.journal import Journal
from . import adopt_data, left_dumps
from .adopt_order import Adopted, Order
from .remove import take_away


def undo(home: Path, order: Order, journal: Journal, clock: Clock, engine: Engine) -> Adopted:
    """Take an adoption back; the caller holds the bot's lock.

    Raises:
        Refused: Nothing was touched: it was resumed, or trades were written since.
        NotProven: It was begun, and the old one is not proven to be back.
    """
    note = adoption.note_of(home)
    if note is None:
        raise Refused(f"{home.name} was not adopted, or its adoption was undone; there is nothing to undo")
    if not adoption.held_by(home, note):
        raise Refused(f"{home.name} was resumed since it was adopted; its trades are its own now")
    if "trades" in note and note.get("state") != adoption.BACK:  # before that it was held, and nothing of it ever ran
        _refuse_where_traded(home, note, engine)
        _stop(home, note, order, journal, clock, engine)
    said = back(home, journal, clock, engine)
    trades = [f"{row[0]} {row[1]} {row[3]}" for row in note.get("trades", []) if row[2]]
    kept = str(note.get("kept", ""))
    return Adopted(
        home.name, "undone", changed=True, proven=True, incident=str(note["incident"]), trades=trades, kept=kept,
        detail=["the old one runs again", *said],
    )  # fmt: skip


def _refuse_where_traded(home: Path, note: dict[str, object], engine: Engine) -> None:
    before = foreign.picture(note)
    after = adopt_data.picture_of(databases.of(layout.load_bot(home), engine))
    if not adoption.same(before, after, is_live=not note.get("dry_run")):
        raise RefusedUntil(
            f"{home.name} has traded since it was adopted, and the old database does not know of it: "
            f"{adoption.differs(before, after)}. Resume it, or halt it and look",
            NextStep(RESUME, str(note.get("incident"))),
        )


def _stop(home: Path, note: dict[str, object], order: Order, journal: Journal, clock: Clock, engine: Engine) -> None:
    """Stop the bot under a hold of level 3, and look once more at what it did until then."""
    bot = layout.load_bot(home)
    mandate = order.mandate
    hold = holds.Hold(
        adoption.HOLDER, holds.HARD, mandate.reason, mandate.actor, str(note["incident"]), 0, iso(clock.utcnow())
    )
    latched = holds_file.latch(home, hold, clock)
    if latched.error is not None:
        raise NotProven(f"{home.name}: the hold could not be written, so nothing was stopped: {latched.error}")
    journal.note("act", "engine", f"stop {bot.name}", durable=True)
    stopping.stop(bot, Stopped("adopt --undo", str(note["incident"]), bot.release), clock, engine)
    try:
        _refuse_where_traded(home, note, engine)
    except Refused as refusal:
        incident = str(note["incident"])
        holds_file.change(home, lambda present: present.resumed(incident, clock.utcnow()), clock)
        start_locked(bot, clock, engine)
        raise NotProven(f"{refusal}; it is up again, paused") from None


def back(home: Path, journal: Journal, clock: Clock, engine: Engine) -> list[str]:
    """Start the old one, and take the adopted bot away; the caller has made sure that no trade is lost.

    In this order: the bot's directory has the note by which an interrupted way back goes on. Ours is stopped
    and held at level 3 before the old one starts. Each step may be done again.

    Returns:
        Remarks about its other holds.

    Raises:
        NotProven: The old one does not run, or it is not known which it is.
    """
    note = adoption.note_of(home)
    if note is None:
        raise NotProven(f"{home / adoption.NOTE} cannot be read")
    bot, by = Home(home).unread(), Stopped(stopped.ADOPT, str(note["incident"]), str(note["container"]))
    stopped.begin(home, by, clock)
    adoption.add_to_note(home, {"state": adoption.BACK})
    stopping.stop(bot, by, clock, engine)
    journal.note("act", "engine", f"{bot.name} stopped; the old one comes back", durable=True)
    engine.restart_policy(str(note["container"]), str(note["restart"]))
    engine.start(str(note["container"]))
    try:
        seen = foreign.look(Path(str(note["project"])), str(note["service"]))
    except Refused as refusal:
        raise NotProven(f"the old one was started, and its trades were not read: {refusal}") from None
    lost = adoption.lost(note, seen.traded)
    if lost:
        raise NotProven(f"the old one runs, and its trades {', '.join(lost)} are not there")
    said = left_dumps.leave(home, clock)
    return said + take_away(home, engine, str(note["incident"]))
