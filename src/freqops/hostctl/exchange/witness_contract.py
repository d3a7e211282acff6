"""``freqops-host witness-contract``: whether the witness's answers are true on the exchange of a bot, shown there.

The reading part asks, and may be run at any time. The order part places the smallest orders that a person allows, and
only while the bot is held at level 3 and has no process: its records never meet them, and nothing else acts on the
account. Whatever happens, what it placed is taken away again; what could not be is named, and nothing is proven then.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from freqops.core.base import durable, strict_json
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.next_step import HALT, NextStep, RefusedUntil
from freqops.core.base.outcome import Outcome
from freqops.core.bot import bot_secrets, layout
from freqops.core.bot.layout import Home
from freqops.core.exchange import allowed, contract
from freqops.core.exchange.answers import PAIR
from freqops.core.halt import holds, moved

from ..bot import processes_and_api
from ..bot.engine import Engine
from ..bot.start import LOCK_SECONDS
from ..incident.journal import Journal
from . import witness
from .contract_acts import Acts, named, unsettled
from .contract_asking import Asking
from .contract_leftovers import Leftovers
from .contract_parts import Findings, Ordering, Reading
from .sales_journal import SalesJournal

SECONDS = 600.0  # the witness itself ends after 15 minutes
PRIVATE = 0o600
MOST_PAIRS = 10
READING_SHOWN, SHOWN, NOT_SHOWN, LIES = "reading part proven", "proven", "NOT PROVEN", "THE EXCHANGE LIES"
ALL_AGAIN = "run it again with its order part, which takes away first what is left"


@dataclass(frozen=True)
class Allowance:
    """The permission of a person for the order part.

    Attributes:
        pair: The pair in which orders may be placed.
        most: The most that one order may cost, in stake.
    """

    pair: str
    most: Decimal


@dataclass
class Contracted(Outcome):
    """The outcome of a contract: proven where every claim of the parts that were run is, and nothing is left.

    Attributes:
        exchange: The exchange, as ccxt calls it.
        ccxt: The version of ccxt that asked.
        claims: The judgement on each claim.
        left: What was placed or bought and is not taken away, a line each.
        why_not: Why it does not count for live trading on another exchange, a line each.
    """

    exchange: str = ""
    ccxt: str = ""
    claims: list[dict[str, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    why_not: list[str] = field(default_factory=list)


def refuse_reading(bot: layout.Bot) -> None:
    """Refuse to ask in the name of a bot that has no account here.

    Raises:
        Refused: It moved to another host, or its secrets have no key.
    """
    gone = moved.elsewhere(Home(bot.home).root, bot.name)
    if gone:
        raise Refused(f"nothing was asked: {gone}")
    present = durable.read_json(bot.conf / "secrets.json")
    if not isinstance(present, dict) or not bot_secrets.has_exchange_key(present):
        raise Refused(f"{bot.name} has no key of an account at an exchange: put it into secrets_exchange, and deploy")


def refuse_ordering(bot: layout.Bot) -> None:
    """Refuse to place orders on the account of a bot that could act on it meanwhile.

    Raises:
        Refused: It is not held at level 3, a process of it lives, or a command is at work on it, or was interrupted.
        HoldsUnreadable: It is not known what holds it; a halt replaces what cannot be read.
    """
    if holds.load(bot.holds).level < holds.HARD:
        text = f"{bot.name} is not held at level 3, so it could be started meanwhile: halt it at level 3 first"
        raise RefusedUntil(text, NextStep(HALT))
    living = processes_and_api.alive(bot)
    if living:
        text = f"process {living[0].pid} of {bot.name} lives ({living[0].command}): halt it at level 3 first"
        raise RefusedUntil(text, NextStep(HALT))
    if Home(bot.home).under_way:
        raise Refused(f"a command is at work on {bot.name}, or was interrupted: see status.yml")


def witness_contract(
    bot: layout.Bot, incident: str, allowance: Allowance | None, journal: Journal, clock: Clock, engine: Engine
) -> Contracted:
    """Show the contract on the exchange of a bot, and keep what was found.

    Args:
        bot: The bot.
        incident: The incident of the command.
        allowance: What a person allows for the order part; None where only the reading part is run.
        journal: The journal of questions and answers.
        clock: The source of the time.
        engine: The container engine.

    Raises:
        Refused: Nothing was ordered; see `refuse_reading`, `refuse_ordering` and `Ordering.prepare`.
        NotProven: What became of it is not known, or was not kept.
    """
    refuse_reading(bot)
    one = _Contract(bot, incident, allowance, journal, clock, engine)
    if allowance is None:
        return one.run()
    with durable.locked(Home(bot.home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {bot.name}")
        refuse_ordering(bot)
        return one.run()


class _Contract:
    def __init__(
        self, bot: layout.Bot, incident: str, allowance: Allowance | None, journal: Journal, clock: Clock,
        engine: Engine,
    ) -> None:  # fmt: skip
        self._bot, self._incident, self._allowance, self._clock = bot, incident, allowance, clock
        self._journal, self._engine = journal, engine
        config = durable.read_json(bot.release_home / "config.json")
        self._config: dict[str, Any] = config if isinstance(config, dict) else {}
        self._stake = str(self._config.get("stake_currency", ""))
        self._pairs = self._wanted_pairs()
        self._sales = SalesJournal(bot, incident, clock)
        self._findings = Findings(clock)
        self._row = Contracted(bot.name, level=holds.effective_level(bot.holds))

    def _wanted_pairs(self) -> list[str]:
        """Return the pairs that are asked about: the one of the orders first, then those that the bot may trade."""
        exchange = self._config.get("exchange")
        listed = exchange.get("pair_whitelist") if isinstance(exchange, dict) else None
        said = [pair for pair in listed if isinstance(pair, str)] if isinstance(listed, list) else []
        own = [self._allowance.pair] if self._allowance is not None else []
        wanted = [pair for pair in dict.fromkeys([*own, *said])
                  if PAIR.fullmatch(pair) and pair.partition("/")[2] == self._stake]  # fmt: skip
        if own and own[0] not in wanted:
            raise Refused(f"{own[0]} is no pair in which {self._bot.name} has its stake, {self._stake}")
        if not wanted:
            raise Refused(f"{self._bot.name} names no pair against its stake, {self._stake}: name one")
        return wanted[:MOST_PAIRS]

    def _open(self) -> AbstractContextManager[witness.Witness]:
        return witness.conversation(self._bot, self._journal, self._clock, self._engine)

    def run(self) -> Contracted:
        """Show the parts, take away what they left, and keep what was found."""
        parts = [contract.READING] if self._allowance is None else list(contract.PARTS)
        if self._allowance is not None:
            self._row.left = self._cleared()  # of a contract that was cut off
            if self._row.left:
                return self._kept(parts, None)
        with self._open() as talk:
            asking = Asking(talk, self._clock, talk.ready() + SECONDS)
            reading = Reading(asking, self._stake, self._pairs, self._now_ms())
            reading.run(self._findings)
            if self._allowance is not None and self._findings.are_proven:
                self._order(asking, self._allowance)
        if self._allowance is None:
            self._row.left = [f"{named(order)}; {ALL_AGAIN}" for order in unsettled(self._sales.orders)]
        return self._kept(parts, reading)

    def _order(self, asking: Asking, allowance: Allowance) -> None:
        """Run the order part, and take away what it left whatever happens."""
        ordering = Ordering(asking, Acts(self._sales, asking), self._stake, allowance.pair, allowance.most)
        try:
            if self._bot.is_live:
                self._refuse_open_trades(asking)
            ordering.prepare(self._now_ms())
        except Refused as error:
            if self._row.changed:  # what an earlier contract left was taken away: that is no refusal
                raise NotProven(f"{'; '.join(self._row.detail)}; then: {error}") from None
            raise
        self._row.changed = True
        try:
            ordering.run(self._findings)
        finally:
            self._row.left = self._cleared()

    def _refuse_open_trades(self, asking: Asking) -> None:
        records = asking.ask("records", since=self._now_ms())
        trades = [trade for trade in records["trades"] if trade["is_open"]]
        if trades:
            said = ", ".join(f"{trade['id']} {trade['pair']}" for trade in trades)
            raise Refused(f"{self._bot.name} has trades open ({said}): their stops may be filled meanwhile. Nothing "
                          "was ordered; sell them first, by killswitch.yml at level 2 or by flatten.yml")  # fmt: skip

    def _cleared(self) -> list[str]:
        """Take away what orders of a contract left; return what is left, a line each."""
        leftovers = Leftovers(self._sales, self._open, self._clock)
        try:
            left = leftovers.clear()
        except (FreqopsError, OSError) as error:
            left = [f"look for it on the exchange: {named(order)}" for order in unsettled(self._sales.orders)]
            left.append(f"what is left was not taken away: {error}")
        self._row.changed = self._row.changed or bool(leftovers.did)
        self._row.detail += [f"taken away: {line}" for line in leftovers.did]
        return left

    def _kept(self, parts: list[str], reading: Reading | None) -> Contracted:
        """Write the contract down, read it back, and return the outcome.

        Raises:
            NotProven: It was not kept.
        """
        row, now = self._row, self._clock.utcnow()
        about = None if reading is None else reading.about
        row.exchange, row.ccxt = ("", "") if about is None else (about.exchange, about.ccxt)
        asked = contract.Asked(row.exchange, row.ccxt, self._bot.image,
                               contract.mark(row.exchange, str(self._exchange().get("key"))),
                               tuple(allowed.overrides({"exchange": self._exchange()})))  # fmt: skip
        found = contract.document(asked, parts, self._findings.all, row.left, now)
        row.claims = found["claims"]
        verdicts = {claim["verdict"] for claim in row.claims}
        row.proven = verdicts == {contract.PROVEN} and not row.left
        row.outcome = NOT_SHOWN
        if contract.LIED in verdicts:
            row.outcome = LIES
        elif row.proven:
            row.outcome = SHOWN if contract.ORDER in parts else READING_SHOWN
        former = _former(self._bot)
        if contract.supersedes(found, former, now):
            self._keep(found)
        else:
            row.detail.append(f"the whole contract of {former['at']} stays, and counts")
        row.why_not = contract.passed(_former(self._bot), row.exchange, self._bot.image, now)
        return row

    def _keep(self, found: dict[str, Any]) -> None:
        try:
            durable.write_json(place(self._bot), found, PRIVATE)
        except OSError as error:
            raise NotProven(f"what was found was not kept: {error}") from None
        if _former(self._bot) != found:
            raise NotProven(f"what was found was not kept: {place(self._bot)} says something else")

    def _exchange(self) -> dict[str, Any]:
        """Return the section exchange as the witness has it: that of the release, with the secrets over it."""
        present = durable.read_json(self._bot.conf / "secrets.json")
        sections = [part.get("exchange") for part in (self._config, present) if isinstance(part, dict)]
        return {name: value for section in sections if isinstance(section, dict) for name, value in section.items()}

    def _now_ms(self) -> int:
        return int(self._clock.utcnow().timestamp() * 1000)


def place(bot: layout.Bot) -> Any:
    """Return the file of a bot's contract."""
    return bot.home / contract.FILE


def _former(bot: layout.Bot) -> Any:
    """Return the contract that is kept; None where there is none, or none that can be read."""
    try:
        return strict_json.load(place(bot), contract.LARGEST)
    except strict_json.Unreadable:
        return None
