"""What the steps of upgrade_postgres.yml give their module, under the deploy lock; with Ansible itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.plays.noted_steps import Steps

LOCK = """from pathlib import Path

from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        with Path(NOTE).open("a") as stream:
            stream.write(self._task.args["id"] + " " + self._task.args.get("state", "taken") + ", ")
        return super().run(tmp, task_vars)
"""


class LockedSteps(Steps):
    """The steps of the upgrade, with a deploy lock that notes who takes it and gives it back."""

    def __init__(self, path: Path, database: str = "postgresql") -> None:
        bots = [{"name": "alpha", "database": database}, {"name": "beta", "database": "sqlite"}]
        super().__init__(path, "upgrade_postgres", bots, postgres_image="the-image")
        self.lock = path / "lock"
        self.act("freqops_deploy_lock", LOCK.replace("NOTE", repr(str(self.lock))))
        (path / "library" / "freqops_deploy_lock.py").write_text("#!/usr/bin/python\n")


@pytest.fixture
def steps(tmp_path: Path) -> LockedSteps:
    return LockedSteps(tmp_path)


def test_the_image_of_the_inventory_is_brought_under_the_deploy_lock(steps: LockedSteps) -> None:
    given = steps.run()
    assert given is not None
    assert (given["image"], given["state"], given["overwrite"], given["used"]) == ("the-image", "upgraded", False, True)
    assert (given["host"], given["incident"]) == ("paper-1", "one")
    assert (steps.evidence.read_text(), steps.lock.read_text()) == ("one", "one taken, one given, ")


def test_an_undo_names_no_image_and_a_check_brings_no_evidence(steps: LockedSteps) -> None:
    given = steps.run("-e", "action=undo overwrite=true", "--check")
    assert given is not None
    assert (given["image"], given["state"], given["overwrite"]) == ("", "undone", True)
    assert not steps.evidence.exists()


def test_a_host_whose_bots_use_no_postgres_is_said_so(tmp_path: Path) -> None:
    steps = LockedSteps(tmp_path, "sqlite")
    given = steps.run()
    assert given is not None
    assert (given["used"], steps.lock.exists()) == (False, False)
