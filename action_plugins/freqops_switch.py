# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: bring bots of a host to their releases; the actor is the user who runs Ansible."""

from __future__ import annotations

from freqops.plays.with_actor import WithActor


class ActionModule(WithActor):
    """See library/freqops_switch.py."""
