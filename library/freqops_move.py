#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: one step of a move of a bot between hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_move
short_description: Take one step of a move of a bot between hosts, and prove it
description:
  - Runs C(freqops-host move) on the host.
  - V(expected) holds a bot at level 3 before it is made on this host.
  - V(described) says what it is here; V(asked) compares that with its old host, and asks its exchange from here by its
    own key.
  - V(left) holds it at level 3, proves that, and writes down that it moved, so that nothing resumes it here;
    V(given_back) does the same on a host on which it was never resumed.
  - V(arrived) forgets that it moved away; V(tidy) takes away what it brought.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
attributes:
  check_mode:
    details: V(expected) and V(described) touch nothing; any other step fails with NOTHING DONE.
options:
  state:
    description: What is to be so afterwards.
    type: str
    required: true
    choices: [expected, described, asked, left, given_back, arrived, tidy]
  bot:
    description: Name of the bot.
    type: str
    required: true
  to:
    description: The host to which it goes, with V(left) and V(given_back) of O(state).
    type: str
  under:
    description: The incident of the move by which it came, with V(given_back) and V(arrived) of O(state).
    type: str
  there:
    description: What it is on its old host, as V(described) of O(state) returns it; with V(asked).
    type: dict
"""

EXAMPLES = r"""
---
- name: Hold alpha on this host before it is made
  freqops_move:
    state: expected
    bot: alpha
    incident: 20260102T030405Z-migrate_host-9f3c21
    reason: a larger host
    actor: maria
"""

RETURN = r"""
outcome:
  description: What came of it, in a word.
  returned: success
  type: str
incident:
  description: The incident under which the bot is held on this host by holder V(restore); empty where it is not.
  returned: success
  type: str
since:
  description: When that hold was set, ISO 8601 UTC; empty likewise.
  returned: success
  type: str
level:
  description: The level at which it is held.
  returned: success
  type: int
described:
  description: What it is here, its mode, image, and kind of database; empty but for V(described).
  returned: success
  type: dict
detail:
  description: Remarks.
  returned: success
  type: list
  elements: str
"""

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command

STEPS = {
    "expected": "expect",
    "described": "describe",
    "asked": "ask",
    "left": "leave",
    "given_back": "give-back",
    "arrived": "arrive",
    "tidy": "tidy",
}
IN_A_CHECK = ("expected", "described")
ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "state": {"type": "str", "required": True, "choices": list(STEPS)},
    "bot": {"type": "str", "required": True},
    "to": {"type": "str"},
    "under": {"type": "str"},
    "there": {"type": "dict"},
}
NAMES = ("outcome", "incident", "since", "level", "described", "detail")


def main() -> None:
    """Take the step, and fail unless it is proven."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    bot, state = module.params["bot"], module.params["state"]
    if state not in IN_A_CHECK:
        host_command.refuse_check(module, f"{bot}: NOTHING DONE")
    words = ["move", STEPS[state], bot, *host_command.options(module.params)]
    words += host_command.options(module.params, "to", "under")
    words += [f"--there={json.dumps(module.params['there'])}"] if module.params["there"] else []
    words += ["--look"] if module.check_mode and state == "expected" else []
    title = f"{bot}: NOT {state.replace('_', ' ').upper()}: "
    answer = host_command.serve(module, words, "described", title, touches=not module.check_mode)
    found = {name: answer[name] for name in NAMES}
    if not answer["proven"]:
        module.fail_json(msg=f"{title}{'; '.join(answer['detail'])}", changed=answer["changed"], **found)
    module.exit_json(changed=answer["changed"], **found)


if __name__ == "__main__":
    main()
