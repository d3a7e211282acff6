"""The made-up secrets with which a release is judged have the shape of those with which its bot starts."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.bot import notify_secrets
from freqops.core.bot.configuration import merged
from tests.unit.core.preflight import validator

REAL = {
    "telegram": {"token": "t", "chat_id": "1"},
    "webhook": {"url": "https://a/1"},
    "discord": {"webhook_url": "https://d/1"},
}
CONFIGS: list[dict[str, Any]] = [
    {},
    {"telegram": {"enabled": True}},
    {"telegram": {"enabled": True, "token": "", "chat_id": ""}},
    {"telegram": {"enabled": False}},
    {"telegram": {"enabled": False, "token": ""}},
    {"telegram": {"enabled": False, "token": "", "chat_id": ""}},
    {name: {"enabled": True} for name in REAL},
    {"webhook": {"enabled": False}, "discord": "broken"},
]


@pytest.mark.parametrize("config", CONFIGS)
def test_they_have_the_shape_of_the_real_ones(monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]) -> None:
    made_up = validator.load(monkeypatch).messengers(config)
    given = {name: secrets for name, secrets in REAL.items() if name in notify_secrets.enabled(config)}
    judged, started = merged(config, made_up), merged(config, notify_secrets.laid({}, given, config))
    assert judged.keys() == started.keys()
    for name in notify_secrets.SECTIONS:
        judged_section, started_section = notify_secrets.section(judged, name), notify_secrets.section(started, name)
        assert judged_section.keys() == started_section.keys()
        assert {key: bool(value) for key, value in judged_section.items()} == {
            key: bool(value) for key, value in started_section.items()
        }
