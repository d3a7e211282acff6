"""The demo claims what it read back, and shows how long a step usually takes."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from lab import demo_proofs as proofs
from lab.base.wait import until
from lab.demo_proofs import NotShown, Trades
from lab.demo_screen import Screen

BTC, ETH = {"1": "BTC/USDT"}, {"2": "ETH/USDT"}
ENDED = {"2": "ETH/USDT closed by exit_signal"}


class Bot:
    """A paused bot with trades, and what it had before it was halted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.row: dict[str, Any] = {"trader": "paused", "level": 1}
        self.now = Trades(held=BTC | ETH, waiting={}, closed={})
        monkeypatch.setattr(proofs, "status", lambda: self.row)
        monkeypatch.setattr(proofs, "trades", lambda *_: self.now)
        monkeypatch.setattr(proofs, "found", {proofs.BOT: BTC | ETH})


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Bot:
    return Bot(monkeypatch)


def test_positions_that_are_still_there_are_counted(bot: Bot) -> None:
    assert proofs.level_1() == "trader paused, level 1, 2 of 2 positions still managed"


def test_a_position_that_came_after_the_look_is_not_counted(bot: Bot) -> None:
    bot.now = Trades(held=BTC | ETH | {"3": "SOL/USDT"}, waiting={}, closed={})
    assert proofs.level_1() == "trader paused, level 1, 2 of 2 positions still managed"


def test_a_position_that_ended_meanwhile_is_named(bot: Bot) -> None:
    bot.now = Trades(held=BTC, waiting={}, closed=ENDED)
    said = proofs.level_1()
    assert said == "trader paused, level 1, 1 of 2 positions still managed, ETH/USDT closed by exit_signal"


@pytest.mark.parametrize(
    "now",
    [
        Trades(held=BTC, waiting={}, closed={}),
        Trades(held=BTC, waiting=ETH, closed={}),
        Trades(held=BTC | {"3": "SOL/USDT"}, waiting={}, closed={}),
        Trades(held={}, waiting={}, closed=ENDED),
    ],
)
def test_a_position_that_is_gone_without_an_exit_is_not_shown(bot: Bot, now: Trades) -> None:
    bot.now = now
    with pytest.raises(NotShown, match=r"of 2 positions before the halt, gone without an exit: (BTC|ETH)/USDT"):
        proofs.level_1()


@pytest.mark.parametrize("wrong", [{"trader": "running"}, {"level": 0}])
def test_a_bot_that_is_not_held_is_not_shown(bot: Bot, wrong: dict[str, Any]) -> None:
    bot.row |= wrong
    with pytest.raises(NotShown):
        proofs.level_1()


def test_a_halt_of_a_bot_that_had_nothing_shows_nothing(bot: Bot) -> None:
    proofs.found[proofs.BOT] = {}
    with pytest.raises(NotShown, match="of 0 positions"):
        proofs.level_1()


def test_where_nobody_watches_lines_are_all_there_is() -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, highlight=False, soft_wrap=True))
    with screen.running([90, 5]), screen.step(1, "Deploy"):
        screen.say("TASK [docker : install | Install engine and Compose] ****")
    assert out.getvalue().splitlines() == [
        "", "=== 1/2 Deploy (usually 1 min 30 s)", "TASK [docker : install | Install engine and Compose] ****",
        "=== 1/2 took 0 s",
    ]  # fmt: skip


def test_on_a_terminal_it_says_what_is_done_and_how_long_that_usually_takes() -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, force_terminal=True, width=120, color_system=None))
    shown = ("install | Install engine", "0 s of usually 1 min 30 s", "0 s of usually 1 min 35 s")
    with screen.running([90, 5]), screen.step(1, "Deploy"):
        screen.say("TASK [docker : install | Install engine and Compose] ****")
        until(
            lambda: all(text in out.getvalue().replace("TASK [docker : install", "") for text in shown),
            30,
            "it is shown",
        )
