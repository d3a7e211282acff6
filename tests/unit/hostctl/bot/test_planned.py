"""Bots stopped by plan, started, restarted: what is refused, what is proven, and who leaves a planned stop alone."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.client import Failed
from freqops.core.bot.layout import Home
from freqops.core.bot.processes import Process
from freqops.core.halt import holds
from freqops.hostctl import cli, own_session
from freqops.hostctl.backup import fitness
from freqops.hostctl.bot import health, holds_file, planned, processes_and_api, start, stopped, stopping
from freqops.hostctl.bot import status as looking
from freqops.hostctl.bot.planned import Order, Turned
from freqops.hostctl.bot.stopped import Stopped
from freqops.hostctl.commands import bots as command
from freqops.hostctl.deploy import unchanged
from freqops.hostctl.deploy.switch_order import Switched
from freqops.hostctl.recovery import recover
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, made_container, make_bot, process, trade

MANDATE = Mandate("20260102T030405Z-bots-9f3c21", "its exchange moves", "ann@desk")
TABLES = (
    "trades (id integer, pair text, is_open integer, amount real)",
    "orders (id integer, order_id text, status text, filled real, ft_order_side text)",
)
PLAN = "stopped by plan since 2026-01-02T03:04:05Z by ann@desk (20260102T030405Z-bots-9f3c21): its exchange moves"


class Engine(FakeEngine):
    """An engine whose containers end when they are stopped."""

    def stop(self, name: str, grace: int) -> None:
        super().stop(name, grace)
        if self.present is not None:
            self.present = replace(self.present, status="exited")

    def begin_stop(self, name: str, grace: int) -> Any:
        raise AssertionError(f"{name} had to be killed, {grace}")

    def _run(self, argv: list[str], timeout: float) -> str:
        assert argv[:2] == ["docker", "stop"], (argv, timeout)
        self.stops.append(argv[-1])
        if self.stopping is not None:
            self.stopping()
        return ""


class Host:
    """One bot that runs, with SQLite."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.clock, self.engine = root, FakeClock(), Engine()
        self.home = make_bot(root)
        secrets = self.home / "conf" / "secrets.json"
        url = "sqlite:////freqops/var/trades.paper.sqlite"
        secrets.write_text(json.dumps({**json.loads(secrets.read_text()), "db_url": url}))
        self.api = StillApi(self.clock)
        self.processes: list[Process] = [process()]
        self.engine.present = made_container(image="image")
        self.engine.stopping = self.processes.clear
        self.engine.starting = lambda: self.processes.append(process())
        self.said: list[str] = []
        self.well = True
        for module in (start, processes_and_api):
            monkeypatch.setattr(module, "client", self.client)
        for module in (start, stopping, processes_and_api):
            monkeypatch.setattr(module, "alive", lambda bot: [p for p in self.processes if p.bot == bot.name])
        monkeypatch.setattr("freqops.core.bot.processes.scan", lambda *_: list(self.processes))
        monkeypatch.setattr(health, "prove", lambda *_: self.well)

    def client(self, bot: layout.Bot) -> StillApi:
        self.api.state = json.loads(bot.state.read_text())["initial_state"]
        return self.api

    def write(self, sql: str) -> None:
        with closing(sqlite3.connect(self.home / "var" / "trades.paper.sqlite")) as connection:
            for table in TABLES:
                connection.execute(f"create table if not exists {table}")
            connection.execute(sql)
            connection.commit()

    def trade(self) -> None:
        self.api.trades = [trade(7)]
        self.write("insert into trades values (7, 'BTC/USDT', 1, 0.5)")

    def do(self, action: str, **how: Any) -> Turned:
        order = Order(action, MANDATE, **how)
        return planned.turned(layout.load_bot(self.home), order, self.clock, self.engine, self.said.append)

    def hold(self, level: int) -> None:
        hold = holds.Hold("halt", level, "why", "ann@host", "one", 0, "")
        assert holds_file.latch(self.home, hold, self.clock).error is None

    @property
    def plan(self) -> Stopped | None:
        return stopped.plan_of(self.home)

    def row(self) -> dict[str, Any]:
        return looking.status([self.home], self.clock, self.engine)["bots"][0]  # type: ignore[no-any-return]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


# --- stop


def test_a_stop_ends_the_bot_and_writes_down_who_wanted_it_and_why(host: Host) -> None:
    row = host.do("stop")
    assert (row.outcome, row.changed, row.proven, host.processes) == ("stopped by plan", True, True, [])
    assert str(host.plan) == PLAN
    assert row.detail == [planned.NO_HALT]
    assert (host.engine.stops, host.said) == (["freqops-alpha"], ["stop alpha"])


