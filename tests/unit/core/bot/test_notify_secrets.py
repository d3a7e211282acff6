"""A bot's file of secrets with those of its messengers: whatever release it runs, Freqtrade takes both."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.bot import notify_secrets
from freqops.core.bot.configuration import merged

TELEGRAM = {"token": "t", "chat_id": "1"}
ON: dict[str, Any] = {"telegram": {"enabled": True, "topic_id": "3"}}
OFF: dict[str, Any] = {"telegram": {"enabled": False}}
RELEASES: list[dict[str, Any]] = [ON, OFF, {}, {"telegram": {"enabled": False, "token": "", "chat_id": ""}}]


@pytest.mark.parametrize("declared", RELEASES)
@pytest.mark.parametrize("running", RELEASES)
@pytest.mark.parametrize("present", [{}, {"telegram": TELEGRAM}])
def test_any_release_has_what_freqtrade_demands_beside_these_secrets(
    declared: dict[str, Any], running: dict[str, Any], present: dict[str, Any]
) -> None:
    """A rollback takes another release, and the secrets stay; a section without word, token or chat is refused."""
    first = notify_secrets.laid(present, {"telegram": TELEGRAM} if declared is ON else {}, declared)
    built = merged(running, first)
    never = "telegram" not in present and declared in ({}, RELEASES[3])
    if "telegram" in built and not never:
        assert {"enabled", "token", "chat_id"} <= built["telegram"].keys()
        assert built["telegram"]["enabled"] is (declared is ON)


def test_what_is_new_replaces_and_what_is_not_named_is_kept() -> None:
    present = {"db_url": "u", "telegram": {**TELEGRAM, "enabled": True}, "webhook": {"url": "a"}}
    assert notify_secrets.laid(present, {"webhook": {"url": "b"}}, ON) == {**present, "webhook": {"url": "b"}}
    off = notify_secrets.laid(present, {}, {})
    assert off == {**present, "telegram": {**TELEGRAM, "enabled": False}}, "a release that comes back may need it"


def test_a_bot_without_messengers_gets_none() -> None:
    assert notify_secrets.laid({"db_url": "u"}, {}, {"webhook": {"enabled": False}}) == {"db_url": "u"}


@pytest.mark.parametrize(
    ("present", "config", "missing"),
    [
        ({}, ON, ["telegram.token", "telegram.chat_id"]),
        ({"telegram": {"token": "t"}}, ON, ["telegram.chat_id"]),
        ({"telegram": TELEGRAM}, ON, []),
        ({}, {"webhook": {"enabled": True}, "discord": {"enabled": True}}, ["webhook.url", "discord.webhook_url"]),
        ({}, {"webhook": {"enabled": True, "url": "https://a"}}, []),
        ({"webhook": "broken"}, {"webhook": {"enabled": True}}, ["webhook.url"]),
        ({}, {"telegram": "broken", "discord": {"enabled": False}}, []),
    ],
)
def test_what_an_enabled_messenger_lacks_is_named(
    present: dict[str, Any], config: dict[str, Any], missing: list[str]
) -> None:
    assert list(notify_secrets.missing(present, config)) == missing


def test_what_is_no_secret_is_named() -> None:
    given = {"telegram": {**TELEGRAM, "enabled": True}, "slack": {}, "webhook": "u"}
    found = list(notify_secrets.unknown(given))
    assert found == ["telegram.enabled", "slack", "webhook, which is no mapping"]
