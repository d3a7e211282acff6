# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup: the images of bots."""

from __future__ import annotations

from typing import Any

from ansible.plugins.lookup import LookupBase

from freqops.core.bot import image

DOCUMENTATION = r"""
name: freqops_image
short_description: Return the image of each bot, its own or that of its host
description:
  - A bot has an image of its own where its entry names one.
options:
  _terms:
    description: Bots, items of C(freqtrade_bots).
    required: true
  of_host:
    description: The image that their host names.
    required: true
    type: str
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Show in which image alpha runs
  ansible.builtin.debug:
    msg: "{{ lookup('freqops_image', freqtrade_bots[0], of_host=freqtrade_image) }}"
"""

RETURN = r"""
_raw:
  description: The images.
  type: list
  elements: str
"""


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[str]:  # noqa: ARG002  as Ansible calls
        """Return the images."""
        return [str(image.of(bot, kwargs["of_host"])) for bot in terms]
