"""Level 3 of a live bot: its process is gone, and so is every order by which it would still buy."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import iso
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.processes import TOOL_IN_CONTAINER, Process
from freqops.core.halt import holds
from freqops.core.halt.answer import Row
from freqops.core.halt.kill_level import KillLevel
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.bot.siblings import Sibling
from freqops.hostctl.exchange import witness
from freqops.hostctl.exchange.witness import Rejected, Unanswered
from freqops.hostctl.halt import level_3, on_exchange
from freqops.hostctl.halt.bot_halt import BotHalt
from freqops.hostctl.halt.order import Order
from tests.unit.accounts import filled, recorded, resting
from tests.unit.fakes import START, FakeClock, make_bot, order, process, trade
from tests.unit.hostctl.host import Host
from tests.unit.patience import PATIENCE


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot whose API is paused already, so that nothing is cancelled through it."""
    host = Host(tmp_path, monkeypatch, mode="live")
    host.api.state = "paused"
    return host


def refuse(*_: Any, **__: Any) -> None:
    """Let a disk be full."""
    raise OSError(errno.ENOSPC, "No space left on device", "holds.json")


def rests(host: Host, number: str, side: str = "buy", kind: str = "buy", stop_price: str | None = None) -> None:
    host.account.orders.append(recorded(number, side=kind))
    host.account.open_orders.append(resting(number, side, stop_price=stop_price))


def assert_dead(host: Host, row: Row) -> None:
    """Whatever the exchange says, the process is gone and the hold is on the disk."""
    assert (host.processes, row.state, host.level) == ([], "no process", 3)
    assert row.acknowledged_s is not None


def test_without_entry_orders_it_is_proven(live: Host) -> None:
    row = live.halt(3)
    assert_dead(live, row)
    assert (row.verdict, row.proven) == ("HALTED, PROVEN", True)
    assert live.account.count("cancel") == 0
    assert live.account.looks == 1


def test_the_exchange_is_asked_only_when_the_process_is_gone(live: Host) -> None:
    """What it would see before could still change."""
    live.account.before = lambda _what: None if live.processes == [] else pytest.fail("asked too early")
    assert live.halt(3).proven


def test_an_entry_order_that_outlived_the_process_is_cancelled_and_read_back(live: Host) -> None:
    rests(live, "5")
    row = live.halt(3)
    assert_dead(live, row)
    assert (row.verdict, row.proven, row.acted) == ("HALTED, PROVEN", True, True)
    assert "entry order cancelled on the exchange: 5 buy 1 BTC/USDT at 100 (limit)" in row.detail
    assert live.account.open_orders == []
    assert live.account.looks == 2


@pytest.mark.parametrize(("kind", "stop_price"), [("sell", None), ("stoploss", "90")])
def test_what_protects_a_position_is_left_resting(live: Host, kind: str, stop_price: str | None) -> None:
    live.account.buy("1", "1")
    rests(live, "5", "sell", kind, stop_price)
    row = live.halt(3)
    assert (row.verdict, row.proven) == ("HALTED, PROVEN", True)
    assert [each["id"] for each in live.account.open_orders] == ["5"]
    protection = "stop at 90 on the exchange for 1" if stop_price else "unprotected"
    assert f"on the exchange: 1 BTC, worth 100.00 USDT, {protection}" in row.detail


@pytest.mark.parametrize("error", [Rejected("cancel: unknown order"), Unanswered("cancel: timeout")])
def test_an_entry_order_that_stays_is_named_and_not_proven(live: Host, error: Exception) -> None:
    rests(live, "5")
    rests(live, "6")
    live.account.faults["cancel"] = [error]
    row = live.halt(3)
    assert_dead(live, row)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)
    assert "an entry order rests on the exchange: 5 buy 1 BTC/USDT at 100 (limit)" in row.detail
    assert any(text.startswith("5 buy 1 BTC/USDT at 100 (limit) was not cancelled: cancel") for text in row.detail)
    assert [each["id"] for each in live.account.open_orders] == ["5"]  # the other one went all the same
    assert live.account.count("cancel") == 2


