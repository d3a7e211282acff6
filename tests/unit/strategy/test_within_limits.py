"""The limits through the entry gate: what is asked, what is open, and that whatever is not known allows nothing."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freqops.core.bot import limits
from freqops.core.bot.limits import Limits
from freqops.core.halt.holds import Hold, Holds
from freqops.strategy import EntryGate, entry_gate, within_limits

RATE, OTHER, TOTAL = 100.0, 101.0, 1000.0
BTC, ETH = "BTC/USDT", "ETH/USDT"


@dataclass
class Order:
    """An order as Freqtrade's own records have it."""

    stake_amount: float
    ft_order_side: str = "buy"


@dataclass
class Trade:
    """An open trade as Freqtrade's own records have it: while its first entry rests it has the stake, and no amount."""

    id: int
    pair: str
    stake_amount: float
    amount: float = 1.0
    open_orders: list[Order] = field(default_factory=list)
    entry_side: str = "buy"


class Wallets:
    """The wallets that Freqtrade gives its strategy."""

    def __init__(self, total: Any = TOTAL) -> None:
        self.total = total

    def get_total_stake_amount(self) -> Any:
        return self.total


class Interface:
    """A strategy that wants everything."""

    stake: Any = 100.0
    price: Any = OTHER

    def __init__(self, runmode: str = "live") -> None:
        self.config = {"runmode": runmode}
        self.wallets: Any = Wallets()

    def confirm_trade_entry(self, **_: Any) -> Any:
        return True

    def adjust_trade_position(self, **_: Any) -> Any:
        return self.stake

    def adjust_order_price(self, **_: Any) -> Any:
        return self.price

    def check_entry_timeout(self, **_: Any) -> Any:
        return False


class Mine(EntryGate, Interface):
    pass


class World:
    """What stands for /freqops, and what the bot has open."""

    def __init__(self, home: Path) -> None:
        self.home, self.trades = home, list[Trade]()
        self.error: Exception | None = None
        self.strategy = Mine()
        self.file = home / within_limits.FILE
        self.limit()

    def get_open_trades(self) -> list[Trade]:
        if self.error is not None:
            raise self.error
        return self.trades

    def limit(self, trades: int | None = None, exposure: float | None = None) -> None:
        self.file.write_text(json.dumps(Limits(trades, exposure).to_json()))

    def enters(self, pair: str = BTC, stake: float = 100.0) -> bool:
        return bool(self.strategy.confirm_trade_entry(pair=pair, amount=stake / RATE, rate=RATE, side="long"))

    def increases(self, trade: Trade, stake: Any = 100.0, min_stake: float | None = 10.0) -> bool:
        self.strategy.stake = stake
        return self.strategy.adjust_trade_position(trade=trade, min_stake=min_stake) is not None

    def replaces(self, trade: Trade) -> bool:
        asked = {"trade": trade, "pair": trade.pair, "current_order_rate": RATE, "is_entry": True}
        return bool(self.strategy.adjust_order_price(**asked) == OTHER)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    home = tmp_path / "freqops"
    (home / "conf").mkdir(parents=True)
    (home / entry_gate.HOLDS).write_text(json.dumps(Holds().to_json()))
    monkeypatch.setattr(entry_gate, "HOME", home)
    made = World(home)
    monkeypatch.setitem(sys.modules, "freqtrade", SimpleNamespace())
    trade = SimpleNamespace(get_open_trades=made.get_open_trades)
    monkeypatch.setitem(sys.modules, "freqtrade.persistence", SimpleNamespace(Trade=trade))
    return made


def test_without_limits_nothing_is_asked_and_nothing_denied(world: World) -> None:
    world.error = RuntimeError("the database is away")
    trade = Trade(1, BTC, 900.0)
    assert (world.enters(stake=1e9), world.increases(trade, 1e9), world.replaces(trade)) == (True, True, True)


def test_concurrent_trades(world: World) -> None:
    world.limit(trades=2)
    assert world.enters()
    world.trades = [Trade(1, ETH, 1.0)]
    assert world.enters()
    world.trades += [Trade(2, "XRP/USDT", 1.0)]
    assert not world.enters()


def test_at_the_limit_a_trade_may_grow_and_beyond_it_none_does(world: World) -> None:
    world.trades = [Trade(1, BTC, 1.0), Trade(2, ETH, 1.0)]
    for most, grows in ((2, True), (1, False)):
        world.limit(trades=most)
        assert world.increases(world.trades[0]) is grows
        assert world.replaces(world.trades[1]) is grows


@pytest.mark.parametrize(("stake", "enters"), [(250.0, True), (250.1, False), (1050.0, False)])
def test_exposure_with_the_entry_that_is_asked_for(world: World, stake: float, enters: bool) -> None:
    world.limit(exposure=0.25)
    assert world.enters(stake=stake) is enters


