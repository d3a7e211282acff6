#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: have Freqtrade itself read a staged release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_validate
short_description: Have Freqtrade of the pinned image accept a staged release, or say why it does not
description:
  - Pulls the image by its digest, and runs Freqtrade's own checks in it, without network and with made-up secrets.
  - A release that was accepted is marked, and not asked about again until it changes; the mark keeps its cautions, and
    the configuration that Freqtrade built, of which its trading fingerprint is made.
  - A release whose mark does not have that configuration, for an older freqops wrote it, is read again. Nothing of the
    release changes by that.
  - A release that is refused does not fail the module; RV(refused) says why, so that other bots can go on.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Asks where release, packages and image are on the host, and marks nothing. Where one of them is not, it
      warns that Freqtrade was not asked, and predicts that the release would be marked.
options:
  image:
    description: The image, by digest.
    type: str
    required: true
  release:
    description: Directory of the release.
    type: path
    required: true
  packages:
    description: Directory of the packages that are added to the image.
    type: path
    required: true
  laid_out:
    description: Whether the release lies there as it is wanted; check mode asks only then.
    type: bool
    default: true
  database:
    description: Where its trades are kept.
    type: str
    choices: [postgresql, sqlite]
    default: postgresql
  owner:
    description: Numeric user of the container.
    type: int
    default: 1000
  known_keys:
    description: Keys of its configuration that nothing in the image knows and that are right all the same.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
---
- name: Have Freqtrade read the release of alpha
  freqops_validate:
    image: registry.example.com/freqtrade@sha256:0000000000000000000000000000000000000000000000000000000000000000
    release: /srv/freqops/bots/alpha/release/0123456789abcdef
    packages: /srv/freqops/packages/0123456789abcdef
"""

RETURN = r"""
refused:
  description: Why it is refused; empty where it is accepted.
  returned: always
  type: str
cautions:
  description: The cautions about a release that is accepted, for C(freqops_lint_report).
  returned: always
  type: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import durable, remarks
from ansible.module_utils.freqops.core.bot import user_files
from ansible.module_utils.freqops.core.bot.side_container import SideContainer
from ansible.module_utils.freqops.core.deploy import effective_values, release, tree
from ansible.module_utils.freqops.core.promotion import built_configuration

ARGUMENT_SPEC: dict[str, Any] = {
    "image": {"type": "str", "required": True},
    "release": {"type": "path", "required": True},
    "packages": {"type": "path", "required": True},
    "laid_out": {"type": "bool", "default": True},
    "database": {"type": "str", "choices": ["postgresql", "sqlite"], "default": "postgresql"},
    "owner": {"type": "int", "default": 1000},
    "known_keys": {"type": "list", "elements": "str", "default": []},
}


def container(values: dict[str, Any]) -> SideContainer:
    """Return the container in which Freqtrade reads the release."""
    return SideContainer(
        image=values["image"],
        program=("/freqops/release/validate_release.py", values["database"], *values["known_keys"]),
        user=values["owner"],
        mounts=(
            f"{values['release']}:/freqops/release:ro",
            f"{values['packages']}:/freqops/packages:ro",
            *user_files.mounts(Path(values["release"]), "/tmp"),  # noqa: S108  user_data_dir there
        ),
        environment={"PYTHONPATH": release.PYTHONPATH},
        memory="1g",  # the strategy's own imports are loaded, too
    )


def _image_is_here(module: AnsibleModule) -> bool:
    status, _, _ = module.run_command(["docker", "image", "inspect", "--format={{.Id}}", module.params["image"]])
    return bool(status == 0)


def _lacking(module: AnsibleModule) -> str:
    """Return what a check, which brings nothing, lacks to ask; empty where it lacks nothing."""
    values = module.params
    if not values["laid_out"] or not Path(values["release"]).is_dir():
        return "the release is not laid out"
    if not Path(values["packages"]).is_dir():
        return "the added packages are not there"
    here = module.get_bin_path("docker") is not None and _image_is_here(module)
    return "" if here else "the image is not there"


def _is_marked(mark: Path) -> bool:
    """Return whether the release was accepted, and its mark has the configuration that Freqtrade built."""
    return mark.is_file() and built_configuration.said_in(tree.text(mark) or "") is not None


def _judged(module: AnsibleModule) -> tuple[str, str]:
    """Return the reason why the release is refused, empty where it is not, and its remarks."""
    image = module.params["image"]
    if not _image_is_here(module):
        status, _, errors = module.run_command(["docker", "pull", "--quiet", image])
        if status != 0:
            return f"the image {image} cannot be had: {errors.strip()[-300:]}", ""
    status, _, errors = module.run_command(container(module.params).command())
    if status != 0:
        return errors.strip() or f"status {status}", ""
    if effective_values.said_in(errors) is None:
        return f"the validation does not say what it would trade by: {errors.strip()[-300:]}", ""
    if built_configuration.said_in(errors) is None:
        return "the validation does not say which configuration Freqtrade built, or says it twice", ""
    return "", "\n".join(remarks.lines(errors))


def main() -> None:
    """Ask, and mark what was accepted; a check that cannot ask says so."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    place = Path(values["release"])
    mark = place / release.VALIDATED
    if _is_marked(mark):
        module.exit_json(changed=False, refused="", cautions="")
    lacking = _lacking(module) if module.check_mode else ""
    if lacking:
        what = f"{place.parents[1].name}: Freqtrade was not asked whether it accepts release {place.name}"
        module.warn(f"{what}, for {lacking} on the host yet; the deploy asks, and may refuse it")
        module.exit_json(changed=True, refused="", cautions="")
    refused, said = _judged(module)
    if not refused and not module.check_mode:
        durable.write_atomic(mark, f"by Freqtrade of {values['image']}\n{said}".encode(), 0o444)
    module.exit_json(changed=not refused, refused=refused, cautions="\n".join(remarks.cautions(said)))


if __name__ == "__main__":
    main()
