"""The breaker over a fleet: a row for each host and each bot, and no green line that a host has not earned."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible import context
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_circuit_breaker
from freqops.fleet import fanout
from freqops.plays import connections, fleet
from freqops.plays.inventory_bots import Lost
from tests.support.patience import GIVE_UP

ROW: dict[str, Any] = {"bot": "alpha", "file": "active", "incident": "i", "proven": True, "detail": []}
ON: dict[str, Any] = {
    "version": 1, "bots": [ROW], "changed": True, "override": "", "detail": [], "file": "active", "exit": 0,
}  # fmt: skip
OFF: dict[str, Any] = {**ON, "bots": [{**ROW, "file": "inactive", "incident": ""}], "file": "inactive"}
EMPTY = {**ON, "bots": []}
RUNS = {**EMPTY, "file": "active", "override": "runs may start until then"}
NOT_WRITTEN = "NOT WRITTEN: circuit_breaker.json: No space left on device"


class Fleet:
    """Hosts that say what they are told to say, each with the bots that its entry names."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.bots: dict[str, list[str]] = {"one": ["alpha"]}
        self.lost: list[Lost] | Exception = []
        self.subset: str | None = None
        self.asked: dict[str, list[str]] = {}
        self.shown: list[str] = []

    def run(self, action: str, says: dict[str, Any], **given: Any) -> dict[str, Any]:
        """Run the action; a host for which nothing is said is unreachable."""

        def ask(_action: Any, _vars: Any, commands: Any, _patience: Any, _clock: Any, arrived: Any) -> Any:
            self.asked = commands

            def connect(host: str) -> Any:
                if host not in says:
                    raise fanout.Unreachable("no route")
                return lambda: (says[host], None)

            hosts: Any = {host: lambda host=host: connect(host) for host in commands}
            return fanout.ask(hosts, GIVE_UP, arrived=arrived)

        self.patch.setattr(connections, "ask", ask)
        self.patch.setattr(fleet, "lost", self._lost)
        self.patch.setattr(context, "CLIARGS", {"subset": self.subset})
        made = freqops_circuit_breaker.ActionModule.__new__(freqops_circuit_breaker.ActionModule)
        arguments = {"action": action, "scope": "operator", "bots": "all", **given}
        made._task = cast(Task, SimpleNamespace(args=arguments, check_mode=False))
        words = {host: {"freqtrade_bots": [{"name": bot} for bot in bots]} for host, bots in self.bots.items()}
        return made.run(None, {"hostvars": words, "ansible_play_hosts_all": list(words), "reason": "a test"})

    def _lost(self, _variables: Any) -> list[Lost]:
        if isinstance(self.lost, Exception):
            raise self.lost
        return self.lost


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    made = Fleet(monkeypatch)
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda _self, text, *_, **__: made.shown.extend(text.split("\n")))
    return made


@pytest.mark.parametrize(
    ("action", "said"), [("enable", ON), ("disable", OFF), ("status", OFF), ("status", {**ON, "exit": 3})]
)
def test_what_is_as_it_was_asked_for_is_proven(hosts: Fleet, action: str, said: dict[str, Any]) -> None:
    done = hosts.run(action, {"one": said})
    assert "failed" not in done, done
    assert done["changed"]
    assert "ALL PROVEN" in hosts.shown
    assert [(row["host"], row["proven"]) for row in done["hosts"]] == [("one", True)]
    assert hosts.asked["one"][:3] == ["breaker", action, "--json"]


def test_what_was_switched_on_says_how_it_is_switched_off(hosts: Fleet) -> None:
    off = "when the cause is gone, to switch it off: FREQOPS_REASON='…' ansible-playbook playbooks/circuit_breaker.yml"
    hosts.run("enable", {"one": ON})
    assert hosts.shown[-1] == f"{off} -e action=disable"
    hosts.run("enable", {"one": {**ON, "exit": 2}}, bots="alpha")  # it may be on all the same
    assert hosts.shown[-1] == f"{off} -e bots=alpha -e action=disable"
    hosts.subset = "one"
    hosts.run("enable", {"one": ON})
    assert hosts.shown[-1] == f"{off} --limit one -e action=disable"
    hosts.run("status", {"one": ON})
    assert "--limit" not in hosts.shown[-1]


