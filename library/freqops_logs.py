#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_logs
short_description: Show the logs of all hosts of the play, merged by time, or count the errors in them
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each of them it runs C(freqops-host logs), which reads the files of the logs from their
    ends. It changes nothing on a host.
  - With O(follow), it goes on with the lines that come. Those of one host are shown in their order, those of several by
    time, with a wait of about a second for the slower ones.
  - Fails where a host gave no answer, or a log could not be read. A host that is lost meanwhile is said at once.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  action:
    description: V(show) has the lines, V(errors) the error rates, the errors by kind, and the events that are known.
    type: str
    default: show
    choices: [show, errors]
  bots:
    description: Names of bots, separated by commas, or V(all), which has the lines of freqops itself, too.
    type: str
    default: all
  since:
    description: How long ago the window begins, like V(30m), V(1h) or V(7d), or a moment.
    type: str
    default: 1h
  level:
    description: The lowest level that is shown.
    type: str
    default: INFO
  match:
    description: What a line must say, in large or small letters; empty for anything.
    type: str
  correlation:
    description: The id of the command that must have caused a line; empty for any.
    type: str
  follow:
    description: Whether to go on with the lines that come; not with O(action=errors).
    type: bool
    default: false
  duration:
    description:
      - For how long the logs are followed, like V(30s), V(10m) or V(1h), at most V(24h). Only with O(follow).
      - Without it, they are followed until the play is interrupted.
    type: str
"""

EXAMPLES = r"""
---
- name: Show what is wrong in the fleet
  freqops_logs:
    level: WARNING
"""

RETURN = r"""
hosts:
  description: The answer of each host that gave one, with C(lines) or C(sources).
  returned: unless refused
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "action": {"type": "str", "default": "show", "choices": ["show", "errors"]},
    "bots": {"type": "str", "default": "all"},
    "since": {"type": "str", "default": "1h"},
    "level": {"type": "str", "default": "INFO"},
    "match": {"type": "str"},
    "correlation": {"type": "str"},
    "follow": {"type": "bool", "default": False},
    "duration": {"type": "str"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_logs")


if __name__ == "__main__":
    main()
