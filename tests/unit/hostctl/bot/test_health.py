"""A started bot is well when its loop moves, its strategy works, and its database answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven
from freqops.core.bot import layout
from freqops.core.bot.client import Failed, Reading
from freqops.hostctl.bot import health
from tests.unit.fakes import FakeClock, StillApi, make_bot

WRAPPER = "freqtrade.strategy.strategy_wrapper"


class Bot:
    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = FakeClock()
        self.api = StillApi(self.clock)
        self.logs: Any = {"logs": []}
        monkeypatch.setattr(self.api, "call", lambda *_: self.logs, raising=False)
        monkeypatch.setattr(health, "client", lambda _bot: self.api)
        self.declared = layout.load_bot(make_bot(root))

    def prove(self) -> None:
        health.prove(self.declared, self.clock, 20)


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bot:
    return Bot(tmp_path, monkeypatch)


def test_a_bot_whose_loop_comes_round_is_well(bot: Bot) -> None:
    bot.prove()
    assert bot.api.calls.count("read") > health.ROUNDS


def test_a_loop_that_stands_is_not(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    still = bot.clock.utcnow()
    monkeypatch.setattr(bot.api, "read", lambda: Reading("running", still, "alpha", dry_run=True))
    with pytest.raises(NotProven, match="came round 0 times, not 2"):
        bot.prove()


def test_a_stopped_trader_has_no_loop_but_a_database(bot: Bot) -> None:
    bot.api.state = "stopped"
    bot.prove()
    bot.api.error = Failed("GET /locks: status 500")
    with pytest.raises(NotProven, match="database does not answer"):
        bot.prove()


def test_a_database_that_does_not_answer_is_waited_for_and_then_named(bot: Bot) -> None:
    def before(call: str) -> None:
        if call == "our_locks" and bot.clock.now < 15:
            raise Failed("GET /locks: status 500")

    bot.api.before_call = before
    bot.prove()
    assert bot.clock.now >= 15


@pytest.mark.parametrize(
    "record",
    [
        ["t", 0, WRAPPER, "WARNING", "Strategy caused the following exception: ValueError('x')"],
        ["t", 0, WRAPPER, "ERROR", "Unexpected error KeyError('x')\nTraceback"],
        ["t", 0, "freqtrade.strategy.interface", "WARNING", "Unable to analyze candle (OHLCV) data for pair X: y"],
    ],
)
def test_a_strategy_that_raises_fails_at_once(bot: Bot, record: list[Any]) -> None:
    bot.logs = {"logs": [record]}
    with pytest.raises(NotProven, match="its strategy fails"):
        bot.prove()
    assert bot.clock.now == 0.0


@pytest.mark.parametrize(
    "logs", [{"logs": [["t", 0, "freqtrade.worker", "ERROR", "x"]]}, {"logs": [["short"]]}, [], {}]
)
def test_what_others_log_is_not_the_strategy(bot: Bot, logs: Any) -> None:
    bot.logs = logs
    bot.prove()


def test_a_failure_without_words_is_a_failure(bot: Bot) -> None:
    bot.logs = {"logs": [["t", 0, WRAPPER, "ERROR", ""]]}
    with pytest.raises(NotProven, match="its strategy fails"):
        bot.prove()


def test_a_hard_stop_meanwhile_is_told_from_a_failure(bot: Bot) -> None:
    bot.api.error = Failed("no answer")
    (bot.declared.home / "conf" / "holds.json").write_text("{")  # counts as level 3
    assert health.prove(bot.declared, bot.clock, 20) is False
    assert bot.clock.now == 0.0
