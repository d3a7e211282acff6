"""The entry gate: what a held strategy answers, however it is written, and that without a hold it answers as before."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot.limits import Limits
from freqops.core.halt import holds
from freqops.core.halt.holds import Hold, Holds
from freqops.strategy import EntryGate, entry_gate, within_limits

RATE, OTHER = 100.0, 101.0
ORDER = {"current_order_rate": RATE, "proposed_rate": OTHER}


class Interface:
    """What Freqtrade's IStrategy answers where a strategy says nothing."""

    def __init__(self, runmode: str = "live") -> None:
        self.config = {"runmode": runmode}

    def confirm_trade_entry(self, **_: Any) -> Any:
        return True

    def adjust_trade_position(self, **_: Any) -> Any:
        return None

    def adjust_entry_price(self, **asked: Any) -> Any:
        return asked["current_order_rate"]

    def adjust_exit_price(self, **asked: Any) -> Any:
        return asked["current_order_rate"]

    def adjust_order_price(self, **asked: Any) -> Any:
        is_entry = asked.pop("is_entry")
        return self.adjust_entry_price(**asked) if is_entry else self.adjust_exit_price(**asked)

    def check_entry_timeout(self, **_: Any) -> Any:
        return False

    def check_exit_timeout(self, **_: Any) -> Any:
        return False


class Eager(Interface):
    """Wants everything, and calls no super()."""

    stake: Any = 20.0
    price: Any = OTHER

    def confirm_trade_entry(self, **_: Any) -> Any:
        return "certainly"

    def adjust_trade_position(self, **_: Any) -> Any:
        return self.stake

    def adjust_entry_price(self, **_: Any) -> Any:
        return self.price

    def adjust_exit_price(self, **_: Any) -> Any:
        return self.price


class First(EntryGate, Eager):
    pass


class Last(Eager, EntryGate):
    pass


class Below(First):
    """Overrides what the gate guards, below the gate."""

    def confirm_trade_entry(self, **_: Any) -> Any:
        return True


class Silent(EntryGate, Interface):
    pass


class Own(EntryGate, Eager):
    """Freqtrade asks `adjust_order_price`, where a strategy has it."""

    def adjust_order_price(self, **_: Any) -> Any:
        return self.price


def late() -> Any:
    """Return a strategy of which somebody replaced a method of the object itself."""
    strategy = First()
    strategy.confirm_trade_entry = lambda **_: True  # type: ignore[method-assign]
    return strategy


