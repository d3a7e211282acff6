"""The entry gate of a strategy, with a hold on the disk and nothing else: no pause, no lock, nothing over the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from freqops.core.bot.client import BotRefused
from freqops.core.halt.entry_stop import entry_orders
from tests.contract.bot import Bot
from tests.contract.deployed import effective_config
from tests.contract.polling import eventually

PAIR, LOW, HIGHER = "ETH/USDT", 2000, 2100


@pytest.fixture(scope="module")
def behind_the_gate(deployed: object, request: pytest.FixtureRequest) -> Iterator[Bot]:
    bot: Bot = request.getfixturevalue("deployed").bot
    bot.reset()
    bot.configure(gated=True)
    bot.reload("running")
    yield bot
    bot.reset()
    bot.configure()
    bot.reload("running")


@pytest.fixture
def gated(behind_the_gate: Bot) -> Iterator[Bot]:
    behind_the_gate.reset()
    yield behind_the_gate
    behind_the_gate.files.put_holds()
    behind_the_gate.files.put_limits()


def nobody_paused(bot: Bot) -> bool:
    """Whether the bot runs and has no lock: what kept it from entering was its strategy."""
    return bot.api.read().state == "running" and not bot.api.call("GET", "/locks")["locks"]


@pytest.mark.parametrize("how", ["level 1", "level 3", "torn", "missing"])
def test_the_gate_keeps_a_running_bot_from_entering(gated: Bot, how: str) -> None:
    """A strategy is asked right before an entry, and may deny it.

    So the entry gate honours a hold that nobody could tell the bot of.
    """
    if how.startswith("level"):
        gated.files.put_holds(int(how[-1]))
    elif how == "torn":
        gated.files.put_conf("holds.json", b'{"version": 1')
    else:
        (gated.files.conf / "holds.json").unlink()
    gated.wish(enter=["BTC/USDT", "XRP/USDT"])
    gated.rounds(3)
    assert gated.api.open_trades() == []
    assert nobody_paused(gated)
    gated.files.put_holds()
    eventually(lambda: len(gated.api.open_trades()) == 2, "without the hold it enters")


def test_the_gate_denies_a_forced_entry(gated: Bot) -> None:
    """A strategy is asked before a forced entry, too."""
    gated.files.put_holds(1)
    with pytest.raises(BotRefused, match="Failed to enter position"):
        gated.force_enter("BTC/USDT")
    assert gated.api.open_trades() == []
    gated.files.put_holds()
    assert gated.force_enter("BTC/USDT")["pair"] == "BTC/USDT"


def test_a_forced_entry_into_an_open_position_asks_the_strategy_nothing(gated: Bot) -> None:
    """A forced entry into an open position asks the strategy nothing, so no gate can deny it.

    So freqops switches forced entries off for every bot.
    """
    gated.settled("SOL/USDT")
    gated.files.put_holds(1)
    gated.force_enter("SOL/USDT")
    eventually(lambda: gated.filled_entries("SOL/USDT") == 2, "the forced entry fills")
    assert effective_config("any", "S", {"force_entry_enable": True})["force_entry_enable"] is False


def test_the_gate_keeps_a_running_bot_from_increasing_a_position(gated: Bot) -> None:
    """Only the strategy itself is asked whether a position grows, and its answer counts.

    So the entry gate makes no growth of it.
    """
    gated.settled("SOL/USDT")
    gated.files.put_holds(1)
    gated.wish(add=["SOL/USDT"])
    gated.rounds(3)
    assert gated.filled_entries("SOL/USDT") == 1
    assert nobody_paused(gated)
    gated.files.put_holds()
    eventually(lambda: gated.filled_entries("SOL/USDT") > 1, "without the hold it adds to its position")


def test_the_gate_leaves_exits_alone(gated: Bot) -> None:
    """A strategy behind the gate reduces and exits under a hold as it likes."""
    gated.settled("SOL/USDT")
    amount = gated.settled("BNB/USDT")["amount"]
    gated.files.put_holds(1)
    gated.wish(reduce=["BNB/USDT"])
    eventually(lambda: 0 < (gated.trade("BNB/USDT") or {})["amount"] < amount, "the held bot reduces its position")
    gated.wish(exit=["SOL/USDT", "BNB/USDT"])
    eventually(lambda: not gated.api.open_trades(), "the held bot exits")
    assert gated.api.read().state == "running"


def resting_price(bot: Bot) -> Any:
    """Return the price of the entry order that rests in the pair of these tests."""
    trade = bot.trade(PAIR) or {"orders": []}
    return next((order["safe_price"] for order in trade["orders"] if order["is_open"]), None)


def test_without_a_hold_a_resting_entry_rests_and_is_replaced(gated: Bot) -> None:
    """With a new candle the strategy is asked for another price of a resting entry, and the order is replaced.

    So a gate that looks at new trades alone would miss an order.
    """
    gated.enter(PAIR, limit=LOW)
    gated.rounds(2)
    assert resting_price(gated) == LOW
    gated.wish(move={PAIR: HIGHER})
    gated.age_orders(PAIR)
    eventually(lambda: resting_price(gated) == HIGHER, "the order is replaced")


def test_the_gate_cancels_a_resting_entry_and_replaces_none(gated: Bot) -> None:
    """In every round the strategy is asked whether the time of a resting entry is over, and the order is cancelled.

    So the entry gate takes resting entries away, as level 1 does over the API.
    """
    trade = gated.enter(PAIR, limit=LOW)
    assert entry_orders(trade) == (True, False)
    gated.files.put_holds(1)
    gated.wish(enter=[PAIR], price={PAIR: LOW}, move={PAIR: HIGHER})
    eventually(lambda: not gated.api.open_trades(), "the resting entry is taken away")
    gated.rounds(2)
    assert gated.api.open_trades() == []
    assert nobody_paused(gated)


def waits(bot: Bot) -> None:
    """Let the bot have rounds in which it could enter."""
    bot.rounds(3)


def test_the_gate_keeps_a_running_bot_within_its_concurrent_trades(gated: Bot) -> None:
    """A strategy is asked before each entry with what is open in its database already.

    So the entry gate counts open trades, and denies one too many although nothing else does.
    """
    gated.settled("SOL/USDT")
    gated.files.put_limits(trades=1)
    gated.wish(enter=["BTC/USDT", "XRP/USDT"])
    waits(gated)
    assert [trade["pair"] for trade in gated.api.open_trades()] == ["SOL/USDT"]
    assert nobody_paused(gated)
    gated.files.put_limits(trades=2)
    eventually(lambda: len(gated.api.open_trades()) == 2, "with room for one more it enters one more")
    waits(gated)
    assert len(gated.api.open_trades()) == 2


def share_of(bot: Bot, stake: float) -> float:
    """Return the share of the bot's total stake that a stake is, by what the bot says it has."""
    return stake / float(bot.api.call("GET", "/balance")["total_bot"])


