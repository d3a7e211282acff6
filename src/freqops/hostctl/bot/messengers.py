"""The messengers of a bot: which are on, and what speaks against them. Nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass

from freqops.core.base.clock import Clock
from freqops.core.bot import configuration, layout, messenger_log, notify_secrets
from freqops.core.bot.client import ApiError

from .processes_and_api import alive, client


@dataclass(frozen=True)
class Messengers:
    """What is known of the messengers of a bot.

    Attributes:
        enabled: Those that are on.
        faults: What speaks against them.
        unread: Why its log was not read; empty where it was.
    """

    enabled: tuple[str, ...]
    faults: tuple[str, ...] = ()
    unread: str = ""


def of_bot(bot: layout.Bot, clock: Clock) -> Messengers:
    """Return the messengers of a bot that are on, and their known faults.

    Args:
        bot: The bot.
        clock: The source of the time.
    """
    config = configuration.installed(bot)
    enabled = tuple(notify_secrets.enabled(config))
    faults = [f"{name}.{key} is missing" for name in enabled for key in notify_secrets.wanting(config, name)]
    if not enabled or not alive(bot):
        return Messengers(enabled, tuple(faults), "" if not enabled else "it does not run")
    try:
        said = client(bot).log(*messenger_log.LOGGERS)
    except (ApiError, layout.BotUnreadable) as error:
        return Messengers(enabled, tuple(faults), str(error))
    now = clock.utcnow()
    records = [messenger_log.Record((now - at).total_seconds(), logger, text) for at, logger, text in said]
    faults += [*messenger_log.problems(records, enabled), *messenger_log.undelivered(records)]
    return Messengers(enabled, tuple(faults))
