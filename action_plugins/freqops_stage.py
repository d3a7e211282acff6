# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: build the release of a bot here, and have the module of the same name lay it out on its host."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.action import ActionBase

from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible
from freqops.core.bot import configuration
from freqops.core.deploy import policy, release, strategy_package, strategy_source
from freqops.plays import brought_files

VALIDATION = "freqops_validation"  # the package beside the validator
FREQOPS = Path(__file__).resolve().parents[1] / "src" / "freqops"


class ActionModule(ActionBase):
    """See library/freqops_stage.py."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read the files of the release and send them to the host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        values = self._task.args
        try:
            built = _build(values)
            validator = _validator(Path(values["validator"]))
            mark = hashlib.sha256(Path(values["tool"]).read_bytes()).hexdigest()
            policy.check(yaml.safe_load(built.files[release.COMPOSE]), values["bot"]["name"])
        except (release.ReleaseUnusable, Refused, OSError) as error:
            return {**result, "failed": True, "msg": visible(f"{values['bot']['name']} was not touched: {error}")}
        arguments = _arguments(values, built, validator, mark)
        done: dict[str, Any] = self._execute_module("freqops_stage", module_args=arguments, task_vars=task_vars)
        if done.get("wanted"):
            arguments["contents"] = _contents(built, done["wanted"])
            done = self._execute_module("freqops_stage", module_args=arguments, task_vars=task_vars)
        return {**result, **done, "warnings": [*done.get("warnings", []), *_left_behind(values)]}


def _build(values: dict[str, Any]) -> release.Release:
    bot, place = values["bot"], Path(values["strategy_dir"])
    files = brought_files.strategy_texts(place)
    if not files:
        raise release.ReleaseUnusable(f"no strategy files in {place}: strategy_dir leads there")
    unusable = list(strategy_source.unusable(files, bot["strategy"], brought_files.left_out(place)))
    if unusable:
        raise release.ReleaseUnusable(f"in {place}, {'; '.join(unusable)}")
    return release.build(
        release.declaration(bot, values["image"], values["packages"]),
        configuration.effective(values.get("shared") or {}, bot, strategy_source.settled(files, bot["strategy"])),
        values["compose"],
        files,
        strategy_package.files(FREQOPS),
        brought_files.user_contents(Path(values["user_files"])) if values.get("user_files") else {},
    )


def _arguments(values: dict[str, Any], built: release.Release, validator: dict[str, str], mark: str) -> dict[str, Any]:
    """Return the arguments of the module, with the digests of what the strategy reads: the host may have it."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in built.user_files.items()}
    files = {**built.files, **validator}
    return {**values, "release": built.fingerprint, "files": files, "digests": digests, "tool_mark": mark}


def _contents(built: release.Release, wanted: Any) -> dict[str, str]:
    """Return the files that the host asks for: JSON, so that what may be no text is base64 there."""
    names = [str(name) for name in wanted] if isinstance(wanted, list) else []
    return {name: base64.b64encode(content).decode() for name, content in built.user_files.items() if name in names}


def _validator(program: Path) -> dict[str, str]:
    """Return the program that reads a release in its image, and its package, by their places in the release."""
    paths = [program, *sorted((program.parent / VALIDATION).glob("*.py"))]
    return {str(path.relative_to(program.parent)): path.read_text(encoding="utf-8") for path in paths}


def _left_behind(values: dict[str, Any]) -> list[str]:
    """Return a warning where directories lie among the files of a strategy of which nothing is brought."""
    found = brought_files.left_out(Path(values["strategy_dir"])).items()
    named = ", ".join(f"{name} ({what})" for name, what in found)
    return [visible(f"{values['bot']['name']}: of strategy_dir nothing reaches the host of {named}")] if named else []