def test_a_cancel_that_is_confirmed_and_does_nothing_is_not_proven(live: Host) -> None:
    rests(live, "5")
    live.account._cancel = lambda order_id, **_: {"cancelled": order_id}  # type: ignore[method-assign]
    row = live.halt(3)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)


@pytest.mark.parametrize("what", ["records", "open_orders", "balances", "markets"])
def test_a_silent_witness_is_not_proven(live: Host, what: str) -> None:
    live.account.mute.add(what)
    row = live.halt(3)
    assert_dead(live, row)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)
    assert f"EXCHANGE NOT PROVEN: {what}: the exchange is silent" in row.detail
    assert live.clock.now < 60


def test_an_order_of_nobody_is_left_alone_and_not_proven(live: Host) -> None:
    live.account.open_orders.append(resting("9"))
    row = live.halt(3)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)
    assert "an open order that stands in no record: 9 buy 1 BTC/USDT at 100 (limit)" in row.detail
    assert live.account.count("cancel") == 0


def test_again_it_is_proven_when_the_exchange_answers(live: Host) -> None:
    live.account.mute.add("records")
    assert not live.halt(3).proven
    live.account.mute.clear()
    row = live.halt(3, "two")
    assert (row.verdict, row.proven, row.incident) == ("HALTED, PROVEN", True, "one")


def test_a_process_that_stays_is_not_proven_and_its_exchange_is_not_touched(
    live: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could place the next order behind our back; and it may manage its own."""
    rests(live, "5")
    live.engine.stopping = None
    monkeypatch.setattr("os.kill", lambda _pid, _number: None)
    row = live.halt(3, deadline=4)
    assert (row.verdict, row.proven) == ("NOT PROVEN", False)
    assert live.account.asked == []


def test_a_process_that_comes_while_the_exchange_is_asked_is_not_proven(live: Host) -> None:
    live.account.before = lambda what: live.processes.append(process(7)) if what == "balances" else None
    row = live.halt(3)
    assert (row.verdict, row.proven, row.acknowledged_s) == ("NOT PROVEN", False, None)
    assert any(text.startswith("it lives again, when everything else was read: 7 ") for text in row.detail)


# --- what calls itself a gate


def gate(pid: int) -> Process:
    """A start gate that waits, by what it says of itself."""
    argv = ("python3", TOOL_IN_CONTAINER, "gate", "--", "freqtrade", "trade")
    return Process(pid, argv, "alpha", is_init=True, waits=True)


@pytest.mark.parametrize("latched", [True, False])
def test_what_took_the_name_of_a_gate_is_ended_with_everything_else(
    live: Host, monkeypatch: pytest.MonkeyPatch, latched: bool
) -> None:
    """The engine does not stop it, and then it is killed."""
    if not latched:
        monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    live.processes[:] = [gate(4242)]
    live.engine.stopping = None
    row = live.halt(3)
    assert (live.killed, live.processes) == ([4242], [])
    assert row.verdict == ("HALTED, PROVEN" if latched else "HALTED, NOT SAVED")


@pytest.mark.parametrize("latched", [True, False])
def test_a_gate_that_the_engine_begins_after_that_is_believed_under_a_hold_on_the_disk(
    live: Host, monkeypatch: pytest.MonkeyPatch, latched: bool
) -> None:
    """Its restart policy brings the container back, and its gate meets the hold, if there is one."""
    if not latched:
        monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    live.engine.stopping = None
    kill = live.kill

    def kill_and_begin(pid: int, number: int) -> None:
        kill(pid, number)
        live.processes.append(gate(pid + 1))

    monkeypatch.setattr(os, "kill", kill_and_begin)
    row = live.halt(3)
    assert (row.verdict, row.proven) == (("HALTED, PROVEN", True) if latched else ("NOT PROVEN", False))


# --- another container of the same bot


def back_off(**changed: Any) -> Sibling:
    """A container between two attempts to start it: it has no process in this moment."""
    return replace(Sibling("c0ffee", "second", "restarting", "always"), **changed)


@pytest.fixture
def second(live: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot with a second container that waits to be started again."""
    live.engine.others = [back_off()]

    def policy(name: str, wanted: str) -> None:
        live.engine.told.append(("policy", name, wanted))
        live.engine.others = [replace(other, policy=wanted) for other in live.engine.others]

    def stop(name: str, grace: int) -> None:
        live.engine.told.append(("stop", name))
        live.engine.others = [replace(other, status="exited") for other in live.engine.others]

    monkeypatch.setattr(live.engine, "restart_policy", policy)
    monkeypatch.setattr(live.engine, "stop", stop)
    return live


def test_a_second_container_between_two_starts_is_stopped_for_good(second: Host) -> None:
    row = second.halt(3)
    assert second.engine.told == [("stop", "c0ffee"), ("policy", "c0ffee", "no")]
    assert (row.verdict, row.proven, row.acted) == ("HALTED, PROVEN", True, True)
    assert "another container of it was stopped: second, which was restarting" in row.detail


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"status": "created"}, [("policy", "c0ffee", "no")]),
        ({"status": "exited"}, [("policy", "c0ffee", "no")]),
        ({"status": "running", "policy": "no"}, [("stop", "c0ffee")]),
        ({"status": "paused", "policy": ""}, [("stop", "c0ffee")]),
        ({"status": "exited", "policy": "no"}, []),
        ({"status": "created", "policy": ""}, []),
    ],
)
def test_what_runs_is_stopped_and_what_would_come_back_does_not(
    second: Host, changed: dict[str, str], told: list[tuple[str, ...]]
) -> None:
    second.engine.others = [back_off(**changed)]
    assert second.halt(3).proven
    assert second.engine.told == told


