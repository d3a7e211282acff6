"""What a command began and did not end: who finds it, what becomes of it, and when it is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout
from freqops.core.bot.client import Failed
from freqops.core.bot.processes import Process
from freqops.core.deploy.container import Container
from freqops.core.halt import holds
from freqops.core.takeover import adoption, removal
from freqops.hostctl.bot import holds_file, processes_and_api, start, status, stopped, stopping
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.bot.stopped import Stopped
from freqops.hostctl.maintenance import change_of_clusters
from freqops.hostctl.recovery import recover
from freqops.hostctl.runs.run_directory import RUNS, UNDER_WAY
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, made_container, make_bot, process

BY = Stopped("postgres", "one", "f00")


class Host:
    """Two bots that a command stopped."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.clock, self.engine = root, FakeClock(), FakeEngine()
        self.api = StillApi(self.clock)
        self.processes: list[Process] = []
        self.home, self.other = make_bot(root), make_bot(root, "beta")
        self.engine.starting = lambda: self.processes.append(process(bot=self.engine.ups[-1].parent.name))
        self.sick: set[str] = set()
        monkeypatch.setattr(start, "client", self.client)
        for module in (start, stopping, processes_and_api):
            monkeypatch.setattr(module, "alive", lambda bot: [p for p in self.processes if p.bot == bot.name])
        monkeypatch.setattr("freqops.core.bot.processes.scan", lambda *_: list(self.processes))
        self.containers: dict[str, Container] = {}
        monkeypatch.setattr(self.engine, "container", self.containers.get)
        for home in (self.home, self.other):
            stopped.begin(home, BY, self.clock)

    def client(self, bot: layout.Bot) -> StillApi:
        self.api.name, self.api.error = bot.name, Failed("no answer") if bot.name in self.sick else None
        self.api.state = json.loads(bot.state.read_text())["initial_state"]
        return self.api

    def recover(self) -> tuple[list[str], list[str]]:
        return recover.recover(self.root, "timer", self.clock, self.engine)

    def hold(self, level: int) -> None:
        hold = holds.Hold("halt", level, "why", "ann@host", "one", 0, "")
        assert holds_file.latch(self.home, hold, self.clock).error is None

    def is_named(self, home: Path) -> bool:
        return stopped.note_of(home) is not None

    @property
    def started(self) -> list[str]:
        return [path.parent.name for path in self.engine.ups]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_every_bot_that_a_command_stopped_is_started_through_the_door(host: Host) -> None:
    done, failed = host.recover()
    assert (host.started, failed) == (["alpha", "beta"], [])
    assert done[0] == (
        "alpha: an interrupted postgres: running: stopped by postgres (one) at 2026-01-02T03:04:05Z, "
        "which is to start f00 again"
    )
    assert host.recover() == ([], [])
    assert list((host.root / "incidents" / "one").glob("*recover-alpha*")), "it leaves evidence"


def test_a_bot_that_does_not_come_up_stays_named_and_keeps_no_other_down(host: Host) -> None:
    host.sick = {"alpha"}
    done, failed = host.recover()
    assert (len(done), len(failed), host.started) == (1, 1, ["alpha", "beta"])
    assert (host.is_named(host.home), host.is_named(host.other)) == (True, False)


def test_one_that_a_command_works_on_is_left_alone(host: Host) -> None:
    with durable.locked(host.home / ".lock", 0, host.clock):
        assert len(host.recover()[0]) == 1
    assert (host.started, host.is_named(host.home)) == (["beta"], True)


def test_a_lock_that_cannot_be_opened_is_said(host: Host) -> None:
    (host.home / ".lock").mkdir()
    done, failed = host.recover()
    assert failed == ["alpha: an interrupted postgres: its lock cannot be opened"]
    assert (len(done), host.started) == (1, ["beta"])


def test_a_hold_that_came_since_keeps_it_down_and_ends_the_note(host: Host) -> None:
    host.hold(3)
    done, failed = host.recover()
    assert (host.started, failed, host.is_named(host.home)) == (["beta"], [], False)
    assert "alpha: an interrupted postgres: held: " in done[0]


@pytest.mark.parametrize("state", ["running", "restarting"])
def test_one_whose_container_runs_is_not_touched(host: Host, state: str) -> None:
    """A host that came back started it itself; a crash loop is the start gate's, which no round of a timer resets."""
    host.containers["freqops-alpha"] = made_container(status=state, restarts=7)
    starts = host.home / "var" / "starts.json"
    starts.write_text("[]")
    done, failed = host.recover()
    assert (host.started, failed, starts.exists(), host.is_named(host.home)) == (["beta"], [], True, False)
    assert f"alpha: an interrupted postgres: {state}" in done[0]


