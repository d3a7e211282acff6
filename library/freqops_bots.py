#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: stop bots by plan, start or restart them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_bots
short_description: Stop bots by plan, start or restart them, and prove it
description:
  - Runs C(freqops-host bots) on the host, which does one bot after the other, also after one that failed.
  - A stop is refused while trades are open, unless O(unmanaged_ok=true). It is no halt; but no recovery, deploy or
    resume starts a bot that was stopped by plan.
  - A start and a restart are refused while a hold of level 3 is in force; what is held stays held.
  - Fails unless every bot is proven to be as ordered, with a row for each.
  - The module is idempotent, but for O(action=restart).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
attributes:
  check_mode:
    details: Judges on the host, and fails where it would be refused.
options:
  action:
    description: What is done with each bot.
    type: str
    required: true
    choices: [stop, start, restart]
  bots:
    description: Names of bots.
    type: list
    elements: str
    required: true
  unmanaged_ok:
    description: Whether a stop may leave trades open that nobody manages.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Restart alpha
  freqops_bots:
    action: restart
    bots: [alpha]
    incident: 20260102T030405Z-bots-9f3c21
    reason: it leaks memory
    actor: ann@control
"""

RETURN = r"""
bots:
  description: >-
    The result for each bot; C(outcome) is V(stopped by plan), V(running), V(paused), V(stopped), V(held), V(refused),
    V(not proven), or V(would stop) and its like in check mode.
  returned: unless refused as a whole
  type: list
  elements: dict
lines:
  description: The same as lines of a table, with the remarks below it.
  returned: unless refused as a whole
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.text_table import table
from ansible.module_utils.freqops.core.bot import host_command

HEADINGS = ("bot", "outcome", "changed", "proven", "level")
ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "action": {"type": "str", "required": True, "choices": ["stop", "start", "restart"]},
    "bots": {"type": "list", "elements": "str", "required": True},
    "unmanaged_ok": {"type": "bool", "default": False},
}


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return a table of all bots, and their remarks below it."""
    cells = [[row["bot"], row["outcome"], str(row["changed"]).lower(), row["proven"], row["level"]] for row in rows]
    return [*table(HEADINGS, cells).splitlines(), *(f"{row['bot']}: {text}" for row in rows for text in row["detail"])]


def main() -> None:
    """Run the command, and pass on the row of each bot."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    words = ["bots", values["action"], ",".join(values["bots"]), *host_command.options(values)]
    words += ["--unmanaged-ok"] if values["unmanaged_ok"] else []
    words += ["--look"] if module.check_mode else []
    rows: list[dict[str, Any]] = host_command.serve(module, words, "bots", touches=not module.check_mode)["bots"]
    answer: dict[str, Any] = {"changed": any(row["changed"] for row in rows), "bots": rows, "lines": _lines(rows)}
    if not all(row["proven"] for row in rows):
        title = "IT WOULD NOT BE DONE WITH ALL BOTS" if module.check_mode else "NOT DONE WITH ALL BOTS"
        module.fail_json(msg="\n".join([title, *answer["lines"]]), **answer)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
