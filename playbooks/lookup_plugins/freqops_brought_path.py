# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup: a path that the inventory names, as the file of the control node that it is."""

from __future__ import annotations

from typing import Any

from ansible.plugins.lookup import LookupBase

from freqops.plays import brought_files

DOCUMENTATION = r"""
name: freqops_brought_path
short_description: Return a path that the inventory names, as the file of the control node that it is
description:
  - C(~) is a home, and a relative path begins in the directory of the inventory.
  - The comparison with what was deployed resolves paths by the same function.
options:
  _terms:
    description: The paths.
    required: true
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Show where the lock of the added packages lies
  ansible.builtin.debug:
    msg: "{{ lookup('freqops_brought_path', 'packages/mine.txt') }}"
"""

RETURN = r"""
_raw:
  description: The paths on the control node.
  type: list
  elements: str
"""


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[str]:  # noqa: ARG002  as Ansible calls
        """Return the paths."""
        inventory_dir = (variables or {}).get("inventory_dir")
        return [str(brought_files.resolved(str(term), inventory_dir)) for term in terms]
