"""``freqops-host halt``: all bots of the host at once, each by its own deadline, one answer for all.

Latch first, but never "else nothing": where the hold cannot be written the halt goes on and says so.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freqops.core import durable, holds, layout, processes
from freqops.core.client import FreqtradeClient
from freqops.core.clock import Clock, iso
from freqops.core.entry_stop import DEADLINE, EntryStop, EntryStopResult, is_proven
from freqops.core.errors import FreqopsError
from freqops.core.positions import position

from . import book, hard_stop
from .engine import Engine
from .output import round_seconds

SOFT_SECONDS = 3.0
START_LOCK_SECONDS = 1.0
GIVE_UP_AFTER = 15.0


@dataclass(frozen=True)
class Order:
    """What was commanded: level, why, by whom, under which incident, and how long the proof may take."""

    level: int
    reason: str
    actor: str
    incident: str
    deadline: float | None = None

    def as_hold(self, now: str) -> holds.Hold:
        """Return the hold that this command sets."""
        return holds.Hold("halt", self.level, self.reason, self.actor, self.incident, 0, now)


@dataclass
class Row:
    """What the halt achieved on one bot: one row of the table, and of the answer.

    Attributes:
        bot: Its name.
        level: The level in force and acted on, which may be higher than what was asked.
        incident: The incident of the hold in force.
        mode: paper or live.
        latched: Whether the hold is on the disk.
        raised: Whether this command raised it.
        acknowledged_s: Seconds until the bot was paused and locked, or dead.
        proven_s: Seconds until the proof was complete.
        found: Trader state before, where the API answered.
        state: Trader state after, or "no process".
        verdict: The result in words.
        detail: What is missing, or worth knowing.
        positions: Open positions, None where they are not known.
        acted: Whether anything was changed.
    """

    bot: str
    level: int
    incident: str
    mode: str = "unknown"
    latched: bool = False
    raised: bool = False
    acknowledged_s: float | None = None
    proven_s: float | None = None
    found: str | None = None
    state: str = "unknown"
    verdict: str = "NOT HALTED"
    detail: list[str] = field(default_factory=list)
    positions: list[dict[str, Any]] | None = None
    acted: bool = False

    @property
    def proven(self) -> bool:
        """Whether the effect was read back and will last."""
        return self.proven_s is not None and self.latched

    def to_json(self) -> dict[str, Any]:
        """Return the row as it stands in the answer."""
        row = {**vars(self), "acknowledged": self.acknowledged_s is not None, "proven": self.proven}
        return {**row, "acknowledged_s": round_seconds(self.acknowledged_s), "proven_s": round_seconds(self.proven_s)}


def halt(homes: list[Path], order: Order, clock: Clock, engine: Engine) -> list[Row]:
    """Halt the bots below ``homes``, all at once, and return a row for each, whatever happens to any of them."""
    rows = [Row(home.name, order.level, order.incident) for home in homes]
    workers = [
        threading.Thread(target=_halt_one, args=(home, order, row, clock, engine), daemon=True)
        for home, row in zip(homes, rows)
    ]
    give_up = clock.monotonic() + max(order.deadline or 0.0, DEADLINE) * 4 + GIVE_UP_AFTER
    for worker in workers:
        worker.start()
    for worker, row in zip(workers, rows):
        worker.join(max(0.0, give_up - clock.monotonic()))
        if worker.is_alive():
            row.detail.append("gave no answer at all; it is still being worked on")
            row.verdict = "NOT PROVEN"
    return rows


def _halt_one(home: Path, order: Order, row: Row, clock: Clock, engine: Engine) -> None:
    began = clock.monotonic()
    latched = book.latch(home, order.as_hold(iso(clock.utcnow())), clock)
    _note_latch(row, latched, order)
    try:
        bot = _declared(home, row)
        row.mode = bot.mode
        with durable.locked(home / ".lock", START_LOCK_SECONDS, clock):  # held or not, the halt goes on
            if row.level >= holds.HARD:
                _level_3(bot, row, began, clock, engine, order)
            else:
                _level_1(bot, row, began, clock, order)
            _latched_late(row, latched)
            _keep_stopped(bot, row, clock)
            _exchange_unasked(bot, row)
    except (FreqopsError, OSError) as error:
        row.detail.append(str(error))
        row.verdict, row.proven_s = "NOT PROVEN", None
    except Exception as error:  # noqa: BLE001  a row for each bot, whatever happens to any of them
        row.detail.append(f"unexpected {type(error).__name__}: {error}")
        row.verdict, row.proven_s = "NOT PROVEN", None


def _declared(home: Path, row: Row) -> layout.Bot:
    """Return the bot; level 3 needs no more of it than its name, so a spoilt declaration does not protect it."""
    try:
        return layout.load_bot(home)
    except layout.BotUnreadable as error:
        if row.level < holds.HARD:
            raise
        row.detail.append(str(error))
        return layout.Bot(home.name, "unknown", 0, "", "", "stopped", home)


def _note_latch(row: Row, latched: book.Latched, order: Order) -> None:
    row.latched, row.raised = latched.error is None, latched.raised
    if latched.error is not None:
        row.detail.append(f"NOT LATCHED: {latched.error}")
    if latched.book is not None:
        row.level = latched.book.level
        hold = latched.book.of("halt")
        row.incident = hold.incident if hold is not None else order.incident
        if row.level > order.level:
            row.detail.append(f"held at level {row.level} already")


def _latched_late(row: Row, latched: book.Latched) -> None:
    """Take in a latch that a slow disk finished while the bot was being halted."""
    if row.latched or latched.error is not None or latched.book is None or latched.book.level != row.level:
        return
    row.latched, row.raised = True, latched.raised
    row.detail.append("latched late: the disk is slow")
    if row.proven_s is not None:
        row.verdict = "HALTED, PROVEN"


def _client(bot: layout.Bot) -> FreqtradeClient:
    return FreqtradeClient(bot.api_port, *bot.credentials())


def _alive(bot: layout.Bot) -> list[processes.Process]:
    return processes.trading(bot.name, processes.scan())


def _level_1(bot: layout.Bot, row: Row, began: float, clock: Clock, order: Order) -> None:
    if not _alive(bot):
        _at_rest(bot, row, clock.monotonic() - began)
        return
    offset = clock.monotonic() - began
    stop = EntryStop(_client(bot), bot.name, holds.lock_reason("halt", row.incident), clock, order.deadline)
    result = stop.run(lambda: bool(_alive(bot)))
    _note_entries(row, result)
    if result.gone:
        row.detail.append("its process ended meanwhile")
        _at_rest(bot, row, clock.monotonic() - began)
        return
    missing = result.missing + _second_container(bot)
    row.acknowledged_s = _plus(offset, result.acknowledged)
    row.proven_s = None if missing else _plus(offset, result.proven)
    row.detail += missing
    row.verdict = _verdict(row, missing)


def _second_container(bot: layout.Bot) -> list[str]:
    """Say when the bot runs twice: only one of them answers on its port."""
    inits = [str(process.pid) for process in _alive(bot) if process.is_init]
    if len(inits) < 2:
        return []
    return [f"it runs in {len(inits)} containers (pids {', '.join(inits)}), and only one was asked"]


def _plus(offset: float, seconds: float | None) -> float | None:
    return None if seconds is None else offset + seconds


def _at_rest(bot: layout.Bot, row: Row, elapsed: float) -> None:
    """Judge a bot without a process: what matters is what the next one will find."""
    state = durable.read_json(bot.state)
    row.state = "no process"
    if row.latched and isinstance(state, dict) and state.get("initial_state") in holds.TRADER_STATES_AT_REST:
        row.acknowledged_s = row.proven_s = elapsed
        row.detail.append("not running; was not started, and would start paused")
        row.verdict = "HALTED, PROVEN"
        return
    row.detail.append("not running, but nothing on the disk keeps the next start from trading")
    row.verdict = "HALTED, NOT LATCHED"


def _level_3(bot: layout.Bot, row: Row, began: float, clock: Clock, engine: Engine, order: Order) -> None:
    if _alive(bot):
        _soft_phase(bot, row, clock)
    offset = clock.monotonic() - began
    stop = hard_stop.HardStop(bot.container, lambda: _alive(bot), engine, clock)
    result = stop.run((order.deadline or DEADLINE) - offset)
    row.detail += result.notes
    row.acted = row.acted or bool(result.killed)
    if result.killed:
        row.detail.append(f"killed directly: {', '.join(str(pid) for pid in result.killed)}")
    if result.gone is None:
        row.verdict = "NOT PROVEN"
        return
    row.state = "no process"
    row.acknowledged_s = row.proven_s = offset + result.gone
    row.verdict = "HALTED, PROVEN" if row.latched else "HALTED, NOT LATCHED"


def _soft_phase(bot: layout.Bot, row: Row, clock: Clock) -> None:
    """Pause and cancel entries for at most three seconds: what rests on an exchange outlives the process."""
    row.acted = True
    try:
        stop = EntryStop(_client(bot), bot.name, holds.lock_reason("halt", row.incident), clock, SOFT_SECONDS)
    except FreqopsError as error:
        row.detail.append(str(error))
        return
    enough = (lambda: bool(_alive(bot)), lambda result: result.acknowledged is not None or is_proven(result))
    worker = threading.Thread(target=stop.run, args=enough, daemon=True)  # nothing it meets may delay the hard stop
    worker.start()
    worker.join(SOFT_SECONDS)
    _note_entries(row, stop.result)
    if stop.result.trades is None:
        row.detail.append("open positions are unknown: the API gave no answer")


def _note_entries(row: Row, result: EntryStopResult) -> None:
    row.found, row.state = result.found, result.state or "no answer"
    row.acted = row.acted or result.acted
    if result.trades is not None:
        row.positions = [position(trade) for trade in result.trades]
    for trade in sorted(result.cancelled):
        row.detail.append(f"entry order cancelled: trade {trade}")


def _keep_stopped(bot: layout.Bot, row: Row, clock: Clock) -> None:
    if row.state == "stopped" and row.acknowledged_s is not None and row.latched:
        row.detail.append("found stopped, left stopped")
        book.change(bot.home, lambda present: present.resting("halt", "stopped"), clock)


def _exchange_unasked(bot: layout.Bot, row: Row) -> None:
    """Take back the proof for a bot with real orders: what rests on its exchange was not asked for."""
    if bot.mode == "live" and row.proven_s is not None:
        row.proven_s = None
        row.detail.append("EXCHANGE: what rests there was not asked for")
        row.verdict = "HALTED, EXCHANGE NOT PROVEN"


def _verdict(row: Row, missing: list[str]) -> str:
    if row.proven_s is not None:
        return "HALTED, PROVEN" if row.latched else "HALTED, NOT LATCHED"
    if row.acknowledged_s is None:
        return "NOT PROVEN"
    if all(text.startswith("QUIESCENCE") for text in missing):
        return "HALTED, QUIESCENCE NOT PROVEN"
    return "HALTED, NOT PROVEN"
