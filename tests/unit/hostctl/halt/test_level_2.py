"""Level 2: everything is exited, flat is only what was read back, and what keeps a bot from it is named."""

from __future__ import annotations

import errno
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.bot.client import BotRefused, Failed, Unreachable
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.exchange import witness
from freqops.hostctl.halt import level_2
from tests.unit.accounts import filled, opened, recorded, resting
from tests.unit.fakes import order, process, trade
from tests.unit.hostctl.host import Host

DEADLINE = 120.0


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A paper bot that runs."""
    return Host(tmp_path, monkeypatch)


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot that runs with one open trade of one BTC; its exits reach its exchange."""
    host = Host(tmp_path, monkeypatch, mode="live")
    host.account.buy("1", "1")
    host.api.trades = [position(1)]
    host.api.exiting = lambda number: sell(host, number)
    return host


def position(number: int, pair: str = "BTC/USDT", *more: dict[str, Any]) -> dict[str, Any]:
    return trade(number, order("buy", is_open=False), *more, pair=pair)


def sell(host: Host, number: int) -> None:
    """Do what Freqtrade does: the order, its record, and the trade is closed."""
    host.api.calls.append(f"exit {number}")
    host.api.trades = [each for each in host.api.trades if each["trade_id"] != number]
    host.account.orders.append(recorded(f"x{number}", number, "sell"))
    host.account.fills.append(filled(f"x{number}", "sell", "1"))
    host.account.coins["BTC"] -= Decimal(1)
    host.account.trades = [
        {**each, "is_open": each["is_open"] and each["id"] != number} for each in host.account.trades
    ]


def refusing(host: Host, *numbers: int) -> None:
    """Let the bot refuse to exit these trades."""
    exit_it = host.api.exiting or host.api.close

    def exiting(number: int) -> None:
        if number in numbers:
            host.api.calls.append(f"exit {number}")
            raise BotRefused("not enough balance")
        exit_it(number)

    host.api.exiting = exiting


def exits(host: Host) -> list[str]:
    return [call for call in host.api.calls if call.startswith("exit")]


# --- paper


def test_everything_is_exited_and_proven(host: Host) -> None:
    host.api.trades = [position(1), position(2, "ETH/USDT")]
    row = host.halt(2)
    assert (row.verdict, row.proven, row.state, row.level) == ("FLAT, PROVEN", True, "paused", 2)
    assert row.closed == ["1 BTC/USDT", "2 ETH/USDT"]
    assert (row.positions, row.acted, row.raised) == ([], True, True)
    assert row.acknowledged_s is not None
    assert row.proven_s is not None
    assert row.acknowledged_s <= row.proven_s < DEADLINE
    assert (host.level, host.initial_state) == (1, "paused")  # what stays of it: no entries
    assert host.account.asked == []


def test_no_exit_is_asked_before_it_is_paused(host: Host) -> None:
    """A running bot could enter again behind the exit."""
    host.api.trades = [position(1)]
    host.halt(2)
    assert host.api.calls.index("pause") < host.api.calls.index("exit 1")
    assert host.api.calls.index("lock freqops halt one") < host.api.calls.index("exit 1")


def test_no_exit_is_asked_while_it_boots(host: Host) -> None:
    host.api.state, host.api.trades = "paused", [position(1)]
    read = host.api.read
    host.api.read = lambda: read().__class__("paused", None, "alpha", True)  # type: ignore[method-assign]
    host.api.past_boot = lambda: False  # type: ignore[method-assign]
    row = host.halt(2)
    assert exits(host) == []
    assert (row.verdict, row.proven) == ("NOT FLAT", False)


def test_nothing_open_is_flat(host: Host) -> None:
    row = host.halt(2)
    assert (row.verdict, row.proven, row.closed, exits(host)) == ("FLAT, PROVEN", True, [], [])


def test_again_it_is_flat_and_changes_nothing(host: Host) -> None:
    host.halt(2)
    row = host.halt(2, "two")
    assert (row.verdict, row.proven, row.raised, row.acted, row.incident) == ("FLAT, PROVEN", True, False, False, "one")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_pair_that_fails_keeps_no_other_from_being_exited(host: Host, number: int) -> None:
    host.api.trades = [position(each, f"P{each}/USDT") for each in (1, 2, 3)]
    refusing(host, number)
    row = host.halt(2)
    others = sorted({1, 2, 3} - {number})
    assert row.closed == [f"{each} P{each}/USDT" for each in others]
    assert exits(host)[:3] == ["exit 1", "exit 2", "exit 3"]
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    assert any(f"trade {number} P{number}/USDT 2.0: asked to exit" in text for text in row.detail)
    assert any("the last answer: not enough balance" in text for text in row.detail)
    assert row.detail[-1] == level_2.AGAIN
    assert DEADLINE <= host.clock.now < DEADLINE + 10


