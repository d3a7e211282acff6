#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_incident
short_description: Copy an incident from all hosts of the play at once and write its report
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each host with bots it runs C(freqops-host incident). It changes nothing on a host.
  - Writes the files of each host, and beside them C(report.md) for people and C(summary.json) for programs, to a
    directory named after the incident. Files that were copied before are kept where a host gives nothing now.
  - Fails where a host gave no answer, where a file was too large to be copied whole, and where no host has such an
    incident. A host that has no part in it is shown as such and is no failure.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Refuses as always, then fetches nothing and says so.
options:
  incident:
    description: The id of the incident.
    type: str
    required: true
  directory:
    description: Where incidents lie on the control node; where not given, C(incidents) at the root of the project.
    type: path
  hosts:
    description: The hosts to ask, whether or not they have bots in the inventory; where not given, those that have.
    type: list
    elements: str
"""

EXAMPLES = r"""
---
- name: Copy an incident and write its report
  freqops_incident:
    incident: 20260102T030405Z-halt1-9f3c21
"""

RETURN = r"""
report:
  description: Where the report lies.
  returned: where any host has files of the incident, or had when it was copied before
  type: str
summary:
  description: The incident as one small dict, as in C(summary.json).
  returned: with RV(report)
  type: dict
files:
  description: How many files came from each host.
  returned: unless refused or in check mode
  type: dict
absent:
  description: The hosts that have no such incident.
  returned: unless refused or in check mode
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "incident": {"type": "str", "required": True},
    "directory": {"type": "path"},
    "hosts": {"type": "list", "elements": "str"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_incident")


if __name__ == "__main__":
    main()
