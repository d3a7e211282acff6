#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: maintain the databases of bots."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_vacuum
short_description: Maintain the databases of bots, and prove it
description:
  - Runs C(freqops-host vacuum) on the host, which maintains one database after the other, also after one that failed.
    Each is the one to which the C(db_url) of its bot leads.
  - Online by default, while bots trade. On Postgres that is C(VACUUM (ANALYZE)), table by table; on SQLite
    C(PRAGMA optimize), and its log is taken in.
  - O(full=true) writes bloated tables anew, where that is worth while. That is refused unless the bot is held
    and flat, there is room on its disk, and a dump of the last hour stands behind it, which is made where there is
    none. A bot on SQLite must not run.
  - Fails unless each database is proven to be as ordered, with its figures before and after.
  - Maintains each time what is maintained online; with O(full=true) the second run finds nothing that is worth while.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
attributes:
  check_mode:
    details: Measures on the host, says what would be done, and fails where it would be refused.
options:
  bots:
    description: Names of bots.
    type: list
    elements: str
    required: true
  full:
    description: Whether what is bloated is written anew, where that is worth while.
    type: bool
    default: false
  open_trades_ok:
    description: With O(full=true), whether trades may be open meanwhile.
    type: bool
    default: false
  above_mb:
    description: With O(full=true), the MiB above which a database is worth it; 1024 where not given.
    type: int
  longest:
    description: With O(full=true), the seconds for which one table may be kept from its bot; 120 where not given.
    type: int
"""

EXAMPLES = r"""
---
- name: Maintain the database of alpha while it trades
  freqops_vacuum:
    bots: [alpha]
    incident: 20260102T030405Z-vacuum-9f3c21
    reason: database maintenance
    actor: ann@control
"""

RETURN = r"""
bots:
  description: >-
    The result for each bot; C(outcome) is V(vacuumed), V(vacuumed in full), V(not needed), V(NOT ALL DONE),
    V(refused), V(not proven), or V(would vacuum) and its like in check mode.
  returned: unless refused as a whole
  type: list
  elements: dict
lines:
  description: The same as lines of tables, with the remarks below them.
  returned: unless refused as a whole
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.maintenance import vacuum_answer

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "bots": {"type": "list", "elements": "str", "required": True},
    "full": {"type": "bool", "default": False},
    "open_trades_ok": {"type": "bool", "default": False},
    "above_mb": {"type": "int"},
    "longest": {"type": "int"},
}


def main() -> None:
    """Run the command, and pass on the row of each bot."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    words = ["vacuum", ",".join(values["bots"]), *host_command.options(values), "--json"]
    words += [f"--{name.replace('_', '-')}" for name in ("full", "open_trades_ok") if values[name]]
    words += host_command.options(values, "above_mb", "longest")
    words += ["--look"] if module.check_mode else []
    rows: list[dict[str, Any]] = host_command.serve(module, words, "bots", touches=not module.check_mode)["bots"]
    lines = list(vacuum_answer.lines(rows, full=values["full"]))
    answer: dict[str, Any] = {"changed": any(row["changed"] for row in rows), "bots": rows, "lines": lines}
    if not all(row["proven"] for row in rows):
        title = "NOT ALL DATABASES WOULD BE DONE" if module.check_mode else "NOT ALL DATABASES ARE DONE"
        module.fail_json(msg="\n".join([title, *lines]), **answer)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