def test_what_is_refused_is_asked_again_until_the_deadline(host: Host) -> None:
    host.api.trades = [position(1)]
    host.api.exiting = lambda _number: host.api.calls.append("exit 1")
    host.api.before_call = lambda _what: setattr(host.api, "trades", []) if len(exits(host)) == 5 else None
    row = host.halt(2)
    assert (row.verdict, row.closed) == ("FLAT, PROVEN", ["1 BTC/USDT"])
    assert len(exits(host)) == 5


def test_the_deadline_is_as_given(host: Host) -> None:
    host.api.trades = [position(1)]
    refusing(host, 1)
    assert host.halt(2, deadline=10.0).verdict == "NOT FLAT"
    assert 10 <= host.clock.now < 15


def test_an_unfilled_entry_is_cancelled_and_nothing_of_it_is_left(host: Host) -> None:
    host.api.trades = [trade(1, order("buy")), position(2)]
    row = host.halt(2)
    assert "cancel 1" in host.api.calls
    assert "entry order cancelled: trade 1 BTC/USDT" in row.detail
    assert (row.verdict, row.proven, host.api.trades) == ("FLAT, PROVEN", True, [])


def test_an_entry_that_cannot_be_cancelled_is_not_flat(host: Host) -> None:
    host.api.trades = [trade(1, order("buy"))]

    def refuse(trade_id: int) -> None:
        raise BotRefused("no")

    host.api.cancel_open_orders = refuse  # type: ignore[method-assign]
    refusing(host, 1)
    row = host.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)


@pytest.mark.parametrize("side", ["sell", "stoploss"])
def test_a_trade_whose_exit_rests_already_is_exited_at_the_market(host: Host, side: str) -> None:
    """A limit exit may rest forever; and it is not taken away before there is another."""
    host.api.trades = [position(1, "BTC/USDT", order(side))]
    row = host.halt(2)
    assert (exits(host), row.verdict, row.closed) == (["exit 1"], "FLAT, PROVEN", ["1 BTC/USDT"])
    assert "cancel 1" not in host.api.calls


def test_a_stopped_trader_with_open_trades_is_left_stopped_and_the_way_is_named_at_once(host: Host) -> None:
    host.api.state, host.api.trades = "stopped", [position(1)]
    row = host.halt(2)
    assert (row.verdict, row.proven, row.state) == ("NOT FLAT", False, "stopped")
    assert level_2.STOPPED in row.detail
    assert any("trade 1 BTC/USDT 2.0: not asked to exit yet" in text for text in row.detail)
    assert {"start", "pause", "exit 1"} & set(host.api.calls) == set()
    assert host.clock.now < 5
    assert host.initial_state == "stopped"


def test_a_stopped_trader_without_trades_is_flat(host: Host) -> None:
    host.api.state = "stopped"
    row = host.halt(2)
    assert (row.verdict, row.proven, host.api.state) == ("FLAT, PROVEN", True, "stopped")
    assert host.initial_state == "stopped"


@pytest.mark.parametrize("error", [Unreachable("timed out"), Failed("status 500")])
def test_an_api_without_an_answer_is_not_proven_and_the_way_is_named(host: Host, error: Any) -> None:
    host.api.error = error
    row = host.halt(2)
    assert (row.verdict, row.proven, row.positions) == ("NOT PROVEN", False, None)
    assert row.detail[-2:] == ["whether it has trades open is not known", level_2.WAY]


def test_an_api_that_falls_silent_later_is_not_flat_because_of_an_old_reading(host: Host) -> None:
    host.api.trades = []
    host.api.clock = type(host.clock)()  # its loop hangs, so it cannot be proven early
    host.api.before_call = lambda _what: (
        setattr(host.api, "error", Unreachable("dead")) if host.clock.now > 20 else None
    )
    row = host.halt(2)
    assert (row.verdict, row.proven, row.positions) == ("FLAT NOT PROVEN", False, None)


