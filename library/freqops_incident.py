#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_incident
short_description: Incidents of all hosts of the play at once, listed, shown, opened, closed, checked
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each host with bots it runs C(freqops-host incidents), and C(freqops-host incident) for the
    files.
  - With O(action=show), which is the default, and O(action=export), it writes the files of each host, and beside them
    C(report.md), C(incident.md) and C(report.html) for people and C(summary.json) for programs, to a directory named
    after the incident. Files that were copied before are kept where a host gives nothing now.
  - Fails where a host gave no answer or did not run the action, where a file was too large to be copied whole,
    where a check finds a fault that it cannot mend, and where no host has such an incident. A host without a part in an
    incident is shown as such and is no failure.
  - The reason of O(action=open), which describes the incident, and of O(action=acknowledge) is the variable C(reason)
    of the play, as it was given; nothing in it is a template.
  - To see the incidents of a single host in a playbook of your own, use M(freqops_incident_info).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Lists as always; with O(action=show) and O(action=export) it fetches nothing and says so; with
      O(action=check) it mends nothing and fails where there is something to mend; else it fails with NOTHING DONE, so
      that a check is never mistaken for the real run.
options:
  action:
    description: V(list) lists, V(show) copies one and writes its reports, V(open), V(acknowledge) and V(close) take
      one through its life, V(check) compares registry, chain and evidence and mends what lacks its half, V(export)
      makes one archive of what V(show) copies.
    type: str
    default: show
    choices: [list, show, open, acknowledge, close, check, export]
  incident:
    description: The id of the incident; for all but V(list), V(open) and V(check) of O(action).
    type: str
  directory:
    description: Where incidents lie on the control node; where not given, C(incidents) at the root of the project.
    type: path
  hosts:
    description: The hosts to ask, whether or not they have bots in the inventory; where not given, those that have.
    type: list
    elements: str
  bots:
    description: The bots that an incident to be opened is about, by their names, separated by commas; V(all) where not
      given.
    type: str
  bot:
    description: List what is about this bot.
    type: str
  kind:
    description: List what is of this kind.
    type: str
  severity:
    description: The severity of an incident to be opened; or list what is as grave at least.
    type: str
  run:
    description: The run that an incident to be opened is about; only the host that has it opens one.
    type: str
  state:
    description: List what is in this state.
    type: str
  since:
    description: List what was opened since then, like V(2026-01-31T18:00:00Z).
    type: str
  up_to:
    description: List what was opened until then.
    type: str
  root_cause:
    description: Why it happened; for O(action=close).
    type: str
  remedy:
    description: What was done about it; for O(action=close).
    type: str
"""

EXAMPLES = r"""
---
- name: Copy an incident and write its report
  freqops_incident:
    incident: 20260102T030405Z-halt1-9f3c21

- name: See what nobody looks after
  freqops_incident:
    action: list
    state: open
"""

RETURN = r"""
action:
  description: What was done.
  returned: unless refused
  type: str
incidents:
  description: A row for each incident and host.
  returned: with V(list), V(open), V(acknowledge) and V(close) of O(action)
  type: list
  elements: dict
report:
  description: Where the report lies.
  returned: with V(show) and V(export) of O(action), where any host has files of the incident, or had before
  type: str
six_fields:
  description: Where the report in six fields lies.
  returned: with RV(report)
  type: str
page:
  description: Where the page for a browser lies, one HTML file with the six fields, the verdicts and a timeline.
  returned: with RV(report)
  type: str
summary:
  description: The incident as one small dict, as in C(summary.json).
  returned: with RV(report)
  type: dict
archive:
  description: Where the archive lies.
  returned: with O(action=export)
  type: str
files:
  description: How many files came from each host.
  returned: with V(show) and V(export) of O(action), but not in check mode
  type: dict
absent:
  description: The hosts that have no such incident.
  returned: with V(show), V(export), V(open), V(acknowledge) and V(close) of O(action)
  type: list
  elements: str
problems:
  description: What is wrong.
  returned: with O(action=check)
  type: list
  elements: str
mended:
  description: What lacked its half, and has it now; in check mode, what lacks it.
  returned: with O(action=check)
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "action": {
        "type": "str",
        "default": "show",
        "choices": ["list", "show", "open", "acknowledge", "close", "check", "export"],
    },
    "incident": {"type": "str"},
    "directory": {"type": "path"},
    "hosts": {"type": "list", "elements": "str"},
    "bots": {"type": "str"},
    "bot": {"type": "str"},
    "kind": {"type": "str"},
    "severity": {"type": "str"},
    "run": {"type": "str"},
    "state": {"type": "str"},
    "since": {"type": "str"},
    "up_to": {"type": "str"},
    "root_cause": {"type": "str"},
    "remedy": {"type": "str"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_incident")


if __name__ == "__main__":
    main()