def test_one_that_is_held_at_level_3_and_lives_is_ended(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its halt was cut between the hold and the end of what runs."""
    host.hold(3)
    host.containers["freqops-alpha"] = made_container(status="running")
    host.processes.append(process())
    host.engine.stopping = host.processes.clear
    done, failed = host.recover()
    assert (failed, [p.bot for p in host.processes], host.is_named(host.home)) == ([], ["beta"], False)
    assert "held at level 3: Freqtrade was ended" in done[0]


def test_a_note_that_the_disk_keeps_is_named_and_not_tried_for_ever(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_home: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(stopped, "end", failing)
    done, failed = host.recover()
    assert (len(done), host.started) == (2, ["alpha", "beta"])
    assert failed[0] == (
        "alpha: an interrupted postgres: its note stays, although it is over: "
        "the disk does not let it go; see 'dmesg' and the mount of /srv/freqops"
    )


def test_an_engine_that_does_not_answer_leaves_the_note(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(_name: str) -> Container:
        raise EngineError("no answer within 10 s")

    monkeypatch.setattr(host.engine, "container", hangs)
    assert len(host.recover()[1]) == 2
    assert host.is_named(host.home)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"command": 5}'])
def test_a_torn_note_counts(host: Host, content: str) -> None:
    (host.home / "stopped.json").write_text(content)
    assert host.is_named(host.home)
    assert host.recover()[1] == []
    assert host.started == ["alpha", "beta"]


def test_one_that_is_not_declared_any_more_has_nothing_to_start(host: Host) -> None:
    (host.home / "bot.json").unlink()
    done, failed = host.recover()
    assert (failed, host.started, host.is_named(host.home)) == ([], ["beta"], False)
    assert "nothing to start" in done[0]


# --- before a bot is stopped


def test_it_is_written_down_before_the_engine_is_asked(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped.end(host.home)
    host.processes.append(process())
    host.containers["freqops-alpha"] = made_container(status="running")
    named: list[bool] = []

    def stop(*_: Any) -> None:
        named.append(host.is_named(host.home))
        host.processes.clear()

    monkeypatch.setattr(host.engine, "stop", stop)
    stopping.stop(layout.load_bot(host.home), BY, host.clock, host.engine)
    assert named == [True]


def test_where_that_cannot_be_written_nothing_is_stopped(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped.end(host.home)
    host.processes.append(process())

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write_json", full)
    with pytest.raises(OSError, match="No space left"):
        stopping.stop(layout.load_bot(host.home), BY, host.clock, host.engine)
    assert (len(host.processes), host.engine.stops) == (1, [])


def test_one_that_waits_for_its_restart_is_stopped_by_that_too(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped.end(host.home)
    host.containers["freqops-alpha"] = made_container(status="restarting", restarts=3)
    monkeypatch.setattr(host.engine, "stop", lambda *_: None)
    stopping.stop(layout.load_bot(host.home), BY, host.clock, host.engine)
    assert host.is_named(host.home)


def test_what_did_not_run_is_not_started_by_a_timer(host: Host) -> None:
    stopped.end(host.home)
    stopping.stop(layout.load_bot(host.home), BY, host.clock, host.engine)
    assert not host.is_named(host.home)


def test_a_start_that_makes_a_container_again_writes_it_down_and_a_full_disk_does_not_keep_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped.end(host.home)
    host.containers["freqops-alpha"] = made_container(status="running")
    named: list[bool] = []
    host.engine.starting = lambda: named.append(host.is_named(host.home))
    bot = layout.load_bot(host.home)
    start.start_locked(bot, host.clock, host.engine)
    assert (named, host.is_named(host.home)) == ([True], False)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stopped, "begin", full)
    assert start.start_locked(bot, host.clock, host.engine).outcome == "running"
    assert named == [True, False]


def test_status_names_it(host: Host) -> None:
    (host.other / "switch.json").write_text("{}")
    rows = status.status([host.home, host.other], host.clock, host.engine)["bots"]
    assert rows[0]["problems"][0].startswith("stopped by postgres (one) at 2026-01-02T03:04:05Z, which is to start f00")
    assert "freqops-host resume-switch" in rows[0]["problems"][0]
    assert rows[1]["problems"][0].startswith("a switch is not over; ")


# --- the other commands


def test_a_removal_that_secured_nothing_leaves_the_bot(host: Host) -> None:
    (host.home / removal.NOTE).write_text(json.dumps({"version": 1, "kept": "/nowhere", "marks": {}}))
    done, failed = host.recover()
    assert (failed, host.started, (host.home / removal.NOTE).exists()) == ([], ["alpha", "beta"], False)
    assert "alpha: an interrupted remove: stays: " in done[0]


def adopting(host: Host, **note: Any) -> None:
    stopped.begin(host.home, Stopped("adopt", "one", "c1"), host.clock)
    (host.home / adoption.NOTE).write_text(json.dumps({"incident": "one", "state": adoption.BEGAN, **note}))


def test_an_adoption_that_touched_nothing_is_forgotten(host: Host) -> None:
    adopting(host, incident="an earlier one")
    done, failed = host.recover()
    assert (failed, host.started, host.is_named(host.home)) == ([], ["beta"], False)
    assert "the old one was not touched" in done[0]


@pytest.mark.parametrize("resumed", [True, False])
def test_an_adoption_that_is_complete_or_was_resumed_is_started(host: Host, resumed: bool) -> None:
    if not resumed:
        host.hold(1)
    adopting(host, state=adoption.BEGAN if resumed else adoption.UP)
    _, failed = host.recover()
    assert (failed, host.started, host.is_named(host.home)) == ([], ["alpha", "beta"], False)


def test_an_adoption_that_traded_since_is_not_given_back_and_not_tried_again(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.hold(1)
    adopting(host, trades=[[1, "BTC/USDT", True, 0.5]], orders=[])
    (host.home / "conf" / "secrets.json").write_text('{"db_url": "sqlite:////freqops/var/trades.paper.sqlite"}')
    _, failed = host.recover()
    assert "the old one is NOT back: alpha has traded since it was adopted" in failed[0]
    assert (host.started, host.is_named(host.home)) == (["alpha", "beta"], False)


def test_what_postgres_cannot_do_keeps_no_bot_down(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise NotProven("Postgres did not come up")

    monkeypatch.setattr("freqops.hostctl.deploy.shared_postgres.resume", fails)
    done, failed = host.recover()
    assert (len(done), host.started) == (2, ["alpha", "beta"])
    assert failed == ["Postgres: an interrupted change: Postgres did not come up"]


def test_the_unit_looks_for_every_note_that_the_recovery_knows() -> None:
    unit = Path(__file__).parents[4] / "roles" / "host" / "templates" / "freqops-recover.service.j2"
    wanted = [line.partition("=|")[2] for line in unit.read_text().splitlines() if line.startswith("ConditionPath")]
    bots = os.path.join("/srv/freqops/bots", "*")  # noqa: PTH118  a pattern, no path
    assert wanted == [
        *(f"{bots}/{name}" for name in ("switch.json", "stopped.json", removal.NOTE, "restoring.json")),
        os.path.join("/srv/freqops", RUNS, "*", UNDER_WAY),  # noqa: PTH118  likewise
        "/srv/freqops/postgres/former.yml",
        "/srv/freqops/postgres/upgrade.json",
    ]


def test_an_upgrade_goes_back_before_any_bot_is_started(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    note = host.root / "postgres" / "upgrade.json"
    note.parent.mkdir()
    note.write_text("{}")

    def back(*_: Any) -> str:
        assert host.started == []
        note.unlink()
        return "the former cluster stands, Postgres 15"

    monkeypatch.setattr(change_of_clusters, "resume", back)
    done, failed = host.recover()
    assert (done[0], failed, host.started) == (
        "Postgres: the former cluster stands, Postgres 15",
        [],
        ["alpha", "beta"],
    )


def test_between_two_clusters_no_bot_on_postgres_is_started(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    (host.root / "postgres").mkdir()
    (host.root / "postgres" / "upgrade.json").write_text("{}")
    (host.other / "conf" / "secrets.json").write_text('{"db_url": "sqlite:////freqops/var/trades.paper.sqlite"}')

    def fails(*_: Any) -> str:
        raise NotProven("the former cluster is NOT PROVEN to be back")

    monkeypatch.setattr(change_of_clusters, "resume", fails)
    _, failed = host.recover()
    assert failed[0] == "Postgres: the former cluster is NOT PROVEN to be back"
    assert "alpha was not started: its Postgres is between two versions" in failed[1]
    assert (host.started, host.is_named(host.home)) == (["beta"], True)
