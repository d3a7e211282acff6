"""A run under a slot, its holder killed, stopped or asked to end: never two in one slot, and none goes on unheard."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import process_table
from freqops.core.base.clock import Clock
from lab.base.wait import until
from tests.support.patience import GIVE_UP
from tests.unit.hostctl.runs.driver import IGNORES_HANG_UP
from tests.unit.patience import PATIENCE
from tests.unit.slot_fields import lay_breaker, lay_override

ROOT = Path(__file__).parents[4]
DRIVER = str(Path(__file__).with_name("driver.py"))
TTL, RUN = 900, ("slot", "run", "--kind", "backtest", "--")
WAITS = ("sh", "-c", "echo $$ >$0/run && exec sleep 1000")  # says which process it is
WORKS = (
    "sh",
    "-c",
    "sh -c 'exec sleep 1000 >/dev/null' & echo $! >$0/left; echo $$ >$0/run; wait",
)  # so does its worker
LOOKS = 3  # seconds, in which a holder looks at least once


class Host:
    """A tree, the age of its boot, and commands on it."""

    def __init__(self, root: Path) -> None:
        self.root, self.age = root, 1000.0
        self.begun: list[subprocess.Popen[str]] = []
        lay_breaker(root)
        self.pass_(0)

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.age += seconds
        beside = self.root / "age.new"
        beside.write_text(str(self.age))
        beside.replace(self.root / "age")

    def begin(self, *words: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        process = subprocess.Popen(
            [sys.executable, DRIVER, str(self.root), *words], stdout=subprocess.PIPE, text=True, env=environment
        )
        self.begun.append(process)
        return process

    def run(self, *words: str) -> tuple[int, str]:
        process = self.begin(*words)
        said = process.communicate(timeout=GIVE_UP)[0]
        return process.returncode, said

    def asked(self, *words: str) -> tuple[int, dict[str, Any]]:
        status, said = self.run(*words)
        return status, json.loads(said.splitlines()[-1])

    def hold(self, *words: str, command: tuple[str, ...] = WAITS) -> subprocess.Popen[str]:
        """Begin a run that goes on, and return its holder when the run has begun."""
        (self.root / "run").unlink(missing_ok=True)
        holder = self.begin(*(words or RUN), *command, str(self.root))
        until(lambda: (self.root / "run").exists() and self.run_pid > 0, GIVE_UP, "the run has not begun")
        return holder

    @property
    def run_pid(self) -> int:
        return int((self.root / "run").read_text() or 0)

    def runs(self, pid: int) -> bool:
        return any(entry.pid == pid for entry in process_table.entries())

    def was_heard(self, before: float) -> bool:
        """Return whether the one holder was heard after a while of so many seconds."""
        return bool(self.slots[0]["heartbeat_s"] <= before)

    @property
    def slots(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.asked("slots", "--json")[1]["slots"]
        return found


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    yield host
    for process in host.begun:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(GIVE_UP)


@pytest.mark.parametrize(("words", "status"), [(("true",), 0), (("sh", "-c", "exit 7"), 7), (("/nothing",), 127)])
def test_a_run_ends_with_the_status_of_its_command_and_its_slot_is_free(
    host: Host, words: tuple[str, ...], status: int
) -> None:
    assert host.run(*RUN, *words)[0] == status
    assert host.slots == []


def test_a_command_that_was_killed_has_the_status_of_a_shell(host: Host) -> None:
    holder = host.hold()
    os.kill(host.run_pid, signal.SIGKILL)
    assert holder.wait(GIVE_UP) == 128 + signal.SIGKILL
    assert host.slots == []


def test_a_command_finds_no_signal_ignored(host: Host) -> None:
    assert host.run(*RUN, "sh", "-c", "kill -PIPE $$")[0] == 128 + signal.SIGPIPE


def test_without_a_slot_nothing_runs(host: Host) -> None:
    host.hold()
    status, said = host.asked(*RUN, "touch", str(host.root / "ran"))
    assert status == 125
    assert said["refused"].startswith("too_many_active_backtests: 1/1: ")
    assert not (host.root / "ran").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_holder_that_is_asked_to_end_ends_its_run_first(host: Host, number: signal.Signals) -> None:
    holder = host.hold()
    pid = host.run_pid
    holder.send_signal(number)
    assert holder.wait(GIVE_UP) == 128 + number
    assert not host.runs(pid)
    assert host.slots == []


def test_under_nohup_the_end_of_a_terminal_ends_no_run(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IGNORES_HANG_UP, "1")
    holder = host.hold()
    holder.send_signal(signal.SIGHUP)
    holder.send_signal(signal.SIGTERM)
    assert holder.wait(GIVE_UP) == 128 + signal.SIGTERM


def test_what_a_command_leaves_behind_ends_with_it(host: Host) -> None:
    left = f"{host.root}/left"
    script = f"setsid sh -c 'echo $$ >{left}; exec sleep 1000 >/dev/null' & until test -s {left}; do :; done"
    assert host.run(*RUN, "sh", "-c", script)[0] == 0
    assert not host.runs(int((host.root / "left").read_text()))
    assert host.slots == []


def test_a_killed_holder_leaves_no_run_and_its_slot_is_free_after_the_time_to_live_and_not_before(host: Host) -> None:
    holder = host.hold()
    pid = host.run_pid
    holder.kill()
    until(lambda: not host.runs(pid), PATIENCE, "the run outlived its holder")
    holder.wait(GIVE_UP)
    host.pass_(TTL - 1)
    assert host.asked(*RUN, "true")[0] == 125
    [row] = host.slots
    assert (row["state"], row["detail"]) == ("holder gone", "it is free in 1 s")
    host.pass_(2)
    assert host.run(*RUN, "true") == (0, "")


def test_a_run_that_outlived_its_killed_holder_keeps_the_slot_and_is_named(host: Host) -> None:
    script = (
        f"trap '' HUP; sh -c 'exec sleep 1000 >/dev/null' & echo $! >{host.root}/left; echo $$ >{host.root}/run; wait"
    )
    holder = host.begin(*RUN, "sh", "-c", script)
    until(lambda: (host.root / "run").exists() and host.run_pid > 0, GIVE_UP, "the run has not begun")
    leader, left = host.run_pid, int((host.root / "left").read_text())
    holder.kill()
    holder.wait(GIVE_UP)
    until(lambda: not host.runs(leader), GIVE_UP, "the run outlived its holder")
    host.pass_(2 * TTL)
    assert host.runs(left)
    assert host.asked(*RUN, "true")[0] == 125
    status, said = host.asked("slots", "--json")
    assert status == 2
    assert said["slots"][0]["state"] == "run left behind"
    assert f"pkill -KILL -s {leader}" in said["problems"][0]
    os.kill(left, signal.SIGKILL)
    until(lambda: not host.runs(left), GIVE_UP, "it was not killed")
    assert host.run(*RUN, "true")[0] == 0


def test_a_holder_that_was_stopped_beyond_the_time_to_live_ends_its_run_and_nobody_came_in_between(host: Host) -> None:
    holder = host.hold()
    pid = host.run_pid
    holder.send_signal(signal.SIGSTOP)
    host.pass_(3 * TTL)
    assert host.asked(*RUN, "true")[0] == 125
    assert host.slots[0]["state"] == "late"
    assert host.runs(pid)
    holder.send_signal(signal.SIGCONT)
    said = holder.communicate(timeout=GIVE_UP)[0]
    assert holder.returncode == 124
    assert "the run was ended: no heartbeat was written for" in json.loads(said)["not_proven"]
    assert not host.runs(pid)
    assert host.run(*RUN, "true")[0] == 0


def test_a_holder_that_is_well_is_heard_again_and_again(host: Host) -> None:
    host.hold()
    heard = set()
    for _ in range(4):
        before = host.slots[0]["heartbeat_s"]
        host.pass_(TTL / 5)
        until(partial(host.was_heard, before), GIVE_UP, "it was not heard again")
        heard.add(host.slots[0]["state"])
    assert heard == {"active"}


def test_a_slot_that_somebody_took_away_ends_the_run(host: Host) -> None:
    holder = host.hold()
    for path in (host.root / "user_data/state/running").glob("*.lock"):
        path.unlink()
    host.pass_(TTL / 5)
    assert holder.wait(GIVE_UP) == 124


def test_while_the_breaker_is_active_no_run_begins_and_what_is_held_is_kept_and_given_back(host: Host) -> None:
    take = ("slot", "acquire", "--kind", "hyperopt", "--pid", str(os.getpid()))
    held = host.asked(*take)[1]["token"]
    lay_breaker(host.root, active=True, reason="feed is wrong")
    forbidden = {"refused": "circuit_breaker_active: feed is wrong"}
    assert host.asked(*RUN, "touch", str(host.root / "ran")) == (125, forbidden)
    assert host.asked("slot", "acquire", "--kind", "backtest", "--pid", str(os.getpid())) == (1, forbidden)
    assert not (host.root / "ran").exists()
    assert host.asked("slot", "keep", "--token", held)[0] == 0
    assert host.run("slot", "run", "--token", held, "--", "true") == (0, "")
    assert host.asked("slot", "release", "--token", held)[1]["released"] is True
    assert host.run("slot", "run", "--kind", "maintenance", "--", "true") == (0, "")
    lay_override(host.root, Clock().utcnow() + timedelta(hours=1))
    assert host.run(*RUN, "echo", "ran") == (0, "ran\n")
    [remark] = host.asked(*take)[1]["remarks"]
    assert remark.startswith("an override lets runs begin in spite of circuit_breaker_active: feed is wrong (")


def test_a_run_that_begins_under_an_override_says_so_beside_its_output(
    host: Host, capfd: pytest.CaptureFixture[str]
) -> None:
    lay_breaker(host.root, active=True, reason="feed is wrong")
    lay_override(host.root, Clock().utcnow() + timedelta(hours=1))
    assert host.run(*RUN, "true") == (0, "")
    assert "freqops-host: an override lets runs begin in spite of circuit_breaker_active: " in capfd.readouterr().err


def tear(running: Path) -> None:
    [path] = running.glob("backtest_*.lock")
    path.write_bytes(path.read_bytes()[:20])


def open_to_others(running: Path) -> None:
    running.parent.chmod(0o775)


@pytest.mark.parametrize("spoil", [tear, open_to_others])
def test_a_slot_that_cannot_be_read_is_tried_again_until_it_is_late_and_then_all_of_the_run_ends(
    host: Host, spoil: Callable[[Path], None]
) -> None:
    holder = host.hold(command=WORKS)
    run = (host.run_pid, int((host.root / "left").read_text()))
    spoil(host.root / "user_data/state/running")
    host.pass_(TTL / 3)
    with pytest.raises(subprocess.TimeoutExpired):
        holder.wait(LOOKS)
    assert all(host.runs(pid) for pid in run)
    host.pass_(TTL / 3)
    said = holder.communicate(timeout=GIVE_UP)[0]
    assert holder.returncode == 124
    assert not any(host.runs(pid) for pid in run)
    why = json.loads(said)["not_proven"]
    assert why.startswith("the run was ended: no heartbeat was written for 600.0 s; its slot was not given back: ")


def test_a_holder_that_cannot_tell_the_time_ends_all_of_its_run(host: Host) -> None:
    holder = host.hold(command=WORKS)
    run = (host.run_pid, int((host.root / "left").read_text()))
    (host.root / "age").unlink()
    assert holder.wait(GIVE_UP) == 2
    assert not any(host.runs(pid) for pid in run)


# --- under a slot that somebody else holds


@pytest.fixture
def token(host: Host) -> str:
    status, said = host.asked("slot", "acquire", "--kind", "hyperopt", "--pid", str(os.getpid()))
    assert status == 0
    return str(said["token"])


def test_a_run_under_a_slot_of_others_leaves_it_to_them(host: Host, token: str) -> None:
    assert host.run("slot", "run", "--token", token, "--", "sh", "-c", "exit 7")[0] == 7
    assert [row["run_pid"] for row in host.slots] == [None]
    assert host.asked("slot", "release", "--token", token) == (0, {"version": 1, "command": "slot", "released": True})
    assert host.asked("slot", "release", "--token", token)[1]["released"] is False
    assert host.asked("slot", "run", "--token", token, "--", "true")[0] == 125


def test_a_run_ends_when_the_holder_of_its_slot_is_not_heard(host: Host, token: str) -> None:
    runner = host.hold("slot", "run", "--token", token, "--")
    pid = host.run_pid
    host.pass_(TTL / 3)
    assert host.asked("slot", "keep", "--token", token)[0] == 0
    host.pass_(TTL / 3)
    assert host.asked("slot", "keep", "--token", token)[0] == 0
    assert host.asked("slot", "release", "--token", token)[0] == 1
    assert host.asked("slot", "run", "--token", token, "--", "true")[0] == 125
    host.pass_(TTL / 2)
    assert runner.wait(GIVE_UP) == 124
    assert not host.runs(pid)
    assert host.asked("slot", "keep", "--token", token)[0] == 2


def test_a_process_that_is_not_there_holds_no_slot(host: Host) -> None:
    status, said = host.asked("slot", "acquire", "--kind", "backtest", "--pid", "999999999")
    assert (status, said["refused"]) == (
        1, "there is no process 999999999 on this machine, so it can hold no slot",
    )  # fmt: skip


def test_the_table_has_every_kind_and_what_is_wrong(host: Host, token: str) -> None:
    running = host.root / "user_data/state/running"
    (running / "backtest_1_2_x.lock").write_text("")
    status, said = host.run("slots")
    lines = said.splitlines()
    assert status == 2
    assert [line.split()[:2] for line in lines[2:6]] == [
        ["backtest", "1/1"], ["hyperopt", "1/1"], ["download", "0/1"], ["maintenance", "0/1"],
    ]  # fmt: skip
    assert f"process {os.getpid()} on" in lines[3]
    assert lines[6].startswith("backtest_1_2_x.lock: unreadable: it is empty")
    running.chmod(0o777)
    assert host.asked("slots", "--json")[0] == 2
