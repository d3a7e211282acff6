"""What actions find out on the control node before a host is asked, and what they say of the answers."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import (
    freqops_deploy_lock,
    freqops_drill,
    freqops_lint_report,
    freqops_manifest,
    freqops_preflight,
    freqops_stage,
    freqops_status,
)
from freqops.core.base import process_table
from freqops.core.base.errors import Refused
from freqops.core.deploy import policy, release, strategy_package
from freqops.fleet.fanout import Answer
from freqops.plays import lint_report
from tests.unit.core.preflight.fleets import ROOT, inventory
from tests.unit.core.preflight.fleets import fleet as declared_fleet
from tests.unit.core.preflight.test_host import found as looked_at

STAT = "77 (a (strange) name) S 1 77 77 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 {started} 1 1 0\n"
PARAMETERS = '{"strategy_name": "S", "params": {"roi": {"0": 0.1}}}'
HERE = {"control": socket.gethostname(), "pid_namespace": freqops_deploy_lock.pid_namespace()}


# --- the deploy lock


def proc(root: Path, pid: int, started: str) -> Path:
    (root / str(pid)).mkdir()
    (root / str(pid) / "stat").write_text(STAT.format(started=started))
    return root


def test_when_a_process_began_is_told_by_the_kernel(tmp_path: Path) -> None:
    assert process_table.started(77, proc(tmp_path, 77, "8899")) == "8899"
    assert process_table.started(78, tmp_path) == ""


def test_a_machine_that_does_not_tell_is_refused(tmp_path: Path) -> None:
    (tmp_path / "77" / "stat").mkdir(parents=True)
    with pytest.raises(Refused, match="processes of this machine cannot be listed"):
        process_table.started(77, tmp_path)


def test_a_deploy_is_dead_when_its_process_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    holder = {**HERE, "pid": child.pid, "started": process_table.started(child.pid)}
    assert freqops_deploy_lock.dead(holder) is False
    child.communicate(b"\n", timeout=20)
    assert freqops_deploy_lock.dead(holder) is True


def test_another_process_under_the_same_number_is_not_the_deploy() -> None:
    own = {**HERE, "pid": os.getpid(), "started": process_table.started(os.getpid())}
    assert freqops_deploy_lock.dead(own) is False
    assert freqops_deploy_lock.dead({**own, "started": "1"}) is True


@pytest.mark.parametrize("pid_namespace", [None, "", "another boot pid:[4026531836]"])
@pytest.mark.parametrize("control", ["another", socket.gethostname()])
def test_nobody_can_tell_of_a_process_of_another_machine(control: str, pid_namespace: str | None) -> None:
    """Whatever its name is: machines that were cloned have the same, and so have containers of one image."""
    gone = {"control": control, "pid": 2**22 + 1, "started": "1"}
    told = {} if pid_namespace is None else {"pid_namespace": pid_namespace}  # older versions do not say it
    assert freqops_deploy_lock.dead({**gone, **told}) is False
    assert freqops_deploy_lock.dead({**gone, **HERE}) is True


def test_where_nobody_can_tell_which_control_node_it_is_no_deploy_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freqops_deploy_lock, "pid_namespace", lambda: "")
    gone = {"control": socket.gethostname(), "pid": 2**22 + 1, "started": "1", "pid_namespace": ""}
    assert freqops_deploy_lock.dead(gone) is False


def test_what_numbers_the_processes_is_the_boot_and_the_namespace(tmp_path: Path) -> None:
    proc(tmp_path, 1, "5")
    assert freqops_deploy_lock.pid_namespace(tmp_path) == ""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("b-o-o-t\n")
    assert freqops_deploy_lock.pid_namespace(tmp_path) == ""
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[7]")
    assert freqops_deploy_lock.pid_namespace(tmp_path) == "b-o-o-t pid:[7]"
    (tmp_path / "1" / "stat").unlink()  # the processes of others are hidden
    assert freqops_deploy_lock.pid_namespace(tmp_path) == ""


# --- what is staged


@pytest.fixture
def staged(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "S.py").write_text("class S: pass")
    (tmp_path / "S.json").write_text(PARAMETERS)
    return {
        "bot": {"name": "alpha", "mode": "paper", "api_port": 8081, "strategy": "S"}, "shared": None,
        "image": "i", "packages": "p", "compose": f"release {release.PLACEHOLDER}", "strategy_dir": str(tmp_path),
    }  # fmt: skip


def test_a_release_is_built_of_what_the_task_names(staged: dict[str, Any]) -> None:
    built = freqops_stage._build(staged)
    package = {f"python/{name}" for name in strategy_package.files(freqops_stage.FREQOPS)}
    assert "python/freqops/strategy/entry_gate.py" in package
    own = {"config.json", "compose.yml", "bot.json", "strategies/S.py", "strategies/S.json"}
    assert set(built.files) == own | package
    assert built.files["strategies/S.py"] == "class S: pass"
    assert freqops_stage._build({**staged, "shared": {"timeframe": "1h"}}).fingerprint != built.fingerprint


def test_the_validator_goes_with_every_module_that_it_imports() -> None:
    brought = freqops_stage._validator(ROOT / "roles" / "freqtrade" / "files" / "validate_release.py")
    imports = re.compile(r"^from (?:freqops_validation(?:\.(\w+))?|\.(\w*)) import (.+)$", re.M)
    found = [match for text in brought.values() for match in imports.findall(text)]
    names = {module or below or name for module, below, listed in found for name in listed.split(", ")}
    modules = {f"freqops_validation/{name}.py" for name in names}
    assert modules == {f"freqops_validation/{name}.py" for name in ("blame", "built", "lint", "place", "trading")}
    assert modules | {"freqops_validation/__init__.py", "validate_release.py"} == set(brought)
    for name, text in brought.items():
        compile(text, name, "exec")


def test_what_a_strategy_settles_itself_is_left_to_it(staged: dict[str, Any], tmp_path: Path) -> None:
    def config(**shared: Any) -> dict[str, Any]:
        return dict(json.loads(freqops_stage._build({**staged, "shared": shared}).files["config.json"]))

    assert (config()["timeframe"], config()["max_open_trades"]) == ("5m", 3), "it says nothing, so ours is taken"
    (tmp_path / "S.py").write_text("class S:\n    timeframe = '1h'\n    stake_currency = 'BTC'\n")
    assert "timeframe" not in config()
    assert (config()["max_open_trades"], config()["stake_currency"]) == (3, "USDT")
    assert config(timeframe="2h")["timeframe"] == "2h", "the inventory's word stands"


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("S.json", PARAMETERS[:-3], "S.json is no JSON, so Freqtrade would trade without it"),
        ("T.json", PARAMETERS, "T.json has parameters that nothing reads: there is no T.py beside it"),
        ("below/pyvenv.cfg", "", "the directory below is imported, and is a virtual environment, of which nothing"),
    ],
)
def test_a_strategy_that_would_run_without_what_lies_beside_it_makes_no_release(
    staged: dict[str, Any], tmp_path: Path, name: str, text: str, why: str
) -> None:
    (tmp_path / "S.py").write_text("from below import x\nclass S: pass\n")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    with pytest.raises(release.ReleaseUnusable, match=why):
        freqops_stage._build(staged)


def test_modules_in_directories_below_are_part_of_the_release(staged: dict[str, Any], tmp_path: Path) -> None:
    before = freqops_stage._build(staged)
    (tmp_path / "S.py").write_text("from helpers.levels import LEVEL\nclass S: pass\n")
    (tmp_path / "helpers").mkdir()
    built = []
    for text in ("LEVEL = 1", "LEVEL = 2"):
        (tmp_path / "helpers" / "levels.py").write_text(text)
        built.append(freqops_stage._build(staged))
        assert built[-1].files["strategies/helpers/levels.py"] == text
    assert len({each.fingerprint for each in (before, *built)}) == 3


def test_files_that_a_strategy_reads_reach_the_host_unchanged(staged: dict[str, Any], tmp_path: Path) -> None:
    place = tmp_path / "read"
    (place / "deep").mkdir(parents=True)
    (place / "deep" / "levels.bin").write_bytes(b"\xff\0\r\n")
    before, built = freqops_stage._build(staged), freqops_stage._build({**staged, "user_files": str(place)})
    assert built.user_files == {"user_files/deep/levels.bin": b"\xff\0\r\n"}
    assert built.fingerprint != before.fingerprint
    assert freqops_stage._build({**staged, "user_files": ""}) == before
    sent = freqops_stage._arguments({**staged, "user_files": str(place)}, built, {}, "mark")
    name, content = "user_files/deep/levels.bin", b"\xff\0\r\n"
    assert sent["digests"][name] == hashlib.sha256(content).hexdigest()
    assert "contents" not in sent
    wanted = freqops_stage._contents(built, [name, "config.json", "../secret"])
    assert {key: base64.b64decode(each) for key, each in wanted.items()} == {name: content}
    assert freqops_stage._contents(built, "user_files/deep/levels.bin") == {}
    json.dumps(sent)


@pytest.mark.parametrize(("has", "calls"), [(False, [{}, {"user_files/b": "YmI="}]), (True, [{}])])
def test_the_host_is_sent_only_what_it_asks_for(
    staged: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: bool, calls: list[dict[str, str]]
) -> None:
    (tmp_path / "read").mkdir()
    (tmp_path / "read" / "a").write_text("aa")
    (tmp_path / "read" / "b").write_text("bb")
    tool = tmp_path / "tool"
    tool.touch()
    validator = ROOT / "roles" / "freqtrade" / "files" / "validate_release.py"
    words = {**staged, "user_files": str(tmp_path / "read"), "validator": str(validator), "tool": str(tool)}
    sent: list[dict[str, str]] = []

    def execute(_self: ActionBase, _name: str, module_args: dict[str, Any], **_more: Any) -> dict[str, Any]:
        sent.append(module_args.get("contents", {}))
        return {"wanted": ["user_files/b"]} if not has and len(sent) == 1 else {"changed": True}

    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(ActionBase, "_execute_module", execute)
    monkeypatch.setattr(policy, "check", lambda *_: None)
    action = freqops_stage.ActionModule.__new__(freqops_stage.ActionModule)
    action._task = cast("Task", SimpleNamespace(args=words))
    assert action.run(task_vars={})["changed"] is True
    assert sent == calls


def test_directories_of_which_nothing_is_brought_are_named(staged: dict[str, Any], tmp_path: Path) -> None:
    assert freqops_stage._left_behind(staged) == []
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "x.py").touch()
    (tmp_path / "linked").symlink_to(tmp_path / "tests")
    assert freqops_stage._left_behind(staged) == ["alpha: of strategy_dir nothing reaches the host of linked (a link)"]


def test_a_strategy_that_cannot_be_read_makes_no_release(staged: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "S.py").write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match=r"S\.py is no text; write it in UTF-8"):
        freqops_stage._build(staged)
    for path in tmp_path.glob("S.*"):
        path.unlink()
    with pytest.raises(release.ReleaseUnusable, match=f"no strategy files in {tmp_path}"):
        freqops_stage._build(staged)


# --- what differs


def shown(answers: list[Answer], monkeypatch: pytest.MonkeyPatch) -> str:
    said: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, text, *_: said.append(text))
    action = freqops_manifest.ActionModule.__new__(freqops_manifest.ActionModule)
    action._show(answers)
    return "\n".join(said)


def test_why_a_host_is_not_left_alone_is_said_in_short(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        Answer("a", {"same": False, "differences": [str(number) for number in range(1, 13)]}, ""),
        Answer("b", None, "no such option"),
        Answer("c", None, "unreachable"),
        Answer("d", None, ""),
    ]
    assert shown(answers, monkeypatch).strip().splitlines() == [
        "to do on a: 1; 2; 3; 4; 5; 6; 7; 8; 9; 10 and 2 more",
        "to do on b: no such option",
        "to do on c: unreachable",
        "to do on d: it gave no reason",
    ]


def test_the_bots_of_a_host_that_is_left_alone_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"bot": "alpha", "mode": "paper", "trader": "running", "level": 0, "problems": [], "holds": []}
    text = shown([Answer("a", {"same": True, "bots": [row]}, "")], monkeypatch)
    assert "nothing to do:" in text
    assert "alpha" in text
    assert "to do on" not in text


def test_what_is_asked_carries_both_fingerprints_and_no_secret() -> None:
    variables = {"secrets_exchange": {"alpha": {"key": "canary"}}, "host_operators": ["ann"]}
    asked = freqops_manifest._command(variables, set(variables), write=False)
    assert [word.partition("=")[0] for word in asked] == ["manifest", "--wanted", "--ground"]
    assert "canary" not in " ".join(asked)
    written = freqops_manifest._command(variables, set(variables), write=True)
    assert written == [*asked, "--write"]
    other = freqops_manifest._command({**variables, "secrets_exchange": {}}, set(variables), write=False)
    assert (other[1] == asked[1], other[2] == asked[2]) == (False, True)


@pytest.mark.parametrize(
    ("document", "expected"), [({"written": True}, True), ({"not_proven": "disk full"}, False), (None, False)]
)
def test_only_a_host_that_says_so_has_written(document: dict[str, Any] | None, expected: bool) -> None:
    assert freqops_manifest._written(Answer("a", document, "")) is expected


@pytest.mark.parametrize(("second", "failed"), [("boot pid:[1]", True), ("boot pid:[2]", False)])
def test_two_hosts_that_are_one_machine_end_the_deploy(
    second: str, failed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Display, "display", lambda *_: None)
    action = freqops_manifest.ActionModule.__new__(freqops_manifest.ActionModule)
    action._task = cast("Task", SimpleNamespace(args={}, check_mode=False))
    action.variables = {"ansible_play_hosts": [], "hostvars": {}}
    told = {"a": "boot pid:[1]", "b": second}
    answers = [Answer(host, {"same": True, "machine": machine}, "") for host, machine in told.items()]
    older = Answer("c", {"same": True}, "")
    monkeypatch.setattr(action, "ask", lambda *_: [*answers, older, Answer("d", None, "unreachable")])
    done = action.act()
    assert done.get("failed", False) is failed
    assert ("b: it is the same machine as a" in done.get("msg", "")) is failed


def test_two_hosts_that_a_deploy_finds_to_be_one_machine_are_refused() -> None:
    hosts = inventory()
    found = {"paper-1": looked_at(machine="boot pid:[1]"), "prod-1": looked_at(machine="boot pid:[1]")}
    variables = {
        "ansible_play_hosts": list(hosts),
        "hostvars": {host: {"deploy_probe": answer} for host, answer in found.items()},
    }
    action = freqops_preflight.ActionModule.__new__(freqops_preflight.ActionModule)
    [refusal] = action._on_hosts(declared_fleet(hosts), variables, "deploy_probe")
    assert refusal.line.startswith("prod-1: it is the same machine as paper-1; ")


# --- what was drilled

ROW = {"bot": "alpha", "exercises": [], "passed": True, "detail": []}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer("a", None, "unreachable"), "unreachable"),
        (Answer("a", None, "it is held"), "it is held"),
        (Answer("a", {"bots": []}, ""), "its host reported nothing about it"),
    ],
)
def test_a_bot_of_which_a_host_says_nothing_has_not_passed_its_drill(answer: Answer, why: str) -> None:
    [(host, said)] = freqops_drill._answers([answer], {"a": ["alpha"]})
    assert (host, said["passed"], said["detail"]) == ("a", False, [why])


def test_a_drill_fails_unless_every_bot_has_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Display, "display", lambda *_, **__: None)
    good, bad = ("a", ROW), ("b", {**ROW, "bot": "beta", "passed": False})
    assert "failed" not in freqops_drill._judged([good], tmp_path, "one")
    assert freqops_drill._judged([good, bad], tmp_path, "one")["msg"] == "THE DRILL HAS NOT PASSED: beta on b"


def test_a_page_is_for_its_owner_alone_and_replaces_none(tmp_path: Path) -> None:
    page = tmp_path / "drills/one.md"
    freqops_drill._write(page, "text")
    assert page.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        freqops_drill._write(page, "other")


@pytest.mark.parametrize(("days", "colour"), [(35.0, "green"), (35.1, "bright red"), (None, "bright red")])
def test_a_host_that_has_to_be_drilled_shows_red(
    days: float | None, colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    monkeypatch.setattr(Display, "display", lambda _, text, color: shown.append((text[:8], color)))
    row = {"bot": "alpha", "mode": "paper", "drill_days": days}
    freqops_status._show_drills([Answer("paper-1", {"bots": [row]}), Answer("gone", None, "no answer")])
    assert shown == [("paper-1:", colour)]


# --- what the image said of the releases


def reported(monkeypatch: pytest.MonkeyPatch, **args: Any) -> dict[str, Any]:
    """Run the report over a fleet in which every bot is found; what is found of each is its name and the output."""
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(lint_report, "report", lambda _place, bot, output: [f"{bot} refused {output}"])
    monkeypatch.setattr(lint_report, "cautions", lambda _place, bot, output: [f"{bot} said {output}"])
    action = freqops_lint_report.ActionModule.__new__(freqops_lint_report.ActionModule)
    action._task = cast(Task, SimpleNamespace(args={"refusals": {}, **args}))
    variables = {"ansible_inventory_sources": [], "hostvars": {}, "inventory_hostname": "paper-1"}
    return action.run(None, variables)


def test_a_caution_is_a_warning_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    said = reported(monkeypatch, refusals={"alpha": ""}, cautions={"alpha": "", "gamma": "one"})
    assert said == {"changed": False, "warnings": ["gamma said one"]}
    assert reported(monkeypatch) == {"changed": False, "warnings": []}


def test_a_refusal_hides_no_remark_of_another_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    said = reported(monkeypatch, refusals={"alpha": "why"}, cautions={"gamma": "one"})
    assert (said["failed"], said["warnings"]) == (True, ["gamma said one"])
    assert said["msg"].splitlines() == ["NOT ALL DEPLOYED", "alpha was not touched", "alpha refused why"]
