#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: lay a release out on its host; the action plugin of the same name builds it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_stage
short_description: Lay out what a bot is to run, without touching what runs
description:
  - Builds the release of a bot on the control node, and writes it into a directory of its own on the host.
  - Files of a release that somebody changed are written again, and files that do not belong to it are removed.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Compares with what runs now. A configuration is shown without what looks like a secret, and a file that
      the strategy reads as its size and digest where it is no short text.
options:
  bot:
    description: The bot as the inventory declares it.
    type: dict
    required: true
  shared:
    description: Configuration that all bots of the host share.
    type: dict
    default: {}
  image:
    description: Its image, by digest.
    type: str
    required: true
  packages:
    description: Mark of the packages that are added to the image.
    type: str
    required: true
  compose:
    description: Its Compose file, with V(@RELEASE@) where the fingerprint belongs.
    type: str
    required: true
  strategy_dir:
    description: Directory with the files of its strategy, a path on the control node.
    type: path
    required: true
  user_files:
    description: Directory with the files that its strategy reads, a path on the control node; empty where it has none.
    type: path
    default: ""
  validator:
    description:
      - The program that validates it in the pinned image, a path on the control node; the package
        C(freqops_validation) beside it goes with it.
    type: path
    required: true
  tool:
    description: The command freqops-host, start gate and health check of the container; a path on the control node.
    type: path
    required: true
  tool_mark:
    description: SHA-256 of it; given by the action plugin.
    type: str
  tool_here:
    description: Where the host has it already.
    type: path
    default: /usr/local/bin/freqops-host
  home:
    description: Directory of the bot on its host.
    type: path
    required: true
  owner:
    description: Numeric user of the container.
    type: int
    default: 1000
  release:
    description: The fingerprint; given by the action plugin.
    type: str
  files:
    description: The texts of the release, by relative path; given by the action plugin.
    type: dict
  digests:
    description: The files that its strategy reads, by relative path, as SHA-256; given by the action plugin.
    type: dict
    default: {}
  contents:
    description:
      - Those of O(digests) that no release of the bot on the host has, in base64, by relative path; given by the action
        plugin. Where one is missing, nothing is touched, and it is named as RV(wanted).
    type: dict
    default: {}
"""

EXAMPLES = r"""
---
- name: Stage the release of alpha
  freqops_stage:
    bot: "{{ freqtrade_bots[0] }}"
    image: registry.example.com/freqtrade@sha256:0000000000000000000000000000000000000000000000000000000000000000
    packages: ""
    compose: "{{ lookup('ansible.builtin.template', 'compose.yml.j2') }}"
    strategy_dir: /home/you/strategies
    validator: files/validate_release.py
    tool: .cache/freqops-host
    home: /srv/freqops/bots/alpha
"""

RETURN = r"""
wanted:
  description: What the host does not have of the files that its strategy reads. Nothing was touched then.
  returned: where something is missing
  type: list
  elements: str
release:
  description: The fingerprint.
  returned: where nothing is missing, as all that follows
  type: str
former:
  description: The fingerprint of the release that runs now, empty where nothing does.
  returned: always
  type: str
installs:
  description: The files that a switch to it installs, by name.
  returned: always
  type: dict
validated:
  description: Whether Freqtrade of its image has accepted exactly this release before, and its mark has the
    configuration that it built. An older freqops left marks without it.
  returned: always
  type: bool
cautions:
  description: The cautions about it from when it was accepted, for C(freqops_lint_report).
  returned: always
  type: str