def test_a_second_stop_changes_nothing(host: Host) -> None:
    host.do("stop")
    host.engine.stops.clear()
    row = host.do("stop")
    assert (row.outcome, row.changed, row.proven, host.engine.stops) == ("stopped by plan", False, True, [])
    assert row.detail == [PLAN, "nothing was changed"]


def test_open_trades_refuse_a_stop(host: Host) -> None:
    host.trade()
    with pytest.raises(Refused, match=r"alpha was not stopped: it has 1 open trade \(7 BTC/USDT\), which nobody would"):
        host.do("stop")
    assert (len(host.processes), host.plan) == (1, None)


def test_open_trades_are_left_where_that_was_accepted_and_then_they_are_named(host: Host) -> None:
    host.trade()
    row = host.do("stop", unmanaged_ok=True)
    assert (row.outcome, row.proven, row.open_trades) == ("stopped by plan", True, ["7 BTC/USDT"])
    assert host.row()["problems"] == [
        f"{PLAN}; 1 open trade (7 BTC/USDT), which nobody manages; bots.yml -e action=start starts it"
    ]


def test_a_bot_that_does_not_say_what_is_open_is_not_stopped(host: Host) -> None:
    host.api.error = Failed("no answer")
    with pytest.raises(Refused, match="whether it has open trades is not known: no answer"):
        host.do("stop")
    assert (len(host.processes), host.plan) == (1, None)


def test_another_bot_on_its_port_says_nothing_of_its_trades(host: Host) -> None:
    host.api.name = "beta"
    with pytest.raises(Refused, match="another bot answers on its port: beta"):
        host.do("stop")


def test_a_dead_bot_with_open_trades_in_its_database_is_refused_too(host: Host) -> None:
    host.trade()
    host.processes.clear()
    host.engine.present = None
    with pytest.raises(Refused, match="it has 1 open trade"):
        host.do("stop")


def test_a_trade_entered_while_it_ended_starts_it_again(host: Host) -> None:
    def ends() -> None:
        host.processes.clear()
        host.write("insert into trades values (8, 'ETH/USDT', 1, 0.5)")

    host.engine.stopping = ends
    with pytest.raises(NotProven, match="alpha is not stopped, it was started again: while it ended it entered"):
        host.do("stop")
    assert (len(host.processes), stopped.note_of(host.home)) == (1, None)


def test_one_that_something_else_starts_at_once_is_not_proven_stopped(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "stop", lambda *_: None)
    with pytest.raises(NotProven, match="was stopped, and runs again"):
        host.do("stop")
    assert host.row()["problems"][0].startswith(f"{PLAN}; and yet it has a process: stop it again, or start it")


def test_a_crashed_bot_may_be_stopped_by_plan_so_that_nothing_starts_it(host: Host) -> None:
    host.processes.clear()
    host.engine.present = made_container(status="exited")
    row = host.do("stop")
    assert (row.outcome, host.engine.stops, str(host.plan)) == ("stopped by plan", ["freqops-alpha"], PLAN)


# --- who leaves it alone


def test_the_status_says_it_and_is_not_red(host: Host) -> None:
    host.do("stop")
    row = host.row()
    assert (row["trader"], row["problems"]) == ("no process", [])
    assert f"{PLAN}; bots.yml -e action=start starts it" in row["notes"]


def test_its_container_may_be_that_of_another_release(host: Host) -> None:
    """A deploy has installed a new one; the start makes its container again."""
    host.do("stop")
    assert host.engine.present is not None
    host.engine.present = replace(host.engine.present, made={"HostConfig.Privileged": "true"})
    assert host.row()["problems"] == []
    stopped.end(host.home)
    assert "HostConfig.Privileged" in "".join(host.row()["problems"])


def test_no_recovery_starts_it(host: Host) -> None:
    host.do("stop")
    assert recover.recover(host.root, "timer", host.clock, host.engine) == ([], [])
    assert (host.engine.ups, str(host.plan)) == ([], PLAN)


def test_a_switch_back_that_was_interrupted_does_not_start_it(host: Host) -> None:
    """Every way to a start but that of an operator ends at the same door."""
    host.do("stop")
    row = start.start_locked(layout.load_bot(host.home), host.clock, host.engine)
    assert (row.outcome, row.changed, host.engine.ups, str(host.plan)) == ("stopped by plan", False, [], PLAN)
    assert row.detail == [f"it is {PLAN}", "it was not started: bots.yml -e action=start does that"]


def test_a_deploy_is_well_that_leaves_it_stopped() -> None:
    assert Switched("alpha", stopped.BY_PLAN, proven=True).well
    assert not Switched("alpha", stopped.BY_PLAN).well


