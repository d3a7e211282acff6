"""The messengers of a bot, judged by Freqtrade's log; no text of the log gets into an answer.

Freqtrade tries Telegram three times when it begins, and not again before it is restarted or reloaded. A webhook, and so
Discord, is tried at each message. Both stop no trading (rpc/telegram.py and rpc/webhook.py of Freqtrade 2026.9).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .notify_secrets import TELEGRAM

TELEGRAM_LOGGER, WEBHOOK_LOGGER = LOGGERS = ("freqtrade.rpc.telegram", "freqtrade.rpc.webhook")
BEGINS, GAVE_UP = "rpc.telegram is listening", "Telegram init failed"
NOT_POSTED = "Could not call webhook url"
CURE = "it tells nobody anything, and obeys no chat: see docs/notifications.md"
TRIED_S = 60.0  # for so long it may still be trying
RECENT_S = 3600.0


@dataclass(frozen=True)
class Record:
    """A line of the log.

    Attributes:
        age_s: Its age in seconds.
        logger: Who wrote it.
        text: What it says.
    """

    age_s: float
    logger: str
    text: str


def problems(records: Sequence[Record], enabled: Collection[str]) -> list[str]:
    """Return which messenger that is on works not at all.

    Args:
        records: The lines since the process began, the oldest first.
        enabled: The messengers that are on.
    """
    if TELEGRAM not in enabled or _last(records) != GAVE_UP:
        return []
    return [f"Telegram could not be reached when it began, or refused its token; {CURE}"]


def notes(records: Sequence[Record], enabled: Collection[str], up_s: float) -> list[str]:
    """Return the notes on the messengers.

    Args:
        records: As in `problems`.
        enabled: As in `problems`.
        up_s: For how long the process runs.
    """
    said = []
    if TELEGRAM in enabled and _last(records) != GAVE_UP and up_s < TRIED_S:
        said.append(f"whether Telegram lets it in is not known yet, {up_s:.0f} s after its start")
    return [*said, *undelivered(records)]


def undelivered(records: Sequence[Record]) -> list[str]:
    """Return a line about the messages that a webhook, or Discord, did not take within the last hour."""
    lost = [each for each in records if each.logger == WEBHOOK_LOGGER and each.text.startswith(NOT_POSTED)]
    ages = [each.age_s for each in lost if each.age_s <= RECENT_S]
    if ages:
        return [f"{len(ages)} messages were not delivered in the last hour, the last one {min(ages):.0f} s ago"]
    return []


def _last(records: Sequence[Record]) -> str:
    """Return whether Telegram began last, or gave up; empty where it did neither."""
    found = [mark for each in records if each.logger == TELEGRAM_LOGGER
             for mark in (BEGINS, GAVE_UP) if each.text.startswith(mark)]  # fmt: skip
    return found[-1] if found else ""
