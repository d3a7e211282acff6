"""A halt gives a row for each bot, whatever happens to any of them, and calls proven only what was read back."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable, stamp
from freqops.core.base.clock import Clock
from freqops.core.base.mandate import Mandate
from freqops.core.bot.client import Failed, FreqtradeClient, Unreachable
from freqops.core.bot.processes import Process
from freqops.core.halt import holds, time_limits
from freqops.core.halt.kill_level import KillLevel
from freqops.hostctl.bot import hard_stop, holds_file, processes_and_api
from freqops.hostctl.bot.engine_command import end
from freqops.hostctl.halt import halt as halting
from freqops.hostctl.halt import level_3, levels
from freqops.hostctl.halt.order import Order
from freqops.hostctl.incident import recorded
from tests.unit.fakes import START, FakeClock, FakeEngine, make_bot, order, process, trade
from tests.unit.hostctl.host import Host
from tests.unit.patience import PATIENCE


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


# --- level 1


def test_level_1_pauses_locks_and_proves(host: Host) -> None:
    host.api.trades = [trade(1, order("buy", is_open=False)), trade(2, order("buy"))]
    row = host.halt(1)
    assert row.proven
    assert (row.verdict, row.state, row.found, row.mode) == ("HALTED, PROVEN", "paused", "running", "paper")
    assert (row.latched, row.raised, row.acted, row.incident, row.level) == (True, True, True, "one", 1)
    assert row.positions is not None
    assert [each["trade_id"] for each in row.positions] == [1]
    assert "entry order cancelled: trade 2 BTC/USDT" in row.detail
    assert host.api.locks[0]["reason"] == "freqops halt one"
    assert (host.level, host.initial_state) == (1, "paused")
    assert host.engine.stops == []
    shown = row.to_json()
    assert (shown["proven"], shown["acknowledged"]) == (True, True)
    json.dumps(shown)


def test_that_nothing_makes_the_hold_true_again_is_said_and_spoils_no_proof(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamp, "DIRECTORY", str(tmp_path / "run"))
    stamp.leave("reassert")
    os.utime(tmp_path / "run" / "reassert.stamp", (host.clock.utcnow().timestamp() - 181,) * 2)
    row = host.halt(1)
    assert (row.proven, row.verdict) == (True, "HALTED, PROVEN")
    [said] = [text for text in row.detail if "freqops-reassert" in text]
    assert "did not come round for 181 s (red above 180 s): the guard has no backstop" in said


def test_a_row_says_which_snapshots_were_taken_before_and_after(host: Host) -> None:
    host.halt(1)
    taken = {line["what"]: line["answer"] for line in host.journals() if line["kind"] == "snapshot"}
    assert (taken["before"]["state"], taken["before"]["holds"]["holds"]) == ("running", [])
    assert (taken["after"]["state"], taken["after"]["holds"]["holds"][0]["incident"]) == ("paused", "one")
    assert host.journals()[-1]["what"] == "after"


def test_a_journal_that_cannot_be_written_spoils_nothing(host: Host) -> None:
    (host.root / "incidents").write_text("")
    row = host.halt(1)
    assert (row.proven, row.verdict) == (True, "HALTED, PROVEN")
    assert "the journal was not written" in row.detail[-1]


def test_again_it_keeps_the_first_incident_and_opens_none(host: Host) -> None:
    host.halt(1)
    row = host.halt(1, "two")
    assert (row.incident, row.raised, row.acted, row.proven) == ("one", False, False, True)
    assert len(host.api.locks) == 1


def test_a_stopped_trader_is_found_and_left_stopped(host: Host) -> None:
    host.api.state = "stopped"
    row = host.halt(1)
    assert row.proven
    assert "found stopped, left stopped" in row.detail
    assert "pause" not in host.api.calls
    assert host.initial_state == "stopped"


def test_a_bot_that_merely_boots_is_not_taken_for_stopped(host: Host) -> None:
    host.api.state = "stopped"
    host.api.past_boot = lambda: False  # type: ignore[method-assign]
    row = host.halt(1, deadline=3)
    assert not row.proven
    assert row.verdict == "NOT PROVEN"
    assert host.initial_state == "paused"


def test_a_bot_without_a_process_is_halted_by_its_hold(host: Host) -> None:
    host.processes.clear()
    row = host.halt(1)
    assert (row.verdict, row.state, row.acted, row.proven) == ("HALTED, PROVEN", "no process", False, True)
    assert host.api.calls == []


def test_a_bot_whose_process_ends_meanwhile(host: Host) -> None:
    host.api.error = Unreachable("refused")
    host.api.before_call = lambda _what: host.processes.clear()
    row = host.halt(1)
    assert (row.verdict, row.proven, row.state) == ("HALTED, PROVEN", True, "no process")


def test_a_bot_that_begins_again_and_tells_its_state_is_judged_by_what_it_lacks(host: Host) -> None:
    """It told its state and no more, as with a database that is lost: it lives, and its lock does not stand."""

    def begin_again(what: str) -> None:
        host.processes[0] = process(7)
        if what != "read":
            raise Failed("500")

    host.api.before_call = begin_again
    row = host.halt(1)
    assert (row.verdict, row.proven) == ("NOT PROVEN", False)


def test_a_bot_that_begins_again_and_answers_is_judged_by_its_answers(host: Host) -> None:
    """What is known of its loop is worth more than what its start promises."""
    host.api.clock = FakeClock()  # its own time stands still
    host.api.before_call = lambda _what: host.processes.__setitem__(0, process(7))
    row = host.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, LAST LOOP NOT PROVEN", False)


def test_a_bot_that_does_not_answer_is_not_proven(host: Host) -> None:
    host.api.error = Unreachable("timed out")
    row = host.halt(1)
    assert (row.verdict, row.proven, row.state) == ("NOT PROVEN", False, "no answer")
    assert any("timed out" in text for text in row.detail)


def test_a_loop_that_hangs_is_last_loop_not_proven(host: Host) -> None:
    host.api.clock = FakeClock()  # its own time stands still
    row = host.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, LAST LOOP NOT PROVEN", False)
    assert row.to_json()["acknowledged"] is True


def test_entry_and_exit_together_are_halted_not_proven(host: Host) -> None:
    both = [trade(1, order("buy"), order("sell"))]
    host.api.before_call = lambda _what: setattr(host.api, "trades", both) if host.clock.now > 5 else None
    host.api.clock = FakeClock()
    row = host.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, NOT PROVEN", False)


def test_a_second_container_of_the_same_bot_is_not_proven(host: Host) -> None:
    host.processes.append(process(4343))
    row = host.halt(1)
    assert not row.proven
    assert any("runs in 2 containers (pids 4242, 4343)" in text for text in row.detail)
    host.processes[1] = Process(4343, ("sh",), "alpha", is_init=False)  # a shell inside
    assert host.halt(1).proven


def test_a_second_freqtrade_in_its_container_is_not_proven(host: Host) -> None:
    host.processes.append(process(4343, init=False))
    row = host.halt(1)
    assert not row.proven
    assert any("a second time in its container (pids 4343)" in text for text in row.detail)


def test_level_1_under_level_3_acts_as_level_3(host: Host) -> None:
    host.processes.clear()
    host.halt(3)
    host.processes.append(process())
    row = host.halt(1, "two")
    assert (row.level, row.incident, row.raised) == (3, "one", False)
    assert "held at level 3 already" in row.detail
    assert host.engine.stops[-1] == "freqops-alpha"


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_hold_that_is_resumed_during_a_second_halt_is_set_again_and_not_proven(host: Host, level: int) -> None:
    """A halt of what is held already writes nothing, so the resume that is under way does not see it come."""
    host.hold(3 if level == 3 else 1)

    def resume(_what: str) -> None:
        host.api.before_call = None
        holds_file.change(host.home, lambda present: present.resumed("one", START), host.clock)

    host.api.before_call = resume
    row = host.halt(level, "two")
    assert (row.verdict, row.proven, row.latched) == ("HALTED, NOT PROVEN", False, True)
    assert (row.incident, host.level) == ("two", 3 if level == 3 else 1)
    assert "its hold was resumed meanwhile" in row.detail[-1]


# --- the latch fails


def refuse(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "holds.json")


@pytest.mark.parametrize("level", [1, 3])
def test_a_full_disk_does_not_keep_a_bot_from_being_halted(
    host: Host, monkeypatch: pytest.MonkeyPatch, level: int
) -> None:
    monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    row = host.halt(level)
    assert (row.verdict, row.latched, row.proven) == ("HALTED, NOT SAVED", False, False)
    assert row.proven_s is not None
    assert any("NOT SAVED: No space left" in text for text in row.detail)
    assert host.api.state == "paused"
    assert (host.processes == []) == (level == 3)


def test_a_stuck_disk_costs_a_second(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: over.wait(2 * PATIENCE))
    began = time.monotonic()
    stopped: list[float] = []

    def stop() -> None:
        stopped.append(time.monotonic() - began)
        host.processes.clear()

    host.engine.stopping = stop
    row = host.halt(3)
    assert holds_file.LATCH_SECONDS == 1.0
    assert stopped[0] < PATIENCE
    assert time.monotonic() - began < PATIENCE
    assert (row.verdict, row.latched) == ("HALTED, NOT SAVED", False)
    assert "the disk did not answer" in row.detail[-1]
    assert host.processes == []
    over.set()


def test_a_latch_that_a_slow_disk_finished_meanwhile_counts(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: over.wait(2 * PATIENCE))

    def stopping() -> None:
        over.set()
        for thread in threading.enumerate():
            if thread.name.startswith("latch"):
                thread.join(PATIENCE)
        host.processes.clear()

    host.engine.stopping = stopping
    row = host.halt(3)
    assert (row.verdict, row.latched, row.raised, row.proven) == ("HALTED, PROVEN", True, True, True)
    assert "latched late: the disk is slow" in row.detail


def test_without_process_and_latch_nothing_keeps_it_from_trading(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    host.processes.clear()
    row = host.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, NOT SAVED", False)


def test_unreadable_holds_are_halted_at_level_3(host: Host) -> None:
    (host.home / "conf" / "holds.json").write_bytes(b"\0" * 100)
    row = host.halt(1)
    assert (row.level, row.verdict, row.proven, host.level) == (3, "HALTED, PROVEN", True, 3)
    assert host.processes == []


@pytest.mark.parametrize("level", [1, 3])
def test_a_start_in_progress_delays_a_halt_by_a_second(host: Host, level: int) -> None:
    with durable.locked(host.home / ".lock", 0, Clock()):
        row = host.halt(level)
    assert row.proven
    assert row.acknowledged_s is not None
    assert row.acknowledged_s < PATIENCE
    assert holds_file.LATCH_SECONDS == 1.0


# --- level 3


def test_level_3_pauses_stops_and_proves(host: Host) -> None:
    host.api.trades = [trade(1, order("buy", is_open=False), order("stoploss"))]
    row = host.halt(3)
    assert (row.verdict, row.state, row.proven, row.acted) == ("HALTED, PROVEN", "no process", True, True)
    assert row.found == "running"
    assert row.positions is not None
    assert row.positions[0]["protection"] == "a stop order on the exchange, the bot's own stop is 98.5"
    assert host.api.state == "paused"
    assert host.engine.stops == ["freqops-alpha"]
    assert (host.level, host.initial_state, host.killed) == (3, "paused", [])


def raise_unexpected(_what: str) -> None:
    raise KeyError("ft_is_entry")


def drip(_what: str) -> None:
    time.sleep(2 * PATIENCE)


@pytest.mark.parametrize(
    "fault",
    [
        lambda host: setattr(host.api, "error", Failed("status 500")),
        lambda host: setattr(host.api, "before_call", raise_unexpected),
        lambda host: setattr(host.api, "before_call", drip),
        lambda host: (host.home / "conf" / "secrets.json").unlink(),
    ],
    ids=["500", "unexpected", "slow", "no secrets"],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nothing_that_the_api_does_delays_or_prevents_a_hard_stop(
    host: Host, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Host], None]
) -> None:
    fault(host)
    if not (host.home / "conf" / "secrets.json").exists():
        monkeypatch.setattr(processes_and_api, "client", lambda bot: FreqtradeClient(bot.api_port, *bot.credentials()))
    assert level_3.SOFT_SECONDS == 3.0
    monkeypatch.setattr(level_3, "SOFT_SECONDS", 0.5)
    began = time.monotonic()
    row = host.halt(3)
    assert time.monotonic() - began < PATIENCE
    assert (row.verdict, row.proven) == ("HALTED, PROVEN", True)
    assert host.processes == []


@pytest.mark.parametrize("spoilt", ["{", {"foreign_orders": None}, {"foreign_holdings": []}, {"mode": 1}], ids=str)
def test_a_spoilt_declaration_does_not_protect_a_bot_from_level_3(host: Host, spoilt: Any) -> None:
    path = host.home / "bot.json"
    path.write_text(spoilt if isinstance(spoilt, str) else json.dumps({**json.loads(path.read_text()), **spoilt}))
    host.api.error = Unreachable("no port")
    row = host.halt(3)
    assert host.processes == []
    assert host.engine.stops == ["freqops-alpha"]
    assert (row.verdict, row.state, row.proven, host.level) == ("HALTED, NOT SAVED", "no process", False, 3)


def test_a_spoilt_declaration_is_not_proven_at_level_1(host: Host) -> None:
    (host.home / "bot.json").write_text("{")
    row = host.halt(1)
    assert (row.verdict, row.proven) == ("NOT PROVEN", False)
    assert "bot.json" in row.detail[-1]


def test_whatever_happens_there_is_a_row(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes_and_api, "alive", lambda _bot: 1 // 0)
    row = host.halt(1)
    assert (row.verdict, row.proven) == ("NOT PROVEN", False)
    assert "unexpected ZeroDivisionError" in row.detail[-1]


def test_one_bot_that_hangs_delays_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes = [make_bot(tmp_path, name) for name in ("alpha", "beta")]
    over = threading.Event()
    monkeypatch.setattr(processes_and_api, "alive", lambda bot: over.wait(10) and [] if bot.name == "alpha" else [])
    monkeypatch.setattr(time_limits, "ENDING_SECONDS", 0.3)
    order_ = Order(KillLevel(1), Mandate("one", "why", "ann@host"), 0.1)
    rows = halting.halt(homes, order_, Clock(), FakeEngine())
    assert [row.verdict for row in rows] == ["NOT PROVEN", "HALTED, PROVEN"]
    assert "gave no answer at all" in rows[0].detail[-1]
    over.set()


def test_a_live_bot_is_not_given_up_while_its_exchange_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its exchange answers when the time of a bot on paper is over, and not before."""
    host = Host(tmp_path, monkeypatch, mode="live")
    asked, over, patience = threading.Event(), threading.Event(), levels.patience

    def answer_late(what: str) -> None:
        if what == "balances":
            asked.set()
            over.wait(2 * PATIENCE)

    def let_it_answer(order_: Order, mode: str) -> float:
        asked.wait(2 * PATIENCE)
        if mode == "live":
            threading.Timer(0.3, over.set).start()
        return patience(order_, mode)

    host.account.before = answer_late
    monkeypatch.setattr(time_limits, "ENDING_SECONDS", -4 * 30.0)
    monkeypatch.setattr(time_limits, "EXCHANGE_SECONDS", PATIENCE)
    monkeypatch.setattr(levels, "patience", let_it_answer)
    assert host.halt(1, deadline=30.0).verdict == "HALTED, PROVEN"


