# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: find on all hosts at once whether a deploy would have anything to do there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.base import kinds
from freqops.core.base.text_table import table
from freqops.core.bot.status_table import HEADINGS, cells
from freqops.core.deploy import host_manifest
from freqops.core.preflight import machines
from freqops.fleet.fanout import Answer
from freqops.plays import desired_state, fleet
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import show

PROJECT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
SHOWN = 10


class ActionModule(FleetAction):
    """See library/freqops_manifest.py."""

    def act(self) -> dict[str, Any]:
        """Ask every host of the play, or have every host write down how it is now."""
        write = self.argument("state", "compared") == "written"
        if write and self._task.check_mode:
            return {"changed": False}
        names = fleet.role_inputs(PROJECT / "roles")
        hosts = self.variables["ansible_play_hosts"]
        commands = {host: _command(self.hostvars[host], names, write=write) for host in hosts}
        answers = self.ask(commands, PATIENCE, _check_written if write else host_manifest.check)
        if write:
            unwritten = [answer for answer in answers if not _written(answer)]
            swept = [
                f"{a.host}: {bot} was never installed: what was laid out is gone" for a in answers for bot in _swept(a)
            ]
            if swept:
                show(swept)
            failed = [f"{answer.host}: {answer.error or 'it does not say that it was written'}" for answer in unwritten]
            return {"changed": False, "failed": bool(failed), "msg": "; ".join(failed)}
        self._show(answers)
        told = {a.host: str(a.document["machine"]) for a in answers if a.document and "machine" in a.document}
        twice = [refusal.line for refusal in machines.identities(told)]
        if twice:
            return {"changed": False, "failed": True, "msg": "REFUSED, nothing was touched: " + "; ".join(twice)}
        keys = {"same": "same", "host_same": "ground_same"}
        lists = {name: [a.host for a in answers if (a.document or {}).get(key)] for name, key in keys.items()}
        return {"changed": False, **lists}

    def _show(self, answers: list[Answer]) -> None:
        """Say of every host why it is not skipped, and show the bots of those that are."""
        rows, lines = [], []
        for answer in answers:
            document = answer.document or {}
            if document.get("same"):
                rows += [[answer.host, *cells(row)] for row in document.get("bots", [])]
            else:
                found = document.get("differences") or [answer.error or "it gave no reason"]
                more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
                lines.append(f"to do on {answer.host}: {'; '.join(found[:SHOWN])}{more}")
        if rows:
            lines = ["nothing to do:", *table(("host", *HEADINGS), rows).splitlines(), *lines]
        show(["", *lines])


def _command(variables: Any, names: set[str], *, write: bool) -> list[str]:
    wanted = desired_state.fingerprint(variables, names, PROJECT)
    host_wanted = desired_state.of_host(variables, names, PROJECT)
    return ["manifest", f"--wanted={wanted}", f"--ground={host_wanted}", *(["--write"] if write else [])]


def _check_written(document: dict[str, Any]) -> None:
    kinds.value(document, "written", kinds.truth)
    if "swept" in document:  # an older host does not tell
        kinds.value(document, "swept", kinds.list_of(kinds.text))


def _swept(answer: Answer) -> list[str]:
    return list((answer.document or {}).get("swept", []))


def _written(answer: Answer) -> bool:
    return bool((answer.document or {}).get("written"))
