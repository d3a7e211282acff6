"""The witness's own loop: an answer to each question, whatever it was, and nothing else on its output."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import ccxt
import pytest


class Answers:
    """What can be asked here."""

    @staticmethod
    def add(one: int, two: int = 0) -> int:
        return one + two

    @staticmethod
    def fail(kind: str) -> None:
        raise getattr(ccxt, kind)("x" * 1000)


@pytest.fixture
def talk(entry: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def conversation(*questions: Any) -> list[dict[str, Any]]:
        lines = "".join(f"{json.dumps(question)}\n" for question in questions)
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        monkeypatch.setattr(signal, "alarm", lambda _seconds: None)
        monkeypatch.setattr(entry, "load_config", dict)
        monkeypatch.setattr(entry, "answers", lambda _config: {"add": Answers.add, "fail": Answers.fail})
        entry.main()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return conversation


def test_it_says_what_it_can_be_asked_and_answers_in_order(talk: Any) -> None:
    assert talk({"ask": "add", "with": {"one": 1, "two": 2}}, {"ask": "add", "with": {"one": 5}}) == [
        {"ready": ["add", "fail"]},
        {"answer": 3},
        {"answer": 5},
    ]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ({"ask": "fail", "with": {"kind": "InsufficientFunds"}}, "rejected"),
        ({"ask": "fail", "with": {"kind": "AuthenticationError"}}, "unauthorized"),
        ({"ask": "fail", "with": {"kind": "PermissionDenied"}}, "unauthorized"),
        ({"ask": "fail", "with": {"kind": "InvalidNonce"}}, "unanswered"),
        ({"ask": "fail", "with": {"kind": "RequestTimeout"}}, "unanswered"),
        ({"ask": "add", "with": {"three": 3}}, "unanswered"),
        ({"ask": "nothing"}, "unanswered"),
    ],
)
def test_whatever_goes_wrong_the_host_hears_it_and_the_next_question_is_answered(
    talk: Any, question: dict[str, Any], kind: str
) -> None:
    _, error, answer = talk(question, {"ask": "add", "with": {"one": 1}})
    assert error["kind"] == kind
    assert 0 < len(error["error"]) <= 500
    assert answer == {"answer": 1}


def test_secrets_of_the_exchange_come_over_its_configuration(
    entry: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"stake_currency": "USDT", "exchange": {"name": "binance", "key": ""}}')
    (tmp_path / "secrets.json").write_text('{"db_url": "sqlite:///x", "exchange": {"key": "k"}}')
    monkeypatch.setattr(entry, "RELEASE", tmp_path)
    monkeypatch.setattr(entry, "CONF", tmp_path)
    assert entry.load_config() == {
        "stake_currency": "USDT", "db_url": "sqlite:///x", "exchange": {"name": "binance", "key": "k"},
    }  # fmt: skip


def test_what_the_host_asks_is_what_it_answers(entry: ModuleType) -> None:
    """The names on both sides of the pipe."""
    config = {"stake_currency": "USDT", "db_url": "sqlite:///x", "exchange": {"name": "binance"}}
    known = entry.answers(config)
    asked = {"records", "balances", "open_orders", "fills", "markets", "order", "rights", "account", "time"}
    contract = {"about", "totals", "open_orders_of", "wrong_key", "buy"}
    assert set(known) == asked | contract | {"cancel", "sell"}
