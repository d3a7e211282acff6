"""What the log of a bot says of its messengers: one that never began is red, a message that was lost is said."""

from __future__ import annotations

import pytest

from freqops.core.bot import messenger_log
from freqops.core.bot.messenger_log import TELEGRAM_LOGGER, WEBHOOK_LOGGER, Record

BEGAN = Record(90.0, TELEGRAM_LOGGER, "rpc.telegram is listening for following commands: [['status']]")
GAVE_UP = Record(70.0, TELEGRAM_LOGGER, "Telegram init failed.")
LOST = "Could not call webhook url. Exception: 500 for url https://hooks.example/a-secret"


@pytest.mark.parametrize(
    ("records", "enabled", "is_red"),
    [
        ([], ["telegram"], False),
        ([BEGAN], ["telegram"], False),
        ([BEGAN, GAVE_UP], ["telegram"], True),
        ([BEGAN, GAVE_UP, BEGAN], ["telegram"], False),
        ([BEGAN, GAVE_UP], ["webhook"], False),
        ([Record(1.0, WEBHOOK_LOGGER, GAVE_UP.text)], ["telegram"], False),
        ([BEGAN, GAVE_UP, Record(1.0, TELEGRAM_LOGGER, "Rejected unauthorized message from: 5")], ["telegram"], True),
    ],
)
def test_a_telegram_that_gave_up_is_red_until_it_begins_again(
    records: list[Record], enabled: list[str], is_red: bool
) -> None:
    assert bool(messenger_log.problems(records, enabled)) is is_red


def test_while_telegram_may_still_be_trying_nothing_is_claimed() -> None:
    [line] = messenger_log.notes([BEGAN], ["telegram"], 20.0)
    assert line == "whether Telegram lets it in is not known yet, 20 s after its start"
    assert messenger_log.notes([BEGAN], ["telegram"], 61.0) == []
    assert messenger_log.notes([BEGAN, GAVE_UP], ["telegram"], 20.0) == [], "that is red"
    assert messenger_log.notes([], ["webhook"], 20.0) == []


def test_messages_that_were_lost_are_counted_and_not_shown() -> None:
    lost = [Record(age, WEBHOOK_LOGGER, LOST) for age in (3601.0, 3600.0, 12.0)]
    said = messenger_log.notes([*lost, Record(1.0, WEBHOOK_LOGGER, "Retrying webhook...")], ["discord"], 1e4)
    assert said == ["2 messages were not delivered in the last hour, the last one 12 s ago"]
