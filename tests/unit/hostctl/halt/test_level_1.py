"""Level 1 of a live bot: what it cannot cancel, or does not know, rests on its exchange, and is asked there."""

from __future__ import annotations

import errno
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot.client import Unreachable
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.exchange import witness
from freqops.hostctl.exchange.witness import Unanswered
from freqops.hostctl.halt import level_1
from tests.unit.accounts import filled, opened, recorded, resting
from tests.unit.fakes import order, process, trade
from tests.unit.hostctl.host import Host


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot that runs."""
    return Host(tmp_path, monkeypatch, mode="live")


# --- it lives


def test_a_living_bot_is_proven_when_its_exchange_says_so(live: Host) -> None:
    row = live.halt(1)
    assert (row.verdict, row.proven, row.state, row.mode) == ("HALTED, PROVEN", True, "paused", "live")
    assert row.exchange is not None
    assert live.account.looks == 1


def test_an_acknowledgement_waits_for_no_exchange(live: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live.account.mute.add("records")
    row = live.halt(1)
    paper = Host(tmp_path / "paper", monkeypatch).halt(1)
    assert row.acknowledged_s == paper.acknowledged_s is not None
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)
    assert "EXCHANGE NOT PROVEN: records: the exchange is silent" in row.detail


@pytest.mark.parametrize("what", ["order", "fill"])
def test_an_order_of_which_it_never_heard_is_named_and_not_proven(live: Host, what: str) -> None:
    """The answer to a buy was lost: its records have no such order, and it cancels none."""
    if what == "order":
        live.account.open_orders.append(resting("9"))
    else:
        live.account.fills.append(filled("9", "buy", "1"))
        live.account.coins["BTC"] = Decimal(1)
    row = live.halt(1)
    assert (row.verdict, row.proven, row.state) == ("HALTED, EXCHANGE NOT PROVEN", False, "paused")
    assert row.acknowledged_s is not None
    assert [text for text in row.detail if "stands in no record" in text] != []
    assert live.account.count("cancel") == 0


def test_an_entry_order_that_it_does_not_list_is_cancelled_and_read_back(live: Host) -> None:
    live.account.orders.append(recorded("5"))
    live.account.open_orders.append(resting("5"))
    row = live.halt(1)
    assert (row.verdict, row.proven, row.acted) == ("HALTED, PROVEN", True, True)
    assert row.detail.count("entry order cancelled on the exchange: 5 buy 1 BTC/USDT at 100 (limit)") == 1
    assert live.account.open_orders == []


@pytest.mark.parametrize("side", ["sell", "stoploss"])
def test_what_protects_a_position_of_a_living_bot_is_left_resting(live: Host, side: str) -> None:
    live.account.buy("1", "1")
    live.account.orders.append(recorded("5", side=side))
    live.account.open_orders.append(resting("5", "sell"))
    assert live.halt(1).proven
    assert (live.account.count("cancel"), len(live.account.open_orders)) == (0, 1)


def test_one_that_its_exchange_does_not_cancel_is_named_and_not_proven(live: Host) -> None:
    live.account.orders.append(recorded("5"))
    live.account.open_orders.append(resting("5"))
    live.account.faults["cancel"] = [Unanswered("cancel: timeout")] * 9
    row = live.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)
    assert "an entry order rests on the exchange: 5 buy 1 BTC/USDT at 100 (limit)" in row.detail
    assert level_1.RESTLESS not in row.detail
    assert live.account.count("cancel") == 1


def test_it_is_read_once_more_when_its_exchange_has_answered(live: Host) -> None:
    """What may change last is read last."""
    live.account.before = lambda _what: live.api.calls.append("asked")
    assert live.halt(1).proven
    after = live.api.calls[len(live.api.calls) - live.api.calls[::-1].index("asked") :]
    assert {"read", "our_locks", "open_trades"} <= set(after)


def test_one_that_was_started_while_its_exchange_was_asked_is_asked_about_again(live: Host) -> None:
    """Between the pause that was proven and the next one it could have bought."""
    started: list[str] = []

    def start(what: str) -> None:
        if what == "balances" and not started:
            started.append(what)
            live.api.state = "running"
            live.account.open_orders.append(resting("9"))

    live.account.before = start
    row = live.halt(1)
    assert (row.verdict, row.proven, row.state) == ("HALTED, EXCHANGE NOT PROVEN", False, "paused")
    assert "an open order that stands in no record: 9 buy 1 BTC/USDT at 100 (limit)" in row.detail


def test_one_that_is_started_again_and_again_is_not_proven(live: Host) -> None:
    live.account.before = lambda what: setattr(live.api, "state", "running") if what == "balances" else None
    row = live.halt(1)
    assert (row.verdict, row.proven, live.account.looks) == ("HALTED, EXCHANGE NOT PROVEN", False, level_1.LOOKS)
    assert level_1.RESTLESS in row.detail


def test_one_that_falls_silent_while_its_exchange_is_asked_is_not_proven(live: Host) -> None:
    live.account.before = lambda _what: setattr(live.api, "error", Unreachable("timed out"))
    row = live.halt(1)
    assert row.proven is False
    assert any("timed out" in text for text in row.detail)


def test_one_that_nobody_paused_is_not_proven_and_its_exchange_is_not_touched(live: Host) -> None:
    live.account.orders.append(recorded("5"))
    live.account.open_orders.append(resting("5"))
    live.api.error = Unreachable("timed out")
    row = live.halt(1)
    assert (row.verdict, row.proven, live.account.asked) == ("NOT PROVEN", False, [])
    assert level_1.NOT_ASKED in row.detail


def test_a_conversation_that_cannot_begin_keeps_no_bot_from_being_paused(
    live: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise EngineError("gave no answer within 10 s")

    monkeypatch.setattr(witness, "conversation", fail)
    row = live.halt(1)
    assert (row.verdict, row.proven, live.api.state) == ("HALTED, EXCHANGE NOT PROVEN", False, "paused")
    assert row.acknowledged_s is not None
    assert "EXCHANGE NOT PROVEN: gave no answer within 10 s" in row.detail


def test_a_loop_that_hangs_is_said_before_what_its_exchange_lacks(live: Host) -> None:
    live.api.clock = type(live.clock)()
    live.account.open_orders.append(resting("9"))
    row = live.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, LAST LOOP NOT PROVEN", False)
    assert "an open order that stands in no record: 9 buy 1 BTC/USDT at 100 (limit)" in row.detail


def test_the_exchange_of_a_bot_on_paper_is_never_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch)
    monkeypatch.setattr(witness, "conversation", lambda *_: pytest.fail("it has none"))
    assert host.halt(1).proven


# --- what it does not cancel itself


def partly_filled(host: Host, amount: str = "0.01", then: Callable[[], None] = lambda: None) -> None:
    """An entry that has bought less than can be sold: Freqtrade answers 200, and does not cancel it.

    When it is cancelled on the exchange, the bot takes that in, and does ``then`` in the same round.
    """
    host.api.trades = [trade(1, order("buy"))]
    host.api.cancel_open_orders = lambda trade_id: None  # type: ignore[method-assign]  # noqa: ARG005  its name
    host.account.trades.append(opened(1, "0"))
    host.account.orders.append(recorded("5"))
    host.account.open_orders.append(resting("5", filled=amount))
    host.account.fills.append(filled("5", "buy", amount))
    host.account.coins["BTC"] = Decimal(amount)

    def take_in(what: str) -> None:
        if host.account.count("cancel") and host.api.trades[0]["has_open_orders"] and what == "read":
            host.api.trades = [trade(1, order("buy", is_open=False))]
            then()

    host.api.before_call = take_in


def test_an_entry_too_small_to_be_sold_is_cancelled_on_the_exchange_and_the_way_out_is_named(live: Host) -> None:
    partly_filled(live)
    row = live.halt(1)
    assert (row.verdict, row.proven, live.account.open_orders) == ("HALTED, PROVEN", True, [])
    assert "entry order cancelled on the exchange: 5 buy 1 BTC/USDT at 100 (limit)" in row.detail
    [way] = [text for text in row.detail if "less than the smallest order" in text]
    assert "trade 1 BTC/USDT: what it has bought, 0.01 BTC, worth 1.00" in way
    assert "DELETE /api/v1/trades/1" in way
    assert "its orders (5) in the bot's foreign_orders" in way
    assert live.clock.now < 30  # what the bot will not do is not waited for


def test_its_exchange_is_read_again_when_the_loop_that_was_under_way_has_ended(live: Host) -> None:
    """It was asked before two rounds were over, so that round may have placed another order."""
    partly_filled(live, then=lambda: live.account.open_orders.append(resting("9")))
    row = live.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)
    assert "an open order that stands in no record: 9 buy 1 BTC/USDT at 100 (limit)" in row.detail


def test_an_entry_that_rests_beside_an_exit_is_cancelled_alone(live: Host) -> None:
    """Freqtrade would cancel both."""
    live.api.trades = [trade(1, order("buy"), order("sell"))]
    live.account.buy("1", "1")
    live.account.orders += [recorded("5"), recorded("6", side="sell")]
    live.account.open_orders += [resting("5"), resting("6", "sell")]

    def take_in(what: str) -> None:
        if len(live.account.open_orders) == 1 and what == "read":
            live.api.trades = [trade(1, order("buy", is_open=False), order("sell"))]

    live.api.before_call = take_in
    row = live.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, PROVEN", True)
    assert [each["id"] for each in live.account.open_orders] == ["6"]
    assert "cancel 1" not in live.api.calls


def test_a_stopped_trader_goes_on_listing_what_was_cancelled_on_its_exchange(live: Host) -> None:
    live.api.state, live.api.trades = "stopped", [trade(1, order("buy"))]
    live.account.trades.append(opened(1, "0"))
    live.account.orders.append(recorded("5"))
    live.account.open_orders.append(resting("5"))
    row = live.halt(1)
    assert (row.verdict, row.proven, row.state) == ("HALTED, PROVEN", True, "stopped")
    assert (live.account.open_orders, "pause" in live.api.calls) == ([], False)


# --- it has no process


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot whose process ended, and whose entry order rests."""
    host = Host(tmp_path, monkeypatch, mode="live")
    host.processes.clear()
    host.account.orders.append(recorded("5"))
    host.account.open_orders.append(resting("5", "buy"))
    return host


