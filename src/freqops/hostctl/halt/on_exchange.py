"""The questions that procedures ask the exchange witness: is the bot flat, do its records agree, which orders rest."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.bot.layout import Home
from freqops.core.exchange import account
from freqops.core.exchange.positions import protected
from freqops.core.halt import moved
from freqops.core.halt.time_limits import EXCHANGE_SECONDS

from ..exchange import witness
from .bot_halt import BotHalt

LOOKS = 3


@dataclass
class Look:
    """A look at a bot's exchange: its findings and its acts.

    Attributes:
        judgement: The judgement of the last answers.
        cancelled: The entry orders that were cancelled, a line each.
        refused: The entry orders that were not cancelled, a line each with the answer.
    """

    judgement: account.Judgement
    cancelled: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def left(self) -> list[str]:
        """The entry orders that rest there, and the orders and fills that cannot be explained, a line each."""
        entries = self.judgement.entries
        left = [f"an entry order rests on the exchange: {account.order_text(order)}" for order in entries]
        return left + self.judgement.unknown


def conversation(halt: BotHalt) -> AbstractContextManager[witness.Witness]:
    """Open a conversation with the bot's exchange, without waiting for it.

    Raises:
        Refused: The bot moved to another host, and its account with it.
    """
    gone = _elsewhere(halt)
    if gone:
        raise Refused(gone)
    return witness.conversation(halt.bot, halt.journal, halt.clock, halt.engine)


def _elsewhere(halt: BotHalt) -> str:
    return moved.elsewhere(Home(halt.bot.home).root, halt.bot.name)


def begun(halt: BotHalt, stack: ExitStack) -> witness.Witness | None:
    """Open that conversation beside everything else; an error of it keeps no bot from being paused."""
    try:
        return stack.enter_context(conversation(halt))
    except (FreqopsError, OSError, RuntimeError) as error:
        halt.row.detail.append(f"EXCHANGE NOT PROVEN: {error}")
        return None


def note(halt: BotHalt, look: Look) -> None:
    """Take a look into the row: acts, positions with their protection, other orders, and remarks."""
    row, judgement = halt.row, look.judgement
    row.exchange = judgement.to_json()
    row.detail += look.cancelled + look.refused
    for holding in judgement.holdings:
        if holding.kind == "position":
            stop = protected(holding, judgement.others)
            row.detail.append(f"on the exchange: {account.describe(holding)}, {stop}")
    shown = {holding.pair for holding in judgement.holdings if holding.kind == "position"}  # with their stops
    present = judgement.entries + judgement.others
    orders = [order for order in present if order["stop_price"] is None or order["pair"] not in shown]
    row.detail += [f"on the exchange: open order {account.order_text(order)}" for order in orders]
    row.detail += [f"on the exchange: {remark}" for remark in judgement.remarks]
    row.detail += judgement.unexitable


def flatness(halt: BotHalt, talk: witness.Witness, deadline: float, *, patient: bool, cancels: bool) -> Look:
    """Ask until the account is flat, a few times at most, and return the last look.

    Args:
        halt: The halt.
        talk: The conversation with its exchange.
        deadline: When to give up on questions that are not answered, by the clock.
        patient: Whether to ask again while it is not flat: a sale is booked a moment later.
        cancels: Whether to cancel the entry orders that rest: the bot must be unable to place the next one.

    Raises:
        Unanswered: Something that must be known was not answered.
    """
    looks = LOOKS if patient else 1
    while True:
        looks -= 1
        look = _look(halt, talk, deadline, cancels=cancels)
        if look.judgement.flat or looks <= 0:
            return look
        halt.clock.sleep(1.0)


def prove_no_entries(halt: BotHalt, talk: witness.Witness | None = None) -> None:
    """Cancel the entry orders that outlived a bot, and take its proof back where that could not be read back.

    Args:
        halt: The halt.
        talk: A conversation that has begun already, if any.
    """
    row = halt.row
    gone = _elsewhere(halt)
    if gone:
        row.detail.append(f"{gone}; its exchange is not asked from here")
        return
    proven, verdict = row.proven_s is not None, row.verdict
    row.proven_s = None
    if proven:
        row.verdict = "HALTED, EXCHANGE NOT PROVEN"
    with ExitStack() as stack:
        try:
            look = without_entries(halt, talk or stack.enter_context(conversation(halt)))
        except FreqopsError as error:
            row.detail.append(f"EXCHANGE NOT PROVEN: {error}")
            return
    note(halt, look)
    row.detail += look.left
    if proven and not look.left:
        row.proven_s, row.verdict = halt.elapsed, verdict


def unprove(halt: BotHalt) -> None:
    """Take the proof of a halted bot back, for its exchange does not prove it."""
    if halt.row.proven_s is not None:
        halt.row.verdict, halt.row.proven_s = "HALTED, EXCHANGE NOT PROVEN", None


def without_entries(halt: BotHalt, talk: witness.Witness) -> Look:
    """Cancel the bot's entry orders on the exchange and read back what is left.

    Raises:
        Unanswered: Something that must be known was not answered.
    """
    return _look(halt, talk, talk.ready() + EXCHANGE_SECONDS, cancels=True)


def _look(halt: BotHalt, talk: witness.Witness, deadline: float, *, cancels: bool) -> Look:
    since = witness.since_hold(halt.bot)
    judgement = talk.judge(since, deadline)
    if not cancels or not judgement.entries:
        return Look(judgement)
    stuck = judgement.unexitable  # what rests no more, the bot may not have taken in yet
    cancelled, refused = _cancel(halt, talk, judgement.entries, deadline)
    judgement = talk.judge(since, deadline)
    return Look(replace(judgement, unexitable=stuck or judgement.unexitable), cancelled, refused)


def _cancel(
    halt: BotHalt, talk: witness.Witness, orders: list[dict[str, Any]], deadline: float
) -> tuple[list[str], list[str]]:
    """Cancel orders, and return the cancelled ones and the others; one that filled meanwhile is a position now."""
    cancelled, refused = [], []
    for order in orders:
        halt.row.acted = True
        try:
            talk.once("cancel", deadline, pair=order["pair"], order_id=order["id"])
        except FreqopsError as error:
            refused.append(f"{account.order_text(order)} was not cancelled: {error}")
        else:
            cancelled.append(f"entry order cancelled on the exchange: {account.order_text(order)}")
    return cancelled, refused
