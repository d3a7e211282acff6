#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: bring one bot back to a release that worked before."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_rollback
short_description: Bring one bot back to a release that worked before, and prove it
description:
  - Runs C(freqops-host rollback) on the host. Where the image is another one, the database goes back with it; if trades
    were written since, nothing goes back and the bot is halted at level 1 instead.
  - The module is not idempotent; each time it goes back one release further, unless O(release) is given.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Fails in check mode; the result is not known before the bot was started.
options:
  bot:
    description: Name of the bot.
    type: str
    required: true
  release:
    description: The fingerprint; where not given, the release before the present one.
    type: str
    default: ""
  reason:
    description: Why, in one line.
    type: str
    required: true
  actor:
    description: The actor.
    type: str
    required: true
  deadline:
    description: Seconds until it must be at work.
    type: int
    default: 120
"""

EXAMPLES = r"""
---
- name: Bring alpha back
  freqops_rollback:
    bot: alpha
    reason: the new strategy trades too often
    actor: ann@control
"""

RETURN = r"""
outcome:
  description: V(running), V(stopped), V(paused) or V(held).
  returned: success
  type: str
release:
  description: The release that it has now.
  returned: success
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.deploy import switching

ARGUMENT_SPEC: dict[str, Any] = {
    "bot": {"type": "str", "required": True},
    "release": {"type": "str", "default": ""},
    "reason": {"type": "str", "required": True},
    "actor": {"type": "str", "required": True},
    "deadline": {"type": "int", "default": 120},
}


def main() -> None:
    """Go back, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    bot = module.params["bot"]
    host_command.refuse_check(module, f"{bot}: NOT ROLLED BACK")
    words = host_command.options(module.params, "reason", "actor", "deadline", "release")
    [row] = host_command.serve(module, ["rollback", bot, *words], "bots", f"{bot}: ")["bots"]
    if not row["well"]:
        module.fail_json(msg="NOT ROLLED BACK\n" + switching.failure(row), changed=row["changed"])
    for line in row["detail"]:
        module.warn(f"{row['bot']}: {line}")
    module.exit_json(changed=row["changed"], outcome=row["outcome"], release=row["release"])


if __name__ == "__main__":
    main()