def test_a_process_that_ends_meanwhile_leaves_what_its_records_say(host: Host) -> None:
    host.api.trades = [position(1), position(2)]
    host.account.trades = [opened(1)]

    def die(what: str) -> None:
        if what == "exit 1":
            host.processes.clear()
            host.api.error = Unreachable("refused")

    host.api.before_call = die
    row = host.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    assert "trade 1 BTC/USDT 1: open in its records, and no process exits it" in row.detail
    assert row.detail[-1] == level_2.WAY
    assert exits(host) == ["exit 1"]  # a bot that is gone is not asked for each trade
    assert host.clock.now < DEADLINE


@pytest.mark.parametrize("back_after", [0, 1])
def test_one_that_the_engine_begins_again_and_again_is_flat_by_its_records(host: Host, back_after: int) -> None:
    """Whether or not a moment without a process was seen: the new one began under the hold."""
    host.api.error = Unreachable("refused")
    alive = [[process(1)], *[[]] * back_after]

    def crash(_what: str) -> None:
        host.processes[:] = alive.pop(0) if alive else [process(2)]

    host.api.before_call = crash
    row = host.halt(2)
    assert (row.verdict, row.proven) == ("FLAT, PROVEN", True)
    host.account.trades = [opened(1)]
    host.api.before_call = lambda _what: host.processes.__setitem__(0, process(3))
    assert host.halt(2).verdict == "NOT FLAT"


def test_without_a_process_its_records_say_whether_it_is_flat(host: Host) -> None:
    host.processes.clear()
    row = host.halt(2)
    assert (row.verdict, row.proven, row.state, host.api.calls) == ("FLAT, PROVEN", True, "no process", [])
    host.account.trades = [opened(1), opened(2, is_open=False)]
    row = host.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    assert [text for text in row.detail if "open in its records" in text] == [
        "trade 1 BTC/USDT 1: open in its records, and no process exits it"
    ]
    assert row.detail[-1] == level_2.WAY


def test_records_that_are_not_read_are_not_flat(host: Host) -> None:
    host.processes.clear()
    host.account.mute.add("records")
    row = host.halt(2)
    assert (row.verdict, row.proven) == ("FLAT NOT PROVEN", False)
    assert any("its records were not read" in text for text in row.detail)


def test_a_hold_of_level_3_stays_and_is_acted_on(host: Host) -> None:
    host.hold(3)
    host.account.trades = [opened(1)]
    row = host.halt(2, "two")
    assert (row.level, row.verdict, row.proven, row.state) == (3, "NOT FLAT", False, "no process")
    assert (host.processes, host.engine.stops, host.level) == ([], ["freqops-alpha"], 3)
    host.account.trades = []
    assert host.halt(2, "two").verdict == "FLAT, PROVEN"


def test_a_second_command_at_the_same_time_forces_no_exits(host: Host) -> None:
    """Two exits of one trade would be two sales."""
    host.api.trades = [position(1)]
    host.api.before_call = lambda _what: setattr(host.api, "trades", []) if host.clock.now > 3 else None
    with durable.locked(host.home / ".exits.lock", 0, Clock()) as mine:
        assert mine
        row = host.halt(2)
    assert (exits(host), row.closed) == ([], [])
    assert (row.verdict, row.proven) == ("FLAT, PROVEN", True)


def test_the_second_command_takes_over_when_the_first_is_gone(host: Host) -> None:
    host.api.trades = [position(1)]
    with durable.locked(host.home / ".exits.lock", 0, Clock()):
        assert host.halt(2).verdict == "NOT FLAT"
    assert host.halt(2).verdict == "FLAT, PROVEN"
    assert exits(host) == ["exit 1"]


