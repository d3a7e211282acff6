"""What is typed next is the last word of a play, whether its steps were proven or refused; with Ansible itself."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
COMMAND = str(Path(sys.executable).parent / "ansible-playbook")
INCIDENT = "20260102T030405Z-halt3-9f3c21"
WHY = "FREQOPS_REASON='…' ansible-playbook playbooks/"
MODULE = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule

NAMES = ("bot", "bots", "action", "unmanaged_ok", "incident", "reason", "actor", "stack", "look", "ticked", "anyway")
module = AnsibleModule({name: {"type": "raw"} for name in NAMES})
said = ANSWERS[module.params["bot"] or "all"]
(module.fail_json if said.pop("fails", False) else module.exit_json)(msg="as the test says", changed=False, **said)
"""
ACTION = """from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        return {**super().run(tmp, task_vars), "msg": "THE EVIDENCE"}
"""


class Play:
    """Runs the steps of a playbook as they are, with modules that say what the test says."""

    def __init__(self, path: Path) -> None:
        self._path = path
        for name in ("library", "actions"):
            (path / name).mkdir()
        (path / "actions" / "freqops_incident.py").write_text(ACTION)
        (path / "ansible.cfg").touch()
        mandate = {"incident": INCIDENT, "reason": "it works again", "actor": "ann"}
        bots = [{"name": "alpha", "mode": "paper"}, {"name": "gamma", "mode": "live"}]
        host = {"ansible_connection": "local", "freqtrade_bots": bots, "mandate": mandate, "bots": "alpha,gamma"}
        hosts = {"paper-1": {**host, "ansible_python_interpreter": sys.executable, "action": "restart"}}
        (path / "inventory.yml").write_text(json.dumps({"all": {"hosts": hosts}}))

    def run(self, file: str, module: str, answers: dict[str, Any], **words: str) -> tuple[int, list[str]]:
        task = {"name": "x", "ansible.builtin.include_tasks": str(ROOT / "playbooks" / file), "vars": words}
        return self.play(task, module, answers)

    def play(self, task: dict[str, Any], module: str, answers: dict[str, Any]) -> tuple[int, list[str]]:
        (self._path / "library" / f"{module}.py").write_text(MODULE.replace("ANSWERS", repr(answers)))
        play = {"hosts": "all", "gather_facts": False, "any_errors_fatal": True, "serial": 1, "tasks": [task]}
        (self._path / "play.yml").write_text(json.dumps([play]))
        (self._path / "steps").unlink(missing_ok=True)
        (self._path / "steps").symlink_to(ROOT / "playbooks" / "steps")
        settings = {
            "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(self._path / "home"),
            "ANSIBLE_CONFIG": str(self._path / "ansible.cfg"),
            "ANSIBLE_LIBRARY": f"{self._path / 'library'}:{ROOT / 'library'}",
            "ANSIBLE_ACTION_PLUGINS": f"{self._path / 'actions'}:{ROOT / 'action_plugins'}",
            "ANSIBLE_MODULE_UTILS": str(ROOT / "src"), "PYTHONPATH": str(ROOT / "src"),
        }  # fmt: skip
        command = [COMMAND, "play.yml", "-i", "inventory.yml"]
        done = subprocess.run(
            command, cwd=self._path, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        assert "PLAY RECAP" in done.stdout, done.stdout + done.stderr
        lines = done.stdout.partition("PLAY RECAP")[0].rstrip().splitlines()
        assert lines[-1] == "ok: [paper-1]"  # Ansible's own word on the last task
        return done.returncode, lines[:-1]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


def test_one_that_is_refused_and_one_that_is_proven_each_have_their_next_command(play: Play) -> None:
    refused = {"fails": True, "next_steps": [{"step": "resume", "incident": INCIDENT}, {"step": "reboot"}]}
    answers = {"alpha": refused, "gamma": {}}
    status, lines = play.run("steps/bot_command.yml", "freqops_flatten", answers, bot_command="flatten")
    assert status != 0
    assert sorted(lines[-2:], reverse=True) == [  # the order is that of the loop
        f"to take its hold one step down: {WHY}resume.yml -e bots=alpha -e incident={INCIDENT}",
        f"next, to take in what was sold: {WHY}reconcile.yml -e bots=gamma -e incident={INCIDENT}",
    ]


def test_a_resume_that_a_plan_keeps_down_says_how_it_starts(play: Play) -> None:
    answers = {"alpha": {"outcome": "stopped by plan"}, "gamma": {"outcome": "paused"}}
    status, lines = play.run("steps/bot_command.yml", "freqops_resume", answers, bot_command="resume")
    assert (status, lines[-1]) == (0, f"to start it: {WHY}bots.yml -e bots=alpha -e action=start")


def checklist(state: str, said: str, only_shown: str = "") -> dict[str, Any]:
    items = [{"name": name, "state": state, "said": [said], "by": "", "at": ""}
             for name in ("incident", "runs", "risk", "messages")]  # fmt: skip
    return {"version": 1, "items": items, "only_shown": only_shown, "anyway": ""}


def test_a_resume_shows_the_checklist_of_each_bot_and_what_is_due_where_it_refused(play: Play) -> None:
    steps = [{"step": "close", "incident": INCIDENT}, {"step": "vouch", "incident": INCIDENT}]
    refused = {"fails": True, "next_steps": steps, "restart": checklist("not met", "no cause\nalpha: 1/4 fine")}
    answers = {"alpha": {"outcome": "running", "restart": checklist("not met", "x", "it is on paper")},
               "gamma": refused}  # fmt: skip
    status, lines = play.run("steps/bot_command.yml", "freqops_resume", answers, bot_command="resume")
    assert status != 0
    shown = [line for line in lines if ": restart checklist: " in line]
    shown.sort(key=lambda line: line.partition(":")[0])  # either host may answer first
    assert [line.partition(":")[0] for line in shown] == ["alpha"] * 5 + ["gamma"] * 4
    assert shown[4] == "alpha: restart checklist: refused nothing, for it is on paper"
    assert shown[5].endswith(r"root cause fixed: NOT MET: no cause\nalpha: 1/4 fine")
    close = f"""playbooks/incident.yml -e action=close -e incident={INCIDENT} -e "root_cause='…'" -e "remedy='…'\""""
    again = f"{WHY}resume.yml -e bots=gamma -e incident={INCIDENT} -e ticked='…'"
    assert lines[-2:] == [
        f"to close its incident: ansible-playbook {close}",
        f"then, with the items that you have looked at: {again}",
    ]


@pytest.mark.parametrize("said", [{"version": 9}, "complete", {**checklist("met", "x"), "items": []}])
def test_a_checklist_that_is_none_is_not_shown_as_one(play: Play, said: Any) -> None:
    answers = {"alpha": {"outcome": "running", "restart": said}, "gamma": {"outcome": "running"}}
    status, lines = play.run("steps/bot_command.yml", "freqops_resume", answers, bot_command="resume")
    [line] = [line for line in lines if ": restart checklist: " in line]
    assert (status, "it cannot be read" in line) == (0, True)


def test_a_row_that_is_refused_has_its_next_command(play: Play) -> None:
    held = {"step": "resume", "incident": INCIDENT}
    rows = [{"bot": "alpha", "outcome": "refused", "proven": False, "next_steps": [held]},
            {"bot": "gamma", "outcome": "running", "proven": True, "next_steps": []}]  # fmt: skip
    status, lines = play.run("steps/bots.yml", "freqops_bots", {"all": {"fails": True, "bots": rows}})
    assert status != 0
    assert lines[-1] == f"to take its hold one step down: {WHY}resume.yml -e bots=alpha -e incident={INCIDENT}"


def test_a_removal_that_is_refused_says_what_ends_that(play: Play) -> None:
    rows = [{"bot": "alpha", "outcome": "refused", "proven": False, "next_steps": [{"step": "sell"}]},
            {"bot": "gamma", "outcome": "may go", "proven": True, "next_steps": []}]  # fmt: skip
    answer = {"fails": True, "bots": rows}
    status, lines = play.run("steps/remove_judge.yml", "freqops_remove", {"all": answer}, remove_bots="alpha")
    assert status != 0
    assert lines[-1] == f"to sell what it has open: {WHY}killswitch.yml -e bots=alpha -e level=2"


def test_a_restore_under_another_incident_is_repeated_whole(play: Play) -> None:
    tasks = yaml.safe_load((ROOT / "playbooks" / "restore.yml").read_text())[-1]["tasks"]
    words = next(each["vars"] for each in tasks if "bot_command" in each.get("vars", {}))
    assert words["bot_command"] == "restore"
    words |= {"bot_command": "flatten", "snapshot": "latest", "overwrite": "true", "fenced": "it's unplugged"}
    answers = {"alpha": {"fails": True, "next_steps": [{"step": "again", "incident": INCIDENT}]}, "gamma": {}}
    status, lines = play.run("steps/bot_command.yml", "freqops_flatten", answers, **words)
    assert status != 0
    [line] = [line for line in lines if "under the incident that is in force" in line]
    typed = shlex.split(line.partition(f"{WHY}flatten.yml ")[2])
    assert typed[:4] == ["-e", "bots=alpha", "-e", f"incident={INCIDENT}"]
    assert json.loads(typed[5]) == {"snapshot": "latest", "overwrite": "true", "fenced": "it's unplugged"}


def test_a_bot_that_was_rolled_back_has_its_report(play: Play) -> None:
    tasks = yaml.safe_load((ROOT / "roles/freqtrade/tasks/switch.yml").read_text())
    [block] = [each for each in tasks if "block" in each]
    say = next(each for each in block["always"] if "freqops_next" in each)
    act = {"name": "x", "freqops_switch": {"bot": "alpha"}, "register": block["block"][0]["register"]}
    rows = [{"bot": "alpha", "outcome": "rolled back", "well": False, "proven": True}]
    answer = {"alpha": {"fails": True, "bots": rows}}
    status, lines = play.play({"block": [act], "always": [say]}, "freqops_switch", answer)
    assert status != 0
    assert lines[-2].endswith(f"ansible-playbook playbooks/incident.yml -e incident={INCIDENT}")


def last(tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the task that says what is due next, of the last block that has one."""
    [block] = [each for each in tasks if "block" in each]
    return next(each for each in reversed(block["always"]) if "freqops_next" in each)


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("adopt_seen", {"fails": True, "next_steps": [{"step": "undo"}]}, "adopt.yml -e bot=alpha -e undo=true"),
        ("adopt_done", {"incident": INCIDENT}, "adopt.yml -e bot=alpha -e undo=true"),
        ("adopt_done", {"fails": True}, None),
        ("adopt_undone", {"fails": True, "next_steps": [{"step": "resume", "incident": INCIDENT}]},
         f"resume.yml -e bots=alpha -e incident={INCIDENT}"),
        ("adopt_undone", {"incident": INCIDENT}, None),
    ],
)  # fmt: skip
def test_an_adoption_ends_with_the_way_on_and_the_way_back(
    play: Play, name: str, answer: dict[str, Any], said: str | None
) -> None:
    always = yaml.safe_load((ROOT / "playbooks" / "steps" / "adopt_next.yml").read_text())
    act = {"name": "x", "freqops_adopt": {"bot": "alpha"}, "register": name}
    block = {"block": [act], "always": always, "vars": {"bot": "alpha"}}
    status, lines = play.play(block, "freqops_adopt", {"alpha": answer})
    assert (status != 0) == ("fails" in answer)
    assert [line.partition(WHY)[2] for line in lines if WHY in line][-1:] == ([said] if said else [])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"incident": INCIDENT, "level": 1}, f"resume.yml -e bots=alpha -e incident={INCIDENT}"),
        ({"fails": True}, "lockout.yml -e bots=alpha -e what=api"),
    ],
)
def test_a_lockout_ends_with_the_resume_or_with_itself(play: Play, answer: dict[str, Any], said: str) -> None:
    tasks = yaml.safe_load((ROOT / "playbooks" / "steps" / "lockout_act.yml").read_text())
    loop = {"loop": "{{ lockout_bots }}", "loop_control": {"loop_var": "lockout_bot"}}
    act = {"name": "x", "freqops_lockout": {"bot": "{{ lockout_bot.name }}"}, "register": "lockout_done", **loop}
    variables = {"lockout_bots": [{"name": "alpha"}], "what": "api"}
    block = {"block": [act], "always": [last(tasks)], "vars": variables}
    _, lines = play.play(block, "freqops_lockout", {"alpha": answer})
    assert lines[-1].endswith(WHY + said)
