"""``freqops-host move ask``: whether a bot fits here and its exchange answers, before anything of it stops."""

from __future__ import annotations

from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot import layout
from freqops.core.migration import fitting
from freqops.core.migration.fitting import Described

from ..bot import databases
from ..bot.engine import Engine
from ..exchange import witness
from ..exchange.witness import KeyRefused, Unanswered
from ..incident.journal import Journal
from .outcomes import Moving

ANSWERED, NO_KEY = "answered", "no key"
SECONDS = 60.0
BOUND = "keys are bound to addresses: let this host's address in at the exchange, or use another key"


def ask(bot: layout.Bot, there: Described, journal: Journal, clock: Clock, engine: Engine) -> Moving:
    """Compare a bot with what it is on its old host, and ask its exchange for the balances of its account from here.

    Args:
        bot: The bot, as it is deployed here.
        there: The bot on the host that it leaves.
        journal: The journal of questions and answers.
        clock: The source of the time.
        engine: The container engine.

    Raises:
        Refused: Its database would not fit, or the exchange does not accept the key from here.
        NotProven: The exchange did not answer.
    """
    wrong = fitting.reasons(there, Described.of(bot, databases.of(bot, engine).contents().kind))
    if wrong:
        raise Refused(f"{bot.name} cannot come here as it is: {'; '.join(wrong)}")
    if not bot.is_live:
        said = ["it trades on paper: there is no key to try"]
        return Moving(bot.name, NO_KEY, proven=True, detail=said)
    with witness.conversation(bot, journal, clock, engine) as talk:
        try:
            balances = talk.ask("balances", talk.ready() + SECONDS)
        except KeyRefused as error:
            text = f"the exchange does not accept its key from this host: {error}"
            raise Refused(f"{bot.name}: {text}: {BOUND}") from None
        except Unanswered as error:
            raise NotProven(f"{bot.name}: its exchange did not answer this host: {error}") from None
    said = [f"its exchange answers this host: {len(balances)} coins on its account"]
    return Moving(bot.name, ANSWERED, proven=True, detail=said)
