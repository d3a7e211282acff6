"""Steps of a playbook on one host that is this machine, run by Ansible, with a module that notes what it was given."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ansible.module_utils

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
    """The steps of a playbook on one host.

    Args:
        path: A directory of the test.
        name: The name of the steps, and of the module without its ``freqops_``.
        bots: The bots of the host.
        variables: More variables of the host.
    """

    def __init__(self, path: Path, name: str, bots: Sequence[Mapping[str, Any]], **variables: Any) -> None:
        self.path, self.note, self.evidence = path, path / "given.json", path / "evidence"
        (path / "library").mkdir()
        (path / "actions").mkdir()
        specification = importlib.import_module(f"library.freqops_{name}").ARGUMENT_SPEC
        module = MODULE.replace("NOTE", repr(str(self.note))).replace("SPEC", repr(specification))
        (path / "library" / f"freqops_{name}.py").write_text(module)
        self.act("freqops_incident", ACTION.replace("NOTE", repr(str(self.evidence))))
        (path / "ansible.cfg").touch()
        mandate = {"incident": "one", "reason": "why", "actor": "ann"}
        host: dict[str, Any] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        host |= {"freqtrade_bots": bots, "mandate": mandate, **variables}
        (path / "inventory.yml").write_text(json.dumps({"all": {"hosts": {"paper-1": host}}}))
        task = {"name": "x", "ansible.builtin.import_tasks": str(ROOT / "playbooks" / "steps" / f"{name}.yml")}
        (path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))

    def act(self, name: str, text: str) -> None:
        """Put an action in the place of one of ours."""
        (self.path / "actions" / f"{name}.py").write_text(text)

    def run(self, *words: str) -> dict[str, Any] | None:
        """Run them, and return what the module was given; None where it did not run."""
        settings = {
            "ANSIBLE_HOME": str(self.path / "home"), "ANSIBLE_CONFIG": str(self.path / "ansible.cfg"),
            "ANSIBLE_LIBRARY": f"{self.path / 'library'}:{ROOT / 'library'}",
            "ANSIBLE_ACTION_PLUGINS": f"{self.path / 'actions'}:{ROOT / 'action_plugins'}",
            "ANSIBLE_MODULE_UTILS": str(ROOT / "src"), "PYTHONPATH": str(ROOT / "src"),
        }  # fmt: skip
        command = [COMMAND, "play.yml", "-i", "inventory.yml", *words]
        done = subprocess.run(
            command, cwd=self.path, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(self.note.read_text()) if self.note.exists() else None
