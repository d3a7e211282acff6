"""Start, resume and re-assertion: a hold wins every race, and nothing but its own resume takes it away."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.next_step import NextStep
from freqops.core.bot import layout
from freqops.core.bot.client import Failed, Reading, Unreachable
from freqops.core.bot.processes import TOOL_IN_CONTAINER, Process
from freqops.core.deploy import own_container
from freqops.core.deploy.container import Container
from freqops.core.halt import holds, way_out
from freqops.hostctl.bot import hard_stop, holds_file, start, stopped
from freqops.hostctl.bot import rounds as rounds_of
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.bot.rounds import Rounds
from freqops.hostctl.bot.siblings import Sibling
from freqops.hostctl.bot.start import Started
from freqops.hostctl.exchange import witness
from freqops.hostctl.exchange.witness import Unanswered
from freqops.hostctl.halt import reassert, resume
from freqops.hostctl.incident.journal import silent
from tests.unit.accounts import Account, conversations, filled, resting
from tests.unit.fakes import IMAGE, START, FakeClock, FakeEngine, StillApi, made_container, make_bot, process, trade


class Host:
    """One bot whose process lives as the engine is told."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **declared: Any) -> None:
        self.clock, self.engine = FakeClock(), FakeEngine()
        self.home = make_bot(tmp_path, **declared)
        self.bot = layout.load_bot(self.home)
        self.api = StillApi(self.clock, dry_run=declared.get("mode") != "live")
        self.account = Account()
        monkeypatch.setattr(witness, "conversation", conversations(self.account))
        self.processes: list[Process] = []
        self.engine.starting, self.engine.stopping = self.come_up, self.processes.clear
        for module in (start, resume, reassert):
            monkeypatch.setattr(module, "client", lambda _bot: self.api)
            monkeypatch.setattr(module, "alive", lambda bot: [p for p in self.processes if p.bot == bot.name])

    def come_up(self) -> None:
        self.processes[:] = [process()]
        self.api.state = self.initial_state

    def hold(self, level: int = 1, incident: str = "one", holder: str = "halt", rest: str = "paused") -> None:
        hold = holds.Hold(holder, level, "why", "ann@host", incident, 0, "", rest)
        assert holds_file.latch(self.home, hold, self.clock).error is None

    def when(self, what: str, then: Callable[[], Any]) -> None:
        """Do ``then`` once, right before the bot is asked for ``what``."""

        def before(call: str) -> None:
            if call == what:
                self.api.before_call = None
                then()

        self.api.before_call = before

    def start(self) -> Started:
        return start.start(self.bot, self.clock, self.engine)

    def resume(self, incident: str = "one", seq: int | None = None) -> Started:
        mandate = Mandate(incident, "done", "ann@host")
        return resume.resume(self.bot, mandate, silent(self.clock), self.clock, self.engine, resume.Which(seq=seq))

    def rounds(self, *others: Path) -> Rounds:
        return Rounds(
            lambda: [*others, self.home], lambda home: reassert.reassert(home, self.clock, self.engine), self.clock
        )

    def reassert(self, *others: Path) -> tuple[list[str], list[str]]:
        said = self.rounds(*others).once()
        return said.done, said.failed

    @property
    def level(self) -> int:
        return holds.effective_level(self.bot.holds)

    @property
    def initial_state(self) -> str:
        return str(json.loads(self.bot.state.read_text())["initial_state"])


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def lock(number: int, reason: str) -> dict[str, Any]:
    return {"id": number, "reason": reason}


# --- start


def test_a_bot_that_nothing_holds_is_started_and_read(host: Host) -> None:
    started = host.start()
    assert (started.outcome, started.changed, started.level, started.detail) == ("running", True, 0, [])
    assert host.engine.ups == [host.home / "compose.yml"]
    assert started.to_json()["bot"] == "alpha"


def test_a_bot_that_a_command_stopped_stays_named_until_it_runs(host: Host) -> None:
    stopped.begin(host.home, stopped.Stopped("postgres"), host.clock)
    seen: list[stopped.Stopped | None] = []
    host.engine.starting = lambda: seen.append(stopped.note_of(host.home))
    assert host.start().outcome == "running"
    assert [note.command for note in seen if note is not None] == ["postgres"]
    assert stopped.note_of(host.home) is None


