#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: whether a machine can have a calendar, before it gets it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_schedule_judge
short_description: Judge a calendar on the machine that is to have it
description:
  - Refuses entries that say what they may not, expressions that the systemd of this machine does not take, a project,
    an inventory or an environment that their user cannot use, and a vault password that others can read.
  - Says what the calendar and its units must be. It changes nothing.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  defaults:
    description: The entries that are there where nothing else is said.
    type: list
    elements: dict
    default: []
  jobs:
    description: More entries; one with the name of a default replaces it.
    type: list
    elements: dict
    default: []
  playbooks:
    description: The inputs that each playbook declares, by name.
    type: dict
    required: true
  project:
    description: The checkout of freqops on this machine.
    type: str
    required: true
  python:
    description: The Python of its virtual environment.
    type: str
    required: true
  inventory:
    description: The inventory of all jobs, on this machine.
    type: str
    required: true
  user:
    description: The user as whom they run.
    type: str
    required: true
  vault_file:
    description: The file with the vault password, for the jobs that need it.
    type: str
    default: ""
  keep:
    description: How many runs of each job are kept.
    type: int
    required: true
"""

EXAMPLES = r"""
---
- name: Judge the calendar
  freqops_schedule_judge:
    jobs:
      - {name: status, playbook: status, when: hourly, seconds: 600}
    playbooks: {status: {}}
    project: /opt/freqops
    python: /opt/freqops/.venv/bin/python
    inventory: /opt/inventory
    user: ops
    keep: 30
"""

RETURN = r"""
calendar:
  description: The calendar, as it is to be written down.
  returned: always
  type: dict
units:
  description: The text of each unit, by its name.
  returned: always
  type: dict
timers:
  description: The units that are to be enabled and active.
  returned: always
  type: list
  elements: str
absent:
  description: The units of jobs that must not be there, timers first.
  returned: always
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import commands, units
from ansible.module_utils.freqops.core.base.clock import Clock
from ansible.module_utils.freqops.core.base.errors import Refused
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.schedule import calendar_file, entries, machine

ARGUMENT_SPEC: dict[str, Any] = {
    "defaults": {"type": "list", "elements": "dict", "default": []},
    "jobs": {"type": "list", "elements": "dict", "default": []},
    "playbooks": {"type": "dict", "required": True},
    "project": {"type": "str", "required": True},
    "python": {"type": "str", "required": True},
    "inventory": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "vault_file": {"type": "str", "default": ""},
    "keep": {"type": "int", "required": True},
}


def _former(inventory: str) -> calendar_file.Calendar | None:
    """Return the calendar that this machine has.

    Raises:
        Refused: It is that of another inventory.
        Malformed: It cannot be read.
    """
    try:
        found = calendar_file.load()
    except calendar_file.NoCalendar:
        return None
    if found.jobs and found.inventory != inventory:
        raise Refused(f"the calendar of this machine is that of the inventory {found.inventory}; a machine has one: "
                      f"empty that first (schedule_default_jobs and schedule_jobs are [])")  # fmt: skip
    return found


def main() -> None:
    """Judge the calendar, and return its units."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    given = dict(module.params)
    rows = entries.merged(given.pop("defaults"), given.pop("jobs"))
    try:
        wanted = entries.parse(rows, given.pop("playbooks"))
        former = _former(given["inventory"])
        calendar = machine.judge(commands.run, calendar_file.Wanted(**given), wanted, Clock().utcnow()).since_of(former)
        absent = machine.absent(calendar, Path(units.PLACE))
    except (Refused, Malformed, OSError) as error:
        module.fail_json(msg=visible(f"REFUSED, nothing was changed: {error}"))
    texts = machine.units(calendar)
    timers = [name for name in texts if name.endswith(".timer")]
    module.exit_json(changed=False, calendar=calendar.to_json(), units=texts, timers=timers, absent=absent)


if __name__ == "__main__":
    main()
