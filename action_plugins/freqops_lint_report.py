# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: refuse releases that the pinned image did not accept, with the lines of the inventory that are meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from freqops.core.base.errors import Refused
from freqops.core.base.visible import page, visible
from freqops.plays import lint_report

ROOT = Path(__file__).resolve().parents[1]


class ActionModule(ActionBase):
    """See library/freqops_lint_report.py."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Judge the validation of each bot; change nothing."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        sources = [Path(source) for source in variables["ansible_inventory_sources"] if Path(source).exists()]
        refused = {bot: str(output) for bot, output in self._task.args["refusals"].items() if output}
        cautions = {bot: str(output) for bot, output in (self._task.args.get("cautions") or {}).items() if output}
        place = lint_report.Place(variables["hostvars"], ROOT / "roles", sources, variables["inventory_hostname"])
        lines: list[str] = []
        try:
            for bot, output in refused.items():
                lines += [f"{bot} was not touched", *lint_report.report(place, bot, output)]
            said = [line for bot, output in cautions.items() for line in lint_report.cautions(place, bot, output)]
        except Refused as refusal:
            return {**result, "failed": True, "msg": visible(f"REFUSED: {refusal}")}
        warnings = [visible(line) for line in said]
        if lines:
            return {**result, "failed": True, "msg": page(["NOT ALL DEPLOYED", *lines]), "warnings": warnings}
        return {**result, "changed": False, "warnings": warnings}
