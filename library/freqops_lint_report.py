#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_lint_report
short_description: Refuse releases that the pinned image did not accept, with the lines of the inventory that are meant
description:
  - Runs on the control node and changes nothing.
  - Turns what C(validate_release.py) found in the pinned image into lines with host, bot, value, cure, and file and
    line of the inventory where they are known. Freqtrade's own reason is passed on as it is.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  refusals:
    description: The standard error of the validation of each bot; nothing where its release was accepted.
    type: dict
    required: true
  cautions:
    description: Cautions about bots whose release was accepted; each is a warning, and no reason to refuse.
    type: dict
    default: {}
"""

EXAMPLES = r"""
---
- name: Refuse what Freqtrade refuses or ignores
  freqops_lint_report:
    refusals:
      alpha: "{{ validation.refused }}"
    cautions:
      alpha: "{{ validation.cautions }}"
"""

RETURN = r"""# """

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "refusals": {"type": "dict", "required": True},
    "cautions": {"type": "dict", "default": {}},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_lint_report")


if __name__ == "__main__":
    main()
