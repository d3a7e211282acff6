#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: directories, all in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_directories
short_description: Make directories with their owners and modes, all in one call
description:
  - Does for many directories what C(ansible.builtin.file) does for one; a deploy needs dozens, and a call of each costs
    more than all the work.
  - What exists and is no directory is refused. Nothing below a directory is touched.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  below:
    description: The directory to which the others are relative.
    type: path
    required: true
  directories:
    description: The directories, parents before their children.
    type: list
    elements: dict
    required: true
    options:
      path:
        description: Its path, relative to O(below); empty for that one itself.
        type: str
        required: true
      owner:
        description: Numeric user.
        type: int
        default: 0
      group:
        description: Numeric group.
        type: int
        default: 0
      mode:
        description: Its mode, octal, quoted.
        type: str
        default: "0755"
"""

EXAMPLES = r"""
---
- name: Make the tree
  freqops_directories:
    below: /srv/freqops
    directories:
      - path: bots
      - path: incidents
        mode: "0700"
"""

RETURN = r"""
made:
  description: The directories that were made, or given another owner or mode.
  returned: always
  type: list
  elements: str
"""

import os
import stat
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.visible import visible

ARGUMENT_SPEC: dict[str, Any] = {
    "below": {"type": "path", "required": True},
    "directories": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "str", "required": True},
            "owner": {"type": "int", "default": 0},
            "group": {"type": "int", "default": 0},
            "mode": {"type": "str", "default": "0755"},
        },
    },
}


def _present(path: Path) -> tuple[int, int, int] | None:
    """Return owner, group and mode of a directory, None where there is nothing."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(f"{path} exists and is no directory")
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


def _shown(seen: tuple[int, int, int] | None) -> str:
    return "absent" if seen is None else f"{seen[0]}:{seen[1]} {seen[2]:04o}"


def main() -> None:
    """Compare, and make the missing directories."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    below = Path(module.params["below"])
    before, after = [], []
    try:
        for item in module.params["directories"]:
            path = below / item["path"]
            wanted = (item["owner"], item["group"], int(item["mode"], 8))
            seen = _present(path)
            if seen == wanted:
                continue
            before.append(f"{path} {_shown(seen)}")
            after.append(f"{path} {_shown(wanted)}")
            if not module.check_mode:
                path.mkdir(mode=0o700, exist_ok=True)
                os.chown(path, *wanted[:2])
                path.chmod(wanted[2])
    except (OSError, ValueError) as error:
        module.fail_json(msg=visible(str(error)))
    made = [line.split(" ")[0] for line in after]
    diff = {"before": "".join(f"{line}\n" for line in before), "after": "".join(f"{line}\n" for line in after)}
    module.exit_json(changed=bool(made), made=made, diff=diff)


if __name__ == "__main__":
    main()
