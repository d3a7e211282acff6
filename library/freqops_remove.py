#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: take bots, or everything of freqops, off a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_remove
short_description: Take bots, or everything of freqops, off a host, and prove that nothing is left
description:
  - Runs C(freqops-host remove) on the host. All bots are judged before the first is touched.
  - A bot with open trades is refused; so is one of which anything that must be known cannot be read.
  - The records of a bot are kept below C(/srv/freqops/removed), its database as a dump that was read back.
  - C(freqops-host) itself and its line for sudo stay; the playbook takes them away when the evidence was fetched.
  - A removal that began is finished on the host, even when the connection is lost.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
  - freqops.root
attributes:
  check_mode:
    details: Judges on the host, and fails where the removal would be refused.
options:
  bots:
    description: Names of bots; those that are not on the host are nothing to do.
    type: list
    elements: str
    default: []
  stack:
    description: Everything, in the place of O(bots).
    type: bool
    default: false
  look:
    description: Judge, and touch nothing.
    type: bool
    default: false
  declared:
    description: The bots that the inventory declares for the host; it only says of which a bot is one.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
---
- name: Take alpha off its host
  freqops_remove:
    bots: [alpha]
    incident: 20260102T030405Z-remove-9f3c21
    reason: it is not wanted any more
    actor: ann@control
"""

RETURN = r"""
bots:
  description: The result for each bot; C(outcome) is V(removed), V(nothing) or V(may go).
  returned: unless refused
  type: list
  elements: dict
present:
  description: The bots that are on the host.
  returned: unless refused
  type: list
  elements: str
known:
  description: The bots that are on the host, or were removed from it.
  returned: unless refused
  type: list
  elements: str
detail:
  description: The parts of the stack that stay, and why.
  returned: unless refused
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command, layout

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "bots": {"type": "list", "elements": "str", "default": []},
    "stack": {"type": "bool", "default": False},
    "look": {"type": "bool", "default": False},
    "declared": {"type": "list", "elements": "str", "default": []},
    "root": {"type": "path", "default": "/srv/freqops"},
}
ABSENT = ("nothing", "refused")
DETAIL = "there is nothing of it on this host"


def _nothing_here(values: dict[str, Any]) -> dict[str, Any] | None:
    """Return the answer of a host that has neither freqops-host nor any bot, None of any other."""
    if Path(host_command.TOOL).exists() or layout.homes(Path(values["root"])):
        return None
    row = {"outcome": "nothing", "changed": False, "proven": True, "kept": "", "detail": [DETAIL]}
    return {"bots": [{"bot": bot, **row} for bot in sorted(values["bots"])], "outcome": "nothing"}


def _asked(module: AnsibleModule, *, look: bool) -> dict[str, Any]:
    """Return the answer of the host; fail where it refuses."""
    values = module.params
    nothing = _nothing_here(values)
    if nothing is not None:
        return nothing
    words = ["--stack"] if values["stack"] else [",".join(values["bots"])]
    words += ["--look"] if look else []
    words = ["remove", *words, *host_command.options(values)]
    answer: dict[str, Any] = host_command.serve(module, words, "bots", touches=not look)
    return answer


def _remarks(values: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    """Return remarks about each bot that was there."""
    lines = []
    for row in rows:
        if row["outcome"] not in ABSENT:
            again = "is still in the inventory: deploy.yml would bring it again"
            lines.append(f"{row['bot']} {again if row['bot'] in values['declared'] else 'is not in the inventory'}")
        lines += [f"{row['bot']}: {text}" for text in row["detail"]]
    return lines


def main() -> None:
    """Judge or remove, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    look = values["look"] or module.check_mode
    answer = _asked(module, look=look)
    rows: list[dict[str, Any]] = answer["bots"]
    present = [row["bot"] for row in rows if row["outcome"] != "nothing"]
    known = [row["bot"] for row in rows if row["outcome"] != "nothing" or row["kept"]]
    may_go = bool(present) or answer.get("outcome") == "may go"
    changed = (may_go and not values["look"]) if look else any(row.get("changed", False) for row in [*rows, answer])
    facts = {"bots": rows, "present": present, "known": known, "detail": answer.get("detail", [])}
    if not all(row["proven"] for row in rows):
        reasons = [f"{row['bot']}: {row['outcome'].upper()}: {'; '.join(row['detail'])}" for row in rows
                   if not row["proven"]]  # fmt: skip
        title = "NOTHING REMOVED" if look else "NOT ALL REMOVED"
        module.fail_json(msg=f"{title}\n" + "\n".join(reasons), changed=changed, **facts)
    if not values["look"]:
        for line in [*_remarks(values, rows), *facts["detail"]]:
            module.warn(line)
    module.exit_json(changed=changed, **facts)


if __name__ == "__main__":
    main()
