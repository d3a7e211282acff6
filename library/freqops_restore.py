#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: bring a bot's database back from a dump."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_restore
short_description: Bring a bot's database back from a dump, or out of a repository, and prove it
description:
  - Runs C(freqops-host restore) on the host. The dump is restored beside the present database and compared with what
    was written down when it was made; then both change places by one act, and the result is read back.
  - A bot that trades live comes back held at level 3, one on paper at level 1, besides the hold that it has.
  - The module is not idempotent; each call replaces the database.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
attributes:
  check_mode:
    details: Warns of each line that would be replaced, and of each reason for which a restore would be refused.
options:
  bot:
    description: Name of the bot; it is held at level 3, and no process of it lives.
    type: str
    required: true
  dump:
    description: V(latest), the stamp of a dump, or a moment; then the newest dump at or before it. With O(repository),
      a snapshot of it instead; its id, or at least 8 digits of its beginning, takes the place of a stamp.
    type: str
    required: true
  repository:
    description: The repository of the host out of which the database comes; the host's own dumps where not given.
    type: str
  from_bot:
    description: The bot whose database it is in the snapshot, with O(repository), where that is another one.
    type: str
  handed_over:
    description: Whether the database is what M(freqops_handover) brought from the old host of the bot; O(dump) is
      V(latest) then.
    type: bool
    default: false
  fenced:
    description: How the bot of another host is kept from trading, in one line, with O(repository); demanded where this
      bot trades live and the snapshot was made by another host.
    type: str
  overwrite:
    description: Whether a database that is there may be replaced.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Bring alpha's database back
  freqops_restore:
    bot: alpha
    dump: 2026-01-31T18:00:00Z
    overwrite: true
    incident: 20260102T030405Z-halt3-9f3c21
    reason: orders were deleted
    actor: maria
"""

RETURN = r"""
outcome:
  description: V(restored), or V(may be restored) in check mode.
  returned: success
  type: str
dump:
  description: The stamp of the dump.
  returned: success
  type: str
snapshot:
  description: The id of the snapshot out of which it is; empty for a dump of the host's own.
  returned: success
  type: str
fenced:
  description: How the bot of another host was said to be kept from trading, where that had to be said; else empty.
  returned: success
  type: str
moment:
  description: Until when everything is in it.
  returned: success
  type: str
kept:
  description: Where the replaced database is kept, the path of a file or the name of a database; empty in check mode.
  returned: success
  type: str
level:
  description: The level in force afterwards.
  returned: success
  type: int
tables:
  description: Every table, with its rows now and then, null where there is none, and whether both are the same.
  returned: success
  type: list
  elements: dict
forgotten:
  description: Number and pair of each trade that the dump does not know as it is now.
  returned: success
  type: list
  elements: str
in_the_way:
  description: The reasons for which a restore would be refused now; empty but in check mode.
  returned: success
  type: list
  elements: str
detail:
  description: Remarks.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command, restore_answer

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "bot": {"type": "str", "required": True},
    "dump": {"type": "str", "required": True},
    "repository": {"type": "str"},
    "from_bot": {"type": "str"},
    "handed_over": {"type": "bool", "default": False},
    "fenced": {"type": "str"},
    "overwrite": {"type": "bool", "default": False},
}
GIVEN = ("dump", "repository", "from_bot", "fenced")
NAMES = (
    "outcome", "dump", "snapshot", "fenced", "moment", "kept", "level", "tables", "forgotten", "in_the_way", "detail",
)  # fmt: skip


def main() -> None:
    """Restore, or look, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    bot = module.params["bot"]
    words = ["restore", bot, *host_command.options(module.params), *host_command.options(module.params, *GIVEN)]
    words += ["--handed-over"] if module.params["handed_over"] else []
    words += ["--overwrite"] if module.params["overwrite"] else []
    words += ["--check"] if module.check_mode else []
    answer = host_command.serve(module, words, "forgotten", f"{bot}: NOT RESTORED: ", touches=not module.check_mode)
    found = {name: answer[name] for name in NAMES}
    for line in restore_answer.lines(answer, check=module.check_mode):
        module.warn(f"{bot}: {line}")
    if not answer["proven"]:
        module.fail_json(msg=f"{bot}: NOT RESTORED: {'; '.join(answer['detail'])}", changed=answer["changed"], **found)
    module.exit_json(changed=True, **found)


if __name__ == "__main__":
    main()
