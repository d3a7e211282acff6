"""``freqops-host halt``: all bots of the host at once, each by its own deadline, one answer for all.

Latch first, but never "else nothing": where the hold cannot be written the halt goes on and says so. So what carries
the halt out is loaded only when its bots are latched.
"""

from __future__ import annotations

import dataclasses
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from freqops.core.halt.answer import Row

from ..bot import holds_file
from .order import Order

if TYPE_CHECKING:
    from ..bot.engine import Engine
    from ..incident.journal import Journal
    from .bot_halt import BotHalt

START_LOCK_SECONDS = 1.0


def halt(homes: list[Path], order: Order, clock: Clock, engine: Engine | None = None) -> list[Row]:
    """Halt the bots below ``homes``, all at once, and return a row for each, also for one that fails.

    Args:
        homes: The directories of the bots.
        order: The order of the halt.
        clock: The source of the time.
        engine: The container engine; that of this host where None.
    """
    rows = [Row(home.name, order.level, order.mandate.incident) for home in homes]
    workers = [
        threading.Thread(target=_halt_one, args=(home, order, row, clock, engine), daemon=True)
        for home, row in zip(homes, rows)
    ]
    began = clock.monotonic()
    for worker in workers:
        worker.start()
    patience = _levels().patience
    for mode in ("", "live"):  # their threads know first which bots are live
        for worker, row in zip(workers, rows):
            give_up = began + patience(order, row.mode if mode else mode)
            worker.join(max(0.0, give_up - clock.monotonic()))
    return [_unanswered(row) if worker.is_alive() else row for worker, row in zip(workers, rows)]


def _unanswered(row: Row) -> Row:
    """Return a row of its own for a bot that is still being worked on: a later proof was not read here."""
    detail = [*row.detail, "gave no answer at all; it is still being worked on"]
    return dataclasses.replace(row, detail=detail, verdict="NOT PROVEN", proven_s=None)


def _levels() -> Any:
    """Return the module that carries a halt out; loading it takes longer than latching."""
    return import_module(f"{__package__}.levels")


def _halt_one(home: Path, order: Order, row: Row, clock: Clock, engine: Engine | None) -> None:
    began = clock.monotonic()
    before = _holds(home)
    latched = holds_file.latch(home, order.as_hold(iso(clock.utcnow())), clock)
    _note_latch(row, latched, order)
    levels = _levels()
    row.detail += levels.remarks(clock)
    diary = levels.silent(clock)
    try:
        bot = _declared(home, row)
        row.mode = bot.mode
        path = levels.path_of(Home(home).root, row.incident, bot.name, f"halt-{clock.utcnow():%Y%m%dT%H%M%SZ}")
        diary = levels.Journal(path, clock, lambda line: levels.redact_value(line, bot))
        bot_halt = levels.BotHalt(bot, row, order, clock, engine or levels.Engine(), diary, began)
        with durable.locked(Home(home).lock, START_LOCK_SECONDS, clock):  # held or not, the halt goes on
            levels.act(bot_halt)
            _latched_late(row, latched)
            _keep_stopped(bot_halt)
            _hold_again(bot_halt)
    except (FreqopsError, OSError) as error:
        row.detail.append(str(error))
        row.verdict, row.proven_s = "NOT PROVEN", None
    except Exception as error:  # noqa: BLE001  a row for each bot, whatever happens to any of them
        row.detail.append(f"unexpected {type(error).__name__}: {error}")
        row.verdict, row.proven_s = "NOT PROVEN", None
    _snapshots(diary, row, before, _holds(home))
    diary.close()
    if diary.error is not None:
        row.detail.append(diary.error)


def _holds(home: Path) -> dict[str, Any]:
    try:
        return holds.load(Home(home).holds).to_json()
    except holds.HoldsUnreadable as error:
        return {"unreadable": str(error)}


def _snapshots(diary: Journal, row: Row, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Write down the state in which the bot was found, and that in which it was left."""
    found = {"state": row.found, "trades": row.positions_found, "holds": before}
    diary.note("snapshot", "bot", "before", answer=found)
    left = {"state": row.state, "trades": row.positions, "holds": after, "exchange": row.exchange}
    diary.note("snapshot", "bot", "after", answer=left)


def _declared(home: Path, row: Row) -> layout.Bot:
    """Return the bot; level 3 needs no more of it than its name, so a spoilt declaration does not protect it."""
    try:
        return layout.load_bot(home)
    except layout.BotUnreadable as error:
        if row.level < holds.HARD:
            raise
        row.detail.append(str(error))
        return Home(home).unread()


def _note_latch(row: Row, latched: holds_file.Latched, order: Order) -> None:
    row.latched, row.raised = latched.error is None, latched.raised
    if latched.error is not None:
        row.detail.append(f"NOT SAVED: {latched.error}")
    if latched.holds is not None:
        hold = latched.holds.of(order.holder)
        row.incident = hold.incident if hold is not None else order.mandate.incident
        if latched.holds.level > order.level:
            row.level = latched.holds.level
            row.detail.append(f"held at level {row.level} already")


def _latched_late(row: Row, latched: holds_file.Latched) -> None:
    """Take in a latch that a slow disk finished while the bot was being halted."""
    if row.latched or latched.error is not None or latched.holds is None or latched.holds.level > row.level:
        return
    row.latched, row.raised = True, latched.raised
    row.detail.append("latched late: the disk is slow")
    if row.proven_s is not None:
        row.verdict = row.verdict.replace("NOT SAVED", "PROVEN")


def _keep_stopped(bot_halt: BotHalt) -> None:
    row = bot_halt.row
    if row.state == "stopped" and row.acknowledged_s is not None and row.latched:
        row.detail.append("found stopped, left stopped")
        holder = bot_halt.order.holder
        holds_file.change(bot_halt.bot.home, lambda present: present.resting(holder, "stopped"), bot_halt.clock)


def _hold_again(bot_halt: BotHalt) -> None:
    """Hold a bot again whose hold was resumed while it was being halted: what was read of it may not last.

    A halt of what is held already writes nothing, so a resume that was under way does not see it come.
    """
    row = bot_halt.row
    level = holds.HARD if row.level >= holds.HARD else holds.ENTRIES
    if not row.latched or holds.effective_level(bot_halt.bot.holds) >= level:
        return
    latched = holds_file.latch(bot_halt.bot.home, bot_halt.order.as_hold(iso(bot_halt.clock.utcnow())), bot_halt.clock)
    _note_latch(row, latched, bot_halt.order)
    row.detail.append("its hold was resumed meanwhile, and set again: halt again to prove it")
    if row.proven_s is not None:
        row.verdict, row.proven_s = "HALTED, NOT PROVEN", None
