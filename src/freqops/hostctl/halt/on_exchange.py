"""The questions that procedures ask the exchange witness: is the bot flat, do its records agree, which orders rest."""

from __future__ import annotations

from typing import Any

from freqops.core.base.errors import FreqopsError
from freqops.core.exchange import account
from freqops.core.exchange.positions import protected

from ..exchange import witness
from .bot_halt import BotHalt

SECONDS = 20.0
LOOKS = 3


def note(halt: BotHalt, judgement: account.Judgement) -> None:
    """Take the judgement into the row: positions with their protection, other orders, and remarks."""
    halt.row.exchange = judgement.to_json()
    for holding in judgement.holdings:
        if holding.kind == "position":
            stop = protected(holding, judgement.others)
            halt.row.detail.append(f"on the exchange: {account.describe(holding)}, {stop}")
    shown = {holding.pair for holding in judgement.holdings if holding.kind == "position"}  # with their stops
    present = judgement.entries + judgement.others
    orders = [order for order in present if order["stop_price"] is None or order["pair"] not in shown]
    halt.row.detail += [f"on the exchange: open order {account.order_text(order)}" for order in orders]
    halt.row.detail += [f"on the exchange: {remark}" for remark in judgement.remarks]


def flatness(halt: BotHalt, talk: witness.Witness, deadline: float, *, patient: bool) -> account.Judgement:
    """Ask until the account is flat, a few times at most, and return the last judgement.

    Args:
        halt: The halt of the bot.
        talk: The conversation with its exchange.
        deadline: When to give up on questions that are not answered, by the clock.
        patient: Whether to ask again while it is not flat: what was sold a moment ago is booked a moment later.

    Raises:
        Unanswered: Something that must be known was not answered.
    """
    since = witness.since_hold(halt.bot)
    looks = LOOKS if patient else 1
    while True:
        looks -= 1
        judgement = talk.judge(since, deadline)
        if judgement.flat or looks <= 0:
            return judgement
        halt.clock.sleep(1.0)


def prove_no_entries(halt: BotHalt) -> None:
    """Cancel the entry orders that outlived a bot, and take its proof back where that could not be read back."""
    row = halt.row
    proven, verdict = row.proven_s is not None, row.verdict
    row.proven_s = None
    if proven:
        row.verdict = "HALTED, EXCHANGE NOT PROVEN"
    try:
        left = without_entries(halt)
    except FreqopsError as error:
        row.detail.append(f"EXCHANGE NOT PROVEN: {error}")
        return
    row.detail += left
    if proven and not left:
        row.proven_s, row.verdict = halt.elapsed, verdict


def without_entries(halt: BotHalt) -> list[str]:
    """Cancel the bot's entry orders on the exchange and read back that none is left.

    Returns:
        What rests there that should not, or cannot be explained: a line each; empty where there is nothing.

    Raises:
        Unanswered: Something that must be known was not answered.
    """
    with witness.conversation(halt.bot, halt.journal, halt.clock, halt.engine) as talk:
        deadline = talk.ready() + SECONDS
        judgement = talk.judge(witness.since_hold(halt.bot), deadline)
        refused = _cancel(halt, talk, judgement.entries, deadline)
        if judgement.entries:
            judgement = talk.judge(witness.since_hold(halt.bot), deadline)
        note(halt, judgement)
        left = [f"an entry order rests on the exchange: {account.order_text(order)}" for order in judgement.entries]
        halt.row.detail += refused  # one that filled meanwhile does not rest, and is a position now
        return left + judgement.unknown


def _cancel(halt: BotHalt, talk: witness.Witness, orders: list[dict[str, Any]], deadline: float) -> list[str]:
    refused = []
    for order in orders:
        halt.row.acted = True
        try:
            talk.once("cancel", deadline, pair=order["pair"], order_id=order["id"])
        except FreqopsError as error:
            refused.append(f"{account.order_text(order)} was not cancelled: {error}")
        else:
            halt.row.detail.append(f"entry order cancelled on the exchange: {account.order_text(order)}")
    return refused
