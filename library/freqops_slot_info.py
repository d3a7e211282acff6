#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the run slots of a host that are taken, and their holders."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_slot_info
short_description: Show which run slots of a host are taken, and by whom
description:
  - Reads the lock files of all run slots of the host, those that were not written by freqops, too. It changes nothing.
  - Fails where the directory of slots cannot be read. A single lock file that cannot be read is in RV(problems).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.root
"""

EXAMPLES = r"""
---
- name: Look at the run slots
  freqops_slot_info:
    root: /srv/freqops
  register: slots
"""

RETURN = r"""
slots:
  description:
    - The lock files by name, each with C(file), C(kind), C(state), C(detail), C(holder), C(pid), C(cid), C(taken_at),
      C(heartbeat_s), C(ttl_s) and C(run_pid). The token is not shown.
    - The state is C(active), C(late), C(holder gone), C(run left behind), C(unreadable), C(stale) or
      C(active, not of freqops).
  returned: success
  type: list
  elements: dict
kinds:
  description: How many slots of each kind count as taken (C(active)), and how many there are (C(limit)).
  returned: success
  type: dict
problems:
  description: Problems, a line for each, with its cure.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.clock import Clock
from ansible.module_utils.freqops.core.base.errors import FreqopsError
from ansible.module_utils.freqops.core.base.visible import all_visible, visible
from ansible.module_utils.freqops.core.runs.slot_directory import SlotDirectory

ARGUMENT_SPEC: dict[str, Any] = {"root": {"type": "path", "default": "/srv/freqops"}}


def main() -> None:
    """Look, and return the slots."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        answer = SlotDirectory(Path(module.params["root"]), Clock()).answer()
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=visible(f"THE SLOTS ARE NOT KNOWN: {error}"))
    module.exit_json(changed=False, **all_visible(answer))


if __name__ == "__main__":
    main()