EAGER: dict[str, Callable[[], Any]] = {"first": First, "last": Last, "below": Below, "own": Own, "late": late}
Write = Callable[..., None]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return what stands for /freqops, with holds that hold nothing and limits that limit nothing."""
    home = tmp_path / "freqops"
    (home / "conf").mkdir(parents=True)
    monkeypatch.setattr(entry_gate, "HOME", home)
    (home / entry_gate.HOLDS).write_text(json.dumps(Holds().to_json()))
    (home / within_limits.FILE).write_text(json.dumps(Limits().to_json()))
    return home


@pytest.fixture
def hold(home: Path) -> Write:
    """Return a function that writes holds of these levels."""

    def write(*levels: int) -> None:
        named = zip(holds.HOLDERS, levels, strict=False)
        several = tuple(Hold(holder, level, "drill", "ann", "one", 1, "") for holder, level in named)
        (home / entry_gate.HOLDS).write_text(json.dumps(Holds(9, several).to_json()))

    return write


@pytest.fixture(params=EAGER)
def eager(request: pytest.FixtureRequest, home: Path) -> Any:
    """Return a strategy that wants to enter, behind the gate in one way or another."""
    return EAGER[request.param]()


@pytest.mark.parametrize("levels", [(1,), (3,), (1, 3)])
def test_a_held_strategy_enters_nothing(eager: Any, hold: Write, levels: tuple[int, ...]) -> None:
    hold(*levels)
    assert eager.confirm_trade_entry(pair="BTC/USDT", side="long", entry_tag="force_entry") is False
    assert eager.confirm_trade_entry(pair="BTC/USDT", side="short") is False
    assert eager.adjust_trade_position() is None
    assert eager.adjust_entry_price(**ORDER) == RATE
    assert eager.adjust_order_price(is_entry=True, **ORDER) == RATE
    assert eager.check_entry_timeout() is True


def test_without_a_hold_every_answer_is_its_own(eager: Any) -> None:
    assert eager.confirm_trade_entry() in ("certainly", True)
    assert eager.adjust_trade_position() == 20.0
    assert eager.adjust_entry_price(**ORDER) == OTHER
    assert eager.adjust_order_price(is_entry=True, **ORDER) == OTHER
    assert eager.check_entry_timeout() is False


def test_exits_are_its_own_under_a_hold(eager: Any, hold: Write) -> None:
    hold(3)
    assert eager.adjust_order_price(is_entry=False, **ORDER) == OTHER
    assert eager.adjust_exit_price(**ORDER) == OTHER
    assert eager.check_exit_timeout() is False


@pytest.mark.parametrize("answer", [None, 0, 0.0, -5, -5.5, (-5.0, "tag"), (None, "tag"), (0, "tag")])
def test_what_does_not_increase_a_position_is_its_own_under_a_hold(hold: Write, answer: Any) -> None:
    hold(1)
    strategy = First()
    strategy.stake = answer
    assert strategy.adjust_trade_position() is answer


@pytest.mark.parametrize("answer", [1e-9, 5, (5.0, "tag"), (5.0,), float("nan"), float("inf"), "5", ()])
def test_what_increases_a_position_or_might_is_not_done_under_a_hold(hold: Write, answer: Any) -> None:
    strategy = First()
    strategy.stake = answer
    assert strategy.adjust_trade_position() is answer
    hold(1)
    assert strategy.adjust_trade_position() is None


@pytest.mark.parametrize("price", [None, 0, RATE])
def test_an_order_that_is_not_replaced_is_its_own_under_a_hold(hold: Write, price: Any) -> None:
    hold(1)
    strategy = First()
    strategy.price = price
    assert strategy.adjust_order_price(is_entry=True, **ORDER) == price


def test_a_call_that_is_not_freqtrades_is_not_misread(home: Path, hold: Write) -> None:
    """A strategy may call itself with whatever arguments; the call of Freqtrade around it is guarded."""

    class Positional(EntryGate, Interface):
        def adjust_entry_price(self, rate: float) -> float:  # type: ignore[override]
            return rate + 1

    hold(1)
    assert Positional().adjust_entry_price(RATE) == OTHER


def test_one_that_says_nothing_is_behind_the_gate_too(home: Path, hold: Write) -> None:
    strategy = Silent()
    assert (strategy.confirm_trade_entry(), strategy.check_entry_timeout()) == (True, False)
    hold(1)
    assert (strategy.confirm_trade_entry(), strategy.check_entry_timeout()) == (False, True)


def test_a_denial_of_its_own_stays_one(home: Path) -> None:
    class Shy(EntryGate, Interface):
        def confirm_trade_entry(self, **_: Any) -> Any:
            return ""

    assert Shy().confirm_trade_entry() == ""


def test_freqtrade_sees_no_override_that_is_none(home: Path) -> None:
    """It refuses a strategy that overrides both ways to adjust prices, and looks at classes for that."""
    for name in entry_gate.GUARDS:
        assert getattr(Silent, name) is getattr(Interface, name)
        asked = getattr(Silent(), name)
        assert (asked.__name__, asked.__qualname__) == (name, f"Interface.{name}")


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"version": 2, "seq": 0, "holds": []}', "[]", "\0", '{"version": 1, "seq": 0}'],
)
def test_holds_that_cannot_be_read_hold(home: Path, eager: Any, text: str) -> None:
    (home / entry_gate.HOLDS).write_text(text)
    assert eager.confirm_trade_entry() is False
    assert eager.adjust_trade_position() is None


def test_holds_that_are_missing_hold(home: Path, eager: Any) -> None:
    (home / entry_gate.HOLDS).unlink()
    assert eager.confirm_trade_entry() is False
    shutil.rmtree(home / "conf")
    assert eager.confirm_trade_entry() is False


@pytest.mark.parametrize("error", [PermissionError, OSError, RuntimeError, MemoryError, FileNotFoundError])
def test_whatever_goes_wrong_with_the_disk_holds(
    home: Path, eager: Any, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freqtrade takes a strategy that raises for one that agrees."""

    def fails(*_: Any) -> Any:
        raise error("the disk fails")

    monkeypatch.setattr(holds, "load", fails)
    assert eager.confirm_trade_entry() is False
    if issubclass(error, OSError) and error is not FileNotFoundError:
        monkeypatch.setattr(Path, "lstat", fails)
        assert eager.confirm_trade_entry() is False


