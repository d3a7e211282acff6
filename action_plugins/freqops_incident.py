# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: copy an incident from all hosts of the play at once, and say where its report lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.text_table import table
from freqops.plays import copy_back, fleet
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, WARNING, show

HEADINGS = ("host", "files")


class ActionModule(FleetAction):
    """See library/freqops_incident.py."""

    def act(self) -> dict[str, Any]:
        """Fetch from every host that has bots, show which files came, and fail unless all did."""
        incident = copy_back.checked_id(self.argument("incident"))
        hosts = self.argument("hosts") or list(fleet.chosen("all", self.declared()))
        if self._task.check_mode:
            show(["NOTHING FETCHED: this was a check"], WARNING)
            return {"changed": False, "skipped": True, "msg": "NOTHING FETCHED: this was a check"}
        directory = Path(self.argument("directory", copy_back.DIRECTORY))
        return _judged(copy_back.fetch(self, self.hostvars, hosts, incident, directory), hosts)


def _judged(copied: copy_back.Copied, hosts: list[str]) -> dict[str, Any]:
    judged: dict[str, Any] = {"changed": False, "files": copied.files, "absent": copied.absent}
    rows = [[host, copied.files.get(host, "no such incident" if host in copied.absent else None)] for host in hosts]
    lines = ["", *table(HEADINGS, rows).splitlines(), *(f"NOT FETCHED {text}" for text in copied.failed)]
    if copied.report.is_file():
        judged["report"] = str(copied.report)
        judged["summary"] = durable.read_json(copied.report.with_name(copy_back.SUMMARY))
        lines.append(f"report: {copied.report}")
    show(lines, BAD if copied.failed else GOOD)
    if copied.failed:
        judged.update(failed=True, msg="NOT ALL FETCHED: " + "; ".join(copied.failed))
    return judged
