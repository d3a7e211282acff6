#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the backups of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_backup
short_description: Back up a host, look at its backups, prove or export them
description:
  - Runs C(freqops-host backup) on the host. A backup is read back before it counts; bots trade meanwhile.
  - Fails unless every repository that was meant did what was asked for, and proved it.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Lists with O(action=list); else fails with NOTHING DONE, never mistaken for the real run.
options:
  action:
    description: V(run) backs up, V(list) says what is there and what of it counts, V(check) proves that nothing is
      missing, V(export) writes the newest snapshot as plain files.
    type: str
    choices: [run, list, check, export]
    default: run
  only:
    description: Parts separated by commas, with O(action=run) and O(action=export); all where not given.
    type: str
  repository:
    description: The repository that is meant; all where not given.
    type: str
  emptied:
    description: Bots separated by commas, or C(registry), that may be empty although they were not, with O(action=run).
    type: str
  to:
    description: The directory of the host that gets the export, with O(action=export).
    type: str
  read_data:
    description: Whether every byte is read, with O(action=check).
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Back up the databases alone, before something larger
  freqops_backup:
    only: trades
"""

RETURN = r"""
repositories:
  description: A row for each repository, with what was done, what is wrong, and, listed, its snapshots.
  returned: when the command came to its end
  type: list
  elements: dict
lines:
  description: The same for a person.
  returned: when the command came to its end
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.backup import answer
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    "action": {"type": "str", "choices": ["run", "list", "check", "export"], "default": "run"},
    "only": {"type": "str"},
    "repository": {"type": "str"},
    "emptied": {"type": "str"},
    "to": {"type": "str"},
    "read_data": {"type": "bool", "default": False},
}


def main() -> None:
    """Run the command, and fail unless the result is proven."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    if values["action"] != "list":
        host_command.refuse_check(module, "NOTHING DONE")
    words = host_command.options(values, "only", "repository", "emptied", "to")
    words += ["--read-data"] if values["read_data"] else []
    said = host_command.serve(module, ["backup", values["action"], "--json", *words], "repositories")
    try:
        found = answer.read(said)
    except Malformed as error:
        module.fail_json(msg=visible(f"freqops-host gave no answer that is understood: {error}"))
    done = {"repositories": [vars(row) for row in found.rows], "lines": found.lines()}
    changed = any(row.changed for row in found.rows)
    if found.exit != 0:
        module.fail_json(msg="NOT PROVEN: " + "; ".join(found.wrong()), changed=changed, **done)
    module.exit_json(changed=changed, **done)


if __name__ == "__main__":
    main()
