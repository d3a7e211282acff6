#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: units of systemd."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_units
short_description: Install units of systemd and run their timers, all in one call
description:
  - Writes the files that differ, has systemd read them, enables and restarts the timers, and reads back that they run.
  - Where nothing differs and all timers run, nothing is done.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
options:
  files:
    description: The text of each unit, by its name.
    type: dict
    required: true
  timers:
    description: The units that shall run, now and after a boot.
    type: list
    elements: str
    default: []
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Run a timer
  freqops_units:
    files:
      mine.service: "{{ lookup('ansible.builtin.template', 'mine.service.j2') }}"
      mine.timer: "{{ lookup('ansible.builtin.template', 'mine.timer.j2') }}"
    timers: [mine.timer]
"""

RETURN = r"""
started:
  description: The timers that were started, or started anew.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core import commands, units
from ansible.module_utils.freqops.core.errors import FreqopsError

ARGUMENT_SPEC: dict[str, Any] = {
    "files": {"type": "dict", "required": True},
    "timers": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    """Compare, and do what differs."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    here = units.Units(commands.run)
    try:
        found = here.compare(module.params["files"], module.params["timers"])
        changed = bool(found.after or found.idle)
        if changed and not module.check_mode:
            here.apply(found)
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=str(error))
    diff = [
        {"before_header": name, "after_header": name, "before": found.before[name], "after": text}
        for name, text in found.after.items()
    ]
    module.exit_json(changed=changed, started=found.idle, diff=diff)


if __name__ == "__main__":
    main()