def test_what_is_proven_after_its_bot_was_given_up_is_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was at rest in time, and then its disk did not answer any more."""
    over = threading.Event()
    monkeypatch.setattr(processes_and_api, "alive", lambda _bot: [])
    monkeypatch.setattr(halting, "_hold_again", lambda _case: over.wait(10))
    monkeypatch.setattr(time_limits, "ENDING_SECONDS", 0.3)
    order_ = Order(KillLevel(1), Mandate("one", "why", "ann@host"), 0.1)
    [row] = halting.halt([make_bot(tmp_path, "alpha")], order_, Clock(), FakeEngine())
    over.set()
    assert (row.verdict, row.proven) == ("NOT PROVEN", False)


# --- the hard stop itself, with real processes


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    children = subprocess.Popen([sys.executable, "-S", "-c", code])
    yield children
    children.kill()
    children.wait()


def as_process(children: subprocess.Popen[bytes]) -> list[Process]:
    return [process(children.pid)] if children.poll() is None else []


@pytest.mark.parametrize("hangs", [True, False], ids=["engine hangs", "engine lies"])
def test_what_the_engine_does_not_stop_is_killed_and_nothing_else(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    monkeypatch.setattr(hard_stop, "KILL_AFTER", 0.3)
    monkeypatch.setattr(hard_stop, "SETTLE", 0.05)
    engine, kill = FakeEngine(), os.kill
    killed: list[int] = []
    engine.hangs = hangs
    asked: list[subprocess.Popen[str]] = []
    begin = engine.begin_stop

    def begin_stop(name: str, grace: int) -> subprocess.Popen[str]:
        asked.append(begin(name, grace))
        asked[0].communicate = _impatient(asked[0])  # type: ignore[method-assign]
        return asked[0]

    monkeypatch.setattr(engine, "begin_stop", begin_stop)

    def kill_and_tell(pid: int, number: int) -> None:
        killed.append(pid)
        kill(pid, number)

    monkeypatch.setattr(os, "kill", kill_and_tell)
    result = hard_stop.HardStop("freqops-alpha", lambda: as_process(child), engine, Clock()).run(10)
    assert result.gone is not None
    assert child.wait(1) == -signal.SIGKILL
    assert result.killed == [child.pid]
    assert set(killed) == {child.pid}
    assert asked[0].poll() is not None
    assert any("engine does not answer" in note for note in result.notes) is hangs


def _impatient(popen: subprocess.Popen[str]) -> Any:
    real = popen.communicate
    return lambda timeout: real(timeout=min(timeout, 0.1) if timeout else timeout)


def test_without_an_engine_the_processes_are_killed(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hard_stop, "SETTLE", 0.05)
    engine = FakeEngine()

    def missing(name: str, grace: int) -> Any:
        raise FileNotFoundError(2, "No such file or directory", "docker")

    monkeypatch.setattr(engine, "begin_stop", missing)
    result = hard_stop.HardStop("freqops-alpha", lambda: as_process(child), engine, Clock()).run(10)
    assert result.killed == [child.pid]
    assert result.gone is not None
    assert "the engine could not be asked" in result.notes[0]


def test_what_cannot_be_killed_is_named_and_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    monkeypatch.setattr(os, "kill", lambda _pid, _number: None)
    result = hard_stop.HardStop("freqops-alpha", lambda: [process(7)], FakeEngine(), clock).run(20)
    assert result.gone is None
    assert result.killed == [7]
    assert "still alive: 7" in result.notes[0]
    assert 20 <= clock.now < 21


@pytest.mark.parametrize("deadline", [-5.0, 0.1, 5.0])
def test_however_short_the_deadline_it_kills(monkeypatch: pytest.MonkeyPatch, deadline: float) -> None:
    left = [process(7)]
    monkeypatch.setattr(os, "kill", lambda _pid, _number: left.clear())
    engine = FakeEngine()
    engine.hangs = True
    monkeypatch.setattr(hard_stop.HardStop, "_await_engine", lambda _self, asked, _result: end(asked))
    result = hard_stop.HardStop("freqops-alpha", lambda: list(left), engine, FakeClock()).run(deadline)
    assert result.gone is not None


def test_a_container_that_comes_back_at_once_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its restart policy is faster than one look."""
    looks = iter([[], [process(8)], [process(8)], [], []])
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _number: killed.append(pid))
    result = hard_stop.HardStop("freqops-alpha", lambda: next(looks), FakeEngine(), FakeClock()).run(30)
    assert result.gone is not None
    assert set(killed) <= {8}


