"""Level 1 on one bot: entries stopped, or, without a process, what the next one will find.

What the bot itself can no longer cancel, its exchange is asked about: an entry order outlives the process.
"""

from __future__ import annotations

from freqops.core.base import durable
from freqops.core.bot.processes import Process
from freqops.core.halt import holds
from freqops.core.halt.answer import Row
from freqops.core.halt.entry_stop import EntryStop

from . import on_exchange
from .bot_halt import BotHalt


def act(halt: BotHalt) -> None:
    """Stop entries and prove it."""
    running = halt.alive()
    if not running:
        _without_process(halt)
        return
    offset = halt.elapsed
    stop = EntryStop(halt.client(), halt.bot.name, halt.lock_reason, halt.clock, halt.order.deadline)
    result = stop.run(lambda: bool(halt.alive()))
    halt.note_entries(result)
    if ended(halt, stop, running):
        _without_process(halt)
        return
    missing = result.missing + second_container(halt)
    halt.row.acknowledged_s = plus(offset, result.acknowledged)
    halt.row.proven_s = None if missing else plus(offset, result.proven)
    halt.row.detail += missing
    halt.row.verdict = verdict(halt.row, missing)


def ended(halt: BotHalt, stop: EntryStop, running: list[Process]) -> bool:
    """Whether what was ``running`` has ended, and what the engine began since, if anything, has not said its state."""
    return stop.result.gone or not (stop.heard or halt.any_left(running))


def _without_process(halt: BotHalt) -> None:
    at_rest(halt)
    if halt.bot.is_live:
        on_exchange.prove_no_entries(halt)


def at_rest(halt: BotHalt) -> None:
    """Judge a bot whose process has ended: the state counts in which the next one starts, or has started."""
    row = halt.row
    begun = bool(halt.alive())
    row.state = "no answer" if begun else "no process"
    what = "its process ended, and the engine began another" if begun else "not running"
    if row.latched and _starts_at_rest(halt):
        row.acknowledged_s = row.proven_s = halt.elapsed
        row.detail.append(f"{what}; was not started by the halt, and starts paused")
        row.verdict = "HALTED, PROVEN"
        return
    row.detail.append(f"{what}, and nothing on the disk keeps a start from trading")
    row.verdict = "HALTED, NOT SAVED"


def _starts_at_rest(halt: BotHalt) -> bool:
    state = durable.read_json(halt.bot.state)
    return isinstance(state, dict) and state.get("initial_state") in holds.TRADER_STATES_AT_REST


def second_container(halt: BotHalt) -> list[str]:
    """Say when the bot runs twice, in two containers or in one: only one of them answers on its port."""
    running = halt.alive()
    inits = [str(process.pid) for process in running if process.is_init]
    others = [str(process.pid) for process in running if process.is_freqtrade and not process.is_init]
    found = []
    if len(inits) > 1:
        found.append(f"it runs in {len(inits)} containers (pids {', '.join(inits)}), and only one was asked")
    if others:
        found.append(f"Freqtrade runs a second time in its container (pids {', '.join(others)}), and was not asked")
    return found


def plus(offset: float, seconds: float | None) -> float | None:
    """Return seconds since the command began, where there are any."""
    return None if seconds is None else offset + seconds


def verdict(row: Row, missing: list[str]) -> str:
    """Return in words what was achieved."""
    if row.proven_s is not None:
        return "HALTED, PROVEN" if row.latched else "HALTED, NOT SAVED"
    if row.acknowledged_s is None:
        return "NOT PROVEN"
    if all(text.startswith("LAST LOOP") for text in missing):
        return "HALTED, LAST LOOP NOT PROVEN"
    return "HALTED, NOT PROVEN"
