"""Level 1 on one bot: entries stopped, or, without a process, what the next one will find.

With real orders, its exchange is asked, too: an entry order outlives the process, and the bot does not know one whose
answer was lost. That conversation begins with the pause, and no acknowledgement waits for it. First the bot is proven,
then its exchange is asked, then the bot is read once more.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from freqops.core.base import durable
from freqops.core.base.errors import FreqopsError
from freqops.core.bot.processes import Process
from freqops.core.halt import holds
from freqops.core.halt.answer import Row
from freqops.core.halt.entry_stop import LAST_LOOP, EntryStop, is_proven, is_proven_or_stuck

from ..exchange import witness
from . import on_exchange
from .bot_halt import BotHalt

LOOKS = 3
NOT_ASKED = "its exchange was not asked about entry orders"
RESTLESS = "EXCHANGE NOT PROVEN: whenever it was asked, the bot was not at rest before and after"


def act(halt: BotHalt) -> None:
    """Stop entries and prove it."""
    running = halt.alive()
    if not running:
        _without_process(halt)
        return
    with ExitStack() as stack:
        talk = on_exchange.begun(halt, stack) if halt.bot.is_live else None
        _with_process(halt, running, talk)


def _with_process(halt: BotHalt, running: list[Process], talk: witness.Witness | None) -> None:
    row, offset = halt.row, halt.elapsed
    stop = EntryStop(halt.client(), halt.bot.name, halt.lock_reason, halt.clock, halt.order.deadline)
    result = stop.run(lambda: bool(halt.alive()), is_proven_or_stuck if halt.bot.is_live else is_proven)
    row.acknowledged_s = plus(offset, result.acknowledged)
    unproven: list[str] = []
    if halt.bot.is_live and not ended(halt, stop, running):
        unproven = _ask_exchange(halt, stop, talk) if talk is not None and result.at_rest else [NOT_ASKED]
    halt.note_entries(result)
    if ended(halt, stop, running):
        row.acknowledged_s = None
        _without_process(halt, talk)
        return
    missing = result.missing + second_container(halt.alive())
    row.acknowledged_s = plus(offset, result.acknowledged)
    row.proven_s = None if missing else plus(offset, result.proven)
    row.detail += missing + unproven
    row.verdict = verdict(row, missing)
    if unproven:
        on_exchange.unprove(halt)


def _ask_exchange(halt: BotHalt, stop: EntryStop, talk: witness.Witness) -> list[str]:
    """Ask the exchange of a bot at rest, cancel there what the bot does not, and read the bot once more.

    A bot that was not at rest before and after could have placed an order meanwhile: its exchange is then asked again.

    Returns:
        The reasons why the exchange does not prove that no entry order is left, a line each.
    """
    cancelled: list[str] = []
    for _ in range(LOOKS):
        before = is_proven(stop.result)
        try:
            look = on_exchange.without_entries(halt, talk)
        except FreqopsError as error:
            _at_rest_still(halt, stop, changed=False)
            halt.row.detail += cancelled
            return [f"EXCHANGE NOT PROVEN: {error}"]
        cancelled += look.cancelled
        stop.cancelled_elsewhere = not look.judgement.entries
        after = _at_rest_still(halt, stop, changed=bool(look.cancelled))
        if (before and after) or not is_proven(stop.result):
            break
    on_exchange.note(halt, replace(look, cancelled=cancelled))
    restless = is_proven(stop.result) and not (before and after)
    return [*look.left, RESTLESS] if restless else look.left


def _at_rest_still(halt: BotHalt, stop: EntryStop, *, changed: bool) -> bool:
    """Read the bot once more, until it is proven again, and return whether it was so at the first reading.

    Args:
        halt: The halt.
        stop: The reader of the bot.
        changed: Whether its loop must come round to take in what was cancelled.
    """
    stop.once_more(changed=changed)
    stop.step()
    if is_proven(stop.result):
        return True
    stop.run(lambda: bool(halt.alive()))
    return False


def ended(halt: BotHalt, stop: EntryStop, running: list[Process]) -> bool:
    """Whether what was ``running`` has ended, and what the engine began since, if anything, has not said its state."""
    return stop.result.gone or not (stop.heard or halt.any_left(running))


def _without_process(halt: BotHalt, talk: witness.Witness | None = None) -> None:
    at_rest(halt)
    if halt.bot.is_live:
        on_exchange.prove_no_entries(halt, talk)


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


def second_container(running: list[Process]) -> list[str]:
    """Say when a bot runs twice, in two containers or in one: only one of them answers on its port."""
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
    """Return the verdict in words."""
    if row.proven_s is not None:
        return "HALTED, PROVEN" if row.latched else "HALTED, NOT SAVED"
    if row.acknowledged_s is None:
        return "NOT PROVEN"
    if all(text.startswith(LAST_LOOP) for text in missing):
        return "HALTED, LAST LOOP NOT PROVEN"
    return "HALTED, NOT PROVEN"