def test_flat_without_a_latch_is_not_proven(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    host.api.trades = [position(1)]
    row = host.halt(2)
    assert (row.verdict, row.proven, row.closed) == ("FLAT, NOT SAVED", False, ["1 BTC/USDT"])


def test_a_second_container_may_hold_trades_of_its_own(host: Host) -> None:
    host.processes.append(process(4343))
    row = host.halt(2)
    assert (row.verdict, row.proven) == ("FLAT NOT PROVEN", False)
    assert any("runs in 2 containers" in text for text in row.detail)


def test_every_exit_stands_in_the_journal(host: Host) -> None:
    host.api.trades = [position(1)]
    host.halt(2)
    assert host.api.observer is not None
    after = host.journals()[-1]["answer"]
    assert (after["trades"], after["state"]) == ([], "paused")


# --- live


def test_a_live_bot_is_flat_when_its_exchange_says_so(live: Host) -> None:
    row = live.halt(2)
    assert (row.verdict, row.proven, row.closed) == ("FLAT, PROVEN", True, ["1 BTC/USDT"])
    assert row.exchange is not None
    assert row.exchange["unknown"] == []
    assert live.account.looks == 1
    assert live.account.count("sell") == 0  # only its bot sells


def test_coins_that_are_still_there_are_not_flat_whatever_the_bot_says(live: Host) -> None:
    live.api.exiting = lambda _number: setattr(live.api, "trades", [])
    live.account.trades[0]["is_open"] = False
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    assert any(text.startswith("on the exchange: 1 BTC, worth 100.00 USDT") for text in row.detail)
    assert any("unprotected" in text for text in row.detail)


def test_what_is_booked_a_moment_later_is_waited_for(live: Host) -> None:
    live.account.coins["BTC"] += Decimal(1)
    looks: list[str] = []

    def book(what: str) -> None:
        looks.append(what)
        if looks.count("balances") == 3:
            live.account.coins["BTC"] = Decimal(0)

    live.account.before = book
    row = live.halt(2)
    assert (row.verdict, looks.count("balances")) == ("FLAT, PROVEN", 3)


def test_dust_is_said_and_keeps_nothing_from_being_flat(live: Host) -> None:
    live.account.coins["BTC"] += Decimal("0.0499")
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("FLAT, PROVEN", True)
    assert "on the exchange: dust: 0.0499 BTC, worth 4.99 USDT" in row.detail


def test_foreign_coins_are_said_and_keep_nothing_from_being_flat(live: Host) -> None:
    live.account.coins["BNB"] = Decimal(3)
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("FLAT, PROVEN", True)
    assert "on the exchange: not the bot's: 3 BNB, not declared" in row.detail


@pytest.mark.parametrize("what", ["records", "open_orders", "balances", "markets", "fills"])
def test_an_unanswered_witness_is_not_proven(live: Host, what: str) -> None:
    live.account.mute.add(what)
    row = live.halt(2)
    assert (row.verdict, row.proven, row.closed) == ("FLAT NOT PROVEN", False, ["1 BTC/USDT"])
    assert f"EXCHANGE NOT PROVEN: {what}: the exchange is silent" in row.detail
    assert row.exchange is None


def test_a_trade_that_only_its_records_have_is_named(live: Host) -> None:
    live.account.trades.append(opened(7, "0.01"))
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("FLAT NOT PROVEN", False)
    assert "its records have trade 7 BTC/USDT 0.01 open" in row.detail


@pytest.mark.parametrize("what", ["order", "fill"])
def test_an_order_or_fill_of_nobody_is_not_proven(live: Host, what: str) -> None:
    if what == "order":
        live.account.open_orders.append(resting("9", "sell"))
    else:
        live.account.fills.append(filled("9", "buy", "0.5"))
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("FLAT NOT PROVEN", False)
    assert any("stands in no record" in text for text in row.detail)


@pytest.mark.parametrize("side", ["buy", "sell", "stoploss"])
def test_an_order_of_the_bot_that_still_rests_is_not_proven(live: Host, side: str) -> None:
    live.account.orders.append(recorded("5", side=side))
    live.account.open_orders.append(resting("5", "sell" if side != "buy" else side))
    live.account.faults["cancel"] = [witness.Unanswered("cancel: timeout")] * 9
    row = live.halt(2)
    assert not row.proven
    assert any(text.startswith("on the exchange: open order 5 ") for text in row.detail)


@pytest.mark.parametrize("ends", [False, True], ids=["lives", "has ended"])
def test_an_entry_order_that_the_bot_does_not_list_is_cancelled_and_read_back(live: Host, ends: bool) -> None:
    if ends:
        live.account.coins, live.account.trades = {}, []
        live.processes.clear()
    live.account.orders.append(recorded("5"))
    live.account.open_orders.append(resting("5"))
    row = live.halt(2)
    assert (row.verdict, row.proven, live.account.open_orders) == ("FLAT, PROVEN", True, [])
    assert "entry order cancelled on the exchange: 5 buy 1 BTC/USDT at 100 (limit)" in row.detail


def test_the_exchange_of_a_bot_that_nobody_paused_is_shown_and_not_touched(live: Host) -> None:
    live.api.error = Unreachable("timed out")
    live.account.orders.append(recorded("5"))
    live.account.open_orders.append(resting("5"))
    row = live.halt(2)
    assert (row.proven, live.account.count("cancel")) == (False, 0)
    assert "on the exchange: open order 5 buy 1 BTC/USDT at 100 (limit)" in row.detail


def test_what_it_enters_while_its_exchange_is_asked_is_not_flat(live: Host) -> None:
    """Its list of trades was empty before; what may change last is read last."""
    live.account.before = lambda what: (
        setattr(live.api, "trades", [position(7)]) if what == "fills" and not live.api.trades else None
    )
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    assert "trade 7 BTC/USDT: it came while the exchange was asked" in row.detail
    assert row.positions is not None
    assert [each["trade_id"] for each in row.positions] == [7]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda api: setattr(api, "state", "running"), "paused just now"),
        (lambda api: setattr(api, "error", Unreachable("timed out")), "timed out"),
    ],
    ids=["started", "silent"],
)
def test_a_bot_that_changes_while_its_exchange_is_asked_is_not_proven_flat(
    live: Host, change: Callable[[Any], None], said: str
) -> None:
    live.account.before = lambda what: change(live.api) if what == "fills" else None
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("FLAT NOT PROVEN", False)
    assert any(said in text for text in row.detail)