def test_a_hold_that_was_left_to_a_person_is_named_with_its_resume(hosts: Fleet) -> None:
    incident = "20260102T030405Z-breaker-9f3c21"
    hosts.run("disable", {"one": {**OFF, "bots": [{**OFF["bots"][0], "incident": incident}]}})
    assert hosts.shown[-1] == (
        "when the cause is gone, to let them buy again: "
        f"FREQOPS_REASON='…' ansible-playbook playbooks/resume.yml -e bots=alpha -e incident={incident}"
    )


@pytest.mark.parametrize("action", ["enable", "disable", "override", "withdraw"])
@pytest.mark.parametrize("status", [1, 2, 3, 4, 255])
def test_no_switch_is_proven_whose_command_did_not_end_well(hosts: Fleet, action: str, status: int) -> None:
    said = {**(OFF if action == "disable" else ON), "exit": status, "detail": [NOT_WRITTEN]}
    done = hosts.run(action, {"one": said})
    assert done["msg"] == "NOT ALL PROVEN: one"
    assert f"one: NOT PROVEN: its command ended with {status}" in hosts.shown
    assert f"one: {NOT_WRITTEN}" in hosts.shown
    assert "ALL PROVEN" not in hosts.shown


@pytest.mark.parametrize("status", [1, 2, 4])
def test_a_status_that_ended_with_doubt_is_not_well(hosts: Fleet, status: int) -> None:
    assert hosts.run("status", {"one": {**OFF, "exit": status}})["msg"] == "NOT ALL PROVEN: one"


@pytest.mark.parametrize("status", [None, True, False, "0", 0.0, -1])
def test_a_host_that_does_not_say_how_its_command_ended_is_not_understood(hosts: Fleet, status: Any) -> None:
    done = hosts.run("enable", {"one": {**ON, "exit": status}})
    assert done["msg"] == "NOT ALL PROVEN: one, alpha on one"
    assert f"one: its answer cannot be understood: exit is '{status}'" in hosts.shown


@pytest.mark.parametrize(("action", "other"), [("enable", OFF), ("disable", ON)])
def test_files_that_say_something_else_than_was_asked_for_are_not_proven(
    hosts: Fleet, action: str, other: dict[str, Any]
) -> None:
    done = hosts.run(action, {"one": other})
    assert done["msg"] == "NOT ALL PROVEN: one, alpha on one"
    assert f"alpha on one: NOT PROVEN: after {action} its files are {other['file']}" in hosts.shown
    own = {"enable": ON, "disable": OFF}[action]
    assert hosts.run(action, {"one": {**own, "bots": other["bots"]}})["msg"] == "NOT ALL PROVEN: alpha on one"


@pytest.mark.parametrize("action", ["status", "enable", "disable"])
def test_a_host_without_bots_is_asked_and_is_green_only_by_its_own_file(hosts: Fleet, action: str) -> None:
    hosts.bots = {"research-1": []}
    well = {**EMPTY, "file": "inactive" if action == "disable" else "active"}
    assert "failed" not in hosts.run(action, {"research-1": well})
    assert hosts.asked["research-1"][-1] == "--bots=all"
    for wrong in ({**well, "file": "unreadable"}, {**well, "file": ""}, {**well, "exit": 2}):
        assert hosts.run(action, {"research-1": wrong})["msg"] == "NOT ALL PROVEN: research-1"
    assert hosts.run(action, {})["msg"] == "NOT ALL PROVEN: research-1"
    assert "research-1: unreachable: no route" in hosts.shown


@pytest.mark.parametrize("file", [None, "on", 1, ["active"]])
def test_a_file_of_no_known_word_is_not_understood(hosts: Fleet, file: Any) -> None:
    assert hosts.run("status", {"one": {**ON, "file": file}})["msg"] == "NOT ALL PROVEN: one, alpha on one"
    assert any(line.startswith("one: its answer cannot be understood: its file is ") for line in hosts.shown)


def test_a_silent_host_has_a_row_and_so_have_its_bots(hosts: Fleet) -> None:
    hosts.bots = {"one": ["alpha"], "two": ["beta"], "three": []}
    done = hosts.run("enable", {"one": ON})
    assert done["msg"] == "NOT ALL PROVEN: two, three, beta on two"
    assert {row["host"]: row["detail"] for row in done["hosts"] if not row["proven"]} == {
        "two": ["unreachable: no route"], "three": ["unreachable: no route"],
    }  # fmt: skip
    assert any(line.startswith("three  unreadable  -") for line in hosts.shown)


