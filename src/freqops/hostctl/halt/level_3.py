"""Level 3 on one bot: no Freqtrade process, and, with real orders, no entry of the bot's on the exchange.

The name of a process does not count: every process that was there when the hold was latched is ended. A later one is
believed to be a waiting start gate only as the first process of a container; see `freqops.core.bot.processes.left`. The
exchange is asked when no process is left, and the processes are looked at once more after that: a gate that only begins
then, because somebody makes the container anew, gets the time to say that it waits.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Callable

from freqops.core.base.errors import FreqopsError
from freqops.core.bot import layout, processes
from freqops.core.bot.processes import Process
from freqops.core.halt.entry_stop import EntryStop, is_proven

from ..bot import hard_stop
from ..bot.engine import Engine
from ..bot.siblings import Sibling
from . import on_exchange
from .bot_halt import BotHalt

SOFT_SECONDS = 3.0
ENGINE_SECONDS = 3.0
GATE_SECONDS = 5.0  # in which a gate has begun, and either waits or has gone on to what it was to start
POLL = 0.1
GATE = "one that begins at the start gate executes no Freqtrade"


def act(halt: BotHalt) -> Callable[[], list[Process]]:
    """Stop Freqtrade and prove that it is gone; then look after what rests on the exchange.

    Returns:
        A function that returns the processes that are left at the time of its call.
    """
    left = _left(halt)
    settled = partial(_settled, halt, left)
    if halt.alive():
        _soft_phase(halt)
    offset = halt.elapsed
    others = Others(halt.bot, halt.engine)
    stopping = threading.Thread(target=others.stop, daemon=True)  # an engine that hangs delays no kill
    stopping.start()
    stop = hard_stop.HardStop(halt.bot.container, left, halt.engine, halt.clock)
    result = stop.run(halt.seconds - offset)
    stopping.join(ENGINE_SECONDS)
    row = halt.row
    row.detail += [*result.notes, *others.notes]
    row.acted = row.acted or bool(result.killed) or others.acted
    if result.killed:
        row.detail.append(f"killed directly: {', '.join(str(pid) for pid in result.killed)}")
    if result.gone is None:
        row.verdict = "NOT PROVEN"
        return settled
    row.state = "no process"
    row.acknowledged_s = row.proven_s = offset + result.gone
    row.verdict = halt.halted("HALTED, PROVEN")
    if halt.bot.is_live:
        on_exchange.prove_no_entries(halt)
    _read_last(halt, settled(), others.left)
    return settled


def _left(halt: BotHalt) -> Callable[[], list[Process]]:
    """Return a function for the processes that are to be ended; a gate is believed only under a hold on the disk."""
    before = frozenset(process.pid for process in halt.living())
    return lambda: processes.left(halt.living(), before) if halt.row.latched else halt.living()


def _settled(halt: BotHalt, left: Callable[[], list[Process]]) -> list[Process]:
    """Return the processes that are left when no gate is among them that only begins, or the time for that is up."""
    give_up = halt.clock.monotonic() + GATE_SECONDS
    present = left()
    while present and all(process.is_gate for process in present) and halt.clock.monotonic() < give_up:
        halt.clock.sleep(POLL)
        present = left()
    return present


def _read_last(halt: BotHalt, present: list[Process], others: list[str]) -> None:
    """Take the proof back where a process lives, or will: it can place what the exchange was asked about."""
    row = halt.row
    if present:
        unprove(halt, present)
    elif others:
        row.detail += others
        row.verdict = halt.halted("HALTED, NOT PROVEN") if row.proven_s is not None else row.verdict
        row.proven_s = None
    elif row.proven_s is not None:
        row.proven_s = halt.elapsed


def unprove(halt: BotHalt, present: list[Process]) -> None:
    """Take everything back: there are processes when all else was read."""
    row = halt.row
    processes_now = "; ".join(f"{process.pid} {process.command}" for process in present)
    row.detail.append(f"it lives again, when everything else was read: {processes_now}; halt again")
    row.verdict, row.state, row.acknowledged_s, row.proven_s = "NOT PROVEN", "no answer", None, None


@dataclass
class Others:
    """The containers of a bot beside the declared one: one that waits for its restart has no process, and gets one.

    Attributes:
        bot: The bot.
        engine: The container engine.
        notes: The acts, or the questions that the engine did not answer, a line each.
        left: The containers that run, or come back by themselves, although the engine was told to stop them.
        acted: Whether anything was changed.
    """

    bot: layout.Bot
    engine: Engine
    notes: list[str] = field(
        default_factory=lambda: [f"the engine did not say in time what other containers of it there are; {GATE}"]
    )
    left: list[str] = field(default_factory=list)
    acted: bool = False

    def stop(self) -> None:
        """Stop them, have the engine start none of them by itself, and ask again where there were any."""
        try:
            found = self._found()
            said = [self._stopped(other) for other in found]
            self.left = [
                f"another container of it is {other.status} (restart policy {other.policy or 'no'}): {other.name}"
                for other in (self._found() if found else [])
            ]
            self.notes = said
        except (FreqopsError, OSError, ValueError, LookupError) as error:
            self.notes = [f"what other containers of it there are is not known: {error}; {GATE}"]

    def _found(self) -> list[Sibling]:
        found = self.engine.siblings(self.bot.container, self.bot.conf)
        return [other for other in found if other.runs or other.comes_back]

    def _stopped(self, other: Sibling) -> str:
        """Stop a container, and return what the engine said; whether it was, the next question tells.

        It is stopped first: the engine changes no restart policy of a container that waits for its restart.
        """
        self.acted = True
        stop = partial(self.engine.stop, other.id, hard_stop.GRACE)
        keep = partial(self.engine.restart_policy, other.id, "no")
        failed = []
        for act in [stop] * other.runs + [keep] * other.comes_back:
            try:
                act()
            except FreqopsError as error:
                failed.append(str(error))
        if failed:
            return f"another container of it was not stopped: {other.name}: {'; '.join(failed)}"
        return f"another container of it was stopped: {other.name}, which was {other.status}"


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
