#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a word of the control node, for the dead-man timer of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_keepalive
short_description: Say that the control node is there
description:
  - Writes down on the host that its control node was heard, and what it wrote is what it returns.
  - Nothing of the host's configuration changes, so it is never C(changed).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
attributes:
  check_mode:
    details: Nothing is written down.
options:
  actor:
    description: The person, or the machine, that gives the command; given by the action plugin.
    type: str
"""

EXAMPLES = r"""
---
- name: Be heard
  freqops_keepalive:
    actor: ann@control
"""

RETURN = r"""
at:
  description: The moment, by the clock of the host, ISO 8601 UTC.
  returned: when it was written down
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {"actor": {"type": "str"}}


def main() -> None:
    """Be heard."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=False)
    words = ["keepalive", *host_command.options(module.params, "actor")]
    module.exit_json(changed=False, at=host_command.serve(module, words, "at", "NOT HEARD: ")["at"])


if __name__ == "__main__":
    main()
