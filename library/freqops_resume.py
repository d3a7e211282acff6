#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: resume the hold of one incident."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_resume
short_description: Take the hold of one incident one step down and prove the result
description:
  - Runs C(freqops-host resume) on the host.
  - From level 3 the process comes up, paused; from level 1 the hold and its pair lock go, and the bot runs if nothing
    else holds it.
  - Before a hold goes, the host measures its restart checklist, four items. A bot with real orders is refused where one
    of them is neither met nor ticked, unless O(anyway) says why it is resumed all the same. A bot on paper, and the
    step from level 3, are refused nothing by it.
  - The module is not idempotent, since each call is one step; a step too many is refused.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.mandate
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Fails with NOTHING RESUMED, so that a check is never mistaken for the real run.
options:
  bot:
    description: Name of the bot.
    type: str
    required: true
  ticked:
    description:
      - The items of the restart checklist that the actor has looked at, separated by commas, out of V(incident),
        V(runs) and V(messages).
      - An item that freqops measured as not met cannot be ticked.
      - A host whose C(freqops-host) has no checklist yet refuses it.
    type: str
    default: ""
  anyway:
    description: Why a bot with real orders is resumed although items are missing, in one line. It is written down.
    type: str
    default: ""
"""

EXAMPLES = r"""
---
- name: Resume alpha
  freqops_resume:
    bot: alpha
    incident: 20260102T030405Z-halt1-9f3c21
    reason: the feed is back and was checked
    actor: maria
    ticked: runs,messages
"""

RETURN = r"""
outcome:
  description: V(running), V(stopped), V(paused), V(held) or V(no process).
  returned: always
  type: str
level:
  description: The level in force afterwards.
  returned: always
  type: int
detail:
  description: Remarks.
  returned: always
  type: list
  elements: str
restart:
  description: The restart checklist; nothing where the host has none. It is there, too, where it refused the resume.
  returned: always
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.errors import Refused
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command, inputs
from ansible.module_utils.freqops.core.halt import restart_checklist

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "bot": {"type": "str", "required": True},
    "ticked": {"type": "str", "default": ""},
    "anyway": {"type": "str", "default": ""},
}
WORDS = ("ticked", "anyway")  # given to the host only where they say something: an older one does not know them


def main() -> None:
    """Resume, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    host_command.refuse_check(module, "NOTHING RESUMED")
    bot, name = module.params["bot"], restart_checklist.NAME
    try:
        restart_checklist.ticked(module.params["ticked"])
        if module.params["anyway"]:
            inputs.line(module.params["anyway"], "anyway")
    except Refused as refusal:
        module.fail_json(msg=f"{bot}: REFUSED, nothing was resumed: {visible(str(refusal))}")
    words = [*host_command.options(module.params), *host_command.options(module.params, *WORDS)]
    answer = host_command.serve(module, ["resume", bot, *words], "outcome", f"{bot}: ", also=(name,))
    said = {key: answer[key] for key in ("outcome", "level", "detail")}
    module.exit_json(changed=True, restart=answer.get(name, {}), **said)


if __name__ == "__main__":
    main()