def test_a_process_that_comes_while_the_exchange_is_asked_is_not_flat_at_level_3(live: Host) -> None:
    live.hold(3)
    live.account.trades[0]["is_open"] = False
    live.account.coins["BTC"] = Decimal(0)
    live.account.fills.append(filled("1", "sell", "1"))
    looked: list[str] = []

    def come(what: str) -> None:
        looked.append(what)
        if looked.count("balances") == 2:  # the first look is that of level 3 itself
            live.processes[:] = [process(7)]

    live.account.before = come
    row = live.halt(2, "two")
    assert row.proven is False
    assert any("it lives again, when everything else was read: 7 " in text for text in row.detail)


def test_a_trade_too_small_to_be_sold_is_named_with_the_way_out(live: Host) -> None:
    """Freqtrade exits it in no way, and cancels nothing of it."""
    refusing(live, 1)
    live.account.trades[0]["amount"] = "0.01"
    live.account.coins["BTC"] = Decimal("0.01")
    row = live.halt(2, deadline=5.0)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    assert any("0.01 BTC, worth 1.00, is less than the smallest order" in text for text in row.detail)


def test_what_the_bot_could_not_exit_is_shown_with_what_protects_it(live: Host) -> None:
    refusing(live, 1)
    live.account.orders.append(recorded("5", side="stoploss"))
    live.account.open_orders.append(resting("5", "sell", stop_price="90"))
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    assert "on the exchange: 1 BTC, worth 100.00 USDT, stop at 90 on the exchange for 1" in row.detail
    assert live.account.looks == 1  # nothing will change by itself


def test_a_stopped_live_trader_is_not_flat_and_its_exchange_is_shown(live: Host) -> None:
    live.api.state = "stopped"
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    assert level_2.STOPPED in row.detail
    assert row.exchange is not None
    assert live.clock.now < 5


def test_a_silent_live_bot_is_still_looked_up_on_its_exchange(live: Host) -> None:
    live.api.error = Unreachable("timed out")
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)  # who would say so but the exchange
    assert any(text.startswith("on the exchange: 1 BTC") for text in row.detail)
    assert "its records have trade 1 BTC/USDT 1 open" in row.detail


def test_a_dead_live_bot_is_flat_only_by_its_exchange(live: Host) -> None:
    live.processes.clear()
    live.account.trades[0]["is_open"] = False
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("NOT FLAT", False)
    live.account.coins["BTC"] = Decimal(0)
    live.account.fills.append(filled("1", "sell", "1"))
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("FLAT, PROVEN", True)
    live.account.mute.add("balances")
    assert not live.halt(2).proven


def test_a_live_bot_held_at_level_3_is_judged_by_its_exchange(live: Host) -> None:
    live.hold(3)
    row = live.halt(2, "two")
    assert (row.level, row.verdict, row.proven, live.processes) == (3, "NOT FLAT", False, [])
    assert live.account.count("sell") == 0


def test_an_engine_that_starts_no_witness_is_not_proven(live: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise EngineError("gave no answer within 10 s")

    monkeypatch.setattr(witness, "conversation", fail)
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("FLAT NOT PROVEN", False)
    assert "EXCHANGE NOT PROVEN: gave no answer within 10 s" in row.detail
    assert (live.api.state, row.closed) == ("paused", ["1 BTC/USDT"])  # all the same


def test_a_dead_bot_whose_engine_starts_no_witness_is_not_proven(live: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise EngineError("gave no answer within 10 s")

    live.processes.clear()
    monkeypatch.setattr(witness, "conversation", fail)
    row = live.halt(2)
    assert (row.verdict, row.proven) == ("NOT PROVEN", False)
    assert row.detail[-1] == "gave no answer within 10 s"
