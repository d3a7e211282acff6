#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: prove that a bot of a host does not trade, before its trades are given to another one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_fenced
short_description: Prove that a bot of a host is held at level 3 and has no process
description:
  - Runs C(freqops-host status) on the host, and reads in its answer that the bot is held at level 3, that no process of
    it lives, and that no Freqtrade runs there that belongs to no bot. It changes nothing.
  - Fails where anything of this is not so, or not known, or where another host answers than the one that is meant.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  host:
    description: The name by which the host must call itself.
    type: str
    required: true
  bot:
    description: Name of the bot.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: Prove that the former host of alpha does not trade with it
  freqops_fenced:
    host: paper-1
    bot: alpha
  delegate_to: paper-1
"""

RETURN = r"""
said:
  description: What is proven, by whom and when, on one line.
  returned: success
  type: str
"""

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.halt import fenced

ARGUMENT_SPEC: dict[str, Any] = {
    "host": {"type": "str", "required": True},
    "bot": {"type": "str", "required": True},
}
CURE = "halt it there at level 3 by killswitch.yml, or say with fenced= of restore.yml how it is kept from trading"


def main() -> None:
    """Ask, and fail unless it is proven."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    host, bot = module.params["host"], module.params["bot"]
    title = f"NOT PROVEN that {bot} of {host} is kept from trading: "
    answer = host_command.serve(module, ["status", "--json"], "bots", title, touches=False)
    try:
        wrong = fenced.not_proven(answer, host, bot)
    except Malformed as error:
        wrong = [f"its answer is not understood: {error}"]
    if wrong:
        module.fail_json(msg=f"{title}{'; '.join(wrong)}: {CURE}")
    module.exit_json(changed=False, said=fenced.said(host, bot, datetime.now(timezone.utc)))


if __name__ == "__main__":
    main()
