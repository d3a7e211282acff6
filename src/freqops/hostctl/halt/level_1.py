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
from .case import Case


def act(case: Case) -> None:
    """Stop entries and prove it."""
    running = case.alive()
    if not running:
        _without_process(case)
        return
    offset = case.elapsed
    stop = EntryStop(case.client(), case.bot.name, case.lock_reason, case.clock, case.order.deadline)
    result = stop.run(lambda: bool(case.alive()))
    case.note_entries(result)
    if ended(case, stop, running):
        _without_process(case)
        return
    missing = result.missing + second_container(case)
    case.row.acknowledged_s = plus(offset, result.acknowledged)
    case.row.proven_s = None if missing else plus(offset, result.proven)
    case.row.detail += missing
    case.row.verdict = verdict(case.row, missing)


def ended(case: Case, stop: EntryStop, running: list[Process]) -> bool:
    """Whether what was ``running`` has ended, and what the engine began since, if anything, has not told its state."""
    return stop.result.gone or not (stop.heard or case.any_left(running))


def _without_process(case: Case) -> None:
    at_rest(case)
    if case.bot.is_live:
        on_exchange.prove_no_entries(case)


def at_rest(case: Case) -> None:
    """Judge a bot whose process has ended: the state counts in which the next one starts, or has started."""
    row = case.row
    begun = bool(case.alive())
    row.state = "no answer" if begun else "no process"
    what = "its process ended, and the engine began another" if begun else "not running"
    if row.latched and _starts_at_rest(case):
        row.acknowledged_s = row.proven_s = case.elapsed
        row.detail.append(f"{what}; was not started by the halt, and starts paused")
        row.verdict = "HALTED, PROVEN"
        return
    row.detail.append(f"{what}, and nothing on the disk keeps a start from trading")
    row.verdict = "HALTED, NOT SAVED"


def _starts_at_rest(case: Case) -> bool:
    state = durable.read_json(case.bot.state)
    return isinstance(state, dict) and state.get("initial_state") in holds.TRADER_STATES_AT_REST


def second_container(case: Case) -> list[str]:
    """Say when the bot runs twice, in two containers or in one: only one of them answers on its port."""
    running = case.alive()
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
