#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: files with their contents, all in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_files
short_description: Write files with their contents, owners and modes, all in one call
description:
  - Does for many small files what C(ansible.builtin.copy) does for one with O(files[].content); a call of each costs
    more than all the work.
  - Each file is written whole or not at all. Its directory must be there.
  - A file with O(files[].validate) is first written beside its place and judged there; one that is refused is not put
    into its place.
  - What exists and is no plain file is refused.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  below:
    description: The directory to which the files are relative.
    type: path
    required: true
  files:
    description: The files.
    type: list
    elements: dict
    required: true
    options:
      path:
        description: Its path, relative to O(below).
        type: str
        required: true
      content:
        description: Its content.
        type: str
        required: true
      owner:
        description: Numeric user.
        type: int
        default: 0
      group:
        description: Numeric group.
        type: int
        default: 0
      mode:
        description: Its mode, octal, quoted.
        type: str
        default: "0644"
      keep:
        description: Whether a file that is there keeps its content, so that only a missing one is written.
        type: bool
        default: false
      validate:
        description: A command that ends with 0 where the file may take its place; V(%s) stands for its path.
        type: str
"""

EXAMPLES = r"""
---
- name: Write the users who may connect
  freqops_files:
    below: /srv/freqops/postgres/conf
    files:
      - path: pg_hba.conf
        content: "{{ lookup('ansible.builtin.template', 'pg_hba.conf.j2') }}"
      - path: pg_ident.conf
        content: "{{ lookup('ansible.builtin.template', 'pg_ident.conf.j2') }}"
"""

RETURN = r"""
written:
  description: The files, as O(files[].path) has them, that were written or given another owner or mode.
  returned: always
  type: list
  elements: str
"""

import shlex
import stat
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import commands, durable
from ansible.module_utils.freqops.core.base.errors import FreqopsError
from ansible.module_utils.freqops.core.base.visible import visible

ARGUMENT_SPEC: dict[str, Any] = {
    "below": {"type": "path", "required": True},
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True},
            "owner": {"type": "int", "default": 0},
            "group": {"type": "int", "default": 0},
            "mode": {"type": "str", "default": "0644"},
            "keep": {"type": "bool", "default": False},
            "validate": {"type": "str"},
        },
    },
}


def _present(path: Path) -> tuple[bytes, tuple[int, int, int]] | None:
    """Return the content of a file, and its owner, group and mode; None where there is none."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{path} exists and is no plain file")
    return path.read_bytes(), (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))


def _judge(path: Path, said: bytes, command: str) -> None:
    """Have a command judge what a file is to say, without the file.

    Raises:
        NotProven: It refuses it, with its last words.
    """
    apart = path.with_name(f".{path.name}.judged")
    try:
        durable.write_atomic(apart, said, 0o600)
        commands.must(commands.run, [word.replace("%s", str(apart)) for word in shlex.split(command)])
    finally:
        apart.unlink(missing_ok=True)


def _brought(path: Path, item: dict[str, Any], *, check: bool) -> dict[str, str] | None:
    """Bring one file to what is wanted; return what differed, None where nothing did."""
    seen, rights = _present(path), (item["owner"], item["group"], int(item["mode"], 8))
    said = seen[0] if seen and item["keep"] else item["content"].encode()
    if seen == (said, rights):
        return None
    if not check:
        if item["validate"]:
            _judge(path, said, item["validate"])
        durable.write_atomic(path, said, rights[2], rights[:2])
    header = f"{path} {rights[0]}:{rights[1]} {rights[2]:04o}"
    before = "" if seen is None else seen[0].decode(errors="replace")
    return {
        "before_header": str(path),
        "after_header": header,
        "before": before,
        "after": said.decode(errors="replace"),
    }


def main() -> None:
    """Compare, and write the differences."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    below, written, differences = Path(module.params["below"]), [], []
    try:
        for item in module.params["files"]:
            difference = _brought(below / item["path"], item, check=module.check_mode)
            if difference is not None:
                written.append(item["path"])
                differences.append(difference)
    except (FreqopsError, OSError, ValueError) as error:
        module.fail_json(msg=visible(str(error)))
    module.exit_json(changed=bool(written), written=written, diff=differences)


if __name__ == "__main__":
    main()
