"""Level 2 on one bot: entries stopped, every trade exited, and the exchange itself asked whether anything is left."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from freqops.core.base import durable
from freqops.core.base.errors import FreqopsError
from freqops.core.exchange import account
from freqops.core.halt import holds
from freqops.core.halt.entry_stop import POLL, EntryStop
from freqops.core.halt.exits import Exits
from freqops.core.halt.time_limits import EXCHANGE_SECONDS

from ..exchange import witness
from . import level_1, level_3, on_exchange
from .bot_halt import BotHalt

WAY = "the way: level 3, then flatten.yml, which closes on the exchange what the bot does not"
AGAIN = "when the cause is gone, level 2 again finishes it; else level 3, then flatten.yml"
UNKNOWN = "orders stand in no record: level 3, then reconcile.yml, then flatten.yml" + account.DECLARE
STOPPED = "its trader is stopped and does not exit; it is not started to do so; " + WAY


def act(halt: BotHalt) -> None:
    """Exit every trade, going on past those that fail, and prove that nothing is left."""
    running = halt.alive()
    with ExitStack() as stack:
        if halt.row.level >= holds.HARD:
            left = level_3.act(halt)
            open_trades = None if left() else _records(halt, stack)
            if left():
                open_trades = None
                level_3.unprove(halt, left())
        elif not running:
            open_trades = _at_rest(halt, stack)
        else:
            talk = on_exchange.begun(halt, stack) if halt.bot.is_live else None
            stop = EntryStop(halt.client(), halt.bot.name, halt.lock_reason, halt.clock, halt.seconds)
            open_trades = _exit_all(halt, stop)
            if level_1.ended(halt, stop, running):
                open_trades = _at_rest(halt, stack, talk)
            elif talk is not None:
                _ask_exchange(halt, talk, open_trades, cancels=stop.result.at_rest)
                open_trades = _read_last(halt, stop, open_trades)
            elif halt.bot.is_live:
                halt.row.proven_s = None
        _judge(halt, open_trades)


def _at_rest(halt: BotHalt, stack: ExitStack, talk: witness.Witness | None = None) -> list[str] | None:
    """Judge a bot whose process has ended, and return the trades that are open by its records."""
    level_1.at_rest(halt)
    return _records(halt, stack, talk)


def _exit_all(halt: BotHalt, stop: EntryStop) -> list[str] | None:
    """Stop entries and force exits until nothing is open, and return what still is, None where it is not known."""
    offset = halt.elapsed - stop.elapsed
    exits = Exits(halt.client(), halt.clock)
    with ExitStack() as alone:
        mine = False
        while True:
            stop.step()
            trades = stop.result.trades if stop.answered else None
            if trades is not None and stop.result.paused:
                mine = mine or _only_one(halt, alone)
                _round(exits, trades, mine=mine)
            if _over(halt, stop, trades):
                break
            halt.clock.sleep(POLL)
        if stop.elapsed >= halt.seconds:
            stop.step()  # what was asked last must be seen before anything is said of it
    return _taken_in(halt, stop, exits, offset)


def _only_one(halt: BotHalt, kept: ExitStack) -> bool:
    """Try once to become the only command that exits this bot's trades, and stay it until ``kept`` ends.

    A try that fails leaves nothing open: a second command may try for minutes.
    """
    with ExitStack() as attempt:
        if not attempt.enter_context(durable.locked(halt.bot.home / ".exits.lock", 0, halt.clock)):
            return False
        kept.enter_context(attempt.pop_all())
        return True


def _round(exits: Exits, trades: list[dict[str, Any]], *, mine: bool) -> None:
    """Ask what is open to exit, unless another command is at it already: two exits of one trade would be two sales."""
    if mine:
        exits.round(trades)
    else:
        exits.seen(trades)


def _over(halt: BotHalt, stop: EntryStop, trades: list[dict[str, Any]] | None) -> bool:
    """Whether there is nothing left to do, or to wait for."""
    if stop.elapsed >= halt.seconds:
        return True
    if trades is None:
        stop.result.gone = not stop.answered and not halt.alive()
        return stop.result.gone
    if stop.result.resting and trades:
        return True
    return not trades and not stop.result.missing


def _taken_in(halt: BotHalt, stop: EntryStop, exits: Exits, offset: float) -> list[str] | None:
    row, result = halt.row, stop.result
    trades = result.trades if stop.answered else None
    if trades is None:
        result.trades = None
    else:
        exits.seen(trades)
    halt.note_entries(result)
    row.closed = exits.closed
    row.acted = row.acted or exits.asked or bool(exits.closed)
    missing = result.missing + level_1.second_container(halt.alive())
    row.detail += missing
    row.acknowledged_s = level_1.plus(offset, result.acknowledged)
    if stop.answered and not missing:
        row.proven_s = halt.elapsed
    if trades is None:
        return None
    left = exits.open(trades)
    return [*left, STOPPED] if left and result.resting else left


def _records(halt: BotHalt, stack: ExitStack, talk: witness.Witness | None = None) -> list[str] | None:
    """Return the trades that are open by the bot's own records, and, with real orders, ask the exchange, too."""
    talk = talk or stack.enter_context(on_exchange.conversation(halt))
    deadline = talk.ready() + EXCHANGE_SECONDS
    try:
        records = talk.ask("records", deadline, since=witness.since_hold(halt.bot))
    except FreqopsError as error:
        halt.row.detail.append(f"its records were not read: {error}")
        return None
    left = [
        f"trade {trade['id']} {trade['pair']} {trade['amount']}: open in its records, and no process exits it"
        for trade in records["trades"]
        if trade["is_open"]
    ]
    if halt.bot.is_live:
        _ask_exchange(halt, talk, left, cancels=True)
    return left


