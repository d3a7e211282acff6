"""All hosts at once, over a made-up ssh: one deadline for all of them, and no process that outlives it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins import loader
from ansible.plugins.action import ActionBase

from freqops.core.base import process_table
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.fleet import children, fanout
from freqops.hostctl.incident import read
from freqops.plays import connections
from lab.base.wait import until
from tests.support.patience import GIVE_UP
from tests.unit.patience import PATIENCE

# Every ssh begins a connection that is kept; one to a host `hung-…` has a helper, too, as for ProxyCommand.
SSH = r"""#!/bin/sh
note() { echo >PLACE/"$1.$2"; }
case "$*" in
    *hung-*)
        setsid sh -c 'echo >PLACE/kept.$$; exec sleep 1000' >/dev/null 2>&1 &
        while [ ! -e PLACE/kept.$! ]; do sleep 0.01; done
        sleep 1000 & note helper $!
        note ssh $$; exec sleep 1000 ;;
    *gone-*) echo 'no route to host' >&2; exit 255 ;;
    *long-*) note ssh $$; head -c 16777216 /dev/zero | tr '\0' x; echo; echo '{"said": "it is well"}' ;;
    *stderr-*) note ssh $$; head -c 16777216 /dev/zero | tr '\0' x >&2; echo '{"said": "it is well"}' ;;
    *bytes-*) printf '\377\376\033[2J\n'; exit 3 ;;
    *deep-*) printf '{"a":'; head -c 100000 /dev/zero | tr '\0' '['; echo ;;
    *mute-*) echo 'not found' >&2; exit 127 ;;
    *) note kept "$(setsid --fork sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1')"; echo '{"said": "it is well"}' ;;
