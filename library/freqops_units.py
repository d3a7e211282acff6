#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: units of systemd, all in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_units
short_description: Install and run units of systemd, or take them away, all in one call
description:
  - Writes the files of units, has systemd read them, and enables and starts those that are to run.
  - A unit that runs is started again when its own file changed, or that of the unit with the same name and another
    ending, as a timer and its service have it.
  - Reads back that what is to run is enabled and active, and fails where it is not, and where a drop-in, or a file of
    another place, overrides one of O(units).
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  units:
    description: The text of each unit, by its name.
    type: dict
    default: {}
  running:
    description: The units among O(units) that are to be enabled and active.
    type: list
    elements: str
    default: []
  absent:
    description:
      - Units that must not be there.
      - Those that start by themselves (their file has an C([Install]) section) are stopped and disabled first; what
        these have started already is left to end.
    type: list
    elements: str
    default: []
  directory:
    description: Where the files lie.
    type: path
    default: /etc/systemd/system
"""

EXAMPLES = r"""
---
- name: Run the timer
  freqops_units:
    units:
      freqops-reassert.service: "{{ lookup('ansible.builtin.template', 'freqops-reassert.service.j2') }}"
      freqops-reassert.timer: "{{ lookup('ansible.builtin.template', 'freqops-reassert.timer.j2') }}"
    running: [freqops-reassert.timer]
    absent: [freqops-deadman.timer, freqops-deadman.service]
"""

RETURN = r"""
touched:
  description: The units that were written, started, enabled or taken away.
  returned: always
  type: list
  elements: str
"""

import stat
from pathlib import Path, PurePath
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import commands, durable
from ansible.module_utils.freqops.core.base import units as systemd
from ansible.module_utils.freqops.core.base.errors import FreqopsError, NotProven
from ansible.module_utils.freqops.core.base.visible import visible

MODE = 0o644
ARGUMENT_SPEC: dict[str, Any] = {
    "units": {"type": "dict", "default": {}},
    "running": {"type": "list", "elements": "str", "default": []},
    "absent": {"type": "list", "elements": "str", "default": []},
    "directory": {"type": "path", "default": "/etc/systemd/system"},
}


def _differs(path: Path, text: str, owner: int) -> bool:
    """Return whether a unit's file is missing, says something else, or is not ``owner``'s alone to change."""
    if path.is_symlink() or not path.is_file():
        return True
    status = path.stat()
    rights = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
    return rights != (owner, owner, MODE) or path.read_bytes() != text.encode()


def _runs(unit: str) -> bool:
    """Return whether systemd has a unit enabled and active."""
    asked = (["systemctl", "is-enabled", "--quiet", unit], ["systemctl", "is-active", "--quiet", unit])
    return all(commands.run(words).returncode == 0 for words in asked)


def _must(*words: str) -> None:
    commands.must(commands.run, ["systemctl", *words])


class Units:
    """The units of one call, and what differs from them on this host."""

    def __init__(self, values: dict[str, Any], owner: int = 0) -> None:
        self.place, self.texts, self.owner = Path(values["directory"]), values["units"], owner
        self.written = [name for name, text in self.texts.items() if _differs(self.place / name, text, owner)]
        self.gone = [name for name in values["absent"] if (self.place / name).exists()]
        stems = {PurePath(name).stem for name in self.written}
        self.stale = [name for name in values["running"] if PurePath(name).stem in stems]
        self.idle = [name for name in values["running"] if name not in self.stale and not _runs(name)]

    @property
    def touched(self) -> list[str]:
        """The units of which anything differs."""
        return sorted({*self.written, *self.gone, *self.stale, *self.idle})

    def refuse_overridden(self) -> None:
        """Refuse units of which another file says what they do.

        Raises:
            NotProven: There is one; the text names that file and the cure.
        """
        shown = systemd.show(commands.run, list(self.texts)) if self.texts else {}
        found = [text for unit in shown.values() for text in systemd.overridden(unit)]
        if found:
            raise NotProven("; ".join(found))

    def diff(self) -> list[dict[str, str]]:
        """Return the present and the wanted content of the files."""
        return [
            {
                "before_header": str(self.place / name),
                "after_header": str(self.place / name),
                "before": path.read_text(errors="replace") if (path := self.place / name).exists() else "",
                "after": self.texts.get(name, ""),
            }
            for name in [*self.written, *self.gone]
        ]

    def bring(self) -> None:
        """Bring the units to their state, and read it back."""
        for name in self.gone:
            if "[Install]" in (self.place / name).read_text(errors="replace"):
                _must("disable", "--now", "--quiet", name)
        for name in self.gone:
            (self.place / name).unlink()
        for name in self.written:
            durable.write_atomic(self.place / name, self.texts[name].encode(), MODE, (self.owner, self.owner))
        if self.written or self.gone:
            _must("daemon-reload")
        for name in [*self.stale, *self.idle]:
            _must("enable", "--quiet", name)
            _must("restart" if name in self.stale else "start", name)
        still = [name for name in [*self.stale, *self.idle] if not _runs(name)]
        if still:
            raise NotProven(f"{', '.join(still)}: systemd was asked to run it, and does not have it enabled and active")


def main() -> None:
    """Compare with the disk and with systemd, and bring the units to their state."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        units = Units(module.params)
        touched, diff = units.touched, units.diff()
        if touched and not module.check_mode:
            units.bring()
        units.refuse_overridden()
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=visible(str(error)))
    module.exit_json(changed=bool(touched), touched=touched, diff=diff)


if __name__ == "__main__":
    main()