def test_the_gate_keeps_a_running_bot_within_its_exposure_of_a_market(gated: Bot) -> None:
    """What the gate is told of an entry is its amount and its price; a total stake is what the wallets say.

    So the entry gate knows the share of an entry before its order is sent.
    """
    gated.files.put_limits(exposure=share_of(gated, 50.0))
    gated.wish(enter=["BTC/USDT"], stake={"BTC/USDT": 100.0})
    waits(gated)
    assert gated.api.open_trades() == []
    assert nobody_paused(gated)
    gated.wish(enter=["BTC/USDT"], stake={"BTC/USDT": 40.0})
    eventually(lambda: gated.trade("BTC/USDT") is not None, "a smaller stake is within the exposure")


def test_the_gate_denies_an_increase_beyond_its_exposure(gated: Bot) -> None:
    """A strategy that averages down is told how much is in the trade, and the least stake that is accepted.

    So an increase counts with what is there already.
    """
    stake = float(gated.settled("SOL/USDT")["stake_amount"])
    gated.files.put_limits(exposure=share_of(gated, stake + 10.0))
    gated.wish(add=["SOL/USDT"])
    waits(gated)
    assert gated.filled_entries("SOL/USDT") == 1
    gated.files.put_limits(exposure=share_of(gated, stake + 100.0))
    eventually(lambda: gated.filled_entries("SOL/USDT") > 1, "with more room it adds to its position")


def test_an_entry_that_rests_counts_into_the_exposure_once(gated: Bot) -> None:
    """While its first entry rests, a trade has its whole stake, an open order, and no amount.

    So the gate takes the order for the stake, and neither twice nor not at all: another price for the order is within
    an exposure that has room for it once, and not within one that has not.
    """
    trade = gated.enter(PAIR, limit=LOW)
    stake = float(trade["stake_amount"])
    gated.files.put_limits(exposure=share_of(gated, stake * 0.8))
    gated.wish(move={PAIR: HIGHER})
    gated.age_orders(PAIR)
    waits(gated)
    assert resting_price(gated) == LOW, "it stays where it is"
    gated.files.put_limits(exposure=share_of(gated, stake * 1.2))
    eventually(lambda: resting_price(gated) == HIGHER, "the order is replaced")


@pytest.mark.parametrize("how", ["missing", "torn", "percent"])
def test_limits_that_cannot_be_read_keep_a_running_bot_from_entering(gated: Bot, how: str) -> None:
    """A strategy reads the limits on the disk itself, whenever it is asked about an entry.

    So what is there instead of limits lets nothing through.
    """
    if how == "missing":
        (gated.files.conf / "limits.json").unlink()
    elif how == "torn":
        gated.files.put_conf("limits.json", b'{"version": 1')
    else:
        gated.files.put_conf("limits.json", {"version": 1, "max_concurrent_trades": None, "max_market_exposure": 25})
    gated.wish(enter=["BTC/USDT"])
    waits(gated)
    assert gated.api.open_trades() == []
    assert nobody_paused(gated)
    gated.files.put_limits()
    eventually(lambda: len(gated.api.open_trades()) == 1, "without limits it enters")
