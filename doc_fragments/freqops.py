# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation that several modules share, for ``extends_documentation_fragment``."""


class ModuleDocFragment:
    """What every module has, as ``freqops``; the others as ``freqops.mandate``, ``freqops.root``, and so on."""

    DOCUMENTATION = r"""
author:
  - freqops (@freqops)
attributes:
  platform:
    platforms: posix
"""

    MANDATE = r"""
options:
  incident:
    description: The id of the incident under which everything is written down.
    type: str
    required: true
  reason:
    description: The reason, in one line of at most 200 characters; it stands in the incident.
    type: str
    required: true
  actor:
    description: The person, or the machine, that gives the command.
    type: str
    required: true
"""

    ROOT = r"""
options:
  root:
    description: The tree of freqops on the host.
    type: path
    default: /srv/freqops
"""

    FULL = r"""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

    FULL_WITHOUT_DIFF = r"""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
"""

    NO_DIFF = r"""
attributes:
  diff_mode:
    support: none
"""
