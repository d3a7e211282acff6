"""Every action that asks a whole fleet: what a host says is checked, and an odd answer is that host's error."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible import context
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_drill, freqops_fleet, freqops_logs, freqops_manifest, freqops_status
from freqops.core.base.errors import Refused
from freqops.fleet import fanout
from freqops.plays import connections, desired_state, fleet
from freqops.plays.fleet_action import FleetAction
from tests.support.patience import GIVE_UP

EVIL = "\x1b[2J\nALL WELL\u202e"
ROW: dict[str, Any] = {
    "bot": "alpha", "problems": [], "holds": [], "mode": "paper", "trader": "running", "drill_days": 1.0,
}  # fmt: skip
STATUS: dict[str, Any] = {"version": 1, "host": "another", "bots": [ROW], "undeclared": []}
MANIFEST: dict[str, Any] = {**STATUS, "same": True, "ground_same": True, "differences": []}
EXERCISE: dict[str, Any] = {
    "exercise": "level 1", "expected": "proven", "said": "HALTED, PROVEN", "acknowledged_s": 0.5, "proven_s": 6.0,
    "seconds": None, "passed": True,
}  # fmt: skip
DRILL: dict[str, Any] = {
    "bots": [{"bot": "alpha", "exercises": [EXERCISE], "passed": True, "detail": [], "host": "another"}],
}  # fmt: skip


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda _self, text, *_: lines.append(text))
    return lines


def run(module: Any, says: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> dict[str, Any]:
    """Run an action over hosts that say what they are told to say, each with the bot alpha."""

    def ask(_action: Any, _vars: Any, commands: Any, _patience: Any, _clock: Any, arrived: Any) -> Any:
        hosts: Any = {host: lambda host=host: lambda: (says[host], None) for host in commands}
        return fanout.ask(hosts, GIVE_UP, arrived=arrived)

    monkeypatch.setattr(connections, "ask", ask)
    monkeypatch.setattr(fleet, "role_inputs", lambda _roles: set())
    monkeypatch.setattr(desired_state, "fingerprint", lambda *_: "f")
    monkeypatch.setattr(desired_state, "of_host", lambda *_: "g")
    action = module.ActionModule.__new__(module.ActionModule)
    action._task = cast(Task, SimpleNamespace(args=arguments, check_mode=False))
    hosts = {host: {"freqtrade_bots": [{"name": "alpha", "mode": "paper"}]} for host in says}
    play = {"ansible_play_hosts": list(hosts), "ansible_play_hosts_all": list(hosts), "reason": "a test"}
    everything = {"groups": {"all": list(hosts)}, "ansible_inventory_sources": []}
    monkeypatch.setattr(context, "CLIARGS", {"subset": None})
    result: dict[str, Any] = action.run(None, {"hostvars": hosts, **play, **everything})
    return result


JUNK: list[dict[str, Any]] = [
    {"bots": 5}, {"bots": [{}]}, {"bots": [ROW, ROW]}, {"bots": [{"bot": "alpha"}]}, {}, {"refused": "busy"},
    {"not_proven": "disk"}, {"bots": [{**ROW, "bot": 7}]}, {"bots": [{**ROW, "drill_days": float("nan")}]},
]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: str(junk)[:50])
def test_a_status_that_is_odd_is_the_error_of_its_host(
    junk: dict[str, Any], shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(freqops_status, {"bad": junk, "good": STATUS}, monkeypatch)
    assert result["failed"] is True
    assert result["msg"].startswith("NOT ALL WELL: bad: ")
    assert "good:" not in result["msg"]
    assert set(result["hosts"]["bad"]) == {"error"}
    assert result["hosts"]["good"] == STATUS
    assert "good  alpha" in shown[0]


def test_a_status_that_is_well_is_well(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(freqops_status, {"good": STATUS}, monkeypatch)
    assert "failed" not in result
    assert shown[0].split("\n")[3].startswith("good  alpha  paper  running")


@pytest.mark.parametrize("junk", [*JUNK, {**MANIFEST, "same": "no"}, {**MANIFEST, "differences": ["one"]}], ids=str)
def test_no_odd_manifest_lets_its_host_be_left_alone(
    junk: dict[str, Any], shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(freqops_manifest, {"bad": {"same": True, **junk}, "good": MANIFEST}, monkeypatch)
    assert (result["same"], result["host_same"]) == (["good"], ["good"])
    assert "to do on bad: " in shown[0]


@pytest.mark.parametrize(
    "junk",
    [{"written": 1}, {"written": "yes"}, {"written": False}, {}, {"refused": "busy"}, {"written": True, "swept": [1]}],
    ids=str,
)
def test_only_a_host_that_says_so_has_written_its_manifest(
    junk: dict[str, Any], shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(freqops_manifest, {"bad": junk, "good": {"written": True}}, monkeypatch, state="written")
    assert result["failed"] is True
    assert result["msg"].startswith("bad: ")


def test_what_a_deploy_took_away_is_shown(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(freqops_manifest, {"a": {"written": True, "swept": ["omega"]}}, monkeypatch, state="written")
    assert result["failed"] is False
    assert shown == ["a: omega was never installed: what was laid out is gone"]


@pytest.mark.parametrize(
    "junk",
    [*JUNK, {"bots": [{**DRILL["bots"][0], "exercises": []}]}, {"bots": DRILL["bots"] * 2}],
    ids=lambda junk: str(junk)[:50],
)
def test_no_odd_drill_has_passed(
    junk: dict[str, Any], shown: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(freqops_drill, "DIRECTORY", tmp_path)
    result = run(freqops_drill, {"bad": junk, "good": DRILL}, monkeypatch, bots="alpha")
    assert result["msg"] == "THE DRILL HAS NOT PASSED: alpha on bad"
    assert [(row["host"], row["passed"]) for row in result["bots"]] == [("bad", False), ("good", True)]


def test_a_drill_that_passed_has_passed_on_the_host_that_was_asked(
    shown: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(freqops_drill, "DIRECTORY", tmp_path)
    result = run(freqops_drill, {"good": DRILL}, monkeypatch, bots="alpha")
    assert "failed" not in result
    assert [row["host"] for row in result["bots"]] == ["good"]


def test_an_error_that_nobody_expected_is_told_with_its_trace(
    shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    traces: list[str] = []
    monkeypatch.setattr(Display, "vvv", lambda _self, text, host: traces.append(f"{host}: {text}"))

    def fails(_document: Any) -> None:
        raise RecursionError(EVIL)

    monkeypatch.setattr(freqops_status, "check", fails)
    result = run(freqops_status, {"bad": STATUS}, monkeypatch)
    assert "bad: its answer cannot be understood: RecursionError: " in result["msg"]
    assert "in fails" in traces[0]
    assert all(line.isprintable() for line in traces[0].split("\n"))


def test_what_is_left_alone_is_a_note_and_no_failure(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    beta = {"project": "/opt/beta/docker-compose.yml", "reason": "adopted on Sunday"}
    left = {"pid": 7, "command": "f", "left_alone": beta}
    result = run(freqops_status, {"bad": {**STATUS, "undeclared": [left]}}, monkeypatch)
    assert "failed" not in result
    assert "bad: LEFT ALONE: Freqtrade of /opt/beta/docker-compose.yml trades" in "\n".join(shown)
    result = run(freqops_status, {"bad": {**STATUS, "undeclared": [left, {"pid": 8, "command": "f"}]}}, monkeypatch)
    assert result["msg"] == "NOT ALL WELL: bad: UNDECLARED Freqtrade process 8: f"


def test_every_text_of_a_result_is_visible(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    row = {**ROW, "bot": EVIL, "problems": [EVIL], "trader": EVIL, "image": EVIL}
    result = run(
        freqops_status, {"bad": {**STATUS, "bots": [row], "undeclared": [{"pid": 7, "command": EVIL}]}}, monkeypatch
    )
    assert result["failed"] is True
    for line in (json.dumps(result, ensure_ascii=False), *"\n".join(shown).split("\n")):
        assert line.isprintable()
        assert not line.startswith("ALL WELL")


def test_a_refusal_is_visible(monkeypatch: pytest.MonkeyPatch, shown: list[str]) -> None:
    class Refuses(FleetAction):
        def act(self) -> dict[str, Any]:
            raise Refused(EVIL)

    result = Refuses.__new__(Refuses).run(None, {})
    assert result["failed"] is True
    assert result["msg"] == r"REFUSED, nothing ran: \x1b[2J\nALL WELL\u202e"


def test_the_words_of_the_operator_go_on_to_the_hosts_as_they_were_given() -> None:
    assert (FleetAction.FOREIGN, freqops_fleet.ActionModule.FOREIGN) == (True, False)


def line_of(bot: str, second: int) -> dict[str, str]:
    return {
        "at": f"2026-01-02T03:04:{second:02d}.000000Z",
        "source": bot,
        "level": "INFO",
        "text": EVIL,
        "correlation": "",
    }


LOGS: dict[str, Any] = {
    "version": 1, "host": "another", "since": "s", "until": "u", "wrong": [], "more": False, "unread": 0,
    "sources": [], "lines": [line_of("alpha", 2), line_of("(freqops)", 4)],
}  # fmt: skip


def test_the_logs_of_a_fleet_are_merged_by_time(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**LOGS, "lines": [line_of("alpha", 1), line_of("alpha", 3)]}
    result = run(freqops_logs, {"b": LOGS, "a": other}, monkeypatch, since="", match="")
    assert "failed" not in result
    assert [line.split()[:3] for line in shown[0].splitlines()] == [
        [f"2026-01-02T03:04:0{second}.000000Z", host, bot]
        for second, host, bot in [(1, "a", "alpha"), (2, "b", "alpha"), (3, "a", "alpha"), (4, "b", "(freqops)")]
    ]
    assert "\x1b" not in shown[0]
    assert "ALL WELL" not in shown[0].splitlines()


@pytest.mark.parametrize(
    "junk", [{}, {"refused": "no"}, {**LOGS, "lines": 5}, {**LOGS, "lines": [{}]}, {**LOGS, "wrong": ["alpha: gone"]}]
)
def test_logs_that_were_not_read_are_no_success(
    junk: dict[str, Any], shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(freqops_logs, {"bad": junk, "good": LOGS}, monkeypatch)
    assert result["failed"] is True
    assert result["msg"].startswith("NOT ALL READ: bad: ")
    assert "good:" not in result["msg"]
    assert "bad: NOT READ" in shown[0] or "NOT READ bad: " in shown[0]
    assert "good alpha" in shown[0]


@pytest.mark.parametrize("asked", [{"since": "soon"}, {"level": "loud"}, {"correlation": "a b"}, {"bots": "nobody"}])
def test_logs_that_nobody_can_ask_for_are_refused_and_no_host_is_asked(
    asked: dict[str, str], shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(freqops_logs, {"good": LOGS}, monkeypatch, **asked)
    assert result["msg"].startswith("REFUSED, nothing ran: ")
    assert shown == []
