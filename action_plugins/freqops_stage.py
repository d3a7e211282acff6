# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: build the release of a bot here, and have the module of the same name lay it out on its host."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.action import ActionBase

from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible
from freqops.core.bot import configuration
from freqops.core.deploy import policy, release, strategy_package

VALIDATOR = "validate_release.py"
FREQOPS = Path(__file__).resolve().parents[1] / "src" / "freqops"


class ActionModule(ActionBase):
    """See library/freqops_stage.py."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read what the release is made of and send it to the host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        values = self._task.args
        try:
            built = _build(values)
            validator = Path(values["validator"]).read_text(encoding="utf-8")
            mark = hashlib.sha256(Path(values["tool"]).read_bytes()).hexdigest()
            policy.check(yaml.safe_load(built.files[release.COMPOSE]), values["bot"]["name"])
        except (release.ReleaseUnusable, Refused, OSError, UnicodeDecodeError) as error:
            return {**result, "failed": True, "msg": visible(f"{values['bot']['name']} was not touched: {error}")}
        files = {**built.files, VALIDATOR: validator}
        arguments = {**values, "release": built.fingerprint, "files": files, "tool_mark": mark}
        done = self._execute_module("freqops_stage", module_args=arguments, task_vars=task_vars)
        return {**result, **done}


def _build(values: dict[str, Any]) -> release.Release:
    bot = values["bot"]
    paths = [Path(path) for path in values["strategies"]]
    return release.build(
        release.declaration(bot, values["image"], values["packages"]),
        configuration.effective(values.get("shared") or {}, bot),
        values["compose"],
        {path.name: path.read_text(encoding="utf-8") for path in paths},
        strategy_package.files(FREQOPS),
    )
