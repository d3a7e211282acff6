"""The playbook of repositories under the deploy lock, run by Ansible on this machine, with stand-ins for its roles."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from freqops.core.base.clock import Clock
from freqops.core.deploy import deploy_lock

ROOT = Path(__file__).parents[3]
COMMAND = str(Path(sys.executable).parent / "ansible-playbook")
LINKED = ("action_plugins", "src", "doc_fragments")
PROOF = """
import os
from ansible.module_utils.basic import AnsibleModule
names = {name: {"type": "raw"} for name in ("state", "repositories", "accounts", "host", "log", "lock", "deploy_lock")}
module = AnsibleModule(names)
found = module.params
with open(found["log"], "a") as log:
    locked = os.path.exists(found["lock"])
    own = locked and found["deploy_lock"] and found["deploy_lock"] in open(found["lock"]).read()
    log.write(f"{found['state']} {found['host']}{' locked' * locked}{', its own' * bool(own)}\\n")
module.exit_json(changed=False)
"""
DECLARES, KEEPS, NEITHER = "paper-1", "vault-1", "paper-2"
LET_IN = {"ansible.builtin.set_fact": {"repositories_let_in": {f"vault of {DECLARES}": "fqr-0"}}}
ANOTHER = deploy_lock.DeployLock("another", "ann", "elsewhere", 1, "1", pid_namespace="another machine")


class Play:
    """The playbook on three hosts that are this machine; each act writes down whether the lock of its host is had."""

    def __init__(self, place: Path) -> None:
        self.place, self.log = place, place / "log"
        self.declared = [{"name": "vault", "at": KEEPS}]
        for name in LINKED:
            (place / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "ansible.cfg", place)
        shutil.copytree(ROOT / "library", place / "library")
        (place / "library" / "freqops_repositories.py").write_text(PROOF)
        shutil.copytree(ROOT / "playbooks", place / "playbooks")
        for role, more in (("backup", []), ("repositories", [LET_IN])):
            (place / "roles" / role / "tasks").mkdir(parents=True)
            self._write(place / "roles" / role / "tasks" / "main.yml", [self.act(role), *more])
        for step in ("bring", "reach"):
            self._write(place / "playbooks" / "steps" / f"repositories_{step}.yml", [self.act(step)])
        path = place / "playbooks" / "repositories.yml"
        plays = yaml.safe_load(path.read_text())
        block = plays[-1]["tasks"][-1]
        for task in [*block["block"], *block["always"]]:
            if "freqops_deploy_lock" in task:
                task["freqops_deploy_lock"]["root"] = f"{place}/root/{{{{ inventory_hostname }}}}"
            if "freqops_repositories" in task:
                told = {"host": "{{ inventory_hostname }}", "log": str(self.log), "lock": self.lock}
                task["freqops_repositories"].update(told)
        self._write(path, plays)

    @staticmethod
    def _write(path: Path, document: Any) -> None:
        path.write_text(yaml.safe_dump(document, sort_keys=False))

    def act(self, what: str) -> dict[str, Any]:
        """Return what stands in for an act."""
        line = f"echo {what} {{{{ inventory_hostname }}}} $(test -e {self.lock} && echo locked) >> {self.log}"
        return {"ansible.builtin.shell": f"{line}; test ! -e {self.place}/{what}.fails"}

    @property
    def lock(self) -> str:
        """The lock of whichever host a task is for."""
        return f"{self.place}/root/{{{{ inventory_hostname }}}}/{deploy_lock.FILE}"

    def root(self, host: str) -> Path:
        return self.place / "root" / host

    def run(self) -> subprocess.CompletedProcess[str]:
        here = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
        hosts: dict[str, Any] = {name: dict(here) for name in (DECLARES, NEITHER)}
        hosts[DECLARES]["backup_repositories"] = self.declared
        inventory = {"paper": {"hosts": hosts}, "repositories": {"hosts": {KEEPS: here}}}
        (self.place / "hosts.yml").write_text(json.dumps(inventory))
        environment = {
            **os.environ, "ANSIBLE_CONFIG": str(self.place / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.place / "ansible"), "PYTHONPATH": str(ROOT / "src"),
        }  # fmt: skip
        return subprocess.run(
            [COMMAND, "playbooks/repositories.yml", "-i", str(self.place / "hosts.yml")], cwd=self.place,
            env=environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    @property
    def done(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    @property
    def locked(self) -> list[str]:
        return sorted(path.parent.name for path in (self.place / "root").glob(f"*/{deploy_lock.FILE}"))


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


def test_each_host_is_changed_under_its_lock_in_order_and_gives_it_back(play: Play) -> None:
    ended = play.run()
    assert ended.returncode == 0, ended.stdout
    assert play.done == [
        f"backup {DECLARES} locked", f"bring {DECLARES} locked", f"repositories {KEEPS} locked",
        f"reach {DECLARES} locked", *play.done[4:],
    ]  # fmt: skip
    for what, lines, own in (("reached", play.done[4:7], ""), ("kept", play.done[7:], ", its own")):
        wanted = [f"{what} {DECLARES} locked{own}", f"{what} {NEITHER}", f"{what} {KEEPS} locked{own}"]
        assert sorted(lines) == wanted
    assert "repositories: done, 3 of 3 hosts" in ended.stdout
    assert play.locked == []
    assert not play.root(NEITHER).exists()


def test_one_that_fails_gives_its_lock_back(play: Play) -> None:
    (play.place / "repositories.fails").touch()
    ended = play.run()
    assert ended.returncode != 0
    assert f"repositories {KEEPS} locked" in play.done
    assert f"reached {KEEPS} locked" not in play.done
    assert play.locked == []


def test_a_host_on_which_somebody_deploys_is_not_touched_and_keeps_its_lock(play: Play) -> None:
    deploy_lock.take(play.root(KEEPS), ANOTHER, Clock())
    ended = play.run()
    assert ended.returncode != 0
    assert "REFUSED, nothing was touched: ann deploys here" in ended.stdout
    assert not [line for line in play.done if KEEPS in line]
    assert play.locked == [KEEPS]
    found = deploy_lock.present(play.root(KEEPS))
    assert found is not None
    assert found.id == "another"


def test_an_entry_that_means_nothing_is_refused_before_any_lock_is_taken(play: Play) -> None:
    play.declared.append({"name": "other", "at": NEITHER})
    ended = play.run()
    assert ended.returncode != 0
    assert f"other: at is {NEITHER}, which keeps no repositories" in ended.stdout
    assert not (play.place / "root").exists()
    assert play.done == []
