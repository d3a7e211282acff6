#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the operator breaker of a host, switched on or off."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_breaker
short_description: Switch the operator breaker of a host on or off, and prove what follows on its bots
description:
  - Runs C(freqops-host breaker) on the host. The breaker is a file; while that is active no bot of the host enters, and
    no run but maintenance gets a new slot. The host's guard holds the bots, and ends their holds when the file is not
    active any more.
  - Fails unless every bot is proven to be held, or free of the breaker, within O(deadline).
  - The module is idempotent; with O(minutes), each call sets another end.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  state:
    description: Whether the breaker is to be V(enabled) or V(disabled).
    type: str
    required: true
    choices: [enabled, disabled]
  bots:
    description: Bots of which each has a breaker of its own then; without any, the breaker of the host is meant.
    type: list
    elements: str
    default: []
  reason:
    description: Why, in one line; it stands in the file and in the incident.
    type: str
    default: manual
  minutes:
    description: Whole minutes after which it ends by itself, at least 1.
    type: int
  ends_at:
    description: The moment at which it ends by itself, like V(2026-01-31T18:00:00Z); without a zone it is UTC. An empty
      text is refused.
    type: str
  deadline:
    description: Seconds that the proof may take, at least 1.
    type: int
    default: 90
"""

EXAMPLES = r"""
---
- name: Keep the bots of the host from entering while its data is repaired
  freqops_breaker:
    state: enabled
    reason: the data is repaired
    ends_at: "2026-01-31T18:00:00Z"

- name: Let them enter again
  freqops_breaker:
    state: disabled
    reason: the data is whole
"""

RETURN = r"""
bots:
  description: A row for each bot, with what its files say, the incident of its hold, and whether it is proven.
  returned: success, but not in check mode
  type: list
  elements: dict
detail:
  description: Remarks about the host and its files.
  returned: success, but not in check mode
  type: list
  elements: str
"""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import iso_time
from ansible.module_utils.freqops.core.base.clock import iso
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command, layout
from ansible.module_utils.freqops.core.breaker import breaker_file, places
from ansible.module_utils.freqops.core.breaker.answer import Answer
from ansible.module_utils.freqops.core.breaker.breaker_file import Breaker

COMMANDS = {"enabled": "enable", "disabled": "disable"}
ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "required": True, "choices": list(COMMANDS)},
    "bots": {"type": "list", "elements": "str", "default": []},
    "reason": {"type": "str", "default": "manual"},
    "minutes": {"type": "int"},
    "ends_at": {"type": "str"},
    "deadline": {"type": "int", "default": 90},
}
ONE_OF = (("minutes", "ends_at"),)


class Files:
    """The breaker files that one call is about."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        homes = [layout.Home(layout.ROOT / "bots" / bot).breaker for bot in values["bots"]]
        self.paths: list[Path] = homes or [places.host_breaker(layout.ROOT)]

    def now(self) -> dict[str, Breaker]:
        """Return what each of them says."""
        missing_is_active = not self.values["bots"]
        present = datetime.now(timezone.utc)
        return {str(path): breaker_file.read(path, present, missing_is_active=missing_is_active) for path in self.paths}

    def wanted(self, found: Breaker) -> bool:
        """Return whether a file says already what is wanted."""
        if self.values["state"] == "disabled":
            return found.readable and not found.switched_on
        until = self.values["ends_at"]
        ends = None if until is None else iso(iso_time.parse(until))
        same = (found.readable, found.switched_on, found.reason) == (True, True, self.values["reason"])
        return same and self.values["minutes"] is None and (iso(found.until) if found.until else None) == ends


def _shown(files: dict[str, Breaker]) -> str:
    return "".join(f"{breaker.why}\n" for breaker in files.values())


def main() -> None:
    """Compare with the disk, and have the host's command switch the files that differ."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True, mutually_exclusive=ONE_OF)
    values = module.params
    odd = [name for name in values["bots"] if not layout.BOT_NAME.fullmatch(name)]
    if odd:
        module.fail_json(msg=f"bots: {visible(odd[0])} is no name of a bot")
    if values["ends_at"] == "":
        module.fail_json(msg="ends_at: it is empty; leave it out for no end")
    files = Files(values)
    before = files.now()
    try:
        differ = [path for path, found in before.items() if not files.wanted(found)]
    except ValueError as error:
        module.fail_json(msg=f"ends_at: {visible(str(error))}")
    diff = {"before": _shown(before), "after": _shown(before)}
    if module.check_mode:
        if differ:
            diff["after"] = "".join(f"{path}: {values['state']}: {values['reason']}\n" for path in differ)
        module.exit_json(changed=bool(differ), diff=diff)
    words = ["breaker", COMMANDS[values["state"]], "--json", f"--bots={','.join(values['bots']) or 'all'}"]
    words += host_command.options({**values, "until": values["ends_at"]}, "reason", "minutes", "until", "deadline")
    document = host_command.serve(module, words, "bots")
    answer = Answer.from_json(document)
    diff["after"] = _shown(files.now())
    said = {"changed": answer.changed, "bots": document["bots"], "detail": answer.detail, "diff": diff}
    if document.get("exit") != 0:
        module.fail_json(msg=f"NOT PROVEN: {'; '.join(answer.lines())}", **said)
    module.exit_json(**said)


if __name__ == "__main__":
    main()