esac
"""
WELL, LATE = {"said": "it is well"}, "no answer in time"
A_KILL = 20  # seconds in which the kernel has done with a process that was killed


class AfterAll(Clock):
    """Passes every deadline when a condition holds, and not before."""

    def __init__(self, condition: Callable[[], bool]) -> None:
        self.condition = condition

    def monotonic(self) -> float:
        return 1000.0 if self.condition() else 0.0


class AllSaid(Clock):
    """Passes every deadline when the threads that are begun meanwhile have ended."""

    def __init__(self) -> None:
        self.before, self.looked = threading.active_count(), False

    def monotonic(self) -> float:
        if not self.looked:
            self.looked = True
            return 0.0
        until(lambda: threading.active_count() == self.before, GIVE_UP, "every thread has ended")
        return 1000.0


class Counting(Clock):
    """A second passes whenever somebody looks, once a condition holds."""

    def __init__(self, condition: Callable[[], bool]) -> None:
        self.condition, self.now = condition, 0.0

    def monotonic(self) -> float:
        self.now += self.condition()
        return self.now


class Fleet:
    """Hosts behind the made-up ssh, which notes each process that it begins."""

    def __init__(self, place: Path) -> None:
        self.place = place / "processes"
        self.place.mkdir()
        self.ssh = place / "ssh"
        self.ssh.write_text(SSH.replace("PLACE", str(self.place)))
        self.ssh.chmod(0o755)
        self.more: dict[str, Any] = {}

    def ask(
        self,
        hosts: list[str],
        clock: Clock,
        patience: float = 100.0,
        arrived: Callable[[fanout.Answer], None] = lambda _answer: None,
    ) -> dict[str, fanout.Answer]:
        variables = {"ansible_ssh_executable": str(self.ssh), "ansible_control_path_dir": str(self.place), **self.more}
        hostvars = SimpleNamespace(raw_get=lambda host: {"ansible_host": host, **variables})
        action = SimpleNamespace(
            _loader=DataLoader(), _play_context=PlayContext(), _task=Task(), _shared_loader_obj=loader
        )
        commands = {host: ["status"] for host in hosts}
        said = connections.ask(cast(ActionBase, action), hostvars, commands, patience, clock, arrived)
        assert [answer.host for answer in said] == hosts
        return {answer.host: answer for answer in said}

    def pids(self, what: str) -> list[int]:
        return [int(path.name.partition(".")[2]) for path in self.place.glob(f"{what}.*")]

    def hangs(self, count: int) -> bool:
        """Return whether so many hosts keep everybody waiting, each with all its processes."""
        return all(len(self.pids(what)) >= count for what in ("ssh", "helper"))

    def nobody_is_left(self) -> None:
        for pid in [*self.pids("ssh"), *self.pids("helper")]:
            until(partial(dead, pid), A_KILL, f"process {pid} is ended")


def dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in process_table.GONE
    except OSError:
        return True


def silent(answers: dict[str, fanout.Answer]) -> list[str]:
    return [host for host, answer in answers.items() if (answer.document, answer.error) == (None, LATE)]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    made, threads = Fleet(tmp_path), threading.active_count()
    yield made
    for pid in [pid for what in ("ssh", "helper", "kept") for pid in made.pids(what)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: threading.active_count() <= threads, GIVE_UP, "all threads have noticed")


def test_each_host_has_its_own_answer(fleet: Fleet) -> None:
    hosts = ["one", "gone-1", "mute-1", "two"]
    answers = fleet.ask(hosts, Clock(), GIVE_UP)
    assert [answers[host].document for host in hosts] == [WELL, None, None, WELL]
    assert (answers["one"].error, answers["two"].error) == (None, None)
    assert str(answers["gone-1"].error).startswith("unreachable: ")
    assert answers["mute-1"].error == "freqops-host gave no answer (status 127): not found"


def test_each_answer_is_given_on_when_it_is_there_by_the_thread_that_waits(fleet: Fleet) -> None:
    came: list[str] = []

    def arrived(answer: fanout.Answer) -> None:
        assert threading.current_thread() is threading.main_thread()
        came.append(answer.host)

    at_the_deadline: list[str] = []
    give_up = time.monotonic() + PATIENCE

    def over() -> bool:
        if not (len(came) == 3 and fleet.hangs(1)) and time.monotonic() < give_up:
            return False
        at_the_deadline[:] = at_the_deadline or came
        return True

    answers = fleet.ask(["hung-1", "one", "gone-1", "two"], AfterAll(over), arrived=arrived)
    assert sorted(at_the_deadline) == ["gone-1", "one", "two"]
    assert silent(answers) == ["hung-1"]
    fleet.nobody_is_left()


def test_what_came_at_the_deadline_is_given_on_too(fleet: Fleet) -> None:
    came: list[str] = []
    answers = fleet.ask(["one", "two"], AllSaid(), arrived=lambda answer: came.append(answer.host))
    assert sorted(came) == ["one", "two"]
    assert [answer.document for answer in answers.values()] == [WELL, WELL]


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("long-1", "it wrote more than 4194304 bytes"),
        ("stderr-1", "it wrote more than 4194304 bytes"),
        ("bytes-1", "freqops-host gave no answer (status 3): "),
        ("deep-1", "freqops-host gave no answer (status 0): "),
    ],
)
def test_a_host_that_talks_junk_is_alone_with_it(fleet: Fleet, host: str, said: str) -> None:
    answers = fleet.ask([host, "one"], Clock(), GIVE_UP)
    assert answers["one"].document == WELL
    assert answers[host].document is None
    error = str(answers[host].error)
    assert error.startswith(said)
    assert error.isprintable()
    assert len(error) < 500
    for pid in fleet.pids("ssh"):
        until(partial(dead, pid), A_KILL, f"process {pid} is ended")


def test_what_an_incident_is_made_of_may_be_longer() -> None:
    assert connections.MOST_OF["incident"] >= 2 * read.LIMIT
    assert connections.MOST < read.LIMIT


class Odd(BaseException):
    """Nothing that anybody expects."""


@pytest.mark.parametrize(
    "failure", [KeyError("x"), RecursionError("too deep"), MemoryError(), SystemExit(0), Odd("odd")]
)
def test_whatever_goes_wrong_with_one_host_is_its_answer(failure: BaseException) -> None:
    def fails() -> Any:
        raise failure

    hosts: dict[str, fanout.Connect] = {"bad": lambda: fails, "worse": fails, "good": lambda: lambda: (WELL, None)}
    answers = {answer.host: answer for answer in fanout.ask(hosts, 100.0, AllSaid())}
    assert answers["good"].document == WELL
    for host in ("bad", "worse"):
        assert str(answers[host].error).startswith(type(failure).__name__)
        assert "in fails" in str(answers[host].trace)


@pytest.mark.parametrize(
    ("failure", "said", "traced"),
    [
        (RecursionError("too deep"), "its answer cannot be understood: RecursionError: too deep", True),
        (FreqopsError("bots is 5"), "its answer cannot be understood: bots is 5", False),
    ],
)
def test_an_answer_that_cannot_be_taken_in_is_an_error_of_its_host(failure: Exception, said: str, traced: bool) -> None:
    def arrived(answer: fanout.Answer) -> None:
        if answer.host == "bad":
            raise failure

    hosts: dict[str, fanout.Connect] = {host: lambda: lambda: (WELL, None) for host in ("bad", "good")}
    bad, good = fanout.ask(hosts, GIVE_UP, arrived=arrived)
    assert (good.document, good.error) == (WELL, None)
    assert (bad.error, bad.trace is not None) == (said, traced)


def test_a_machine_without_room_for_one_more_thread_asks_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = threading.Thread.start
    refused = iter([True, False])

    def start(worker: threading.Thread) -> None:
        if next(refused):
            raise RuntimeError("can't start new thread")
        begin(worker)

    monkeypatch.setattr(threading.Thread, "start", start)
    bad, good = fanout.ask({host: lambda: lambda: (WELL, None) for host in ("bad", "good")}, GIVE_UP)
    assert bad.error == "it could not be asked: can't start new thread"
    assert good.document == WELL


def test_no_thread_is_shown_a_plugin_that_another_has_only_begun_to_load(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []

    def get(load: Callable[..., Any], *arguments: Any) -> Any:
        waits.append(connections.LOADING.locked())
        return load(*arguments)

    for plugins in (loader.connection_loader, loader.become_loader):
        monkeypatch.setattr(plugins, "get", partial(get, plugins.get))
    fleet.more = {"ansible_become": True, "ansible_become_method": "sudo"}
    assert fleet.ask(["one"], Clock(), GIVE_UP)["one"].document == WELL
    assert waits == [True, True]


@pytest.mark.parametrize("password", [False, True], ids=["key", "password"])  # with one, ssh has its own session
def test_what_hangs_is_ended_and_the_others_keep_their_answers(fleet: Fleet, *, password: bool) -> None:
    fleet.more = {"ansible_password": "canary"} if password else {}
    good, hung = [f"good-{number}" for number in range(3)], [f"hung-{number}" for number in range(3)]
    threads = threading.active_count() + len(hung)
    all_kept = len(good) + len(hung)

    def the_good_have_answered() -> bool:
        return fleet.hangs(3) and len(fleet.pids("kept")) == all_kept and threading.active_count() == threads

    answers = fleet.ask([*hung, *good], AfterAll(the_good_have_answered))
    assert silent(answers) == hung
    assert [answers[host].document for host in good] == [WELL] * 3
    fleet.nobody_is_left()
    assert [pid for pid in fleet.pids("kept") if dead(pid)] == []


def test_a_process_that_was_there_before_goes_on(fleet: Fleet) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as kept:
        assert silent(fleet.ask(["hung-1"], AfterAll(lambda: fleet.hangs(1)))) == ["hung-1"]
        fleet.nobody_is_left()
        said, _ = kept.communicate(b"it lives")
        assert (said, kept.returncode) == (b"it lives", 0)


def test_six_hosts_that_hang_cost_one_patience(fleet: Fleet) -> None:
    hosts = [f"hung-{number}" for number in range(6)]
    clock = Counting(lambda: fleet.hangs(len(hosts)))
    assert silent(fleet.ask(hosts, clock, patience=12)) == hosts
    assert clock.now <= 12 + 1 + len(hosts)
    fleet.nobody_is_left()


def test_the_time_in_which_the_hosts_are_asked_is_part_of_the_patience(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, clock = threading.Thread.start, Counting(lambda: fleet.hangs(1))

    def slow(worker: threading.Thread) -> None:
        begin(worker)
        until(partial(fleet.hangs, 1), GIVE_UP, "the host hangs")
        clock.now += 100

    monkeypatch.setattr(threading.Thread, "start", slow)
    assert silent(fleet.ask(["hung-1"], clock, patience=50)) == ["hung-1"]
    assert clock.now <= 1 + 100 + 1
    fleet.nobody_is_left()


def test_a_hundred_hosts_are_asked_at_once(fleet: Fleet) -> None:
    hung = [f"hung-{number}" for number in range(100)]
    answers = fleet.ask(hung, AfterAll(lambda: fleet.hangs(100)))
    assert silent(answers) == hung
    fleet.nobody_is_left()


@pytest.mark.parametrize("password", [False, True], ids=["key", "password"])
def test_an_interrupt_leaves_nobody_behind(fleet: Fleet, *, password: bool) -> None:
    fleet.more = {"ansible_password": "canary"} if password else {}
    worker = multiprocessing.get_context("fork").Process(target=_interrupted, args=(fleet,))
    worker.start()
    until(partial(fleet.hangs, 2), GIVE_UP, "two hosts hang")
    os.kill(cast(int, worker.pid), signal.SIGTERM)
    worker.join(GIVE_UP)
    assert worker.exitcode == 1
    fleet.nobody_is_left()
    assert [pid for pid in fleet.pids("kept") if dead(pid)] == []


def _interrupted(fleet: Fleet) -> None:
    """Ask as a worker of Ansible does: what ends it ends all at once."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    fleet.ask(["hung-1", "hung-2"], AfterAll(lambda: False))
    os._exit(3)