def test_a_container_whose_gate_waits_is_made_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Process(7, ("python3", TOOL_IN_CONTAINER, "gate"), "alpha", is_init=True, waits=True)
    for present, recreate in (([gate], True), ([process()], False), ([], False)):
        monkeypatch.setattr("freqops.core.bot.processes.scan", lambda *_, present=present: present)
        assert host.start().outcome == "running"
        assert host.engine.recreate[-1] is recreate


def test_a_bot_that_runs_already_is_not_changed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.start()
    monkeypatch.setattr(host.engine, "compose_up", lambda _compose, **_: None)
    assert host.start().changed is False


def test_a_container_that_was_changed_by_hand_is_made_again_and_named(host: Host) -> None:
    host.start()
    host.engine.present = made_container(made={"HostConfig.Privileged": "true", "Config.Env.X": "the p4ssw0rd-of-it"})
    (host.home / "conf" / "secrets.json").write_text('{"api_server": {"password": "the p4ssw0rd-of-it"}}')
    started = host.start()
    assert (started.outcome, started.changed, host.engine.recreate) == ("running", True, [False, True])
    assert started.detail == [
        "its container was made again: Config.Env.X is [secret], not unset",
        "its container was made again: HostConfig.Privileged is true, not unset",
    ]
    assert (host.start().detail, host.engine.recreate[-1]) == ([], False)


def test_a_container_of_which_nothing_is_known_is_made_again(host: Host) -> None:
    host.engine.present = made_container()
    (host.home / own_container.RECORD).write_text("{")
    assert host.start().detail == ["its container was made again: how it was made is not known"]
    assert host.engine.recreate == [True]
    assert (host.home / own_container.RECORD).stat().st_mode & 0o777 == 0o600


