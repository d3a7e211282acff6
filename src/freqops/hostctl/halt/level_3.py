"""Level 3 on one bot: no Freqtrade process, and, with real orders, no entry of the bot's on the exchange."""

from __future__ import annotations

import threading

from freqops.core.base.errors import FreqopsError
from freqops.core.halt.entry_stop import EntryStop, is_proven

from ..bot import hard_stop
from . import on_exchange
from .bot_halt import BotHalt

SOFT_SECONDS = 3.0


def act(halt: BotHalt) -> None:
    """Stop Freqtrade and prove that it is gone; then look after what rests on the exchange."""
    if halt.alive():
        _soft_phase(halt)
    offset = halt.elapsed
    stop = hard_stop.HardStop(halt.bot.container, halt.alive, halt.engine, halt.clock)
    result = stop.run((halt.order.deadline or halt.order.seconds) - offset)
    row = halt.row
    row.detail += result.notes
    row.acted = row.acted or bool(result.killed)
    if result.killed:
        row.detail.append(f"killed directly: {', '.join(str(pid) for pid in result.killed)}")
    if result.gone is None:
        row.verdict = "NOT PROVEN"
        return
    row.state = "no process"
    row.acknowledged_s = row.proven_s = offset + result.gone
    row.verdict = halt.halted("HALTED, PROVEN")
    if halt.bot.is_live:
        on_exchange.prove_no_entries(halt)


def _soft_phase(halt: BotHalt) -> None:
    """Pause and cancel entries for at most three seconds: what rests on an exchange outlives the process."""
    row = halt.row
    row.acted = True
    try:
        stop = EntryStop(halt.client(), halt.bot.name, halt.lock_reason, halt.clock, SOFT_SECONDS)
    except FreqopsError as error:
        row.detail.append(str(error))
        return
    enough = (lambda: bool(halt.alive()), lambda result: result.acknowledged is not None or is_proven(result))
    worker = threading.Thread(target=stop.run, args=enough, daemon=True)  # nothing it meets may delay the hard stop
    worker.start()
    worker.join(SOFT_SECONDS)
    halt.note_entries(stop.result)
    if stop.result.trades is None:
        row.detail.append("open positions are unknown: the API gave no answer")
