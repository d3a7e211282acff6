"""What procedures ask of the exchange witness: is the bot flat, do its records agree, which of its orders rest."""

from __future__ import annotations

from typing import Any

from freqops.core.base.errors import FreqopsError
from freqops.core.exchange import account
from freqops.core.exchange.positions import protected

from ..exchange import witness
from .case import Case

SECONDS = 20.0
LOOKS = 3


def note(case: Case, judgement: account.Judgement) -> None:
    """Take what the exchange says into the row: positions with what protects them, other orders, and remarks."""
    case.row.exchange = judgement.to_json()
    for holding in judgement.holdings:
        if holding.kind == "position":
            stop = protected(holding, judgement.others)
            case.row.detail.append(f"on the exchange: {account.describe(holding)}, {stop}")
    shown = {holding.pair for holding in judgement.holdings if holding.kind == "position"}  # with their stops
    present = judgement.entries + judgement.others
    orders = [order for order in present if order["stop_price"] is None or order["pair"] not in shown]
    case.row.detail += [f"on the exchange: open order {account.order_text(order)}" for order in orders]
    case.row.detail += [f"on the exchange: {remark}" for remark in judgement.remarks]


def flatness(case: Case, talk: witness.Witness, deadline: float, *, patient: bool) -> account.Judgement:
    """Ask until the account is flat, a few times at most, and return the last judgement.

    Args:
        case: The bot.
        talk: The conversation with its exchange.
        deadline: When to give up on questions that are not answered, by the clock.
        patient: Whether to ask again while it is not flat: what was sold a moment ago is booked a moment later.

    Raises:
        Unanswered: Something that must be known was not answered.
    """
    since = witness.since_hold(case.bot)
    looks = LOOKS if patient else 1
    while True:
        looks -= 1
        judgement = talk.judge(since, deadline)
        if judgement.flat or looks <= 0:
            return judgement
        case.clock.sleep(1.0)


def prove_no_entries(case: Case) -> None:
    """Cancel the entry orders that outlived a bot, and take its proof back where that could not be read back."""
    row = case.row
    proven, verdict = row.proven_s is not None, row.verdict
    row.proven_s = None
    if proven:
        row.verdict = "HALTED, EXCHANGE NOT PROVEN"
    try:
        left = without_entries(case)
    except FreqopsError as error:
        row.detail.append(f"EXCHANGE NOT PROVEN: {error}")
        return
    row.detail += left
    if proven and not left:
        row.proven_s, row.verdict = case.elapsed, verdict


def without_entries(case: Case) -> list[str]:
    """Cancel the bot's entry orders on the exchange and read back that none is left.

    Returns:
        What rests there that should not, or cannot be explained: a line each; empty where there is nothing.

    Raises:
        Unanswered: Something that must be known was not answered.
    """
    with witness.conversation(case.bot, case.journal, case.clock, case.engine) as talk:
        deadline = talk.ready() + SECONDS
        judgement = talk.judge(witness.since_hold(case.bot), deadline)
        refused = _cancel(case, talk, judgement.entries, deadline)
        if judgement.entries:
            judgement = talk.judge(witness.since_hold(case.bot), deadline)
        note(case, judgement)
        left = [f"an entry order rests on the exchange: {account.order_text(order)}" for order in judgement.entries]
        case.row.detail += refused  # one that filled meanwhile does not rest, and is a position now
        return left + judgement.unknown


def _cancel(case: Case, talk: witness.Witness, orders: list[dict[str, Any]], deadline: float) -> list[str]:
    refused = []
    for order in orders:
        case.row.acted = True
        try:
            talk.once("cancel", deadline, pair=order["pair"], order_id=order["id"])
        except FreqopsError as error:
            refused.append(f"{account.order_text(order)} was not cancelled: {error}")
        else:
            case.row.detail.append(f"entry order cancelled on the exchange: {account.order_text(order)}")
    return refused