"""

import base64
import glob
import hashlib
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import durable, remarks
from ansible.module_utils.freqops.core.bot import user_files
from ansible.module_utils.freqops.core.deploy import installed, release, tree
from ansible.module_utils.freqops.core.promotion import built_configuration

ARGUMENT_SPEC: dict[str, Any] = {
    "bot": {"type": "dict", "required": True},
    "shared": {"type": "dict", "default": {}},
    "image": {"type": "str", "required": True},
    "packages": {"type": "str", "required": True},
    "compose": {"type": "str", "required": True},
    "strategy_dir": {"type": "path", "required": True},
    "user_files": {"type": "path", "default": ""},
    "validator": {"type": "path", "required": True},
    "tool": {"type": "path", "required": True},
    "tool_mark": {"type": "str"},
    "tool_here": {"type": "path", "default": "/usr/local/bin/freqops-host"},
    "home": {"type": "path", "required": True},
    "owner": {"type": "int", "default": 1000},
    "release": {"type": "str"},
    "files": {"type": "dict"},
    "digests": {"type": "dict", "default": {}},
    "contents": {"type": "dict", "default": {}, "no_log": True},  # many MiB, which the host would log
}


def _former(home: Path) -> str:
    """Return the release that runs now."""
    document = durable.read_json(home / release.DECLARATION)
    return str(document.get("release", "")) if isinstance(document, dict) else ""


def _bring_tool(module: AnsibleModule) -> bool:
    """Bring start gate and health check into the directory that the container sees; return whether they were others."""
    here = Path(module.params["tool_here"])
    target = Path(module.params["home"]) / "conf" / here.name
    if target.is_file() and module.sha256(str(target)) == module.params["tool_mark"]:
        return False
    if not module.check_mode:
        if module.sha256(str(here)) != module.params["tool_mark"]:
            module.fail_json(msg=f"{here} is not the one that this deploy brings")
        durable.write_atomic(target, here.read_bytes(), 0o555)
    return True


def _diff(home: Path, former: str, files: dict[str, tree.Content], changed: list[str]) -> list[dict[str, str]]:
    """Return, for each file that changes, what the bot runs now and what it would run."""
    before = home / "release" / former if former else None
    differences = []
    for name in changed:
        old = before / name if before is not None else None
        there = tree.content(old) if old is not None and old.is_file() else None
        text: tree.Content = there or b""
        if isinstance(text, bytes) and isinstance(files[name], str):
            text = text.decode(errors="replace")
        differences.append(
            {
                "before_header": name,
                "after_header": name,
                "before": release.shown(name, text) if text else "",
                "after": release.shown(name, files[name]),
            }
        )
    return [difference for difference in differences if difference["before"] != difference["after"]]


def _here(home: Path, digests: dict[str, str]) -> dict[str, bytes]:
    """Return those of the files that a release of the bot has already, by their digests."""
    found: dict[str, bytes] = {}
    for name, digest in digests.items():
        for path in (home / "release").glob(f"*/{glob.escape(name)}"):
            content = tree.content(path) if path.is_file() and not path.is_symlink() else None
            if content is not None and hashlib.sha256(content).hexdigest() == digest:
                found[name] = content
                break
    return found


def main() -> None:
    """Compare, and write the differences."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    home = Path(values["home"])
    sent = {name: base64.b64decode(content) for name, content in values["contents"].items()}
    read = {**_here(home, {name: digest for name, digest in values["digests"].items() if name not in sent}), **sent}
    wanted = sorted(set(values["digests"]) - set(read))
    if wanted:
        module.exit_json(changed=False, wanted=wanted)
    files = {**values["files"], **read}
    place = home / "release" / values["release"]
    former, mark = _former(home), tree.text(place / release.VALIDATED)
    changed = tree.differing(place, files)
    foreign = tree.foreign(place, files, (release.VALIDATED,))
    inner = [(place / name, 0) for name in tree.directories(files)]
    directories = [(home / "var", values["owner"]), (home / "release", 0), (place, 0), *inner]
    obstacle = user_files.in_the_way(home / "var") if read else ""
    if obstacle:
        module.fail_json(msg=f"{home.name} was not touched: {obstacle}")
    diff = _diff(home, former, files, changed)  # before anything is written, for it may be what runs now
    if module.check_mode:
        made = not all(tree.is_own_directory(path, owner) for path, owner in directories)
        made = made or bool(read and not (home / "var" / user_files.DIRECTORY).is_dir())
    else:
        if changed or foreign:
            (place / release.VALIDATED).unlink(missing_ok=True)
        made = sum(tree.own_directory(path, owner) for path, owner in directories) > 0
        made = bool(read and user_files.make_mount_point(home / "var", values["owner"])) or made
        tree.write(place, files, changed)
        tree.remove(place, foreign)
    brought = _bring_tool(module)
    module.exit_json(
        changed=bool(changed or foreign or made or brought),
        release=values["release"],
        former=former,
        installs={name: files[name] for name in installed.OF_A_RELEASE if name in files},
        validated=not changed and not foreign and built_configuration.said_in(mark or "") is not None,
        cautions="\n".join(remarks.cautions(mark or "")),
        diff=diff,
    )


if __name__ == "__main__":
    main()
