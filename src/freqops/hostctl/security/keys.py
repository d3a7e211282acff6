"""The keys of live bots, asked of their exchanges with the keys themselves, and the exchange's time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.durable import read_json
from freqops.core.base.errors import FreqopsError
from freqops.core.base.kinds import Malformed
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.security import clock_drift, exchange_key
from freqops.core.security.clock_drift import Drift
from freqops.core.security.row import Row

from ..bot.engine import Engine
from ..exchange import witness
from ..exchange.witness import KeyRefused, Unanswered, Witness
from ..incident.journal import silent

SECONDS = 60.0  # for all that is asked of one exchange
AT_ONCE = 4
SHUT = "the exchange does not accept the key, from this host at least"
SHOWN = 200


@dataclass
class Told:
    """What the exchanges of a host's bots said.

    Attributes:
        rows: The rows about keys.
        accounts: A mark of the account of each live bot; None where it was not told.
        drifts: The drifts of the host's clock.
        problems: Why an exchange did not say its time.
    """

    rows: list[Row] = field(default_factory=list)
    accounts: dict[str, str | None] = field(default_factory=dict)
    drifts: list[Drift] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def asked(bots: list[layout.Bot], clock: Clock, engine: Engine) -> Told:
    """Ask the exchange of each live bot; where there is none, that of the first bot for the time alone.

    A question without an answer costs the rows that it is about, and no others.
    """
    live = [bot for bot in bots if bot.is_live]
    told = Told()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for each in pool.map(lambda bot: _one(bot, clock, engine), live or bots[:1]):
            told.rows += each.rows
            told.accounts.update(each.accounts)
            told.drifts += each.drifts
            told.problems += each.problems
    return told


def _one(bot: layout.Bot, clock: Clock, engine: Engine) -> Told:
    told = Told()
    try:
        with witness.conversation(bot, silent(clock), clock, engine) as talk:
            give_up = talk.ready() + SECONDS
            _time(told, bot, talk, give_up)
            if bot.is_live:
                told.rows += _rights(bot, talk, give_up, clock)
                told.accounts[bot.name] = _account(bot, talk, give_up)
    except (FreqopsError, OSError) as error:
        told.problems.append(visible(f"{bot.name}: {error}", SHOWN))
        if bot.is_live:
            told.rows = told.rows or exchange_key.unanswered(bot.name, str(error))
            told.accounts.setdefault(bot.name, None)
    return told


def _time(told: Told, bot: layout.Bot, talk: Witness, give_up: float) -> None:
    try:
        told.drifts.append(clock_drift.of_exchange(talk.ask("time", give_up)))
    except (Unanswered, Malformed) as error:
        told.problems.append(visible(f"the exchange of {bot.name} does not say its time: {error}", SHOWN))


def _rights(bot: layout.Bot, talk: Witness, give_up: float, clock: Clock) -> list[Row]:
    try:
        answer: Any = talk.ask("rights", give_up)
    except KeyRefused:
        return exchange_key.unanswered(bot.name, SHUT)
    except Unanswered as error:
        return exchange_key.unanswered(bot.name, str(error))
    return exchange_key.judged(bot.name, answer, clock.utcnow())


def _account(bot: layout.Bot, talk: Witness, give_up: float) -> str | None:
    try:
        return exchange_key.account_mark(_exchange(bot), talk.ask("account", give_up))
    except Unanswered:
        return None


def _exchange(bot: layout.Bot) -> str:
    """Return the name of a bot's exchange."""
    config = read_json(bot.release_home / "config.json")
    section = config.get("exchange") if isinstance(config, dict) else None
    return str(section.get("name", "")) if isinstance(section, dict) else ""
