#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_security_check
short_description: Measure the security of all hosts of the play, and fail unless every item passes
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each of them it runs C(freqops-host security-check), which measures keys, clock, files,
    passwords, images, updates and sockets, and changes nothing.
  - It adds what only the control node sees, which is whether an account is that of one bot, which ports answer from
    here, and what is in the repository of the inventory and in each commit of it.
  - Items that no machine sees are attested in C(security_attestations), each by a name and with an end; some may be let
    pass in C(security_waivers). What is not known does not pass.
  - Each host keeps its part of the answer in C(/srv/freqops/security_check.json).
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
attributes:
  check_mode:
    details: Measures and fails all the same; no host keeps the answer.
options:
  output:
    description: >-
      Where the page and the JSON are written on the control node; where not given, C(security) at the root of the
      project.
    type: path
"""

EXAMPLES = r"""
---
- name: Measure the security of the fleet
  freqops_security_check:
    output: ~/security
"""

RETURN = r"""
items:
  description: A row for each item of each host and bot, with its verdict, its evidence, its threshold and its cure.
  returned: unless refused
  type: list
  elements: dict
files:
  description: Where the JSON and the page lie.
  returned: unless refused
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {"output": {"type": "path"}}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_security_check")


if __name__ == "__main__":
    main()
