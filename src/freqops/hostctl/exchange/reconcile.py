"""``freqops-host reconcile``: a bot's records brought up to what its exchange says, and compared with it.

After flatten, or a sale by hand, the records still have trades whose coins are gone. A bot that started with them would
try to sell what is not there, or what is not its own; so resume refuses until both agree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.next_step import HALT, RECONCILE, NextStep, RefusedUntil
from freqops.core.base.outcome import Outcome
from freqops.core.bot import engine_names, layout
from freqops.core.bot.layout import Home
from freqops.core.bot.redaction import redact
from freqops.core.exchange import account
from freqops.core.halt import holds

from ..bot.engine import Engine
from ..bot.start import LOCK_SECONDS
from ..incident.journal import Journal
from . import witness
from .flatten import refuse_unless_dead

MODULE = "freqops.witness.update_records"
UPDATE_SECONDS = 120.0
COMPARE_SECONDS = 20.0
LOOKS = 5


@dataclass
class Reconciled(Outcome):
    """The outcome of a reconcile: proven where the exchange and the bot's records say the same afterwards.

    Attributes:
        trades: The trades that were open in the records, and their state after Freqtrade's update.
        disagreements: The differences that are left, a line each.
        exchange: The last judgement.
    """

    trades: list[dict[str, Any]] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    exchange: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it stands in the answer."""
        return {**super().to_json(), "agrees": self.proven}


def reconcile(bot: layout.Bot, incident: str, journal: Journal, clock: Clock, engine: Engine) -> Reconciled:
    """Have Freqtrade take in the orders and fills of its exchange, then compare.

    Raises:
        Refused: It is not safe to do; see `refuse_unless_dead`.
        NotProven: Freqtrade did not come to an end, or exchange or database did not answer.
    """
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        refuse_unless_dead(bot, incident, "compare")
        trades = _update_records(bot, journal, engine)
        judgement = compare(bot, journal, clock, engine)
    found = judgement.disagreements + judgement.unknown
    remarks = [f"on the exchange: {remark}" for remark in judgement.remarks]
    return Reconciled(
        bot.name, changed=bool(trades), proven=judgement.agrees, detail=remarks, trades=trades, disagreements=found,
        exchange=judgement.to_json(),
    )  # fmt: skip


def compare(bot: layout.Bot, journal: Journal, clock: Clock, engine: Engine, looks: int = 1) -> account.Judgement:
    """Compare the bot's account with its records and return the judgement.

    Args:
        bot: The bot.
        journal: The journal of questions and answers.
        clock: The source of the time.
        engine: The container engine.
        looks: How often to look, a second apart, until they agree: a bot that runs may be selling at this moment.

    Raises:
        Unanswered: Exchange or database did not answer.
    """
    with witness.conversation(bot, journal, clock, engine) as talk:
        while True:
            looks -= 1
            judgement = talk.judge(witness.since_hold(bot), clock.monotonic() + COMPARE_SECONDS)
            if judgement.agrees or looks <= 0:
                return judgement
            clock.sleep(1.0)


def refuse_unless_agreed(bot: layout.Bot, journal: Journal, clock: Clock, engine: Engine) -> list[str]:
    """Refuse to let a bot with real orders go on with records that its exchange contradicts.

    Returns:
        Remarks about its account.

    Raises:
        Refused: They differ; the text says where, and what to do.
        NotProven: Exchange or database did not answer.
    """
    if not bot.is_live:
        return []
    judgement = compare(bot, journal, clock, engine, LOOKS)
    if judgement.agrees:
        return [f"on the exchange: {remark}" for remark in judgement.remarks]
    found = "; ".join(judgement.disagreements + judgement.unknown)
    raise RefusedUntil(
        f"the records of {bot.name} and its exchange disagree: {found}. Bring them together first: halt it at level 3, "
        f"then reconcile.yml{account.DECLARE if judgement.unknown else ''}",
        *_together(bot),
    )


def _together(bot: layout.Bot) -> list[NextStep]:
    """Return what is due for a bot whose records differ: where it is held at level 3, they are brought up to date."""
    hard = [hold.incident for hold in holds.load(bot.holds).holds if hold.level == holds.HARD]
    return [NextStep(RECONCILE, hard[0]) if hard else NextStep(HALT)]


def _update_records(bot: layout.Bot, journal: Journal, engine: Engine) -> list[dict[str, Any]]:
    name = engine_names.beside(bot.name, engine_names.UPDATE_RECORDS)
    engine.ensure_network(witness.OUTSIDE_NETWORK)
    journal.note("act", "disk", "have Freqtrade take in what its exchange has", durable=True)
    status, output = engine.run_container(witness.command(bot, name, MODULE), name, UPDATE_SECONDS)
    said = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    journal.note("act", "disk", "Freqtrade took in what its exchange has", answer=said)
    if status != 0 or not said or "done" not in said[-1]:
        raise NotProven(f"{bot.name}: Freqtrade did not bring its records up to date: {redact(output, bot)[-600:]}")
    return said[:-1]
