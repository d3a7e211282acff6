"""The limits of a bot in words: those in force, their faults, and their changes by another release."""

from __future__ import annotations

from typing import Any

from freqops.core.base import durable
from freqops.core.base.strict_json import Unreadable
from freqops.core.bot import layout, limits
from freqops.core.bot.layout import Home

IN_RELEASE = "python/freqops/core/bot/limits.py"  # a release that has this file has an entry gate that reads limits
CURE = "deploy.yml writes them again"
INERT = "its release is older than limits and does not know them, so nothing in the bot keeps to them"


def of(bot: layout.Bot) -> list[str]:
    """Return the limits that are in force; nothing where there are none, or they cannot be read."""
    try:
        present = limits.load(Home(bot.home).limits)
    except Unreadable:
        return []
    return [f"its limits: {present}"] if present.declared else []


def wrong(bot: layout.Bot) -> list[str]:
    """Return the faults of the limits of a bot, each line with its cure."""
    knows, declared = _knows(bot), _declared(bot)
    if not knows and declared is None:
        return []  # it was deployed before there were limits
    try:
        present = limits.load(Home(bot.home).limits)
    except Unreadable as error:
        return [f"its limits cannot be read ({error}), so a strategy behind the entry gate enters nothing; {CURE}"]
    if present.to_json() != declared:
        return [f"its limits are {present}, and others are declared in its bot.json; {CURE}"]
    return [f"{INERT}: {present}; deploy it again"] if present.declared and not knows else []


def changes(former: layout.Bot, target: layout.Bot) -> list[str]:
    """Return how a switch from the bot that is there to its release ``target`` changes its limits."""
    before, after = _declared(former), _declared(target, target.release_home)
    if before == after:
        return []
    found = [f"its limits were {_words(before)}, and become {_words(after)}"]
    lost = before is not None and after is None and before != limits.Limits().to_json()
    return [*found, f"{INERT} any more"] if lost else found


def _knows(bot: layout.Bot) -> bool:
    return (bot.release_home / IN_RELEASE).is_file()


def _declared(bot: layout.Bot, place: Any = None) -> Any:
    """Return the limits as a declaration has them, whatever that is; None where it has none."""
    document = durable.read_json((place or bot.home) / "bot.json")
    return document.get("limits") if isinstance(document, dict) else None


def _words(declared: Any) -> str:
    if declared is None:
        return "not known to its release"
    try:
        return str(limits.parse(declared))
    except Unreadable as error:
        return f"unreadable ({error})"
