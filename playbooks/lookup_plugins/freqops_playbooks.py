# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup: our playbooks, and the inputs that each of them declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.lookup import LookupBase

from freqops.plays import fleet

PLAYBOOKS = Path(__file__).resolve().parents[1]
META = ".meta.yml"
DOCUMENTATION = r"""
name: freqops_playbooks
short_description: Return our playbooks, and the inputs that each of them declares
description:
  - The inputs are those of the C(.meta.yml) beside each playbook.
options:
  _terms:
    description: None are needed.
    required: false
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Show which inputs backup.yml has
  ansible.builtin.debug:
    msg: "{{ lookup('freqops_playbooks').backup | list }}"
"""

RETURN = r"""
_raw:
  description: The declared inputs of each playbook, by name.
  type: list
  elements: dict
"""


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:  # noqa: ARG002  as Ansible calls
        """Return the playbooks."""
        paths = sorted(PLAYBOOKS.glob(f"*{META}"))
        return [{path.name.removesuffix(META): fleet.declared_inputs(path) for path in paths}]
