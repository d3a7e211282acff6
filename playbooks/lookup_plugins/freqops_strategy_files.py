# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup: the files of a bot's strategy on the control node, as a deploy brings them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from freqops.core.base.errors import Refused
from freqops.plays import brought_files

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTATION = r"""
name: freqops_strategy_files
short_description: Return the files of the strategy of a bot, by path
description:
  - The files are those that a deploy brings to a host.
options:
  _terms:
    description: Bots, items of C(freqtrade_bots).
    required: true
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Show which files the strategy of alpha has
  ansible.builtin.debug:
    msg: "{{ query('freqops_strategy_files', freqtrade_bots[0]) | first | list }}"
"""

RETURN = r"""
_raw:
  description: For each bot the files of its strategy, their texts by their paths below its directory.
  type: list
  elements: dict
"""


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[dict[str, str]]:  # noqa: ARG002  as Ansible calls
        """Return the files."""
        inventory_dir = (variables or {}).get("inventory_dir")
        places = [brought_files.strategy_dir(bot, inventory_dir, PROJECT) for bot in terms]
        try:
            return [brought_files.strategy_texts(place) for place in places]
        except Refused as error:
            raise AnsibleError(f"the files of a strategy cannot be read: {error}") from error
