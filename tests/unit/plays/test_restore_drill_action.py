"""The restore drill of a fleet: what a host says is checked, a silent one has not passed, and the files are private."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_restore_drill
from freqops.core.backup import restore_drill
from freqops.core.backup.restore_drill import Answer, Rehearsed, Repository
from freqops.fleet import fanout
from freqops.plays import connections, copy_back
from tests.support.patience import GIVE_UP


def said(**changed: Any) -> dict[str, Any]:
    measured = dict.fromkeys(restore_drill.MEASURED, 1)
    row = {**Rehearsed("alpha", proven=True, repository="local").to_json(), **measured}
    made = Answer("one", "2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z", [], [Repository("local")]).to_json()
    return {**made, "bots": [row], **changed}


class Drilled:
    """A drill of hosts that say what they are told to say, each with the bot alpha."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: dict[str, list[str]] = {}
        self.lines: list[str] = []
        self.failed: list[str] = []
        self.place, self._says = place / "drills", dict[str, Any]()
        monkeypatch.setattr(ActionBase, "run", lambda *_: {})
        monkeypatch.setattr(Display, "display", lambda _self, text, *_, **__: self.lines.append(text))
        monkeypatch.setattr(freqops_restore_drill, "DIRECTORY", self.place)
        monkeypatch.setattr(copy_back, "copy_back", lambda *_: (place / "report.md", self.failed))
        monkeypatch.setattr(connections, "ask", self._ask)

    def _ask(self, _action: Any, _vars: Any, commands: Any, _patience: Any, _clock: Any, arrived: Any) -> Any:
        self.asked = commands
        hosts: Any = {host: lambda host=host: lambda: (self._says[host], None) for host in commands}
        return fanout.ask(hosts, GIVE_UP, arrived=arrived)

    def run(self, says: dict[str, Any], *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        self._says = says
        action = freqops_restore_drill.ActionModule.__new__(freqops_restore_drill.ActionModule)
        action._task = cast(Task, SimpleNamespace(args=arguments, check_mode=check))
        hosts = {host: {"freqtrade_bots": [{"name": "alpha", "mode": "paper"}]} for host in says}
        play = {"ansible_play_hosts": list(hosts), "ansible_play_hosts_all": list(hosts)}
        return action.run(None, {**play, "hostvars": hosts})


@pytest.fixture
def drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drilled:
    return Drilled(tmp_path, monkeypatch)


def test_what_passed_on_every_host_is_written_for_its_owner_alone(drill: Drilled) -> None:
    done = drill.run({"paper-1": said(), "prod-1": said()}, bots="all", repository="")
    assert "failed" not in done
    page, record = Path(done["page"]), Path(done["record"])
    assert "**PASSED**" in page.read_text()
    assert json.loads(record.read_text())["hosts"].keys() == {"paper-1", "prod-1"}
    assert {path.stat().st_mode & 0o777 for path in (page, record)} == {0o600}
    assert all(words[0] == "restore-drill" and "--json" in words for words in drill.asked.values())
    assert not any(word.startswith(("--bots", "--repository")) for words in drill.asked.values() for word in words)
    drill.run({"paper-1": said()}, bots="alpha", repository="vault")
    assert {"--bots=alpha", "--repository=vault"} <= set(drill.asked["paper-1"])


@pytest.mark.parametrize(
    ("odd", "text"),
    [
        (said(bots=[{**said()["bots"][0], "rto_s": None}]), "not what was compared"),
        (said(proven=False), "its rows say otherwise"),
        ({"refused": "another restore drill is under way"}, "another restore drill is under way"),
        ({}, "NO ANSWER"),
    ],
    ids=["without a figure", "contradicts itself", "refused", "silent"],
)
def test_a_host_without_a_whole_answer_has_not_passed(drill: Drilled, odd: dict[str, Any], text: str) -> None:
    done = drill.run({"paper-1": said(), "prod-1": odd}, bots="all")
    assert done["failed"]
    assert "prod-1: NO ANSWER" in done["msg"]
    assert text in done["msg"]
    assert "**FAILED**" in Path(done["page"]).read_text()
    assert not json.loads(Path(done["record"]).read_text())["passed"]


def test_what_failed_is_named_and_what_was_not_fetched_too(drill: Drilled) -> None:
    bad = {**said()["bots"][0], "proven": False, "problems": ["other numbers come next"]}
    drill.failed = ["paper-1: unreachable"]
    done = drill.run({"paper-1": said(bots=[bad], proven=False)}, bots="all")
    assert "alpha out of local: other numbers come next" in done["msg"]
    assert "NOT FETCHED paper-1: unreachable" in done["msg"]


def test_a_mere_check_is_no_drill(drill: Drilled) -> None:
    done = drill.run({"paper-1": said()}, check=True, bots="all")
    assert done == {"failed": True, "msg": "NOTHING REHEARSED: this was a check"}
    assert drill.asked == {}