def test_a_changed_container_that_stays_is_not_called_started(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.engine.present = made_container(made={"HostConfig.Privileged": "true"})
    monkeypatch.setattr(host.engine, "compose_up", lambda *_, **__: None)
    with pytest.raises(NotProven, match=r"freqops-alpha was not made again: HostConfig.Privileged is true, not unset"):
        host.start()


def test_a_bot_that_boots_is_not_called_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its API answers before its initial state is applied, and reads stopped until then."""
    host = Host(tmp_path, monkeypatch, initial_state="stopped")
    said: list[str | None] = [None, None, "stopped"]
    monkeypatch.setattr(host.api, "worker_state", lambda: said.pop(0))
    host.api.trades = [trade(1), trade(2)]
    started = host.start()
    assert (started.outcome, said, host.initial_state) == ("stopped", [], "stopped")
    assert started.detail == ["a stopped trader manages no exits, and 2 trades are open"]


def test_a_bot_that_is_declared_paused_is_proven_paused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch, initial_state="paused")
    assert (host.start().outcome, host.level, host.api.state) == ("paused", 0, "paused")
    host.api.state = "running"
    monkeypatch.setattr(host.engine, "compose_up", lambda *_, **__: None)
    with pytest.raises(NotProven, match="its trader is running, not paused"):
        host.start()


@pytest.mark.parametrize(
    ("project", "service", "maker"),
    [
        ("", "", "by hand"),
        ("mine", "bot", "service bot of the Compose project mine"),
        ("freqops-alpha", "other", "service other of the Compose project freqops-alpha"),
    ],
)
def test_a_container_of_somebody_else_is_named_with_its_cure_and_left(
    host: Host, project: str, service: str, maker: str
) -> None:
    host.engine.present = made_container(project=project, service=service)
    with pytest.raises(Refused) as refusal:
        host.start()
    assert f"it was made {maker}, of {IMAGE}, and is running" in str(refusal.value)
    assert "'docker stop freqops-alpha' and 'docker rm freqops-alpha', and deploy again" in str(refusal.value)
    assert host.engine.ups == []


@pytest.mark.parametrize("status", ["exited", "created", "dead", None])
def test_a_bot_that_the_engine_has_lost_is_not_started_twice(host: Host, status: str | None) -> None:
    host.processes[:] = [process(7)]
    host.engine.present = made_container(status=status) if status else None
    with pytest.raises(NotProven, match="its processes 7 are alive"):
        host.start()
    assert host.engine.ups == []


def test_a_start_forgets_the_crashes(host: Host) -> None:
    (host.home / "var" / "starts.json").write_text("[]")
    host.start()
    assert not (host.home / "var" / "starts.json").exists()


@pytest.mark.parametrize("how", ["held", "unreadable", "missing"])
def test_at_level_3_the_engine_is_never_asked(host: Host, how: str) -> None:
    if how == "held":
        host.hold(3)
    elif how == "unreadable":
        host.bot.holds.write_text("{")
    else:
        host.bot.holds.unlink()
    started = host.start()
    assert (started.outcome, started.level, host.engine.ups) == ("held", 3, [])


def test_at_level_3_what_lives_is_ended(host: Host) -> None:
    """A halt that was killed after its latch leaves it behind."""
    host.hold(3)
    host.processes[:] = [process()]
    started = host.start()
    assert (started.outcome, started.changed, host.processes, host.engine.ups) == ("held", True, [], [])
    assert started.detail == ["held at level 3: Freqtrade was ended"]


def test_at_level_3_what_lives_on_is_not_proven(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.hold(3)
    host.processes[:] = [process()]
    host.engine.stopping = None
    monkeypatch.setattr(os, "kill", lambda _pid, _number: None)
    monkeypatch.setattr(hard_stop, "GRACE", 0)
    with pytest.raises(NotProven, match="still alive: 4242"):
        host.start()
    assert host.engine.ups == []


def test_at_level_1_it_comes_up_paused_and_locked(host: Host) -> None:
    host.hold(1)
    host.hold(1, "two", "risk")
    started = host.start()
    assert (started.outcome, started.level, host.api.state) == ("paused", 1, "paused")
    assert {each["reason"] for each in host.api.locks} == {"freqops halt one", "freqops risk two"}
    assert "start" not in host.api.calls


def test_a_halt_between_starting_and_the_second_reading_wins(host: Host) -> None:
    def come_up_and_be_halted() -> None:
        host.come_up()
        host.hold(3)

    host.engine.starting = come_up_and_be_halted
    started = host.start()
    assert (started.outcome, host.processes, host.engine.stops) == ("held", [], ["freqops-alpha"])


@pytest.mark.parametrize("level", [1, 3])
def test_a_halt_while_it_comes_up_wins(host: Host, level: int) -> None:
    host.api.error = Unreachable("booting")

    def halt(_what: str) -> None:
        if host.level == 0 and host.clock.now > 3:
            host.hold(level)
            host.api.error = None

    host.api.before_call = halt
    started = host.start()
    assert started.outcome == {1: "paused", 3: "held"}[level]
    assert (host.processes == []) == (level == 3)
    assert level == 3 or host.api.state == "paused"


def test_locks_of_resumed_holds_are_dropped_and_no_others(host: Host) -> None:
    host.api.locks = [lock(1, "freqops halt released"), lock(2, "freqops risk released-too")]
    started = host.start()
    assert host.api.locks == []
    assert started.detail == [
        "lock of a resumed hold removed: freqops halt released",
        "lock of a resumed hold removed: freqops risk released-too",
    ]


def test_one_answer_that_comes_too_late_does_not_end_a_start(host: Host) -> None:
    """A busy bot answers the next time; its locks are looked at then, and it is not called running before."""
    host.api.locks.append(lock(7, "freqops halt old"))

    def fail() -> None:
        raise Unreachable("GET /locks: TimeoutError timed out")

    host.when("our_locks", fail)
    started = host.start()
    assert (started.outcome, started.detail) == ("running", ["lock of a resumed hold removed: freqops halt old"])
    assert host.api.calls.count("our_locks") >= 2


def test_a_halt_that_comes_in_while_locks_are_dropped_keeps_its_lock(host: Host) -> None:
    """It latches, then locks. Whoever reads the holds first and the locks after would take its lock for an orphan."""

    def halt() -> None:
        host.hold(1, "new")
        host.api.locks.append(lock(9, "freqops halt new"))

    host.when("our_locks", halt)
    host.start()
    assert [each["id"] for each in host.api.locks] == [9]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda host: setattr(host.api, "name", "beta"), "another bot answers on its port: beta"),
        (lambda host: setattr(host.api, "error", Failed("status 500")), "status 500"),
        (lambda host: setattr(host.api, "dry_run", False), "declared paper but runs with dry_run=False"),
        (lambda host: setattr(host, "come_up", None), "its trader is stopped"),
    ],
)
def test_a_bot_that_does_not_come_up_as_declared(host: Host, change: Callable[[Host], Any], text: str) -> None:
    change(host)
    host.engine.starting = lambda: setattr(host.api, "state", "stopped" if host.come_up is None else "running")
    with pytest.raises(NotProven, match=text):
        host.start()


def test_a_first_loop_is_waited_for(host: Host) -> None:
    host.api.read = lambda: Reading("running", None, "alpha", True)  # type: ignore[method-assign]
    with pytest.raises(NotProven, match="its loop has not come round yet\nits last log lines:\nlast words"):
        host.start()


def test_another_command_has_the_bot(host: Host) -> None:
    with durable.locked(host.home / ".lock", 0, host.clock):
        for command in (host.start, host.resume):
            with pytest.raises(Refused, match="another command is working on alpha"):
                command()
    assert host.engine.ups == []


def test_an_engine_that_fails_is_said(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_compose: Path, **_: bool) -> None:
        raise EngineError("no image")

    monkeypatch.setattr(host.engine, "compose_up", fail)
    with pytest.raises(EngineError, match="no image"):
        host.start()


# --- resume


def halted(host: Host, level: int = 1) -> None:
    host.hold(level)
    if level == 1:
        host.processes[:] = [process()]
        host.api.state = "paused"
        host.api.locks = [lock(1, "freqops halt one")]


def test_a_hold_of_the_future_is_resumed_by_its_name_and_said(host: Host) -> None:
    host.clock.ahead = 86400
    halted(host, 3)
    host.clock.ahead = 0
    resumed = host.resume()
    assert (resumed.outcome, resumed.level) == ("paused", 1)
    assert "its hold of one was set at 2026-01-03T03:04:05Z, which is later than now" in resumed.detail[-1]


def test_level_3_steps_down_to_a_paused_process(host: Host) -> None:
    halted(host, 3)
    resumed = host.resume()
    assert (resumed.outcome, resumed.level, host.level) == ("paused", 1, 1)
    assert (host.api.state, len(host.engine.ups)) == ("paused", 1)
    assert "resume again" in resumed.detail[-1]
    again = host.resume()
    assert (again.outcome, host.level, host.api.state, host.initial_state) == ("running", 0, "running", "running")


def test_level_1_goes_with_its_own_lock_alone(host: Host) -> None:
    halted(host)
    resumed = host.resume()
    assert (resumed.outcome, host.level, host.api.state) == ("running", 0, "running")
    assert host.api.locks == []


def test_another_hold_keeps_it_paused(host: Host) -> None:
    halted(host)
    host.hold(1, "two", "risk")
    host.api.locks.append(lock(3, "freqops risk two"))
    resumed = host.resume()
    assert (resumed.outcome, host.level) == ("paused", 1)
    assert [each["id"] for each in host.api.locks] == [3]
    assert "start" not in host.api.calls
    assert host.initial_state == "paused"


def test_another_hold_of_level_3_keeps_it_down(host: Host) -> None:
    halted(host, 3)
    host.hold(3, "two", "restore")
    resumed = host.resume()
    assert (resumed.outcome, resumed.level, host.engine.ups) == ("held", 3, [])


@pytest.mark.parametrize(("incident", "seq"), [("two", None), ("", None), ("one", 0), ("one", 2)])
def test_a_resume_of_what_was_not_seen_is_refused(host: Host, incident: str, seq: int | None) -> None:
    halted(host)
    before = host.bot.holds.read_bytes()
    with pytest.raises(Refused):
        host.resume(incident, seq)
    assert host.bot.holds.read_bytes() == before
    assert host.api.calls == []


def test_unreadable_holds_cannot_be_resumed(host: Host) -> None:
    host.bot.holds.write_text("{")
    with pytest.raises(holds.HoldsUnreadable):
        host.resume()


def test_a_halt_that_rises_under_the_same_incident_is_not_stepped_down(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the hold and changing it, the same command came again with level 3."""
    halted(host)
    change = holds_file.change

    def rise_first(*arguments: Any) -> holds.Holds:
        host.hold(3)
        return change(*arguments)

    monkeypatch.setattr(holds_file, "change", rise_first)
    with pytest.raises(Refused, match="changed since") as refusal:
        host.resume()
    assert way_out.of_error(refusal.value) == (NextStep("look"),)
    assert host.level == 3


def test_a_hold_that_comes_before_the_start_forbids_it(host: Host) -> None:
    halted(host)
    host.when("our_locks", lambda: host.hold(1, "new"))
    resumed = host.resume()
    assert (resumed.outcome, resumed.level) == ("paused", 1)
    assert "start" not in host.api.calls
    assert host.api.state == "paused"


def test_a_halt_that_comes_in_during_a_resume_keeps_its_lock(host: Host) -> None:
    halted(host)

    def halt() -> None:
        host.hold(1, "new")
        host.api.locks.append(lock(9, "freqops halt new"))

    host.when("our_locks", halt)
    host.resume()
    assert [each["id"] for each in host.api.locks] == [9]


@pytest.mark.parametrize("level", [1, 3])
def test_a_hold_that_comes_after_the_start_pauses_it_again(host: Host, level: int) -> None:
    halted(host)
    start_it = host.api.start

    def start_and_be_halted() -> None:
        start_it()
        document = holds.Holds(9).raised(holds.Hold("risk", level, "x", "y", "new", 0, ""), START).to_json()
        durable.write_json(host.bot.holds, document, 0o444)

    host.api.start = start_and_be_halted  # type: ignore[method-assign]
    resumed = host.resume()
    assert (resumed.outcome, resumed.level, host.api.state) == ("paused", level, "paused")
    assert "a new hold came in between" in resumed.detail[0]


def test_what_a_killed_resume_left_paused_a_halt_and_its_resume_bring_back(host: Host) -> None:
    """The hold had left the disk, and the bot was not told."""
    host.hold(incident="one")
    host.come_up()
    host.api.lock("freqops halt one")
    holds_file.change(host.home, lambda present: present.resumed("one", START), host.clock)
    with pytest.raises(Refused, match="in force: none") as refusal:
        host.resume("one")
    assert way_out.of_error(refusal.value) == (NextStep("look"),)
    assert host.api.state == "paused"
    host.hold(incident="two")
    assert host.resume("two").outcome == "running"
    assert (host.api.state, host.api.locks) == ("running", [])


def test_a_stopped_trader_is_never_paused_by_a_resume(host: Host) -> None:
    """A pause would start it: the new hold's halt had found it stopped."""
    halted(host)

    def stop_and_hold() -> None:
        host.hold(1, "new", "risk")
        host.api.state = "stopped"

    host.when("our_locks", stop_and_hold)
    host.resume()
    assert host.api.state == "stopped"
    assert "pause" not in host.api.calls


def test_a_trader_found_stopped_is_not_started(host: Host) -> None:
    host.hold(1, rest="stopped")
    host.processes[:], host.api.state = [process()], "stopped"
    resumed = host.resume()
    assert (resumed.outcome, host.level, host.api.state) == ("stopped", 0, "stopped")


def test_a_bot_declared_stopped_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path, monkeypatch, initial_state="stopped")
    halted(host)
    resumed = host.resume()
    assert (resumed.outcome, host.level, host.initial_state) == ("paused", 0, "stopped")
    assert "start" not in host.api.calls
    assert host.clock.now < 1


