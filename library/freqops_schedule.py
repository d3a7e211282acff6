#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the calendar of a machine, shown, proven, or one of its jobs run now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_schedule
short_description: Show the calendar of a machine, prove it, or run one of its jobs now
description:
  - Shows each job, when it comes next, and how it last ended, all of it in UTC.
  - With O(action=prove), fails where a timer is not enabled, active and as it was written.
  - With O(action=run), starts the same unit that the timer starts, and reads its end back from the record of the job.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Everything but O(action=run), which fails with NOTHING DONE.
options:
  action:
    description: V(list) shows the calendar, V(prove) fails where its timers are not as they should be, V(run) runs a
      job.
    type: str
    choices: [list, prove, run]
    default: list
  job:
    description: The job, with O(action=run).
    type: str
  wanted:
    description: A calendar that is not written yet, to be shown in its place in a check.
    type: dict
"""

EXAMPLES = r"""
---
- name: Check the backups now
  freqops_schedule:
    action: run
    job: backup-check
"""

RETURN = r"""
lines:
  description: The calendar, or the end of the run, for a person.
  returned: always
  type: list
  elements: str
rc:
  description: The status with which the playbook ended.
  returned: with O(action=run), when it was read back
  type: int
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import commands
from ansible.module_utils.freqops.core.base.clock import Clock, iso
from ansible.module_utils.freqops.core.base.errors import NotProven, Refused
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.schedule import calendar_file, look, started
from ansible.module_utils.freqops.core.schedule.record import End

ARGUMENT_SPEC: dict[str, Any] = {
    "action": {"type": "str", "choices": ["list", "prove", "run"], "default": "list"},
    "job": {"type": "str"},
    "wanted": {"type": "dict"},
}


def _calendar(module: AnsibleModule) -> calendar_file.Calendar:
    wanted = module.params["wanted"]
    return calendar_file.load() if not (module.check_mode and wanted) else calendar_file.read(wanted)


def _shown(module: AnsibleModule) -> dict[str, Any]:
    calendar = _calendar(module)
    seen = look.look(commands.run, calendar, Clock().utcnow(), look.Places())
    lines = look.lines(commands.run, seen)
    if module.params["action"] == "prove" and not module.check_mode:
        wrong = [text for each in seen for text in each.timer_wrong]
        if wrong:
            raise NotProven("; ".join(wrong))
    return {"changed": False, "lines": lines}


def _run(module: AnsibleModule) -> End:
    host_command.refuse_check(module, "NOTHING DONE")
    if not module.params["job"]:
        raise Refused("no job is named: -e job=…")
    return started.run(commands.run, calendar_file.load(), module.params["job"], Clock(), look.Places())


def main() -> None:
    """Run the module."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        if module.params["action"] != "run":
            module.exit_json(**_shown(module))
        end = _run(module)
    except Refused as refusal:
        module.fail_json(msg=visible(f"REFUSED, nothing ran: {refusal}"))
    except (NotProven, Malformed, OSError) as error:
        module.fail_json(msg=visible(f"NOT PROVEN: {error}"))
    name = module.params["job"]
    lines = [*end.lines, f"job {name}: status {end.rc}, from {iso(end.began)} to {iso(end.ended)}"]
    if end.rc != 0:
        said = " | ".join(end.lines[-look.SHOWN_LINES :])
        text = visible(f"NOT PROVEN: job {name} ended with status {end.rc}: {said}")
        module.fail_json(msg=text, changed=True, rc=end.rc, lines=lines)
    module.exit_json(changed=True, rc=end.rc, lines=lines)


if __name__ == "__main__":
    main()
