"""The health of a bot that was just started: its loop moves, its strategy works, its database answers.

That it is the declared bot, in the state it should have, `start` has proven before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout
from freqops.core.bot.client import ApiError, FreqtradeClient
from freqops.core.halt import holds

from .processes_and_api import client

ROUNDS = 2
POLL = 0.5
LOG_RECORDS = 1000
WRAPPER = "freqtrade.strategy.strategy_wrapper"  # logs nothing but what a strategy raised, a ValueError as a warning
UNABLE = "Unable to analyze candle"


def prove(bot: layout.Bot, clock: Clock, seconds: float) -> bool:
    """Read a started bot until it is proven healthy.

    Returns:
        True when it is; False when it was held at level 3 meanwhile, so that this is not known.

    Raises:
        NotProven: It did not within ``seconds``, or its strategy failed; the text names the fault.
    """
    api = client(bot)
    give_up = clock.monotonic() + seconds
    seen: list[datetime] = []
    while True:
        missing = _missing(api, seen)
        if missing is None:
            return True
        if holds.effective_level(bot.holds) >= holds.HARD:
            return False
        if clock.monotonic() >= give_up:
            raise NotProven(f"{bot.name} is not healthy: {missing}")
        clock.sleep(POLL)


def _missing(api: FreqtradeClient, seen: list[datetime]) -> str | None:
    """Return the first gap, None where there is none; a strategy that failed does not get better by waiting."""
    try:
        reading = api.read()
        if reading.last_process is not None and (not seen or reading.last_process > seen[-1]):
            seen.append(reading.last_process)
        failures = _strategy_failures(api)
        if failures:
            raise NotProven(f"its strategy fails: {failures[-1]}")
        if reading.state != "stopped" and len(seen) <= ROUNDS:
            return f"its loop came round {max(len(seen) - 1, 0)} times, not {ROUNDS}"
        api.our_locks()  # they lie in its database: an answer is one of the database, too
    except ApiError as error:
        return f"its API or its database does not answer: {error}"
    return None


def _strategy_failures(api: FreqtradeClient) -> list[str]:
    """Return the failures of its strategy in the bot's own log: Freqtrade goes on without signals when it raises."""
    answer: Any = api.call("GET", f"/logs?limit={LOG_RECORDS}")
    records = answer.get("logs", []) if isinstance(answer, dict) else []
    said = [(str(record[2]), str(record[4])) for record in records if isinstance(record, list) and len(record) > 4]
    return [text.partition("\n")[0][:300] for logger, text in said if logger == WRAPPER or text.startswith(UNABLE)]
