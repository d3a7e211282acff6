"""The reason of a command: taken as it was given, wherever it was given, and never missing in a halt."""

from __future__ import annotations

import pytest

from freqops.core.base.errors import Refused
from freqops.plays import mandate


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("FREQOPS_REASON", raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("Binance's feed is wrong", "Binance's feed is wrong"),
        ('{{ 7 * 6 }} "said" level=3 $(id) \\ %', '{{ 7 * 6 }} "said" level=3 $(id) \\ %'),
        ("  Köln, 上海 ", "Köln, 上海"),
        ("two\nlines\x1b[2J", "two\\nlines\\x1b[2J"),
        ("\u202eevil", "\\u202eevil"),
        ("\udcff", "\\udcff"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_the_environment_takes_every_character(environment: pytest.MonkeyPatch, given: str, taken: str) -> None:
    environment.setenv("FREQOPS_REASON", given)
    assert mandate.reason({}) == taken
    assert mandate.reason({}, "default") == taken


def test_words_on_the_command_line_win_over_what_may_be_old(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FREQOPS_REASON", "yesterday's")
    assert mandate.reason({"reason": "today's"}) == "today's"
    assert mandate.reason({"reason": "two", "_raw_params": "words"}) == "two words"
    with pytest.raises(Refused, match="one line of 1 to 200 characters"):
        mandate.reason({"reason": ""}, "default")


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_blank_variable_is_no_reason(environment: pytest.MonkeyPatch, blank: str) -> None:
    environment.setenv("FREQOPS_REASON", blank)
    assert mandate.reason({}, "default") == "default"
    with pytest.raises(Refused, match="no reason is given; put FREQOPS_REASON='…' before the command"):
        mandate.reason({})


def test_a_halt_without_a_reason_says_who_gave_none() -> None:
    made = mandate.of_play({}, "halt1", mandate.no_reason())
    assert made.reason == f"no reason given by {mandate.actor()}"
