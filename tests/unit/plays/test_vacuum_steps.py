"""Which bots of a host the steps of vacuum.yml mean, and what they are given; with Ansible itself."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ansible.module_utils
import pytest

ROOT = Path(__file__).parents[3]
COMMAND = str(Path(sys.executable).parent / "ansible-playbook")
ansible.module_utils.__path__.append(str(ROOT / "src"))
MODULE = """#!/usr/bin/python
import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(SPEC, supports_check_mode=True)
Path(NOTE).write_text(json.dumps(module.params))
module.exit_json(changed=True, lines=["as the test says"], bots=[])
"""
ACTION = """from pathlib import Path

from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        Path(NOTE).write_text(self._task.args["incident"])
        return {**super().run(tmp, task_vars), "msg": "THE EVIDENCE"}
"""


class Steps:
    """The steps of the playbook on one host, with a module that notes what it was given."""

    def __init__(self, path: Path) -> None:
        self._path, self.note, self.evidence = path, path / "given.json", path / "evidence"
        (path / "library").mkdir()
        (path / "actions").mkdir()
        specification = importlib.import_module("library.freqops_vacuum").ARGUMENT_SPEC
        module = MODULE.replace("NOTE", repr(str(self.note))).replace("SPEC", repr(specification))
        (path / "library" / "freqops_vacuum.py").write_text(module)
        (path / "actions" / "freqops_incident.py").write_text(ACTION.replace("NOTE", repr(str(self.evidence))))
        (path / "ansible.cfg").touch()
        bots = [{"name": name} for name in ("alpha", "beta")]
        mandate = {"incident": "one", "reason": "why", "actor": "ann"}
        host: dict[str, Any] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        host |= {"freqtrade_bots": bots, "mandate": mandate}
        (path / "inventory.yml").write_text(json.dumps({"all": {"hosts": {"paper-1": host}}}))
        task = {"name": "x", "ansible.builtin.import_tasks": str(ROOT / "playbooks" / "steps" / "vacuum.yml")}
        (path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))

    def run(self, *words: str) -> dict[str, Any] | None:
        """Run them, and return what the module was given; None where it did not run."""
        settings = {
            "ANSIBLE_HOME": str(self._path / "home"), "ANSIBLE_CONFIG": str(self._path / "ansible.cfg"),
            "ANSIBLE_LIBRARY": f"{self._path / 'library'}:{ROOT / 'library'}",
            "ANSIBLE_ACTION_PLUGINS": f"{self._path / 'actions'}:{ROOT / 'action_plugins'}",
            "ANSIBLE_MODULE_UTILS": str(ROOT / "src"), "PYTHONPATH": str(ROOT / "src"),
        }  # fmt: skip
        command = [COMMAND, "play.yml", "-i", "inventory.yml", *words]
        done = subprocess.run(
            command, cwd=self._path, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(self.note.read_text()) if self.note.exists() else None


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(tmp_path)


def test_all_bots_of_a_host_are_meant_and_the_evidence_is_brought(steps: Steps) -> None:
    given = steps.run()
    assert given is not None
    assert (given["bots"], given["full"], given["open_trades_ok"]) == (["alpha", "beta"], False, False)
    assert (given["above_mb"], given["longest"]) == (None, None)
    assert steps.evidence.read_text() == "one"


def test_words_of_the_command_line_are_what_they_mean(steps: Steps) -> None:
    words = "bots='beta, gamma' full=true open_trades_ok=true above_mb=0 longest=30"
    given = steps.run("-e", words)
    assert given is not None
    assert (given["bots"], given["full"], given["open_trades_ok"]) == (["beta"], True, True)
    assert (given["above_mb"], given["longest"]) == (0, 30)


def test_a_check_brings_no_evidence_and_bots_of_other_hosts_run_nothing(steps: Steps) -> None:
    assert steps.run("--check") is not None
    assert not steps.evidence.exists()
    steps.note.unlink()
    assert steps.run("-e", "bots=gamma") is None