def test_a_deploy_that_has_nothing_to_do_does_not_miss_it(host: Host) -> None:
    host.do("stop")
    assert unchanged._containers(host.root, host.engine) == []
    stopped.end(host.home)
    assert unchanged._containers(host.root, host.engine) == ["freqops-alpha is exited"]


def test_its_database_is_dumped_and_may_be_restored(host: Host) -> None:
    host.do("stop")
    assert not Home(host.home).under_way
    assert fitness.under_way(host.home) == []


# --- start


def test_a_start_ends_the_plan_and_proves_the_bot(host: Host) -> None:
    host.do("stop")
    row = host.do("start")
    assert (row.outcome, row.changed, row.proven, len(host.processes)) == ("running", True, True, 1)
    assert row.detail[0] == f"it was {PLAN}; this start ends that"
    assert stopped.note_of(host.home) is None


def test_the_start_by_hand_ends_the_plan_too(host: Host) -> None:
    host.do("stop")
    row = start.start(layout.load_bot(host.home), host.clock, host.engine)
    assert (row.outcome, row.detail, host.plan) == ("running", [f"it was {PLAN}; this start ends that"], None)


def test_the_start_by_hand_leaves_the_plan_of_a_bot_that_is_held(host: Host) -> None:
    host.do("stop")
    host.hold(3)
    row = start.start(layout.load_bot(host.home), host.clock, host.engine)
    assert (row.outcome, host.engine.ups, str(host.plan)) == ("stopped by plan", [], PLAN)


def test_a_start_of_what_runs_changes_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host.engine, "compose_up", lambda *_, **__: None)
    row = host.do("start")
    assert (row.outcome, row.changed, row.proven) == ("running", False, True)
    assert row.detail[-1] == "it ran already; nothing was changed"


@pytest.mark.parametrize("action", ["start", "restart"])
def test_a_hold_of_level_3_refuses_it(host: Host, action: str) -> None:
    host.hold(3)
    with pytest.raises(Refused, match=r"alpha was not .*started: held at level 3: why \(one\); resume.yml takes"):
        host.do(action)
    assert (host.engine.ups, host.engine.stops) == ([], [])


def test_under_a_hold_of_level_1_it_comes_up_paused(host: Host) -> None:
    host.do("stop")
    host.hold(1)
    row = host.do("start")
    assert (row.outcome, row.level, row.proven) == ("paused", 1, True)


def test_one_that_is_not_well_is_not_proven(host: Host) -> None:
    host.do("stop")
    host.well = False
    row = host.do("start")
    assert (row.outcome, row.level, row.proven) == ("held", 3, False)


# --- restart


def test_a_restart_is_another_process_and_says_what_is_open(host: Host) -> None:
    host.trade()
    row = host.do("restart")
    assert (row.outcome, row.proven, host.engine.stops) == ("running", True, ["freqops-alpha"])
    assert row.detail == ["1 open trade (7 BTC/USDT): managed by nobody until it is up again"]
    assert stopped.note_of(host.home) is None


def test_a_restart_under_a_hold_stays_held(host: Host) -> None:
    host.hold(1)
    row = host.do("restart")
    assert (row.outcome, row.level, row.proven) == ("paused", 1, True)


def test_the_same_container_proves_no_restart(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host.engine, "container", lambda _name: made_container())
    monkeypatch.setattr(host.engine, "stopping", None)
    monkeypatch.setattr(stopping, "stop", lambda *_: None)
    with pytest.raises(NotProven, match="its container is the one that ran before"):
        host.do("restart")


