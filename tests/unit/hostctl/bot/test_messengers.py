"""The messengers of a bot: which are on, and what its secrets and its log say against them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot import layout
from freqops.core.bot.client import Failed
from freqops.hostctl.bot import messengers
from freqops.hostctl.bot.messengers import Messengers
from tests.unit.fakes import START, FakeClock, StillApi, make_bot, process

TELEGRAM = {"telegram": {"enabled": True}}
OPENS = {"telegram": {"token": "1:a", "chat_id": "2"}}
LOST = ("freqtrade.rpc.webhook", "Could not call webhook url. Exception: timed out")
GAVE_UP = ("freqtrade.rpc.telegram", "Telegram init failed: refused")


class Api(StillApi):
    lines: tuple[tuple[datetime, str, str], ...] = ()

    def log(self, *loggers: str) -> list[tuple[datetime, str, str]]:
        self._said("log")
        return [each for each in self.lines if each[1] in loggers]


def found(
    root: Path, monkeypatch: pytest.MonkeyPatch, config: Any, secrets: Any, *lines: tuple[float, str, str], **bot: Any
) -> Messengers:
    home = make_bot(root)
    of_bot = layout.load_bot(home)
    (of_bot.release_home / "config.json").write_text(json.dumps(config))
    (of_bot.conf / "secrets.json").write_text(json.dumps(secrets))
    api = Api(FakeClock(), error=bot.get("error"))
    api.lines = tuple((START - timedelta(seconds=age), logger, text) for age, logger, text in lines)
    monkeypatch.setattr(messengers, "client", lambda _bot: api)
    monkeypatch.setattr(messengers, "alive", lambda _bot: [process()] if bot.get("alive", True) else [])
    return messengers.of_bot(of_bot, api.clock)


@pytest.mark.parametrize("config", [{}, {"telegram": {"enabled": False}}, {"webhook": "yes"}, [], {"telegram": None}])
def test_none_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any) -> None:
    assert found(tmp_path, monkeypatch, config, {}) == Messengers(())


def test_one_is_on_and_nothing_speaks_against_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(tmp_path, monkeypatch, TELEGRAM, OPENS) == Messengers(("telegram",))


def test_a_secret_that_is_missing_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = found(tmp_path, monkeypatch, {"webhook": {"enabled": True}, **TELEGRAM}, {"telegram": {"chat_id": "2"}})
    assert said == Messengers(("telegram", "webhook"), ("telegram.token is missing", "webhook.url is missing"))


def test_what_the_log_says_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = found(tmp_path, monkeypatch, TELEGRAM, OPENS, (60.0, *GAVE_UP), (30.0, *LOST), (7200.0, *LOST))
    assert [fault[:45] for fault in said.faults] == [
        "Telegram could not be reached when it began, ",
        "1 messages were not delivered in the last hou",
    ]


def test_a_loss_of_long_ago_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"webhook": {"enabled": True, "url": "https://example.org/"}}
    assert found(tmp_path, monkeypatch, config, {}, (7200.0, *LOST)) == Messengers(("webhook",))


def test_a_log_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = found(tmp_path, monkeypatch, TELEGRAM, OPENS, error=Failed("status 500"))
    assert said == Messengers(("telegram",), (), "status 500")


def test_a_bot_that_does_not_run_has_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = found(tmp_path, monkeypatch, TELEGRAM, OPENS, (1.0, *GAVE_UP), alive=False)
    assert said == Messengers(("telegram",), (), "it does not run")