def _ask_exchange(halt: BotHalt, talk: witness.Witness, open_trades: list[str] | None, *, cancels: bool) -> None:
    """Ask the exchange whether the bot is flat, and take the proof back where it is not, or does not say so."""
    remaining = halt.seconds - halt.elapsed if open_trades == [] else 0.0
    deadline = talk.ready() + max(remaining, EXCHANGE_SECONDS)
    row = halt.row
    try:
        look = on_exchange.flatness(halt, talk, deadline, patient=open_trades == [], cancels=cancels)
    except FreqopsError as error:
        row.proven_s = None
        row.detail.append(f"EXCHANGE NOT PROVEN: {error}")
        return
    judgement = look.judgement
    on_exchange.note(halt, look)
    row.detail += judgement.unknown
    if not open_trades:  # what the bot itself did not say, or denied
        row.detail += judgement.in_records
    row.proven_s = halt.elapsed if judgement.flat and row.proven_s is not None else None


def _read_last(halt: BotHalt, stop: EntryStop, open_trades: list[str] | None) -> list[str] | None:
    """Read a flat bot once more, after the answer of its exchange, and return the trades that are open then."""
    row = halt.row
    if open_trades != [] or row.proven_s is None:
        return open_trades
    stop.step()
    trades = stop.result.trades if stop.answered else None
    row.state = stop.result.state or "no answer"
    row.positions = None
    halt.note_trades(trades)
    row.detail += stop.result.missing
    row.proven_s = halt.elapsed if trades == [] and not stop.result.missing else None
    if trades is None:
        return None
    return [f"trade {trade['trade_id']} {trade['pair']}: it came while the exchange was asked" for trade in trades]


def _judge(halt: BotHalt, open_trades: list[str] | None) -> None:
    row = halt.row
    row.detail += open_trades or []
    if open_trades is None:
        row.detail.append("whether it has trades open is not known")
    if row.proven_s is not None and open_trades == []:
        row.verdict = halt.halted("FLAT, PROVEN", otherwise="FLAT, NOT SAVED")
        return
    row.proven_s = None
    if open_trades or _positions(row.exchange):
        row.verdict = "NOT FLAT"
    else:
        row.verdict = "FLAT NOT PROVEN" if row.acknowledged_s is not None else "NOT PROVEN"
    if row.exchange is not None and row.exchange["unknown"]:
        row.detail.append(UNKNOWN)
    elif STOPPED not in row.detail:
        row.detail.append(AGAIN if open_trades and halt.alive() else WAY)


def _positions(exchange: dict[str, Any] | None) -> bool:
    return exchange is not None and any(holding["kind"] == "position" for holding in exchange["holdings"])