def test_a_bot_that_is_not_deployed_is_not_proven(hosts: Fleet) -> None:
    hosts.bots = {"one": ["alpha", "beta"]}
    assert hosts.run("enable", {"one": ON})["msg"] == "NOT ALL PROVEN: beta on one"


def test_named_bots_are_asked_of_their_hosts_alone(hosts: Fleet) -> None:
    hosts.bots = {"one": ["alpha", "beta"], "two": ["gamma"], "three": []}
    assert "failed" not in hosts.run("enable", {"one": ON}, bots="alpha")
    assert {host: words[-1] for host, words in hosts.asked.items()} == {"one": "--bots=alpha"}
    assert "unknown bot 'aplha'" in hosts.run("enable", {}, bots="aplha")["msg"]


def test_all_with_a_blank_is_the_breaker_of_the_host(hosts: Fleet) -> None:
    assert "failed" not in hosts.run("enable", {"one": ON}, bots=" all")
    assert hosts.asked["one"][-1] == "--bots=all"


def test_minutes_that_are_nothing_are_no_breaker_without_an_end(hosts: Fleet) -> None:
    hosts.run("enable", {"one": ON}, minutes=0, ends_at="")
    assert [word for word in hosts.asked["one"] if word.startswith(("--minutes", "--until"))] == ["--minutes=0"]


def test_the_control_node_is_no_host_of_the_fleet(hosts: Fleet) -> None:
    hosts.bots = {"localhost": [], "one": ["alpha"]}
    assert "failed" not in hosts.run("enable", {"one": ON})
    hosts.bots = {"localhost": []}
    assert hosts.run("enable", {})["msg"] == "REFUSED, nothing ran: no host is reached by this play"


def test_a_lost_bot_is_not_proven_unless_its_host_tells_of_it(hosts: Fleet) -> None:
    hosts.lost = [Lost("beta", "one", "one.yml:1"), Lost("gamma", "", "tree.yml:2")]
    done = hosts.run("enable", {"one": ON})
    assert done["msg"] == "NOT ALL PROVEN: beta on one, gamma on no host"
    assert any(line.startswith("gamma on no host: stands in tree.yml:2") for line in hosts.shown)
    hosts.subset = "one"
    both = {**ON, "bots": [ROW, {**ROW, "bot": "beta"}]}
    assert "failed" not in hosts.run("enable", {"one": both})
    hosts.subset = None
    assert "failed" not in hosts.run("enable", {"one": ON}, bots="alpha")


def test_files_that_cannot_be_compared_keep_no_host_from_being_asked(hosts: Fleet) -> None:
    hosts.lost = PermissionError(13, "Permission denied", "group_vars/one.yml")
    done = hosts.run("enable", {"one": ON})
    assert done["msg"] == "NOT ALL PROVEN: ? on no host"
    assert [row["proven"] for row in done["hosts"]] == [True]


@pytest.mark.parametrize("action", ["override", "withdraw"])
def test_what_is_about_runs_is_judged_by_its_end_and_has_no_row_of_a_bot(hosts: Fleet, action: str) -> None:
    hosts.lost = [Lost("beta", "one", "one.yml:1")]
    done = hosts.run(action, {"one": RUNS}, minutes="30" if action == "override" else "")
    assert "failed" not in done, done
    assert done["bots"] == []
    assert "one: runs may start until then" in hosts.shown
    words = hosts.asked["one"]
    assert (words[:2], "--withdraw" in words) == (["breaker", "override"], action == "withdraw")
    assert ("--minutes=30" in words) is (action == "override")
    hosts.lost = [Lost("gamma", "", "tree.yml:2")]
    assert hosts.run(action, {"one": RUNS})["msg"] == "NOT ALL PROVEN: gamma on no host"
    assert hosts.run(action, {})["msg"].startswith("NOT ALL PROVEN: one")


@pytest.mark.parametrize("action", ["override", "withdraw"])
def test_what_is_about_runs_takes_no_bots(hosts: Fleet, action: str) -> None:
    done = hosts.run(action, {"one": RUNS}, bots="alpha")
    assert done["msg"].startswith(f"REFUSED, nothing ran: action={action} is about the runs of whole hosts")
    assert hosts.asked == {}