def test_an_interrupted_restart_is_started_again_by_the_recovery(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(start, "start_locked", dies)
        with pytest.raises(KeyboardInterrupt):
            host.do("restart")
    done, failed = recover.recover(host.root, "timer", host.clock, host.engine)
    assert (len(done), failed, len(host.processes)) == (1, [], 1)


def test_what_was_stopped_and_then_is_refused_is_not_proven(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any, **__: Any) -> None:
        raise Refused("a foreign container")

    monkeypatch.setattr(start, "start_locked", refuses)
    with pytest.raises(NotProven, match="a foreign container"):
        host.do("restart")


@pytest.mark.parametrize("action", planned.ACTIONS)
def test_a_container_of_somebody_else_is_not_touched(host: Host, action: str) -> None:
    host.engine.present = made_container("beta")
    with pytest.raises(Refused):
        host.do(action)
    assert host.engine.stops == []


def test_a_planned_stop_is_not_restarted(host: Host) -> None:
    host.do("stop")
    with pytest.raises(Refused, match=r"alpha was not restarted: it is stopped by plan .*; action=start starts it"):
        host.do("restart")


# --- all three


@pytest.mark.parametrize("action", planned.ACTIONS)
def test_one_that_another_command_works_on_is_refused(host: Host, action: str) -> None:
    with durable.locked(host.home / ".lock", 0, host.clock), pytest.raises(Refused, match="another command is working"):
        host.do(action)


@pytest.mark.parametrize("action", planned.ACTIONS)
def test_one_on_which_a_command_is_not_over_is_refused(host: Host, action: str) -> None:
    stopped.begin(host.home, Stopped("adopt", "one", "old"), host.clock)
    with pytest.raises(Refused, match="another command on it is not over"):
        host.do(action)


@pytest.mark.parametrize(("action", "changed"), [("stop", True), ("start", False), ("restart", True)])
def test_a_look_touches_nothing(host: Host, action: str, changed: bool) -> None:
    row = host.do(action, look=True)
    assert (row.outcome, row.changed, row.proven) == (f"would {action}", changed, True)
    assert (host.engine.ups, host.engine.stops, host.said, stopped.note_of(host.home)) == ([], [], [], None)


def test_a_look_refuses_what_would_be_refused(host: Host) -> None:
    host.trade()
    with pytest.raises(Refused, match="it has 1 open trade"):
        host.do("stop", look=True)


# --- the command


@pytest.fixture
def ran(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str) -> tuple[int, dict[str, Any]]:
        status = cli.main(["bots", *words, "--reason", "why"], host.root)
        return status, json.loads(capsys.readouterr().out)

    monkeypatch.setattr(own_session, "run", lambda work: work())
    monkeypatch.setattr(command, "Engine", lambda: host.engine)
    monkeypatch.setattr(command, "Clock", lambda: host.clock)
    return run


def test_each_bot_has_its_row_and_one_that_is_refused_keeps_no_other_from_it(host: Host, ran: Any) -> None:
    make_bot(host.root, "beta")
    host.processes[:] = [process(bot="beta")]
    host.api.name = "beta"
    host.engine.starting = lambda: host.processes.append(process(bot="beta"))
    host.engine.present = made_container("beta")
    status, said = ran("restart", "alpha,beta")
    assert [(row["bot"], row["outcome"], row["proven"]) for row in said["bots"]] == [
        ("alpha", "refused", False),  # the container is none of its own
        ("beta", "running", True),
    ]
    assert (status, said["proven"]) == (1, False)


def test_the_row_of_a_refusal_names_the_way_out(host: Host, ran: Any) -> None:
    host.hold(3)
    assert ran("start", "alpha")[1]["bots"][0]["next_steps"] == [{"step": "resume", "incident": "one"}]
    (host.home / "conf" / "holds.json").write_text("{")
    assert ran("start", "alpha")[1]["bots"][0]["next_steps"] == [{"step": "halt", "incident": ""}]


def test_the_row_of_a_planned_stop_names_its_start(host: Host, ran: Any) -> None:
    assert ran("stop", "alpha")[1]["bots"][0]["next_steps"] == []
    assert ran("restart", "alpha")[1]["bots"][0]["next_steps"] == [{"step": "start", "incident": ""}]


def test_it_leaves_evidence_of_what_it_did_and_none_of_what_it_did_not(host: Host, ran: Any) -> None:
    status, said = ran("stop", "alpha")
    assert status == 0
    evidence = host.root / "incidents" / said["incident"]
    assert sorted(path.suffix for path in evidence.glob("*stop*")) == [".json", ".jsonl"]
    status, said = ran("stop", "alpha")
    assert (status, (host.root / "incidents" / said["incident"]).exists()) == (0, False)


def test_what_is_not_proven_ends_with_2(host: Host, ran: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "stop", lambda *_: None)
    status, said = ran("stop", "alpha")
    assert (status, said["bots"][0]["outcome"]) == (2, "not proven")


@pytest.mark.parametrize("words", [("stop", "gamma"), ("start", "alpha", "--unmanaged-ok"), ("pause", "alpha")])
def test_what_makes_no_sense_is_refused_before_anything_runs(host: Host, ran: Any, words: tuple[str, ...]) -> None:
    status, said = ran(*words)
    assert (status, list(said)) == (1, ["refused"])
    assert len(host.processes) == 1


def test_an_older_command_that_reads_the_note_finds_what_it_knows(host: Host) -> None:
    host.do("stop")
    note = json.loads(Home(host.home).stopped.read_text())
    assert {"version", "command", "incident", "starts", "at"} <= set(note)