def test_one_that_the_engine_does_not_stop_is_named_and_not_proven(
    second: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decline(*_: Any) -> None:
        raise EngineError("permission denied")

    monkeypatch.setattr(second.engine, "stop", decline)
    row = second.halt(3)
    assert_dead(second, row)
    assert (row.verdict, row.proven) == ("HALTED, NOT PROVEN", False)
    assert "another container of it was not stopped: second: permission denied" in row.detail
    assert "another container of it is restarting (restart policy no): second" in row.detail


def test_one_that_is_stopped_and_comes_back_is_not_proven(second: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second.engine, "stop", lambda _name, _grace: None)
    row = second.halt(3)
    assert (row.verdict, row.proven) == ("HALTED, NOT PROVEN", False)


@pytest.mark.parametrize(
    "error",
    [EngineError("gave no answer within 10 s"), FileNotFoundError(2, "docker"), KeyError("State"), ValueError()],
)
def test_an_engine_that_does_not_say_what_there_is_changes_the_words_alone(
    live: Host, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(live.engine, "siblings", fail)
    row = live.halt(3)
    assert_dead(live, row)
    assert (row.verdict, row.proven) == ("HALTED, PROVEN", True)
    assert any(text.startswith("what other containers of it there are is not known: ") for text in row.detail)


def test_an_engine_that_never_says_it_delays_no_kill(live: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(level_3, "ENGINE_SECONDS", 0.1)
    monkeypatch.setattr(live.engine, "siblings", lambda *_: over.wait(2 * PATIENCE) and [])
    began = time.monotonic()
    row = live.halt(3)
    assert time.monotonic() - began < PATIENCE
    over.set()
    assert (row.verdict, live.processes) == ("HALTED, PROVEN", [])
    assert any(text.startswith("the engine did not say in time what other containers") for text in row.detail)


def test_a_paper_bot_has_no_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch)
    assert host.halt(3).proven
    assert host.account.asked == []


def test_what_the_api_showed_and_what_the_exchange_shows_stand_side_by_side(live: Host) -> None:
    live.account.buy("1", "1")
    live.api.trades = [trade(1, order("buy", is_open=False))]
    row = live.halt(3)
    assert row.positions is not None
    assert row.positions[0]["protection"] == "unprotected"
    assert row.exchange is not None
    assert row.exchange["holdings"][0]["kind"] == "position"
    after = live.journals()[-1]["answer"]
    assert json.dumps(after["exchange"]) == json.dumps(row.exchange)


# --- from when on closed trades matter


def test_a_minute_before_the_first_hold_in_force(tmp_path: Path) -> None:
    bot = layout.load_bot(make_bot(tmp_path))
    held = holds.Holds().raised(holds.Hold("halt", 3, "w", "a", "one", 0, ""), START)
    clock = FakeClock()
    clock.now = 3600
    held = held.raised(holds.Hold("risk", 1, "w", "a", "two", 0, ""), clock.utcnow())
    bot.holds.write_text(json.dumps(held.to_json()))
    assert witness.since_hold(bot) == int(START.timestamp() * 1000) - 60_000
    assert iso(START) == held.holds[0].set_at


def test_everything_matters_where_a_hold_was_set_in_the_future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = layout.load_bot(make_bot(tmp_path))
    held = holds.Holds().raised(holds.Hold("halt", 3, "w", "a", "one", 0, ""), START)
    bot.holds.write_text(json.dumps(held.to_json()))
    monkeypatch.setattr("time.time", lambda: START.timestamp() - 61)
    assert witness.since_hold(bot) == int(witness.OLDEST.timestamp() * 1000) - 60_000
    monkeypatch.setattr("time.time", lambda: START.timestamp() - 60)
    assert witness.since_hold(bot) == int(START.timestamp() * 1000) - 60_000


@pytest.mark.parametrize("content", [None, "", "{", '{"version": 1, "seq": 0, "holds": []}'])
def test_a_day_where_nobody_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None) -> None:
    bot = layout.load_bot(make_bot(tmp_path))
    bot.holds.unlink()
    if content is not None:
        bot.holds.write_text(content)
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    assert witness.since_hold(bot) == (1_000_000 - 86_400) * 1000 - 60_000


def test_a_moment_that_is_none_is_a_day_ago(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = layout.load_bot(make_bot(tmp_path))
    hold = holds.Hold("halt", 3, "w", "a", "one", 0, "yesterday")
    bot.holds.write_text(json.dumps(holds.Holds(0, (hold,)).to_json()))
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    assert witness.since_hold(bot) == (1_000_000 - 86_400) * 1000 - 60_000


# --- how long level 2 looks


def looked(live: Host, *, patient: bool) -> int:
    bot_halt = BotHalt(
        live.bot,
        Row("alpha", 2, "one"),
        Order(KillLevel(2), Mandate("one", "w", "a")),
        live.clock,
        live.engine,
        live.silent,
        0.0,
    )
    with witness.conversation(live.bot, live.silent, live.clock, live.engine) as talk:
        on_exchange.flatness(bot_halt, talk, live.clock.monotonic() + 60, patient=patient, cancels=False)
    return live.account.looks


@pytest.mark.parametrize("what", ["position", "unknown"])
def test_what_is_not_flat_is_looked_at_again_where_it_may_become_so(live: Host, what: str) -> None:
    """What was sold is booked a moment later, and so is what its bot writes down of it."""
    live.account.buy("1", "1")
    if what == "unknown":
        live.account.fills.append(filled("9", "sell", "1"))
    assert looked(live, patient=True) == on_exchange.LOOKS


@pytest.mark.parametrize("what", ["flat", "impatient"])
def test_and_not_where_it_cannot(live: Host, what: str) -> None:
    if what == "impatient":
        live.account.buy("1", "1")
    assert looked(live, patient=what != "impatient") == 1


@pytest.mark.parametrize(
    ("becomes", "verdict"),
    [(gate(7), "HALTED, PROVEN"), (None, "HALTED, PROVEN"), (process(7), "NOT PROVEN"),
     (replace(gate(7), waits=False), "NOT PROVEN")],
    ids=["it waits", "it ends", "it starts Freqtrade", "it never says"],
)  # fmt: skip
def test_a_gate_that_only_begins_at_the_last_look_has_time_to_say_that_it_waits(
    live: Host, monkeypatch: pytest.MonkeyPatch, becomes: Process | None, verdict: str
) -> None:
    """A deploy makes the container anew while it is halted."""
    begins = replace(gate(7), waits=False)
    live.account.before = lambda what: live.processes.append(begins) if what == "balances" else None
    sleep = live.clock.sleep

    def goes_on(seconds: float) -> None:
        sleep(seconds)
        if begins in live.processes:
            live.processes[:] = [becomes] if becomes is not None else []

    monkeypatch.setattr(live.clock, "sleep", goes_on)
    row = live.halt(3)
    assert (row.verdict, row.proven) == (verdict, verdict == "HALTED, PROVEN")