def test_its_entry_order_is_cancelled_and_read_back(dead: Host) -> None:
    row = dead.halt(1)
    assert (row.verdict, row.proven, row.state, row.acted) == ("HALTED, PROVEN", True, "no process", True)
    assert "entry order cancelled on the exchange: 5 buy 1 BTC/USDT at 100 (limit)" in row.detail
    assert dead.account.open_orders == []


def test_one_that_stays_is_named_and_not_proven(dead: Host) -> None:
    dead.account.faults["cancel"] = [Unanswered("cancel: timeout")]
    row = dead.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)
    assert any(text.startswith("an entry order rests on the exchange: 5 buy") for text in row.detail)


def test_an_exchange_that_does_not_answer_is_no_proof(dead: Host) -> None:
    dead.account.faults["open_orders"] = [Unanswered("open_orders: timeout")] * 9
    row = dead.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)


def test_a_clean_exchange_proves_nothing_of_the_next_start(dead: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "holds.json")

    monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    row = dead.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, NOT SAVED", False)
    assert dead.account.open_orders == []  # that much could be done


def test_one_that_ends_while_it_is_being_halted_is_asked_about_too(dead: Host) -> None:
    dead.processes.append(process())
    dead.api.error = Unreachable("refused")
    dead.api.before_call = lambda _what: dead.processes.clear()
    row = dead.halt(1)
    assert "not running; was not started by the halt, and starts paused" in row.detail
    assert (row.verdict, dead.account.open_orders) == ("HALTED, PROVEN", [])


def test_one_that_the_engine_begins_again_and_again_is_asked_about_too(dead: Host) -> None:
    """There was no moment without a process, and none of them is the one that ran before the hold."""
    dead.processes.append(process(1))
    dead.api.error = Unreachable("refused")
    dead.api.before_call = lambda _what: dead.processes.__setitem__(0, process(dead.processes[0].pid + 1))
    row = dead.halt(1)
    said = "its process ended, and the engine began another; was not started by the halt, and starts paused"
    assert said in row.detail
    assert (row.verdict, row.state, dead.account.open_orders) == ("HALTED, PROVEN", "no answer", [])
