"""Many hosts followed at once, over a made-up ssh: events as they come, and a host that is lost is said at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
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
from freqops.core.bot import host_command
from freqops.fleet import fanout
from freqops.plays import bounded, connections
from lab.base.wait import until
from tests.unit.patience import PATIENCE

GIVE_UP = 2 * PATIENCE

# What a host tells with -tt ends with a carriage return, too; a host goes on when the file `go` is there.
SSH = r"""#!/bin/sh
echo >PLACE/ssh.$$
go() { while [ ! -e PLACE/go ]; do sleep 0.01; done; }
case "$*" in
    *gone-*) echo 'no route to host' >&2; exit 255 ;;
    *lost-*) printf '{"told": {"n": 1}}\r\n'; echo 'connection reset' >&2; exit 255 ;;
    *silent-*) printf '{"told": {"n": 1}}\n'; exec sleep 1000 ;;
    *mute-*) exec sleep 1000 ;;
    *torn-*) printf 'hello\n{"to'; sleep 0.2; printf 'ld": {"n": 1}}\r\n{"told": {"n":'; sleep 0.2; printf ' 2}}\n'; printf '{"said": 1}' ;;
    *long-*) printf '{"told": {"n": 1}}\n{"told": {"n": "'; head -c 1000000 /dev/zero | tr '\0' x; exec sleep 1000 ;;
    *junk-*) printf '{"told": 5}\n'; exec sleep 1000 ;;
    *flood-*) n=0; while [ $n -lt 30000 ]; do n=$((n+1)); echo '{"told": {"n": 1}}'; done; echo '{"said": "it is well"}' ;;
    *) printf '{"told": {"n": 1}}\n'; go; printf '{"told": {"n": 2}}\n{"said": "it is well"}\n' ;;
