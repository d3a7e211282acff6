"""Level 1 on one bot: entries stopped, or, without a process, what the next one will find."""

from __future__ import annotations

from freqops.core import durable, holds
from freqops.core.entry_stop import EntryStop

from .case import Case, Row


def act(case: Case) -> None:
    """Stop entries and prove it."""
    if not case.alive():
        at_rest(case)
        return
    offset = case.elapsed
    stop = EntryStop(case.client(), case.bot.name, case.lock_reason, case.clock, case.order.deadline)
    result = stop.run(lambda: bool(case.alive()))
    case.note_entries(result)
    if result.gone:
        case.row.detail.append("its process ended meanwhile")
        at_rest(case)
        return
    missing = result.missing + second_container(case)
    case.row.acknowledged_s = plus(offset, result.acknowledged)
    case.row.proven_s = None if missing else plus(offset, result.proven)
    case.row.detail += missing
    case.row.verdict = verdict(case.row, missing)


def at_rest(case: Case) -> None:
    """Judge a bot without a process: what matters is what the next one will find."""
    row = case.row
    row.state = "no process"
    if row.latched and _starts_at_rest(case):
        row.acknowledged_s = row.proven_s = case.elapsed
        row.detail.append("not running; was not started, and would start paused")
        row.verdict = "HALTED, PROVEN"
        return
    row.detail.append("not running, but nothing on the disk keeps the next start from trading")
    row.verdict = "HALTED, NOT LATCHED"


def _starts_at_rest(case: Case) -> bool:
    state = durable.read_json(case.bot.state)
    return isinstance(state, dict) and state.get("initial_state") in holds.TRADER_STATES_AT_REST


def second_container(case: Case) -> list[str]:
    """Say when the bot runs twice: only one of them answers on its port."""
    inits = [str(process.pid) for process in case.alive() if process.is_init]
    if len(inits) < 2:
        return []
    return [f"it runs in {len(inits)} containers (pids {', '.join(inits)}), and only one was asked"]


def plus(offset: float, seconds: float | None) -> float | None:
    """Return seconds since the command began, where there are any."""
    return None if seconds is None else offset + seconds


def verdict(row: Row, missing: list[str]) -> str:
    """Return in words what was achieved."""
    if row.proven_s is not None:
        return "HALTED, PROVEN" if row.latched else "HALTED, NOT LATCHED"
    if row.acknowledged_s is None:
        return "NOT PROVEN"
    if all(text.startswith("QUIESCENCE") for text in missing):
        return "HALTED, QUIESCENCE NOT PROVEN"
    return "HALTED, NOT PROVEN"
