#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: may this bot trade live?"""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_live
short_description: Refuse a live bot that would trade anywhere but on a lab's exchange
description:
  - Reads a bot's whole configuration and fails unless every address in it is that of a lab's exchange.
  - Changes nothing. It runs before anything is touched, most sensibly on the control node.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  bot:
    description: Name of the bot, for the message.
    type: str
    required: true
  config:
    description: Its Freqtrade configuration, all overlays merged.
    type: dict
    required: true
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Refuse to trade anywhere but in the lab
  freqops_live:
    bot: gamma
    config: "{{ configuration_of_gamma }}"
"""

RETURN = r"""
exchange:
  description: Host and port of the lab's exchange.
  returned: success
  type: str
  sample: 10.0.0.3:8080
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core import live
from ansible.module_utils.freqops.core.errors import Refused

ARGUMENT_SPEC: dict[str, Any] = {
    "bot": {"type": "str", "required": True},
    "config": {"type": "dict", "required": True},
}


def main() -> None:
    """Say where the bot would trade, or refuse."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        exchange = live.lab_exchange(module.params["config"])
    except Refused as refusal:
        module.fail_json(msg=f"{module.params['bot']}: {refusal}")
    module.exit_json(changed=False, exchange=exchange)


if __name__ == "__main__":
    main()
