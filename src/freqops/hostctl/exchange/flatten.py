"""``freqops-host flatten``: the bot's coins and orders, as the witness shows them, closed on the exchange itself.

The last way out, for a bot whose Freqtrade is gone. It acts only at level 3 and while no process of the bot lives, so
that no other command sells the same coins; the bot's lock keeps it that way until it is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.next_step import HALT, RESUME, NextStep, RefusedUntil
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.exchange import account, sales
from freqops.core.halt import holds, moved, way_out

from ..bot import processes_and_api
from ..bot.engine import Engine
from ..bot.start import LOCK_SECONDS
from ..incident.journal import Journal
from . import witness
from .sales_journal import SalesJournal

DEADLINE = 90.0
PAUSE = 1.0
LOOKS = 3  # an order that the exchange does not know so many times, a second apart, never arrived


@dataclass
class Flattened(Outcome):
    """The outcome of a flatten: proven where the exchange says that nothing of the bot's is left on its account.

    Attributes:
        sold: The orders that were placed, as the exchange confirmed them.
        cancelled: The orders that were taken away, a line each.
        left: Everything that is still there, or was not sold, and why.
        exchange: The last judgement.
    """

    sold: list[dict[str, Any]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    exchange: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it stands in the answer."""
        return {**super().to_json(), "flat": self.proven}


def refuse_unless_dead(bot: layout.Bot, incident: str, what: str) -> None:
    """Refuse to touch the account or the records of a bot that could be touching them itself.

    Raises:
        Refused: It moved to another host, trades on paper, is not held at level 3, no hold of ``incident`` is in force,
            or a process of it lives.
        HoldsUnreadable: It is not known what holds it; a halt replaces what cannot be read.
    """
    gone = moved.elsewhere(Home(bot.home).root, bot.name)
    if gone:
        raise Refused(f"nothing of {bot.name} is there to {what}: {gone}")
    if not bot.is_live:
        text = f"{bot.name} trades on paper: it has nothing on an exchange to {what}"
        raise RefusedUntil(text, *_resume(bot))
    if holds.effective_level(bot.holds) < holds.HARD:
        text = f"{bot.name} is not held at level 3, so it could be started meanwhile: halt it at level 3 first"
        raise RefusedUntil(text, NextStep(HALT))
    way_out.under(holds.load(bot.holds), incident)
    living = processes_and_api.alive(bot)
    if living:
        text = f"process {living[0].pid} of {bot.name} lives ({living[0].command}): halt it at level 3 first"
        raise RefusedUntil(text, NextStep(HALT))


def _resume(bot: layout.Bot) -> list[NextStep]:
    """Return what is due for a bot of which nothing is to be sold."""
    try:
        return way_out.of_holds(holds.load(bot.holds), RESUME)
    except holds.HoldsUnreadable as error:
        return list(way_out.of_error(error))


def flatten(bot: layout.Bot, incident: str, journal: Journal, clock: Clock, engine: Engine) -> Flattened:
    """Cancel the bot's orders, sell what is its own, and read back that nothing is left.

    Raises:
        Refused: It is not safe to do; see `refuse_unless_dead`.
        NotProven: The act is not known.
    """
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        refuse_unless_dead(bot, incident, "sell")
        with witness.conversation(bot, journal, clock, engine) as talk:
            return _Flattening(bot, incident, talk, clock).run()


class _Flattening:
    def __init__(self, bot: layout.Bot, incident: str, talk: witness.Witness, clock: Clock) -> None:
        self._bot, self._talk, self._clock = bot, talk, clock
        self._deadline = clock.monotonic() + DEADLINE
        self._sales = SalesJournal(bot, incident, clock)
        self._result = Flattened(bot.name)
        self._refused: dict[str, str] = {}

    def run(self) -> Flattened:
        """Go round until the account is flat, or nothing more can be done."""
        since = witness.since_hold(self._bot)
        for order in self._sales.unfinished:
            self._find(order)
        while True:
            view = self._talk.view(since, self._deadline)
            judgement = self._talk.judge_view(view)
            ours = frozenset(str(order["id"]) for order in self._sales.orders if order["id"] is not None)
            wanted, kept = sales.sales(view, judgement, ours, self._bot.foreign_orders)
            if judgement.account_flat or not self._act(judgement, wanted) or self._clock.monotonic() >= self._deadline:
                return self._finished(judgement, kept)
            self._clock.sleep(PAUSE)

    def _act(self, judgement: account.Judgement, wanted: list[sales.Sale]) -> bool:
        """Take the bot's orders away, or, where none is left, sell; return whether there was anything to try."""
        orders = judgement.entries + judgement.others
        if orders:
            for order in orders:
                self._cancel(order)
            return True
        for sale in wanted:
            self._sell(sale)
        return bool(wanted)

    def _cancel(self, order: dict[str, Any]) -> None:
        text = account.order_text(order)
        try:
            self._talk.once("cancel", self._deadline, pair=order["pair"], order_id=order["id"])
        except FreqopsError as error:  # it may have been filled meanwhile: the next look says
            self._refused[text] = f"{text} was not cancelled: {error}"
        else:
            self._refused.pop(text, None)
            self._result.cancelled.append(text)

    def _sell(self, sale: sales.Sale) -> None:
        order = self._sales.intend(sale)
        try:
            answer = self._talk.once(
                "sell", self._deadline, pair=sale.pair, amount=order["amount"], client_id=order["client_id"]
            )
        except FreqopsError as error:  # whatever it says, what counts is whether the exchange has the order
            self._refused[sale.pair] = f"{sale.amount} {sale.pair} was not sold: {error}"
            self._find(order, 1 if isinstance(error, witness.Rejected) else LOOKS)
        else:
            self._refused.pop(sale.pair, None)
            self._sales.placed(order, answer)
            self._result.sold.append(dict(order))

    def _find(self, order: dict[str, Any], looks: int = LOOKS) -> None:
        """Ask for the result of an order whose answer was lost; it is sent again only when it never arrived.

        Raises:
            NotProven: The exchange does not say.
        """
        try:
            for _ in range(looks):
                found = self._talk.ask("order", self._deadline, pair=order["pair"], client_id=order["client_id"])
                if found is not None:
                    self._refused.pop(order["pair"], None)
                    self._sales.placed(order, found)
                    self._result.sold.append(dict(order))
                    return
                self._clock.sleep(PAUSE)
        except FreqopsError as error:
            name = f"order {order['client_id']} {order['pair']}"
            raise NotProven(f"the result of {name} is not known: {error}") from None
        self._sales.failed(order, "the exchange does not know it: it never arrived")

    def _finished(self, judgement: account.Judgement, kept: list[str]) -> Flattened:
        result = self._result
        result.proven = judgement.account_flat
        result.exchange = judgement.to_json()
        result.detail += [f"on the exchange: {remark}" for remark in judgement.remarks]
        if not result.proven:
            result.left = judgement.on_account + judgement.unknown + kept + sorted(self._refused.values())
        return result