esac
"""  # noqa: E501  a line of the script
WELL = {"said": "it is well"}


class Steps(Clock):
    """A clock on which time passes as a test says."""

    def __init__(self) -> None:
        self.step, self.now = 0.0, 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


class Listener:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []
        self.when_idle: Callable[[], None] = lambda: None
        self.refuses: Callable[[str], None] = lambda _host: None

    def heard(self, host: str, event: fanout.Event) -> None:
        self.said.append((host, event["n"]))
        self.refuses(host)

    def ended(self, answer: fanout.Answer) -> None:
        self.said.append((answer.host, answer.error or "ended"))

    def idle(self) -> None:
        self.when_idle()

    def of(self, host: str) -> list[Any]:
        return [said for name, said in self.said if name == host]


class Fleet:
    """Hosts behind the made-up ssh."""

    def __init__(self, place: Path) -> None:
        self.place, self.ssh = place / "processes", place / "ssh"
        self.place.mkdir()
        self.ssh.write_text(SSH.replace("PLACE", str(self.place)))
        self.ssh.chmod(0o755)
        self.listener = Listener()
        self.more: dict[str, Any] = {}

    def go(self) -> None:
        (self.place / "go").touch()

    def follow(self, *hosts: str, clock: Clock | None = None, patience: float | None = None) -> dict[str, Any]:
        variables = {"ansible_ssh_executable": str(self.ssh), "ansible_control_path_dir": str(self.place), **self.more}
        hostvars = SimpleNamespace(raw_get=lambda host: {"ansible_host": host, **variables})
        action = SimpleNamespace(
            _loader=DataLoader(), _play_context=PlayContext(), _task=Task(), _shared_loader_obj=loader
        )
        commands = {host: ["logs"] for host in hosts}
        said = connections.follow(
            cast(ActionBase, action), hostvars, commands, patience, self.listener, clock or Clock()
        )
        return {answer.host: answer for answer in said}

    @property
    def pids(self) -> list[int]:
        return [int(path.name.partition(".")[2]) for path in self.place.glob("ssh.*")]


def dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in process_table.GONE
    except OSError:
        return True


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path)
    yield made
    for pid in made.pids:
        until(partial(dead, pid), GIVE_UP, f"process {pid} is ended")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_events_are_heard_as_they_come_and_the_answer_is_the_last(fleet: Fleet) -> None:
    fleet.listener.when_idle = lambda: fleet.go() if fleet.listener.of("one") and fleet.listener.of("two") else None
    answers = fleet.follow("one", "two")
    assert {answer.host: (answer.document, answer.error) for answer in answers.values()} == {
        "one": (WELL, None), "two": (WELL, None),
    }  # fmt: skip
    assert fleet.listener.of("one") == fleet.listener.of("two") == [1, 2, "ended"]


def test_a_host_that_is_lost_is_said_at_once_and_the_others_go_on(fleet: Fleet) -> None:
    def when_both_are_lost() -> None:
        if len(fleet.listener.of("lost-1")) == 2 and fleet.listener.of("gone-1"):
            fleet.go()

    fleet.listener.when_idle = when_both_are_lost
    answers = fleet.follow("one", "lost-1", "gone-1")
    assert answers["one"].document == WELL
    first, why = fleet.listener.of("lost-1")
    assert (first, answers["lost-1"].error) == (1, why)
    assert str(why).startswith("unreachable: ")
    assert str(answers["gone-1"].error).startswith("unreachable: ")
    assert (answers["lost-1"].document, answers["gone-1"].document) == (None, None)


@pytest.mark.parametrize(("host", "seconds"), [("silent-1", 1.0), ("mute-1", 3.0)])
def test_a_host_that_tells_nothing_is_lost_after_a_bounded_time(
    fleet: Fleet, host: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "QUIET", 1.0)
    monkeypatch.setattr(fanout, "FIRST", 3.0)
    clock = Steps()

    def pass_time() -> None:
        if fleet.pids and (host == "mute-1" or fleet.listener.of(host)):
            clock.step = 0.05
        if host in [name for name, said in fleet.listener.said if isinstance(said, str)]:
            fleet.go()

    fleet.listener.when_idle = pass_time
    answers = fleet.follow("one", host, clock=clock, patience=10 * seconds)
    assert answers[host].error == "lost: it tells nothing any more"
    assert seconds <= clock.now < 3 * seconds


def test_a_terminal_that_takes_no_lines_makes_no_host_late(fleet: Fleet) -> None:
    clock = Steps()

    def a_long_time() -> None:
        clock.now += 1000
        if fleet.listener.of("one"):
            fleet.go()

    fleet.listener.when_idle = a_long_time
    assert fleet.follow("one", clock=clock)["one"].document == WELL


def test_lines_that_come_in_pieces_are_whole_and_other_output_is_kept(fleet: Fleet) -> None:
    answers = fleet.follow("torn-1")
    assert fleet.listener.of("torn-1") == [1, 2, "ended"]
    assert answers["torn-1"].document == {"said": 1}


@pytest.mark.parametrize(
    ("host", "said"), [("long-1", "it told a line of more than "), ("junk-1", "freqops-host told")]
)
def test_a_host_that_tells_junk_is_alone_with_it(fleet: Fleet, host: str, said: str) -> None:
    fleet.listener.when_idle = lambda: fleet.go() if fleet.listener.of(host)[-1:] not in ([], [1]) else None
    answers = fleet.follow(host, "one")
    assert str(answers[host].error).startswith(said)
    assert answers["one"].document == WELL


def test_what_cannot_be_taken_in_loses_its_host_and_nothing_more_of_it_is_heard(fleet: Fleet) -> None:
    def refuse(host: str) -> None:
        if host == "two":
            fleet.go()
            raise FreqopsError("bots is 5")

    fleet.listener.refuses = refuse
    answers = fleet.follow("one", "two")
    assert answers["two"].error == "its answer cannot be understood: bots is 5"
    assert fleet.listener.of("two") == [1, "its answer cannot be understood: bots is 5"]
    assert answers["one"].document == WELL


def test_a_host_that_floods_takes_no_memory_and_loses_nothing(fleet: Fleet) -> None:
    answers = fleet.follow("flood-1")
    assert fleet.listener.of("flood-1") == [*[1] * 30_000, "ended"]
    assert answers["flood-1"].document == WELL


def test_at_the_deadline_what_still_runs_is_ended_and_named(fleet: Fleet) -> None:
    clock = Steps()

    def over() -> None:
        if fleet.listener.of("silent-1"):
            clock.now += 100

    fleet.listener.when_idle = over
    assert fleet.follow("silent-1", clock=clock, patience=50.0)["silent-1"].error == "no answer in time"
    assert fleet.listener.of("silent-1") == [1, "no answer in time"]


def test_an_interrupt_leaves_nobody_behind(fleet: Fleet) -> None:
    worker = multiprocessing.get_context("fork").Process(target=_interrupted, args=(fleet,))
    worker.start()
    until(lambda: len(fleet.pids) == 2, GIVE_UP, "two hosts are followed")
    os.kill(cast(int, worker.pid), signal.SIGINT)
    worker.join(GIVE_UP)
    assert worker.exitcode == 1


def _interrupted(fleet: Fleet) -> None:
    """Follow as a worker of Ansible does: what ends it ends all at once."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(1))
    fleet.follow("silent-1", "silent-2")
    os._exit(3)


def test_a_host_that_is_not_reached_by_ssh_is_named_with_the_way(fleet: Fleet) -> None:
    fleet.more = {"ansible_connection": "local"}
    assert fleet.follow("one")["one"].error == f"unreachable: {connections.ELSEWHERE}"


def test_what_is_told_takes_no_room_and_the_rest_is_bounded(tmp_path: Path) -> None:
    """Ansible keeps what a pipe gives it until the process ends."""
    heard: list[bytes] = []
    told = host_command.told({"n": 1})
    script = tmp_path / "it"
    script.write_text(f"#!/bin/sh\nfor i in 1 2 3; do echo '{told}'; done; echo rest; printf prompt\n")
    script.chmod(0o755)
    with bounded.hearing(heard.append):
        process = bounded.Process([str(script)], most=20, stdout=-1, stderr=-1)
    process.wait(GIVE_UP)
    os.set_blocking(process.stdout.fileno(), False)
    assert process.stdout.read() == b"rest\nprompt"
    assert [json.loads(line)["told"] for line in heard] == [{"n": 1}] * 3
    assert process.stdout.read() == b""
    process.stdout.close()
    process.stderr.close()