def test_exposure_counts_what_is_in_that_market_alone(world: World) -> None:
    world.limit(exposure=0.25)
    world.trades = [Trade(1, ETH, 900.0), Trade(2, BTC, 160.0)]
    assert world.enters(stake=90.0)
    assert not world.enters(stake=91.0)


@pytest.mark.parametrize(
    ("trade", "room"),
    [
        (Trade(1, BTC, 100.0), 150.0),
        (Trade(1, BTC, 100.0, amount=0.0, open_orders=[Order(100.0)]), 150.0),  # its first entry rests
        (Trade(1, BTC, 100.0, amount=0.0), 150.0),  # as it is between two orders
        (Trade(1, BTC, 100.0, open_orders=[Order(60.0)]), 90.0),  # an increase rests
        (Trade(1, BTC, 100.0, open_orders=[Order(60.0), Order(20.0)]), 70.0),
        (Trade(1, BTC, 100.0, open_orders=[Order(60.0, "sell")]), 150.0),  # an exit rests
        (Trade(1, BTC, 100.0, open_orders=[Order(60.0, "sell")], entry_side="sell"), 90.0),
    ],
)
def test_entry_orders_that_rest_count_once(world: World, trade: Trade, room: float) -> None:
    world.limit(exposure=0.25)
    world.trades = [trade]
    assert world.increases(trade, room)
    assert not world.increases(trade, room + 1)


def test_an_increase_that_freqtrade_would_raise_counts_as_what_it_becomes(world: World) -> None:
    world.limit(exposure=0.25)
    world.trades = [Trade(1, BTC, 240.0)]
    assert world.increases(world.trades[0], 9.0, min_stake=10.0)
    assert not world.increases(world.trades[0], 9.0, min_stake=11.0)
    assert world.increases(world.trades[0], 9.0, min_stake=None)


def test_another_price_is_no_more_stake_and_is_denied_where_the_market_has_too_much_already(world: World) -> None:
    world.trades = [Trade(1, BTC, 250.0, amount=0.0, open_orders=[Order(250.0)])]
    for most, replaces in ((0.25, True), (0.24, False)):
        world.limit(exposure=most)
        assert world.replaces(world.trades[0]) is replaces
    assert world.strategy.check_entry_timeout() is False, "and what rests stays"


@pytest.mark.parametrize("stake", [-50.0, 0, None, (-5.0, "tag")])
def test_what_does_not_increase_a_position_is_its_own(world: World, stake: Any) -> None:
    world.limit(trades=1, exposure=0.01)
    world.trades = [Trade(1, BTC, 900.0), Trade(2, ETH, 900.0)]
    world.strategy.stake = stake
    assert world.strategy.adjust_trade_position(trade=world.trades[0]) is stake


@pytest.mark.parametrize("stake", [float("nan"), "much", (), ("5x",)])
def test_an_increase_of_no_known_stake_is_beyond_an_exposure(world: World, stake: Any) -> None:
    world.trades = [Trade(1, BTC, 1.0)]
    world.limit(trades=5)
    assert world.increases(world.trades[0], stake)
    world.limit(exposure=1.0)
    assert not world.increases(world.trades[0], stake)


@pytest.mark.parametrize("total", [0, 0.0, -5.0, float("nan"), float("inf"), None, "much"])
def test_without_a_total_stake_nothing_is_within_an_exposure(world: World, total: Any) -> None:
    world.limit(exposure=1.0)
    world.strategy.wallets = Wallets(total)
    assert not world.enters(stake=0.001)
    world.strategy.wallets = None
    assert not world.enters(stake=0.001)


@pytest.mark.parametrize("stake", [-900.0, float("nan"), None])
def test_a_stake_that_is_none_makes_no_room_for_others(world: World, stake: Any) -> None:
    world.limit(exposure=0.25)
    world.trades = [Trade(1, BTC, 240.0), Trade(2, BTC, stake)]
    assert not world.enters(stake=1.0)
    world.trades = [Trade(1, BTC, 240.0, open_orders=[Order(stake)])]
    assert not world.enters(stake=1.0)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 1}', '{"version": 1, "max_concurrent_trades": 5, "max_market_exposure": 25}']
)
def test_limits_that_cannot_be_read_allow_no_entry(world: World, text: str) -> None:
    world.file.write_text(text)
    trade = Trade(1, BTC, 1.0)
    assert (world.enters(), world.increases(trade), world.replaces(trade)) == (False, False, False)


def test_limits_that_are_missing_allow_no_entry(world: World) -> None:
    world.file.unlink()
    assert not world.enters()
    assert world.strategy.check_entry_timeout() is False