def test_without_a_process_a_resume_starts_none(host: Host) -> None:
    host.hold(1)
    resumed = host.resume()
    assert (resumed.outcome, host.level, host.engine.ups, host.api.calls) == ("no process", 0, [], [])


def test_a_bot_that_cannot_be_reached_is_not_proven(host: Host) -> None:
    halted(host)
    host.api.error = Unreachable("refused")
    with pytest.raises(NotProven, match="gone from the disk, but the bot was not reached"):
        host.resume()


@pytest.mark.parametrize("call", ["our_locks", "unlock 1", "read", "start"])
def test_one_answer_that_comes_too_late_does_not_end_a_resume(host: Host, call: str) -> None:
    """What was asked may have happened, and is asked again; it is not called running before its loop came round."""
    halted(host)

    def fail() -> None:
        raise Unreachable(f"{call}: TimeoutError timed out")

    host.when(call, fail)
    resumed = host.resume()
    assert host.api.before_call is None, "it came"
    assert (resumed.outcome, host.level, host.api.state, host.api.locks) == ("running", 0, "running", [])


def test_a_halt_after_a_late_answer_wins(host: Host) -> None:
    halted(host)

    def fail() -> None:
        host.hold(1, "new")
        raise Unreachable("read: TimeoutError timed out")

    host.when("read", fail)
    resumed = host.resume()
    assert (resumed.outcome, host.level, host.api.state) == ("paused", 1, "paused")


