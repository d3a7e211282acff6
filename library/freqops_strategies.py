#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_strategies
short_description: Read strategies in the pinned image on the hosts of the play, and write what they are to the registry
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each of them it runs C(freqops-host strategies), which loads each strategy in a process of
    its own, in a container of the image without any network.
  - The table C(strategies) of the registry of each host says what they are, and a page on the control node, too.
  - Fails where a strategy could not be read, where its row is not as it was written, where a host gave no answer, and
    where a file of parameters would not be used. The others are written all the same.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  strategy_dir:
    description: Directory of the control node with the files of the strategies; by default that of freqops.
    type: str
  strategy:
    description: The classes that are read, separated by commas; all where it is empty.
    type: str
  bot:
    description: The bot whose strategies are read, as they run now, in its image. Not with O(strategy_dir).
    type: str
  output:
    description: Where the page is written on the control node; where not given, C(runs) at the root of the project.
    type: path
"""

EXAMPLES = r"""
---
- name: Read the strategies of a directory
  freqops_strategies:
    strategy_dir: ~/mine

- name: Read what a bot runs
  freqops_strategies:
    bot: alpha
"""

RETURN = r"""
strategies:
  description: For each host that answered, a row for each strategy, with what it is, or why it could not be read.
  returned: unless refused
  type: dict
pages:
  description: Where the page lies; nothing in check mode.
  returned: unless refused
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    **{name: {"type": "str"} for name in ("strategy_dir", "strategy", "bot")},
    "output": {"type": "path"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_strategies")


if __name__ == "__main__":
    main()
