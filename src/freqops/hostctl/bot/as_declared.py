"""Whether a bot runs with what was declared: its release, its container, its limits, and nothing that stops entries.

Each fault is a line with its cure, as status has it.
"""

from __future__ import annotations

from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.strict_json import Unreadable
from freqops.core.bot import layout, limits
from freqops.core.bot.client import ApiError, Reading, Unreachable
from freqops.core.bot.layout import Home
from freqops.core.deploy import installed, own_container, release, strategy_source, tree

from . import breaker_hold, limits_notes
from .engine import Engine
from .engine_command import EngineError
from .processes_and_api import alive, client

ANSWER_SECONDS = 10.0
POLL = 0.5


def faults(bot: layout.Bot, clock: Clock, engine: Engine) -> list[str]:
    """Return the differences between a bot and its declaration, a line each; nothing is changed.

    Args:
        bot: The bot.
        clock: The source of the time.
        engine: The container engine.
    """
    found = ["a command on it is not over: status.yml names it"] if Home(bot.home).under_way else []
    found += [f"its {text}" for text in installed.of_bot(bot.home, bot.release)]
    found += [*limits_notes.wrong(bot), *_without_gate(bot), *_breaker(bot, clock)]
    return [*found, *_container(bot, engine), *_answer(bot, clock)] if alive(bot) else found


def _breaker(bot: layout.Bot, clock: Clock) -> list[str]:
    now = breaker_hold.standing(bot.home, clock)
    cure = "circuit_breaker.yml -e action=disable switches it off"
    return [f"the operator breaker is active ({now.reason}): {' and '.join(now.files)}; {cure}"] if now.active else []


def _without_gate(bot: layout.Bot) -> list[str]:
    """Return why nothing keeps to the limits of a bot: its strategy is not behind the entry gate.

    Where its sources do not tell, the pinned image does: it accepts no release with limits and without the gate.
    """
    try:
        if not limits.load(Home(bot.home).limits).declared:
            return []
    except Unreadable:
        return []  # that is a fault already, or it was deployed before there were limits
    config = durable.read_json(bot.release_home / release.CONFIG)
    strategy = str(config.get("strategy", "")) if isinstance(config, dict) else ""
    gated = strategy_source.gated(_sources(bot.release_home / release.STRATEGIES), strategy)
    if gated is False:
        return [f"it has limits, and its strategy {strategy} has no entry gate, so nothing keeps to them"]
    if gated is None and not (bot.release_home / release.VALIDATED).is_file():
        return [f"it has limits, and whether its strategy {strategy} has the entry gate is not known; deploy it again"]
    return []


def _sources(place: Path) -> dict[str, str]:
    paths = [path for path in sorted(place.rglob("*.py")) if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(place)): tree.text(path) or "" for path in paths}


def _container(bot: layout.Bot, engine: Engine) -> list[str]:
    try:
        present = engine.container(bot.container)
    except EngineError as error:
        return [f"its container cannot be compared: {error}"]
    return own_container.of_bot(bot).wrong(present) if present else ["it runs, and the engine knows no container of it"]


def _answer(bot: layout.Bot, clock: Clock) -> list[str]:
    """Return why what answers is not the declared bot."""
    try:
        reading = _reading(bot, clock)
    except (ApiError, layout.BotUnreadable) as error:
        return [f"it does not say what it is: {error}"]
    found = [] if reading.bot_name == bot.name else [f"another bot answers on its port: {reading.bot_name}"]
    if reading.dry_run == bot.is_live:
        found.append(f"it is declared {bot.mode}, and runs with dry_run={reading.dry_run}")
    return found


def _reading(bot: layout.Bot, clock: Clock) -> Reading:
    """Read a bot; one that is busy may answer the next time."""
    give_up, api = clock.monotonic() + ANSWER_SECONDS, client(bot)
    while True:
        try:
            return api.read()
        except Unreachable:
            if clock.monotonic() + POLL >= give_up:
                raise
            clock.sleep(POLL)
