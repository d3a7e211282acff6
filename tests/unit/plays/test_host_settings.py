"""Settings of the role host that make no sense are refused by its own task, before anything of the host is changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROLE = Path(__file__).parents[3] / "roles" / "host"
COMMAND = str(Path(sys.executable).parent / "ansible-playbook")
TASK = "preflight | Refuse settings that make no sense"
GOOD: dict[str, dict[str, Any]] = {
    "as-it-is": {},
    "least": {"host_reassert_seconds": "1", "host_confirm_seconds": 5},
    "most": {"host_reassert_seconds": 5, "host_confirm_seconds": "600"},
    "named": {"host_operators": ["ops"]},
}
BAD: dict[str, dict[str, Any]] = {
    "no-pace": {"host_reassert_seconds": 0},
    "slow": {"host_reassert_seconds": "6"},
    "hasty": {"host_confirm_seconds": 4},
    "patient": {"host_confirm_seconds": 601},
    "group": {"host_operators": ["%wheel"]},
    "no-key": {"host_halt_keys": ["nobody"]},
}


def test_each_setting_is_taken_within_its_bounds_and_refused_beyond(tmp_path: Path) -> None:
    [task] = [each for each in yaml.safe_load((ROLE / "tasks/preflight.yml").read_text()) if each["name"] == TASK]
    files = [str(ROLE / "vars/main.yml")]
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    play = {"hosts": "all", "gather_facts": False, "vars_files": files, "tasks": [task]}
    hosts = {name: {"ansible_connection": "local", **values} for name, values in (GOOD | BAD).items()}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    (tmp_path / "inventory.yml").write_text(json.dumps({"all": {"vars": defaults, "hosts": hosts}}))
    command = [COMMAND, str(tmp_path / "play.yml"), "-i", str(tmp_path / "inventory.yml")]
    settings = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(tmp_path / "ansible")}
    done = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=False)
    recap = dict(re.findall(r"^(\S+) +: .*\bfailed=(\d+)", done.stdout, re.MULTILINE))
    assert recap == dict.fromkeys(GOOD, "0") | dict.fromkeys(BAD, "1"), done.stdout + done.stderr
    assert "host_reassert_seconds must lie between 1 and 5" in done.stdout