@pytest.mark.parametrize("error", [OSError, RuntimeError, MemoryError, RecursionError])
def test_whatever_goes_wrong_allows_no_entry(world: World, error: type[Exception], monkeypatch: Any) -> None:
    """Freqtrade takes a strategy that raises for one that agrees."""
    world.limit(trades=5)
    world.error = error("no")
    assert not world.enters()
    world.error = None
    assert world.enters()
    monkeypatch.setitem(sys.modules, "freqtrade.persistence", None)
    assert not world.enters()

    def fails(*_: Any) -> Any:
        raise error("no")

    monkeypatch.setattr(limits, "load", fails)
    assert not world.enters()


def test_a_strategy_that_raises_enters_nothing_beyond_its_limits(world: World) -> None:
    class Raises(Mine):
        def confirm_trade_entry(self, **_: Any) -> Any:
            raise ValueError("no")

    world.strategy = Raises()
    with pytest.raises(ValueError, match="no"):
        world.enters()
    world.limit(trades=1)
    world.trades = [Trade(1, ETH, 1.0)]
    assert not world.enters()


def test_the_limits_are_read_every_time(world: World) -> None:
    world.trades = [Trade(1, ETH, 1.0)]
    for most in (None, 1, 2, 1, None):
        world.limit(trades=most)
        assert world.enters() is (most != 1)


@pytest.mark.parametrize("runmode", ["backtest", "hyperopt", "util_no_exchange"])
def test_where_nothing_is_traded_no_limit_counts(world: World, runmode: str) -> None:
    world.file.unlink()
    world.strategy.config = {"runmode": runmode}
    assert world.enters()


def test_outside_of_a_container_of_freqops_no_limit_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_gate, "HOME", world.home / "nothing")
    assert world.enters()


def test_a_held_bot_enters_nothing_whatever_its_limits(world: World) -> None:
    hold = Hold("halt", 1, "drill", "ann", "one", 1, "")
    (world.home / entry_gate.HOLDS).write_text(json.dumps(Holds(9, (hold,)).to_json()))
    assert not world.enters()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_a_refusal_is_one_line_and_its_end_another(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world.limit(trades=1)
    world.trades = [Trade(1, ETH, 1.0)]
    for pair in (BTC, "XRP/USDT", BTC):
        world.enters(pair)
    assert said(caplog) == ["entry gate: no entry in BTC/USDT: live_concurrent_trades_exceeded: 1/1"]
    world.trades += [Trade(2, "BNB/USDT", 1.0)]
    world.enters()
    assert said(caplog) == [], "another figure is no other reason"
    world.limit(trades=2)
    world.enters()
    assert said(caplog) == ["entry gate: no entry in BTC/USDT: live_concurrent_trades_exceeded: 2/2"]
    world.trades = []
    assert world.enters()
    assert world.enters()
    assert said(caplog) == ["entry gate: an entry in BTC/USDT is within the limits again"]


def test_each_market_has_its_own_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world.limit(exposure=0.25)
    for _ in range(3):
        world.enters(BTC, 260.0)
        world.enters(ETH, 270.0)
        world.enters("XRP/USDT", 10.0)
    assert said(caplog) == [
        "entry gate: no entry in BTC/USDT: per_market_exposure_exceeded:BTC/USDT:0.26>0.25",
        "entry gate: no entry in ETH/USDT: per_market_exposure_exceeded:ETH/USDT:0.27>0.25",
    ]


def test_what_is_allowed_of_one_kind_says_nothing_of_another(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world.limit(trades=1)
    world.trades = [Trade(1, ETH, 1.0)]
    for _ in range(3):
        assert not world.enters()
        assert world.increases(world.trades[0])
    assert len(said(caplog)) == 1


def test_unreadable_limits_are_said_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world.file.unlink()
    for pair in (BTC, ETH, BTC):
        world.enters(pair)
    world.limit()
    world.enters()
    world.enters()
    [first, second] = said(caplog)
    assert first == f"entry gate: no entry in BTC/USDT: its limits cannot be read ({world.file}: it is missing)"
    assert second == "entry gate: an entry in BTC/USDT is within the limits again"


def test_two_bots_of_one_class_do_not_share_what_they_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.file.unlink()
    world.enters()
    world.strategy = Mine()
    world.enters()
    assert len(said(caplog)) == 2


def test_the_place_is_that_of_the_container() -> None:
    assert str(entry_gate.HOME / within_limits.FILE) == "/freqops/conf/limits.json"


@pytest.mark.parametrize(
    "asked",
    [
        {"pair": BTC},
        {"pair": BTC, "amount": None, "rate": RATE},
        {"pair": BTC, "amount": "1", "rate": float("nan")},
        {"amount": float("inf"), "rate": 0.0},
    ],
)
def test_an_entry_of_no_known_stake_is_beyond_an_exposure(world: World, asked: dict[str, Any]) -> None:
    world.limit(exposure=1.0)
    assert world.strategy.confirm_trade_entry(**asked) is False