def test_a_bot_that_refuses_is_not_asked_until_the_deadline(host: Host) -> None:
    halted(host)
    host.api.error = Failed("status 500")
    with pytest.raises(NotProven, match="the bot was not reached: status 500"):
        host.resume()
    assert host.clock.now < 1


def test_a_lock_that_stays_is_not_proven(host: Host) -> None:
    halted(host)
    host.api.unlock = lambda lock_id: None  # type: ignore[method-assign]  # noqa: ARG005  the API's own name
    with pytest.raises(NotProven, match="still stands"):
        host.resume()
    assert "start" not in host.api.calls


def test_a_loop_that_does_not_come_round_is_not_proven(host: Host) -> None:
    halted(host)
    host.api.clock = FakeClock()
    with pytest.raises(NotProven, match="has not come round"):
        host.resume()


# --- resume of a live bot


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot that has one BTC, as its records say."""
    host = Host(tmp_path, monkeypatch, mode="live")
    host.account.buy("1", "1")
    return host


def everything(host: Host) -> dict[str, bytes]:
    """Return every file of the bot but the locks."""
    files = [path for path in host.home.rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    return {str(path): path.read_bytes() for path in files}


@pytest.mark.parametrize("level", [1, 3])
def test_a_live_bot_whose_exchange_agrees_is_resumed(live: Host, level: int) -> None:
    live.account.coins["BNB"] = Decimal(2)
    halted(live, level)
    resumed = live.resume()
    assert (resumed.outcome, live.level) == (("paused", 1) if level == 3 else ("running", 0))
    assert resumed.detail[-1] == "on the exchange: not the bot's: 2 BNB, not declared"


@pytest.mark.parametrize("level", [1, 3])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda account: account.coins.update(BTC=Decimal(0)), "its records say 1, on its account are 0"),
        (lambda account: account.coins.update(BTC=Decimal(2)), "its records say 1, on its account are 2"),
        (lambda account: account.fills.append(filled("9", "sell", "1")), "a fill that stands in no record"),
        (lambda account: account.open_orders.append(resting("9")), "an open order that stands in no record"),
        (lambda account: setattr(account, "kept", False), "the bot has no records at all"),
    ],
)
def test_a_live_bot_whose_exchange_contradicts_its_records_stays_where_it_is(
    live: Host, level: int, wrong: Callable[[Account], Any], said: str
) -> None:
    halted(live, level)
    wrong(live.account)
    before, state = everything(live), live.api.state
    with pytest.raises(Refused, match=said) as refusal:
        live.resume()
    assert "reconcile.yml" in str(refusal.value)
    assert way_out.of_error(refusal.value) == (NextStep("reconcile", "one") if level == 3 else NextStep("halt"),)
    assert everything(live) == before
    assert (live.api.state, live.api.calls, live.engine.ups, live.level) == (state, [], [], level)


@pytest.mark.parametrize("what", ["records", "balances", "open_orders", "fills", "markets"])
def test_a_live_bot_whose_exchange_does_not_answer_stays_where_it_is(live: Host, what: str) -> None:
    halted(live, 3)
    live.account.mute.add(what)
    before = everything(live)
    with pytest.raises(Unanswered):
        live.resume()
    assert (everything(live) == before, live.engine.ups, live.level) == (True, [], 3)


def test_a_sale_that_is_being_booked_is_waited_for(live: Host) -> None:
    """A bot that runs may be selling at this moment."""
    halted(live)
    live.account.coins["BTC"] = Decimal(0)
    asked: list[str] = []

    def book(what: str) -> None:
        asked.append(what)
        if asked.count("balances") == 3:
            live.account.coins["BTC"] = Decimal(1)

    live.account.before = book
    assert live.resume().outcome == "running"
    assert asked.count("balances") == 3


def test_the_wrong_incident_is_refused_before_the_exchange_is_asked(live: Host) -> None:
    halted(live)
    live.hold(1, "newer", "from_a_newer_version")
    with pytest.raises(Refused, match="no hold of incident 'two'") as refusal:
        live.resume("two")
    assert way_out.of_error(refusal.value) == (NextStep("again", "one"),)
    assert live.account.asked == []


def test_a_paper_bot_needs_no_exchange(host: Host) -> None:
    halted(host)
    assert host.resume().outcome == "running"
    assert host.account.asked == []


# --- re-assertion


def test_a_bot_that_nothing_holds_is_left_alone(host: Host) -> None:
    host.processes[:] = [process()]
    assert host.reassert() == ([], [])
    assert host.api.calls == []


def test_what_was_undone_is_done_again(host: Host) -> None:
    halted(host)
    assert host.reassert() == ([], [])
    host.api.state, host.api.locks = "running", []
    done, failed = host.reassert()
    assert (len(done), failed, host.api.state, len(host.api.locks)) == (1, [], "paused", 1)
    assert host.reassert() == ([], [])


def test_a_state_that_does_not_follow_is_mended(host: Host) -> None:
    host.hold(1)
    host.bot.state.write_text('{"initial_state": "running"}')
    host.reassert()
    assert host.initial_state == "paused"


@pytest.mark.parametrize("readable", [True, False])
def test_a_process_under_level_3_is_stopped(host: Host, readable: bool) -> None:
    if readable:
        host.hold(3)
    else:
        host.bot.holds.write_text("")
    host.processes[:] = [process()]
    done, failed = host.reassert()
    assert (host.processes, failed) == ([], [])
    assert "found trading: stopped 4242" in done[0]
    assert host.reassert() == ([], [])


def test_a_process_that_cannot_be_stopped_is_not_called_stopped(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.hold(3)
    host.processes[:] = [process()]
    host.engine.stopping = None
    monkeypatch.setattr(os, "kill", lambda _pid, _number: None)
    monkeypatch.setattr(hard_stop, "GRACE", 0)
    done, failed = host.reassert()
    assert done == []
    assert "still alive: 4242" in failed[0]


def test_a_bot_that_another_command_has_in_hand_is_skipped(host: Host) -> None:
    halted(host)
    host.api.state = "running"
    with durable.locked(host.home / ".lock", 0, host.clock):
        assert host.reassert() == ([], [])
    assert host.api.calls == []
    assert host.clock.now == 0


def test_a_disk_that_takes_no_lock_keeps_no_hold_from_being_made_true(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a failure from which a file system went on read-only: nothing can be locked, and nothing written."""
    halted(host)
    host.api.state, host.api.locks = "running", []
    opened = os.open

    def refused(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & os.O_RDWR:
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return opened(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refused)
    done, failed = host.reassert()
    assert (len(done), host.api.state, len(host.api.locks)) == (1, "paused", 1)
    assert "its lock cannot be opened" in failed[0]
    assert "the state of its next start was not made sure" in failed[1]


def test_one_spoilt_bot_keeps_no_other_from_being_held(host: Host, tmp_path: Path) -> None:
    halted(host)
    host.api.state = "running"
    spoilt = make_bot(tmp_path, "aaa")
    (spoilt / "conf" / "holds.json").unlink()
    (spoilt / "bot.json").write_text("")
    done, failed = host.reassert(spoilt)
    assert (len(done), len(failed), host.api.state) == (1, 1, "paused")
    assert failed[0].startswith("aaa: ")


def test_a_torn_declaration_protects_nobody_from_level_3(host: Host) -> None:
    host.hold(3)
    host.processes[:] = [process()]
    (host.home / "bot.json").write_text('{"name": "al')
    done, failed = host.reassert()
    assert (host.processes, host.engine.stops) == ([], ["freqops-alpha"])
    assert "found trading: stopped 4242" in done[0]
    assert "its hold of level 3 is made true all the same" in failed[0]


def test_at_level_1_a_torn_declaration_is_named_with_its_cure(host: Host) -> None:
    host.hold(1)
    (host.home / "bot.json").write_text("")
    done, failed = host.reassert()
    assert done == []
    assert failed[0].endswith("deploy it again, or halt it at level 3, which needs no more of it than its name")


class Second(FakeEngine):
    """An engine that has a second container of the bot, which comes back by itself until it is told not to."""

    def __init__(self, host: Host, *, obeys: bool = True) -> None:
        super().__init__()
        self.host, self.obeys = host, obeys
        self.others = [Sibling("c2", "by-hand", "running", "always")]
        self.stopping = host.processes.clear

    def stop(self, name: str, grace: int) -> None:
        self.told.append(("stop", name, str(grace)))
        self.others = [Sibling("c2", "by-hand", "exited" if self.obeys else "running", "always")]

    def restart_policy(self, name: str, policy: str) -> None:
        self.told.append(("policy", name, policy))
        if self.obeys:
            self.others = [Sibling("c2", "by-hand", "exited", policy)]


@pytest.mark.parametrize("obeys", [True, False])
def test_a_second_container_under_level_3_is_stopped_for_good(host: Host, obeys: bool) -> None:
    host.hold(3)
    host.processes[:] = [process()]
    host.engine = Second(host, obeys=obeys)
    done, failed = host.reassert()
    assert host.engine.told == [("stop", "c2", "10"), ("policy", "c2", "no")]
    if obeys:
        assert failed == []
        assert "another container of it was stopped: by-hand" in done[0]
    else:
        assert done == []
        assert "another container of it is running (restart policy always): by-hand" in failed[-1]


def test_a_second_container_under_level_1_is_named_with_its_cure(host: Host) -> None:
    halted(host)
    host.processes[:] = [process(), process(4343)]
    done, failed = host.reassert()
    assert done == []
    assert "it runs in 2 containers" in failed[0]
    assert failed[0].endswith("halt it at level 3, which ends both")


def test_a_bot_that_hangs_keeps_no_other_from_its_rounds(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted(host)
    stuck = make_bot(tmp_path, "stuck")
    answers, level = threading.Event(), holds.effective_level

    def slow(path: Path) -> int:
        if path.parent.parent == stuck:
            assert answers.wait(60)
        return level(path)

    monkeypatch.setattr(holds, "effective_level", slow)
    monkeypatch.setattr(rounds_of, "ROUND_SECONDS", 0.0)
    rounds = host.rounds(stuck)
    for _ in range(2):
        host.api.state = "running"
        done: list[str] = []
        while not done:
            said = rounds.once()
            done = said.done
        assert (host.api.state, rounds.busy) == ("paused", True)
        assert said.failed[-1].startswith("stuck: its round is not over after")
    answers.set()
    while rounds.busy:
        said = rounds.once()
    assert said.failed == []


def test_what_nobody_thought_of_is_said(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.hold(3)

    def broken(_bot: layout.Bot) -> list[Process]:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(reassert, "alive", broken)
    assert host.reassert() == ([], ["alpha: unexpected ZeroDivisionError: division by zero"])


def test_re_assertion_never_changes_a_hold(host: Host) -> None:
    halted(host)
    before = host.bot.holds.read_bytes()
    host.clock.now += timedelta(days=1).total_seconds()
    host.reassert()
    assert host.bot.holds.read_bytes() == before


# --- a crash loop


def crashing(host: Host, monkeypatch: pytest.MonkeyPatch, at_the_start: int, each: int) -> list[float]:
    """Let the container end over and over; ``each`` is how often between two looks."""
    host.api.error = Failed("connection refused")
    restarts, moments = [at_the_start], list[float]()

    def container(_name: str) -> Container:
        moments.append(host.clock.now)
        if len(moments) > 2:
            restarts[0] += each
        return made_container(status="restarting", restarts=restarts[0])

    monkeypatch.setattr(host.engine, "container", container)
    return moments


def test_what_only_crashes_is_not_waited_for(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    crashing(host, monkeypatch, 0, 1)
    with pytest.raises(NotProven, match="it ended 3 times since it was started") as failure:
        host.start()
    assert host.clock.now < 5
    assert str(failure.value).endswith("last words")


def test_crashes_of_earlier_days_are_not_those_of_this_start(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    crashing(host, monkeypatch, 40, 0)
    with pytest.raises(NotProven, match="connection refused"):
        host.start()
    assert host.clock.now >= start.DEADLINE


def test_a_container_that_is_gone_has_not_crashed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.api.error = Failed("connection refused")
    monkeypatch.setattr(host.engine, "container", lambda _name: None)
    with pytest.raises(NotProven, match="connection refused"):
        host.start()