def test_an_interrupt_that_is_ignored_stays_ignored(fleet: Fleet) -> None:
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        clock = AfterAll(lambda: fleet.hangs(1) and signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
        assert silent(fleet.ask(["hung-1"], clock)) == ["hung-1"]
    finally:
        signal.signal(signal.SIGINT, usual)


def test_a_machine_that_tells_of_no_process_has_none(tmp_path: Path) -> None:
    assert children.alive(tmp_path) == set()


def test_whose_process_it_is_follows_from_parents_and_sessions(tmp_path: Path) -> None:
    own = os.getpid()
    proc(tmp_path, [(11, "S", own, 1), (12, "S", 11, 1), (13, "S", 11, 13), (14, "S", 13, 13)])  # kept: 13, 14
    proc(tmp_path, [(21, "S", own, 21), (22, "S", 21, 21), (31, "Z", own, 1), (41, "S", 1, 1)])
    assert sorted(child.pid for child in children.alive(tmp_path)) == [11, 12, 21, 22]
    children.end({children.Child(2**22 + 1, "0")})


def proc(root: Path, processes: list[tuple[int, str, int, int]]) -> None:
    for pid, state, parent, session in processes:
        (root / str(pid)).mkdir()
        rest = " ".join(str(number) for number in range(4, 30))
        (root / str(pid) / "stat").write_text(f"{pid} (a (strange) name) {state} {parent} 1 {session} {rest}\n")
