"""A bot of a file that is not in the fleet: a row of the halt, a refusal of the deploy, a line of the status."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible import context
from ansible.errors import AnsibleError
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_halt, freqops_status
from freqops.core.halt.answer import Row
from freqops.fleet.fanout import Answer
from freqops.plays import connections, copy_back, fleet, mandate
from freqops.plays.inventory_bots import Lost

ARRIVED = 5  # of what `connections.ask` is given: whom to hand each answer on to
HERE, NOWHERE = Lost("beta", "paper-1", "one.yml:1"), Lost("gamma", "", "tree.yml:2")


@pytest.fixture
def action(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A fleet of one host with the bot alpha, whose files say two bots more; it has what its host answers with."""
    said: dict[str, Any] = {"bots": ["alpha"], "subset": None}
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda *_, **__: None)
    monkeypatch.setattr(fleet, "lost", lambda _: [HERE, NOWHERE])
    monkeypatch.setattr(copy_back, "copy_back", lambda *_: (Path("report.md"), []))

    def ask(*words: Any) -> list[Answer]:
        rows = [
            Row(name, 1, "one", latched=True, verdict="HALTED, PROVEN", acknowledged_s=0.1, proven_s=0.2).to_json()
            for name in said["bots"]
        ]
        answer = Answer("paper-1", {"version": 1, "bots": rows, "proven": True, "undeclared": []}, None)
        if len(words) > ARRIVED:
            words[ARRIVED](answer)
        return [answer]

    monkeypatch.setattr(connections, "ask", ask)
    return said


def run(module: Any, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> dict[str, Any]:
    monkeypatch.setattr(context, "CLIARGS", {"subset": said["subset"], "inventory": ("lab",)})
    hosts = {"paper-1": {"freqtrade_bots": [{"name": "alpha"}]}}
    made = module.ActionModule.__new__(module.ActionModule)
    made._task = cast(Task, SimpleNamespace(args=arguments, check_mode=False))
    variables = {"ansible_play_hosts_all": list(hosts), "groups": {"all": list(hosts)}, "hostvars": hosts}
    return dict(made.run(None, variables))


def test_a_lost_bot_is_not_halted(action: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(freqops_halt, action, monkeypatch, level="1", bots="all")
    assert done["failed"]
    assert "beta on paper-1: NOT HALTED; gamma on no host: NOT HALTED" in done["msg"]
    assert {row["bot"]: row["proven"] for row in done["bots"]} == {"alpha": True, "beta": False, "gamma": False}
    assert "stands in one.yml:1" in next(row for row in done["bots"] if row["bot"] == "beta")["detail"][0]


def test_a_lost_bot_that_its_host_has_is_halted_there(action: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    action["bots"] = ["alpha", "beta"]
    action["subset"] = "paper-1"  # a bot of no host is of no part of the inventory
    done = run(freqops_halt, action, monkeypatch, level="1", bots="all")
    assert "failed" not in done
    assert [row["proven"] for row in done["bots"]] == [True, True]


def test_a_halt_of_others_does_not_ask_for_it(action: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "failed" not in run(freqops_halt, action, monkeypatch, level="1", bots="alpha")


def test_a_halt_needs_no_reason(action: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FREQOPS_REASON", raising=False)
    asked: list[str] = []
    answer = connections.ask

    def ask(*words: Any) -> list[Answer]:
        asked.extend(words[2]["paper-1"])
        return list(answer(*words))

    monkeypatch.setattr(connections, "ask", ask)
    assert "failed" not in run(freqops_halt, action, monkeypatch, level="1", bots="alpha")
    assert f"--reason=no reason given by {mandate.actor()}" in asked


def test_files_that_cannot_be_compared_keep_no_bot_from_being_halted(
    action: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> list[Lost]:
        raise PermissionError(13, "Permission denied", "group_vars/one.yml")

    monkeypatch.setattr(fleet, "lost", fail)
    done = run(freqops_halt, action, monkeypatch, level="1", bots="all")
    assert done["failed"]
    assert {row["bot"]: row["proven"] for row in done["bots"]} == {"alpha": True, "?": False}
    assert "Permission denied" in next(row for row in done["bots"] if row["bot"] == "?")["detail"][0]


def test_a_host_whose_variables_cannot_be_read_has_no_bots() -> None:
    class Broken(dict[str, Any]):
        def __getitem__(self, host: str) -> Any:
            if host == "two":
                raise AnsibleError("'x' is undefined")
            return super().__getitem__(host)

    hosts = Broken({"one": {"freqtrade_bots": [{"name": "alpha"}]}})
    assert fleet._readable(hosts, ["one", "two"]) == {"one": ["alpha"], "two": []}


def test_the_status_is_not_well(action: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"bot": "alpha", "problems": [], "holds": []}
    document = {"version": 1, "bots": [row], "undeclared": []}
    monkeypatch.setattr(connections, "ask", lambda *_, **__: [Answer("paper-1", document, None)])
    monkeypatch.setattr(freqops_status, "_show_drills", lambda _: None)
    done = run(freqops_status, action, monkeypatch)
    assert done["failed"]
    assert "paper-1 beta: stands in one.yml:1" in done["msg"]
    assert "gamma: stands in tree.yml:2, and is of no host" in done["msg"]
