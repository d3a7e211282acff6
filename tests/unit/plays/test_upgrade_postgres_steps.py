"""What the steps of upgrade_postgres.yml give their module, under the deploy lock; with Ansible itself."""

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

LOCK = """from pathlib import Path

from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        with Path(NOTE).open("a") as stream:
            stream.write(self._task.args["id"] + " " + self._task.args.get("state", "taken") + ", ")
        return super().run(tmp, task_vars)
"""


class Steps:
    """The steps of the playbook on one host, with a module that notes what it was given."""

    def __init__(self, path: Path, database: str = "postgresql") -> None:
        self._path, self.note, self.evidence = path, path / "given.json", path / "evidence"
        (path / "library").mkdir()
        (path / "actions").mkdir()
        specification = importlib.import_module("library.freqops_upgrade_postgres").ARGUMENT_SPEC
        module = MODULE.replace("NOTE", repr(str(self.note))).replace("SPEC", repr(specification))
        (path / "library" / "freqops_upgrade_postgres.py").write_text(module)
        (path / "actions" / "freqops_incident.py").write_text(ACTION.replace("NOTE", repr(str(self.evidence))))
        self.lock = path / "lock"
        action = LOCK.replace("NOTE", repr(str(self.lock)))
        (path / "actions" / "freqops_deploy_lock.py").write_text(action)
        (path / "library" / "freqops_deploy_lock.py").write_text("#!/usr/bin/python\n")
        (path / "ansible.cfg").touch()
        bots = [{"name": "alpha", "database": database}, {"name": "beta", "database": "sqlite"}]
        mandate = {"incident": "one", "reason": "why", "actor": "ann"}
        host: dict[str, Any] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        host |= {"freqtrade_bots": bots, "mandate": mandate, "postgres_image": "the-image"}
        (path / "inventory.yml").write_text(json.dumps({"all": {"hosts": {"paper-1": host}}}))
        task = {"name": "x", "ansible.builtin.import_tasks": str(ROOT / "playbooks" / "steps" / "upgrade_postgres.yml")}
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


def test_the_image_of_the_inventory_is_brought_under_the_deploy_lock(steps: Steps) -> None:
    given = steps.run()
    assert given is not None
    assert (given["image"], given["state"], given["overwrite"], given["used"]) == ("the-image", "upgraded", False, True)
    assert (given["host"], given["incident"]) == ("paper-1", "one")
    assert (steps.evidence.read_text(), steps.lock.read_text()) == ("one", "one taken, one given, ")


def test_an_undo_names_no_image_and_a_check_brings_no_evidence(steps: Steps) -> None:
    given = steps.run("-e", "action=undo overwrite=true", "--check")
    assert given is not None
    assert (given["image"], given["state"], given["overwrite"]) == ("", "undone", True)
    assert not steps.evidence.exists()


def test_a_host_whose_bots_use_no_postgres_is_said_so(tmp_path: Path) -> None:
    steps = Steps(tmp_path, "sqlite")
    given = steps.run()
    assert given is not None
    assert (given["used"], steps.lock.exists()) == (False, False)