def test_a_strategy_that_raises_enters_nothing_under_a_hold(home: Path, hold: Write) -> None:
    class Raises(EntryGate, Interface):
        def confirm_trade_entry(self, **_: Any) -> Any:
            raise ValueError("no")

    strategy = Raises()
    with pytest.raises(ValueError, match="no"):
        strategy.confirm_trade_entry()
    hold(1)
    assert strategy.confirm_trade_entry() is False


def test_a_hold_that_comes_while_the_strategy_thinks_is_seen(home: Path, hold: Write) -> None:
    class Slow(EntryGate, Interface):
        def confirm_trade_entry(self, **_: Any) -> Any:
            hold(1)
            return True

        adjust_trade_position = confirm_trade_entry

        def adjust_entry_price(self, **_: Any) -> Any:
            hold(1)
            return OTHER

    assert Slow().confirm_trade_entry() is False
    hold()
    assert Slow().adjust_trade_position() is None
    hold()
    assert Slow().adjust_order_price(is_entry=True, **ORDER) == RATE


def test_the_disk_is_asked_every_time(home: Path, hold: Write) -> None:
    strategy = First()
    for levels in ((), (1,), (), (3,), (1,), ()):
        hold(*levels)
        assert bool(strategy.confirm_trade_entry()) is (levels == ())


@pytest.mark.parametrize("runmode", ["backtest", "hyperopt", "util_no_exchange"])
def test_where_nothing_is_traded_no_hold_counts(eager: Any, hold: Write, runmode: str) -> None:
    hold(3)
    assert not eager.confirm_trade_entry()
    eager.config = {"runmode": runmode}
    assert eager.confirm_trade_entry()


@pytest.mark.parametrize("config", [{}, {"runmode": "dry_run"}, {"runmode": "other"}, None])
def test_whatever_else_runs_is_gated(eager: Any, hold: Write, config: Any) -> None:
    hold(1)
    eager.config = config
    assert eager.confirm_trade_entry() is False


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_outside_of_a_container_of_freqops_nothing_is_gated_and_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(entry_gate, "HOME", tmp_path / "nothing")
    caplog.set_level(logging.INFO)
    strategy = First()
    assert (strategy.confirm_trade_entry(), strategy.adjust_trade_position()) == ("certainly", 20.0)
    assert strategy.check_entry_timeout() is False
    [(level, text)] = said(caplog)
    assert (level, text.partition(",")[0]) == ("WARNING", f"entry gate: there is no {tmp_path / 'nothing'} here")


def test_a_hold_and_its_end_are_said_once(home: Path, hold: Write, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    strategy = First()
    for levels in ((), (1,), (1,), (1, 3), (), ()):
        hold(*levels)
        strategy.confirm_trade_entry()
        strategy.check_entry_timeout()
    assert said(caplog) == [
        ("WARNING", "entry gate: no entries: held at level 1: drill (one)"),
        ("WARNING", "entry gate: no entries: held at level 3: drill (one); drill (one)"),
        ("INFO", "entry gate: nothing holds the bot any more, entries are its strategy's own again"),
    ]


def test_the_place_is_that_of_the_container() -> None:
    assert str(entry_gate.HOME / entry_gate.HOLDS) == "/freqops/conf/holds.json"
