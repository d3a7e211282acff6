# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup: fail where the callback plugin ``freqops_done`` does not watch the run."""

from __future__ import annotations

from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from freqops.plays import run_guard

DOCUMENTATION = r"""
name: freqops_watched
short_description: Fail where the callback plugin freqops_done does not watch the run
description:
  - Stands where Ansible evaluates a template whatever tags it was given, for a callback plugin that cannot be loaded is
    only a warning.
  - Listings and syntax checks run nothing, and pass.
options:
  _terms:
    description: What is returned.
    required: true
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Nothing of this runs unwatched
  hosts: "{{ lookup('freqops_watched', 'localhost') }}"
  tasks: []
"""

RETURN = r"""
_raw:
  description: The terms.
  type: list
  elements: str
"""

RUN_NOTHING = ("listhosts", "listtasks", "listtags", "syntax")


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[Any]:  # noqa: ARG002  as Ansible calls
        """Return the terms.

        Raises:
            AnsibleLookupError: Nothing watches the run.
        """
        if not run_guard.Guard.watches and not any(context.CLIARGS.get(name) for name in RUN_NOTHING):
            raise AnsibleLookupError(f"REFUSED, nothing ran: {run_guard.UNWATCHED}")
        return terms
