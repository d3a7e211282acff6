# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: copy an incident from all hosts of the play at once, and say where its report lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.text_table import table
from freqops.plays import copy_back, fleet

HEADINGS = ("host", "files")


class ActionModule(ActionBase):
    """See library/freqops_incident.py."""

    BYPASS_HOST_LOOP = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Fetch from every host that has bots, show what came and what did not, and fail unless all of it came."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        directory = Path(self._task.args.get("directory") or copy_back.DIRECTORY)
        bots = fleet.bots_of(variables["hostvars"], variables["ansible_play_hosts_all"])
        try:
            incident = copy_back.checked_id(self._task.args.get("incident"))
            hosts = self._task.args.get("hosts") or list(fleet.chosen("all", bots))
            if self._task.check_mode:
                Display().display("NOTHING FETCHED: this was a check", color="yellow")
                return {**result, "changed": False, "skipped": True, "msg": "NOTHING FETCHED: this was a check"}
            copied = copy_back.fetch(self, variables["hostvars"], hosts, incident, directory)
        except Refused as refusal:
            return {**result, "failed": True, "msg": f"REFUSED, nothing ran: {refusal}"}
        return {**result, **_judged(copied, hosts)}


def _judged(copied: copy_back.Copied, hosts: list[str]) -> dict[str, Any]:
    judged: dict[str, Any] = {"changed": False, "files": copied.files, "absent": copied.absent}
    rows = [[host, copied.files.get(host, "no such incident" if host in copied.absent else None)] for host in hosts]
    lines = [table(HEADINGS, rows), *(f"NOT FETCHED {text}" for text in copied.failed)]
    if copied.report.is_file():
        judged["report"] = str(copied.report)
        judged["summary"] = durable.read_json(copied.report.with_name(copy_back.SUMMARY))
        lines.append(f"report: {copied.report}")
    Display().display("\n" + "\n".join(lines), color="bright red" if copied.failed else "green")
    if copied.failed:
        judged.update(failed=True, msg="NOT ALL FETCHED: " + "; ".join(copied.failed))
    return judged
