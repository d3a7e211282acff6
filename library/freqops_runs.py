#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_runs
short_description: Runs of all hosts of the play at once, looked at and acted on
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each it runs C(freqops-host runs).
  - With O(action=show) and O(action=compare) it writes HTML pages, and with O(action=export) a CSV and a JSON file, to
    O(directory).
  - Fails where a host gave no answer or did not run the action, where an index could not read something, where a run
    was not removed, where no host has a run that is named, and where the trades of runs cannot be compared.
  - O(action=follow), O(action=cancel) and O(action=reproduce) act where the run is, by C(freqops-host run); they fail
    where no host has it, where it does not finish or is not cancelled, and where the one that was run again brought
    something else.
  - The reason of O(action=prune), O(action=cancel) and O(action=reproduce) is the variable C(reason) of the play, as it
    was given; nothing in it is a template.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Lists, shows and compares as always, and writes no page; O(action=export) writes nothing and says so; with
      O(action=index) and O(action=prune) it says what would be done.
options:
  action:
    description: V(list) lists a page of them; V(show) and V(compare) show some, and write pages; V(export) writes all
      of them as CSV and JSON; V(index) takes what others left in Freqtrade's directories into the registry; V(prune)
      removes old ones, row and files together; V(follow) shows how far one is until it is over; V(cancel) ends it and
      keeps what was finished; V(reproduce) runs it again and compares.
    type: str
    default: list
    choices: [list, show, compare, export, index, prune, follow, cancel, reproduce]
  run:
    description: The ids of runs, separated by commas, for V(show) and V(compare) of O(action); one for V(follow),
      V(cancel) and V(reproduce).
    type: str
  directory:
    description: Where pages and files are written on the control node; where not given, C(runs) at the root of the
      project.
    type: path
  kind:
    description: Those of this kind; for V(list) and V(export) of O(action), as all that sorts out.
    type: str
  strategy:
    description: Those of this strategy, by its class.
    type: str
  bot:
    description: Those of this bot.
    type: str
  status:
    description: Those with this status.
    type: str
  since:
    description: Those that were executed since then, like V(2026-01-31T18:00:00Z).
    type: str
  up_to:
    description: Those that were executed until then.
    type: str
  limit:
    description: How many a page has, of all hosts together; for O(action=list).
    type: int
  page:
    description: Which page, from 1 on; for O(action=list).
    type: int
  days:
    description: Runs that ended more than so many days ago; for O(action=prune).
    type: int
  keep:
    description: So many of each kind and strategy stay, the newest; for O(action=prune).
    type: int
  wait:
    description: Seconds to try again where the host has no room for it yet; for O(action=reproduce).
    type: str
  force:
    description: Whether it begins beside live bots whatever the load of the host is; for O(action=reproduce).
    type: str
"""

EXAMPLES = r"""
---
- name: List the failed backtests of a strategy
  freqops_runs:
    kind: backtest
    strategy: MaCrossoverStrategy
    status: failed

- name: Take what others left into the registry
  freqops_runs:
    action: index
"""

RETURN = r"""
action:
  description: What was done.
  returned: unless refused
  type: str
runs:
  description: A row for each run that is listed or shown, with its host and its metrics.
  returned: with V(list), V(show) and V(compare) of O(action), and the ends of runs with V(follow)
  type: list
  elements: dict
run:
  description: The id of the run that repeats the other one.
  returned: with O(action=reproduce)
  type: str
reproduced:
  description: Whether it brought the same trades, or the same epochs.
  returned: with O(action=reproduce)
  type: bool
causes:
  description: What was not the same in what the two were made of.
  returned: with O(action=reproduce)
  type: list
  elements: str
total:
  description: How many runs are wanted, on all hosts.
  returned: with V(list) and V(export) of O(action)
  type: int
pages:
  description: Where the pages lie.
  returned: with V(show) and V(compare) of O(action)
  type: list
  elements: str
files:
  description: Where the files lie.
  returned: with O(action=export), but not in check mode
  type: list
  elements: str
hosts:
  description: The hosts that indexed.
  returned: with O(action=index)
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "action": {
        "type": "str",
        "default": "list",
        "choices": ["list", "show", "compare", "export", "index", "prune", "follow", "cancel", "reproduce"],
    },
    "run": {"type": "str"},
    "directory": {"type": "path"},
    **{name: {"type": "str"} for name in ("kind", "strategy", "bot", "status", "since", "up_to", "wait", "force")},
    **{name: {"type": "int"} for name in ("limit", "page", "days", "keep")},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_runs")


if __name__ == "__main__":
    main()