def test_a_process_that_ended_by_itself_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(pid: int, number: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", gone)
    looks = iter([[process(8)], [process(8)], [], []])
    result = hard_stop.HardStop("freqops-alpha", lambda: next(looks), FakeEngine(), FakeClock()).run(30)
    assert (result.killed, result.gone is not None) == ([], True)


# --- evidence


def test_an_incident_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recorded.record(tmp_path, "one", "halt", {"a": 1}) is None
    assert len(list((tmp_path / "incidents" / "one").glob("*-halt.json"))) == 1
    monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    assert "No space left" in str(recorded.record(tmp_path, "one", "halt", {}))


def test_an_incident_on_a_stuck_disk_keeps_no_answer_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: over.wait(2 * PATIENCE))
    assert recorded.SECONDS == 1.0
    monkeypatch.setattr(recorded, "SECONDS", 0.1)
    began = time.monotonic()
    assert "did not answer" in str(recorded.record(tmp_path, "one", "halt", {}))
    assert time.monotonic() - began < PATIENCE
    over.set()


def test_the_order_of_a_halt_is_its_hold() -> None:
    told = Mandate("one", "why", "ann@host")
    hold = Order(KillLevel.HARD, told).as_hold("now")
    assert hold == holds.Hold("halt", 3, "why", "ann@host", "one", 0, "now")
    assert Order(KillLevel.FLATTEN, told).as_hold("now").level == 1  # what stays of it is "no entries"
    assert holds_file.LATCH_SECONDS == 1.0
