"""The logs of a fleet followed by its action: real ``freqops-host`` on two trees, behind a made-up ssh."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins import loader
from ansible.plugins.action import ActionBase
from ansible.utils.context_objects import CLIArgs
from ansible.utils.display import Display

from action_plugins.freqops_logs import ActionModule
from freqops.core.bot import host_command
from freqops.core.logs import json_line
from freqops.core.logs.redaction import Redactor
from lab.base.wait import until
from tests.unit.patience import PATIENCE

GIVE_UP = 2 * PATIENCE
SOURCES = Path(__file__).parents[3] / "src"
HOST = """#!{python} -S
import os, signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever began the tests may ignore it
sys.path.insert(0, {sources!r})
from freqops.hostctl import cli
place = Path({place!r}) / sys.argv[1]
(place / "pid").write_text(str(os.getpid()))
sys.exit(cli.main(sys.argv[2:], place))
"""
SSH = """#!/bin/sh
for word in "$@"; do host=$word; case "$word" in one|two) break ;; esac; done
for word in "$@"; do last=$word; done
HOST=$host exec sh -c "$last"
"""


class Fleet:
    """Two hosts, each with the bot alpha and what the action shows."""

    def __init__(self, place: Path) -> None:
        self.place, self.lines, self.result = place, [], {}  # type: Path, list[str], dict[str, Any]
        for host in ("one", "two"):
            (place / host / "bots/alpha/var/logs").mkdir(parents=True)
            (place / host / "bots/alpha/bot.json").write_text("{}")
            (place / host / "user_data/logs").mkdir(parents=True)
            (place / host / "user_data/logs/freqops.log").write_bytes(b"")
            self.log(host).write_bytes(b"")
        self.write("tool", HOST.format(python=sys.executable, sources=str(SOURCES), place=str(place)))
        self.write("ssh", SSH)

    def write(self, name: str, text: str) -> None:
        (self.place / name).write_text(text)
        (self.place / name).chmod(0o755)

    def log(self, host: str) -> Path:
        return self.place / host / "bots/alpha/var/logs/freqtrade.log"

    def says(self, host: str, message: str, **later: float) -> None:
        at = datetime.now(UTC) + timedelta(**later)
        with self.log(host).open("a") as stream:
            stream.write(json_line.form(Redactor(), at, "INFO", "l", message) + "\n")

    def shown(self, message: str) -> bool:
        return any(message in line for line in self.lines)

    def end(self, host: str, number: signal.Signals) -> None:
        os.kill(int((self.place / host / "pid").read_text()), number)

    def kill(self) -> None:
        """End the hosts that still run."""
        for host in ("one", "two"):
            with suppress(FileNotFoundError, ProcessLookupError):
                self.end(host, signal.SIGKILL)

    def _stepped(self, steps: Callable[[], None]) -> None:
        try:
            steps()
        except BaseException:
            self.kill()  # else they would be followed for ever
            raise

    def follow(self, steps: Callable[[], None], **arguments: Any) -> dict[str, Any]:
        """Follow while a thread takes steps."""
        action = ActionModule.__new__(ActionModule)
        action._task = Task()
        action._task.args = {"follow": "true", "since": "1h", **arguments}
        action._loader, action._play_context, action._shared_loader_obj = DataLoader(), PlayContext(), loader
        ssh = {"ansible_ssh_executable": str(self.place / "ssh"), "ansible_control_path_dir": str(self.place)}
        hosts = {host: {"freqtrade_bots": [{"name": "alpha"}], "ansible_host": host, **ssh} for host in ("one", "two")}
        hostvars = HostVars(hosts)
        everything = {"groups": {"all": list(hosts)}, "ansible_inventory_sources": []}
        thread = threading.Thread(target=self._stepped, args=(steps,), daemon=True)
        thread.start()
        result = action.run(None, {"hostvars": hostvars, "ansible_play_hosts_all": list(hosts), **everything})
        thread.join(GIVE_UP)
        return result


class HostVars(dict[str, Any]):
    def raw_get(self, host: str) -> Any:
        return self[host]


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    made = Fleet(tmp_path)
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda _self, text, *_: made.lines.extend(text.split("\n")))
    monkeypatch.setattr(context, "CLIARGS", CLIArgs({"subset": None}))
    tool = shlex.quote(str(tmp_path / "tool"))
    monkeypatch.setattr(host_command, "as_root", lambda words: f'exec {tool} "$HOST" {shlex.join(words)}')
    yield made
    made.kill()


def texts(fleet: Fleet) -> list[tuple[str, str]]:
    return [(line.split()[1], line.split()[-1]) for line in fleet.lines if " alpha INFO " in line]


def test_lines_of_two_hosts_are_shown_by_time_until_they_end(fleet: Fleet) -> None:
    for host, message, ago in (("one", "first", 9), ("two", "second", 8), ("one", "third", 7), ("two", "fourth", 6)):
        fleet.says(host, message, minutes=-ago)

    def steps() -> None:
        until(lambda: fleet.shown("fourth"), GIVE_UP, "what was there is shown")
        fleet.says("two", "ahead", days=300)
        fleet.says("one", "fifth")
        until(lambda: fleet.shown("fifth") and fleet.shown("ahead"), GIVE_UP, "what comes is shown")
        fleet.says("two", "sixth")
        until(lambda: fleet.shown("sixth"), GIVE_UP, "what comes is shown")
        for host in ("one", "two"):
            fleet.end(host, signal.SIGINT)

    result = fleet.follow(steps)
    assert "failed" not in result
    assert result["changed"] is False
    assert texts(fleet)[:4] == [("one", "first"), ("two", "second"), ("one", "third"), ("two", "fourth")]
    assert sorted(texts(fleet)[4:]) == [("one", "fifth"), ("two", "ahead"), ("two", "sixth")]


def test_a_host_that_is_lost_is_said_at_once_the_other_goes_on_and_it_is_no_success(fleet: Fleet) -> None:
    def steps() -> None:
        fleet.says("one", "first")
        until(lambda: fleet.shown("first"), GIVE_UP, "it is followed")
        fleet.end("one", signal.SIGKILL)
        until(lambda: fleet.shown("NOT READ one: "), GIVE_UP, "the loss is said")
        fleet.says("two", "second")
        until(lambda: fleet.shown("second"), GIVE_UP, "the other goes on")
        fleet.end("two", signal.SIGINT)

    result = fleet.follow(steps)
    assert result["failed"] is True
    assert result["msg"].startswith("NOT ALL READ: one: freqops-host gave no answer")
    assert "two:" not in result["msg"]
    assert len([line for line in fleet.lines if "NOT READ" in line]) == 1


def test_a_log_that_cannot_be_read_is_said_when_that_happens_and_is_no_success(fleet: Fleet) -> None:
    def steps() -> None:
        fleet.says("one", "first")
        until(lambda: fleet.shown("first"), GIVE_UP, "it is followed")
        fleet.log("one").unlink()
        fleet.log("one").mkdir()
        until(lambda: fleet.shown("one alpha: NOT READ"), GIVE_UP, "it is said")
        for host in ("one", "two"):
            fleet.end(host, signal.SIGINT)

    result = fleet.follow(steps)
    assert result["msg"] == "NOT ALL READ: one: alpha: logs/freqtrade.log: it is no plain file"


def test_it_ends_by_itself_after_its_duration(fleet: Fleet) -> None:
    fleet.says("one", "first")
    result = fleet.follow(lambda: None, duration="1s", bots="alpha")
    assert "failed" not in result
    assert set(result["hosts"]) == {"one", "two"}
    assert texts(fleet) == [("one", "first")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"action": "errors"}, "only lines are followed"),
        ({"duration": "soon"}, "duration is 'soon'"),
        ({"duration": "25h"}, "duration is '25h'"),
        ({"follow": "false", "duration": "30s"}, "use it with follow"),
        ({"follow": "perhaps"}, "follow is 'perhaps'; allowed: true or false"),
    ],
)
def test_what_cannot_be_followed_is_refused_and_no_host_is_asked(
    fleet: Fleet, asked: dict[str, str], said: str
) -> None:
    fleet.write("tool", f'#!/bin/sh\necho $$ > "{fleet.place}/$1/pid"\n')  # a host that is asked ends at once
    result = fleet.follow(lambda: None, **asked)
    assert result["msg"].startswith("REFUSED, nothing ran: ")
    assert said in result["msg"]
    assert not (fleet.place / "one/pid").exists()
    assert fleet.lines == []


def test_what_a_host_tells_that_is_hostile_is_its_error(fleet: Fleet) -> None:
    fleet.write("ssh", """#!/bin/sh\necho '{"told": {"line": {"at": "never"}}}'; exec sleep 1000\n""")
    result = fleet.follow(lambda: None)
    assert "one: its answer cannot be understood: line is " in result["msg"]
    assert "two: its answer cannot be understood: line is " in result["msg"]
